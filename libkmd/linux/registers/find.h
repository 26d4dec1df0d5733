/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* find.h - CPU registers in captured memory. */
#ifndef KMD_LINUX_REGISTERS_FIND_H
#define KMD_LINUX_REGISTERS_FIND_H

#include "linux/registers/cpus.h"
#include "linux/views.h"

/* What is known of the CPUs as such, besides their registers. */
struct kmd_cpus_found {
	bool has_panic_cpu;
	uint32_t panic_cpu;
};

/*
 * The shim's record (known by its first bytes), and the kernel's own notes: at
 * crash_notes where @vmlinux names it, else in regions registered as that, whose
 * order of address is the order of CPUs.  Machines whose registers are not known
 * here have none.  @vmlinux may be NULL; @kaslr is added to its symbols.
 */
enum kmd_status kmd_cpus_find(const struct kmd_regions *regions, const struct kmd_memory *memory,
			      const struct kmd_views *views, uint16_t machine,
			      const struct kmd_vmlinux *vmlinux, uint64_t kaslr,
			      struct kmd_diag *diag, struct kmd_cpus *cpus,
			      struct kmd_cpus_found *found);

#endif
