/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* raw_dump.h - the section table of a partition image, between its two files. */
#ifndef KMD_IMAGE_RAW_DUMP_H
#define KMD_IMAGE_RAW_DUMP_H

#include "source/cursor.h"

#include <kmemdump/minidump.h>

struct kmd_raw_section {
	uint64_t entry; /* offset of the header in the file */
	uint32_t flags, version, type;
	uint64_t offset, size, info;
	uint64_t end; /* offset + size */
	char name[MD_RAW_SECTION_NAME_SIZE + 1];
	bool plausible; /* reads like a section header */
	bool conflict;
};

struct kmd_raw_table {
	struct kmd_raw_section *sections; /* n that are counted, then n_rest more */
	size_t n, n_rest, cap;
	/* Bytes of no section where sections otherwise follow each other; size 0 = none. */
	uint64_t gap_at, gap_size;
};

/*
 * Read at most @count section headers and find out which are plausible.  A
 * count that runs on into data is cut back; a section that lies inside the table
 * or shares bytes with another one that is better placed is marked as a conflict.
 * Headers that follow the counted ones, in front of all data, are the rest.
 */
enum kmd_status kmd_raw_table_read(struct kmd_cursor *cursor, uint32_t count,
				   struct kmd_raw_table *table);
void kmd_raw_table_deinit(struct kmd_raw_table *table);

/* True if the header at the cursor's start has at least one plausible section. */
bool kmd_raw_table_probe(struct kmd_cursor *cursor);

#endif
