/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* smem.c - the shared memory area with the Minidump table of contents, and RAM round it. */
#include "mkdump.h"

#include <kmemdump/minidump.h>

#include <string.h>

/*
 * form smem and ram options: smem (address), smem-size, version, items, siii=no,
 * list=cached, cacheline, subsystems, array (address of the region array),
 * item=global|private|heap (where the Minidump table is); ram only: base, size.
 *
 * The area: header, a partition of APPS and modem at 0x3000, the global one at
 * 0x4000, partition table in the last 4 KiB with an unused slot between both.
 * Version 11 has a heap instead of the global one; without item= nothing but its header.
 */
#define PEER_AT     0x3000
#define PEER_SIZE   0x1000
#define GLOBAL_AT   0x4000
#define GLOBAL_SIZE 0x4000
#define DECOY_ITEM  10
#define HEAP_DATA   0x2800

struct area {
	struct bytes *out;
	uint64_t at, phys, size; /* at: in the file */
};

static void smem_header(struct recipe *recipe, const struct area *area)
{
	const uint64_t version = option_number(recipe, "version", MD_SMEM_GLOBAL_PART_VERSION);
	struct bytes *out = area->out;
	const uint64_t at = area->at;

	field(recipe, out, at + MD_SMEM_VERSION_OFFSET, 4, version << 16 | 1, "smem.version");
	field(recipe, out, at + MD_SMEM_INITIALIZED_OFFSET, 4, 1, "smem.initialized");
	field(recipe, out, at + MD_SMEM_FREE_OFFSET, 4, MD_SMEM_HEADER_SIZE, "smem.free");
	field(recipe, out, at + MD_SMEM_AVAILABLE_OFFSET, 4, PEER_AT - MD_SMEM_HEADER_SIZE,
	      "smem.available");
	field(recipe, out, at + MD_SMEM_RESERVED_OFFSET, 4, 0, "smem.reserved");
}

struct slot {
	uint64_t offset, size, host0, host1;
};

static void table_slot(struct recipe *recipe, const struct area *area, uint64_t table,
		       unsigned int i, const struct slot *slot)
{
	const uint64_t at = table + MD_SMEM_PTABLE_ENTRIES_OFFSET + i * MD_SMEM_PTABLE_ENTRY_SIZE;
	const uint64_t cacheline = option_number(recipe, "cacheline", 64);
	struct bytes *out = area->out;

	field(recipe, out, at + MD_SMEM_PTE_OFFSET, 4, slot->offset, "ptable[%u].offset", i);
	field(recipe, out, at + MD_SMEM_PTE_SIZE, 4, slot->size, "ptable[%u].size", i);
	field(recipe, out, at + MD_SMEM_PTE_FLAGS, 4, 0, "ptable[%u].flags", i);
	field(recipe, out, at + MD_SMEM_PTE_HOST0, 2, slot->host0, "ptable[%u].host0", i);
	field(recipe, out, at + MD_SMEM_PTE_HOST1, 2, slot->host1, "ptable[%u].host1", i);
	field(recipe, out, at + MD_SMEM_PTE_CACHELINE, 4, slot->size ? cacheline : 0,
	      "ptable[%u].cacheline", i);
}

static const struct slot peer_slot = { PEER_AT, PEER_SIZE, 0, 1 };
static const struct slot global_slot = { GLOBAL_AT, GLOBAL_SIZE, MD_SMEM_GLOBAL_HOST,
					 MD_SMEM_GLOBAL_HOST };

static bool has_global(struct recipe *recipe)
{
	return option_number(recipe, "version", MD_SMEM_GLOBAL_PART_VERSION) ==
	       MD_SMEM_GLOBAL_PART_VERSION;
}

static bool item_is_in(struct recipe *recipe, const char *where)
{
	return !strcmp(option_text(recipe, "item", "global"), where);
}

static void partition_table(struct recipe *recipe, const struct area *area)
{
	const struct slot unused = { 0, 0, 0, 0 };
	const struct slot *const slots[] = { &peer_slot, &unused,
					     has_global(recipe) ? &global_slot : &unused };
	const uint64_t table = area->at + area->size - MD_SMEM_PTABLE_SIZE;
	const uint64_t info = table + MD_SMEM_PTABLE_ENTRIES_OFFSET + 3 * MD_SMEM_PTABLE_ENTRY_SIZE;
	struct bytes *out = area->out;

	field(recipe, out, table, 4, MD_SMEM_PTABLE_MAGIC, "ptable.magic");
	field(recipe, out, table + MD_SMEM_PTABLE_VERSION_OFFSET, 4, MD_SMEM_PTABLE_VERSION,
	      "ptable.version");
	field(recipe, out, table + MD_SMEM_PTABLE_COUNT_OFFSET, 4, 3, "ptable.count");
	for (unsigned int i = 0; i < 3; i++)
		table_slot(recipe, area, table, i, slots[i]);
	if (!strcmp(option_text(recipe, "siii", "yes"), "no"))
		return;
	field(recipe, out, info, 4, MD_SMEM_INFO_MAGIC, "siii.magic");
	field(recipe, out, info + MD_SMEM_INFO_SIZE_OFFSET, 4, area->size, "siii.size");
	field(recipe, out, info + MD_SMEM_INFO_BASE_OFFSET, 4, area->phys, "siii.base");
	field(recipe, out, info + MD_SMEM_INFO_ITEMS_OFFSET, 2,
	      option_number(recipe, "items", 1024), "siii.items");
}

