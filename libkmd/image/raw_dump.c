/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The raw dump partition image ("Raw_Dmp!"), as boot firmware writes it to the
 * partition named rawdump, logdump or ftm.
 *
 * The partition is not erased between dumps: nothing after the dump's own end
 * is ever read.  Header and sections carry validity bits; vendors' collecting
 * scripts overwrite the signature once they have seen the dump.
 */
#include "image/raw_dump.h"

#include "base/checked.h"
#include "base/text.h"
#include "image/image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct raw_header {
	uint32_t version, flags, count;
	uint64_t dump_size, required;
};

static const char no_signature[MD_RAW_SIGNATURE_SIZE];

static bool probe(const struct kmd_input *input, const struct kmd_image_options *options,
		  struct kmd_diag *diag)
{
	struct kmd_cursor cursor;

	if (input->folder)
		return false;
	kmd_cursor_init(&cursor, input->members[0].source, 0, UINT64_MAX, diag);
	if (kmd_cursor_is(&cursor, 0, MD_RAW_SIGNATURE, MD_RAW_SIGNATURE_SIZE))
		return true;
	if (kmd_cursor_is(&cursor, 0, MD_RAW_SIGNATURE_SEEN, MD_RAW_SIGNATURE_SIZE) ||
	    kmd_cursor_is(&cursor, 0, MD_RAW_SIGNATURE_COPIED, MD_RAW_SIGNATURE_SIZE) ||
	    (options->accept_invalid &&
	     kmd_cursor_is(&cursor, 0, no_signature, MD_RAW_SIGNATURE_SIZE)))
		return kmd_raw_table_probe(&cursor);
	return false;
}

static void read_header(struct kmd_cursor *cursor, struct raw_header *header)
{
	header->version = kmd_cursor_u32(cursor, MD_RAW_VERSION);
	header->flags = kmd_cursor_u32(cursor, MD_RAW_FLAGS);
	header->dump_size = kmd_cursor_u64(cursor, MD_RAW_DUMP_SIZE);
	header->required = kmd_cursor_u64(cursor, MD_RAW_REQUIRED_SIZE);
	header->count = kmd_cursor_u32(cursor, MD_RAW_SECTION_COUNT);
}

static enum kmd_status check_flags(const struct kmd_cursor *cursor, const struct raw_header *header,
				   bool accept_invalid)
{
	struct kmd_place place = kmd_at(cursor->source->name, MD_RAW_FLAGS);
	enum kmd_status status = KMD_OK;

	if (header->flags & MD_RAW_INSUFFICIENT)
		status = kmd_report(cursor->diag, KMD_FIND_STORAGE, KMD_DAMAGE, place,
				    "the firmware ran out of storage: the dump needs 0x%" PRIx64
				    " bytes and has 0x%" PRIx64 " (is download mode set to mini?)",
				    header->required, header->dump_size);
	else if (!(header->flags & MD_RAW_VALID) && !accept_invalid)
		status = kmd_fail(cursor->diag, KMD_ERR_DAMAGED, place,
				  "the partition holds no valid dump (flags 0x%" PRIx32
				  "); use --accept=invalid to read it",
				  header->flags);
	else if (!(header->flags & MD_RAW_VALID))
		status = kmd_report(cursor->diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
				    "the dump is not marked as valid (flags 0x%" PRIx32 ")",
				    header->flags);
	return status;
}

/* Where the bytes of this dump end, and stale ones of an older dump may begin. */
static enum kmd_status find_end(const struct kmd_cursor *cursor, const struct raw_header *header,
				uint64_t table_end, uint64_t *end)
{
	struct kmd_place place = kmd_at(cursor->source->name, MD_RAW_DUMP_SIZE);

	*end = cursor->size;
	if (header->dump_size < table_end)
		return kmd_report(cursor->diag, KMD_FIND_HEADER,
				  header->dump_size ? KMD_DAMAGE : KMD_NOTE, place,
				  "invalid dump size 0x%" PRIx64 "; using the size of the file",
				  header->dump_size);
	*end = kmd_min_u64(header->dump_size, cursor->size);
	return KMD_OK;
}

static enum kmd_status check_count(const struct kmd_cursor *cursor, const struct raw_header *header,
				   const struct kmd_raw_table *table)
{
	struct kmd_place place = kmd_at(cursor->source->name, MD_RAW_SECTION_COUNT);

	if (!table->n)
		return kmd_fail(cursor->diag, KMD_ERR_DAMAGED, place,
				"the section table (%" PRIu32 " entries) contains no section",
				header->count);
	if (table->n < header->count)
		return kmd_report(cursor->diag, KMD_FIND_TABLE, KMD_DAMAGE, place,
				  "the header counts %" PRIu32
				  " sections, the table contains only %zu",
				  header->count, table->n);
	return KMD_OK;
}

/* The headers after the counted ones: one of the two is wrong, so they are not used. */
static enum kmd_status check_rest(const struct kmd_cursor *cursor,
				  const struct kmd_raw_table *table)
{
	if (!table->n_rest)
		return KMD_OK;
	return kmd_report(
		cursor->diag, KMD_FIND_TABLE, KMD_DAMAGE,
		kmd_at(cursor->source->name, MD_RAW_SECTION_COUNT),
		"the header counts %zu sections, the table contains %zu; the rest is ignored",
		table->n, table->n + table->n_rest);
}

