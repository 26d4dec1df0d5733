/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Objects that are variables, sections, page tables or the log. */
#include "consumer/objects.h"

#include "base/checked.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>

#define NODES_MAX 1024
/* arm64 with 52 bits of physical addresses has 131072 (LENGTH(mem_section)). */
#define ROOTS_MAX (1 << 20)
#define RING_MAX  (UINT64_C(1) << 30)
/* No command line is longer (COMMAND_LINE_SIZE of Linux). */
#define LINE_MAX  4096

static const char *const mem_section[] = { "mem_section", NULL };
static const char *const node_states[] = { "node_states", NULL };

static bool number_of(const struct kmd_target *target, const char *key, uint64_t *value)
{
	return target->info->text && kmd_vmcoreinfo_number(target->info, key, value);
}

/* The root table, and each page of sections that it leads to. */
static void check_roots(const struct kmd_target *target, enum kmd_xlate mode, uint64_t root,
			uint64_t n, struct kmd_availability *availability)
{
	uint64_t sections;

	kmd_check_span(target, mode, availability, "mem_section's root table", root,
		       n * kmd_target_word(target));
	for (uint64_t i = 0; i < n; i++)
		if (kmd_target_read_uint(target, mode, root + kmd_target_word(target) * i, KMD_LONG,
					 &sections) &&
		    sections)
			kmd_check_span(target, mode, availability, "mem_section's sections",
				       sections, target->page);
}

void kmd_check_mem_section(struct kmd_consumer_check *check, enum kmd_xlate mode,
			   struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;
	uint64_t virt, size, root, roots;

	kmd_check_variables(target, mode, availability, mem_section);
	if (!kmd_target_symbol(target, "mem_section", &virt, &size) || availability->presence)
		return;
	/* Without SPARSEMEM_EXTREME the variable is the table itself. */
	if (size > kmd_target_word(target))
		return;
	if (!number_of(target, "LENGTH(mem_section)", &roots) || roots > ROOTS_MAX)
		kmd_availability_add(availability, KMD_UNKNOWN, "length of mem_section");
	else if (kmd_target_pointer(target, "mem_section", &root))
		check_roots(target, mode, root, roots, availability);
}

/* Bytes of the root table that describe memory up to the highest address; 0 = not known. */
static uint64_t root_size(const struct kmd_target *target, uint64_t roots)
{
	const struct kmd_memory *memory = target->memory;
	uint64_t bits, size, end = memory->n_phys ? memory->phys[memory->n_phys - 1].end : 0;

	if (!number_of(target, "NUMBER(SECTION_SIZE_BITS)", &bits) || bits < 12 || bits > 48 ||
	    !number_of(target, "SIZE(mem_section)", &size) || !size || size > target->page)
		return 0;
	return kmd_target_word(target) *
	       kmd_min_u64(roots, (end >> bits) / (target->page / size) + 1);
}

/* makedumpfile gets the root table's address from VMCOREINFO, not from the variable. */
void kmd_check_root_sections(struct kmd_consumer_check *check, enum kmd_xlate mode,
			     struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;
	uint64_t root, roots, size;

	if (!target->info->text ||
	    !kmd_vmcoreinfo_hex(target->info, "SYMBOL(mem_section)", &root) ||
	    !number_of(target, "LENGTH(mem_section)", &roots) || roots > ROOTS_MAX) {
		kmd_availability_add(availability, KMD_UNKNOWN, "address of mem_section");
		return;
	}
	size = root_size(target, roots);
	if (size)
		check_roots(target, mode, root, size / kmd_target_word(target), availability);
	else
		kmd_availability_add(availability, KMD_UNKNOWN, "length of mem_section in use");
}

static const char *const one_node[] = { "contig_page_data", NULL };

void kmd_check_nodes(struct kmd_consumer_check *check, enum kmd_xlate mode,
		     struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;
	uint64_t virt, size, node, length;

	kmd_check_variables(target, mode, availability, node_states);
	if (!kmd_target_symbol(target, "node_data", &virt, &size)) {
		kmd_check_variables(target, mode, availability, one_node);
		return;
	}
	if (!kmd_target_type(target, KMD_T_PGLIST, &length)) {
		kmd_availability_add(availability, KMD_UNKNOWN, "size of pglist_data");
		return;
	}
	/* crash gets along without it where there is one node. */
	if (!kmd_target_available(target, mode, virt, kmd_target_word(target)))
		kmd_availability_add(availability, KMD_UNKNOWN, "node_data (0x%" PRIx64 ")", virt);
	for (uint64_t i = 0; i < kmd_min_u64(size / kmd_target_word(target), NODES_MAX); i++)
		if (kmd_target_read_uint(target, mode, virt + kmd_target_word(target) * i, KMD_LONG,
					 &node) &&
		    node)
			kmd_check_span(target, mode, availability, "pglist_data", node, length);
}

