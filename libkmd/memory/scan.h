/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* scan.h - texts in captured memory. */
#ifndef KMD_MEMORY_SCAN_H
#define KMD_MEMORY_SCAN_H

#include "memory/memory.h"

#define KMD_HIT_AFTER 96

struct kmd_hit {
	size_t needle;                 /* index of the text that was found */
	uint64_t address;              /* where it begins */
	bool physical;                 /* of which kind */
	char before;                   /* the byte before it; 0 where there is none */
	char after[KMD_HIT_AFTER + 1]; /* what follows it, terminated */
	size_t n_after;
};

struct kmd_hits {
	struct kmd_hit *items;
	size_t n, cap;
};

/* What a panic prints of where the kernel lies. */
enum { KMD_PANIC_OFFSET, KMD_PANIC_PHYS, KMD_PANIC_FEATURES, KMD_PANIC_TEXTS };
extern const char *const kmd_panic_texts[KMD_PANIC_TEXTS];

/* Bytes of captured memory that follow each other. */
struct kmd_run {
	const struct kmd_source *source;
	uint64_t offset, size, address; /* offset: in the source */
	bool physical;
	const char *name; /* raw; of the region */
};

/* The @i'th piece of physical or of virtual memory. */
void kmd_run_of(const struct kmd_memory *memory, bool physical, size_t i, struct kmd_run *piece);

#define KMD_NEEDLES_MAX 8

struct kmd_scan {
	const char *const *needles;
	size_t n, longest, found[KMD_NEEDLES_MAX];
	uint64_t left; /* bytes that may still be searched */
	struct kmd_diag *diag;
	struct kmd_hits *hits;
};

/*
 * Find @needles in captured memory.  Of each the first 64 are kept, and of memory the
 * first GiB is searched: kernels lie low in RAM, and so do their first allocations.
 */
enum kmd_status kmd_scan(const struct kmd_memory *memory, const char *const *needles, size_t n,
			 struct kmd_diag *diag, struct kmd_hits *hits);
/* The same for a walk that reads all of memory for something else, too: */
void kmd_scan_start(struct kmd_scan *scan, const char *const *needles, size_t n,
		    struct kmd_diag *diag, struct kmd_hits *hits);
/*
 * @bytes are @size bytes, @at bytes into @piece, and begin with @fresh that were not searched
 * yet.  The others are those that follow: scan.longest of them, or all that the piece has.
 */
enum kmd_status kmd_scan_block(struct kmd_scan *scan, const struct kmd_run *piece, uint64_t at,
			       const char *bytes, size_t size, size_t fresh);
void kmd_hits_deinit(struct kmd_hits *hits);

#endif
