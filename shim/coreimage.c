// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The core image: what the kernel registers of itself at load, level by level.
 *
 * Level log is what crash --minimal, dmesg and the names of the machine need;
 * level rfc adds the variables that the kmemdump series registers.  pages.c makes
 * their pages whole; what level full adds instead is in fullimage.c and in the
 * followers.
 */
#include <linux/cpumask.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>

#include "compat.h"
#include "internal.h"

#define WORD	sizeof(unsigned long)
/* No banner and no command line is longer. */
#define STRING_ROOM	4096

/* A variable of the kernel, by the size that its type has in this kernel. */
struct variable {
	const char *symbol;
	size_t size;
	bool optional;		/* not every kernel has it */
};

static const struct variable log_variables[] = {
	{ "init_uts_ns", sizeof(struct uts_namespace) },
	{ "jiffies_64", sizeof(u64) },
#ifdef CONFIG_X86_64
	{ "page_offset_base", WORD },
	{ "vmalloc_base", WORD },
	{ "vmemmap_base", WORD },
	{ "phys_base", WORD },
#endif
#ifdef CONFIG_ARM64
	{ "kimage_voffset", WORD },
	{ "memstart_addr", sizeof(s64) },
#endif
#ifdef CONFIG_RISCV
	{ "kernel_map", sizeof(struct kernel_mapping) },
	{ "phys_ram_base", sizeof(phys_addr_t), true },
	{ "pgtable_l4_enabled", sizeof(bool) },
	{ "pgtable_l5_enabled", sizeof(bool) },
#endif
};

static const struct variable rfc_variables[] = {
	{ "_totalram_pages", sizeof(atomic_long_t) },
	{ "__cpu_possible_mask", sizeof(struct cpumask) },
	{ "__cpu_present_mask", sizeof(struct cpumask) },
	{ "__cpu_online_mask", sizeof(struct cpumask) },
	{ "__cpu_active_mask", sizeof(struct cpumask) },
	{ "__num_online_cpus", sizeof(atomic_t), true },
	{ "nr_cpu_ids", sizeof(unsigned int), true },
	{ "nr_threads", sizeof(int) },
	{ "total_nr_irqs", sizeof(int), true },
	{ "nr_irqs", sizeof(int), true },
	{ "tainted_mask", WORD },
	{ "taint_flags", TAINT_FLAGS_COUNT * sizeof(struct taint_flag) },
	{ "panic_cpu", sizeof(atomic_t), true },
	{ "crashing_cpu", sizeof(int), true },
	{ "node_data", MAX_NUMNODES * sizeof(void *), true },
	{ "node_states", NR_NODE_STATES * sizeof(nodemask_t), true },
	{ "__per_cpu_offset", NR_CPUS * WORD, true },
	{ "nr_swapfiles", sizeof(int), true },
	{ "high_memory", WORD, true },
	{ "init_mm", sizeof(struct mm_struct) },
	{ "swapper_pg_dir", WORD },
	{ "_sinittext", WORD },
	{ "_einittext", WORD },
	{ "_stext", WORD },
	{ "_etext", WORD },
	{ "kallsyms_num_syms", sizeof(int), true },
	{ "kallsyms_relative_base", WORD, true },
	{ "kallsyms_offsets", WORD, true },
	{ "kallsyms_names", WORD, true },
	{ "kallsyms_token_table", WORD, true },
	{ "kallsyms_token_index", WORD, true },
	{ "kallsyms_markers", WORD, true },
	{ "kallsyms_seqs_of_names", WORD, true },
};

static void add_variables(const struct variable *v, unsigned int nr,
			  enum kmemdump_prio prio)
{
	unsigned long va;

	for (; nr--; v++) {
		if (kmd_symbol_quiet(v->symbol, &va))
			kmd_want(v->symbol, va, v->size, prio);
		else if (!v->optional)
			kmd_missing(v->symbol);
	}
}

