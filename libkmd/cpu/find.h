/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* find.h - CPU registers in captured memory. */
#ifndef KMD_CPU_FIND_H
#define KMD_CPU_FIND_H

#include "cpu/core_notes.h"
#include "cpu/cpus.h"
#include "target/target.h"

/* What is known of the CPUs as such, besides their registers. */
struct kmd_cpus_found {
	bool has_panic_cpu;
	uint32_t panic_cpu;
	/* The kernel's own note of some CPU is in memory, but was not filled in. */
	bool empty_notes;
};

/*
 * The shim's record (known by its first bytes), the kernel's own notes (at crash_notes where
 * the vmlinux names it, else in regions registered as that), and what Qualcomm's firmware saved.
 * Machines whose registers are not known here have none.  The CPU that panicked comes from the
 * record, else from the kernel's panic_cpu.
 */
enum kmd_status kmd_cpus_find(const struct kmd_target *target, struct kmd_cpus *cpus,
			      struct kmd_cpus_found *found);

/*
 * Those among the notes that are carried over from a finished core: the i-th of them is the
 * CPU that its pr_pid names, as QEMU counts them, else CPU i.
 */
enum kmd_status kmd_cpus_from_core(const struct kmd_core_notes *notes, uint16_t machine,
				   struct kmd_diag *diag, struct kmd_cpus *cpus);

/* The shim's record alone. */
enum kmd_status kmd_cpus_from_record(const struct kmd_memory *memory,
				     const struct kmd_cpu_layout *layout, struct kmd_diag *diag,
				     struct kmd_cpus *cpus, struct kmd_cpus_found *found);
/* Contexts of CPUs in regions of Qualcomm's kernels (qcom.c). */
enum kmd_status kmd_cpus_from_contexts(const struct kmd_memory *memory, uint16_t machine,
				       struct kmd_diag *diag, struct kmd_cpus *cpus);

#endif
