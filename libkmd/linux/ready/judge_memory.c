/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The kernel's description of its memory, its page tables, and the kernel log. */
#include "linux/ready/objects.h"

#include "base/checked.h"

#include <inttypes.h>
#include <stdio.h>

#define NODES_MAX 1024
#define ROOTS_MAX 65536
#define RING_MAX  (UINT64_C(1) << 30)
/* No command line is longer (COMMAND_LINE_SIZE of Linux). */
#define LINE_MAX  4096

static const char *const mem_section[] = { "mem_section", NULL };
static const char *const node_states[] = { "node_states", NULL };

static bool number_of(const struct kmd_look *look, const char *key, uint64_t *value)
{
	return look->in->info->text && kmd_vmcoreinfo_number(look->in->info, key, value);
}

/* The root table, and each page of sections that it leads to. */
static void judge_roots(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t root,
			uint64_t n, struct kmd_verdict *verdict)
{
	uint64_t sections;

	kmd_judge_span(look, mode, verdict, "mem_section's root table", root, n * 8);
	for (uint64_t i = 0; i < n; i++)
		if (kmd_look_number(look, mode, root + 8 * i, 8, &sections) && sections)
			kmd_judge_span(look, mode, verdict, "mem_section's sections", sections,
				       look->page);
}

void kmd_judge_mem_section(struct kmd_judging *judging, enum kmd_look_mode mode,
			   struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	uint64_t virt, size, root, roots;

	kmd_judge_variables(look, mode, verdict, mem_section);
	if (!kmd_look_symbol(look, "mem_section", &virt, &size) || verdict->presence)
		return;
	/* Without SPARSEMEM_EXTREME the variable is the table itself. */
	if (size > 8)
		return;
	if (!number_of(look, "LENGTH(mem_section)", &roots) || roots > ROOTS_MAX)
		kmd_verdict_add(verdict, KMD_UNKNOWN, "length of mem_section");
	else if (kmd_look_pointer(look, "mem_section", &root))
		judge_roots(look, mode, root, roots, verdict);
}

/* Bytes of the root table that describe memory up to the highest address; 0 = not known. */
static uint64_t root_size(const struct kmd_look *look, uint64_t roots)
{
	const struct kmd_memory *memory = look->in->memory;
	uint64_t bits, size, end = memory->n_phys ? memory->phys[memory->n_phys - 1].end : 0;

	if (!number_of(look, "NUMBER(SECTION_SIZE_BITS)", &bits) || bits < 12 || bits > 48 ||
	    !number_of(look, "SIZE(mem_section)", &size) || !size || size > look->page)
		return 0;
	return 8 * kmd_min_u64(roots, (end >> bits) / (look->page / size) + 1);
}

/* makedumpfile gets the root table's address from VMCOREINFO, not from the variable. */
void kmd_judge_root_sections(struct kmd_judging *judging, enum kmd_look_mode mode,
			     struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	uint64_t root, roots, size;

	if (!look->in->info->text ||
	    !kmd_vmcoreinfo_hex(look->in->info, "SYMBOL(mem_section)", &root) ||
	    !number_of(look, "LENGTH(mem_section)", &roots) || roots > ROOTS_MAX) {
		kmd_verdict_add(verdict, KMD_UNKNOWN, "where mem_section is");
		return;
	}
	size = root_size(look, roots);
	if (size)
		judge_roots(look, mode, root, size / 8, verdict);
	else
		kmd_verdict_add(verdict, KMD_UNKNOWN, "how much of mem_section is needed");
}

static const char *const one_node[] = { "contig_page_data", NULL };

void kmd_judge_nodes(struct kmd_judging *judging, enum kmd_look_mode mode,
		     struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	uint64_t virt, size, node, length;

	kmd_judge_variables(look, mode, verdict, node_states);
	if (!kmd_look_symbol(look, "node_data", &virt, &size)) {
		kmd_judge_variables(look, mode, verdict, one_node);
		return;
	}
	if (!kmd_look_type(look, KMD_T_PGLIST, &length)) {
		kmd_verdict_add(verdict, KMD_UNKNOWN, "size of pglist_data");
		return;
	}
	/* crash gets along without it where there is one node. */
	if (!kmd_look_have(look, mode, virt, 8))
		kmd_verdict_add(verdict, KMD_UNKNOWN, "node_data (0x%" PRIx64 ")", virt);
	for (uint64_t i = 0; i < kmd_min_u64(size / 8, NODES_MAX); i++)
		if (kmd_look_number(look, mode, virt + 8 * i, 8, &node) && node)
			kmd_judge_span(look, mode, verdict, "pglist_data", node, length);
}

/* ----- page tables */

void kmd_judge_root_table(struct kmd_judging *judging, enum kmd_look_mode mode,
			  struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;

	(void)mode;
	if (!look->has_paging)
		kmd_verdict_add(verdict, KMD_UNKNOWN, "where the page tables are");
	else
		kmd_judge_span(look, KMD_LOOK_WALK, verdict, "swapper_pg_dir",
			       look->paging.root_virt, look->page);
}

