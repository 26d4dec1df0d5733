/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The drawing of the physical address space.  It consists of rows of equal size; rows without
 * memory are left out.  A row has cells; a cell is as dark as much of it is covered.
 */
#include "html.h"

#include "markup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS        40 /* most */
#define CELLS       512
#define FIRST_SHIFT 16

enum kind {
	CAPTURED,
	SUPPLIED,
	CUT,
	MISSING,
	KINDS,
};

static const struct {
	const char *name, *word;
} kinds[KINDS] = {
	[CAPTURED] = { "captured", "captured" },
	[SUPPLIED] = { "supplied", "supplied" },
	[CUT] = { "cut", "cut off" },
	[MISSING] = { "missing", "missing or not used" },
};

struct range {
	uint64_t first, last; /* both inclusive */
	const char *name;
	enum kind kind;
};

struct ranges {
	struct range *items;
	size_t n, unplaced; /* regions whose address is not known */
	uint64_t bytes[KINDS];
	size_t counts[KINDS];
};

static void add(struct ranges *ranges, uint64_t phys, uint64_t size, const char *name,
		enum kind kind)
{
	uint64_t last;

	if (!size)
		return;
	if (__builtin_add_overflow(phys, size - 1, &last))
		last = UINT64_MAX;
	ranges->items[ranges->n++] = (struct range){ phys, last, name, kind };
	ranges->bytes[kind] += size;
	ranges->counts[kind]++;
}

static void add_region(struct ranges *ranges, const struct kmd_region *region)
{
	uint64_t end;

	switch (region->state) {
	case KMD_REGION_OK:
	case KMD_REGION_CUT:
		add(ranges, region->phys, region->captured, region->name, CAPTURED);
		if (region->captured < region->size &&
		    !__builtin_add_overflow(region->phys, region->captured, &end))
			add(ranges, end, region->size - region->captured, region->name, CUT);
		break;
	case KMD_REGION_MISSING:
	case KMD_REGION_INVALID:
	case KMD_REGION_CONFLICT:
	case KMD_REGION_EXCLUDED:
		if (region->has_phys)
			add(ranges, region->phys, region->size, region->name, MISSING);
		break;
	case KMD_REGION_NO_ADDRESS:
		ranges->unplaced++;
		break;
	default:
		break;
	}
}

static int by_address(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->last < y->last ? -1 : x->last > y->last;
}

static bool collect(const struct kmd *kmd, struct ranges *ranges)
{
	size_t regions = kmd_region_count(kmd), supplied = kmd_supplied_count(kmd);

	memset(ranges, 0, sizeof(*ranges));
	ranges->items = calloc(2 * regions + supplied + 1, sizeof(*ranges->items));
	if (!ranges->items)
		return false;
	for (size_t i = 0; i < regions; i++)
		add_region(ranges, kmd_region_get(kmd, i));
	for (size_t i = 0; i < supplied; i++) {
		const struct kmd_supplied *range = kmd_supplied_get(kmd, i);

		add(ranges, range->phys, range->size, range->what, SUPPLIED);
	}
	qsort(ranges->items, ranges->n, sizeof(*ranges->items), by_address);
	return true;
}

/* The rows of 2^shift bytes that hold memory; ROWS + 1 where these and the gaps are too many. */
static size_t find_rows(const struct ranges *ranges, unsigned int shift, uint64_t rows[ROWS + 1])
{
	size_t n = 0, gaps = 0;

	for (size_t i = 0; i < ranges->n; i++) {
		uint64_t row = ranges->items[i].first >> shift,
			 last = ranges->items[i].last >> shift;

		if (n && row <= rows[n - 1])
			row = rows[n - 1] + 1;
		gaps += n && row <= last && row > rows[n - 1] + 1;
		for (; row <= last; row++) {
			if (n + gaps >= ROWS)
				return ROWS + 1;
			rows[n++] = row;
		}
	}
	return n;
}

/* ----- a row */

struct cell {
	uint64_t bytes[KINDS];
	const struct range *range[KINDS]; /* the first one */
};

static uint64_t cell_start(uint64_t base, unsigned int shift, size_t cell)
{
	return base + cell * ((UINT64_C(1) << shift) / CELLS);
}

/* A range's part of a row, cell by cell. */
static void cover(struct cell *cells, const struct range *range, uint64_t base, unsigned int shift)
{
	uint64_t size = (UINT64_C(1) << shift) / CELLS, end = base + (UINT64_C(1) << shift) - 1;
	uint64_t first = (range->first < base ? base : range->first) - base;
	uint64_t last = (range->last > end ? end : range->last) - base;

	for (uint64_t cell = first / size; cell <= last / size; cell++) {
		uint64_t from = first > cell * size ? first : cell * size;
		uint64_t to = last < cell * size + size - 1 ? last : cell * size + size - 1;
		struct cell *place = &cells[cell];

		place->bytes[range->kind] += to - from + 1;
		if (!place->range[range->kind])
			place->range[range->kind] = range;
	}
}

