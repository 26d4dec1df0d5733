/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* archive.h - the dump inside a tar, zip, 7z or rar archive. */
#ifndef KMD_SOURCE_ARCHIVE_H
#define KMD_SOURCE_ARCHIVE_H

#include "source/packing/sink.h"

/*
 * Unpack the file or folder that options->member names, or the only one.  A single file
 * replaces *@source, and *@file_name becomes its name (allocated); the files of a folder are
 * added to @input, and *@source becomes NULL.  Nothing is ever written under a member's name.
 *
 * KMD_ERR_FORMAT if there is no such file, or several folders hold some and none is named;
 * KMD_ERR_DAMAGED, KMD_ERR_UNSUPPORTED (encrypted), KMD_ERR_LIMIT.
 */
enum kmd_status kmd_archive_unpack(struct kmd_diag *diag, const struct kmd_input_options *options,
				   struct kmd_input *input, struct kmd_source **source,
				   char **file_name);

#endif