static void partition(struct recipe *recipe, const struct area *area, const struct slot *slot,
		      uint64_t free_uncached, uint64_t free_cached, const char *label)
{
	const uint64_t at = area->at + slot->offset;
	struct bytes *out = area->out;

	field(recipe, out, at, 4, MD_SMEM_PART_MAGIC, "%s.magic", label);
	field(recipe, out, at + MD_SMEM_PART_HOST0, 2, slot->host0, "%s.host0", label);
	field(recipe, out, at + MD_SMEM_PART_HOST1, 2, slot->host1, "%s.host1", label);
	field(recipe, out, at + MD_SMEM_PART_SIZE, 4, slot->size, "%s.size", label);
	field(recipe, out, at + MD_SMEM_PART_FREE_UNCACHED, 4, free_uncached, "%s.free_uncached",
	      label);
	field(recipe, out, at + MD_SMEM_PART_FREE_CACHED, 4, free_cached, "%s.free_cached", label);
}

struct item {
	uint64_t number, size, padding_data, padding_header;
};

static void item_header(struct recipe *recipe, struct bytes *out, uint64_t at,
			const struct item *item)
{
	const unsigned long long i = item->number;

	field(recipe, out, at + MD_SMEM_ENTRY_CANARY, 2, MD_SMEM_CANARY, "item[%llu].canary", i);
	field(recipe, out, at + MD_SMEM_ENTRY_ITEM, 2, item->number, "item[%llu].item", i);
	field(recipe, out, at + MD_SMEM_ENTRY_SIZE, 4, item->size, "item[%llu].size", i);
	field(recipe, out, at + MD_SMEM_ENTRY_PADDING_DATA, 2, item->padding_data,
	      "item[%llu].padding_data", i);
	field(recipe, out, at + MD_SMEM_ENTRY_PADDING_HDR, 2, item->padding_header,
	      "item[%llu].padding_header", i);
}

/* All zero: no other processor has registered anything, unless the recipe sets fields. */
static void other_subsystem(struct recipe *recipe, struct bytes *out, uint64_t at, unsigned int i)
{
	field(recipe, out, at + MD_SS_STATUS, 4, 0, "ss[%u].status", i);
	field(recipe, out, at + MD_SS_ENABLED, 4, 0, "ss[%u].enabled", i);
	field(recipe, out, at + MD_SS_ENCRYPTION_STATUS, 4, 0, "ss[%u].encryption_status", i);
	field(recipe, out, at + MD_SS_ENCRYPTION_REQUIRED, 4, 0, "ss[%u].encryption_required", i);
	field(recipe, out, at + MD_SS_REGION_COUNT, 4, 0, "ss[%u].count", i);
	field(recipe, out, at + MD_SS_REGIONS_BASE, 8, 0, "ss[%u].base", i);
}

static void toc(struct recipe *recipe, struct bytes *out, uint64_t at, uint64_t rows,
		uint64_t array)
{
	const uint64_t subsystems = option_number(recipe, "subsystems", 10);
	const uint64_t apss = at + MD_GLOBAL_SUBSYSTEMS + MD_SS_APSS * MD_SS_SIZE;

	name_place(recipe, out, at, "data.toc");
	field(recipe, out, at + MD_GLOBAL_STATUS, 4, 1, "toc.status");
	field(recipe, out, at + MD_GLOBAL_REVISION, 4, MD_REVISION, "toc.revision");
	field(recipe, out, at + MD_GLOBAL_ENABLED, 4, MD_SS_ENABLED_MAGIC, "toc.enabled");
	field(recipe, out, apss + MD_SS_STATUS, 4, 1, "apss.status");
	field(recipe, out, apss + MD_SS_ENABLED, 4, MD_SS_ENABLED_MAGIC, "apss.enabled");
	field(recipe, out, apss + MD_SS_ENCRYPTION_STATUS, 4, MD_SS_ENCR_DONE,
	      "apss.encryption_status");
	field(recipe, out, apss + MD_SS_ENCRYPTION_REQUIRED, 4, MD_SS_ENCR_NOTREQ,
	      "apss.encryption_required");
	field(recipe, out, apss + MD_SS_REGION_COUNT, 4, rows, "apss.count");
	field(recipe, out, apss + MD_SS_REGIONS_BASE, 8, array, "apss.base");
	for (unsigned int i = MD_SS_APSS + 1; i < subsystems; i++)
		other_subsystem(recipe, out, at + MD_GLOBAL_SUBSYSTEMS + i * MD_SS_SIZE, i);
}

