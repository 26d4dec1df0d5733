/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "memory/supply.h"

#include "base/array.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

enum kmd_status kmd_supply_add(struct kmd_supply *supply, const struct kmd_supply_item *item,
			       struct kmd_diag *diag)
{
	if (!KMD_ARRAY_RESERVE(supply->items, supply->n, supply->cap))
		return kmd_fail_memory(diag);
	supply->items[supply->n++] = *item;
	return KMD_OK;
}

enum kmd_status kmd_supply_own(struct kmd_supply *supply, struct kmd_source *source,
			       struct kmd_diag *diag)
{
	if (!KMD_ARRAY_RESERVE(supply->sources, supply->n_sources, supply->cap_sources)) {
		kmd_source_free(source);
		return kmd_fail_memory(diag);
	}
	supply->sources[supply->n_sources++] = source;
	return KMD_OK;
}

void kmd_supply_deinit(struct kmd_supply *supply)
{
	for (size_t i = 0; i < supply->n_sources; i++)
		kmd_source_free(supply->sources[i]);
	free(supply->sources);
	free(supply->items);
	memset(supply, 0, sizeof(*supply));
}

/* Names are the captured regions' own, or constants: nothing here is freed. */
static bool add_row(struct kmd_regions *regions, const struct kmd_supply_item *item, uint64_t start,
		    uint64_t end)
{
	struct kmd_region_entry row = { .has_bytes = true,
					.supplied = true,
					.supply_kind = item->kind };

	if (!KMD_ARRAY_RESERVE(regions->rows, regions->n, regions->cap))
		return false;
	row.pub.name = item->what;
	row.pub.phys = start;
	row.pub.has_phys = true;
	row.pub.virt = item->virt + (start - item->phys);
	row.pub.has_virt = item->virt != 0;
	row.pub.size = row.pub.captured = end - start;
	row.source = item->source;
	row.offset = item->offset + (start - item->phys);
	regions->rows[regions->n++] = row;
	return true;
}

/* The parts of an item that were not captured. */
static bool add_gaps(const struct kmd_memory *captured, const struct kmd_supply_item *item,
		     struct kmd_regions *regions)
{
	uint64_t at = item->phys, end;
	size_t i;

	if (!item->size || !kmd_add_u64(item->phys, item->size, &end))
		return true;
	for (i = kmd_intervals_find(captured->phys, captured->n_phys, at);
	     i < captured->n_phys && captured->phys[i].start < end; i++) {
		if (captured->phys[i].start > at &&
		    !add_row(regions, item, at, captured->phys[i].start))
			return false;
		at = captured->phys[i].end;
	}
	return at >= end || add_row(regions, item, at, end);
}

static bool copy_rows(const struct kmd_regions *from, struct kmd_regions *to)
{
	to->rows = calloc(from->n + 1, sizeof(*to->rows));
	if (!to->rows)
		return false;
	if (from->n)
		memcpy(to->rows, from->rows, from->n * sizeof(*to->rows));
	to->n = from->n;
	to->cap = from->n + 1;
	return true;
}

/*
 * BFD takes a segment that begins with an ELF header for a program, and its notes for
 * threads: gdb shows ghosts.  The header that the kernel registers (KELF) is one.  So the
 * first byte of such memory is left out.
 */
static void hide_headers(const struct kmd_memory *memory, struct kmd_interval *pieces, size_t n,
			 bool physical, struct kmd_diag *diag)
{
	static const char magic[] = { 0x7f, 'E', 'L', 'F' };

	for (size_t i = 0; i < n; i++) {
		const struct kmd_source *source;
		char bytes[sizeof(magic)];
		uint64_t offset;

		if (pieces[i].end - pieces[i].start <= sizeof(magic))
			continue;
		source = kmd_memory_bytes(memory, &pieces[i], physical, pieces[i].start, &offset);
		if (kmd_source_read(source, offset, bytes, sizeof(bytes), diag) == KMD_OK &&
		    !memcmp(bytes, magic, sizeof(magic)))
			pieces[i].start++;
	}
}

enum kmd_status kmd_core_memory_build(const struct kmd_memory *captured,
				      const struct kmd_supply *supply, struct kmd_diag *diag,
				      struct kmd_core_memory *core)
{
	enum kmd_status status;
	bool ok;

	memset(core, 0, sizeof(*core));
	ok = copy_rows(captured->regions, &core->regions);
	for (size_t i = 0; ok && i < supply->n; i++)
		ok = add_gaps(captured, &supply->items[i], &core->regions);
	if (!ok) {
		kmd_core_memory_deinit(core);
		return kmd_fail_memory(diag);
	}
	status = kmd_memory_build(&core->regions, diag, &core->memory);
	if (status != KMD_OK)
		return status;
	hide_headers(&core->memory, core->memory.phys, core->memory.n_phys, true, diag);
	hide_headers(&core->memory, core->memory.virt, core->memory.n_virt, false, diag);
	return KMD_OK;
}

void kmd_core_memory_deinit(struct kmd_core_memory *core)
{
	kmd_memory_deinit(&core->memory);
	free(core->regions.rows);
	memset(core, 0, sizeof(*core));
}
