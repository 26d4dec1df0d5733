/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * folder.c - a folder of region files, as QPST, qdl, edl and PCAT leave them.
 *
 * Every file becomes a blob, whatever its name: files get renamed, and only the
 * region/ decides which of them are regions.
 */
#include "image/image.h"

#include "base/checked.h"
#include "base/text.h"
#include "source/cursor.h"

#include <kmemdump/minidump.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Looking at the content of files ends somewhere; region names do not need it. */
#define LOOK_AT_FILES 4096
#define LOOK_AT_BYTES 512

enum file_kind {
	FILE_REGION,      /* named md_* */
	FILE_DESCRIPTION, /* dump_info.txt, load.cmm */
	FILE_CORE,        /* ELF core: a KELF region, or a finished core */
	FILE_FOREIGN,     /* certainly something else */
	FILE_UNKNOWN,     /* a region perhaps, under another name */
};

/* "1 0x..." or "d.load.binary ..." near the beginning. */
static bool reads_like_description(struct kmd_cursor *cursor)
{
	char text[LOOK_AT_BYTES + 1];
	size_t length = (size_t)kmd_min_u64(LOOK_AT_BYTES, cursor->size);

	/* Any file is looked at; a description is noted where it is read. */
	cursor->sampling = true;
	kmd_cursor_bytes(cursor, 0, text, length);
	cursor->sampling = false;
	text[length] = '\0';
	return strcasestr(text, "load.binary") ||
	       (text[0] >= '0' && text[0] <= '9' && !strncmp(text + 1, " 0x", 3));
}

static bool is_container(struct kmd_cursor *cursor)
{
	return kmd_cursor_is(cursor, 0, MD_RAW_SIGNATURE, MD_RAW_SIGNATURE_SIZE) ||
	       kmd_cursor_is(cursor, 0, MD_RAW_SIGNATURE_SEEN, MD_RAW_SIGNATURE_SIZE) ||
	       kmd_cursor_is(cursor, 0, MD_RAW_SIGNATURE_COPIED, MD_RAW_SIGNATURE_SIZE);
}

static bool is_core(struct kmd_cursor *cursor)
{
	if (!kmd_cursor_is(cursor, 0, ELFMAG, SELFMAG) || !kmd_cursor_has(cursor, 0, 18))
		return false;
	cursor->big_endian = kmd_cursor_is(cursor, EI_DATA, "\2", 1);
	return kmd_cursor_u16(cursor, offsetof(Elf64_Ehdr, e_type)) == ET_CORE;
}

static enum file_kind kind_by_name(const char *name)
{
	if (kmd_text_has_prefix(name, "md_"))
		return FILE_REGION;
	if (kmd_text_has_prefix(name, "dump_info") || kmd_text_has_suffix(name, ".cmm"))
		return FILE_DESCRIPTION;
	return FILE_UNKNOWN;
}

static enum file_kind kind_by_content(const struct kmd_source *source, struct kmd_diag *diag)
{
	struct kmd_cursor cursor;

	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	if (is_core(&cursor))
		return FILE_CORE;
	if (reads_like_description(&cursor))
		return FILE_DESCRIPTION;
	if (is_container(&cursor) || kmd_image_foreign(source, diag))
		return FILE_FOREIGN;
	return FILE_UNKNOWN;
}

/*
 * A core makes a folder of regions only together with files that can be its
 * regions: a finished core is often kept beside logs and the vmlinux.
 */
static bool probe_folder(const struct kmd_input *input, const struct kmd_image_options *options,
			 struct kmd_diag *diag)
{
	bool core = false, unknown = false;

	(void)options;
	if (!input->folder)
		return false;
	for (size_t i = 0; i < input->n_members; i++) {
		const struct kmd_member *member = &input->members[i];
		enum file_kind kind = kind_by_name(member->file_name);

		if (kind == FILE_UNKNOWN && i < LOOK_AT_FILES)
			kind = kind_by_content(member->source, diag);
		if (diag->status != KMD_OK)
			return false;
		if (kind == FILE_REGION || kind == FILE_DESCRIPTION)
			return true;
		core |= kind == FILE_CORE;
		unknown |= kind == FILE_UNKNOWN;
	}
	return core && unknown;
}

enum kmd_status kmd_image_add_file(struct kmd_image *image, const struct kmd_member *member,
				   struct kmd_diag *diag)
{
	struct kmd_blob *blob = kmd_image_add(image);

	if (!blob)
		return kmd_fail_memory(diag);
	blob->name = strdup(member->file_name);
	if (!blob->name)
		return kmd_fail_memory(diag);
	blob->source = member->source;
	blob->size = blob->declared = member->source->size;
	blob->kind = KMD_BLOB_REGION;
	blob->origin = KMD_FROM_FILE;
	return KMD_OK;
}

static enum kmd_status read_folder(const struct kmd_input *input,
				   const struct kmd_image_options *options, struct kmd_diag *diag,
				   struct kmd_image *image)
{
	enum kmd_status status = KMD_OK;

	(void)options;
	for (size_t i = 0; i < input->n_members && status == KMD_OK; i++)
		status = kmd_image_add_file(image, &input->members[i], diag);
	return status;
}

const struct kmd_image_format kmd_image_folder = {
	.form = "folder of region files",
	.probe = probe_folder,
	.read = read_folder,
};
