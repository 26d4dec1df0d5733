/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table of container formats, and how the form of an input is found. */
#include "image/image.h"

#include "base/text.h"
#include "source/cursor.h"

#include <kmemdump/minidump.h>

#include <stdlib.h>
#include <string.h>

/* Cheap and certain probes first: searching a RAM image for marks comes last. */
static const struct kmd_image_format *const formats[] = {
	&kmd_image_addressed, &kmd_image_folder, &kmd_image_raw_dump, &kmd_image_elf,
	&kmd_image_lime,      &kmd_image_ram,    &kmd_image_unplaced,
};

/* Understood, but there is no key. */
static bool is_encrypted(const struct kmd_source *source, struct kmd_diag *diag)
{
	struct kmd_cursor cursor;

	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	return kmd_cursor_is(&cursor, 0, MD_RAW_SIGNATURE_ENCRYPTED, MD_RAW_SIGNATURE_SIZE);
}

/* The form that this member would have if it were given alone; NULL = none. */
static const char *form_of_member(const struct kmd_input *input, size_t index,
				  const struct kmd_image_options *options, struct kmd_diag *diag)
{
	struct kmd_input alone = { .name = input->name,
				   .members = &input->members[index],
				   .n_members = 1 };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i] != &kmd_image_unplaced && formats[i]->probe(&alone, options, diag))
			return formats[i]->form;
	return NULL;
}

static const struct kmd_member *find_ram_image(const struct kmd_input *input)
{
	for (size_t i = 0; i < input->n_members; i++)
		if (kmd_image_is_ddr_name(input->members[i].file_name))
			return &input->members[i];
	return NULL;
}

static enum kmd_status refuse_folder(const struct kmd_input *input,
				     const struct kmd_image_options *options, struct kmd_diag *diag)
{
	const struct kmd_member *ram = find_ram_image(input);

	if (ram && input->n_members > 1)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(ram->source->name),
				"a RAM image without an address: give dump_info.txt as well, or "
				"each image as FILE@ADDR");
	/* A probe may search a whole RAM image, so not for many files. */
	for (size_t i = 0; i < input->n_members && i < 16; i++) {
		const char *form = form_of_member(input, i, options, diag);

		if (diag->status == KMD_ERR_CANCELED)
			return diag->status;
		if (form)
			return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(input->name),
					"no region files in this folder: give %s alone (%s)",
					input->members[i].source->name, form);
	}
	return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(input->name),
			"no region files in this folder: none named md_*, no dump_info.txt, "
			"load.cmm or KELF");
}

static enum kmd_status refuse(const struct kmd_input *input,
			      const struct kmd_image_options *options, struct kmd_diag *diag)
{
	const struct kmd_member *member = input->members;
	const char *foreign;

	if (input->folder || !input->n_members)
		return refuse_folder(input, options, diag);
	foreign = kmd_image_foreign(member->source, diag);
	if (foreign)
		return kmd_fail(diag,
				is_encrypted(member->source, diag) ? KMD_ERR_UNSUPPORTED
								   : KMD_ERR_FORMAT,
				kmd_in(input->name), "not a kernel minidump: this is %s", foreign);
	if (kmd_text_has_prefix(member->file_name, "md_"))
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(input->name),
				"one region file alone: give the folder that holds all of them");
	return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(input->name),
			"not a kernel minidump: no partition image, ELF core, region folder, or "
			"RAM image with an SMEM area");
}

enum kmd_status kmd_image_read(const struct kmd_input *input,
			       const struct kmd_image_options *options, struct kmd_diag *diag,
			       struct kmd_image *image)
{
	enum kmd_status status;

	memset(image, 0, sizeof(*image));
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		diag->status = KMD_OK;
		if (!formats[i]->probe(input, options, diag)) {
			if (diag->status != KMD_OK)
				return diag->status;
			continue;
		}
		image->form = formats[i]->form;
		status = formats[i]->read(input, options, diag, image);
		if (status != KMD_OK)
			kmd_image_deinit(image);
		return status;
	}
	return refuse(input, options, diag);
}