/* ----- page tables */

void kmd_check_root_table(struct kmd_consumer_check *check, enum kmd_xlate mode,
			  struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;

	(void)mode;
	if (!target->has_paging)
		kmd_availability_add(availability, KMD_UNKNOWN, "address of the page tables");
	else
		kmd_check_span(target, KMD_XLATE_DIRECT_THEN_TABLES, availability, "swapper_pg_dir",
			       target->paging.root_virt, target->page);
}

/* The exception stacks of each CPU, which crash looks up when it starts on x86_64. */
void kmd_check_ist_tables(struct kmd_consumer_check *check, enum kmd_xlate mode,
			  struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = &check->tasks;
	const struct kmd_target *target = check->target;
	uint64_t ist, tss, stack, table;

	if (!target->has_paging || !kmd_target_type(target, KMD_T_TSS_IST, &ist) ||
	    !tasks->cpus.n) {
		kmd_availability_add(availability, KMD_UNKNOWN, "exception stacks");
		return;
	}
	for (size_t i = 0; i < tasks->cpus.n; i++) {
		char name[40];

		snprintf(name, sizeof(name), "cpu_tss_rw of CPU %" PRIu32, tasks->cpus.numbers[i]);
		if (!kmd_target_per_cpu(target, "cpu_tss_rw", tasks->cpus.offsets[i], &tss))
			continue;
		kmd_check_span(target, mode, availability, name, tss + ist, 56);
		for (uint64_t s = 0; s < 7; s++)
			if (kmd_target_read_uint(target, mode, tss + ist + 8 * s, 8, &stack) &&
			    stack && !kmd_target_tables(target, stack - 1, &table))
				kmd_availability_add(availability, KMD_ABSENT,
						     "page table at physical 0x%" PRIx64, table);
	}
}

/* ----- the log */

static uint64_t offset_in_log(const struct kmd_target *target, const char *key, bool *known)
{
	uint64_t value = 0;

	*known &= number_of(target, key, &value) && value < 4096;
	return value;
}

static uint64_t word_at(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt,
			size_t size, bool *known)
{
	uint64_t value = 0;

	*known = *known && kmd_target_read_uint(target, mode, virt, size, &value);
	return value;
}

/* The three arrays of the ring buffer of 5.10 and later. */
static void check_ring(const struct kmd_target *target, enum kmd_xlate mode, uint64_t ring,
		       struct kmd_availability *availability)
{
	bool known = true;
	uint64_t descs =
		ring + offset_in_log(target, "OFFSET(printk_ringbuffer.desc_ring)", &known);
	uint64_t text =
		ring + offset_in_log(target, "OFFSET(printk_ringbuffer.text_data_ring)", &known);
	uint64_t bits_at = offset_in_log(target, "OFFSET(prb_desc_ring.count_bits)", &known);
	uint64_t descs_at = offset_in_log(target, "OFFSET(prb_desc_ring.descs)", &known);
	uint64_t infos_at = offset_in_log(target, "OFFSET(prb_desc_ring.infos)", &known);
	uint64_t text_bits_at = offset_in_log(target, "OFFSET(prb_data_ring.size_bits)", &known);
	uint64_t text_at = offset_in_log(target, "OFFSET(prb_data_ring.data)", &known);
	uint64_t desc_size = offset_in_log(target, "SIZE(prb_desc)", &known);
	uint64_t info_size = offset_in_log(target, "SIZE(printk_info)", &known);
	uint64_t bits = word_at(target, mode, descs + bits_at, 4, &known);
	uint64_t text_bits = word_at(target, mode, text + text_bits_at, 4, &known);

	if (!known || bits > 24 || text_bits > 30) {
		kmd_availability_add(availability, KMD_UNKNOWN, "the log's ring buffer");
		return;
	}
	kmd_check_span(target, mode, availability, "the log's descriptors",
		       word_at(target, mode, descs + descs_at, KMD_LONG, &known),
		       desc_size << bits);
	kmd_check_span(target, mode, availability, "the log's infos",
		       word_at(target, mode, descs + infos_at, KMD_LONG, &known),
		       info_size << bits);
	kmd_check_span(target, mode, availability, "the log's text",
		       word_at(target, mode, text + text_at, KMD_LONG, &known),
		       UINT64_C(1) << text_bits);
}

/* 3.5 to 5.9. */
static void check_buffer(const struct kmd_target *target, enum kmd_xlate mode,
			 struct kmd_availability *availability)
{
	static const char *const variables[] = { "log_buf", "log_buf_len", "log_first_idx",
						 "log_next_idx", NULL };
	uint64_t virt, buffer, length;

