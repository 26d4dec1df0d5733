/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/kallsyms.h"

#include "base/bytes.h"
#include "target/kallsyms_find.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some ten times what kernels have. */
#define SYMBOLS_MAX (UINT64_C(2) << 20)
#define BYTES_MAX   (UINT64_C(64) << 20)
#define TOKENS_MAX  (64u << 10)

static bool symbol(const struct kmd_target *target, const char *name, uint64_t *virt)
{
	char key[64];

	snprintf(key, sizeof(key), "SYMBOL(%s)", name);
	return target->info->text && kmd_vmcoreinfo_hex(target->info, key, virt);
}

static unsigned char *read_bytes(const struct kmd_target *target, uint64_t virt, size_t size)
{
	unsigned char *bytes = malloc(size);

	if (bytes && !kmd_target_read(target, KMD_XLATE_ANY, virt, bytes, size)) {
		free(bytes);
		return NULL;
	}
	return bytes;
}

/* What a part of the table has wrong: NULL = it is good. */
static const char absent[] = "it was not captured";

/* The tokens lie between their table and its index. */
static const char *read_tokens(const struct kmd_target *target,
			       const struct kmd_kallsyms_places *places, struct kmd_kallsyms *table)
{
	uint64_t tokens = places->tokens, index = places->index;
	unsigned char *bytes;

	if (index <= tokens || index - tokens > TOKENS_MAX)
		return "the index of its tokens is not behind them";
	bytes = read_bytes(target, index, sizeof(table->token_at));
	for (size_t i = 0; bytes && i < 256; i++)
		table->token_at[i] = (uint16_t)kmd_get_le(bytes + 2 * i, 2);
	free(bytes);
	table->tokens_size = (size_t)(index - tokens);
	table->tokens = bytes ? read_bytes(target, tokens, table->tokens_size) : NULL;
	if (!table->tokens)
		return absent;
	return table->tokens[table->tokens_size - 1] ? "its last token does not end" : NULL;
}

static const char *read_names(const struct kmd_target *target,
			      const struct kmd_kallsyms_places *places, struct kmd_kallsyms *table)
{
	uint64_t names = places->names, end = places->tokens;
	size_t at = 0, length;

	if (end <= names || end - names > BYTES_MAX)
		return "its tokens are not behind its names";
	table->size = (size_t)(end - names);
	table->bytes = read_bytes(target, names, table->size);
	for (size_t i = 0; table->bytes && i < table->n; i++, at += length) {
		table->symbols[i].name_at = (uint32_t)at;
		if (!kmd_kallsyms_length(table, &at, &length))
			return "a name crosses its end";
	}
	return table->bytes ? NULL : absent;
}

/*
 * x86_64 until 6.14 has per-CPU symbols at their absolute value, and all others as base - 1 -
 * offset with negative offsets.  Elsewhere all are base + offset; since 7.0 the base of each
 * offset is its own address, and the offset has a sign.
 */
static uint64_t decode(uint64_t base, uint32_t offset, bool negative)
{
	if (!negative)
		return base + offset;
	return offset >> 31 ? base - 1 - (uint64_t)(int64_t)(int32_t)offset : offset;
}

static void decode_all(const unsigned char *bytes, uint64_t offsets, uint64_t base,
		       struct kmd_kallsyms *table)
{
	size_t negative = 0;

	for (size_t i = 0; i < table->n; i++)
		negative += bytes[4 * i + 3] >> 7;
	for (size_t i = 0; i < table->n; i++) {
		uint32_t offset = (uint32_t)kmd_get_le(bytes + 4 * i, 4);

		table->symbols[i].address =
			offsets ? offsets + 4 * i + (uint64_t)(int64_t)(int32_t)offset
				: decode(base, offset, negative > table->n / 2);
	}
}

static const char *read_addresses(const struct kmd_target *target,
				  const struct kmd_kallsyms_places *places,
				  struct kmd_kallsyms *table)
{
	uint64_t base = 0;
	unsigned char *bytes;

	if (places->base &&
	    !kmd_target_read_uint(target, KMD_XLATE_ANY, places->base, KMD_LONG, &base))
		return absent;
	bytes = read_bytes(target, places->offsets, 4 * table->n);
	if (!bytes)
		return absent;
	decode_all(bytes, places->base ? 0 : places->offsets, base, table);
	free(bytes);
	return NULL;
}

