/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "types/source_lines.h"

#include "base/array.h"
#include "base/search.h"
#include "elf/files.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

/* Scopes inside each other: lexical blocks and inlined functions. */
#define DEPTH_MAX  128
/* Ranges of all units; many times what a kernel has. */
#define RANGES_MAX (1u << 22)

struct range {
	uint64_t start, end;
	Dwarf_Off unit; /* its DIE */
};

struct kmd_source_lines {
	Elf *elf;
	Dwarf *dwarf;
	struct range *ranges; /* by start */
	size_t n, cap;
};

/* ----- which unit has the code */

static bool add_range(struct kmd_source_lines *lines, uint64_t start, uint64_t end, Dwarf_Off unit)
{
	if (start >= end || lines->n >= RANGES_MAX)
		return true;
	if (!KMD_ARRAY_RESERVE(lines->ranges, lines->n, lines->cap))
		return false;
	lines->ranges[lines->n++] = (struct range){ start, end, unit };
	return true;
}

static bool add_unit(struct kmd_source_lines *lines, Dwarf_Die *unit)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(unit, at, &base, &start, &end)) > 0)
		if (!add_range(lines, start, end, dwarf_dieoffset(unit)))
			return false;
	return true;
}

static int by_unit(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

/*
 * The units that the table lacks have ranges of their own: clang makes no table, and then that
 * of a kernel has the units of assembler only.
 */
static bool scan_units(struct kmd_source_lines *lines)
{
	size_t n = lines->n, header;
	Dwarf_Off at = 0, next;
	Dwarf_Die unit;

	if (n)
		qsort(lines->ranges, n, sizeof(*lines->ranges), by_unit);
	while (!dwarf_nextcu(lines->dwarf, at, &next, &header, NULL, NULL, NULL) && next > at) {
		Dwarf_Off own = at + header;
		size_t i = KMD_LOWER_BOUND(n, middle, lines->ranges[middle].unit < own);

		if ((i == n || lines->ranges[i].unit != own) &&
		    dwarf_offdie(lines->dwarf, own, &unit) && !add_unit(lines, &unit))
			return false;
		at = next;
	}
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static bool read_ranges(struct kmd_source_lines *lines)
{
	Dwarf_Aranges *table;
	Dwarf_Addr start;
	Dwarf_Word length;
	Dwarf_Off unit;
	size_t n = 0;

	if (!dwarf_getaranges(lines->dwarf, &table, &n))
		for (size_t i = 0; i < n; i++)
			if (!dwarf_getarangeinfo(dwarf_onearange(table, i), &start, &length,
						 &unit) &&
			    !add_range(lines, start, start + length, unit))
				return false;
	if (!scan_units(lines))
		return false;
	if (lines->n)
		qsort(lines->ranges, lines->n, sizeof(*lines->ranges), by_start);
	return true;
}

static bool find_unit(struct kmd_source_lines *lines, uint64_t link, Dwarf_Die *unit)
{
	const struct range *range = lines->ranges;
	/* The first range past @link. */
	size_t i = KMD_LOWER_BOUND(lines->n, middle, range[middle].start <= link);

	return i && link < range[i - 1].end && dwarf_offdie(lines->dwarf, range[i - 1].unit, unit);
}

enum kmd_status kmd_source_lines_new(const struct kmd_vmlinux *vmlinux, struct kmd_diag *diag,
				     struct kmd_source_lines **out)
{
	const struct kmd_elf_file *file = kmd_elf_files_with(vmlinux->elf, KMD_ELF_DWARF);
	struct kmd_source_lines *lines;

	*out = NULL;
	if (!file)
		return KMD_OK;
	lines = calloc(1, sizeof(*lines));
	if (!lines)
		return kmd_fail_memory(diag);
	lines->elf = elf_begin(file->source->fd, ELF_C_READ, NULL);
	lines->dwarf = lines->elf ? dwarf_begin_elf(lines->elf, DWARF_C_READ, NULL) : NULL;
	if (lines->dwarf && !read_ranges(lines)) {
		kmd_source_lines_free(lines);
		return kmd_fail_memory(diag);
	}
	if (!lines->n) {
		kmd_source_lines_free(lines);
		return KMD_OK;
	}
	*out = lines;
	return KMD_OK;
}

void kmd_source_lines_free(struct kmd_source_lines *lines)
{
	if (!lines)
		return;
	dwarf_end(lines->dwarf);
	elf_end(lines->elf);
	free(lines->ranges);
	free(lines);
}

/* ----- functions */

static bool is_scope(int tag)
{
	return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine ||
	       tag == DW_TAG_subprogram || tag == DW_TAG_try_block;
}

/* The scopes around @link in @chain, outermost first. */
static size_t find_scopes(Dwarf_Die *unit, uint64_t link, Dwarf_Die chain[DEPTH_MAX])
{
	Dwarf_Die at = *unit, child;
	size_t depth = 0;
	bool deeper = true;

	while (deeper && depth < DEPTH_MAX) {
		deeper = false;
		if (dwarf_child(&at, &child))
			break;
		do {
			if (!is_scope(dwarf_tag(&child)) || dwarf_haspc(&child, link) != 1)
				continue;
			chain[depth++] = at = child;
			deeper = true;
			break;
		} while (!dwarf_siblingof(&child, &child));
	}
	return depth;
}

static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
}

static uint32_t number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) || value > UINT32_MAX
		       ? 0
		       : (uint32_t)value;
}

