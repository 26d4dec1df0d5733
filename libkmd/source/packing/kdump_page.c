/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/packing/kdump_page.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif

struct kmd_kdump_pages {
	size_t page_size;
	z_stream zlib;
	bool has_zlib;
	ZSTD_DCtx *zstd;
};

struct kmd_kdump_pages *kmd_kdump_pages_new(size_t page_size)
{
	struct kmd_kdump_pages *pages = calloc(1, sizeof(*pages));

	if (!pages)
		return NULL;
	pages->page_size = page_size;
	pages->zstd = ZSTD_createDCtx();
	pages->has_zlib = inflateInit(&pages->zlib) == Z_OK;
	if (pages->zstd && pages->has_zlib)
		return pages;
	kmd_kdump_pages_free(pages);
	return NULL;
}

void kmd_kdump_pages_free(struct kmd_kdump_pages *pages)
{
	if (!pages)
		return;
	if (pages->has_zlib)
		inflateEnd(&pages->zlib);
	ZSTD_freeDCtx(pages->zstd);
	free(pages);
}

const char *kmd_kdump_page_lacks(uint32_t flags)
{
#ifndef HAVE_LZO
	if (flags & KMD_KDUMP_LZO)
		return "liblzo2";
#endif
#ifndef HAVE_SNAPPY
	if (flags & KMD_KDUMP_SNAPPY)
		return "libsnappy";
#endif
	(void)flags;
	return NULL;
}

static bool unpack_zlib(struct kmd_kdump_pages *pages, const unsigned char *packed, size_t size,
			unsigned char *page)
{
	z_stream *z = &pages->zlib;

	if (inflateReset(z) != Z_OK)
		return false;
	z->next_in = (unsigned char *)(uintptr_t)packed;
	z->avail_in = (uInt)size;
	z->next_out = page;
	z->avail_out = (uInt)pages->page_size;
	return inflate(z, Z_FINISH) == Z_STREAM_END && !z->avail_out;
}

static bool unpack_lzo(const struct kmd_kdump_pages *pages, const unsigned char *packed,
		       size_t size, unsigned char *page)
{
#ifdef HAVE_LZO
	lzo_uint length = pages->page_size;

	return lzo1x_decompress_safe(packed, size, page, &length, NULL) == LZO_E_OK &&
	       length == pages->page_size;
#else
	(void)pages;
	(void)packed;
	(void)size;
	(void)page;
	return false;
#endif
}

static bool unpack_snappy(const struct kmd_kdump_pages *pages, const unsigned char *packed,
			  size_t size, unsigned char *page)
{
#ifdef HAVE_SNAPPY
	size_t length = pages->page_size;

	return snappy_uncompress((const char *)packed, size, (char *)page, &length) == SNAPPY_OK &&
	       length == pages->page_size;
#else
	(void)pages;
	(void)packed;
	(void)size;
	(void)page;
	return false;
#endif
}

bool kmd_kdump_page_unpack(struct kmd_kdump_pages *pages, uint32_t flags,
			   const unsigned char *packed, size_t size, unsigned char *page)
{
	switch (flags & KMD_KDUMP_PACKED) {
	case 0:
		if (size != pages->page_size)
			return false;
		memcpy(page, packed, size);
		return true;
	case KMD_KDUMP_ZLIB:
		return unpack_zlib(pages, packed, size, page);
	case KMD_KDUMP_LZO:
		return unpack_lzo(pages, packed, size, page);
	case KMD_KDUMP_SNAPPY:
		return unpack_snappy(pages, packed, size, page);
	case KMD_KDUMP_ZSTD:
		return ZSTD_decompressDCtx(pages->zstd, page, pages->page_size, packed, size) ==
		       pages->page_size;
	default:
		return false;
	}
}
