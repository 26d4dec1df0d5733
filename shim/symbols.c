// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Addresses of the kernel's variables, from whoever knows them:
 *
 * 1. the kernel's exports, and all of its symbols if this is built into it.  Referred
 *    to weakly, so that a kernel that lacks one loads this module nevertheless;
 * 2. VMCOREINFO;
 * 3. kallsyms, which has data only with CONFIG_KALLSYMS_ALL, and cannot be asked
 *    where the CPU tracks indirect branches;
 * 4. link-time addresses out of System.map, which scripts/kmemdump-load hands
 *    over.  They are used only if they agree with what the others know.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#ifdef CONFIG_X86
#include <asm/cpufeature.h>
#endif

#include "compat.h"
#include "internal.h"

#define MAX_SYMBOLS	64
#define MAX_NAMES	64
#define LINE_ROOM	640

static char *symbols[MAX_SYMBOLS];
static unsigned int nr_symbols;
module_param_array(symbols, charp, &nr_symbols, 0400);
MODULE_PARM_DESC(symbols,
		 "link-time addresses, name:hex, as scripts/kmemdump-load gives them");

/* Only the address is of interest, so no header and no type. */
#define EXPORTED(name) \
	extern char kmd_sym_##name[] __asm__(#name) __weak

EXPORTED(__cpu_active_mask);
EXPORTED(__cpu_online_mask);
EXPORTED(__cpu_possible_mask);
EXPORTED(__cpu_present_mask);
EXPORTED(__num_online_cpus);
EXPORTED(__per_cpu_offset);
EXPORTED(_totalram_pages);
EXPORTED(high_memory);
EXPORTED(init_pid_ns);
EXPORTED(init_task);
EXPORTED(init_uts_ns);
EXPORTED(jiffies_64);
EXPORTED(kernel_map);
EXPORTED(kimage_voffset);
EXPORTED(mem_section);
EXPORTED(memstart_addr);
EXPORTED(node_data);
EXPORTED(node_states);
EXPORTED(nr_cpu_ids);
EXPORTED(nr_irqs);
EXPORTED(page_offset_base);
EXPORTED(pgtable_l4_enabled);
EXPORTED(pgtable_l5_enabled);
EXPORTED(phys_base);
EXPORTED(phys_ram_base);
EXPORTED(vmalloc_base);
EXPORTED(vmemmap_base);

#ifndef MODULE
EXPORTED(__per_cpu_end);
EXPORTED(__per_cpu_start);
EXPORTED(__start_orc_unwind_ip);
EXPORTED(_einittext);
EXPORTED(_end);
EXPORTED(_etext);
EXPORTED(_sinittext);
EXPORTED(_stext);
EXPORTED(crash_notes);
EXPORTED(crashing_cpu);
EXPORTED(init_mm);
EXPORTED(init_top_pgt);
EXPORTED(kallsyms_markers);
EXPORTED(kallsyms_names);
EXPORTED(kallsyms_num_syms);
EXPORTED(kallsyms_offsets);
EXPORTED(kallsyms_relative_base);
EXPORTED(kallsyms_seqs_of_names);
EXPORTED(kallsyms_token_index);
EXPORTED(kallsyms_token_table);
EXPORTED(kernel_config_data);
EXPORTED(kernel_config_data_end);
EXPORTED(kmem_cache);
EXPORTED(linux_banner);
EXPORTED(modules);
EXPORTED(nr_threads);
EXPORTED(orc_lookup_end);
EXPORTED(panic_cpu);
EXPORTED(saved_command_line);
EXPORTED(swapper_pg_dir);
EXPORTED(taint_flags);
#endif

struct known {
	const char *name;
	const char *va;
};

#define KNOWN(name) { #name, kmd_sym_##name }

/* A table, so that all of this becomes absolute relocations, which may be 0. */
static const struct known exported[] = {
	KNOWN(__cpu_active_mask),
	KNOWN(__cpu_online_mask),
	KNOWN(__cpu_possible_mask),
	KNOWN(__cpu_present_mask),
	KNOWN(__num_online_cpus),
	KNOWN(__per_cpu_offset),
	KNOWN(_totalram_pages),
	KNOWN(high_memory),
	KNOWN(init_pid_ns),
	KNOWN(init_task),
	KNOWN(init_uts_ns),
	KNOWN(jiffies_64),
	KNOWN(kernel_map),
	KNOWN(kimage_voffset),
	KNOWN(mem_section),
	KNOWN(memstart_addr),
	KNOWN(node_data),
	KNOWN(node_states),
	KNOWN(nr_cpu_ids),
	KNOWN(nr_irqs),
	KNOWN(page_offset_base),
	KNOWN(pgtable_l4_enabled),
	KNOWN(pgtable_l5_enabled),
	KNOWN(phys_base),
	KNOWN(phys_ram_base),
	KNOWN(vmalloc_base),
	KNOWN(vmemmap_base),
#ifndef MODULE
	KNOWN(__per_cpu_end),
	KNOWN(__per_cpu_start),
	KNOWN(__start_orc_unwind_ip),
	KNOWN(_einittext),
	KNOWN(_end),
	KNOWN(_etext),
	KNOWN(_sinittext),
	KNOWN(_stext),
	KNOWN(crash_notes),
	KNOWN(crashing_cpu),
	KNOWN(init_mm),
	KNOWN(init_top_pgt),
	KNOWN(kallsyms_markers),
	KNOWN(kallsyms_names),
	KNOWN(kallsyms_num_syms),
	KNOWN(kallsyms_offsets),
	KNOWN(kallsyms_relative_base),
	KNOWN(kallsyms_seqs_of_names),
	KNOWN(kallsyms_token_index),
	KNOWN(kallsyms_token_table),
	KNOWN(kernel_config_data),
	KNOWN(kernel_config_data_end),
	KNOWN(kmem_cache),
	KNOWN(linux_banner),
	KNOWN(modules),
	KNOWN(nr_threads),
	KNOWN(orc_lookup_end),
	KNOWN(panic_cpu),
	KNOWN(saved_command_line),
	KNOWN(swapper_pg_dir),
	KNOWN(taint_flags),
#endif
};

