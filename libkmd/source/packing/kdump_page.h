/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kdump_page.h - one compressed page of a kdump-compressed dump. */
#ifndef KMD_SOURCE_PACKING_KDUMP_PAGE_H
#define KMD_SOURCE_PACKING_KDUMP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Flags of a page descriptor, or none if the page is not compressed. */
#define KMD_KDUMP_ZLIB   0x01u
#define KMD_KDUMP_LZO    0x02u
#define KMD_KDUMP_SNAPPY 0x04u
#define KMD_KDUMP_ZSTD   0x20u
#define KMD_KDUMP_PACKED (KMD_KDUMP_ZLIB | KMD_KDUMP_LZO | KMD_KDUMP_SNAPPY | KMD_KDUMP_ZSTD)

struct kmd_kdump_pages;

/* NULL when memory is short. */
struct kmd_kdump_pages *kmd_kdump_pages_new(size_t page_size);
void kmd_kdump_pages_free(struct kmd_kdump_pages *pages);

/* What this build lacks to unpack a page with such @flags; NULL = nothing. */
const char *kmd_kdump_page_lacks(uint32_t flags);
/* True if @packed is exactly one page. */
bool kmd_kdump_page_unpack(struct kmd_kdump_pages *pages, uint32_t flags,
			   const unsigned char *packed, size_t size, unsigned char *page);

#endif
