/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* core_notes.h - notes of an input that is a core already, worth carrying over. */
#ifndef KMD_CPU_CORE_NOTES_H
#define KMD_CPU_CORE_NOTES_H

#include "region/region.h"

struct kmd_core_notes {
	unsigned char *bytes; /* whole notes, padded to 4 */
	size_t size;
	size_t cpus; /* NT_PRSTATUS among them; they and what belongs to a CPU come first */
};

/* Name of a note of NT_PRSTATUS's type that stands for a CPU without registers: see notes.c. */
#define KMD_PLACEHOLDER "KMD"

/*
 * Take over the registers (NT_PRSTATUS, "LINUX" register sets), NT_AUXV, QEMU's notes
 * and the lists of what was supplied and excluded (KMD) of a finished core.  Nothing from a KELF
 * file, whose notes the kernel wrote past its allocation; no VMCOREINFO, which is built again; no
 * registers that are all zero.  If two CPUs have one pr_pid, all are renumbered from 1: gdb does
 * not open a core with a pid twice.  Without @registers, because there are better ones, only what
 * is not of a CPU.
 */
enum kmd_status kmd_core_notes_read(const struct kmd_claims *claims, bool registers,
				    struct kmd_diag *diag, struct kmd_core_notes *notes);
void kmd_core_notes_deinit(struct kmd_core_notes *notes);

#endif
