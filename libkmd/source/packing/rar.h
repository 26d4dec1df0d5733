/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* rar.h - what libarchive does not say of RAR archives. */
#ifndef KMD_SOURCE_PACKING_RAR_H
#define KMD_SOURCE_PACKING_RAR_H

#include "source/source.h"

struct kmd_rar {
	bool encrypted; /* a file of the archive, or all headers */
	bool volume;    /* one file of several that make an archive */
};

/* Read the headers of an archive, which begins at @start of @source, as far as they go. */
void kmd_rar5_look(const struct kmd_source *source, uint64_t start, struct kmd_diag *diag,
		   struct kmd_rar *rar);
/* The same of version 4 and before, of which the main header shows all.  libarchive names encrypted
 * files. */
void kmd_rar4_look(const struct kmd_source *source, uint64_t start, struct kmd_diag *diag,
		   struct kmd_rar *rar);

#endif
