/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* votes.h - who says which value of this boot, and what most say. */
#ifndef KMD_KERNEL_CANDIDATES_H
#define KMD_KERNEL_CANDIDATES_H

#include "kernel/runtime.h"

/* Link address minus physical address of the image: a step on the way, not handed out. */
#define KMD_RUNTIME_IMAGE_DELTA KMD_N_RUNTIME_KEYS

/* How far a witness can be believed.  A word that may be stale, or mean something else: */
#define KMD_WEIGHT_HINT         0 /* counts where another says the same */
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

/* The same witness may say different things (two logs), but each once. */
void kmd_candidates_add(struct kmd_candidates *candidates, unsigned int key, uint64_t value,
			const char *who, unsigned int weight);
/* What most say; false where nobody says anything or it is undecided. */
bool kmd_candidates_best(const struct kmd_candidates *candidates, unsigned int key,
			 uint64_t *value);
bool kmd_candidates_has(const struct kmd_candidates *candidates, unsigned int key, const char *who);

/* Fill in @key of @boot; a finding where some say otherwise. */
enum kmd_status kmd_candidates_select(const struct kmd_candidates *candidates,
				      enum kmd_runtime_key key,
				      const struct kmd_runtime_given *given, struct kmd_diag *diag,
				      struct kmd_runtime *runtime);
void kmd_candidates_deinit(struct kmd_candidates *candidates);

#endif
