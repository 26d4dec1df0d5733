/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "smem_builder.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

const struct recipe usual = {
	.version = MD_SMEM_GLOBAL_PART_VERSION,
	.cacheline = 32,
	.before = 1,
	.subsystems = 10,
	.array = RAM_BASE + ARRAY,
};

void put(unsigned char *at, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

void put16(unsigned char *at, uint32_t value)
{
	put(at, value, 2);
}

void put32(unsigned char *at, uint32_t value)
{
	put(at, value, 4);
}

static void build_array(unsigned char *at)
{
	static const char names[REGIONS][MD_REGION_NAME_SIZE + 1] = { "KELF", "Kvmcorein",
								      "sixteen_letters_", "Klog" };

	for (uint32_t i = 0; i < REGIONS; i++, at += MD_REGION_SIZE) {
		memcpy(at + MD_REGION_NAME, names[i], MD_REGION_NAME_SIZE);
		put32(at + MD_REGION_SEQ, i);
		put32(at + MD_REGION_VALID, i == 3 ? MD_INVALID : MD_VALID);
		put(at + MD_REGION_ADDRESS, RAM_BASE + 0x10000 + i * 0x1000, 8);
		put(at + MD_REGION_LENGTH, 0x100 + i * 4, 8);
	}
}

static void build_toc(unsigned char *at, const struct recipe *recipe)
{
	unsigned char *ss = at + MD_GLOBAL_SUBSYSTEMS;

	put32(at + MD_GLOBAL_STATUS, 1);
	put32(at + MD_GLOBAL_REVISION, MD_REVISION);
	put32(at + MD_GLOBAL_ENABLED, MD_SS_ENABLED_MAGIC);
	put32(at + 12, 0xdeadbeef); /* padding */
	put32(ss + MD_SS_STATUS, 1);
	put32(ss + MD_SS_ENABLED, MD_SS_ENABLED_MAGIC);
	put32(ss + MD_SS_ENCRYPTION_STATUS, MD_SS_ENCR_DONE);
	put32(ss + MD_SS_ENCRYPTION_REQUIRED, MD_SS_ENCR_NOTREQ);
	put32(ss + MD_SS_REGION_COUNT, REGIONS);
	put32(ss + 20, 0xdeadbeef); /* padding */
	put(ss + MD_SS_REGIONS_BASE, recipe->array, 8);
}

static uint32_t item_size(const struct recipe *recipe)
{
	return MD_GLOBAL_SUBSYSTEMS + recipe->subsystems * MD_SS_SIZE + recipe->padding_data;
}

static void build_entry(unsigned char *at, uint32_t item, uint32_t size,
			const struct recipe *recipe)
{
	put16(at + MD_SMEM_ENTRY_CANARY, MD_SMEM_CANARY);
	put16(at + MD_SMEM_ENTRY_ITEM, item);
	put32(at + MD_SMEM_ENTRY_SIZE, size);
	put16(at + MD_SMEM_ENTRY_PADDING_DATA, recipe->padding_data);
	put16(at + MD_SMEM_ENTRY_PADDING_HDR, recipe->cached ? 0 : recipe->padding_hdr);
}

static uint32_t align(uint32_t value, uint32_t to)
{
	return (value + to - 1) & ~(to - 1);
}

/* Write items 469, 470, ... and then 602; returns the end of the list in the partition. */
static uint32_t build_items(struct built *built, const struct recipe *recipe)
{
	uint32_t step = align(MD_SMEM_ENTRY_HEADER_SIZE, recipe->cacheline);
	uint32_t at = recipe->cached ? PART_SIZE : MD_SMEM_PART_HEADER_SIZE;

	for (unsigned int i = 0; i <= recipe->before; i++) {
		bool last = i == recipe->before;
		uint32_t size = last ? item_size(recipe) : 64, entry, data;

		if (recipe->cached) {
			entry = at - step;
			data = at = entry - size;
		} else {
			entry = at;
			data = at + MD_SMEM_ENTRY_HEADER_SIZE + recipe->padding_hdr;
			at = data + size;
		}
		if (last && recipe->no_item)
			break;
		build_entry(built->ram + PART + entry, last ? MD_SMEM_ITEM : 469 + i, size, recipe);
		memset(built->ram + PART + data, 0x11, size);
		if (!last)
			continue;
		memset(built->ram + PART + data, 0, size);
		built->entry = PART + entry;
		built->item = PART + data;
		build_toc(built->ram + built->item, recipe);
	}
	return at;
}

static void build_table(unsigned char *table, const struct recipe *recipe)
{
	unsigned char *entry = table + MD_SMEM_PTABLE_ENTRIES_OFFSET;
	unsigned char *info = entry + 2 * MD_SMEM_PTABLE_ENTRY_SIZE;

	put32(table, MD_SMEM_PTABLE_MAGIC);
	put32(table + MD_SMEM_PTABLE_VERSION_OFFSET, MD_SMEM_PTABLE_VERSION);
	put32(table + MD_SMEM_PTABLE_COUNT_OFFSET, 2); /* the first one is unused */
	entry += MD_SMEM_PTABLE_ENTRY_SIZE;
	put32(entry + MD_SMEM_PTE_OFFSET, PART_OFFSET);
	put32(entry + MD_SMEM_PTE_SIZE, PART_SIZE);
	put16(entry + MD_SMEM_PTE_HOST0, MD_SMEM_GLOBAL_HOST);
	put16(entry + MD_SMEM_PTE_HOST1, MD_SMEM_GLOBAL_HOST);
	put32(entry + MD_SMEM_PTE_CACHELINE, recipe->cacheline);
	if (recipe->no_info)
		return;
	put32(info, MD_SMEM_INFO_MAGIC);
	put32(info + MD_SMEM_INFO_SIZE_OFFSET, SMEM_SIZE);
	put32(info + MD_SMEM_INFO_BASE_OFFSET, RAM_BASE + SMEM);
	put16(info + MD_SMEM_INFO_ITEMS_OFFSET, 640);
}

static void build_header(unsigned char *at, const struct recipe *recipe)
{
	put32(at + MD_SMEM_VERSION_OFFSET, recipe->version << 16);
	put32(at + MD_SMEM_INITIALIZED_OFFSET, 1);
	/* One item of the heap. */
	put32(at + MD_SMEM_TOC_OFFSET + MD_SMEM_TOC_ALLOCATED, 1);
	put32(at + MD_SMEM_TOC_OFFSET + MD_SMEM_TOC_ENTRY_OFFSET, MD_SMEM_HEADER_SIZE);
	put32(at + MD_SMEM_TOC_OFFSET + MD_SMEM_TOC_ENTRY_LENGTH, 64);
}

struct built build(const struct recipe *recipe)
{
	struct built built = { .ram = calloc(1, RAM_SIZE) };
	unsigned char *part;
	uint32_t end;

	ck_assert_ptr_nonnull(built.ram);
	build_header(built.ram + SMEM, recipe);
	build_array(built.ram + ARRAY);
	if (recipe->no_table)
		return built;
	build_table(built.ram + TABLE, recipe);
	part = built.ram + PART;
	put32(part, MD_SMEM_PART_MAGIC);
	put16(part + MD_SMEM_PART_HOST0, MD_SMEM_GLOBAL_HOST);
	put16(part + MD_SMEM_PART_HOST1, MD_SMEM_GLOBAL_HOST);
	put32(part + MD_SMEM_PART_SIZE, PART_SIZE);
	end = build_items(&built, recipe);
	put32(part + MD_SMEM_PART_FREE_UNCACHED, recipe->cached ? MD_SMEM_PART_HEADER_SIZE : end);
	put32(part + MD_SMEM_PART_FREE_CACHED, recipe->cached ? end : PART_SIZE);
	return built;
}
