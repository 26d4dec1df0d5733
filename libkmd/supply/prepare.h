/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* prepare.h - the memory that goes into the core: what was captured, and what is supplied. */
#ifndef KMD_SUPPLY_PREPARE_H
#define KMD_SUPPLY_PREPARE_H

#include "memory/supply.h"
#include "supply/from_vmlinux.h"
#include "supply/tables.h"
#include "target/target.h"

struct kmd_prepared {
	struct kmd_made_tables tables;
	struct kmd_completion completion;
	struct kmd_supply supply;
	struct kmd_core_memory core;
	struct kmd_views views; /* of core.memory */
};

struct kmd_prepare_options {
	bool captured_only;    /* supply nothing */
	unsigned int complete; /* sections of the vmlinux: enum kmd_complete, or-ed */
};

/*
 * Sections of the vmlinux of @target, if it has one, then page tables, fill places between
 * captured memory.  @mappings are those of the captured page tables; NULL = none are known.
 * @target and @mappings must outlive the result.
 */
enum kmd_status kmd_prepare(const struct kmd_target *target, const struct kmd_mappings *mappings,
			    const struct kmd_prepare_options *options,
			    struct kmd_prepared *prepared);
void kmd_prepared_deinit(struct kmd_prepared *prepared);

#endif