/* Bytes that no section claims, in a table that otherwise leaves none out. */
static enum kmd_status check_gap(const struct kmd_cursor *cursor, const struct kmd_raw_table *table)
{
	if (!table->gap_size)
		return KMD_OK;
	return kmd_report(cursor->diag, KMD_FIND_TABLE, KMD_DAMAGE,
			  kmd_at(cursor->source->name, table->gap_at),
			  "0x%" PRIx64
			  " bytes belong to no section, though sections follow each other "
			  "elsewhere: the offset or size of one beside them is damaged",
			  table->gap_size);
}

/*
 * Qualcomm firmware keeps the physical address in the information of every kind
 * of memory section; elsewhere only DDR ranges have one.  0 means "none"
 * for its own md_ sections.
 */
static bool section_phys(const struct kmd_raw_section *section)
{
	bool region = kmd_text_has_prefix(section->name, "md_");

	if (section->type == MD_RAW_TYPE_DDR)
		return section->info || !region;
	return section->type == MD_RAW_TYPE_SV && section->info &&
	       (region || section->version == MD_RAW_VERSION_QCOM);
}

/* A region by its type or, where that is damaged, by its name. */
static bool holds_memory(const struct kmd_raw_section *section)
{
	return section->type == MD_RAW_TYPE_DDR || section->type == MD_RAW_TYPE_SV ||
	       kmd_text_has_prefix(section->name, "md_");
}

static enum kmd_status find_section(const struct kmd_cursor *cursor,
				    const struct kmd_raw_section *section, uint64_t end,
				    struct kmd_blob *blob)
{
	struct kmd_place place = kmd_at(cursor->source->name, section->entry);
	char name[MD_RAW_SECTION_NAME_SIZE * 4 + 1];

	kmd_text_name(name, sizeof(name), section->name, sizeof(section->name));
	if (section->conflict || !section->plausible) {
		blob->conflict = true;
		return kmd_report(cursor->diag, KMD_FIND_TABLE, KMD_DAMAGE, place,
				  "section \"%s\" (offset 0x%" PRIx64 ", size 0x%" PRIx64
				  ") contradicts the rest of the table and is not used",
				  name, section->offset, section->size);
	}
	if (blob->invalid)
		return kmd_report(cursor->diag, KMD_FIND_MISSING, KMD_DAMAGE, place,
				  "section \"%s\" is not marked as valid (flags 0x%" PRIx32
				  "); it is not used",
				  name, section->flags);
	if (blob->size == blob->declared)
		return KMD_OK;
	return kmd_report(cursor->diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, place,
			  "section \"%s\" needs bytes 0x%" PRIx64 "-0x%" PRIx64
			  ", but the dump ends at 0x%" PRIx64,
			  name, section->offset, section->end, end);
}

static enum kmd_status add_section(const struct kmd_cursor *cursor,
				   const struct kmd_raw_section *section, bool counted,
				   uint64_t end, struct kmd_image *image)
{
	struct kmd_blob *blob = kmd_image_add(image);

	if (!blob || !(blob->name = strdup(section->name)))
		return kmd_fail_memory(cursor->diag);
	blob->source = cursor->source;
	blob->origin = KMD_FROM_SECTION;
	blob->declared = section->size;
	blob->offset = kmd_min_u64(section->offset, end);
	blob->size = kmd_min_u64(section->size, end - blob->offset);
	blob->invalid = !(section->flags & MD_RAW_VALID);
	blob->phys = section->info;
	blob->has_phys = section_phys(section);
	blob->kind = holds_memory(section) ? KMD_BLOB_REGION : KMD_BLOB_AUXILIARY;
	if (counted)
		return find_section(cursor, section, end, blob);
	blob->conflict = true;
	return KMD_OK;
}

static enum kmd_status add_sections(struct kmd_cursor *cursor, const struct raw_header *header,
				    const struct kmd_raw_table *table, struct kmd_image *image)
{
	uint64_t end;
	enum kmd_status status = check_count(cursor, header, table);

	if (status == KMD_OK)
		status = check_rest(cursor, table);
	if (status == KMD_OK)
		status = check_gap(cursor, table);
	if (status == KMD_OK)
		status = find_end(cursor, header,
				  MD_RAW_HEADER_SIZE + table->n * MD_RAW_SECTION_SIZE, &end);
	for (size_t i = 0; status == KMD_OK && i < table->n + table->n_rest; i++)
		status = add_section(cursor, &table->sections[i], i < table->n, end, image);
	return status;
}

static enum kmd_status read_image(const struct kmd_input *input,
				  const struct kmd_image_options *options, struct kmd_diag *diag,
				  struct kmd_image *image)
{
	struct raw_header header;
	struct kmd_raw_table table;
	struct kmd_cursor cursor;
	enum kmd_status status;

	kmd_cursor_init(&cursor, input->members[0].source, 0, UINT64_MAX, diag);
	read_header(&cursor, &header);
	status = kmd_cursor_check(&cursor, "header");
	if (status == KMD_OK)
		status = check_flags(&cursor, &header, options->accept_invalid);
	if (status == KMD_OK)
		status = kmd_raw_table_read(&cursor, header.count, &table);
	if (status != KMD_OK)
		return status;
	status = add_sections(&cursor, &header, &table, image);
	kmd_raw_table_deinit(&table);
	return status;
}

const struct kmd_image_format kmd_image_raw_dump = { "raw dump partition image", probe,
						     read_image };
