/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "vmcore/kmd_note.h"

#include "base/array.h"
#include "base/note.h"

#include <kmemdump/minidump.h>
#include <stdlib.h>
#include <string.h>

/* Lengths of notes are u32; this is some million ranges. */
#define DESC_MAX (UINT64_C(64) << 20)

_Static_assert((int)KMD_SUPPLY_MADE == MD_SUPPLIED_MADE &&
		       (int)KMD_SUPPLY_FILE == MD_SUPPLIED_FILE &&
		       (int)KMD_SUPPLY_SIMILAR == MD_SUPPLIED_SIMILAR,
	       "the same numbers");

struct range {
	uint64_t phys, size;
	unsigned int kind;
	const char *text;
	size_t text_at;
};

struct ranges {
	struct range *items;
	size_t n, cap;
	const char **texts; /* distinct */
	size_t n_texts, cap_texts;
	size_t texts_size;
};

/* Texts are few constants. */
static bool add_text(struct ranges *ranges, struct range *range)
{
	size_t at = 0;

	for (size_t i = 0; i < ranges->n_texts; i++) {
		if (!strcmp(ranges->texts[i], range->text)) {
			range->text_at = at;
			return true;
		}
		at += strlen(ranges->texts[i]) + 1;
	}
	if (!KMD_ARRAY_RESERVE(ranges->texts, ranges->n_texts, ranges->cap_texts))
		return false;
	ranges->texts[ranges->n_texts++] = range->text;
	ranges->texts_size = at + strlen(range->text) + 1;
	range->text_at = at;
	return true;
}

static bool add_piece(struct ranges *ranges, const struct kmd_interval *piece,
		      const struct kmd_region_entry *row)
{
	struct range range = { piece->start, piece->end - piece->start, row->supply_kind,
			       row->pub.name, 0 };
	struct range *last = ranges->n ? &ranges->items[ranges->n - 1] : NULL;

	if (last && last->phys + last->size == range.phys && last->kind == range.kind &&
	    !strcmp(last->text, range.text)) {
		last->size += range.size;
		return true;
	}
	if (!add_text(ranges, &range) || !KMD_ARRAY_RESERVE(ranges->items, ranges->n, ranges->cap))
		return false;
	ranges->items[ranges->n++] = range;
	return true;
}

/* In the memory as it was put together, where supplied things may overlap. */
static bool collect(const struct kmd_core_memory *core, struct ranges *ranges)
{
	for (size_t i = 0; i < core->memory.n_phys; i++) {
		const struct kmd_interval *piece = &core->memory.phys[i];

		if (core->regions.rows[piece->owner].supplied &&
		    !add_piece(ranges, piece, &core->regions.rows[piece->owner]))
			return false;
	}
	return true;
}

static void put_range(unsigned char *to, const struct range *range, bool big_endian)
{
	kmd_put(to + MD_SUPPLIED_PHYS, 8, range->phys, big_endian);
	kmd_put(to + MD_SUPPLIED_SIZE, 8, range->size, big_endian);
	kmd_put(to + MD_SUPPLIED_KIND, 4, range->kind, big_endian);
	kmd_put(to + MD_SUPPLIED_TEXT, 4, range->text_at, big_endian);
}

static void put_all(unsigned char *desc, const struct ranges *ranges, bool big_endian)
{
	kmd_put(desc + MD_SUPPLIED_VERSION, 4, 1, big_endian);
	kmd_put(desc + MD_SUPPLIED_COUNT, 4, ranges->n, big_endian);
	kmd_put(desc + MD_SUPPLIED_RANGE_SIZE, 4, MD_SUPPLIED_RANGE, big_endian);
	kmd_put(desc + MD_SUPPLIED_TEXTS, 4, ranges->texts_size, big_endian);
	desc += MD_SUPPLIED_HEADER_SIZE;
	for (size_t i = 0; i < ranges->n; i++, desc += MD_SUPPLIED_RANGE)
		put_range(desc, &ranges->items[i], big_endian);
	for (size_t i = 0; i < ranges->n_texts; i++) {
		memcpy(desc, ranges->texts[i], strlen(ranges->texts[i]) + 1);
		desc += strlen(ranges->texts[i]) + 1;
	}
}

static enum kmd_status append(const struct ranges *ranges, bool big_endian, struct kmd_diag *diag,
			      unsigned char **bytes, size_t *size)
{
	uint64_t desc_size = MD_SUPPLIED_HEADER_SIZE + (uint64_t)ranges->n * MD_SUPPLIED_RANGE +
			     ranges->texts_size;
	unsigned char *desc;

	if (desc_size > DESC_MAX)
		return kmd_fail(diag, KMD_ERR_LIMIT, kmd_in(NULL),
				"too many added ranges for one note");
	desc = kmd_note_append(bytes, size, "KMD", MD_NOTE_SUPPLIED, (uint32_t)desc_size,
			       big_endian);
	if (!desc)
		return kmd_fail_memory(diag);
	put_all(desc, ranges, big_endian);
	return KMD_OK;
}

enum kmd_status kmd_note_supplied(const struct kmd_core_memory *core, bool big_endian,
				  struct kmd_diag *diag, unsigned char **bytes, size_t *size)
{
	struct ranges ranges = { 0 };
	enum kmd_status status = KMD_OK;

	if (!collect(core, &ranges))
		status = kmd_fail_memory(diag);
	else if (ranges.n)
		status = append(&ranges, big_endian, diag, bytes, size);
	free(ranges.items);
	free(ranges.texts);
	return status;
}
