/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* extract.h - the regions as files of a folder, which is a dump again. */
#ifndef KMD_VMCORE_EXTRACT_H
#define KMD_VMCORE_EXTRACT_H

#include "region/filter.h"
#include "vmcore/write.h"

/* The contract is kmd_extract_path()'s, in kmd.h. */
enum kmd_status kmd_extract(const struct kmd_regions *regions, const char *globs,
			    const struct kmd_write_options *options, const char *folder,
			    bool overwrite, struct kmd_diag *diag);

#endif