static unsigned long (*lookup_name)(const char *name);

/* What the loader handed over. */
static struct handed {
	const char *name;
	unsigned long link;
} handed[MAX_SYMBOLS];
static unsigned int nr_handed;
static unsigned long kaslr; /* run time minus link time */

/* What is written to the kernel log once, when all is done. */
struct names {
	const char *name[MAX_NAMES];
	unsigned int nr;
};

static struct names missing, crowded_out;

#ifdef MODULE
static bool is_address(unsigned long va)
{
	return va;
}
#else
/* One that the kernel lacks may be 0 moved by KASLR, and per-CPU variables are offsets. */
static bool is_address(unsigned long va)
{
	return va >= PAGE_OFFSET;
}
#endif

static bool find_exported(const char *name, unsigned long *va)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(exported); i++) {
		if (strcmp(exported[i].name, name))
			continue;
		*va = (unsigned long)READ_ONCE(exported[i].va);
		return is_address(*va);
	}
	return false;
}

/* Until 6.0 CFI_CLANG takes only the entries of its table for functions, and this is none. */
static __nocfi bool find_kallsyms(const char *name, unsigned long *va)
{
	if (!lookup_name)
		return false;
	*va = lookup_name(name);
	return *va;
}

static bool find_handed(const char *name, unsigned long *link)
{
	unsigned int i;

	for (i = 0; i < nr_handed; i++) {
		if (strcmp(handed[i].name, name))
			continue;
		*link = handed[i].link;
		return true;
	}
	return false;
}

/* Per-CPU variables of x86 are offsets from 0 until 6.15, and do not move. */
static unsigned long relocate(unsigned long link)
{
	return (long)link < 0 ? link + kaslr : link;
}

static bool find_running(const char *name, unsigned long *va)
{
	return find_exported(name, va) || kmd_vmcoreinfo_symbol(name, va) ||
	       find_kallsyms(name, va);
}

/**
 * kmd_symbol_quiet() - the run-time address of a variable of the kernel
 * @name: as in System.map
 * @va: set if it is found
 */
bool kmd_symbol_quiet(const char *name, unsigned long *va)
{
	unsigned long link;

	if (find_running(name, va))
		return true;
	if (find_handed(name, &link)) {
		*va = relocate(link);
		return true;
	}
	/* x86: the former is a macro, which only VMCOREINFO has. */
	return !strcmp(name, "swapper_pg_dir") &&
	       kmd_symbol_quiet("init_top_pgt", va);
}

/* The same; what is not found is remembered for kmd_report_missing(). */
bool kmd_symbol(const char *name, unsigned long *va)
{
	if (kmd_symbol_quiet(name, va))
		return true;
	kmd_missing(name);
	return false;
}

/* A word of the kernel's memory, wherever a symbol may have led. */
bool kmd_read_word(unsigned long va, unsigned long *word)
{
	return !copy_from_kernel_nofault(word, (void *)va, sizeof(*word));
}

/* The word at a symbol. */
bool kmd_symbol_word(const char *name, unsigned long *word)
{
	unsigned long va;

	return kmd_symbol(name, &va) && kmd_read_word(va, word);
}

/* One more than the array holds stands for all others. */
static void remember(struct names *names, const char *name)
{
	unsigned int i;

	for (i = 0; i < min_t(unsigned int, names->nr, MAX_NAMES); i++)
		if (!strcmp(names->name[i], name))
			return;
	if (i < MAX_NAMES)
		names->name[i] = name;
	names->nr = i + 1;
}

/* @what: a literal, or as long-lived */
void kmd_missing(const char *what)
{
	remember(&missing, what);
}

/* What became of a registration that the level asks for: an id, or an error. */
void kmd_check(const char *name, int id)
{
	if (id == -ENOSPC)
		remember(&crowded_out, name);
	else if (id < 0)
		remember(&missing, name);
}

/* Register what the level asks for; what cannot be is remembered. */
void kmd_want(const char *name, unsigned long va, size_t size,
	      enum kmemdump_prio prio)
{
	kmd_check(name, kmd_add_va(name, va, size, prio));
}

