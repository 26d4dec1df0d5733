/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Kernel memory to its symbols (kallsyms), types (BTF), modules and their symbols, code made at
 * run time, types of modules, ORC tables, and a stack.
 *
 * The input: flags (one byte: 1 = arm64), the length of VMCOREINFO (two bytes, low one first), its
 * text, and memory that is mapped at BASE.  Types of the kernel are those below; BTF is at the
 * symbol __start_BTF, if VMCOREINFO or kallsyms have it.
 */
#include "fuzz.h"

#include "base/array.h"
#include "symbol/list.h"
#include "symbol/module_types.h"
#include "types/btf.h"
#include "unwind/stack.h"
#include "unwind/steps.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(0xffffffff81000000)
#define PHYS UINT64_C(0x1000000)

struct stages {
	struct kmd_diag diag;
	struct kmd_regions regions;
	struct kmd_source *source;
	struct kmd_memory memory;
	struct kmd_views views;
	struct kmd_vmcoreinfo info;
	struct kmd_kernel_facts facts;
	struct kmd_target target;
	struct kmd_kallsyms kallsyms;
	struct kmd_modules modules;
	struct kmd_symbol_list symbols;
};

/* Offsets that corpus/symbols/ has its structures with. */
static const struct {
	enum kmd_target_type type;
	uint64_t value;
} types[] = {
	{ KMD_T_MODULE, 0x100 },         { KMD_T_MODULE_LIST, 0 },
	{ KMD_T_MODULE_NAME, 0x10 },     { KMD_T_MODULE_TAINTS, 0x50 },
	{ KMD_T_CORE_BASE, 0x58 },       { KMD_T_CORE_SIZE, 0x60 },
	{ KMD_T_MODULE_KALLSYMS, 0x68 }, { KMD_T_MODULE_ORC_N, 0x70 },
	{ KMD_T_MODULE_ORC_IPS, 0x78 },  { KMD_T_MODULE_ORC_ROWS, 0x80 },
	{ KMD_T_KALLSYMS_SYMTAB, 0 },    { KMD_T_KALLSYMS_NUM, 8 },
	{ KMD_T_KALLSYMS_STRTAB, 16 },   { KMD_T_FTRACE_NEXT, 0 },
	{ KMD_T_FTRACE_FLAGS, 8 },       { KMD_T_FTRACE_TRAMPOLINE, 16 },
	{ KMD_T_FTRACE_SIZE, 24 },       { KMD_T_FTRACE_SAVE_REGS, 4 },
	{ KMD_T_KPROBE_PAGES, 16 },      { KMD_T_KPROBE_PAGE_LIST, 0 },
	{ KMD_T_KPROBE_PAGE_INSNS, 16 }, { KMD_T_BPF_LINK, 0 },
	{ KMD_T_BPF_START, 16 },         { KMD_T_BPF_END, 24 },
	{ KMD_T_BPF_NAME, 32 },          { KMD_T_BPF_NAME_LENGTH, 128 },
	{ KMD_T_MODULE_BTF_DATA, 0x88 }, { KMD_T_MODULE_BTF_SIZE, 0x90 },
	{ KMD_T_INIT_BASE, 0x98 },       { KMD_T_INIT_SIZE, 0xa0 },
	{ KMD_T_BTF_LIST, 0 },           { KMD_T_BTF_MODULE, 16 },
	{ KMD_T_BTF_BTF, 24 },           { KMD_T_BTF_DATA, 0 },
	{ KMD_T_BTF_DATA_SIZE, 8 },
};

static void add_memory(struct stages *s, const uint8_t *bytes, size_t size)
{
	struct kmd_region_entry *row;

	if (!KMD_ARRAY_RESERVE(s->regions.rows, s->regions.n, s->regions.cap) ||
	    kmd_source_from_memory(&s->diag, bytes, size, "memory", &s->source) != KMD_OK)
		abort();
	row = &s->regions.rows[s->regions.n++];
	memset(row, 0, sizeof(*row));
	row->pub.name = strdup("memory");
	row->pub.phys = PHYS;
	row->pub.has_phys = true;
	row->pub.size = row->pub.captured = size;
	row->pub.state = size ? KMD_REGION_OK : KMD_REGION_EMPTY;
	row->has_bytes = true;
	row->source = s->source;
}

