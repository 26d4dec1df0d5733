// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * On panic, copies the regions into the set-aside memory, the most important first.
 *
 * The machine may be reset at any moment, so a section counts from the moment
 * that its flag is set, which is after its bytes and their checksum.  All of this
 * runs in a dying kernel, possibly in NMI: no locks, no allocation.  Other CPUs
 * are stopped, if they could be.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "copy.h"

#define CHUNK		SZ_4K
#define CRC_POLYNOMIAL	0xedb88320

static u32 crc_table[256];
static struct kmd_copy copy;
/* Bytes and checksum must agree, even if the memory changes meanwhile. */
static u8 bounce[CHUNK];
static atomic_t copying = ATOMIC_INIT(0);

void kmd_crc_init(void)
{
	unsigned int i, bit;
	u32 crc;

	for (i = 0; i < ARRAY_SIZE(crc_table); i++) {
		crc = i;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
		crc_table[i] = crc;
	}
}

/* CRC-32 as zlib has it; a kernel may lack its own. */
u32 kmd_crc(u32 crc, const void *data, size_t size)
{
	const u8 *at = data;

	crc = ~crc;
	while (size--)
		crc = crc_table[(crc ^ *at++) & 0xff] ^ crc >> 8;
	return ~crc;
}

u32 kmd_section_crc(const struct kmd_raw_section *section)
{
	return kmd_crc(0, (const void *)section + sizeof(section->flags),
		       sizeof(*section) - sizeof(section->flags));
}

static size_t last_control(void)
{
	return copy.size - KMD_COPY_ALIGN;
}

static u32 nr_rows(void)
{
	u32 count = le32_to_cpu(READ_ONCE(copy.toc->subsystem->region_count));

	return min(count, copy.toc->backend.max_regions);
}

static bool is_valid(u32 slot)
{
	return READ_ONCE(copy.toc->regions[slot].valid) == cpu_to_le32(MD_VALID);
}

static u32 count_valid(void)
{
	u32 slot, nr = 0;

	for (slot = 0; slot < nr_rows(); slot++)
		nr += is_valid(slot);
	return nr;
}

static void *section_at(const struct kmd_copy_control *control, u32 index)
{
	return copy.area + le64_to_cpu(control->image) + MD_RAW_HEADER_SIZE +
	       (size_t)index * MD_RAW_SECTION_SIZE;
}

static struct kmd_copy_check *check_at(const struct kmd_copy_control *control,
				       u32 index)
{
	struct kmd_copy_check *checks =
		copy.area + le64_to_cpu(control->checks);

	return checks + index;
}

static void name_section(struct kmd_raw_section *section,
			 const struct kmd_md_region *row)
{
	char name[MD_REGION_NAME_SIZE + 32] = "";
	int len = strnlen(row->name, sizeof(row->name));

	if (row->seq)
		scnprintf(name, sizeof(name), "md_%.*s%u.BIN", len, row->name,
			  le32_to_cpu(row->seq));
	else
		scnprintf(name, sizeof(name), "md_%.*s.BIN", len, row->name);
	memcpy(section->name, name, sizeof(section->name));
}

/* Where the next section's data begins; @at and @end are offsets in the image. */
static u64 plan_section(const struct kmd_copy_control *control, u32 index,
			const struct kmd_md_region *row, u64 at, u64 end)
{
	u64 size = le64_to_cpu(row->size);
	struct kmd_raw_section section = {
		.version = cpu_to_le32(MD_RAW_VERSION_QCOM),
		.type = cpu_to_le32(MD_RAW_TYPE_SV),
		.offset = cpu_to_le64(at),
		.info = row->address,
	};

	/* Later ones may be smaller, and fit. */
	if (size > end - at)
		section.flags = cpu_to_le32(MD_RAW_INSUFFICIENT);
	else
		section.length = row->size;
	name_section(&section, row);
	memcpy(section_at(control, index), &section, sizeof(section));
	check_at(control, index)->entry = cpu_to_le32(kmd_section_crc(&section));
	return at + le64_to_cpu(section.length);
}

/* The number of sections. */
static u32 plan_sections(const struct kmd_copy_control *control, u32 nr)
{
	u64 at = MD_RAW_HEADER_SIZE + (u64)nr * MD_RAW_SECTION_SIZE;
	u64 end = le64_to_cpu(control->end) - le64_to_cpu(control->image);
	struct kmd_md_region row;
	u32 slot, index = 0;
	int prio;

	for (prio = 0; prio < KMEMDUMP_NR_PRIO; prio++) {
		for (slot = 0; slot < nr_rows() && index < nr; slot++) {
			if (copy.prio[slot] != prio || !is_valid(slot))
				continue;
			row = copy.toc->regions[slot];
			at = plan_section(control, index++, &row, at, end);
		}
	}
	return index;
}

static void plan_header(const struct kmd_copy_control *control, u32 nr)
{
	struct kmd_raw_header header = {
		.version = cpu_to_le32(MD_RAW_VERSION_QCOM),
		.flags = cpu_to_le32(MD_RAW_VALID),
		.sections = cpu_to_le32(nr),
	};

	memcpy(header.signature, MD_RAW_SIGNATURE, sizeof(header.signature));
	memcpy(copy.area + le64_to_cpu(control->image), &header, sizeof(header));
}

