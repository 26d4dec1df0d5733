/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A dump of a real kernel, in which some words are changed, to its report in all forms.
 *
 * The dump is the file KMD_FUZZ_BASE, else FUZZ_BASE of the build; it is used as the core that
 * the library makes of it.  The input is a list of changes, each of 13 bytes, low one first: the
 * number of a place (2), an offset in it (2), what to do (1), a value (8).
 */
#include "fuzz.h"

#include "report.h"

#include <elf.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGE_SIZE 13
#define CHANGES_MAX 64
#define PLACES_MAX  4096
#define RUN_MAX     256

const char program_name[] = "fuzz_report";

struct place {
	uint64_t virt;
	size_t offset, size; /* in the core */
};

struct undo {
	size_t offset, size;
	unsigned char old[RUN_MAX];
};

static unsigned char *core;
static uint64_t core_size;
static struct place places[PLACES_MAX];
static size_t n_places;
static struct undo undos[CHANGES_MAX];

/* ----- places that the report depends on */

static void add_offset(uint64_t virt, uint64_t offset, uint64_t size)
{
	if (n_places == PLACES_MAX || offset >= core_size)
		return;
	if (size > core_size - offset)
		size = core_size - offset;
	places[n_places++] = (struct place){ virt, (size_t)offset, (size_t)size };
}

/* @size bytes at an address, as far as one segment has them.  The core is little-endian. */
static void add_virt(uint64_t virt, uint64_t size)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	memcpy(&header, core, sizeof(header));
	for (size_t i = 0; i < le16toh(header.e_phnum); i++) {
		uint64_t at, captured;

		memcpy(&segment, core + le64toh(header.e_phoff) + i * sizeof(segment),
		       sizeof(segment));
		at = virt - le64toh(segment.p_vaddr);
		captured = le64toh(segment.p_filesz);
		if (le32toh(segment.p_type) != PT_LOAD || at >= captured)
			continue;
		if (size > captured - at)
			size = captured - at;
		add_offset(virt, le64toh(segment.p_offset) + at, size);
		return;
	}
}

static void add_symbols(struct kmd *kmd)
{
	static const struct {
		const char *name;
		uint64_t size;
	} wanted[] = {
		{ "__start_BTF", 65536 },        { "__start_orc_unwind_ip", 65536 },
		{ "__start_orc_unwind", 65536 }, { "kallsyms_names", 65536 },
		{ "kallsyms_num_syms", 8 },      { "kallsyms_token_table", 2048 },
		{ "kallsyms_token_index", 512 }, { "kallsyms_offsets", 65536 },
		{ "kallsyms_relative_base", 8 }, { "modules", 16 },
		{ "btf_modules", 16 },           { "init_task", 8192 },
		{ "init_pid_ns", 256 },          { "__per_cpu_offset", 64 },
		{ "__cpu_possible_mask", 8 },    { "__cpu_present_mask", 8 },
		{ "ftrace_ops_list", 8 },        { "kprobe_optinsn_slots", 64 },
		{ "bpf_kallsyms", 16 },          { "prb", 8 },
		{ "printk_rb_static", 256 },     { "init_uts_ns", 512 },
		{ "linux_banner", 256 },         { "_totalram_pages", 8 },
		{ "vm_zone_stat", 64 },
	};
	uint64_t virt;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (kmd_symbol_address(kmd, wanted[i].name, &virt) == KMD_OK)
			add_virt(virt, wanted[i].size);
}

static void add_stack(const struct kmd_stack *stack)
{
	if (!stack->n)
		return;
	add_virt(stack->frames[0].sp, 512);
	add_virt(stack->frames[stack->n - 1].sp, 512);
}

static void add_all(struct kmd *kmd)
{
	const struct kmd_stack *stack;

	add_offset(0, 0, 4096);
	add_symbols(kmd);
	for (size_t i = 0; i < kmd_task_count(kmd); i++) {
		add_virt(kmd_task_get(kmd, i)->address, 8192);
		if (kmd_stack_of_task(kmd, i, &stack) == KMD_OK)
			add_stack(stack);
	}
	for (size_t i = 0; i < kmd_cpu_count(kmd); i++)
		if (kmd_stack_of_cpu(kmd, i, &stack) == KMD_OK)
			add_stack(stack);
	for (size_t i = 0; i < kmd_module_count(kmd); i++) {
		add_virt(kmd_module_get(kmd, i)->address, 1024);
		add_virt(kmd_module_get(kmd, i)->base, kmd_module_get(kmd, i)->size);
	}
}

