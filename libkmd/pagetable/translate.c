/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "pagetable/table.h"

static size_t index_of(const struct kmd_paging *paging, unsigned int level, uint64_t virt)
{
	size_t first, n = kmd_paging_entries(paging, level, &first);

	return (size_t)(virt >> kmd_paging_shift(paging, level)) & (n - 1);
}

/* The entry for @virt in the table at @phys; false if it was not captured. */
static enum kmd_status entry_at(const struct kmd_paging *paging, const struct kmd_memory *memory,
				uint64_t phys, bool *found, uint64_t *entry, struct kmd_diag *diag)
{
	unsigned char bytes[8];
	size_t size = kmd_paging_entry_size(paging);
	uint64_t missing;
	enum kmd_status status = kmd_memory_read(memory, phys, bytes, size, &missing, diag);

	*found = status == KMD_OK;
	*entry = 0;
	for (size_t i = 0; *found && i < size; i++)
		*entry |= (uint64_t)bytes[paging->big_endian ? size - 1 - i : i] << 8 * i;
	return status == KMD_ERR_NOT_FOUND ? KMD_OK : status;
}

enum kmd_status kmd_paging_translate(const struct kmd_paging *paging,
				     const struct kmd_memory *memory, uint64_t virt, bool *found,
				     uint64_t *phys, struct kmd_diag *diag)
{
	bool captured;

	return kmd_paging_look(paging, memory, virt, &captured, found, phys, diag);
}

enum kmd_status kmd_paging_look(const struct kmd_paging *paging, const struct kmd_memory *memory,
				uint64_t virt, bool *captured, bool *found, uint64_t *phys,
				struct kmd_diag *diag)
{
	uint64_t table = paging->root, entry;

	*found = false;
	*captured = true;
	for (unsigned int level = 0; virt >= kmd_paging_base(paging) && level < paging->levels;
	     level++) {
		uint64_t offset = virt & ((UINT64_C(1) << kmd_paging_shift(paging, level)) - 1);
		enum kmd_entry_kind kind;
		enum kmd_status status = entry_at(paging, memory,
						  table + kmd_paging_entry_size(paging) *
								  index_of(paging, level, virt),
						  captured, &entry, diag);

		if (status != KMD_OK || !*captured)
			return status;
		kind = kmd_entry_decode(paging, level, entry, &table);
		*found = kind == KMD_ENTRY_LEAF;
		*phys = table + offset;
		if (kind != KMD_ENTRY_TABLE)
			break;
	}
	return KMD_OK;
}

static enum kmd_entry_kind decode_at(const struct kmd_paging *paging,
				     const struct kmd_memory *memory, unsigned int level,
				     uint64_t table, uint64_t *phys, struct kmd_diag *diag)
{
	uint64_t entry,
		into = kmd_paging_entry_size(paging) * index_of(paging, level, paging->root_virt);
	bool found;

	if (entry_at(paging, memory, table + into, &found, &entry, diag) != KMD_OK || !found)
		return KMD_ENTRY_NONE;
	return kmd_entry_decode(paging, level, entry, phys);
}

/* With LPAE the second tables follow the root, in order (arch/arm/kernel/head.S). */
bool kmd_paging_own_root(const struct kmd_paging *paging, const struct kmd_memory *memory,
			 uint64_t at, uint64_t *root, struct kmd_diag *diag)
{
	uint64_t virt = paging->root_virt, phys, distance = 0;
	enum kmd_entry_kind kind = decode_at(paging, memory, 0, at, &phys, diag);
	unsigned int level = 0;

	if (kind == KMD_ENTRY_TABLE && paging->layout == KMD_PA_ARM_LPAE) {
		uint64_t next = at + kmd_paging_page(paging) * (1 + index_of(paging, 0, virt));

		distance = phys - next;
		level = 1;
		kind = decode_at(paging, memory, level, next, &phys, diag);
	}
	if (kind != KMD_ENTRY_LEAF)
		return false;
	*root = phys + (virt & ((UINT64_C(1) << kmd_paging_shift(paging, level)) - 1));
	return !level || *root - at == distance;
}