	kmd_check_variables(target, mode, availability, variables);
	if (availability->presence)
		return;
	if (kmd_target_pointer(target, "log_buf", &buffer) &&
	    kmd_target_symbol(target, "log_buf_len", &virt, NULL) &&
	    kmd_target_read_uint(target, mode, virt, 4, &length) && length < RING_MAX)
		kmd_check_span(target, mode, availability, "the log's buffer", buffer, length);
	else
		kmd_availability_add(availability, KMD_UNKNOWN, "address of the log");
}

void kmd_check_log(struct kmd_consumer_check *check, enum kmd_xlate mode,
		   struct kmd_availability *availability)
{
	static const char *const variable[] = { "prb", NULL };
	const struct kmd_target *target = check->target;
	uint64_t virt, ring, size;

	if (!kmd_target_symbol(target, "prb", &virt, NULL)) {
		check_buffer(target, mode, availability);
		return;
	}
	kmd_check_variables(target, mode, availability, variable);
	if (!kmd_target_pointer(target, "prb", &ring))
		return;
	if (!number_of(target, "SIZE(printk_ringbuffer)", &size) || size > 4096)
		size = 8;
	kmd_check_span(target, mode, availability, "printk_ringbuffer", ring, size);
	if (!availability->presence)
		check_ring(target, mode, ring, availability);
}

/* A text of its own, which gdb prints with the variable that points to it. */
void kmd_check_command_line(struct kmd_consumer_check *check, enum kmd_xlate mode,
			    struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;
	uint64_t line, letter = 1;

	if (!kmd_target_pointer(target, "saved_command_line", &line) || !line)
		return;
	for (uint64_t i = 0; letter && i < LINE_MAX; i++) {
		if (!kmd_target_read_uint(target, mode, line + i, 1, &letter)) {
			kmd_availability_add(availability, KMD_ABSENT,
					     "the command line (0x%" PRIx64 ")", line + i);
			return;
		}
	}
}

/* ----- VMCOREINFO, the KASLR offset */

static const char *const keys_arm64[] = { "OSRELEASE", "SYMBOL(_stext)", "NUMBER(VA_BITS)",
					  "NUMBER(kimage_voffset)", NULL };
static const char *const keys_x86[] = { "OSRELEASE", "SYMBOL(_stext)", "KERNELOFFSET",
					"NUMBER(phys_base)", NULL };

static const char *const keys_arm[] = { "OSRELEASE", "SYMBOL(_stext)", NULL };

void kmd_check_keys(const struct kmd_vmcoreinfo *info, const char *const *keys,
		    struct kmd_availability *availability)
{
	const char *value;
	size_t length;

	if (!info->text) {
		kmd_availability_add(availability, KMD_ABSENT, "VMCOREINFO");
		return;
	}
	for (; *keys; keys++)
		if (!kmd_vmcoreinfo_get(info, *keys, &value, &length))
			kmd_availability_add(availability, KMD_ABSENT, "VMCOREINFO's %s", *keys);
}

/* Of a kernel that was not moved drgn does not miss the offset. */
void kmd_check_keys_drgn(struct kmd_consumer_check *check, enum kmd_xlate mode,
			 struct kmd_availability *availability)
{
	static const char *const keys[] = { "OSRELEASE", "PAGESIZE", "SYMBOL(swapper_pg_dir)",
					    NULL };
	static const char *const kaslr[] = { "KERNELOFFSET", NULL };
	const struct kmd_arch *arch = kmd_arch_by_machine(check->target->facts->machine);
	uint64_t offset;
	bool unmoved =
		(arch && arch->no_kaslr) ||
		(kmd_runtime_get(check->target->runtime, KMD_RUNTIME_KASLR, &offset) && !offset);

	(void)mode;
	kmd_check_keys(check->target->info, keys, availability);
	if (check->target->info->text && !unmoved)
		kmd_check_keys(check->target->info, kaslr, availability);
}

void kmd_check_keys_crash(struct kmd_consumer_check *check, enum kmd_xlate mode,
			  struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;

	(void)mode;
	if (target->facts->machine == EM_AARCH64)
		kmd_check_keys(target->info, keys_arm64, availability);
	else if (target->facts->machine == EM_X86_64)
		kmd_check_keys(target->info, keys_x86, availability);
	else if (target->facts->machine == EM_ARM)
		kmd_check_keys(target->info, keys_arm, availability);
	else
		kmd_availability_add(availability, KMD_UNKNOWN,
				     "the objects that crash reads on this machine");
}

