/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* vmlinux.h - the kernel's own ELF file: machine, build-id, symbols, content. */
#ifndef KMD_ELF_VMLINUX_H
#define KMD_ELF_VMLINUX_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 64 bytes in hexadecimal; the kernel's own has 20. */
#define KMD_BUILD_ID_TEXT 129

struct kmd_elf_symbol {
	uint64_t value; /* link-time address */
	uint64_t size;  /* 0 = not known */
	const char *name;
	bool global; /* or weak */
};

struct kmd_vmlinux {
	uint16_t machine;
	bool position_independent; /* ET_DYN: gdb moves it to where its entry is */
	uint64_t entry;            /* e_entry */
	unsigned char elf_class;
	bool big_endian;
	char build_id[KMD_BUILD_ID_TEXT]; /* hexadecimal, "" = none */
	struct kmd_elf_symbol *symbols;   /* sorted by value, then name */
	size_t n, cap;
	uint32_t *by_name;         /* the same by name: indices into .symbols */
	char *names;               /* what .symbols' names lie in */
	char *banner;              /* linux_banner without its newline, NULL = not in it */
	struct kmd_elf_files *elf; /* kept open for content and debug information */
};

struct kmd_vmlinux_options {
	bool debuginfod;        /* may ask servers for what is not here */
	uint64_t unpack_limit;  /* most bytes to unpack to; 0 = 64 GiB */
	const char *debug_root; /* folder of separate debug files; NULL = /usr/lib/debug */
};

/*
 * Open @path: a vmlinux, whole or stripped, compressed (xz, zstd, gzip) or not.  Where it
 * has no symbols or no DWARF, its separate debug file is looked for: beside it and
 * under /usr/lib/debug, by build-id and .gnu_debuglink, then with debuginfod.
 * KMD_ERR_FORMAT, with what it is, if it is no vmlinux or there are no symbols.
 */
enum kmd_status kmd_vmlinux_open(const char *path, const struct kmd_vmlinux_options *options,
				 struct kmd_diag *diag, struct kmd_vmlinux *vmlinux);
void kmd_vmlinux_deinit(struct kmd_vmlinux *vmlinux);

/*
 * The @size bytes that the file has for link address @link, with the kernel's own
 * relative relocations applied as for a KASLR offset of 0.  False if they are not all in
 * the file (.bss, beyond the image, a debug file).  A per-CPU variable is found at its own
 * address only where the linker put its template there (x86_64 until 6.14 links them at 0).
 */
bool kmd_vmlinux_bytes(const struct kmd_vmlinux *vmlinux, uint64_t link, void *to, size_t size);

/* The symbol @name, the global one where there are several; NULL = none. */
const struct kmd_elf_symbol *kmd_vmlinux_find(const struct kmd_vmlinux *vmlinux, const char *name);
/* Link-time address of the symbol @name. */
bool kmd_vmlinux_symbol(const struct kmd_vmlinux *vmlinux, const char *name, uint64_t *value);

/* Index of the first symbol whose value is at least @value. */
size_t kmd_vmlinux_first_at(const struct kmd_vmlinux *vmlinux, uint64_t value);

#endif
