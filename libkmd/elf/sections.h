/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sections.h - the loaded sections of vmlinux, and which of their words KASLR moves.
 *
 * An image that is ET_DYN (arm64, riscv64) brings its relocations along: .rela.dyn and
 * .relr.dyn.  One that is ET_EXEC (x86_64) has them only where it was not stripped of what
 * ld --emit-relocs wrote; the kernel itself reads a table that is not in vmlinux.
 *
 * Sources: arch/arm64/kernel/pi/relocate.c, arch/x86/tools/relocs.c, the ELF gABI on
 * SHT_RELR.
 */
#ifndef KMD_ELF_SECTIONS_H
#define KMD_ELF_SECTIONS_H

#include "elf/vmlinux.h"

#define KMD_SECTION_NAME 24

struct kmd_vmlinux_section {
	char name[KMD_SECTION_NAME]; /* its beginning */
	uint64_t link, size;
	uint64_t offset; /* in the file */
	bool exec, write;
	bool stored; /* false for .bss and its like */
};

enum kmd_reloc_kind {
	KMD_RELOC_ADD64, /* the word holds a link address */
	KMD_RELOC_ADD32, /* its lower half */
	KMD_RELOC_SUB32, /* a distance from here to a per-CPU variable, which does not move */
};

struct kmd_reloc {
	uint64_t at; /* link address */
	enum kmd_reloc_kind kind;
};

struct kmd_vmlinux_layout {
	struct kmd_vmlinux_section *sections; /* by address, none overlaps another */
	size_t n, cap;
	struct kmd_reloc *relocs; /* by address */
	size_t n_relocs, cap_relocs;
	bool relocs_complete; /* all of them are there */
	bool dynamic; /* the file need not have the addresses: only its relocations have them */
	/* x86_64 before 6.15: per-CPU variables are linked at [0, this); 0 = they are not */
	uint64_t percpu_size;
};

/* The sections; there are none without content (a debug file). */
enum kmd_status kmd_vmlinux_layout_read(const struct kmd_vmlinux *vmlinux, struct kmd_diag *diag,
					struct kmd_vmlinux_layout *layout);
/* The moves, which can be millions, once sections were read. */
enum kmd_status kmd_vmlinux_layout_read_relocs(const struct kmd_vmlinux *vmlinux,
					       struct kmd_diag *diag,
					       struct kmd_vmlinux_layout *layout);
void kmd_vmlinux_layout_deinit(struct kmd_vmlinux_layout *layout);

/* The section of that name, or NULL. */
const struct kmd_vmlinux_section *kmd_vmlinux_layout_find(const struct kmd_vmlinux_layout *layout,
							  const char *name);
/* Index of the first move at or above @at. */
size_t kmd_vmlinux_layout_first(const struct kmd_vmlinux_layout *layout, uint64_t at);

#endif