/* The kernel searches the table by address: one that is not sorted is damaged. */
static bool is_sorted(const struct kmd_kallsyms *table)
{
	for (size_t i = 1; i < table->n; i++)
		if (table->symbols[i].address < table->symbols[i - 1].address)
			return false;
	return true;
}

static const char other_addresses[] =
	"its addresses are not those of the symbols in VMCOREINFO or in memory";
static const char unconfirmed[] =
	"neither VMCOREINFO nor memory shows that its addresses are right";

/* "Linux version ..." where the table has linux_banner. */
static const char *check_banner(const struct kmd_target *target, uint64_t virt)
{
	static const char want[] = "Linux version ";
	char got[sizeof(want) - 1];

	if (!kmd_target_read(target, KMD_XLATE_ANY, virt, got, sizeof(got)))
		return unconfirmed;
	return memcmp(got, want, sizeof(got)) ? other_addresses : NULL;
}

/*
 * The names that VMCOREINFO has must have the same addresses here.  If it has none, what is
 * captured at an address must be what the name says.  Without KASLR there are no others.
 */
static const char *check_addresses(const struct kmd_target *target,
				   const struct kmd_kallsyms *table)
{
	static const char *const names[] = { "_stext", "init_uts_ns", "swapper_pg_dir" };
	const struct kmd_arch *arch = kmd_arch_by_machine(target->facts->machine);
	size_t same = 0;
	uint64_t want, got;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!symbol(target, names[i], &want) ||
		    !kmd_kallsyms_address(table, names[i], &got))
			continue;
		if (got != want)
			return other_addresses;
		same++;
	}
	if (same)
		return NULL;
	if (kmd_kallsyms_address(table, "linux_banner", &got))
		return check_banner(target, got);
	return arch && arch->no_kaslr ? NULL : unconfirmed;
}

static const char *read_number(const struct kmd_target *target,
			       const struct kmd_kallsyms_places *places, struct kmd_kallsyms *table)
{
	uint64_t n;

	if (!kmd_target_read_uint(target, KMD_XLATE_ANY, places->n_symbols, 4, &n))
		return absent;
	if (!n || n > SYMBOLS_MAX)
		return "its number of symbols is impossible";
	table->n = (size_t)n;
	table->symbols = calloc(table->n, sizeof(*table->symbols));
	table->names = calloc(table->n, sizeof(*table->names));
	return table->symbols && table->names ? NULL : absent;
}

static const char *read_table(const struct kmd_target *target,
			      const struct kmd_kallsyms_places *places, struct kmd_kallsyms *table)
{
	const char *wrong = read_number(target, places, table);

	if (!wrong)
		wrong = read_tokens(target, places, table);
	if (!wrong)
		wrong = read_names(target, places, table);
	if (!wrong)
		wrong = read_addresses(target, places, table);
	if (wrong)
		return wrong;
	if (!is_sorted(table))
		return "its addresses do not rise";
	if (!kmd_kallsyms_hash(table))
		return absent;
	return check_addresses(target, table);
}

enum kmd_status kmd_kallsyms_read(const struct kmd_target *target, struct kmd_kallsyms *table)
{
	struct kmd_kallsyms_places ways[KMD_KALLSYMS_WAYS];
	size_t n = kmd_kallsyms_places(target, ways);
	const char *wrong = absent, *first = absent;

	memset(table, 0, sizeof(*table));
	for (size_t i = 0; i < n && wrong; i++) {
		wrong = read_table(target, &ways[i], table);
		if (wrong)
			kmd_kallsyms_deinit(table);
		if (first == absent)
			first = wrong;
	}
	if (!wrong || first == absent)
		return KMD_OK;
	return kmd_report(target->diag, KMD_FIND_TABLE,
			  first == unconfirmed ? KMD_NOTE : KMD_DAMAGE, kmd_in(NULL),
			  "the kernel's table of symbols (kallsyms; its names at 0x%" PRIx64
			  ") is not used: %s",
			  ways[0].names, first);
}
