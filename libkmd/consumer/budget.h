/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * budget.h - what firmware's limits leave of the answers: the table of check.h, backwards.
 *
 * The shim gives slots and bytes to the parts of its registry in a fixed order.  Each object
 * of a consumer is in one part, so what fits decides which answers there will be.
 */
#ifndef KMD_CONSUMER_BUDGET_H
#define KMD_CONSUMER_BUDGET_H

#include "consumer/check.h"
#include "elf/vmlinux.h"

/* In the order of the shim's enum kmemdump_prio. */
enum kmd_part {
	KMD_PART_LOG,
	KMD_PART_VARIABLES,
	KMD_PART_DRIVERS,
	KMD_PART_REGISTERS,
	KMD_PART_DATA,
	KMD_PART_TREE,
	KMD_PART_TASKS,
	KMD_PART_TASK_AUX,
	KMD_PART_TEXT,
	KMD_PART_MODULES,
	KMD_N_PARTS,
};

struct kmd_parts {
	struct kmd_budget_part rows[KMD_N_PARTS];
	enum kmd_part reach; /* the first that does not fit */
};

/* How large the parts are on such a machine: more rather than less. */
enum kmd_status kmd_parts_measure(const struct kmd_vmlinux *vmlinux,
				  const struct kmd_limits *limits, struct kmd_diag *diag,
				  struct kmd_parts *parts);
/* Which of them fit, the level of the shim for that, and the answers that there will be. */
enum kmd_status kmd_parts_plan(struct kmd_parts *parts, uint16_t machine,
			       const struct kmd_limits *limits, struct kmd_diag *diag,
			       struct kmd_budget *budget, struct kmd_consumer_report *report);

#endif
