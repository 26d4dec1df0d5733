/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ELF cores as containers: the file that users make by `cat` of a KELF header and
 * region files, qdl's minidump.elf, a finished core.  The program headers are
 * read in region/kelf.c; here the file is one flat blob.
 */
#include "image/image.h"

#include "source/cursor.h"

#include <elf.h>
#include <string.h>

static bool probe(const struct kmd_input *input, const struct kmd_image_options *options,
		  struct kmd_diag *diag)
{
	struct kmd_cursor cursor;
	unsigned char ident[EI_NIDENT];

	(void)options;
	if (input->folder)
		return false;
	kmd_cursor_init(&cursor, input->members[0].source, 0, UINT64_MAX, diag);
	if (!kmd_cursor_is(&cursor, 0, ELFMAG, SELFMAG) ||
	    !kmd_cursor_bytes(&cursor, 0, ident, sizeof(ident)))
		return false;
	cursor.big_endian = ident[EI_DATA] == ELFDATA2MSB;
	return kmd_cursor_u16(&cursor, EI_NIDENT) == ET_CORE;
}

static enum kmd_status read_image(const struct kmd_input *input,
				  const struct kmd_image_options *options, struct kmd_diag *diag,
				  struct kmd_image *image)
{
	struct kmd_blob *blob = kmd_image_add(image);

	(void)options;
	if (!blob)
		return kmd_fail_memory(diag);
	blob->name = strdup("");
	if (!blob->name)
		return kmd_fail_memory(diag);
	blob->source = input->members[0].source;
	blob->size = blob->declared = blob->source->size;
	blob->kind = KMD_BLOB_FLAT;
	blob->origin = KMD_FROM_CORE;
	return KMD_OK;
}

const struct kmd_image_format kmd_image_elf = { "ELF core", probe, read_image };
