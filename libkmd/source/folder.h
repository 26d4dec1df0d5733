/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* folder.h - the files of a folder as members of an input; for input.c. */
#ifndef KMD_SOURCE_FOLDER_H
#define KMD_SOURCE_FOLDER_H

#include "source/input.h"

/*
 * Fill @out, zeroed but for its (printable) name, with the regular files in the folder @fd,
 * which becomes the input's even where this fails.
 */
enum kmd_status kmd_folder_open(struct kmd_diag *diag, const struct kmd_input_options *options,
				int fd, const char *name, struct kmd_input *out);

#endif