/* The exception stacks of each CPU, which crash looks up when it starts on x86_64. */
void kmd_judge_ist_tables(struct kmd_judging *judging, enum kmd_look_mode mode,
			  struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);
	const struct kmd_look *look = &judging->look;
	uint64_t ist, tss, stack, table;

	if (!look->has_paging || !kmd_look_type(look, KMD_T_TSS_IST, &ist) || !tasks->cpus.n) {
		kmd_verdict_add(verdict, KMD_UNKNOWN, "exception stacks");
		return;
	}
	for (size_t i = 0; i < tasks->cpus.n; i++) {
		char name[40];

		snprintf(name, sizeof(name), "cpu_tss_rw of CPU %" PRIu32, tasks->cpus.numbers[i]);
		if (!kmd_look_per_cpu(look, "cpu_tss_rw", tasks->cpus.offsets[i], &tss))
			continue;
		kmd_judge_span(look, mode, verdict, name, tss + ist, 56);
		for (uint64_t s = 0; s < 7; s++)
			if (kmd_look_number(look, mode, tss + ist + 8 * s, 8, &stack) && stack &&
			    !kmd_look_tables(look, stack - 1, &table))
				kmd_verdict_add(verdict, KMD_ABSENT,
						"page table at physical 0x%" PRIx64, table);
	}
}

/* ----- the log */

static uint64_t offset_in_log(const struct kmd_look *look, const char *key, bool *known)
{
	uint64_t value = 0;

	*known &= number_of(look, key, &value) && value < 4096;
	return value;
}

static uint64_t word_at(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t virt,
			size_t size, bool *known)
{
	uint64_t value = 0;

	*known = *known && kmd_look_number(look, mode, virt, size, &value);
	return value;
}

/* The three arrays of the ring buffer of 5.10 and later. */
static void judge_ring(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t ring,
		       struct kmd_verdict *verdict)
{
	bool known = true;
	uint64_t descs = ring + offset_in_log(look, "OFFSET(printk_ringbuffer.desc_ring)", &known);
	uint64_t text =
		ring + offset_in_log(look, "OFFSET(printk_ringbuffer.text_data_ring)", &known);
	uint64_t bits_at = offset_in_log(look, "OFFSET(prb_desc_ring.count_bits)", &known);
	uint64_t descs_at = offset_in_log(look, "OFFSET(prb_desc_ring.descs)", &known);
	uint64_t infos_at = offset_in_log(look, "OFFSET(prb_desc_ring.infos)", &known);
	uint64_t text_bits_at = offset_in_log(look, "OFFSET(prb_data_ring.size_bits)", &known);
	uint64_t text_at = offset_in_log(look, "OFFSET(prb_data_ring.data)", &known);
	uint64_t desc_size = offset_in_log(look, "SIZE(prb_desc)", &known);
	uint64_t info_size = offset_in_log(look, "SIZE(printk_info)", &known);
	uint64_t bits = word_at(look, mode, descs + bits_at, 4, &known);
	uint64_t text_bits = word_at(look, mode, text + text_bits_at, 4, &known);

	if (!known || bits > 24 || text_bits > 30) {
		kmd_verdict_add(verdict, KMD_UNKNOWN, "the log's ring buffer");
		return;
	}
	kmd_judge_span(look, mode, verdict, "the log's descriptors",
		       word_at(look, mode, descs + descs_at, 8, &known), desc_size << bits);
	kmd_judge_span(look, mode, verdict, "the log's infos",
		       word_at(look, mode, descs + infos_at, 8, &known), info_size << bits);
	kmd_judge_span(look, mode, verdict, "the log's text",
		       word_at(look, mode, text + text_at, 8, &known), UINT64_C(1) << text_bits);
}

/* 3.5 to 5.9. */
static void judge_buffer(const struct kmd_look *look, enum kmd_look_mode mode,
			 struct kmd_verdict *verdict)
{
	static const char *const variables[] = { "log_buf", "log_buf_len", "log_first_idx",
						 "log_next_idx", NULL };
	uint64_t virt, buffer, length;

	kmd_judge_variables(look, mode, verdict, variables);
	if (verdict->presence)
		return;
	if (kmd_look_pointer(look, "log_buf", &buffer) &&
	    kmd_look_symbol(look, "log_buf_len", &virt, NULL) &&
	    kmd_look_number(look, mode, virt, 4, &length) && length < RING_MAX)
		kmd_judge_span(look, mode, verdict, "the log's buffer", buffer, length);
	else
		kmd_verdict_add(verdict, KMD_UNKNOWN, "where the log is");
}

void kmd_judge_log(struct kmd_judging *judging, enum kmd_look_mode mode,
		   struct kmd_verdict *verdict)
{
	static const char *const variable[] = { "prb", NULL };
	const struct kmd_look *look = &judging->look;
	uint64_t virt, ring, size;

	if (!kmd_look_symbol(look, "prb", &virt, NULL)) {
		judge_buffer(look, mode, verdict);
		return;
	}
	kmd_judge_variables(look, mode, verdict, variable);
	if (!kmd_look_pointer(look, "prb", &ring))
		return;
	if (!number_of(look, "SIZE(printk_ringbuffer)", &size) || size > 4096)
		size = 8;
	kmd_judge_span(look, mode, verdict, "printk_ringbuffer", ring, size);
	if (!verdict->presence)
		judge_ring(look, mode, ring, verdict);
}

/* A text of its own, which gdb prints with the variable that points to it. */
void kmd_judge_command_line(struct kmd_judging *judging, enum kmd_look_mode mode,
			    struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	uint64_t line, letter = 1;

	if (!kmd_look_pointer(look, "saved_command_line", &line) || !line)
		return;
	for (uint64_t i = 0; letter && i < LINE_MAX; i++) {
		if (!kmd_look_number(look, mode, line + i, 1, &letter)) {
			kmd_verdict_add(verdict, KMD_ABSENT, "the command line (0x%" PRIx64 ")",
					line + i);
			return;
		}
	}
}
