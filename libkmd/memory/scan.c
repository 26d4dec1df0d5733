/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "memory/scan.h"

#include "base/array.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK       (1u << 20)
#define SEARCH_MAX  (UINT64_C(1) << 30)
#define HITS_MAX    64
#define NEEDLES_MAX 8

struct scan {
	const char *const *needles;
	size_t n, longest, found[NEEDLES_MAX];
	uint64_t left; /* bytes that may still be searched */
	uint64_t done, total;
	char *block;
	struct kmd_diag *diag;
	struct kmd_hits *hits;
};

/* Where the bytes of a piece of memory are. */
struct piece {
	const struct kmd_source *source;
	uint64_t offset, size, address;
	bool physical;
};

/* The line that was found describes the kernel; what follows it need not. */
static void mark_line(const struct scan *scan, const struct piece *piece, uint64_t at, uint64_t end,
		      const struct kmd_hit *hit)
{
	size_t rest = 0;

	while (rest < hit->n_after && hit->after[rest] >= ' ' && hit->after[rest] < 0x7f)
		rest++;
	kmd_source_mark(piece->source, piece->offset + at, end + rest - at, scan->diag);
}

static enum kmd_status keep(struct scan *scan, const struct piece *piece, size_t needle,
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

/* The needles that begin in the first @fresh of @size bytes. */
static enum kmd_status search_block(struct scan *scan, const struct piece *piece, uint64_t at,
				    size_t size, size_t fresh)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < scan->n; i++) {
		size_t length = strlen(scan->needles[i]);
		const char *hit = scan->block, *end = scan->block + size;

		while (status == KMD_OK && scan->found[i] < HITS_MAX &&
		       (hit = memmem(hit, (size_t)(end - hit), scan->needles[i], length))) {
			size_t into = (size_t)(hit - scan->block);

			if (into < fresh)
				status = keep(scan, piece, i, at + into);
			hit++;
		}
	}
	return status;
}

static enum kmd_status search_piece(struct scan *scan, const struct piece *piece)
{
	enum kmd_status status = KMD_OK;

	for (uint64_t at = 0; status == KMD_OK && at < piece->size && scan->left; at += BLOCK) {
		size_t fresh, size;

		at = kmd_source_skip_hole(piece->source, piece->offset + at,
					  piece->offset + piece->size) -
		     piece->offset;
		fresh = (size_t)kmd_min_u64(BLOCK, piece->size - at);
		size = (size_t)kmd_min_u64(BLOCK + scan->longest, piece->size - at);
		status = kmd_source_read(piece->source, piece->offset + at, scan->block, size,
					 scan->diag);
		if (status == KMD_OK)
			status = search_block(scan, piece, at, size, fresh);
		scan->left -= kmd_min_u64(scan->left, fresh);
		if (status == KMD_OK && scan->total)
			status = kmd_searched(scan->diag, scan->done + at, scan->total);
	}
	scan->done += piece->size;
	return status;
}

static enum kmd_status search_all(struct scan *scan, const struct kmd_memory *memory, bool physical)
{
	const struct kmd_interval *pieces = physical ? memory->phys : memory->virt;
	size_t n = physical ? memory->n_phys : memory->n_virt;
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < n; i++) {
		struct piece piece = { .size = pieces[i].end - pieces[i].start,
				       .address = pieces[i].start,
				       .physical = physical };

		piece.source = kmd_memory_bytes(memory, &pieces[i], physical, pieces[i].start,
						&piece.offset);
		status = search_piece(scan, &piece);
	}
	return status;
}

enum kmd_status kmd_scan(const struct kmd_memory *memory, const char *const *needles, size_t n,
			 struct kmd_diag *diag, struct kmd_hits *hits)
{
	struct scan scan = { .needles = needles,
			     .n = n < NEEDLES_MAX ? n : NEEDLES_MAX,
			     .left = SEARCH_MAX,
			     .diag = diag,
			     .hits = hits };
	enum kmd_status status;

	memset(hits, 0, sizeof(*hits));
	scan.total = kmd_memory_size(memory);
	for (size_t i = 0; i < scan.n; i++)
		scan.longest = (size_t)kmd_max_u64(scan.longest, strlen(needles[i]));
	scan.block = malloc(BLOCK + scan.longest);
	if (!scan.block)
		return kmd_fail_memory(diag);
	status = search_all(&scan, memory, true);
	if (status == KMD_OK)
		status = search_all(&scan, memory, false);
	free(scan.block);
	if (status != KMD_OK)
		kmd_hits_deinit(hits);
	return status;
}

void kmd_hits_deinit(struct kmd_hits *hits)
{
	free(hits->items);
	memset(hits, 0, sizeof(*hits));
}
