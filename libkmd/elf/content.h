/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* content.h - what lies at a link address, out of the sections of vmlinux. */
#ifndef KMD_ELF_CONTENT_H
#define KMD_ELF_CONTENT_H

#include "elf/elf_file.h"

struct kmd_content_extent {
	uint64_t start, size; /* link addresses */
	uint64_t offset;      /* in the file */
	bool stored;          /* false for .bss and its like */
};

/* The word at @at becomes @value: a relative relocation for an offset of 0. */
struct kmd_content_reloc {
	uint64_t at, value;
};

struct kmd_content {
	struct kmd_content_extent *extents; /* sorted by start */
	size_t n, cap;
	struct kmd_content_reloc *relocs; /* sorted by address */
	size_t n_relocs, cap_relocs;
	bool big_endian;
};

enum kmd_status kmd_content_init(const struct kmd_elf_file *file, struct kmd_diag *diag,
				 struct kmd_content *content);
/* As kmd_vmlinux_bytes(). */
bool kmd_content_read(const struct kmd_content *content, const struct kmd_source *source,
		      uint64_t link, void *to, size_t size);
void kmd_content_deinit(struct kmd_content *content);

#endif
