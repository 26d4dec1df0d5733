/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* cache.h - memory to which small reads of an open dump return. */
#ifndef KMD_API_CACHE_H
#define KMD_API_CACHE_H

#include <kmemdump/kmd.h>

/* What addresses count: each has blocks of its own. */
enum kmd_space { KMD_SPACE_PHYS, KMD_SPACE_VIRT, KMD_SPACE_CORE };

struct kmd_cached_block;

struct kmd_cache {
	struct kmd_cached_block *blocks; /* NULL before the first small read */
};

/* Read exactly @length bytes.  Failures are not kept. */
typedef enum kmd_status kmd_read_fn(struct kmd *kmd, uint64_t address, void *buffer,
				    uint64_t length, uint64_t *missing);

/* As @read does. */
enum kmd_status kmd_cached_read(struct kmd *kmd, struct kmd_cache *cache, enum kmd_space space,
				kmd_read_fn *read, uint64_t address, void *buffer, uint64_t length,
				uint64_t *missing);
void kmd_cache_deinit(struct kmd_cache *cache);

#endif
