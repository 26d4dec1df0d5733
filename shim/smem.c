// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Builds an SMEM area as boot firmware would: header, one global partition with
 * item 602, and the partition table in the last 4 KiB.  See drivers/soc/qcom/
 * smem.c for the layout.
 */
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "smem.h"
#include "toc.h"

#define PART_OFFSET	0x4000
#define PART_SIZE	0x4000
#define PART_CACHELINE	32
#define NR_ITEMS	(MD_SMEM_ITEM + 1)
#define INFO_OFFSET	(MD_SMEM_PTABLE_ENTRIES_OFFSET + \
			 MD_SMEM_PTABLE_ENTRY_SIZE)
#define ITEM_SIZE	(MD_GLOBAL_SUBSYSTEMS + \
			 KMD_SMEM_SUBSYSTEMS * MD_SS_SIZE)

static_assert(PART_OFFSET >= MD_SMEM_HEADER_SIZE);
static_assert(PART_OFFSET + PART_SIZE <= KMD_SMEM_SIZE - MD_SMEM_PTABLE_SIZE);

static void put32(void *at, u32 value)
{
	*(__le32 *)at = cpu_to_le32(value);
}

static void put16(void *at, u16 value)
{
	*(__le16 *)at = cpu_to_le16(value);
}

static void build_header(void *area)
{
	put32(area + MD_SMEM_VERSION_OFFSET, MD_SMEM_GLOBAL_PART_VERSION << 16);
	put32(area + MD_SMEM_FREE_OFFSET, MD_SMEM_HEADER_SIZE);
	put32(area + MD_SMEM_INITIALIZED_OFFSET, 1);
}

static void build_info(void *info, phys_addr_t pa)
{
	put32(info, MD_SMEM_INFO_MAGIC);
	put32(info + MD_SMEM_INFO_SIZE_OFFSET, KMD_SMEM_SIZE);
	put32(info + MD_SMEM_INFO_BASE_OFFSET, lower_32_bits(pa));
	put16(info + MD_SMEM_INFO_ITEMS_OFFSET, NR_ITEMS);
}

static void build_table(void *table, phys_addr_t pa)
{
	void *entry = table + MD_SMEM_PTABLE_ENTRIES_OFFSET;

	put32(entry + MD_SMEM_PTE_OFFSET, PART_OFFSET);
	put32(entry + MD_SMEM_PTE_SIZE, PART_SIZE);
	put16(entry + MD_SMEM_PTE_HOST0, MD_SMEM_GLOBAL_HOST);
	put16(entry + MD_SMEM_PTE_HOST1, MD_SMEM_GLOBAL_HOST);
	put32(entry + MD_SMEM_PTE_CACHELINE, PART_CACHELINE);
	build_info(table + INFO_OFFSET, pa);
	put32(table + MD_SMEM_PTABLE_COUNT_OFFSET, 1);
	put32(table + MD_SMEM_PTABLE_VERSION_OFFSET, MD_SMEM_PTABLE_VERSION);
	put32(table, MD_SMEM_PTABLE_MAGIC);
}

static struct kmd_md_global *build_partition(void *part)
{
	void *entry = part + MD_SMEM_PART_HEADER_SIZE;
	void *item = entry + MD_SMEM_ENTRY_HEADER_SIZE;

	put16(entry + MD_SMEM_ENTRY_CANARY, MD_SMEM_CANARY);
	put16(entry + MD_SMEM_ENTRY_ITEM, MD_SMEM_ITEM);
	put32(entry + MD_SMEM_ENTRY_SIZE, ITEM_SIZE);
	put16(part + MD_SMEM_PART_HOST0, MD_SMEM_GLOBAL_HOST);
	put16(part + MD_SMEM_PART_HOST1, MD_SMEM_GLOBAL_HOST);
	put32(part + MD_SMEM_PART_SIZE, PART_SIZE);
	put32(part + MD_SMEM_PART_FREE_UNCACHED, item + ITEM_SIZE - part);
	put32(part + MD_SMEM_PART_FREE_CACHED, PART_SIZE);
	put32(part, MD_SMEM_PART_MAGIC);
	return item;
}

/**
 * kmd_smem_build() - build the area
 * @area: KMD_SMEM_SIZE bytes, zeroed
 * @pa: its physical address
 *
 * Return: the global table of Minidump in item 602, all of whose subsystems are
 * still empty.
 */
struct kmd_md_global *kmd_smem_build(void *area, phys_addr_t pa)
{
	struct kmd_md_global *global = build_partition(area + PART_OFFSET);

	global->revision = cpu_to_le32(MD_REVISION);
	global->enabled = cpu_to_le32(1);
	global->status = cpu_to_le32(1);
	build_header(area);
	build_table(area + KMD_SMEM_SIZE - MD_SMEM_PTABLE_SIZE, pa);
	return global;
}

static u32 get32(const void *at)
{
	return le32_to_cpup((const __le32 *)at);
}

/**
 * kmd_smem_last() - what became of the kernel that built this area
 * @area: memory with any content
 *
 * Return: a text for the log; there is no dump.
 */
const char *kmd_smem_last(const void *area)
{
	const struct kmd_md_global *global =
		area + PART_OFFSET + MD_SMEM_PART_HEADER_SIZE +
		MD_SMEM_ENTRY_HEADER_SIZE;

	if (get32(area + KMD_SMEM_SIZE - MD_SMEM_PTABLE_SIZE) !=
		    MD_SMEM_PTABLE_MAGIC ||
	    get32(area + PART_OFFSET) != MD_SMEM_PART_MAGIC)
		return "memory has no trace of an earlier kernel (first boot, power was off, or memory was cleared)";
	if (!global->subsystems[MD_SS_APSS].status)
		return "the last kernel ended in order";
	return "the last kernel ended without a panic, or without copy=1, and has copied nothing";
}
