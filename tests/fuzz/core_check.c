/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Rules that every core keeps, whatever the input was.  This file shares no code with the
 * library: it has its own reader of cores.
 */
#include "fuzz.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define NO_PHYS UINT64_MAX

struct core {
	const uint8_t *bytes;
	size_t size;
	bool big_endian, wide;
};

struct load {
	uint64_t virt, phys, offset, size;
};

static uint64_t number(const struct core *core, uint64_t at, size_t width)
{
	uint64_t value = 0;

	FUZZ_CHECK(at <= core->size && width <= core->size - at);
	for (size_t i = 0; i < width; i++)
		value = value << 8 | core->bytes[at + (core->big_endian ? i : width - 1 - i)];
	return value;
}

/* A field of the ELF header or of a program header at @base. */
#define FIELD(core, base, type, member)                                                            \
	((core)->wide ? number(core, (base) + offsetof(Elf64_##type, member),                      \
			       sizeof(((Elf64_##type *)0)->member))                                \
		      : number(core, (base) + offsetof(Elf32_##type, member),                      \
			       sizeof(((Elf32_##type *)0)->member)))

static uint64_t count_headers(const struct core *core)
{
	uint64_t count = FIELD(core, 0, Ehdr, e_phnum);

	if (count != PN_XNUM)
		return count;
	return FIELD(core, FIELD(core, 0, Ehdr, e_shoff), Shdr, sh_info);
}

static void check_note(const struct core *core, uint64_t at)
{
	uint64_t offset = FIELD(core, at, Phdr, p_offset);
	uint64_t size = FIELD(core, at, Phdr, p_filesz);

	FUZZ_CHECK(FIELD(core, at, Phdr, p_type) == PT_NOTE);
	FUZZ_CHECK(offset <= core->size && size <= core->size - offset);
}

static struct load read_load(const struct core *core, uint64_t at, uint64_t data_start)
{
	struct load load = { FIELD(core, at, Phdr, p_vaddr), FIELD(core, at, Phdr, p_paddr),
			     FIELD(core, at, Phdr, p_offset), FIELD(core, at, Phdr, p_filesz) };

	FUZZ_CHECK(FIELD(core, at, Phdr, p_type) == PT_LOAD);
	FUZZ_CHECK(FIELD(core, at, Phdr, p_align) == 0);
	FUZZ_CHECK(FIELD(core, at, Phdr, p_memsz) == load.size);
	FUZZ_CHECK(load.offset >= data_start && load.offset <= core->size);
	FUZZ_CHECK(load.size <= core->size - load.offset);
	if (!core->wide && load.phys == UINT32_MAX)
		load.phys = NO_PHYS;
	FUZZ_CHECK(load.virt + load.size >= load.virt);
	FUZZ_CHECK(load.phys == NO_PHYS || load.phys + load.size >= load.phys);
	FUZZ_CHECK(load.virt || load.phys != NO_PHYS || !load.size);
	return load;
}

static int by_virt(const void *a, const void *b)
{
	const struct load *x = a, *y = b;

	return (x->virt > y->virt) - (x->virt < y->virt);
}

static int by_phys(const void *a, const void *b)
{
	const struct load *x = a, *y = b;

	return (x->phys > y->phys) - (x->phys < y->phys);
}

static uint64_t address(const struct load *load, bool physical)
{
	return physical ? load->phys : load->virt;
}

/* An address has one content only: sorted segments that overlap share their bytes. */
static void check_meaning(struct load *loads, size_t n, bool physical)
{
	const struct load *widest = NULL;

	qsort(loads, n, sizeof(*loads), physical ? by_phys : by_virt);
	for (size_t i = 0; i < n; i++) {
		uint64_t start = address(&loads[i], physical);

		if ((physical ? start == NO_PHYS : start == 0) || !loads[i].size)
			continue;
		if (widest && start - address(widest, physical) < widest->size)
			FUZZ_CHECK(start - loads[i].offset ==
				   address(widest, physical) - widest->offset);
		if (!widest || start + loads[i].size > address(widest, physical) + widest->size)
			widest = &loads[i];
	}
}

void fuzz_core_check(const uint8_t *bytes, size_t size)
{
	struct core core = { bytes, size, false, false };
	uint64_t n, table, entry, data_start;
	struct load *loads;

	FUZZ_CHECK(size > EI_NIDENT && !memcmp(bytes, ELFMAG, SELFMAG));
	core.wide = bytes[EI_CLASS] == ELFCLASS64;
	core.big_endian = bytes[EI_DATA] == ELFDATA2MSB;
	FUZZ_CHECK(core.wide || bytes[EI_CLASS] == ELFCLASS32);
	FUZZ_CHECK(FIELD(&core, 0, Ehdr, e_type) == ET_CORE);
	FUZZ_CHECK(FIELD(&core, 0, Ehdr, e_machine) != EM_NONE);
	table = FIELD(&core, 0, Ehdr, e_phoff);
	entry = core.wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	FUZZ_CHECK(FIELD(&core, 0, Ehdr, e_phentsize) == entry);
	n = count_headers(&core);
	FUZZ_CHECK(n >= 3 && n <= size / entry);
	check_note(&core, table);
	data_start = FIELD(&core, table, Phdr, p_offset) + FIELD(&core, table, Phdr, p_filesz);
	FUZZ_CHECK(data_start >= table + n * entry);
	loads = calloc((size_t)n, sizeof(*loads));
	FUZZ_CHECK(loads != NULL);
	for (uint64_t i = 1; i < n; i++)
		loads[i - 1] = read_load(&core, table + i * entry, data_start);
	check_meaning(loads, (size_t)n - 1, false);
	check_meaning(loads, (size_t)n - 1, true);
	free(loads);
}
