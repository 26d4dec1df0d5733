/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/kallsyms.h"

#include "base/bytes.h"
#include "target/kallsyms_find.h"

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

/* The tokens lie between their table and its index. */
static bool read_tokens(const struct kmd_target *target, const struct kmd_kallsyms_places *places,
			struct kmd_kallsyms *table)
{
	uint64_t tokens = places->tokens, index = places->index;
	unsigned char *bytes;

	if (index <= tokens || index - tokens > TOKENS_MAX)
		return false;
	bytes = read_bytes(target, index, sizeof(table->token_at));
	for (size_t i = 0; bytes && i < 256; i++)
		table->token_at[i] = (uint16_t)kmd_get_le(bytes + 2 * i, 2);
	free(bytes);
	table->tokens_size = (size_t)(index - tokens);
	table->tokens = bytes ? read_bytes(target, tokens, table->tokens_size) : NULL;
	/* Each token ends inside. */
	return table->tokens && !table->tokens[table->tokens_size - 1];
}

static bool read_names(const struct kmd_target *target, const struct kmd_kallsyms_places *places,
		       struct kmd_kallsyms *table)
{
	uint64_t names = places->names, end = places->tokens;
	size_t at = 0, length;

	if (end <= names || end - names > BYTES_MAX)
		return false;
	table->size = (size_t)(end - names);
	table->bytes = read_bytes(target, names, table->size);
	for (size_t i = 0; table->bytes && i < table->n; i++, at += length) {
		table->symbols[i].name_at = (uint32_t)at;
		if (!kmd_kallsyms_length(table, &at, &length))
			return false;
	}
	return table->bytes != NULL;
}

/*
 * x86_64 until 6.14 has per-CPU symbols at their absolute value, and all others as base - 1 -
 * offset with negative offsets.  Elsewhere all are base + offset.
 */
static uint64_t decode(uint64_t base, uint32_t offset, bool negative)
{
	if (!negative)
		return base + offset;
	return offset >> 31 ? base - 1 - (uint64_t)(int64_t)(int32_t)offset : offset;
}

static bool read_addresses(const struct kmd_target *target,
			   const struct kmd_kallsyms_places *places, struct kmd_kallsyms *table)
{
	uint64_t base;
	size_t negative = 0;
	unsigned char *bytes;

	if (!kmd_target_read_uint(target, KMD_XLATE_ANY, places->base, 8, &base))
		return false;
	bytes = read_bytes(target, places->offsets, 4 * table->n);
	for (size_t i = 0; bytes && i < table->n; i++)
		negative += bytes[4 * i + 3] >> 7;
	for (size_t i = 0; bytes && i < table->n; i++)
		table->symbols[i].address = decode(base, (uint32_t)kmd_get_le(bytes + 4 * i, 4),
						   negative > table->n / 2);
	free(bytes);
	return bytes != NULL;
}

/* The kernel searches the table by address: one that is not sorted is damaged. */
static bool is_sorted(const struct kmd_kallsyms *table)
{
	for (size_t i = 1; i < table->n; i++)
		if (table->symbols[i].address < table->symbols[i - 1].address)
			return false;
	return true;
}

/* The names that VMCOREINFO has must have the same addresses here. */
static bool agrees(const struct kmd_target *target, const struct kmd_kallsyms *table)
{
	static const char *const names[] = { "_stext", "init_uts_ns", "swapper_pg_dir" };
	size_t same = 0;
	uint64_t want, got;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!symbol(target, names[i], &want) ||
		    !kmd_kallsyms_address(table, names[i], &got))
			continue;
		if (got != want)
			return false;
		same++;
	}
	return same > 0;
}

static bool read_table(const struct kmd_target *target, struct kmd_kallsyms *table)
{
	struct kmd_kallsyms_places places;
	uint64_t n;

	if (!kmd_kallsyms_places(target, &places) ||
	    !kmd_target_read_uint(target, KMD_XLATE_ANY, places.n_symbols, 4, &n) || !n ||
	    n > SYMBOLS_MAX)
		return false;
	table->n = (size_t)n;
	table->symbols = calloc(table->n, sizeof(*table->symbols));
	table->names = calloc(table->n, sizeof(*table->names));
	if (!table->symbols || !table->names || !read_tokens(target, &places, table) ||
	    !read_names(target, &places, table) || !read_addresses(target, &places, table))
		return false;
	return is_sorted(table) && kmd_kallsyms_hash(table) && agrees(target, table);
}

void kmd_kallsyms_read(const struct kmd_target *target, struct kmd_kallsyms *table)
{
	memset(table, 0, sizeof(*table));
	if (!read_table(target, table))
		kmd_kallsyms_deinit(table);
}
