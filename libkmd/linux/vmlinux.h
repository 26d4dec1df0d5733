/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* vmlinux.h - the kernel's own ELF file: machine, build-id, symbols. */
#ifndef KMD_LINUX_VMLINUX_H
#define KMD_LINUX_VMLINUX_H

#include "region/region.h"

struct kmd_symbol {
	uint64_t value;   /* link-time address */
	const char *name; /* inside .names */
};

struct kmd_vmlinux {
	uint16_t machine;
	unsigned char elf_class;
	bool big_endian;
	char build_id[129];         /* hexadecimal, "" = none */
	struct kmd_symbol *symbols; /* sorted by value, then name */
	size_t n, cap;
	char *names;
};

enum kmd_status kmd_vmlinux_read(const char *path, struct kmd_diag *diag,
				 struct kmd_vmlinux *vmlinux);
void kmd_vmlinux_deinit(struct kmd_vmlinux *vmlinux);

/* Link-time address of the symbol @name. */
bool kmd_vmlinux_symbol(const struct kmd_vmlinux *vmlinux, const char *name, uint64_t *value);

/* A hint for each symbol that lies at a KELF claim's virtual address minus @kaslr. */
enum kmd_status kmd_vmlinux_hints(const struct kmd_vmlinux *vmlinux,
				  const struct kmd_claims *claims, uint64_t kaslr,
				  struct kmd_diag *diag, struct kmd_hints *hints);

#endif
