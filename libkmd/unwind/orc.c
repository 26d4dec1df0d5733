/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The ORC tables of an x86_64 kernel: for each range of instructions, where the caller's stack
 * pointer and frame pointer are.
 *
 * Sources: arch/x86/include/asm/orc_types.h, arch/x86/kernel/unwind_orc.c.
 */
#include "unwind/steps.h"

#include "base/bytes.h"
#include "base/search.h"
#include "target/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IP_SIZE  4 /* distance of the instruction from the entry itself */
#define ROW_SIZE 6
/* Some twenty times what kernels have. */
#define ROWS_MAX (UINT64_C(8) << 20)

/* The stack pointer in the numbers of Linux 7.2. */
#define NEW_SP   3

/* How the third word of a row is laid out. */
enum format {
	ORC_5_X, /* type:2, end:1 */
	ORC_6_3, /* type:2, signal:1, end:1 */
	ORC_6_4, /* type:3, signal:1 */
};

/* The rows of the kernel or of a module. */
struct table {
	uint64_t start;     /* run-time address of the first distance */
	unsigned char *ips; /* the distances, then the rows */
	unsigned char *rows;
	uint64_t n;
};

struct kmd_orc {
	enum format format;
	bool renumbered; /* the registers have the numbers of Linux 7.2 */
	bool offset_after;
	struct table kernel;
	struct table *of_modules; /* some are empty */
	size_t n_modules;
	const struct kmd_modules *modules;
};

static uint64_t address_of(const struct table *table, uint64_t i)
{
	uint64_t distance = kmd_get_le(table->ips + i * IP_SIZE, IP_SIZE);

	return table->start + i * IP_SIZE + distance - (distance >> 31 ? UINT64_C(1) << 32 : 0);
}

static bool is_sorted(const struct table *table)
{
	for (uint64_t i = 1; i < table->n; i++)
		if (address_of(table, i) < address_of(table, i - 1))
			return false;
	return true;
}

static const char absent[] = "the ORC tables were not captured, and no vmlinux has them";
static const char unnamed[] = "no symbols of ORC tables are known";

/* What was captured and is not plausible is a finding. */
static enum kmd_status note(const struct kmd_target *target, const char *wrong, uint64_t ips,
			    const char *of)
{
	if (!wrong || wrong == absent || wrong == unnamed)
		return KMD_OK;
	return kmd_report(target->diag, KMD_FIND_TABLE, KMD_DAMAGE, kmd_in(NULL),
			  "ORC tables of %s (0x%" PRIx64 ") are not used: %s", of, ips, wrong);
}

/* NULL if the table was read, else what is wrong with it. */
static const char *read_table(const struct kmd_target *target, uint64_t ips, uint64_t rows,
			      uint64_t n, struct table *table)
{
	if (!n || n > ROWS_MAX)
		return "the ORC tables have an impossible size";
	table->start = ips;
	table->n = n;
	table->ips = malloc((size_t)(n * (IP_SIZE + ROW_SIZE)));
	if (!table->ips)
		return NULL;
	table->rows = table->ips + n * IP_SIZE;
	if (!kmd_unwind_bytes(target, ips, table->ips, n * IP_SIZE) ||
	    !kmd_unwind_bytes(target, rows, table->rows, n * ROW_SIZE))
		return absent;
	return is_sorted(table) ? NULL : "the ORC tables are damaged: they are not sorted";
}

bool kmd_orc_named(const struct kmd_target *target)
{
	uint64_t ips;

	return kmd_target_symbol(target, "__start_orc_unwind_ip", &ips, NULL);
}

static const char *read_kernel(const struct kmd_target *target, struct table *table)
{
	uint64_t ips, ips_end, rows, rows_end;

	if (!kmd_target_symbol(target, "__start_orc_unwind_ip", &ips, NULL) ||
	    !kmd_target_symbol(target, "__stop_orc_unwind_ip", &ips_end, NULL) ||
	    !kmd_target_symbol(target, "__start_orc_unwind", &rows, NULL) ||
	    !kmd_target_symbol(target, "__stop_orc_unwind", &rows_end, NULL))
		return unnamed;
	table->start = ips;
	if (ips_end < ips || rows_end < rows || (ips_end - ips) % IP_SIZE ||
	    (rows_end - rows) / ROW_SIZE != (ips_end - ips) / IP_SIZE)
		return "the ORC tables have an impossible size";
	return read_table(target, ips, rows, (ips_end - ips) / IP_SIZE, table);
}

/* True if the release is at least @major.@minor. */
static bool release_is(const struct kmd_target *target, unsigned int major, unsigned int minor)
{
	const char *release = target->facts->pub.release;
	unsigned int x, y;

	return release && sscanf(release, "%u.%u", &x, &y) == 2 &&
	       (x > major || (x == major && y >= minor));
}

/* By the members of struct orc_entry; without types by the release, which has them so. */
static enum format format_of(const struct kmd_target *target)
{
	uint64_t at;
	bool signal = kmd_target_type(target, KMD_T_ORC_SIGNAL, &at);
	bool end = kmd_target_type(target, KMD_T_ORC_END, &at);

	if (!signal && !end) {
		signal = release_is(target, 6, 3);
		end = !release_is(target, 6, 4);
	}
	return !signal ? ORC_5_X : end ? ORC_6_3 : ORC_6_4;
}

/*
 * Linux 7.2 has other numbers of registers than 6.12.  Most rows count from the stack pointer, and
 * few from what has its number in the other.
 */
