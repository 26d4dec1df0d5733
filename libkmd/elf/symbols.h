/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* symbols.h - the symbol table of vmlinux: by value, and by name. */
#ifndef KMD_ELF_SYMBOLS_H
#define KMD_ELF_SYMBOLS_H

#include "elf/elf_file.h"

/* Fill in the symbols of @vmlinux.  A table that is damaged gives none. */
enum kmd_status kmd_symbols_read(const struct kmd_elf_file *file, struct kmd_diag *diag,
				 struct kmd_vmlinux *vmlinux);

#endif
