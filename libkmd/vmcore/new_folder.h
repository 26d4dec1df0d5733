/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* new_folder.h - a folder beside its final place, so that readers see it whole or not at all. */
#ifndef KMD_VMCORE_NEW_FOLDER_H
#define KMD_VMCORE_NEW_FOLDER_H

#include "base/diag.h"

/*
 * Make a folder with a name of its own beside @path.  *@temporary is its name, which the caller
 * frees, and *@fd its descriptor; NULL and -1 where they were not made.
 */
enum kmd_status kmd_new_folder_make(const char *path, char **temporary, int *fd,
				    struct kmd_diag *diag);

#endif
