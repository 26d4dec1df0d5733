/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* unpack.h - a vmlinux that is kept compressed. */
#ifndef KMD_ELF_UNPACK_H
#define KMD_ELF_UNPACK_H

#include "elf/vmlinux.h"
#include "source/source.h"

/* True if bytes that a file begins with are those of gzip, xz, zstd, bzip2 or lz4. */
bool kmd_vmlinux_is_packed(const unsigned char *head, size_t size);

/* Replace *@source by an unnamed temporary file with what it unpacks to. */
enum kmd_status kmd_vmlinux_unpack(const struct kmd_vmlinux_options *options, struct kmd_diag *diag,
				   struct kmd_source **source);

#endif
