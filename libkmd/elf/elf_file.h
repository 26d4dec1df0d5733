/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * elf_file.h - one ELF file that holds something of the kernel: its code and data, its
 * symbols, its debug information, or all of that.
 */
#ifndef KMD_ELF_ELF_FILE_H
#define KMD_ELF_ELF_FILE_H

#include "elf/vmlinux.h"
#include "source/source.h"

#include <gelf.h>

/* What one file may have of the three things that are wanted. */
enum kmd_elf_part {
	KMD_ELF_CONTENT = 1u << 0, /* bytes of code and data; debug files have none */
	KMD_ELF_SYMBOLS = 1u << 1,
	KMD_ELF_DWARF = 1u << 2,
	KMD_ELF_ALL = KMD_ELF_CONTENT | KMD_ELF_SYMBOLS | KMD_ELF_DWARF,
};

struct kmd_elf_file {
	struct kmd_source *source; /* has a descriptor of its own */
	Elf *elf;
	GElf_Ehdr header;
	unsigned int parts; /* enum kmd_elf_part, or-ed */
	char build_id[KMD_BUILD_ID_TEXT];
	char *debug_link; /* file name in .gnu_debuglink, NULL = none */
	uint32_t debug_crc;
};

/* Open the executable @path.  Sections are looked at, not yet read. */
enum kmd_status kmd_elf_file_open(const char *path, const struct kmd_vmlinux_options *options,
				  struct kmd_diag *diag, struct kmd_elf_file *file);
void kmd_elf_file_deinit(struct kmd_elf_file *file);

/* What the file is, where it is one that people take for a vmlinux; else NULL. */
const char *kmd_elf_file_foreign(const unsigned char *head, size_t size);

/* KMD_ERR_FORMAT: "not a usable vmlinux: WHAT". */
enum kmd_status kmd_elf_file_unusable(struct kmd_diag *diag, const char *name, const char *what);

#endif
