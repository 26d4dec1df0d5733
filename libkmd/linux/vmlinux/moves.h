/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* moves.h - the words that KASLR moves, out of the relocations of vmlinux. */
#ifndef KMD_LINUX_VMLINUX_MOVES_H
#define KMD_LINUX_VMLINUX_MOVES_H

#include "linux/vmlinux/layout.h"

#include <gelf.h>

/* Fills in .moves, unsorted, and .moves_known of @layout. */
enum kmd_status kmd_vmlinux_moves_read(const GElf_Ehdr *header, Elf *elf, struct kmd_diag *diag,
				       struct kmd_vmlinux_layout *layout);

#endif