/* By the address that the kernel's note is known by, not the image's alias. */
static void add_vmcoreinfo(void)
{
	const struct kmd_spec spec = {
		.name = "vmcoreinfo",
		.va = (unsigned long)phys_to_virt(kmd_vmcoreinfo_pa()),
		.pa = kmd_vmcoreinfo_pa(),
		.size = kmd_vmcoreinfo_size(),
		.prio = KMEMDUMP_PRIO_LOG,
		.at_pa = true,
	};

	if (spec.size)
		kmd_check("vmcoreinfo", kmd_add(&spec));
}

/* With its NUL. */
static size_t string_size(unsigned long va)
{
	size_t len;
	char c;

	for (len = 0; len < STRING_ROOM; len++) {
		if (copy_from_kernel_nofault(&c, (char *)va + len, 1))
			return 0;
		if (!c)
			return len + 1;
	}
	return 0;
}

static void add_banner(void)
{
	unsigned long va;

	if (kmd_symbol("linux_banner", &va))
		kmd_want("linux_banner", va, string_size(va),
			 KMEMDUMP_PRIO_LOG);
}

static void add_command_line(void)
{
	unsigned long va, text;

	if (!kmd_symbol_quiet("saved_command_line", &va) ||
	    !kmd_read_word(va, &text))
		return;
	kmd_want("saved_command_line", va, WORD, KMEMDUMP_PRIO_RFC);
	kmd_want("command_line", text, string_size(text), KMEMDUMP_PRIO_RFC);
}

#ifdef CONFIG_SPARSEMEM
static void add_sections(const struct mem_section *sections)
{
	if (sections)
		kmd_want("memsect", (unsigned long)sections,
			 SECTIONS_PER_ROOT * sizeof(*sections),
			 KMEMDUMP_PRIO_RFC);
}

#ifdef CONFIG_SPARSEMEM_EXTREME
/* A pointer to an array of pointers to arrays. */
static void add_mem_sections(void)
{
	unsigned long i, va;

	if (!kmd_symbol("mem_section", &va))
		return;
	kmd_want("mem_section", va, sizeof(mem_section), KMEMDUMP_PRIO_RFC);
	if (!mem_section)
		return;
	kmd_want("memsect", (unsigned long)mem_section,
		 NR_SECTION_ROOTS * sizeof(*mem_section), KMEMDUMP_PRIO_RFC);
	for (i = 0; i < NR_SECTION_ROOTS; i++)
		add_sections(mem_section[i]);
}
#else
static void add_mem_sections(void)
{
	unsigned long i;

	for (i = 0; i < NR_SECTION_ROOTS; i++)
		add_sections(mem_section[i]);
}
#endif
#else
static void add_mem_sections(void)
{
}
#endif

static void add_nodes(void)
{
	pg_data_t *node;
	int nid;

	for_each_online_node(nid) {
		node = NODE_DATA(nid);
		if (node)
			kmd_want("pglist_data", (unsigned long)node,
				 sizeof(*node), KMEMDUMP_PRIO_RFC);
	}
}

/* The markers around it belong to it: extract-ikconfig looks for them. */
static void add_config(void)
{
	unsigned long start, end;

	if (kmd_symbol_quiet("kernel_config_data", &start) &&
	    kmd_symbol_quiet("kernel_config_data_end", &end) && end > start)
		kmd_want("config", start - 8, end - start + 16,
			 KMEMDUMP_PRIO_RFC);
}

static void register_log(void)
{
	add_vmcoreinfo();
	add_banner();
	kmd_log_register();
	add_variables(log_variables, ARRAY_SIZE(log_variables),
		      KMEMDUMP_PRIO_LOG);
}

static void register_rfc(void)
{
	add_variables(rfc_variables, ARRAY_SIZE(rfc_variables),
		      KMEMDUMP_PRIO_RFC);
	add_command_line();
	add_mem_sections();
	add_nodes();
	add_config();
}

void kmd_coreimage_register(enum kmd_level level)
{
	register_log();
	if (level >= KMD_LEVEL_RFC)
		register_rfc();
	if (level >= KMD_LEVEL_FULL)
		kmd_full_register();
	else
		kmd_pages_register();
}
