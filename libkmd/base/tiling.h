/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * tiling.h - which of several runs of a file are used.
 *
 * Writers of dumps write data one run after another.  If two entries of a table claim
 * the same bytes for different addresses, one of them is damaged: the one whose ends
 * touch no neighbour, or that overlaps more of them.
 */
#ifndef KMD_BASE_TILING_H
#define KMD_BASE_TILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kmd_tile {
	uint64_t start, end; /* bytes of the file, start < end */
	uint64_t bind;       /* address minus start: tiles of equal bind may share bytes */
	size_t owner;        /* the caller's number of it */
	bool conflict;       /* out: do not use it */
};

/*
 * Mark the tiles that contradict better ones.  If neither is better, mark both.
 * Data is expected to begin at @first and to end at @last, if anything ends there.
 * Sorts @tiles by offset; n log n.  False if memory is short.
 */
bool kmd_tiles_settle(struct kmd_tile *tiles, size_t n, uint64_t first, uint64_t last);

#endif
