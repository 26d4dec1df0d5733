/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* rar5.h - what libarchive does not say of RAR 5 archives. */
#ifndef KMD_SOURCE_RAR5_H
#define KMD_SOURCE_RAR5_H

#include "source/source.h"

struct kmd_rar5 {
	bool encrypted; /* a file of the archive, or all headers */
	bool volume;    /* one file of several that make an archive */
};

/* Read the headers of an archive as far as they go. */
void kmd_rar5_look(const struct kmd_source *source, struct kmd_diag *diag, struct kmd_rar5 *rar5);

#endif
