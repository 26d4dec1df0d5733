/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kdump_header.h - the headers of a kdump-compressed dump, and where its tables are. */
#ifndef KMD_SOURCE_PACKING_KDUMP_HEADER_H
#define KMD_SOURCE_PACKING_KDUMP_HEADER_H

#include "source/cursor.h"

/* How its compiler lays structures out. */
enum kmd_kdump_class {
	KDUMP_64,
	KDUMP_32,
	KDUMP_I386, /* 64-bit numbers are aligned to 4 bytes */
};

struct kmd_kdump_header {
	enum kmd_kdump_class class;
	uint16_t machine; /* e_machine, 0 = not known */
	bool big_endian;
	uint64_t page_size;
	uint64_t bitmap;            /* of the pages that were dumped: a bit for each */
	uint64_t n_pages;           /* bits of it */
	uint64_t first, last;       /* page frames that this file may hold: [first, last) */
	uint64_t descriptors;       /* one for each page that was dumped */
	uint64_t notes, notes_size; /* ELF notes */
	uint64_t info, info_size;   /* the text of VMCOREINFO */
};

/* Read and check them.  @cursor is the whole file; its byte order is set. */
enum kmd_status kmd_kdump_header_read(struct kmd_cursor *cursor, struct kmd_kdump_header *header);

#endif