/* "a, b, c", or as much of it as a line of the kernel log holds, and "...". */
static const char *join(const struct names *names, char *line, size_t size)
{
	size_t len = 0, more;
	unsigned int i;

	*line = '\0';
	for (i = 0; i < min_t(unsigned int, names->nr, MAX_NAMES); i++) {
		more = strlen(names->name[i]) + sizeof(", ...");
		if (len + more > size)
			break;
		len += scnprintf(line + len, size - len, "%s%s", i ? ", " : "",
				 names->name[i]);
	}
	if (i < names->nr)
		scnprintf(line + len, size - len, ", ...");
	return line;
}

/* Once, after everything was looked for. */
void kmd_report_missing(void)
{
	static char line[LINE_ROOM];

	if (missing.nr)
		pr_warn("not found, so not registered: %s; System.map given to kmemdump-load may help\n",
			join(&missing, line, sizeof(line)));
	if (crowded_out.nr)
		pr_warn("no room in the registry for: %s; raise max_regions\n",
			join(&crowded_out, line, sizeof(line)));
}

#ifndef MODULE
static void find_lookup_name(void)
{
#ifdef CONFIG_KALLSYMS
	lookup_name = kallsyms_lookup_name;
#endif
}
#elif defined(CONFIG_KPROBES)
/* The probe stands behind an ENDBR; a call must not. */
static unsigned long function_start(const struct kprobe *kp)
{
#ifdef CONFIG_X86_KERNEL_IBT
	const u32 endbr64 = 0xfa1e0ff3;
	unsigned long start = (unsigned long)kp->addr - sizeof(endbr64);

	if (*(const u32 *)start == endbr64)
		return start;
#endif
	return (unsigned long)kp->addr - kp->offset;
}

/*
 * Indirect Branch Tracking: the kernel overwrites at boot the ENDBR of functions
 * that it calls by name only, and this is one of them.  A call traps.
 */
static bool may_call_unexported(void)
{
#ifdef CONFIG_X86_KERNEL_IBT
	return !cpu_feature_enabled(X86_FEATURE_IBT);
#else
	return true;
#endif
}

/* kallsyms_lookup_name() is not exported, but a kprobe finds its address. */
static void find_lookup_name(void)
{
	struct kprobe kp = {
		.symbol_name = "kallsyms_lookup_name",
		.offset = KMD_PROBE_OFFSET,
	};

	if (!may_call_unexported() || register_kprobe(&kp))
		return;
	lookup_name = (void *)function_start(&kp);
	unregister_kprobe(&kp);
}
#else
static void find_lookup_name(void)
{
}
#endif

static int parse_handed(char *text)
{
	char *colon = strchr(text, ':');
	unsigned long link;
	int err;

	if (!colon || colon == text)
		return -EINVAL;
	err = kstrtoul(colon + 1, 16, &link);
	if (err)
		return err;
	*colon = '\0';
	handed[nr_handed].name = text;
	handed[nr_handed++].link = link;
	return 0;
}

/* Of two addresses of one variable, one is of another kernel. */
static bool contradicts(const struct handed *one)
{
	unsigned long va;

	return (long)one->link < 0 && find_running(one->name, &va) &&
	       va != relocate(one->link);
}

static bool agrees(const struct handed *one)
{
	unsigned long va;

	return (long)one->link < 0 && find_running(one->name, &va) &&
	       va == relocate(one->link);
}

/* The first is not exported; where nothing else is known, the second is. */
static bool find_kaslr(void)
{
	static const char * const anchors[] = { "_stext", "init_task" };
	unsigned long link, va;
	int i;

	for (i = 0; i < ARRAY_SIZE(anchors); i++) {
		if (!find_handed(anchors[i], &link) ||
		    !find_running(anchors[i], &va))
			continue;
		kaslr = va - link;
		return true;
	}
	return false;
}

/* System.map of another build must not name wrong memory. */
static bool handed_is_ours(void)
{
	unsigned int i, matches = 0;

	if (!find_kaslr()) {
		pr_warn("symbols= has neither _stext nor init_task; not used\n");
		return false;
	}
	for (i = 0; i < nr_handed; i++) {
		if (contradicts(&handed[i])) {
			pr_warn("symbols= is of another kernel (%s differs); not used\n",
				handed[i].name);
			return false;
		}
		matches += agrees(&handed[i]);
	}
	/* That one agrees with itself. */
	if (matches >= 3)
		return true;
	pr_warn("symbols= cannot be checked against this kernel; not used\n");
	return false;
}

int kmd_symbols_init(void)
{
	unsigned int i;

	find_lookup_name();
	for (i = 0; i < nr_symbols; i++) {
		if (parse_handed(symbols[i])) {
			pr_err("symbols=: \"%s\" is no name:address\n",
			       symbols[i]);
			return -EINVAL;
		}
	}
	/* sysfs shows what is used, and so nothing of what was refused. */
	if (nr_handed && !handed_is_ours()) {
		nr_handed = 0;
		nr_symbols = 0;
	}
	return 0;
}
