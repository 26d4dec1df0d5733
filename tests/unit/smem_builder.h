/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* smem_builder.h - a small RAM image with an SMEM area, item 602 and a region array in it. */
#ifndef KMD_TESTS_UNIT_SMEM_BUILDER_H
#define KMD_TESTS_UNIT_SMEM_BUILDER_H

#include <kmemdump/minidump.h>
#include <stdbool.h>
#include <stdint.h>

#define RAM_BASE    0x80000000u
#define RAM_SIZE    0x50000u
#define ARRAY       0x8000u /* offsets in the image */
#define SMEM        0x30000u
#define SMEM_SIZE   0x10000u
#define TABLE       (SMEM + SMEM_SIZE - MD_SMEM_PTABLE_SIZE)
#define PART_OFFSET 0x4000u /* in the area */
#define PART        (SMEM + PART_OFFSET)
#define PART_SIZE   0x8000u
#define REGIONS     4u

/* The area to build. */
struct recipe {
	uint32_t version; /* of the header */
	bool no_table, no_info, no_item, cached;
	uint32_t cacheline;
	unsigned int before; /* items in front of 602 */
	unsigned int subsystems;
	uint32_t padding_hdr, padding_data;
	uint64_t array; /* physical */
};

struct built {
	unsigned char *ram;
	uint32_t entry, item; /* header and data of 602, in the image */
};

extern const struct recipe usual;

/* Build the image; the caller frees its memory. */
struct built build(const struct recipe *recipe);

/* Little-endian numbers. */
void put(unsigned char *at, uint64_t value, unsigned int bytes);
void put16(unsigned char *at, uint32_t value);
void put32(unsigned char *at, uint32_t value);

#endif
