/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "pagetable_kit.h"

#include <stdlib.h>
#include <string.h>

#define TABLES 64

struct kmd_regions regions;
struct kmd_memory memory;
struct kmd_paging paging;
struct kmd_mappings mappings;

/* layout, byte order, page shift, bits in use, bits of the root, levels, physical bits */
const struct shape shapes[] = {
	{ "4K 39", { KMD_PA_ARM64, false, 12, 39, 39, 3, 48, 0, 0, 0, 0 } },
	{ "4K 48", { KMD_PA_ARM64, false, 12, 48, 48, 4, 48, 0, 0, 0, 0 } },
	{ "4K 48 BE", { KMD_PA_ARM64, true, 12, 48, 48, 4, 48, 0, 0, 0, 0 } },
	{ "4K 52", { KMD_PA_ARM64_L2, false, 12, 52, 52, 5, 52, 0, 0, 0, 0 } },
	{ "16K 36", { KMD_PA_ARM64, false, 14, 36, 36, 2, 48, 0, 0, 0, 0 } },
	{ "16K 47", { KMD_PA_ARM64, false, 14, 47, 47, 3, 48, 0, 0, 0, 0 } },
	{ "16K 48", { KMD_PA_ARM64, false, 14, 48, 48, 4, 48, 0, 0, 0, 0 } },
	{ "16K 52", { KMD_PA_ARM64_L2, false, 14, 52, 52, 4, 52, 0, 0, 0, 0 } },
	{ "64K 42", { KMD_PA_ARM64_64, false, 16, 42, 42, 2, 48, 0, 0, 0, 0 } },
	{ "64K 48", { KMD_PA_ARM64_64, false, 16, 48, 48, 3, 48, 0, 0, 0, 0 } },
	{ "64K 52 on 48", { KMD_PA_ARM64_64, false, 16, 48, 52, 3, 48, 0, 0, 0, 0 } },
	{ "64K 52", { KMD_PA_ARM64_64, false, 16, 52, 52, 3, 52, 0, 0, 0, 0 } },
	{ "x86 4", { KMD_PA_X86_64, false, 12, 48, 48, 4, 46, 0, 0, 0, 0 } },
	{ "x86 5", { KMD_PA_X86_64, false, 12, 57, 57, 5, 52, 0, 0, 0, 0 } },
	{ "x86 SME", { KMD_PA_X86_64, false, 12, 48, 48, 4, 46, UINT64_C(1) << 47, 0, 0, 0 } },
};
const size_t n_shapes = sizeof(shapes) / sizeof(*shapes);

static struct bytes tables[TABLES];
static uint64_t table_at[TABLES];
static size_t n_tables;

static void teardown(void)
{
	for (size_t i = 0; i < n_tables; i++)
		bytes_free(&tables[i]);
	n_tables = 0;
	kmd_mappings_deinit(&mappings);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
}

TCase *pagetable_tcase(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, NULL, teardown);
	return tcase;
}

void use(const char *name)
{
	for (size_t i = 0; i < n_shapes; i++) {
		if (strcmp(shapes[i].name, name))
			continue;
		paging = shapes[i].paging;
		paging.root = ROOT;
		paging.root_virt = ROOT_VIRT;
		return;
	}
	ck_abort_msg("no shape \"%s\"", name);
}

void set_entry(uint64_t table, size_t index, uint64_t entry)
{
	size_t i = 0;

	while (i < n_tables && table_at[i] != table)
		i++;
	if (i == n_tables) {
		ck_assert_uint_lt(n_tables, TABLES);
		table_at[n_tables++] = table;
		tables[i].big_endian = paging.big_endian;
	}
	bytes_set(&tables[i], 8 * index, entry, 8);
}

void add_bytes(uint64_t phys, size_t size)
{
	add_row(&regions, "r", phys, noise(size, 1), size);
}

void drop_rows(size_t keep)
{
	while (regions.n > keep)
		free((char *)regions.rows[--regions.n].pub.name);
}

void capture(void)
{
	for (size_t i = 0; i < n_tables; i++) {
		bytes_zero_until(&tables[i], (size_t)kmd_paging_page(&paging));
		add_row(&regions, "table", table_at[i], tables[i].at, tables[i].size);
		bytes_free(&tables[i]);
	}
	n_tables = 0;
	kmd_memory_deinit(&memory);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
}

void walk(const struct kmd_layout *known)
{
	kmd_mappings_deinit(&mappings);
	expect_ok(kmd_paging_walk(&paging, &memory, known, &diag, &mappings));
	for (size_t i = 1; i < mappings.n; i++)
		ck_assert_uint_ge(mappings.items[i].virt,
				  mappings.items[i - 1].virt + mappings.items[i - 1].size);
}

void expect_mapping(size_t index, uint64_t virt, uint64_t phys, uint64_t size)
{
	ck_assert_uint_lt(index, mappings.n);
	ck_assert_msg(mappings.items[index].virt == virt && mappings.items[index].phys == phys &&
			      mappings.items[index].size == size,
		      "mapping %zu is 0x%lx 0x%lx 0x%lx", index,
		      (unsigned long)mappings.items[index].virt,
		      (unsigned long)mappings.items[index].phys,
		      (unsigned long)mappings.items[index].size);
}
