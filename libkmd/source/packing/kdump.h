/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * kdump.h - kdump-compressed dumps of makedumpfile and QEMU.
 *
 * They become an ELF core in the scratch file: its segments are runs of pages, its notes those
 * of the dump.
 */
#ifndef KMD_SOURCE_PACKING_KDUMP_H
#define KMD_SOURCE_PACKING_KDUMP_H

#include "source/packing/sink.h"

#define KMD_KDUMP_MAGIC      "KDUMP   "
#define KMD_KDUMP_MAGIC_SIZE 8

/* Damaged pages are left out and reported. */
enum kmd_status kmd_kdump_unpack(const struct kmd_source *source,
				 const struct kmd_input_options *options, struct kmd_diag *diag,
				 struct kmd_unpack_target *target);

#endif
