/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ring.h - the ring buffer of Linux 5.10 and later, once its arrays are read.
 *
 * A record is a descriptor, an info of the same index, and a block of text that begins
 * with the descriptor's id.  Id and state of a descriptor share one variable.
 */
#ifndef KMD_LOG_RING_H
#define KMD_LOG_RING_H

#include "log/log.h"
#include "log/span.h"

/* Sizes and offsets of descriptors and infos. */
struct kmd_ring_layout {
	uint64_t word; /* size of long: 4 or 8 */
	uint64_t desc_size, state, begin, next;
	uint64_t info_size, seq, ts, text_len, caller, level;
	bool has_caller, has_level;
};

struct kmd_ring {
	struct kmd_ring_layout at;
	uint64_t n;         /* descriptors, a power of 2 */
	uint64_t text_size; /* a power of 2 */
	struct kmd_span descs, infos, text;
};

/* Records between two ids, as the kernel walks: KMD_ERR_DAMAGED if they cannot be such. */
enum kmd_status kmd_ring_walk(const struct kmd_target *target, const struct kmd_ring *ring,
			      uint64_t tail, uint64_t head, struct kmd_log *log);
/* All records that there are, where nothing tells head and tail. */
enum kmd_status kmd_ring_gather(const struct kmd_target *target, const struct kmd_ring *ring,
				struct kmd_log *log);
/* Give the text to @log, whose records point into it, and release the arrays. */
void kmd_ring_finish(struct kmd_ring *ring, struct kmd_log *log);

#endif
