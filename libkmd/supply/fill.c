/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "supply/fill.h"

#include "base/checked.h"
#include "elf/files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SCRATCH_NAME "vmlinux, moved by KASLR"

static const char *what_of(enum kmd_complete kind)
{
	switch (kind) {
	case KMD_COMPLETE_RODATA:
		return "rodata of vmlinux";
	case KMD_COMPLETE_TEXT:
		return "text of vmlinux";
	case KMD_COMPLETE_ORC:
		return "ORC tables of vmlinux";
	case KMD_COMPLETE_BTF:
		return "BTF of vmlinux";
	default:
		return "vmlinux";
	}
}

void kmd_filler_init(const struct kmd_link_image *image, struct kmd_supply *supply,
		     struct kmd_filler *filler)
{
	memset(filler, 0, sizeof(*filler));
	filler->image = image;
	filler->vmlinux = kmd_elf_files_with(image->vmlinux->elf, KMD_ELF_CONTENT)->source;
	filler->supply = supply;
	filler->first = supply->n;
	filler->scratch = -1;
}

static enum kmd_status write_scratch(struct kmd_filler *filler, const unsigned char *bytes,
				     size_t size, struct kmd_diag *diag)
{
	if (filler->scratch < 0 && (filler->scratch = kmd_source_scratch()) < 0)
		return kmd_fail_errno(diag, kmd_in(SCRATCH_NAME), "no temporary file", errno);
	while (size) {
		ssize_t done = write(filler->scratch, bytes, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return kmd_fail_errno(diag, kmd_in(SCRATCH_NAME), "cannot write", errno);
		bytes += done;
		size -= (size_t)done;
		filler->used += (uint64_t)done;
	}
	return KMD_OK;
}

/* The last item if @item goes on from it. */
static struct kmd_supply_item *before(struct kmd_filler *filler, const struct kmd_supply_item *item)
{
	struct kmd_supply_item *last;

	if (filler->supply->n == filler->first)
		return NULL;
	last = &filler->supply->items[filler->supply->n - 1];
	return last->phys + last->size == item->phys && last->source == item->source &&
			       last->offset + last->size == item->offset && last->what == item->what
		       ? last
		       : NULL;
}

/* Items in the scratch file get their source in the end, when its size is known. */
static enum kmd_status add_run(struct kmd_filler *filler, const struct kmd_image_part *part,
			       const struct kmd_stretch *stretch, size_t at, size_t size,
			       struct kmd_diag *diag)
{
	uint64_t link = stretch->link + at;
	struct kmd_supply_item *last,
		item = { .phys = link - filler->image->reader.image_delta,
			 .size = size,
			 .what = what_of(part->kind),
			 .kind = part->kind == KMD_COMPLETE_TEXT ? KMD_SUPPLY_SIMILAR
								 : KMD_SUPPLY_FILE };
	enum kmd_status status = KMD_OK;

	if (kmd_link_image_is_plain(filler->image, part)) {
		item.source = filler->vmlinux;
		item.offset = part->offset + (link - part->link);
	} else {
		item.offset = filler->used;
		status = write_scratch(filler, stretch->expected + at, size, diag);
	}
	if (status != KMD_OK)
		return status;
	last = before(filler, &item);
	if (last) {
		last->size += size;
		return KMD_OK;
	}
	filler->runs++;
	return kmd_supply_add(filler->supply, &item, diag);
}

static bool is_gap(const struct kmd_stretch *stretch, size_t at)
{
	return !stretch->have[at] && stretch->states[at] == KMD_BYTE_KNOWN;
}

static enum kmd_status fill_stretch(struct kmd_filler *filler, const struct kmd_image_part *part,
				    const struct kmd_stretch *stretch, struct kmd_diag *diag,
				    uint64_t *supplied, uint64_t *left_out)
{
	enum kmd_status status = KMD_OK;
	size_t at = 0, end;

	for (; status == KMD_OK && at < stretch->size; at = end) {
		for (end = at; end < stretch->size && is_gap(stretch, end); end++)
			;
		if (end > at && filler->runs < KMD_FILL_RUNS) {
			status = add_run(filler, part, stretch, at, end - at, diag);
			*supplied += end - at;
		} else {
			end += end == at;
			for (size_t i = at; i < end; i++)
				*left_out += !stretch->have[i];
		}
	}
	return status;
}

enum kmd_status kmd_filler_add(struct kmd_filler *filler, const struct kmd_image_part *part,
			       bool learned, struct kmd_stretch *stretch, struct kmd_diag *diag,
			       uint64_t *supplied, uint64_t *left_out)
{
	enum kmd_status status = KMD_OK;

	for (uint64_t at = 0; status == KMD_OK && at < part->size; at += stretch->size) {
		status = kmd_stretch_read(filler->image, part, part->link + at, learned, diag,
					  stretch);
		if (status == KMD_OK && !stretch->whole)
			status = fill_stretch(filler, part, stretch, diag, supplied, left_out);
	}
	return status;
}

enum kmd_status kmd_filler_finish(struct kmd_filler *filler, struct kmd_diag *diag)
{
	struct kmd_supply *supply = filler->supply;
	struct kmd_source *source = NULL;
	enum kmd_status status;

	if (filler->scratch < 0)
		return KMD_OK;
	status = kmd_source_from_fd(diag, filler->scratch, SCRATCH_NAME, &source);
	if (status != KMD_OK)
		close(filler->scratch);
	else
		status = kmd_supply_own(supply, source, diag);
	filler->scratch = -1;
	/* Without its file there is nothing of it to supply. */
	if (status != KMD_OK) {
		supply->n = filler->first;
		return status;
	}
	for (size_t i = filler->first; i < supply->n; i++)
		if (!supply->items[i].source)
			supply->items[i].source = source;
	return KMD_OK;
}