static uint64_t count_rows(const struct recipe *recipe)
{
	uint64_t n = 0;

	for (size_t i = 0; i < recipe->n_regions; i++)
		n += (recipe->regions[i]->listed_in & IN_TABLE) != 0;
	return n;
}

/*
 * Item 602 behind a decoy with both kinds of padding; the uncached list grows up
 * from the partition's header, the cached one down from its end with each header
 * behind its data.
 */
static void item_partition(struct recipe *recipe, const struct area *area, const struct slot *slot,
			   const char *label, uint64_t array)
{
	const bool cached = !strcmp(option_text(recipe, "list", "uncached"), "cached");
	const uint64_t subsystems = option_number(recipe, "subsystems", 10);
	const uint64_t entry =
		cached ? round_up(MD_SMEM_ENTRY_HEADER_SIZE, option_number(recipe, "cacheline", 64))
		       : MD_SMEM_ENTRY_HEADER_SIZE;
	const struct item decoy = { DECOY_ITEM, 32, 4, cached ? 0 : 8 };
	const struct item item = { MD_SMEM_ITEM, MD_GLOBAL_SUBSYSTEMS + subsystems * MD_SS_SIZE, 0,
				   0 };
	const uint64_t start = area->at + slot->offset;
	uint64_t first = start + MD_SMEM_PART_HEADER_SIZE, second, data, used;

	if (cached) {
		first = start + slot->size - entry;
		second = first - decoy.size - entry;
		data = second - item.size;
		used = data - start;
		partition(recipe, area, slot, MD_SMEM_PART_HEADER_SIZE, used, label);
	} else {
		second = first + entry + decoy.padding_header + decoy.size;
		data = second + entry;
		used = data + item.size - start;
		partition(recipe, area, slot, used, slot->size, label);
	}
	item_header(recipe, area->out, first, &decoy);
	item_header(recipe, area->out, second, &item);
	toc(recipe, area->out, data, count_rows(recipe), array);
}

static void heap_entry(struct recipe *recipe, const struct area *area, unsigned int i,
		       uint64_t offset, uint64_t size)
{
	const uint64_t at = area->at + MD_SMEM_TOC_OFFSET + i * MD_SMEM_TOC_ENTRY_SIZE;
	struct bytes *out = area->out;

	field(recipe, out, at + MD_SMEM_TOC_ALLOCATED, 4, 1, "heap[%u].allocated", i);
	field(recipe, out, at + MD_SMEM_TOC_ENTRY_OFFSET, 4, offset, "heap[%u].offset", i);
	field(recipe, out, at + MD_SMEM_TOC_ENTRY_LENGTH, 4, size, "heap[%u].size", i);
	field(recipe, out, at + MD_SMEM_TOC_AUX_BASE, 4, 0, "heap[%u].aux", i);
}

/* Its items are listed in the header; item 602 only in one that is longer than Linux knows. */
static void heap(struct recipe *recipe, const struct area *area, uint64_t array)
{
	const uint64_t subsystems = option_number(recipe, "subsystems", 10);
	const uint64_t size = MD_GLOBAL_SUBSYSTEMS + subsystems * MD_SS_SIZE;

	heap_entry(recipe, area, DECOY_ITEM, HEAP_DATA, 32);
	if (!item_is_in(recipe, "heap"))
		return;
	heap_entry(recipe, area, MD_SMEM_ITEM, HEAP_DATA + 32, size);
	toc(recipe, area->out, area->at + HEAP_DATA + 32, count_rows(recipe), array);
}

static void empty_partition(struct recipe *recipe, const struct area *area, const struct slot *slot,
			    const char *label)
{
	partition(recipe, area, slot, MD_SMEM_PART_HEADER_SIZE, slot->size, label);
}

static void make_area(struct recipe *recipe, const struct area *area, uint64_t array)
{
	const bool global = has_global(recipe);

	bytes_write(area->out, area->at + area->size, NULL, 0);
	smem_header(recipe, area);
	if (!global && item_is_in(recipe, "global"))
		return;
	partition_table(recipe, area);
	if (item_is_in(recipe, "private"))
		item_partition(recipe, area, &peer_slot, "peer", array);
	else
		empty_partition(recipe, area, &peer_slot, "peer");
	if (!global)
		heap(recipe, area, array);
	else if (item_is_in(recipe, "global"))
		item_partition(recipe, area, &global_slot, "part", array);
	else
		empty_partition(recipe, area, &global_slot, "part");
}