/* arm_init() of crash: with --minimal, _stext rounded down to 64 KiB; otherwise to 32 MiB. */
void kmd_check_minimal_base(struct kmd_consumer_check *check, enum kmd_xlate mode,
			    struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;
	uint64_t text;

	(void)mode;
	if (target->info->text && kmd_vmcoreinfo_hex(target->info, "SYMBOL(_stext)", &text) &&
	    text & 0x1ff0000)
		kmd_availability_add(
			availability, KMD_UNKNOWN,
			"where the linear map begins (crash uses _stext, 0x%" PRIx64 ")", text);
}

/* crash 8.0.2 does not find them on all of RAM either. */
void kmd_check_crash_pids(struct kmd_consumer_check *check, enum kmd_xlate mode,
			  struct kmd_availability *availability)
{
	(void)check;
	(void)mode;
	kmd_availability_add(availability, KMD_IN_PART,
			     "tasks that do not run (crash does not find them on this machine)");
}

/* first_vmalloc_address() of crash, up to Linux 6.8. */
void kmd_check_vmap_area(struct kmd_consumer_check *check, enum kmd_xlate mode,
			 struct kmd_availability *availability)
{
	static const char *const head[] = { "vmap_area_list", NULL };
	const struct kmd_target *target = check->target;
	uint64_t entry, at, size;

	kmd_check_variables(target, mode, availability, head);
	if (!kmd_target_pointer(target, "vmap_area_list", &entry))
		return;
	if (kmd_target_type(target, KMD_T_VMAP_AREA, &size) &&
	    kmd_target_type(target, KMD_T_VMAP_AREA_LIST, &at))
		kmd_check_span(target, mode, availability, "the first vmap_area", entry - at, size);
	else
		kmd_availability_add(availability, KMD_UNKNOWN, "size of struct vmap_area");
}

void kmd_check_kaslr(struct kmd_consumer_check *check, enum kmd_xlate mode,
		     struct kmd_availability *availability)
{
	uint64_t kaslr;

	(void)mode;
	if (!check->target->facts->pub.has_kaslr_offset &&
	    !kmd_runtime_get(check->target->runtime, KMD_RUNTIME_KASLR, &kaslr))
		kmd_availability_add(availability, KMD_ABSENT, "the KASLR offset");
}

/* ----- sections of the image */

/* Where the variables of the image are, the constant ones too. */
static const char *const data[][3] = { { ".rodata", "__start_rodata", "__end_rodata" },
				       { ".data", "_sdata", "_edata" },
				       { ".bss", "__bss_start", "__bss_stop" } };

void kmd_check_data(struct kmd_consumer_check *check, enum kmd_xlate mode,
		    struct kmd_availability *availability)
{
	const size_t n = sizeof(data) / sizeof(data[0]);
	size_t gone = 0;

	/* Each variable is there or not; nothing at all is something else. */
	for (size_t i = 0; i < n; i++) {
		struct kmd_availability one = { 0 };

		kmd_check_range(check->target, mode, &one, data[i][0], data[i][1], data[i][2]);
		gone += one.presence == KMD_ABSENT;
		if (one.presence)
			kmd_availability_add(availability, gone == n ? KMD_ABSENT : KMD_IN_PART,
					     "%s", one.names);
	}
}

void kmd_check_orc(struct kmd_consumer_check *check, enum kmd_xlate mode,
		   struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;

	kmd_check_range(target, mode, availability, "ORC tables", "__start_orc_unwind_ip",
			"__stop_orc_unwind_ip");
	kmd_check_range(target, mode, availability, "ORC tables", "__start_orc_unwind",
			"__stop_orc_unwind");
	kmd_check_range(target, mode, availability, "orc_lookup", "orc_lookup", "orc_lookup_end");
}

/*
 * gdb looks at the code of a frame that no debug information describes: on x86_64 of entries; on
 * arm64 it takes any frame whose code it cannot read for one of a function that calls none.
 */
void kmd_check_text_gdb(struct kmd_consumer_check *check, enum kmd_xlate mode,
			struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;

	if (target->facts->machine == EM_X86_64) {
		kmd_check_range(target, mode, availability, "the text of entries",
				"__entry_text_start", "__entry_text_end");
		return;
	}
	kmd_check_range(target, mode, availability, "the kernel's text", "_stext", "_etext");
	/* That has been freed, so it is captured by chance only. */
	if (kmd_check_first_task_runs(check)) {
		struct kmd_availability runtime = { 0 };

		kmd_check_range(target, mode, &runtime, "start_kernel()'s code", "_sinittext",
				"_einittext");
		if (runtime.presence)
			kmd_availability_add(availability, KMD_IN_PART, "%s", runtime.names);
	}
}
