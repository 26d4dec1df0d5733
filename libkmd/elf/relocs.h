/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* relocs.h - the words that KASLR moves, from the relocations of vmlinux. */
#ifndef KMD_ELF_RELOCS_H
#define KMD_ELF_RELOCS_H

#include "elf/sections.h"

#include <gelf.h>

/* Fills in .moves, unsorted, and .relocs_complete of @layout. */
enum kmd_status kmd_relocs_read(const GElf_Ehdr *header, Elf *elf, struct kmd_diag *diag,
				struct kmd_vmlinux_layout *layout);

#endif
