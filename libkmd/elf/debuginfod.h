/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* debuginfod.h - files that servers have of a build-id. */
#ifndef KMD_ELF_DEBUGINFOD_H
#define KMD_ELF_DEBUGINFOD_H

#include "base/diag.h"

enum kmd_debuginfod_kind {
	KMD_DEBUGINFOD_DEBUG,
	KMD_DEBUGINFOD_EXECUTABLE,
};

/*
 * Ask the servers named in $DEBUGINFOD_URLS.  *@path is where the answer lies, in the cache
 * that all programs share; to be freed.  NULL if there is none, or no libdebuginfod.
 */
enum kmd_status kmd_debuginfod_find(const char *build_id, enum kmd_debuginfod_kind kind,
				    struct kmd_diag *diag, char **path);

#endif
