/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * file_name.h - names of region files, taken apart.
 *
 * Firmware files a region as md_<name><seq>.BIN; with the Gunyah resource manager
 * a virtual machine's id stands before the name, in hex: md_2d_KELF_HDR.BIN.
 */
#ifndef KMD_REGION_FILE_NAME_H
#define KMD_REGION_FILE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define KMD_VM_MAX 8

/*
 * The part of a file or section name that is the region's: without a folder,
 * "md_" and ".BIN" (any case).  Points into fresh memory; NULL = memory is short.
 */
char *kmd_region_name_of_file(const char *file);

/*
 * The same, lower-case and without what users and their tools add to names: other
 * or no suffixes, "Copy of ", " (1)".  Names that differ only so may mean one file.
 */
char *kmd_region_name_core(const char *file);

/* Length of @name without the " (1)" that a file manager gives to a copy. */
size_t kmd_name_without_copy_mark(const char *name, size_t length);

/*
 * What may be a virtual machine's prefix of a file name ("2d" of md_2d_KSTACK0.BIN),
 * lower-case, or "".  Module regions begin with a digit too (md_0_wlan.BIN), so
 * this is a machine's prefix only where a KELF file bears it.
 */
void kmd_vm_prefix(const char *file, char prefix[KMD_VM_MAX]);

/* True if a region of this name is a KELF header by name: KELF, KELF1, KELF_HDR, K0ELF ... */
bool kmd_name_is_kelf(const char *region_name);

#endif
