/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "memory/memory.h"

#include "base/checked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static uint64_t start_of(const struct kmd_region_entry *row, bool physical)
{
	return physical ? row->pub.phys : row->pub.virt;
}

/* Who provides a byte that several hold. */
struct overlap {
	const struct kmd_regions *regions;
	bool physical;
};

static int by_claim(const void *a, const void *b, void *user)
{
	const struct overlap *overlap = user;
	const struct kmd_region_entry *x = &overlap->regions->rows[*(const size_t *)a];
	const struct kmd_region_entry *y = &overlap->regions->rows[*(const size_t *)b];
	int order = (int)y->hidden - (int)x->hidden;

	if (!order)
		order = (int)x->supplied - (int)y->supplied;

	if (!order)
		order = kmd_cmp_u64(y->pub.captured, x->pub.captured);
	if (!order)
		order = kmd_cmp_u64(start_of(x, overlap->physical), start_of(y, overlap->physical));
	if (!order)
		order = strcmp(x->pub.name, y->pub.name);
	return order ? order : kmd_cmp_u64(*(const size_t *)a, *(const size_t *)b);
}

/* Rows of one address space, best claim first. */
static size_t *rank_rows(const struct kmd_regions *regions, bool physical, size_t *count)
{
	struct overlap overlap = { regions, physical };
	size_t *order = calloc(regions->n + 1, sizeof(*order)), n = 0;

	if (!order)
		return NULL;
	for (size_t i = 0; i < regions->n; i++)
		if ((kmd_region_entry_is_used(&regions->rows[i]) || regions->rows[i].hidden) &&
		    regions->rows[i].pub.has_phys == physical)
			order[n++] = i;
	qsort_r(order, n, sizeof(*order), by_claim, &overlap);
	*count = n;
	return order;
}

/* Take away what hidden regions hold. */
static void drop_hidden(const struct kmd_regions *regions, struct kmd_interval *pieces,
			size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (!regions->rows[pieces[i].owner].hidden)
			pieces[kept++] = pieces[i];
	*count = kept;
}

static struct kmd_interval *resolve(const struct kmd_regions *regions, bool physical, size_t *count)
{
	struct kmd_interval *items, *pieces = NULL;
	size_t n, *order = rank_rows(regions, physical, &n);

	if (!order)
		return NULL;
	items = calloc(n + 1, sizeof(*items));
	for (size_t i = 0; items && i < n; i++) {
		const struct kmd_region_entry *row = &regions->rows[order[i]];
		uint64_t start = start_of(row, physical), end;

		/* The last byte of the address space cannot be distinguished from a wrap. */
		if (!kmd_add_u64(start, row->hidden ? row->pub.size : row->pub.captured, &end))
			end = UINT64_MAX;
		items[i] = (struct kmd_interval){ start, end, order[i], i };
	}
	if (items)
		pieces = kmd_intervals_resolve(items, n, count);
	if (pieces)
		drop_hidden(regions, pieces, count);
	free(items);
	free(order);
	return pieces;
}

const struct kmd_source *kmd_memory_bytes(const struct kmd_memory *memory,
					  const struct kmd_interval *piece, bool physical,
					  uint64_t address, uint64_t *offset)
{
	const struct kmd_region_entry *row = &memory->regions->rows[piece->owner];

	*offset = row->offset + (address - start_of(row, physical));
	return row->source;
}

static enum kmd_status read_pieces(const struct kmd_memory *memory, bool physical, uint64_t address,
				   unsigned char *to, uint64_t length, uint64_t *missing,
				   struct kmd_diag *diag)
{
	const struct kmd_interval *pieces = physical ? memory->phys : memory->virt;
	size_t n = physical ? memory->n_phys : memory->n_virt;
	size_t at = kmd_intervals_find(pieces, n, address);

	while (length) {
		const struct kmd_source *source;
		enum kmd_status status;
		uint64_t offset, part;

		if (at == n || pieces[at].start > address) {
			*missing = address;
			return KMD_ERR_NOT_FOUND;
		}
		part = kmd_min_u64(length, pieces[at].end - address);
		source = kmd_memory_bytes(memory, &pieces[at], physical, address, &offset);
		status = kmd_source_read(source, offset, to, part, diag);
		if (status != KMD_OK)
			return status;
		/* More is a search, not a value. */
		if (length <= KMD_MEMORY_VALUE_MAX)
			kmd_source_mark(source, offset, part, diag);
		to += part;
		address += part;
		length -= part;
		at++;
	}
	return KMD_OK;
}

enum kmd_status kmd_memory_read(const struct kmd_memory *memory, uint64_t phys, void *buffer,
				uint64_t length, uint64_t *missing, struct kmd_diag *diag)
{
	return read_pieces(memory, true, phys, buffer, length, missing, diag);
}

enum kmd_status kmd_memory_read_virt(const struct kmd_memory *memory, uint64_t virt, void *buffer,
				     uint64_t length, uint64_t *missing, struct kmd_diag *diag)
{
	return read_pieces(memory, false, virt, buffer, length, missing, diag);
}

/* ----- overlapping regions must agree */

#define COMPARE_BLOCK 65536
/* What looking at a piece costs, in bytes compared. */
#define VISIT         64

struct compare {
	const struct kmd_memory *memory;
	struct kmd_diag *diag;
	bool physical;
	unsigned char *own, *placed;
	uint64_t budget; /* bytes that may still be compared */
};

static size_t first_difference(const unsigned char *a, const unsigned char *b, size_t size)
{
	size_t i = 0;

	while (i < size && a[i] == b[i])
		i++;
	return i;
}

