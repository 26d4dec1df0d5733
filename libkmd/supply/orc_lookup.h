/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * orc_lookup.h - the index into the ORC tables that an x86_64 kernel computes at its start.
 *
 * Source: arch/x86/kernel/unwind_orc.c, include/asm-generic/vmlinux.lds.h.
 */
#ifndef KMD_SUPPLY_ORC_LOOKUP_H
#define KMD_SUPPLY_ORC_LOOKUP_H

#include "elf/sections.h"

/* *@bytes is NULL where it cannot be computed; else to be freed.  At link address *@link. */
enum kmd_status kmd_orc_lookup_make(const struct kmd_vmlinux *vmlinux,
				    const struct kmd_vmlinux_layout *layout, struct kmd_diag *diag,
				    uint64_t *link, uint64_t *size, unsigned char **bytes);

#endif
