/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* cache.h - memory to which small reads of an open dump return. */
#ifndef KMD_API_CACHE_H
#define KMD_API_CACHE_H

#include <kmemdump/kmd.h>

/* What addresses count: each has blocks of its own. */
enum kmd_space { KMD_SPACE_PHYS, KMD_SPACE_VIRT, KMD_SPACE_CORE };

struct kmd_cache_line;

struct kmd_cache {
	uint64_t limit;               /* bytes; 0 = the default */
	struct kmd_cache_line *pages; /* .n, then as many blocks; NULL = none */
	size_t n;                     /* 0 before the first small read */
	unsigned char **chunks;       /* memory of the lines */
	size_t n_chunks;
	uint32_t left; /* of the last chunk */
};

/* Read exactly @length bytes.  Failures are not kept. */
typedef enum kmd_status kmd_read_fn(struct kmd *kmd, uint64_t address, void *buffer,
				    uint64_t length, uint64_t *missing);

/*
 * As @read does.  The sentence of an error may be left behind even on success: what lies beside the
 * bytes that were asked for cannot be read then.
 */
enum kmd_status kmd_cached_read(struct kmd *kmd, struct kmd_cache *cache, enum kmd_space space,
				kmd_read_fn *read, uint64_t address, void *buffer, uint64_t length,
				uint64_t *missing);
void kmd_cache_deinit(struct kmd_cache *cache);

#endif
