/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* join.h - what the steps of the join share: the candidates, and KELF's entries by address. */
#ifndef KMD_REGION_JOIN_JOIN_H
#define KMD_REGION_JOIN_JOIN_H

#include "region/file_name.h"
#include "region/region.h"

/* Firmware that encrypts regions keeps the wrapped key beside them: md_encr_key_aes.BIN. */
#define ENCRYPTION_KEYS "encr_key"

/* Who records the physical address of a region. */
enum address_source { ADDRESS_LOAD_CMM, ADDRESS_DUMP_INFO, ADDRESS_TABLE, ADDRESS_SOURCES };

struct address {
	bool made;
	uint64_t phys;
};

struct candidate {
	struct kmd_region_entry row;
	char *name; /* region name, raw */
	char *file; /* file or section name, raw; "" = none */
	char vm[KMD_VM_MAX];
	struct kmd_place place;
	struct address recorded[ADDRESS_SOURCES];
	bool invalid, conflict, auxiliary, other_vm;
	bool named;         /* a description names its file */
	bool sized;         /* a description gives its size */
	bool confirmed;     /* KELF has it at this address too */
	bool is_metadata;   /* KELF header or VMCOREINFO text: KELF gives it no address */
	bool inside_others; /* its bytes are those of other regions */
	bool is_unrelated;  /* a file that is not called like a region's */
	bool reported;      /* its defect was reported already */
};

struct join {
	const struct kmd_image *image;
	const struct kmd_claims *claims;
	const struct kmd_hints *hints;
	struct kmd_diag *diag;
	struct candidate *candidates;
	size_t n, cap;
	bool has_list; /* load.cmm or dump_info.txt is there */
	/* KELF claims, by physical address */
	const struct kmd_claim **kelf;
	bool *kelf_used;
	bool *kelf_reported; /* that it is missing was reported already */
	size_t n_kelf;
};

/* Append a candidate; @name and @file are copied.  NULL when memory is short. */
struct candidate *kmd_join_add(struct join *join, const char *name, const char *file,
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

/* candidates.c */
/* A candidate for every blob and for every claim with bytes; KELF's claims by address. */
enum kmd_status kmd_join_collect(struct join *join);
/* One candidate for one claim. */
enum kmd_status kmd_join_add_claim(struct join *join, const struct kmd_claim *claim);

/* lists.c: apply the rows of load.cmm and dump_info.txt to the files that they name. */
enum kmd_status kmd_join_lists(struct join *join);

/* check.c */
/* The physical address of each candidate, from what the tables record. */
enum kmd_status kmd_join_addresses(struct join *join);
/* Virtual addresses from KELF; a candidate that contradicts KELF is not used. */
enum kmd_status kmd_join_check_kelf(struct join *join);
/* Files that are longer than their region, and files that may be exchanged with them. */
enum kmd_status kmd_join_check_sizes(struct join *join);
/* Virtual addresses that contradict the maps in VMCOREINFO. */
enum kmd_status kmd_join_check_maps(struct join *join);
/* Addresses where no memory can be. */
enum kmd_status kmd_join_check_ranges(struct join *join);

/* match.c: pair files that have no address with KELF's entries. */
enum kmd_status kmd_join_match(struct join *join);

/* missing.c: candidates for KELF's entries that no other table has. */
enum kmd_status kmd_join_missing(struct join *join);

/* report.c: the state and the findings of each candidate, and the sorted table. */
enum kmd_status kmd_join_finish(struct join *join, struct kmd_regions *regions);

#endif
