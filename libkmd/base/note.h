/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* note.h - ELF notes as they are written: one after another, padded to 4. */
#ifndef KMD_BASE_NOTE_H
#define KMD_BASE_NOTE_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes of name and descriptor, and the type, of 4 bytes each. */
#define KMD_NOTE_HEADER_SIZE 12

/*
 * Append a note with a descriptor of zeroes to *@bytes, of which there are *@size.  Where
 * the descriptor begins, until the next is appended; NULL without memory, *@bytes is kept.
 */
unsigned char *kmd_note_append(unsigned char **bytes, size_t *size, const char *name, uint32_t type,
			       uint32_t desc_size, bool big_endian);

#endif
