/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The section table of a partition image, and which of its entries are plausible.
 *
 * One damaged word in it must not put one region's bytes at another's address.
 * Writers lay sections out one after another, so an entry that touches no
 * neighbour and overlaps one is the damaged one.
 */
#include "image/raw_dump.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/tiling.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECTIONS_MAX    65536
/* So many unlike entries in a row: the count is wrong and this is data. */
#define BAD_ENTRIES_MAX 64
#define UNLIKE_MAX      16
/* Microsoft's writer aligns sections to this. */
#define ALIGNMENT       16
/* A dump's size that is a multiple of this may be rounded up. */
#define ROUNDED         4096

static uint64_t table_end(size_t count)
{
	return MD_RAW_HEADER_SIZE + (uint64_t)count * MD_RAW_SECTION_SIZE;
}

static bool name_plausible(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < 0x20 || (unsigned char)*name == 0x7f)
			return false;
	return true;
}

static void read_section(struct kmd_cursor *cursor, size_t index, struct kmd_raw_section *section)
{
	uint64_t at = table_end(index);

	memset(section, 0, sizeof(*section));
	section->entry = cursor->start + at;
	section->flags = kmd_cursor_u32(cursor, at + MD_RAW_SECTION_FLAGS);
	section->version = kmd_cursor_u32(cursor, at + MD_RAW_SECTION_VERSION);
	section->type = kmd_cursor_u32(cursor, at + MD_RAW_SECTION_TYPE);
	section->offset = kmd_cursor_u64(cursor, at + MD_RAW_SECTION_OFFSET);
	section->size = kmd_cursor_u64(cursor, at + MD_RAW_SECTION_LENGTH);
	section->info = kmd_cursor_u64(cursor, at + MD_RAW_SECTION_INFO);
	kmd_cursor_bytes(cursor, at + MD_RAW_SECTION_NAME, section->name, MD_RAW_SECTION_NAME_SIZE);
	section->plausible = !(section->flags & ~0xffu) && section->type <= 0xff &&
			     section->version && name_plausible(section->name) &&
			     (section->flags || section->size || *section->name);
	if (!kmd_add_u64(section->offset, section->size, &section->end)) {
		section->end = UINT64_MAX;
		section->conflict = true;
	}
}

bool kmd_raw_table_probe(struct kmd_cursor *cursor)
{
	struct kmd_raw_section first;

	if (!kmd_cursor_has(cursor, 0, table_end(1)) ||
	    !kmd_cursor_u32(cursor, MD_RAW_SECTION_COUNT))
		return false;
	read_section(cursor, 0, &first);
	return first.plausible && first.offset >= table_end(1);
}

static enum kmd_status read_entries(struct kmd_cursor *cursor, uint32_t count,
				    struct kmd_raw_table *table)
{
	size_t unlike = 0;

	for (size_t i = 0; i < count && i < SECTIONS_MAX; i++) {
		if (!kmd_cursor_has(cursor, 0, table_end(i + 1)))
			break;
		if (!KMD_ARRAY_RESERVE(table->sections, table->n, table->cap))
			return kmd_fail_memory(cursor->diag);
		read_section(cursor, i, &table->sections[table->n++]);
		unlike = table->sections[i].plausible ? 0 : unlike + 1;
		if (unlike == UNLIKE_MAX)
			break;
	}
	/* What is unlike a section at the end is not part of the table. */
	if (table->n < count)
		table->n -= unlike;
	return kmd_cursor_check(cursor, "section table");
}

/* The section with data that starts lowest, of those that do not start in their own table part. */
static struct kmd_raw_section *lowest(const struct kmd_raw_table *table)
{
	struct kmd_raw_section *low = NULL;

	for (size_t i = 0; i < table->n; i++) {
		struct kmd_raw_section *section = &table->sections[i];

		if (!section->plausible || section->conflict || !section->size ||
		    section->offset < table_end(i + 1))
			continue;
		if (!low || section->offset < low->offset)
			low = section;
	}
	return low;
}

/*
 * Where data starts inside the table, either the count or that one section is
 * wrong: the entries after the meeting point show which.
 */
static void settle_length(struct kmd_raw_table *table)
{
	/* Each round finds one bad entry; the rest lies in the table and is set aside below. */
	for (size_t round = 0; round < BAD_ENTRIES_MAX; round++) {
		struct kmd_raw_section *low = lowest(table);
		size_t fit, likely = 0;

		if (!low || low->offset >= table_end(table->n))
			break;
		fit = (size_t)((low->offset - MD_RAW_HEADER_SIZE) / MD_RAW_SECTION_SIZE);
		for (size_t i = fit; i < table->n; i++)
			likely += table->sections[i].plausible;
		if (likely * 2 > table->n - fit)
			low->conflict = true;
		else
			table->n = fit;
	}
	for (size_t i = 0; i < table->n; i++)
		if (table->sections[i].size && table->sections[i].offset < table_end(table->n))
			table->sections[i].conflict = true;
}

/* How the kept sections, sorted by offset, follow each other. */
struct junctions {
	size_t meet, gaps;
	uint64_t gap_at, gap_size; /* the last one */
	bool aligned;              /* every section begins at a multiple of 16 */
};

