/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * copy.h - the regions of a kernel that panicked, in the set-aside memory.
 *
 *	SMEM, table of regions, control, checks, image, ..., the control again
 *
 * The image is a raw dump partition ("Raw_Dmp!"): header, sections, data.  The
 * checks are two checksums for each section.  All offsets are from the start of
 * the set-aside memory.
 */
#ifndef KMD_COPY_H
#define KMD_COPY_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include <kmemdump/minidump.h>

#include "toc.h"

#define KMD_COPY_MAGIC		"KMDCOPY1"
#define KMD_COPY_MAGIC_SIZE	8
/* Of control, checks and image, on machines of any page size. */
#define KMD_COPY_ALIGN		4096

/**
 * struct kmd_copy_control - where everything is; twice, in case memory is damaged
 * @magic: written last
 * @crc: of all from @base to @crashed
 * @base: physical address of the set-aside memory
 * @first: offset of the one control
 * @last: offset of the other
 * @checks: offset of the checks
 * @image: offset of the image
 * @end: the image ends before this offset
 * @sections: number of sections and checks
 * @crashed: real time, seconds
 * @done: not 0 once the copy is finished; not covered by @crc, nor is @later
 * @later: panics that copied nothing because this dump had not been taken
 */
struct kmd_copy_control {
	char magic[KMD_COPY_MAGIC_SIZE];
	__le32 crc;
	__le32 pad;
	__le64 base;
	__le64 first;
	__le64 last;
	__le64 checks;
	__le64 image;
	__le64 end;
	__le64 sections;
	__le64 crashed;
	__le32 done;
	__le32 later;
};

#define KMD_COPY_CRC_START	offsetof(struct kmd_copy_control, base)
#define KMD_COPY_CRC_SIZE	(offsetof(struct kmd_copy_control, done) - \
				 KMD_COPY_CRC_START)

/* Of a section: @entry is of its header without the flags. */
struct kmd_copy_check {
	__le32 entry;
	__le32 data;
};

struct kmd_raw_header {
	char signature[MD_RAW_SIGNATURE_SIZE];
	__le32 version;
	__le32 flags;
	u8 pad[MD_RAW_DUMP_SIZE - MD_RAW_FLAGS - 4];
	__le64 size;
	__le64 required;
	__le32 sections;
} __packed;

struct kmd_raw_section {
	__le32 flags;
	__le32 version;
	__le32 type;
	__le64 offset;
	__le64 length;
	__le64 info;
	__le64 info2;
	char name[MD_RAW_SECTION_NAME_SIZE];
} __packed;

/* Some versions of sparse do not pack. */
#ifndef __CHECKER__
KMD_AT(kmd_raw_header, size, MD_RAW_DUMP_SIZE);
KMD_AT(kmd_raw_header, required, MD_RAW_REQUIRED_SIZE);
KMD_AT(kmd_raw_header, sections, MD_RAW_SECTION_COUNT);
static_assert(sizeof(struct kmd_raw_header) == MD_RAW_HEADER_SIZE);
KMD_AT(kmd_raw_section, offset, MD_RAW_SECTION_OFFSET);
KMD_AT(kmd_raw_section, length, MD_RAW_SECTION_LENGTH);
KMD_AT(kmd_raw_section, info, MD_RAW_SECTION_INFO);
KMD_AT(kmd_raw_section, name, MD_RAW_SECTION_NAME);
static_assert(sizeof(struct kmd_raw_section) == MD_RAW_SECTION_SIZE);
#endif

/* --- copy.c: the kernel that dies */

void kmd_crc_init(void);
u32 kmd_crc(u32 crc, const void *data, size_t size);
u32 kmd_section_crc(const struct kmd_raw_section *section);

/**
 * struct kmd_copy - what a panic needs
 * @area: the set-aside memory
 * @base: its physical address
 * @start: offset from which on it is free for the copy
 * @size: of the memory
 * @toc: the table of regions
 * @prio: priority of each slot of it
 * @held: a dump that has not been taken is there
 */
struct kmd_copy {
	void *area;
	phys_addr_t base;
	size_t start;
	size_t size;
	const struct kmd_toc *toc;
	const u8 *prio;
	bool held;
};

int kmd_copy_start(const struct kmd_copy *with);
void kmd_copy_stop(void);
void kmd_copy_release(void);

/* --- found.c: the kernel after it */

int kmd_found_look(void *area, phys_addr_t base, size_t size);
bool kmd_found_any(void);
size_t kmd_found_start(void);
void kmd_found_count_later(void);
int kmd_found_offer(void);
void kmd_found_withdraw(void);

#endif /* KMD_COPY_H */
