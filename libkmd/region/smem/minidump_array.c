/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The array is the kernel's own memory and may have been caught in the middle of a change,
 * so each entry is checked by itself, and the count is only a hint.
 */
#include "region/smem/minidump_array.h"

#include "base/checked.h"
#include "base/text.h"
#include "source/cursor.h"

#include <kmemdump/minidump.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGIONS_MAX  65536
#define ODD_RUN      4 /* this many invalid entries in a row are not an array */
#define NAME_PRINTED (4 * MD_REGION_NAME_SIZE + 1)

struct entry {
	char name[MD_REGION_NAME_SIZE + 1];
	uint32_t seq, valid;
	uint64_t phys, size;
};

struct array {
	const struct kmd_image *image;
	const struct kmd_blob *blob;
	struct kmd_diag *diag;
	struct kmd_claims *claims;
	struct kmd_cursor cursor; /* from the array's first entry to the end of RAM */
	uint64_t limit;           /* entries that fit the image */
	uint64_t valid, invalid, odd;
	bool ended;     /* before its count was reached */
	uint32_t count; /* the count, as it stands in the table */
	struct entry last;
};

static struct kmd_place place_of(const struct array *array, uint64_t index)
{
	return kmd_at(array->blob->source->name, array->cursor.start + index * MD_REGION_SIZE);
}

static void entry_read(struct array *array, uint64_t index, struct entry *entry)
{
	uint64_t at = index * MD_REGION_SIZE;

	memset(entry, 0, sizeof(*entry));
	kmd_cursor_bytes(&array->cursor, at + MD_REGION_NAME, entry->name, MD_REGION_NAME_SIZE);
	entry->seq = kmd_cursor_u32(&array->cursor, at + MD_REGION_SEQ);
	entry->valid = kmd_cursor_u32(&array->cursor, at + MD_REGION_VALID);
	entry->phys = kmd_cursor_u64(&array->cursor, at + MD_REGION_ADDRESS);
	entry->size = kmd_cursor_u64(&array->cursor, at + MD_REGION_LENGTH);
}

static bool is_empty(const struct entry *entry)
{
	return !entry->name[0] && !entry->seq && !entry->valid && !entry->phys && !entry->size;
}

static bool known_state(const struct entry *entry)
{
	return entry->valid == MD_VALID || entry->valid == MD_INVALID || entry->valid == MD_INIT ||
	       !entry->valid;
}

