/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * unplaced.c - images of RAM of which nobody gave an address: one large file, or a set of
 * DDRCS*.BIN without dump_info.txt.
 *
 * Each gets an address of its own choice, far from the others, so that it can be searched for
 * a kernel that knows the true one (kernel/ram_base.c).
 */
#include "image/image.h"

#include "base/text.h"

/* Smaller files are no RAM with a kernel in it. */
#define RAM_MIN      (UINT64_C(1) << 20)
/* Room for the largest image; an address fits 64 images of it. */
#define CHOSEN(i)    ((uint64_t)((i) + 1) << 52)
#define UNPLACED_MAX 64

bool kmd_image_is_ddr_name(const char *file_name)
{
	return kmd_text_has_prefix(file_name, "DDRCS");
}

static bool is_wanted(const struct kmd_input *input, const struct kmd_member *member)
{
	if (!input->folder)
		return !kmd_text_has_prefix(member->file_name, "md_");
	return kmd_image_is_ddr_name(member->file_name);
}

static bool probe_unplaced(const struct kmd_input *input, const struct kmd_image_options *options,
			   struct kmd_diag *diag)
{
	size_t n = 0;

	(void)options;
	if (!input->folder && input->n_members != 1)
		return false;
	for (size_t i = 0; i < input->n_members; i++) {
		const struct kmd_source *source = input->members[i].source;

		n += is_wanted(input, &input->members[i]) && source->size >= RAM_MIN &&
		     !kmd_image_marked(source, diag);
	}
	return n && n <= UNPLACED_MAX;
}

static enum kmd_status read_unplaced(const struct kmd_input *input,
				     const struct kmd_image_options *options, struct kmd_diag *diag,
				     struct kmd_image *image)
{
	enum kmd_status status = KMD_OK;

	image->unplaced = true;
	/* A folder was not searched for one. */
	image->hurried = options->quick && !input->folder;
	for (size_t i = 0; i < input->n_members && status == KMD_OK; i++) {
		const struct kmd_member *member = &input->members[i];

		if (is_wanted(input, member) && member->source->size)
			status = kmd_image_add_ram(image, member, CHOSEN(image->n_blobs), diag);
	}
	return status;
}

void kmd_image_place(struct kmd_image *image, size_t blob, uint64_t phys)
{
	for (size_t i = 0; i < image->n_blobs; i++) {
		image->blobs[i].has_phys = i == blob;
		image->blobs[i].phys = i == blob ? phys : 0;
	}
	image->unplaced = false;
}

const struct kmd_image_format kmd_image_unplaced = {
	.form = "RAM image, its address found from the kernel in it",
	.probe = probe_unplaced,
	.read = read_unplaced,
};
