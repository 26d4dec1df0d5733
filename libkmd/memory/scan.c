/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "memory/scan.h"

#include "base/array.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK      (1u << 20)
#define SEARCH_MAX (UINT64_C(1) << 30)
#define HITS_MAX   64

const char *const kmd_panic_texts[KMD_PANIC_TEXTS] = { "Kernel Offset: 0x", "PHYS_OFFSET: 0x",
						       "CPU features: 0x" };

/* The line that was found describes the kernel; what follows it need not. */
static void mark_line(const struct kmd_scan *scan, const struct kmd_run *piece, uint64_t at,
		      uint64_t end, const struct kmd_hit *hit)
{
	size_t rest = 0;

	while (rest < hit->n_after && hit->after[rest] >= ' ' && hit->after[rest] < 0x7f)
		rest++;
	kmd_source_mark(piece->source, piece->offset + at, end + rest - at, scan->diag);
}

static enum kmd_status keep(struct kmd_scan *scan, const struct kmd_run *piece, size_t needle,
			    uint64_t at)
{
	uint64_t end = at + strlen(scan->needles[needle]);
	struct kmd_hit *hit;
	enum kmd_status status;

	if (scan->found[needle]++ >= HITS_MAX)
		return KMD_OK;
	if (!KMD_ARRAY_RESERVE(scan->hits->items, scan->hits->n, scan->hits->cap))
		return kmd_fail_memory(scan->diag);
	hit = &scan->hits->items[scan->hits->n];
	memset(hit, 0, sizeof(*hit));
	hit->needle = needle;
	hit->address = piece->address + at;
	hit->physical = piece->physical;
	hit->n_after = (size_t)kmd_min_u64(KMD_HIT_AFTER, piece->size - end);
	status = kmd_source_read(piece->source, piece->offset + end, hit->after, hit->n_after,
				 scan->diag);
	if (status == KMD_OK && at)
		status = kmd_source_read(piece->source, piece->offset + at - 1, &hit->before, 1,
					 scan->diag);
	if (status == KMD_OK)
		mark_line(scan, piece, at, end, hit);
	scan->hits->n += status == KMD_OK;
	return status;
}

void kmd_scan_start(struct kmd_scan *scan, const char *const *needles, size_t n,
		    struct kmd_diag *diag, struct kmd_hits *hits)
{
	memset(scan, 0, sizeof(*scan));
	memset(hits, 0, sizeof(*hits));
	scan->needles = needles;
	scan->n = n < KMD_NEEDLES_MAX ? n : KMD_NEEDLES_MAX;
	scan->left = SEARCH_MAX;
	scan->diag = diag;
	scan->hits = hits;
	for (size_t i = 0; i < scan->n; i++)
		scan->longest = (size_t)kmd_max_u64(scan->longest, strlen(needles[i]));
}

enum kmd_status kmd_scan_block(struct kmd_scan *scan, const struct kmd_run *piece, uint64_t at,
			       const char *bytes, size_t size, size_t fresh)
{
	enum kmd_status status = KMD_OK;

	if (!scan->left)
		return KMD_OK;
	for (size_t i = 0; status == KMD_OK && i < scan->n; i++) {
		size_t length = strlen(scan->needles[i]);
		const char *hit = bytes, *end = bytes + size;

		while (status == KMD_OK && scan->found[i] < HITS_MAX &&
		       (hit = memmem(hit, (size_t)(end - hit), scan->needles[i], length))) {
			size_t into = (size_t)(hit - bytes);

			if (into < fresh)
				status = keep(scan, piece, i, at + into);
			hit++;
		}
	}
	scan->left -= kmd_min_u64(scan->left, fresh);
	return status;
}

/* A walk of memory that ends where the scan may search no more. */
struct walk {
	struct kmd_scan *scan;
	char *block;
	uint64_t done, total;
};

static enum kmd_status search_piece(struct walk *walk, const struct kmd_run *piece)
{
	struct kmd_scan *scan = walk->scan;
	enum kmd_status status = KMD_OK;

	for (uint64_t at = 0; status == KMD_OK && at < piece->size && scan->left; at += BLOCK) {
		size_t fresh, size;

		at = kmd_source_skip_hole(piece->source, piece->offset + at,
					  piece->offset + piece->size) -
		     piece->offset;
		fresh = (size_t)kmd_min_u64(BLOCK, piece->size - at);
		size = (size_t)kmd_min_u64(BLOCK + scan->longest, piece->size - at);
		status = kmd_source_read(piece->source, piece->offset + at, walk->block, size,
					 scan->diag);
		if (status == KMD_OK)
			status = kmd_scan_block(scan, piece, at, walk->block, size, fresh);
		if (status == KMD_OK && walk->total)
			status = kmd_searched(scan->diag, walk->done + at, walk->total);
	}
	walk->done += piece->size;
	return status;
}

void kmd_run_of(const struct kmd_memory *memory, bool physical, size_t i, struct kmd_run *piece)
{
	const struct kmd_interval *interval = physical ? &memory->phys[i] : &memory->virt[i];

	memset(piece, 0, sizeof(*piece));
	piece->size = interval->end - interval->start;
	piece->address = interval->start;
	piece->physical = physical;
	piece->name = memory->regions->rows[interval->owner].pub.name;
	piece->source =
		kmd_memory_bytes(memory, interval, physical, interval->start, &piece->offset);
}

static enum kmd_status search_all(struct walk *walk, const struct kmd_memory *memory, bool physical)
{
	size_t n = physical ? memory->n_phys : memory->n_virt;
	enum kmd_status status = KMD_OK;
	struct kmd_run piece;

	for (size_t i = 0; status == KMD_OK && i < n; i++) {
		kmd_run_of(memory, physical, i, &piece);
		status = search_piece(walk, &piece);
	}
	return status;
}

enum kmd_status kmd_scan(const struct kmd_memory *memory, const char *const *needles, size_t n,
			 struct kmd_diag *diag, struct kmd_hits *hits)
{
	struct kmd_scan scan;
	struct walk walk = { .scan = &scan, .total = kmd_memory_size(memory) };
	enum kmd_status status;

	kmd_scan_start(&scan, needles, n, diag, hits);
	walk.block = malloc(BLOCK + scan.longest);
	if (!walk.block)
		return kmd_fail_memory(diag);
	status = search_all(&walk, memory, true);
	if (status == KMD_OK)
		status = search_all(&walk, memory, false);
	free(walk.block);
	if (status != KMD_OK)
		kmd_hits_deinit(hits);
	return status;
}

void kmd_hits_deinit(struct kmd_hits *hits)
{
	free(hits->items);
	memset(hits, 0, sizeof(*hits));
}
