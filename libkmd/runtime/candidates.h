/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * candidates.h - values that the sources of a run-time value give, and how one is selected:
 * the value with the greatest sum of weights.
 */
#ifndef KMD_RUNTIME_CANDIDATES_H
#define KMD_RUNTIME_CANDIDATES_H

#include "base/diag.h"
#include "runtime/runtime.h"

/* Link address minus physical address of the image: a step on the way, not handed out. */
#define KMD_RUNTIME_IMAGE_DELTA KMD_N_RUNTIME_KEYS

/* Weight of a source.  A word that may be stale, or mean something else: */
#define KMD_WEIGHT_HINT         0 /* counts if another source gives the same value */
#define KMD_WEIGHT_PLAIN        2
#define KMD_WEIGHT_STRONG       5 /* many words that agree */

#define KMD_WHO_INFO            "VMCOREINFO"

struct kmd_candidate {
	unsigned int key; /* enum kmd_runtime_key, or KMD_RUNTIME_IMAGE_DELTA */
	uint64_t value;
	unsigned int weight;
	const char *who; /* a constant */
};

struct kmd_candidates {
	struct kmd_candidate *items;
	size_t n, cap;
	bool no_memory;
};

/* A source may give different values (two logs), but each once. */
void kmd_candidates_add(struct kmd_candidates *candidates, unsigned int key, uint64_t value,
			const char *who, unsigned int weight);
/* The value with the greatest weight; false without one, or with a tie. */
bool kmd_candidates_best(const struct kmd_candidates *candidates, unsigned int key,
			 uint64_t *value);

/* Fill in @key of @runtime; other candidates are a finding. */
enum kmd_status kmd_candidates_select(const struct kmd_candidates *candidates,
				      enum kmd_runtime_key key,
				      const struct kmd_runtime_given *given, struct kmd_diag *diag,
				      struct kmd_runtime *runtime);
void kmd_candidates_deinit(struct kmd_candidates *candidates);

#endif