static bool is_renumbered(const struct table *table)
{
	uint64_t counts[16] = { 0 };

	for (uint64_t i = 0; table->rows && i < table->n; i++)
		counts[table->rows[i * ROW_SIZE + 4] & 15]++;
	return counts[NEW_SP] > counts[KMD_ORC_REG_SP];
}

/* A module whose tables were not captured has none. */
static enum kmd_status read_modules(const struct kmd_target *target,
				    const struct kmd_modules *modules, struct kmd_orc *orc)
{
	enum kmd_status status = KMD_OK;
	const char *wrong;

	orc->of_modules = calloc(modules->n + 1, sizeof(*orc->of_modules));
	if (!orc->of_modules)
		return kmd_fail_memory(target->diag);
	orc->n_modules = modules->n;
	orc->modules = modules;
	for (uint64_t i = 0, rows = 0; status == KMD_OK && i < modules->n; i++) {
		const struct kmd_module_entry *module = &modules->items[i];
		struct table *table = &orc->of_modules[i];

		rows += module->n_orc;
		if (!module->n_orc || rows > ROWS_MAX)
			continue;
		wrong = read_table(target, module->orc_ips, module->orc_rows, module->n_orc, table);
		if (!wrong && !table->ips)
			return kmd_fail_memory(target->diag);
		if (wrong)
			table->n = 0;
		status = note(target, wrong, module->orc_ips, module->name);
	}
	return status;
}

enum kmd_status kmd_orc_new(const struct kmd_target *target, const struct kmd_modules *modules,
			    struct kmd_orc **orc, const char **unusable)
{
	enum kmd_status status;

	*orc = calloc(1, sizeof(**orc));
	if (!*orc)
		return kmd_fail_memory(target->diag);
	(*orc)->format = format_of(target);
	(*orc)->offset_after = release_is(target, 5, 13);
	*unusable = read_kernel(target, &(*orc)->kernel);
	if (!*unusable && !(*orc)->kernel.ips)
		return kmd_fail_memory(target->diag);
	(*orc)->renumbered = !*unusable && is_renumbered(&(*orc)->kernel);
	status = note(target, *unusable, (*orc)->kernel.start, "the kernel");
	return status == KMD_OK ? read_modules(target, modules, *orc) : status;
}

void kmd_orc_free(struct kmd_orc *orc)
{
	if (!orc)
		return;
	for (size_t i = 0; i < orc->n_modules; i++)
		free(orc->of_modules[i].ips);
	free(orc->of_modules);
	free(orc->kernel.ips);
	free(orc);
}

bool kmd_orc_offset_after(const struct kmd_orc *orc)
{
	return orc->offset_after;
}

/* Until 6.3 there are three types, and no stack pointer means that there is no row. */
static void decode_old(unsigned int word, enum format format, struct kmd_orc_row *row)
{
	bool end = word >> (format == ORC_6_3 ? 11 : 10) & 1;
	unsigned int type = word >> 8 & 3;

	row->type = row->sp_reg ? KMD_ORC_CALL + type
		    : end       ? KMD_ORC_END_OF_STACK
				: KMD_ORC_UNDEFINED;
	row->signal = format == ORC_6_3 ? word >> 10 & 1 : type != 0;
}

static uint8_t reg_of(const struct kmd_orc *orc, unsigned int number)
{
	static const uint8_t of_7_2[16] = {
		KMD_ORC_REG_UNDEFINED,
		KMD_ORC_REG_AX,
		KMD_ORC_REG_DX,
		[NEW_SP] = KMD_ORC_REG_SP,
		KMD_ORC_REG_BP,
		KMD_ORC_REG_DI,
		KMD_ORC_REG_R10,
		KMD_ORC_REG_R13,
		KMD_ORC_REG_PREV_SP,
		KMD_ORC_REG_SP_INDIRECT,
		KMD_ORC_REG_BP_INDIRECT,
		11,
		12,
		13,
		14,
		15,
	};

	return orc->renumbered ? of_7_2[number] : (uint8_t)number;
}

static void decode(const struct kmd_orc *orc, const unsigned char *bytes, struct kmd_orc_row *row)
{
	unsigned int word = (unsigned int)kmd_get_le(bytes + 4, 2);

	row->sp_offset = (int16_t)kmd_get_le(bytes, 2);
	row->bp_offset = (int16_t)kmd_get_le(bytes + 2, 2);
	row->sp_reg = reg_of(orc, word & 15);
	row->bp_reg = reg_of(orc, word >> 4 & 15);
	if (orc->format == ORC_6_4) {
		row->type = word >> 8 & 7;
		row->signal = word >> 11 & 1;
	} else {
		decode_old(word, orc->format, row);
	}
}

static bool find_in(const struct kmd_orc *orc, const struct table *table, uint64_t pc,
		    struct kmd_orc_row *row)
{
	/* The first entry past @pc. */
	size_t i = KMD_LOWER_BOUND((size_t)table->n, middle, address_of(table, middle) <= pc);

	/* The last entry marks the end. */
	if (!i || i == table->n)
		return false;
	decode(orc, table->rows + (i - 1) * ROW_SIZE, row);
	return true;
}

/*
 * A module's rows lead from its text over whatever lies between to that of its initialisation, so
 * that they say nothing about code that is not in its own memory.
 */
bool kmd_orc_find(const struct kmd_orc *orc, uint64_t pc, struct kmd_orc_row *row)
{
	const struct kmd_module_entry *owner;

	if (find_in(orc, &orc->kernel, pc, row))
		return true;
	owner = orc->modules ? kmd_modules_find(orc->modules, pc) : NULL;
	return owner && find_in(orc, &orc->of_modules[owner - orc->modules->items], pc, row);
}
