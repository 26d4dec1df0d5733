/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * runtime.h - the run-time values of the dumped kernel, resolved from evidence.
 *
 * VMCOREINFO has most of them, but a dump may lack it.  Then registered addresses, the
 * log and variables in captured memory give them.  Each source adds candidates
 * (evidence.h); the value with the greatest weight is selected (candidates.h).
 */
#ifndef KMD_KERNEL_RUNTIME_H
#define KMD_KERNEL_RUNTIME_H

#include "arch/arch.h"

/*
 * Collect candidates from all sources and select one value for each key.  @info may have no
 * text and @vmlinux may be NULL; then there are fewer sources.  The user's value comes first,
 * then the value with the greatest weight.  Conflicting candidates are a finding that names
 * their sources.  A value without a candidate, or with a tie, stays unknown.  Searches the
 * first GiB of captured memory.  @machine is that of the dump's ELF header, or 0.
 */
enum kmd_status kmd_runtime_resolve(const struct kmd_memory *memory,
				    const struct kmd_vmcoreinfo *info,
				    const struct kmd_vmlinux *vmlinux, uint16_t machine,
				    const struct kmd_runtime_given *given, struct kmd_diag *diag,
				    struct kmd_runtime *runtime);

/*
 * The KASLR offset that most of the named claims have against @vmlinux, for use before
 * memory is built; false if none is clear.
 */
bool kmd_runtime_kaslr_from_claims(const struct kmd_claims *claims,
				   const struct kmd_vmlinux *vmlinux, uint64_t *kaslr);

#endif