static void load(struct kmd *kmd)
{
	kmd_log_load(kmd);
	kmd_tasks_load(kmd);
	kmd_modules_load(kmd);
}

static void begin(void)
{
	const char *base = getenv("KMD_FUZZ_BASE");
	struct kmd *kmd = kmd_new();

	if (!kmd || kmd_open_path(kmd, base ? base : FUZZ_BASE) != KMD_OK ||
	    kmd_core_size(kmd, &core_size) != KMD_OK || !(core = malloc((size_t)core_size)) ||
	    kmd_core_read(kmd, 0, core, (size_t)core_size) != KMD_OK) {
		fprintf(stderr, "fuzz_report: %s\n", kmd ? kmd_error(kmd) : "no memory");
		exit(1);
	}
	load(kmd);
	add_all(kmd);
	kmd_free(kmd);
	fprintf(stderr, "%zu places\n", n_places);
}

/* ----- changes */

static uint64_t number(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static void change(const uint8_t *bytes, struct undo *undo)
{
	const struct place *place = &places[number(bytes, 2) % n_places], *other;
	size_t offset = place->offset + (size_t)number(bytes + 2, 2) % place->size;
	uint64_t value = number(bytes + 5, 8);
	static const size_t sizes[8] = { 8, 8, 4, 4, 1, 8, 8, RUN_MAX };

	other = &places[value % n_places];
	undo->offset = offset;
	undo->size = sizes[bytes[4] % 8];
	if (undo->size > core_size - offset)
		undo->size = (size_t)(core_size - offset);
	memcpy(undo->old, core + offset, undo->size);
	switch (bytes[4] % 8) {
	case 5: /* a pointer to any other place */
		value = other->virt + (value >> 16 & 0xffff) % other->size;
		break;
	case 6: /* a pointer to itself */
		value = place->virt + (offset - place->offset);
		break;
	case 7:
		memset(core + offset, (int)(value & 0xff), undo->size);
		return;
	default:
		break;
	}
	for (size_t i = 0; i < undo->size; i++, value >>= 8)
		core[offset + i] = (unsigned char)value;
}

static void check_stacks(struct kmd *kmd)
{
	const struct kmd_stack *stack;
	enum kmd_status status;

	for (size_t i = 0; i < kmd_task_count(kmd); i++) {
		status = kmd_stack_of_task(kmd, i, &stack);
		FUZZ_CHECK(status == KMD_OK ? stack->n > 0 : kmd_error(kmd)[0] != 0);
	}
}

static void print(struct kmd *kmd)
{
	const char *const inputs[] = { "core" };
	struct report_options options = {
		.in = { .inputs = inputs, .n_inputs = 1, .input = "core" },
		.full = true,
		.verbose = true
	};
	FILE *out = fopen("/dev/null", "w");

	FUZZ_CHECK(out && report_text(out, kmd, &options) && report_json(out, kmd, &options) &&
		   report_html(out, kmd, &options));
	fclose(out);
}

static void report(void)
{
	struct kmd *kmd = kmd_new();
	uint64_t value;

	FUZZ_CHECK(kmd != NULL);
	if (kmd_open_memory(kmd, core, (size_t)core_size, "core") == KMD_OK) {
		load(kmd);
		check_stacks(kmd);
		print(kmd);
		kmd_symbols_load(kmd);
		for (size_t i = 0; i < kmd_module_count(kmd); i++)
			kmd_type_size(kmd, kmd_module_get(kmd, i)->name, "module", &value);
		kmd_check(kmd);
	} else {
		FUZZ_CHECK(kmd_error(kmd)[0]);
	}
	kmd_free(kmd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size / CHANGE_SIZE;

	if (!core)
		begin();
	if (n > CHANGES_MAX)
		n = CHANGES_MAX;
	for (size_t i = 0; i < n; i++)
		change(data + i * CHANGE_SIZE, &undos[i]);
	report();
	while (n--)
		memcpy(core + undos[n].offset, undos[n].old, undos[n].size);
	return 0;
}