static enum kmd_status say_difference(const struct compare *compare,
				      const struct kmd_region_entry *row,
				      const struct kmd_interval *piece, uint64_t address)
{
	const struct kmd_region_entry *winner = &compare->memory->regions->rows[piece->owner];

	return kmd_report(compare->diag, KMD_FIND_OVERLAP, KMD_DAMAGE, kmd_in(NULL),
			  "regions \"%s\" and \"%s\" overlap and differ, first at %s 0x%" PRIx64
			  "; taking \"%s\"",
			  row->pub.name, winner->pub.name,
			  compare->physical ? "physical" : "virtual", address, winner->pub.name);
}

/* Compare the part of a row that another row's @piece provides. */
static enum kmd_status compare_part(struct compare *compare, const struct kmd_region_entry *row,
				    const struct kmd_interval *piece, uint64_t start, uint64_t end,
				    bool *same)
{
	*same = true;
	while (start < end) {
		uint64_t part = kmd_min_u64(COMPARE_BLOCK, end - start), offset;
		const struct kmd_source *source =
			kmd_memory_bytes(compare->memory, piece, compare->physical, start, &offset);
		uint64_t own = row->offset + (start - start_of(row, compare->physical));
		enum kmd_status status;
		size_t differs;

		/* Both come from one RAM image or file range: nothing to compare. */
		if (source == row->source && own == offset)
			return KMD_OK;
		*same = compare->budget >= part;
		if (!*same)
			return KMD_OK;
		compare->budget -= part;
		status = kmd_source_read(source, offset, compare->placed, part, compare->diag);
		if (status == KMD_OK)
			status = kmd_source_read(row->source, own, compare->own, part,
						 compare->diag);
		if (status != KMD_OK)
			return status;
		differs = first_difference(compare->own, compare->placed, (size_t)part);
		if (differs < part) {
			*same = false;
			return say_difference(compare, row, piece, start + differs);
		}
		start += part;
	}
	return KMD_OK;
}

static enum kmd_status compare_row(struct compare *compare, size_t index)
{
	const struct kmd_region_entry *row = &compare->memory->regions->rows[index];
	const struct kmd_interval *pieces =
		compare->physical ? compare->memory->phys : compare->memory->virt;
	size_t n = compare->physical ? compare->memory->n_phys : compare->memory->n_virt;
	uint64_t start = start_of(row, compare->physical), end;
	enum kmd_status status = KMD_OK;
	bool same = true;

	if (!kmd_add_u64(start, row->pub.captured, &end))
		end = UINT64_MAX;
	for (size_t i = kmd_intervals_find(pieces, n, start);
	     status == KMD_OK && same && i < n && pieces[i].start < end; i++) {
		/* A hostile table has as many pieces in each row as there are rows. */
		if (compare->budget < VISIT)
			break;
		compare->budget -= VISIT;
		if (pieces[i].owner != index)
			status = compare_part(compare, row, &pieces[i],
					      kmd_max_u64(start, pieces[i].start),
					      kmd_min_u64(end, pieces[i].end), &same);
	}
	return status;
}

/* Enough for every byte to be covered many times; a hostile table wants more. */
static uint64_t compare_budget(const struct kmd_memory *memory)
{
	uint64_t total = UINT64_C(64) << 20;

	for (size_t i = 0; i < memory->n_phys; i++)
		total += 16 * kmd_min_u64(memory->phys[i].end - memory->phys[i].start,
					  UINT64_C(1) << 50);
	return total;
}

static enum kmd_status compare_rows(const struct kmd_memory *memory, struct kmd_diag *diag)
{
	struct compare compare = { memory,
				   diag,
				   true,
				   malloc(COMPARE_BLOCK),
				   malloc(COMPARE_BLOCK),
				   compare_budget(memory) };
	enum kmd_status status = KMD_OK;

	if (!compare.own || !compare.placed)
		status = kmd_fail_memory(diag);
	for (size_t i = 0; status == KMD_OK && i < memory->regions->n; i++) {
		if (!kmd_region_entry_is_used(&memory->regions->rows[i]) ||
		    memory->regions->rows[i].supplied)
			continue;
		compare.physical = memory->regions->rows[i].pub.has_phys;
		status = compare_row(&compare, i);
	}
	free(compare.own);
	free(compare.placed);
	if (status == KMD_OK && compare.budget < COMPARE_BLOCK)
		status = kmd_report(diag, KMD_FIND_OVERLAP, KMD_DAMAGE, kmd_in(NULL),
				    "regions overlap so often that not all of them were compared");
	return status;
}

enum kmd_status kmd_memory_build(const struct kmd_regions *regions, struct kmd_diag *diag,
				 struct kmd_memory *memory)
{
	enum kmd_status status;

	memset(memory, 0, sizeof(*memory));
	memory->regions = regions;
	memory->phys = resolve(regions, true, &memory->n_phys);
	memory->virt = resolve(regions, false, &memory->n_virt);
	if (!memory->phys || !memory->virt)
		status = kmd_fail_memory(diag);
	else
		status = compare_rows(memory, diag);
	if (status != KMD_OK)
		kmd_memory_deinit(memory);
	return status;
}

uint64_t kmd_memory_size(const struct kmd_memory *memory)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < memory->n_phys; i++)
		sum += memory->phys[i].end - memory->phys[i].start;
	return sum;
}

void kmd_memory_deinit(struct kmd_memory *memory)
{
	free(memory->phys);
	free(memory->virt);
	memset(memory, 0, sizeof(*memory));
}