static void check_kallsyms(struct kmd_kallsyms *table)
{
	for (size_t i = 0; i < table->n; i++) {
		const char *name = kmd_kallsyms_name(table, i);

		FUZZ_CHECK(!i || table->symbols[i - 1].address <= table->symbols[i].address);
		FUZZ_CHECK(name);
		for (; *name; name++)
			FUZZ_CHECK((unsigned char)*name >= 0x20 && *name != 0x7f);
	}
}

/* What is captured of [start, start + *@size). */
static unsigned char *read_section(struct stages *s, uint64_t start, uint64_t *size)
{
	unsigned char *bytes;

	*size = kmd_target_available(&s->target, KMD_XLATE_ANY, start, *size);
	bytes = malloc(*size ? (size_t)*size : 1);
	FUZZ_CHECK(bytes &&
		   (!*size || kmd_target_read(&s->target, KMD_XLATE_ANY, start, bytes, *size)));
	return bytes;
}

/* Types of a module, by those of the kernel. */
static void read_btf_of(struct stages *s, const struct kmd_module_entry *module,
			const struct kmd_btf_section *base)
{
	struct kmd_type_query queries[] = {
		{ KMD_TYPE_SIZE, "own", NULL, false, 0 },
		{ KMD_TYPE_OFFSET, "own", "in.list", false, 0 },
		{ KMD_TYPE_LENGTH, "own", "pids", false, 0 },
		{ KMD_TYPE_ENUMERATOR, "EIGHT", NULL, false, 0 },
	};
	struct kmd_btf_section own;
	uint64_t virt, size;
	const char *wrong;
	size_t at;

	if (!kmd_module_btf_find(&s->target, module->pub.address, &virt, &size))
		return;
	FUZZ_CHECK(size && size <= KMD_BTF_MAX);
	own.bytes = read_section(s, virt, &size);
	own.size = (size_t)size;
	FUZZ_CHECK(kmd_btf_split_types(base, &own, false, queries,
				       sizeof(queries) / sizeof(queries[0]), &s->diag, &wrong,
				       &at) == KMD_OK);
	FUZZ_CHECK(!wrong || at <= own.size);
	free((void *)(uintptr_t)own.bytes);
}

static void read_btf(struct stages *s)
{
	struct kmd_type_query queries[] = {
		{ KMD_TYPE_SIZE, "task_struct", NULL, false, 0 },
		{ KMD_TYPE_OFFSET, "outer", "in.list", false, 0 },
		{ KMD_TYPE_LENGTH, "inner", "list", false, 0 },
		{ KMD_TYPE_ENUMERATOR, "SEVEN", NULL, false, 0 },
		{ KMD_TYPE_ELEMENTS, "variable", NULL, false, 0 },
	};
	uint64_t start, size = UINT32_MAX;
	struct kmd_btf_section base;
	const char *wrong;
	size_t at;

	if (!kmd_target_symbol(&s->target, "__start_BTF", &start, NULL))
		return;
	base.bytes = read_section(s, start, &size);
	base.size = (size_t)size;
	FUZZ_CHECK(kmd_btf_types(base.bytes, base.size, false, queries,
				 sizeof(queries) / sizeof(queries[0]), &s->diag, &wrong,
				 &at) == KMD_OK);
	FUZZ_CHECK(!wrong || at <= size);
	for (size_t i = 0; i < s->modules.n && i < 8; i++)
		read_btf_of(s, &s->modules.items[i], &base);
	free((void *)(uintptr_t)base.bytes);
}

