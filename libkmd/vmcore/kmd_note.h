/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kmd_note.h - the note that lists memory of a core that was not captured. */
#ifndef KMD_VMCORE_KMD_NOTE_H
#define KMD_VMCORE_KMD_NOTE_H

#include "base/text.h"
#include "memory/supply.h"
#include "region/filter.h"

/*
 * The note, appended to *@bytes, of which there are *@size: whole, padded to 4; its layout
 * is in <kmemdump/minidump.h>.  None if nothing in @core is supplied.  Neighbouring pieces
 * of one thing are one range.
 */
enum kmd_status kmd_note_supplied(const struct kmd_core_memory *core, bool big_endian,
				  struct kmd_diag *diag, unsigned char **bytes, size_t *size);

/* The note that records kmd_set_only() and kmd_set_exclude(), and what became of it; or none. */
enum kmd_status kmd_note_filter(const struct kmd_regions *regions, const struct kmd_filter *filter,
				bool big_endian, struct kmd_diag *diag, unsigned char **bytes,
				size_t *size);

/* The note ERASEINFO, as makedumpfile writes it, with @text; none if that is empty. */
enum kmd_status kmd_note_erased(const struct kmd_text *text, bool big_endian, struct kmd_diag *diag,
				unsigned char **bytes, size_t *size);

#endif
