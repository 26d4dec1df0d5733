/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* match_passes.h - the ways in which files and headers are paired. */
#ifndef KMD_REGION_JOIN_MATCH_PASSES_H
#define KMD_REGION_JOIN_MATCH_PASSES_H

#include "region/join/match_table.h"

/* match_name.c: by the segment's name (downstream), or a kernel symbol at its address. */
void kmd_match_names(struct match *match);
void kmd_match_symbols(struct match *match, bool any_size);
/* match_size.c: by size, where it leaves one choice, or all choices hold the same bytes. */
enum kmd_status kmd_match_sizes(struct match *match);

/* match_order.c: by numbers in the files' names that rise as the headers do. */
enum kmd_status kmd_match_order(struct match *match);

#endif
