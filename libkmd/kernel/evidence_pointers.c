/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Pointers into the image that stand in captured memory of the image: the vmlinux has
 * them as linked, and each differs by the KASLR offset.  Some were changed at run time
 * and differ otherwise, but never by one and the same distance.
 */
#include "kernel/evidence.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define WHO_POINTERS "pointers in the image"

/* Of the vmlinux so many bytes at a time; it may hold only part of the image. */
#define BLOCK        4096
/* Enough to be sure. */
#define POINTERS_MAX 8192
#define BYTES_MAX    (UINT64_C(256) << 20)
#define POINTERS_MIN 4
#define DISTANCES    64

struct count {
	uint64_t distance;
	size_t n;
};

struct counts {
	struct count items[DISTANCES];
	size_t n, pointers;
	uint64_t left; /* bytes that may still be looked at */
};

static void note(struct counts *counts, uint64_t distance)
{
	counts->pointers++;
	for (size_t i = 0; i < counts->n; i++)
		if (counts->items[i].distance == distance) {
			counts->items[i].n++;
			return;
		}
	if (counts->n < DISTANCES)
		counts->items[counts->n++] = (struct count){ distance, 1 };
}

static void compare(const struct kmd_build *build, const unsigned char *linked,
		    const unsigned char *captured, size_t size, struct counts *counts)
{
	for (size_t at = 0; at + 8 <= size; at += 8) {
		uint64_t link = kmd_get_le(linked + at, 8);
		uint64_t distance = kmd_get_le(captured + at, 8) - link;

		if (link >= build->text && link < build->end && kmd_build_kaslr_ok(build, distance))
			note(counts, distance);
	}
}

/* Compare image memory at link addresses [start, end). */
static void compare_span(struct kmd_evidence *evidence, uint64_t start, uint64_t end,
			 struct counts *counts)
{
	unsigned char linked[BLOCK], captured[BLOCK];

	start = kmd_align_up(start, 8);
	for (uint64_t at = start; at < end && counts->left && counts->pointers < POINTERS_MAX;) {
		size_t size = (size_t)kmd_min_u64(end - at, BLOCK - (at & (BLOCK - 1)));

		if (kmd_image_reader_read(&evidence->reader, at, captured, size) &&
		    kmd_vmlinux_bytes(evidence->vmlinux, at, linked, size))
			compare(&evidence->build, linked, captured, size, counts);
		counts->left -= kmd_min_u64(counts->left, size);
		at += size;
	}
}

static void compare_pieces(struct kmd_evidence *evidence, const struct kmd_interval *pieces,
			   size_t n, uint64_t to_link, struct counts *counts)
{
	const struct kmd_build *build = &evidence->build;

	for (size_t i = 0; i < n; i++) {
		uint64_t first = build->text - to_link, last = build->end - to_link;
		uint64_t start = kmd_max_u64(pieces[i].start, first);
		uint64_t end = kmd_min_u64(pieces[i].end, last);

		if (first < last && start < end)
			compare_span(evidence, start + to_link, end + to_link, counts);
	}
}

static void candidate(struct kmd_evidence *evidence, const struct counts *counts)
{
	struct count best = { 0 };

	for (size_t i = 0; i < counts->n; i++)
		if (counts->items[i].n > best.n)
			best = counts->items[i];
	if (best.n >= POINTERS_MIN && best.n * 10 >= counts->pointers * 6)
		kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_KASLR, best.distance,
				   WHO_POINTERS, KMD_WEIGHT_STRONG);
}

enum kmd_status kmd_evidence_from_pointers(struct kmd_evidence *evidence)
{
	const struct kmd_memory *memory = evidence->memory;
	const struct kmd_image_reader *reader = &evidence->reader;
	struct counts counts = { .left = BYTES_MAX };

	if (!evidence->vmlinux || !evidence->build.text)
		return KMD_OK;
	if (reader->has_image_delta)
		compare_pieces(evidence, memory->phys, memory->n_phys, reader->image_delta,
			       &counts);
	if (reader->has_kaslr)
		compare_pieces(evidence, memory->virt, memory->n_virt, 0 - reader->kaslr, &counts);
	candidate(evidence, &counts);
	return KMD_OK;
}