static bool printable(const char *name)
{
	for (const char *c = name; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			return false;
	return *name;
}

/* True if the entry looks like one; other bytes rarely do. */
static bool well_formed(const struct entry *entry)
{
	uint64_t end;

	return entry->valid == MD_VALID && printable(entry->name) && entry->phys && entry->size &&
	       kmd_add_u64(entry->phys, entry->size, &end);
}

static bool same(const struct entry *a, const struct entry *b)
{
	return !strcmp(a->name, b->name) && a->seq == b->seq && a->phys == b->phys &&
	       a->size == b->size;
}

/* As firmware names the file: a sequence number follows unless it is 0. */
static char *claim_name(const struct entry *entry)
{
	char *name;

	if (!entry->seq)
		return strdup(entry->name);
	return asprintf(&name, "%s%" PRIu32, entry->name, entry->seq) < 0 ? NULL : name;
}

/* The image of RAM that has @size bytes at @phys; without one, that of the table. */
static size_t blob_of(const struct kmd_image *image, uint64_t phys, uint64_t size)
{
	for (size_t i = 0; i < image->n_blobs; i++) {
		const struct kmd_blob *blob = &image->blobs[i];

		if (blob->kind == KMD_BLOB_FLAT && blob->has_phys && phys >= blob->phys &&
		    kmd_inside(phys - blob->phys, size, blob->size))
			return i;
	}
	return image->smem.blob;
}

static void set_bytes(const struct array *array, struct kmd_claim *claim)
{
	const struct kmd_blob *blob;

	claim->blob = blob_of(array->image, claim->phys, kmd_min_u64(claim->size, 1));
	blob = &array->image->blobs[claim->blob];
	if (claim->phys < blob->phys || claim->phys - blob->phys > blob->size)
		return;
	claim->offset = claim->phys - blob->phys;
	claim->captured = kmd_min_u64(claim->size, blob->size - claim->offset);
	claim->has_bytes = claim->captured || !claim->size;
}

static enum kmd_status add_claim(struct array *array, uint64_t index, const struct entry *entry,
				 bool invalid)
{
	struct kmd_claim *claim = kmd_claims_add(array->claims, KMD_FROM_SMEM);

	if (!claim)
		return kmd_fail_memory(array->diag);
	claim->name = claim_name(entry);
	claim->file = strdup("");
	if (!claim->name || !claim->file)
		return kmd_fail_memory(array->diag);
	claim->phys = entry->phys;
	claim->size = entry->size;
	claim->has_phys = claim->has_size = true;
	claim->invalid = invalid;
	claim->place = place_of(array, index);
	if (!invalid)
		set_bytes(array, claim);
	array->valid += !invalid;
	array->invalid += invalid;
	array->last = *entry;
	return KMD_OK;
}

/* An entry that is counted, but whose state or extent is impossible. */
static enum kmd_status add_odd(struct array *array, uint64_t index, const struct entry *entry)
{
	char name[NAME_PRINTED];
	enum kmd_status status;

	kmd_text_name(name, sizeof(name), entry->name, MD_REGION_NAME_SIZE);
	if (!known_state(entry))
		status = kmd_report(array->diag, KMD_FIND_TABLE, KMD_DAMAGE, place_of(array, index),
				    "region \"%s\" is neither valid nor invalid (0x%" PRIx32
				    "): not used",
				    name, entry->valid);
	else
		status = kmd_report(
			array->diag, KMD_FIND_TABLE, KMD_DAMAGE, place_of(array, index),
			"region \"%s\" extends past the end of the address space (0x%" PRIx64
			", 0x%" PRIx64 " bytes): not used",
			name, entry->phys, entry->size);
	array->odd++;
	if (status != KMD_OK || !printable(entry->name))
		return status;
	status = add_claim(array, index, entry, true);
	/* An extent that is impossible was reported. */
	if (status == KMD_OK)
		array->claims->items[array->claims->n - 1].conflict = known_state(entry);
	return status;
}

static enum kmd_status add_counted(struct array *array, uint64_t index, const struct entry *entry)
{
	uint64_t end;

	if (!known_state(entry) ||
	    (entry->valid == MD_VALID && !kmd_add_u64(entry->phys, entry->size, &end)))
		return add_odd(array, index, entry);
	array->odd = 0;
	return add_claim(array, index, entry, entry->valid != MD_VALID);
}

/* Entries [0, count).  An empty one is the last, unless the next is valid. */
static enum kmd_status read_counted(struct array *array, uint64_t count)
{
	enum kmd_status status = KMD_OK;
	struct entry entry, next;

	for (uint64_t i = 0; i < count && status == KMD_OK; i++) {
		entry_read(array, i, &entry);
		if (!is_empty(&entry) && array->odd < ODD_RUN) {
			status = add_counted(array, i, &entry);
			continue;
		}
		memset(&next, 0, sizeof(next));
		if (i + 1 < count)
			entry_read(array, i + 1, &next);
		if (is_empty(&entry) && well_formed(&next)) {
			status = kmd_report(array->diag, KMD_FIND_TABLE, KMD_DAMAGE,
					    place_of(array, i),
					    "an empty entry inside the table of regions");
			continue;
		}
		array->ended = true;
		return kmd_report(array->diag, KMD_FIND_TABLE, KMD_DAMAGE, place_of(array, i),
				  "the region array should have %" PRIu32
				  " entries, but from entry "
				  "%" PRIu64 " on there are none",
				  array->count, i);
	}
	return status;
}

/*
 * A count that is too small: in RAM all memory is there, so regions that are well formed are
 * used.  A removal caught half-way leaves the last entry twice; that one is passed over.
 */
static enum kmd_status read_uncounted(struct array *array, uint64_t count)
{
	enum kmd_status status = KMD_OK;
	uint64_t more = 0, i;
	struct entry entry;

	for (i = count; !array->ended && i < array->limit && status == KMD_OK; i++) {
		entry_read(array, i, &entry);
		if (!well_formed(&entry))
			break;
		if (same(&entry, &array->last))
			continue;
		more++;
		status = add_claim(array, i, &entry, false);
	}
	if (status != KMD_OK || !more)
		return status;
	return kmd_report(array->diag, KMD_FIND_TABLE, KMD_DAMAGE, place_of(array, count),
			  "the region array's count is %" PRIu64 ", but %" PRIu64
			  " more valid entries follow: they are used",
			  count, more);
}

static enum kmd_status check_claims(const struct array *array, uint64_t count)
{
	enum kmd_status status = kmd_cursor_check(&array->cursor, "region array");

	if (status != KMD_OK)
		return status;
	if (!array->valid)
		return kmd_fail(array->diag, KMD_ERR_DAMAGED, place_of(array, 0),
				"none of the %" PRIu64
				" regions of the array that should be here is "
				"valid: it is damaged, or the image does not start at physical "
				"0x%" PRIx64 " (--ram-base)",
				count, array->blob->phys);
	if (!array->invalid)
		return KMD_OK;
	return kmd_report(array->diag, KMD_FIND_UNUSED, KMD_NOTE, place_of(array, 0),
			  "entries of the region array that are not marked as valid: %" PRIu64,
			  array->invalid);
}

static enum kmd_status array_open(struct array *array, uint64_t phys)
{
	const struct kmd_blob *blob = array->blob;
	uint64_t offset;

	if (phys < blob->phys || !kmd_inside(phys - blob->phys, MD_REGION_SIZE, blob->size))
		return kmd_fail(array->diag, KMD_ERR_DAMAGED, kmd_in(blob->source->name),
				"the region array lies at physical 0x%" PRIx64
				", outside this file (0x%" PRIx64 "-0x%" PRIx64
				"): SMEM alone does not contain it. Missing are its %" PRIu32
				" entries of %d bytes, which have the names and addresses of the "
				"regions; use the whole RAM image or the md_*.BIN files",
				phys, blob->phys, blob->phys + blob->size, array->count,
				MD_REGION_SIZE);
	offset = phys - blob->phys;
	array->limit = kmd_min_u64((blob->size - offset) / MD_REGION_SIZE, REGIONS_MAX);
	kmd_cursor_init(&array->cursor, blob->source, blob->offset + offset,
			array->limit * MD_REGION_SIZE, array->diag);
	return KMD_OK;
}

enum kmd_status kmd_minidump_array_read(const struct kmd_image *image, uint64_t phys,
					uint32_t count, struct kmd_diag *diag,
					struct kmd_claims *claims)
{
	struct array array = { .image = image, .diag = diag, .claims = claims, .count = count };
	enum kmd_status status;

	array.blob = &image->blobs[blob_of(image, phys, MD_REGION_SIZE)];
	status = array_open(&array, phys);
	if (status != KMD_OK)
		return status;
	status = read_counted(&array, kmd_min_u64(count, array.limit));
	/* An array that ends earlier was reported with its count. */
	if (status == KMD_OK && count > array.limit && !array.ended)
		status = kmd_report(diag, KMD_FIND_TABLE, KMD_DAMAGE, place_of(&array, 0),
				    "the region array cannot have %" PRIu32
				    " entries: there is room "
				    "for %" PRIu64,
				    count, array.limit);
	if (status == KMD_OK)
		status = read_uncounted(&array, kmd_min_u64(count, array.limit));
	return status == KMD_OK ? check_claims(&array, count) : status;
}