/* A path without what it has in common with the folder in which the unit was compiled. */
static const char *shorten(const char *path, Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	const char *folder = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	size_t common = 0;

	for (size_t i = 0; path && folder && path[i]; i++) {
		if (path[i] == '/' && (!folder[i] || folder[i] == '/'))
			common = i + 1;
		if (path[i] != folder[i])
			break;
	}
	if (!path || common <= 1)
		return path;
	for (path += common; path[0] == '.' && path[1] == '/';)
		path += 2;
	return path;
}

/* Where the inlined function @die was called. */
static void read_call(Dwarf_Die *unit, Dwarf_Die *die, struct kmd_source_place *place)
{
	Dwarf_Files *files;
	size_t n;
	uint32_t file = number_of(die, DW_AT_call_file);

	place->line = number_of(die, DW_AT_call_line);
	if (!dwarf_getsrcfiles(unit, &files, &n) && file < n)
		place->file = shorten(dwarf_filesrc(files, file, NULL, NULL), unit);
}

static void read_line(Dwarf_Die *unit, uint64_t link, struct kmd_source_place *place)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, link);
	int number;

	if (!line || dwarf_lineno(line, &number) || number <= 0)
		return;
	place->line = (uint32_t)number;
	place->file = shorten(dwarf_linesrc(line, NULL, NULL), unit);
}

size_t kmd_source_lines_find(struct kmd_source_lines *lines, uint64_t link,
			     struct kmd_source_place places[KMD_SOURCE_PLACES_MAX])
{
	Dwarf_Die unit, chain[DEPTH_MAX];
	size_t n = 0;

	if (!find_unit(lines, link, &unit))
		return 0;
	memset(places, 0, KMD_SOURCE_PLACES_MAX * sizeof(*places));
	read_line(&unit, link, &places[0]);
	for (size_t i = find_scopes(&unit, link, chain); i && n < KMD_SOURCE_PLACES_MAX; i--) {
		Dwarf_Die *die = &chain[i - 1];
		int tag = dwarf_tag(die);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		places[n].function = name_of(die);
		places[n].is_inline = tag == DW_TAG_inlined_subroutine;
		if (places[n].is_inline && n + 1 < KMD_SOURCE_PLACES_MAX)
			read_call(&unit, die, &places[n + 1]);
		n++;
		if (tag == DW_TAG_subprogram)
			break;
	}
	/* Assembly has lines, but no functions. */
	return n || !places[0].line ? n : 1;
}