static void put_control(size_t at, const struct kmd_copy_control *control)
{
	void *to = copy.area + at;

	memcpy(to + KMD_COPY_MAGIC_SIZE,
	       (const void *)control + KMD_COPY_MAGIC_SIZE,
	       sizeof(*control) - KMD_COPY_MAGIC_SIZE);
	wmb(); /* the magic says that all before it is there */
	memcpy(to, KMD_COPY_MAGIC, KMD_COPY_MAGIC_SIZE);
	wmb(); /* before any data */
}

/* True if there is room for at least one section. */
static bool plan(struct kmd_copy_control *control)
{
	u32 nr = count_valid();
	size_t checks = copy.start + KMD_COPY_ALIGN;
	size_t image = ALIGN(checks + nr * sizeof(struct kmd_copy_check),
			     KMD_COPY_ALIGN);

	if (!nr || image + MD_RAW_HEADER_SIZE +
		   (nr + 1) * MD_RAW_SECTION_SIZE > last_control())
		return false;
	control->base = cpu_to_le64(copy.base);
	control->first = cpu_to_le64(copy.start);
	control->last = cpu_to_le64(last_control());
	control->checks = cpu_to_le64(checks);
	control->image = cpu_to_le64(image);
	control->end = control->last;
	control->crashed = cpu_to_le64(div_u64(ktime_get_real_fast_ns(), NSEC_PER_SEC));
	nr = plan_sections(control, nr);
	plan_header(control, nr);
	control->sections = cpu_to_le64(nr);
	control->crc = cpu_to_le32(kmd_crc(
		0, (void *)control + KMD_COPY_CRC_START, KMD_COPY_CRC_SIZE));
	put_control(copy.start, control);
	put_control(last_control(), control);
	return true;
}

/* Memory that is not the kernel's, or not mapped, is not read. */
static bool read_chunk(phys_addr_t pa, size_t len)
{
	void *from = __va(pa);

	return virt_addr_valid(from) &&
	       !copy_from_kernel_nofault(bounce, from, len);
}

static bool copy_section(const struct kmd_copy_control *control, u32 index)
{
	struct kmd_raw_section section;
	struct kmd_copy_check *check = check_at(control, index);
	void *to = copy.area + le64_to_cpu(control->image);
	u64 left, len;
	phys_addr_t pa;
	u32 crc = 0;

	memcpy(&section, section_at(control, index), sizeof(section));
	if (section.flags)
		return false;
	to += le64_to_cpu(section.offset);
	pa = le64_to_cpu(section.info);
	for (left = le64_to_cpu(section.length); left; left -= len) {
		len = min_t(u64, left, CHUNK - (pa & (CHUNK - 1)));
		if (!read_chunk(pa, len))
			return false;
		crc = kmd_crc(crc, bounce, len);
		memcpy(to, bounce, len);
		to += len;
		pa += len;
	}
	check->data = cpu_to_le32(crc);
	wmb(); /* all of it before it counts */
	section.flags = cpu_to_le32(MD_RAW_VALID);
	memcpy(section_at(control, index), &section.flags, sizeof(section.flags));
	wmb(); /* before the next one */
	return true;
}

static void finish(size_t at)
{
	struct kmd_copy_control *control = copy.area + at;

	WRITE_ONCE(control->done, cpu_to_le32(1));
	wmb(); /* the machine may be reset now */
}

static void copy_all(void)
{
	struct kmd_copy_control control = {};
	u32 index, nr, done = 0;

	memset(copy.area + copy.start, 0, sizeof(control));
	memset(copy.area + last_control(), 0, sizeof(control));
	wmb(); /* no old control before new sections */
	if (!plan(&control)) {
		pr_emerg("nothing is copied: no regions, or no room\n");
		return;
	}
	nr = le64_to_cpu(control.sections);
	for (index = 0; index < nr; index++)
		done += copy_section(&control, index);
	finish(copy.start);
	finish(last_control());
	pr_emerg("copied %u of %u regions\n", done, nr);
}

static int on_panic(struct notifier_block *nb, unsigned long event, void *data)
{
	if (atomic_xchg(&copying, 1))
		return NOTIFY_DONE;
	/* The first crash matters more than those that follow. */
	if (READ_ONCE(copy.held)) {
		kmd_found_count_later();
		pr_emerg("nothing is copied: the dump of an earlier crash has not been taken\n");
		return NOTIFY_DONE;
	}
	pr_emerg("copying the regions to 0x%llx\n",
		 (unsigned long long)copy.base + copy.start);
	copy_all();
	return NOTIFY_DONE;
}

/* Others may never return, or reset the machine. */
static struct notifier_block at_panic = {
	.notifier_call = on_panic,
	.priority = INT_MAX,
};

int kmd_copy_start(const struct kmd_copy *with)
{
	if (with->start + 4 * KMD_COPY_ALIGN > with->size)
		return -ENOSPC;
	copy = *with;
	return atomic_notifier_chain_register(&panic_notifier_list, &at_panic);
}

void kmd_copy_stop(void)
{
	if (copy.area)
		atomic_notifier_chain_unregister(&panic_notifier_list,
						 &at_panic);
	copy.area = NULL;
}

/* The dump of the last kernel has been taken. */
void kmd_copy_release(void)
{
	WRITE_ONCE(copy.held, false);
}