static void note_gap(struct junctions *junctions, uint64_t from, uint64_t to)
{
	if (from == to) {
		junctions->meet++;
	} else if (from < to && !(junctions->aligned && to - from < ALIGNMENT)) {
		junctions->gaps++;
		junctions->gap_at = from;
		junctions->gap_size = to - from;
	}
}

/*
 * If sections follow each other except at one place, a size or an offset is damaged there.
 * The last section overlaps no other one if it is moved, so one that is alone is not used.
 * @end is the dump's end; only one that was not rounded up shows bytes after the last.
 */
static void settle_gaps(struct kmd_raw_table *table, struct kmd_tile *tiles, size_t n, uint64_t end)
{
	struct junctions junctions = { .aligned = true };
	uint64_t at = UINT64_MAX;

	for (size_t i = 0; i < n; i++)
		junctions.aligned &= tiles[i].start % ALIGNMENT == 0;
	for (size_t i = 0; i < n; i++) {
		/* The conflict explains the gap as well. */
		if (tiles[i].conflict)
			return;
		if (at != UINT64_MAX)
			note_gap(&junctions, at, tiles[i].start);
		at = at == UINT64_MAX ? tiles[i].end : kmd_max_u64(at, tiles[i].end);
	}
	if (n < 4)
		return;
	if (junctions.gaps == 1 && junctions.gap_at + junctions.gap_size == tiles[n - 1].start &&
	    !junctions.aligned && tiles[n - 1].end != end) {
		tiles[n - 1].conflict = true;
		return;
	}
	if (end % ROUNDED && end != UINT64_MAX)
		note_gap(&junctions, at, end);
	if (junctions.gaps * 4 > junctions.meet)
		return;
	table->gap_at = junctions.gap_at;
	table->gap_size = junctions.gap_size;
}

/* A section that is not used leaves its bytes to none: the gap is no second defect. */
static void explain_gap(struct kmd_raw_table *table)
{
	uint64_t end, covered = 0;

	if (!kmd_add_u64(table->gap_at, table->gap_size, &end))
		return;
	for (size_t i = 0; i < table->n; i++)
		if (table->sections[i].conflict || !table->sections[i].plausible)
			table->gap_size = 0;
	for (size_t i = table->n; i < table->n + table->n_rest; i++) {
		const struct kmd_raw_section *section = &table->sections[i];

		if (section->offset >= table->gap_at && section->end <= end &&
		    !kmd_add_u64(covered, section->size, &covered))
			return;
	}
	if (covered >= table->gap_size)
		table->gap_size = 0;
}

/*
 * A count that is too small leaves readable section headers between the counted ones and
 * the first data.
 */
static enum kmd_status read_rest(struct kmd_cursor *cursor, struct kmd_raw_table *table)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < table->n; i++)
		if (table->sections[i].size && !table->sections[i].conflict)
			first = kmd_min_u64(first, table->sections[i].offset);
	for (size_t i = table->n; table->n && i < SECTIONS_MAX; i++) {
		struct kmd_raw_section section;

		if (first < table_end(i + 1) || !kmd_cursor_has(cursor, 0, table_end(i + 1)))
			break;
		read_section(cursor, i, &section);
		if (section.version != table->sections[0].version ||
		    !(section.flags & MD_RAW_VALID))
			break;
		if (!KMD_ARRAY_RESERVE(table->sections, i, table->cap))
			return kmd_fail_memory(cursor->diag);
		section.conflict = true;
		table->sections[i] = section;
		table->n_rest++;
	}
	return kmd_cursor_check(cursor, "section table");
}

static enum kmd_status settle_overlaps(struct kmd_raw_table *table, uint64_t end,
				       struct kmd_diag *diag)
{
	struct kmd_tile *tiles = calloc(table->n + 1, sizeof(*tiles));
	size_t n = 0;
	bool ok;

	if (!tiles)
		return kmd_fail_memory(diag);
	for (size_t i = 0; i < table->n; i++) {
		struct kmd_raw_section *section = &table->sections[i];

		if (section->plausible && !section->conflict && section->size)
			tiles[n++] = (struct kmd_tile){ .start = section->offset,
							.end = section->end,
							.bind = section->info - section->offset,
							.owner = i };
	}
	ok = kmd_tiles_settle(tiles, n, table_end(table->n), end);
	if (ok)
		settle_gaps(table, tiles, n, end);
	for (size_t i = 0; ok && i < n; i++)
		table->sections[tiles[i].owner].conflict = tiles[i].conflict;
	free(tiles);
	return ok ? KMD_OK : kmd_fail_memory(diag);
}

enum kmd_status kmd_raw_table_read(struct kmd_cursor *cursor, uint32_t count,
				   struct kmd_raw_table *table)
{
	enum kmd_status status;

	memset(table, 0, sizeof(*table));
	status = read_entries(cursor, count, table);
	if (status == KMD_OK) {
		settle_length(table);
		status = settle_overlaps(table, kmd_cursor_u64(cursor, MD_RAW_DUMP_SIZE),
					 cursor->diag);
	}
	if (status == KMD_OK)
		status = read_rest(cursor, table);
	if (status == KMD_OK)
		explain_gap(table);
	else
		kmd_raw_table_deinit(table);
	return status;
}

void kmd_raw_table_deinit(struct kmd_raw_table *table)
{
	free(table->sections);
	memset(table, 0, sizeof(*table));
}
