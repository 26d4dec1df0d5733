/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "vmcore/kmd_note.h"

#include "base/note.h"

#include <inttypes.h>
#include <kmemdump/minidump.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_text(FILE *out, const struct kmd_regions *regions,
		       const struct kmd_filter *filter)
{
	if (filter->only)
		fprintf(out, "only=%s\n", filter->only);
	if (filter->exclude)
		fprintf(out, "exclude=%s\n", filter->exclude);
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;

		if (region->state == KMD_REGION_EXCLUDED && region->has_phys)
			fprintf(out, "excluded=0x%" PRIx64 "+0x%" PRIx64 " %s\n", region->phys,
				region->size, region->name);
	}
}

enum kmd_status kmd_note_filter(const struct kmd_regions *regions, const struct kmd_filter *filter,
				bool big_endian, struct kmd_diag *diag, unsigned char **bytes,
				size_t *size)
{
	size_t length = 0;
	char *text = NULL;
	unsigned char *desc;
	FILE *out;
	bool ok;

	if (!filter->only && !filter->exclude)
		return KMD_OK;
	out = open_memstream(&text, &length);
	if (!out)
		return kmd_fail_memory(diag);
	print_text(out, regions, filter);
	ok = !fclose(out);
	desc = ok && length <= UINT32_MAX / 2 ? kmd_note_append(bytes, size, "KMD", MD_NOTE_FILTER,
								(uint32_t)length, big_endian)
					      : NULL;
	if (desc)
		memcpy(desc, text, length);
	free(text);
	return desc ? KMD_OK : kmd_fail_memory(diag);
}
