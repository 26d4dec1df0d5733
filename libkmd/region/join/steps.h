/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* steps.h - the join, step by step, in the order in which join.c takes them. */
#ifndef KMD_REGION_JOIN_STEPS_H
#define KMD_REGION_JOIN_STEPS_H

#include "region/join/draft.h"

/* collect.c: a draft for every blob and for every claim with bytes; KELF's claims by address. */
enum kmd_status kmd_join_collect(struct join *join);
/* One draft for one claim. */
enum kmd_status kmd_join_add_claim(struct join *join, const struct kmd_claim *claim);

/* files.c: hand the rows of load.cmm and dump_info.txt to the files they name. */
enum kmd_status kmd_join_files(struct join *join);

/* address.c: settle the physical address of every draft that has an offer. */
enum kmd_status kmd_join_addresses(struct join *join);
bool kmd_join_is_possible(const struct kmd_region *region);
/* Leave out what lies where no memory can. */
enum kmd_status kmd_join_ranges(struct join *join);

/* confirm.c: virtual addresses from KELF, and rows that it contradicts. */
enum kmd_status kmd_join_confirm(struct join *join);

/* misfit.c: leave out files that cannot be their region's. */
enum kmd_status kmd_join_misfits(struct join *join);

/* match.c: program headers to files that have no address from elsewhere. */
enum kmd_status kmd_join_match(struct join *join);

/* pairing.c: virtual addresses that the kernel's own maps contradict. */
enum kmd_status kmd_join_check_maps(struct join *join);

/* unanswered.c: drafts for KELF's claims that no other table knows. */
enum kmd_status kmd_join_unanswered(struct join *join);

/* state.c: each draft's state and findings, and the sorted table. */
enum kmd_status kmd_join_finish(struct join *join, struct kmd_regions *regions);

#endif
