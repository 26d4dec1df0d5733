/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * lime.c - LiME's dumps of all RAM, which AVML 1 writes as well.
 *
 * Ranges follow one another, each behind a header with its physical addresses.  A header that
 * cannot be right ends the dump: where the next one lies is not known then.
 */
#include "image/image.h"

#include "base/checked.h"
#include "source/cursor.h"
#include "source/packing/lime.h"

#include <inttypes.h>
#include <stdio.h>

#define RANGES_MAX (1u << 20)

static bool probe(const struct kmd_input *input, const struct kmd_image_options *options,
		  struct kmd_diag *diag)
{
	struct kmd_cursor cursor;

	(void)options;
	if (input->folder || input->n_members != 1)
		return false;
	kmd_cursor_init(&cursor, input->members[0].source, 0, UINT64_MAX, diag);
	return kmd_cursor_is(&cursor, 0, KMD_LIME_MAGIC, KMD_LIME_MAGIC_SIZE);
}

/* NULL if the header at @at is a range's. */
static const char *read_header(struct kmd_cursor *cursor, uint64_t at, struct kmd_lime_range *range)
{
	if (!kmd_cursor_has(cursor, at, KMD_LIME_HEADER))
		return "the file ends within a header of a range";
	if (!kmd_cursor_is(cursor, at, KMD_LIME_MAGIC, KMD_LIME_MAGIC_SIZE))
		return "no header of a range is where the last range ends";
	if (kmd_cursor_u32(cursor, at + KMD_LIME_VERSION) != 1)
		return "the header of a range has an unknown version";
	range->first = kmd_cursor_u64(cursor, at + KMD_LIME_FIRST);
	range->last = kmd_cursor_u64(cursor, at + KMD_LIME_LAST);
	if (range->last < range->first || range->last == UINT64_MAX)
		return "the addresses of a range are impossible";
	return NULL;
}

static enum kmd_status add_range(struct kmd_image *image, const struct kmd_cursor *cursor,
				 uint64_t at, const struct kmd_lime_range *range)
{
	struct kmd_blob *blob = kmd_image_add(image);

	if (!blob)
		return kmd_fail_memory(cursor->diag);
	if (asprintf(&blob->name, "ram%zu", image->n_blobs - 1) < 0) {
		blob->name = NULL;
		return kmd_fail_memory(cursor->diag);
	}
	blob->source = cursor->source;
	blob->offset = at;
	blob->declared = range->last - range->first + 1;
	blob->size = kmd_min_u64(blob->declared, cursor->size - at);
	blob->phys = range->first;
	blob->has_phys = true;
	blob->kind = KMD_BLOB_REGION;
	blob->origin = KMD_FROM_ADDRESS;
	if (blob->size == blob->declared)
		return KMD_OK;
	return kmd_report(cursor->diag, KMD_FIND_TRUNCATED, KMD_DAMAGE,
			  kmd_at(cursor->source->name, cursor->size),
			  "LiME dump: truncated, the range at physical 0x%" PRIx64
			  " lacks 0x%" PRIx64 " bytes",
			  range->first, blob->declared - blob->size);
}

/* An error where nothing was read; otherwise what was read is kept. */
static enum kmd_status stop(const struct kmd_image *image, const struct kmd_cursor *cursor,
			    uint64_t at, const char *why)
{
	struct kmd_place place = kmd_at(cursor->source->name, at);

	if (!image->n_blobs)
		return kmd_fail(cursor->diag, KMD_ERR_DAMAGED, place, "LiME dump: %s", why);
	return kmd_report(cursor->diag, KMD_FIND_TABLE, KMD_DAMAGE, place,
			  "LiME dump: %s; the rest of the file is not used", why);
}

static enum kmd_status read_image(const struct kmd_input *input,
				  const struct kmd_image_options *options, struct kmd_diag *diag,
				  struct kmd_image *image)
{
	const struct kmd_source *source = input->members[0].source;
	enum kmd_status status = KMD_OK;
	struct kmd_lime_range range;
	struct kmd_cursor cursor;
	uint64_t at = 0;

	(void)options;
	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	while (status == KMD_OK && at < source->size) {
		const char *why = read_header(&cursor, at, &range);

		status = kmd_cursor_check(&cursor, "LiME header");
		if (status != KMD_OK)
			return status;
		if (!why && image->n_blobs == RANGES_MAX)
			why = "more ranges than a machine has";
		if (why)
			return stop(image, &cursor, at, why);
		at += KMD_LIME_HEADER;
		status = add_range(image, &cursor, at, &range);
		at += kmd_min_u64(range.last - range.first + 1, source->size - at);
	}
	return status;
}

const struct kmd_image_format kmd_image_lime = { "LiME dump", probe, read_image };
