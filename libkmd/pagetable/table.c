/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "pagetable/table.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

bool kmd_table_init(struct kmd_table *table, size_t size, size_t entry)
{
	*table = (struct kmd_table){ .size = size, .entry = entry };
	table->bytes = calloc(1, size);
	table->known = calloc(1, size);
	if (table->bytes && table->known)
		return true;
	kmd_table_deinit(table);
	return false;
}

void kmd_table_deinit(struct kmd_table *table)
{
	free(table->bytes);
	free(table->known);
	memset(table, 0, sizeof(*table));
}

enum kmd_status kmd_table_load(struct kmd_table *table, const struct kmd_memory *memory,
			       uint64_t phys, struct kmd_diag *diag)
{
	uint64_t end = phys + table->size, missing;
	enum kmd_status status = KMD_OK;

	memset(table->bytes, 0, table->size);
	memset(table->known, 0, table->size);
	table->phys = phys;
	table->n_known = 0;
	for (size_t i = kmd_intervals_find(memory->phys, memory->n_phys, phys);
	     status == KMD_OK && i < memory->n_phys && memory->phys[i].start < end; i++) {
		uint64_t from = kmd_max_u64(phys, memory->phys[i].start);
		size_t size = (size_t)(kmd_min_u64(end, memory->phys[i].end) - from);

		status = kmd_memory_read(memory, from, table->bytes + (from - phys), size, &missing,
					 diag);
		memset(table->known + (from - phys), 1, size);
		table->n_known += size;
	}
	return status;
}

bool kmd_table_captured(const struct kmd_memory *memory, uint64_t phys, uint64_t size)
{
	size_t at = kmd_intervals_find(memory->phys, memory->n_phys, phys);

	return at < memory->n_phys && memory->phys[at].start < phys + size;
}

static size_t known_of(const struct kmd_table *table, size_t index)
{
	size_t n = 0;

	if (table->n_known == table->size)
		return table->entry;
	for (size_t i = 0; i < table->entry; i++)
		n += table->known[index * table->entry + i];
	return n;
}

bool kmd_table_is_free(const struct kmd_table *table, size_t index)
{
	return !known_of(table, index);
}

static size_t byte_of(const struct kmd_paging *paging, const struct kmd_table *table, size_t index,
		      size_t i)
{
	return index * table->entry + (paging->big_endian ? table->entry - 1 - i : i);
}

bool kmd_table_get(const struct kmd_paging *paging, const struct kmd_table *table, size_t index,
		   uint64_t *entry)
{
	*entry = 0;
	for (size_t i = 0; i < table->entry; i++)
		*entry |= (uint64_t)table->bytes[byte_of(paging, table, index, i)] << 8 * i;
	return known_of(table, index) == table->entry;
}

void kmd_table_set(const struct kmd_paging *paging, struct kmd_table *table, size_t index,
		   uint64_t entry)
{
	for (size_t i = 0; i < table->entry; i++)
		table->bytes[byte_of(paging, table, index, i)] = (unsigned char)(entry >> 8 * i);
}
