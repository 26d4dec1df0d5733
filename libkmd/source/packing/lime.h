/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * lime.h - the header that LiME and AVML put before each range of RAM.
 *
 * From LiME's doc/README.md and AVML's src/image.rs; all numbers are little-endian.
 */
#ifndef KMD_SOURCE_PACKING_LIME_H
#define KMD_SOURCE_PACKING_LIME_H

#include <stdint.h>

#define KMD_LIME_MAGIC      "EMiL"
#define KMD_AVML_MAGIC      "AVML" /* version 2: the range is compressed */
#define KMD_LIME_MAGIC_SIZE 4

#define KMD_LIME_VERSION    4  /* u32 */
#define KMD_LIME_FIRST      8  /* u64, physical address of the first byte ... */
#define KMD_LIME_LAST       16 /* u64, ... and of the last one */
#define KMD_LIME_HEADER     32

struct kmd_lime_range {
	uint64_t first, last;
};

#endif
