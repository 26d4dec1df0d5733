/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* votes.h - who says which value of this boot, and what most say. */
#ifndef KMD_LINUX_BOOT_VOTES_H
#define KMD_LINUX_BOOT_VOTES_H

#include "linux/boot/boot.h"

/* Link address minus physical address of the image: a step on the way, not handed out. */
#define KMD_VOTE_PLACE    KMD_N_BOOT_KEYS

/* How far a witness can be believed.  A word that may be stale, or mean something else: */
#define KMD_WEIGHT_HINT   0 /* counts where another says the same */
#define KMD_WEIGHT_PLAIN  2
#define KMD_WEIGHT_STRONG 5 /* many words that agree */

#define KMD_WHO_INFO      "VMCOREINFO"

struct kmd_vote {
	unsigned int key; /* enum kmd_boot_key, or KMD_VOTE_PLACE */
	uint64_t value;
	unsigned int weight;
	const char *who; /* a constant */
};

struct kmd_votes {
	struct kmd_vote *items;
	size_t n, cap;
	bool no_memory;
};

/* The same witness may say different things (two logs), but each once. */
void kmd_votes_add(struct kmd_votes *votes, unsigned int key, uint64_t value, const char *who,
		   unsigned int weight);
/* What most say; false where nobody says anything or it is undecided. */
bool kmd_votes_best(const struct kmd_votes *votes, unsigned int key, uint64_t *value);
bool kmd_votes_has(const struct kmd_votes *votes, unsigned int key, const char *who);

/* Fill in @key of @boot; a finding where some say otherwise. */
enum kmd_status kmd_votes_conclude(const struct kmd_votes *votes, enum kmd_boot_key key,
				   const struct kmd_boot_given *given, struct kmd_diag *diag,
				   struct kmd_boot *boot);
void kmd_votes_deinit(struct kmd_votes *votes);

#endif
