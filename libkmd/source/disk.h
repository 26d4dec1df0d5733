/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* disk.h - the dump partition of a whole disk, or of a read-out of eMMC or UFS. */
#ifndef KMD_SOURCE_DISK_H
#define KMD_SOURCE_DISK_H

#include "source/input.h"

/* True if the first sectors of @source may be a partition table: GPT or MBR. */
bool kmd_disk_is(const struct kmd_source *source, struct kmd_diag *diag);

/*
 * Replace *@source, a disk, by its dump partition, and *@file_name (allocated) by the
 * partition's name.  It is the partition that options->member names; else the only one that
 * begins as a dump does; else the one named rawdump, minidump, logdump or ftm.
 *
 * *@found is false if this is no disk after all.  KMD_ERR_FORMAT, with the partitions' names, if
 * none or several of them can be meant.
 */
enum kmd_status kmd_disk_choose(struct kmd_diag *diag, const struct kmd_input_options *options,
				struct kmd_input *input, struct kmd_source **source,
				char **file_name, bool *found);

#endif
