/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* files.h - the ELF files that make up one vmlinux: itself, and what was split off it. */
#ifndef KMD_ELF_FILES_H
#define KMD_ELF_FILES_H

#include "elf/content.h"

/* The given file, and one for each part that it may lack. */
#define KMD_ELF_FILES_MAX 4

struct kmd_elf_files {
	struct kmd_elf_file items[KMD_ELF_FILES_MAX]; /* the given one is first */
	size_t n;
	struct kmd_content content;
};

/* Open @path, and find what it lacks.  That it cannot be found is no error. */
enum kmd_status kmd_elf_files_open(const char *path, const struct kmd_vmlinux_options *options,
				   struct kmd_diag *diag, struct kmd_elf_files *files);
/* What the sections hold has been read; only descriptors stay. */
void kmd_elf_files_drop_buffers(struct kmd_elf_files *files);
void kmd_elf_files_deinit(struct kmd_elf_files *files);

/* The first file that has @part, or NULL. */
const struct kmd_elf_file *kmd_elf_files_with(const struct kmd_elf_files *files,
					      enum kmd_elf_part part);

#endif