void make_smem(struct recipe *recipe)
{
	const struct area area = { &add_file(recipe, "smem")->bytes, 0,
				   option_number(recipe, "smem", 0x80900000),
				   option_number(recipe, "smem-size", 0x10000) };

	make_area(recipe, &area, option_number(recipe, "array", 0x81234000));
}

static void array_row(struct recipe *recipe, struct bytes *out, uint64_t at, unsigned int i,
		      const struct region *region)
{
	const size_t length = strlen(region->name);
	const size_t room = MD_REGION_NAME_SIZE;

	bytes_write(out, at, region->name, length < room ? length : room);
	name_place(recipe, out, at, "region[%u].name", i);
	field(recipe, out, at + MD_REGION_SEQ, 4, region->seq, "region[%u].seq", i);
	field(recipe, out, at + MD_REGION_VALID, 4, region->state, "region[%u].valid", i);
	field(recipe, out, at + MD_REGION_ADDRESS, 8, region->table_phys, "region[%u].address", i);
	field(recipe, out, at + MD_REGION_LENGTH, 8, region->table_size, "region[%u].size", i);
}

/* The regions at their addresses, and the array that describes them. */
static void ram_regions(struct recipe *recipe, struct bytes *out, uint64_t base, uint64_t array)
{
	unsigned int row = 0;

	for (size_t i = 0; i < recipe->n_regions; i++) {
		struct region *region = recipe->regions[i];

		if (region->listed_in & IN_TABLE)
			array_row(recipe, out, array - base + row * MD_REGION_SIZE, row, region);
		row += (region->listed_in & IN_TABLE) != 0;
		if (region->listed_in & IN_FILE)
			place_region(recipe, out, region->phys - base, region);
	}
}

/* RAM with an SMEM area. */
void make_ram(struct recipe *recipe)
{
	const uint64_t base = option_number(recipe, "base", 0x40000000);
	const uint64_t smem = option_number(recipe, "smem", base + 0x20000);
	const uint64_t array = option_number(recipe, "array", base + 0x10000);
	struct bytes *out = &add_file(recipe, "ram")->bytes;
	const struct area area = { out, smem - base, smem,
				   option_number(recipe, "smem-size", 0x10000) };

	bytes_write(out, option_number(recipe, "size", 0x100000), NULL, 0);
	make_area(recipe, &area, array);
	ram_regions(recipe, out, base, array);
}

/*
 * RAM with Rockchip's table; options base, size, array, table.  The kernel has written it, and asks
 * for encryption, as it always does.
 */
void make_rockchip(struct recipe *recipe)
{
	const uint64_t base = option_number(recipe, "base", 0x40000000);
	const uint64_t array = option_number(recipe, "array", base + 0x10000);
	const uint64_t table = option_number(recipe, "table", base + 0x8000) - base;
	const uint64_t apss = table + MD_GLOBAL_SUBSYSTEMS;
	struct bytes *out = &add_file(recipe, "ram")->bytes;

	bytes_write(out, option_number(recipe, "size", 0x100000), NULL, 0);
	field(recipe, out, table + MD_GLOBAL_STATUS, 4, 1, "toc.status");
	field(recipe, out, table + MD_GLOBAL_REVISION, 4, MD_REVISION, "toc.revision");
	field(recipe, out, table + MD_GLOBAL_ENABLED, 4, 0, "toc.enabled");
	field(recipe, out, apss + MD_SS_STATUS, 4, 1, "apss.status");
	field(recipe, out, apss + MD_SS_ENABLED, 4, MD_SS_ENABLED_MAGIC, "apss.enabled");
	field(recipe, out, apss + MD_SS_ENCRYPTION_STATUS, 4, MD_SS_ENCR_NONE,
	      "apss.encryption_status");
	field(recipe, out, apss + MD_SS_ENCRYPTION_REQUIRED, 4, MD_SS_ENCR_REQUIRED,
	      "apss.encryption_required");
	field(recipe, out, apss + MD_SS_REGION_COUNT, 4, count_rows(recipe), "apss.count");
	field(recipe, out, apss + MD_SS_REGIONS_BASE, 8, array, "apss.base");
	field(recipe, out, apss + MD_ROCKCHIP_ELF_HEADER, 8, base + table, "apss.elf");
	field(recipe, out, apss + MD_ROCKCHIP_ELF_SIZE, 8, 0, "apss.elf_size");
	field(recipe, out, apss + MD_ROCKCHIP_TABLE, 8, base + 0x4000, "apss.table");
	ram_regions(recipe, out, base, array);
}
