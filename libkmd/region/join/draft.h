/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* draft.h - the join's working table: regions in the making, and KELF's claims by address. */
#ifndef KMD_REGION_JOIN_DRAFT_H
#define KMD_REGION_JOIN_DRAFT_H

#include "region/region.h"
#include "region/file_name.h"

/* Firmware that encrypts regions keeps the wrapped key beside them: md_encr_key_aes.BIN. */
#define ENCRYPTION_KEYS "encr_key"

/* Addresses on offer for one region, in falling order of trust. */
enum offer_rank { OFFER_LOAD_CMM, OFFER_DUMP_INFO, OFFER_TABLE, OFFERS };

struct offer {
	bool made;
	uint64_t phys;
};

struct draft {
	struct kmd_region_entry row;
	char *name; /* region name, raw */
	char *file; /* file or section name, raw; "" = none */
	char vm[KMD_VM_MAX];
	struct kmd_place place;
	struct offer offers[OFFERS];
	bool invalid, conflict, auxiliary, other_vm;
	bool named;     /* a description names its file */
	bool sized;     /* a description gives its size */
	bool confirmed; /* KELF has it at this address too */
	bool carrier;   /* KELF header or VMCOREINFO text: KELF gives it no address */
	bool covered;   /* its bytes are those of other regions */
	bool stray;     /* a file that is not called like a region's */
	bool silent;    /* its defect was reported already */
};

struct join {
	const struct kmd_image *image;
	const struct kmd_claims *claims;
	const struct kmd_hints *hints;
	struct kmd_diag *diag;
	struct draft *drafts;
	size_t n, cap;
	bool has_list; /* load.cmm or dump_info.txt is there */
	/* KELF claims, by physical address */
	const struct kmd_claim **kelf;
	bool *kelf_used;
	bool *kelf_silent; /* that it is missing was reported already */
	size_t n_kelf;
};

/* Append a draft; @name and @file are copied.  NULL when memory is short. */
struct draft *kmd_join_add(struct join *join, const char *name, const char *file,
			   enum kmd_origin origin);

/*
 * Index in join->kelf of the claim at @phys, of @size (rounded to 4) if there
 * is one; else SIZE_MAX or (not @exact) one of any other size.
 */
size_t kmd_join_find_kelf(const struct join *join, uint64_t phys, uint64_t size, bool exact);

/* Sizes as KELF and the firmware's table keep them. */
static inline uint64_t kmd_round4(uint64_t size)
{
	return size > UINT64_MAX - 3 ? size : (size + 3) & ~(uint64_t)3;
}

#endif
