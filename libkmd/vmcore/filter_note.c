/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "vmcore/kmd_note.h"

#include "base/note.h"

#include "base/text.h"

#include <inttypes.h>
#include <kmemdump/minidump.h>
#include <stdlib.h>
#include <string.h>

static void print_text(struct kmd_text *out, const struct kmd_regions *regions,
		       const struct kmd_filter *filter)
{
	if (filter->only)
		kmd_text_add(out, "only=%s\n", filter->only);
	if (filter->exclude)
		kmd_text_add(out, "exclude=%s\n", filter->exclude);
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;

		if (region->state == KMD_REGION_EXCLUDED && region->has_phys)
			kmd_text_add(out, "excluded=0x%" PRIx64 "+0x%" PRIx64 " %s\n", region->phys,
				     region->size, region->name);
	}
}

enum kmd_status kmd_note_filter(const struct kmd_regions *regions, const struct kmd_filter *filter,
				bool big_endian, struct kmd_diag *diag, unsigned char **bytes,
				size_t *size)
{
	struct kmd_text text = { 0 };
	unsigned char *desc = NULL;

	if (!filter->only && !filter->exclude)
		return KMD_OK;
	print_text(&text, regions, filter);
	if (!text.failed && text.length <= UINT32_MAX / 2)
		desc = kmd_note_append(bytes, size, "KMD", MD_NOTE_FILTER, (uint32_t)text.length,
				       big_endian);
	if (desc)
		memcpy(desc, text.at, text.length);
	free(text.at);
	return desc ? KMD_OK : kmd_fail_memory(diag);
}

enum kmd_status kmd_note_erased(const struct kmd_text *text, bool big_endian, struct kmd_diag *diag,
				unsigned char **bytes, size_t *size)
{
	unsigned char *desc;

	if (!text->length)
		return KMD_OK;
	desc = kmd_note_append(bytes, size, "ERASEINFO", 0, (uint32_t)text->length, big_endian);
	if (!desc)
		return kmd_fail_memory(diag);
	memcpy(desc, text->at, text->length);
	return KMD_OK;
}