/* 0 = nothing, 1 = less than a quarter, 2 = less than all, 3 = all. */
static int level_of(const struct cell *cell, enum kind kind, uint64_t size)
{
	uint64_t bytes = cell->bytes[kind];

	return !bytes ? 0 : bytes < size / 4 ? 1 : bytes < size ? 2 : 3;
}

static void print_run(FILE *out, const struct cell *cells, size_t from, size_t to, int level,
		      enum kind kind, uint64_t base, unsigned int shift)
{
	const struct range *first = cells[from].range[kind], *last = cells[to - 1].range[kind];

	markup(out,
	       "<rect class=\"%s o%d\" x=\"%zu\" width=\"%zu\" height=\"1\"><title>0x%" PRIx64
	       " to 0x%" PRIx64 ", %s: %s",
	       kinds[kind].name, level, from, to - from, cell_start(base, shift, from),
	       cell_start(base, shift, to) - 1, kinds[kind].word, first->name);
	if (first != last)
		markup(out, " to %s", last->name);
	fputs("</title></rect>", out);
}

static void print_cells(FILE *out, const struct cell *cells, uint64_t base, unsigned int shift)
{
	uint64_t size = (UINT64_C(1) << shift) / CELLS;
	size_t end;

	for (enum kind kind = 0; kind < KINDS; kind++)
		for (size_t i = 0; i < CELLS; i = end) {
			int level = level_of(&cells[i], kind, size);

			for (end = i + 1; end < CELLS && level_of(&cells[end], kind, size) == level;
			     end++)
				;
			if (level)
				print_run(out, cells, i, end, level, kind, base, shift);
		}
}

static void print_row(FILE *out, const struct ranges *ranges, struct cell *cells, uint64_t row,
		      unsigned int shift)
{
	uint64_t base = row << shift, end = base + (UINT64_C(1) << shift) - 1;

	memset(cells, 0, CELLS * sizeof(*cells));
	for (size_t i = 0; i < ranges->n && ranges->items[i].first <= end; i++)
		if (ranges->items[i].last >= base)
			cover(cells, &ranges->items[i], base, shift);
	markup(out,
	       "<div class=\"strip\"><code>0x%" PRIx64 "</code><svg viewBox=\"0 0 %d 1\" "
	       "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"from 0x%" PRIx64 "\">",
	       base, CELLS, base);
	print_cells(out, cells, base, shift);
	fputs("</svg></div>\n", out);
}

/* ----- all of it */

static void print_legend(FILE *out, const struct ranges *ranges)
{
	fputs("<ul class=\"legend\">", out);
	for (enum kind kind = 0; kind < KINDS; kind++) {
		markup(out, "<li class=\"%s%s\"><b>%s</b> ", kinds[kind].name,
		       ranges->counts[kind] ? "" : " zero", kinds[kind].word);
		if (ranges->counts[kind]) {
			html_size(out, ranges->bytes[kind]);
			markup(out, " <span class=\"dim\">in %zu range%s</span>",
			       ranges->counts[kind], ranges->counts[kind] == 1 ? "" : "s");
		} else {
			fputs("<span class=\"dim\">none</span>", out);
		}
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void print_gap(FILE *out, uint64_t rows, unsigned int shift)
{
	fputs("<p class=\"gap\">", out);
	html_size(out, rows << shift);
	fputs(" without captured memory</p>\n", out);
}

static bool print_rows(FILE *out, const struct ranges *ranges)
{
	struct cell *cells = calloc(CELLS, sizeof(*cells));
	unsigned int shift = FIRST_SHIFT;
	uint64_t rows[ROWS + 1];
	size_t n;

	if (!cells)
		return false;
	while ((n = find_rows(ranges, shift, rows)) > ROWS)
		shift++;
	fputs("<p class=\"dim scale\">Each line is ", out);
	html_size(out, UINT64_C(1) << shift);
	fputs(" of physical addresses; the stronger a mark, the more of its place is covered.</p>\n"
	      "<div class=\"map\">\n",
	      out);
	for (size_t i = 0; i < n; i++) {
		if (i && rows[i] != rows[i - 1] + 1)
			print_gap(out, rows[i] - rows[i - 1] - 1, shift);
		print_row(out, ranges, cells, rows[i], shift);
	}
	fputs("</div>\n", out);
	free(cells);
	return true;
}

bool html_map(FILE *out, const struct kmd *kmd)
{
	struct ranges ranges;
	bool good;

	if (!collect(kmd, &ranges))
		return false;
	print_legend(out, &ranges);
	good = print_rows(out, &ranges);
	if (ranges.unplaced)
		markup(out,
		       "<p class=\"notice\">Not drawn: %zu region%s whose address is not "
		       "known.</p>\n",
		       ranges.unplaced, ranges.unplaced == 1 ? "" : "s");
	free(ranges.items);
	return good;
}
