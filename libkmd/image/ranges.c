/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ranges.c - images of RAM whose names have the first and the last address, or the one behind it:
 * 0x80000000-0xbfffffff.bin, memory_0x80000000-0xc0000000.img.
 *
 * Such a name counts only where the file is as long as it says: then it is no accident, and a file
 * that is cut, or that was renamed, gets no wrong address.
 */
#include "image/image.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

static bool take_hex(const char **at, uint64_t *value)
{
	size_t length = 0;

	while (isxdigit((unsigned char)(*at)[length]))
		length++;
	if (!length || !kmd_text_u64(*at, length, 16, value))
		return false;
	*at += length;
	return true;
}

static bool parse(const struct kmd_member *member, uint64_t *phys)
{
	const char *at = strstr(member->file_name, "0x");
	uint64_t end, size = member->source->size;

	if (!at || (at > member->file_name && isalnum((unsigned char)at[-1])))
		return false;
	at += 2;
	if (!take_hex(&at, phys) || (*at != '-' && *at != '_'))
		return false;
	at++;
	if (!strncmp(at, "0x", 2))
		at += 2;
	if (!take_hex(&at, &end) || (*at && *at != '.') || end <= *phys)
		return false;
	return size == end - *phys || size == end - *phys + 1;
}

/* A folder with descriptions of its own is read by them. */
static bool is_described(const struct kmd_member *member)
{
	return kmd_text_has_prefix(member->file_name, "md_") ||
	       kmd_text_has_prefix(member->file_name, "dump_info") ||
	       kmd_text_has_suffix(member->file_name, ".cmm");
}

static bool probe(const struct kmd_input *input, const struct kmd_image_options *options,
		  struct kmd_diag *diag)
{
	bool found = false;
	uint64_t phys;

	if (options->has_ram_base)
		return false;
	for (size_t i = 0; i < input->n_members; i++) {
		const struct kmd_member *member = &input->members[i];

		if (is_described(member))
			return false;
		found |= parse(member, &phys) && !kmd_image_marked(member->source, diag);
	}
	return found;
}

static enum kmd_status read_image(const struct kmd_input *input,
				  const struct kmd_image_options *options, struct kmd_diag *diag,
				  struct kmd_image *image)
{
	enum kmd_status status = KMD_OK;
	uint64_t phys;

	(void)options;
	for (size_t i = 0; i < input->n_members && status == KMD_OK; i++) {
		const struct kmd_member *member = &input->members[i];

		if (kmd_is_document(member->file_name))
			continue;
		status = parse(member, &phys) ? kmd_image_add_ram(image, member, phys, diag)
					      : kmd_image_add_file(image, member, diag);
	}
	return status;
}

const struct kmd_image_format kmd_image_ranges = {
	.form = "RAM images with addresses in their names",
	.probe = probe,
	.read = read_image,
};