static void read_stack(struct stages *s)
{
	struct kmd_unwind_start start = {
		.pc = BASE + 0x104, .sp = BASE + 0x800, .fp = BASE + 0x840, .exact = true
	};
	struct kmd_unwinder unwinder;
	struct kmd_unwind unwind;
	struct kmd_stack_entry stack;

	FUZZ_CHECK(kmd_unwinder_init(&s->target, &s->modules, &unwinder) == KMD_OK);
	FUZZ_CHECK(kmd_unwind(&unwinder, &start, &unwind) == KMD_OK);
	FUZZ_CHECK(unwind.n && unwind.n <= KMD_UNWIND_FRAMES_MAX);
	FUZZ_CHECK(kmd_stack_make(&s->target, &s->modules, NULL, &unwind, &stack) == KMD_OK);
	FUZZ_CHECK(stack.pub.n == unwind.n);
	for (size_t i = 0; i < stack.pub.n; i++)
		FUZZ_CHECK(!stack.pub.frames[i].symbol || *stack.pub.frames[i].symbol >= 0);
	kmd_stack_deinit(&stack);
	kmd_unwind_deinit(&unwind);
	kmd_unwinder_deinit(&unwinder);
}

static void run(struct stages *s, size_t size)
{
	enum kmd_status status;

	FUZZ_CHECK(kmd_memory_build(&s->regions, &s->diag, &s->memory) == KMD_OK);
	FUZZ_CHECK(kmd_views_build(&s->memory, &s->facts, &s->diag, &s->views) == KMD_OK);
	kmd_target_init(&s->target, &s->memory, &s->views, &s->facts, &s->info, NULL, NULL,
			&s->diag);
	FUZZ_CHECK(kmd_kallsyms_read(&s->target, &s->kallsyms) == KMD_OK);
	FUZZ_CHECK(s->kallsyms.n <= size);
	check_kallsyms(&s->kallsyms);
	if (s->kallsyms.n)
		s->target.kallsyms = &s->kallsyms;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		s->target.types[types[i].type].known = true;
		s->target.types[types[i].type].value = types[i].value;
	}
	FUZZ_CHECK(kmd_modules_read(&s->target, &s->modules) == KMD_OK);
	read_btf(s);
	status = kmd_symbol_list_read(&s->target, &s->kallsyms, &s->modules, &s->symbols);
	FUZZ_CHECK(status == KMD_OK || status == KMD_ERR_LIMIT);
	for (size_t i = 1; i < s->symbols.n; i++)
		FUZZ_CHECK(s->symbols.items[i - 1].address <= s->symbols.items[i].address);
	read_stack(s);
}

static void deinit(struct stages *s)
{
	kmd_symbol_list_deinit(&s->symbols);
	kmd_modules_deinit(&s->modules);
	kmd_kallsyms_deinit(&s->kallsyms);
	kmd_views_deinit(&s->views);
	kmd_memory_deinit(&s->memory);
	kmd_regions_deinit(&s->regions);
	kmd_vmcoreinfo_deinit(&s->info);
	if (s->source)
		kmd_source_free(s->source);
	kmd_diag_deinit(&s->diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_rest rest = { data, size };
	struct stages s;
	size_t length = 3;
	const uint8_t *head = fuzz_take(&rest, &length), *text;

	if (length < 3)
		return 0;
	memset(&s, 0, sizeof(s));
	kmd_diag_init(&s.diag);
	length = (size_t)head[1] | (size_t)head[2] << 8;
	text = fuzz_take(&rest, &length);
	if (length) {
		s.info.text = malloc(length);
		if (!s.info.text)
			abort();
		memcpy(s.info.text, text, length);
		s.info.length = length;
	}
	s.facts.machine = head[0] & 1 ? EM_AARCH64 : EM_X86_64;
	s.facts.elf_class = 2;
	s.facts.pub.page_size = 4096;
	s.facts.pub.release = head[0] & 2 ? "6.12.1" : "5.10.0";
	s.facts.layout.image =
		(struct kmd_map){ true, BASE - PHYS, BASE, BASE + UINT64_C(0x10000000) };
	add_memory(&s, rest.at, rest.size);
	run(&s, size);
	deinit(&s);
	return 0;
}
