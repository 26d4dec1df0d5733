/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* parts.h - a file that was split: FILE.00 FILE.01, FILE.aa FILE.ab, FILE_0 FILE_1, FILE.001. */
#ifndef KMD_SOURCE_PARTS_H
#define KMD_SOURCE_PARTS_H

#include "source/source.h"

/*
 * If @path names the first part of a split file and the next part is beside it, replace
 * *@source, which is the first part, by all of them, one after another; a note says so.  A next
 * file that begins with the same mark as the first is a dump of its own, and is not joined; nor is
 * one that is larger than the first, or follows a smaller one.
 * Two files that begin with zeroes are compared page by page.
 * Chunks of an Android sparse image are joined all the same: each describes the whole image.
 */
enum kmd_status kmd_parts_join(struct kmd_diag *diag, const char *path, struct kmd_source **source);

#endif
