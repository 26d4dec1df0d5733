/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table of container formats, and how the form of an input is found. */
#include "image/image.h"

#include "base/text.h"
#include "source/cursor.h"

#include <kmemdump/minidump.h>

#include <stdio.h>
#include <string.h>

/* Cheap and certain probes first: searching a RAM image for marks comes last. */
static const struct kmd_image_format *const formats[] = {
	&kmd_image_rockchip, &kmd_image_addressed, &kmd_image_sysdump, &kmd_image_ranges,
	&kmd_image_folder,   &kmd_image_raw_dump,  &kmd_image_xen,     &kmd_image_elf,
	&kmd_image_lime,     &kmd_image_ramoops,   &kmd_image_ram,     &kmd_image_unplaced,
};

/* Understood, but there is no key. */
static bool is_encrypted(const struct kmd_source *source, struct kmd_diag *diag)
{
	struct kmd_cursor cursor;

	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	return kmd_cursor_is(&cursor, 0, MD_RAW_SIGNATURE_ENCRYPTED, MD_RAW_SIGNATURE_SIZE);
}

/* The format of this member alone; NULL = none. */
static const struct kmd_image_format *format_of(const struct kmd_input *alone,
						const struct kmd_image_options *options,
						struct kmd_diag *diag)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i] != &kmd_image_unplaced && formats[i]->probe(alone, options, diag))
			return formats[i];
	return NULL;
}

/* Files of a folder that are dumps, each of its own. */
struct dumps {
	const struct kmd_image_format *format; /* of the first */
	struct kmd_input alone;
	size_t n;
	char names[512]; /* of all */
};

/* A probe may search a whole RAM image, so not for many files. */
#define PROBED_MAX 16

static void find_dumps(const struct kmd_input *input, const struct kmd_image_options *options,
		       struct kmd_diag *diag, struct dumps *dumps)
{
	size_t used = 0;

	for (size_t i = 0; i < input->n_members && i < PROBED_MAX; i++) {
		struct kmd_input alone = { .name = input->name,
					   .members = &input->members[i],
					   .n_members = 1 };
		const struct kmd_image_format *format = format_of(&alone, options, diag);

		if (diag->status == KMD_ERR_CANCELED)
			return;
		if (!format)
			continue;
		if (!dumps->n++) {
			dumps->format = format;
			dumps->alone = alone;
		}
		if (used < sizeof(dumps->names))
			used += (size_t)snprintf(dumps->names + used, sizeof(dumps->names) - used,
						 "%s%s (%s)", used ? ", " : "",
						 alone.members->source->name, format->form);
	}
}

/* A folder, or several files, that is no dump as a whole: perhaps one of the files is. */
static enum kmd_status read_only_dump(const struct kmd_input *input,
				      const struct kmd_image_options *options,
				      struct kmd_diag *diag, struct kmd_image *image)
{
	struct dumps dumps = { 0 };
	enum kmd_status status;

	find_dumps(input, options, diag, &dumps);
	if (diag->status == KMD_ERR_CANCELED)
		return diag->status;
	diag->status = KMD_OK;
	if (dumps.n > 1)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(input->name),
				"no region files in this folder, but several dumps; give one of "
				"them: %s",
				dumps.names);
	if (!dumps.n)
		return kmd_fail(
			diag, KMD_ERR_FORMAT, kmd_in(input->name),
			"no region files in this folder: none named md_*, no dump_info.txt, "
			"load.cmm or KELF");
	image->form = dumps.format->form;
	status = kmd_report(diag, KMD_FIND_UNUSED, KMD_NOTE,
			    kmd_in(dumps.alone.members->source->name),
			    "of the files in this folder, only this one is a dump");
	if (status == KMD_OK)
		status = dumps.format->read(&dumps.alone, options, diag, image);
	if (status != KMD_OK)
		kmd_image_deinit(image);
	return status;
}

static enum kmd_status refuse(const struct kmd_input *input, struct kmd_diag *diag)
{
	const struct kmd_member *member = input->members;
	const char *foreign;

	foreign = kmd_image_foreign(member->source, diag);
	if (foreign)
		return kmd_fail(diag,
				is_encrypted(member->source, diag) ? KMD_ERR_UNSUPPORTED
								   : KMD_ERR_FORMAT,
				kmd_in(input->name), "not a kernel minidump: this is %s", foreign);
	if (kmd_text_has_suffix(member->file_name, ".br"))
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(input->name),
				"packed with brotli, by its name: unpack it first (brotli -d)");
	if (kmd_text_has_suffix(member->file_name, ".zip"))
		return kmd_fail(
			diag, KMD_ERR_FORMAT, kmd_in(input->name),
			"does not begin as a zip archive: damaged, or the last part of a split "
			"one, which needs the others beside it (FILE.z01, ...)");
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
	if (input->folder || !input->n_members)
		return read_only_dump(input, options, diag, image);
	return refuse(input, diag);
}
