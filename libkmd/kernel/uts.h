/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* uts.h - struct new_utsname, and where it is in struct uts_namespace. */
#ifndef KMD_KERNEL_UTS_H
#define KMD_KERNEL_UTS_H

#include "source/source.h"
#include "vmcoreinfo/vmcoreinfo.h"

/* struct new_utsname: six strings of 65 bytes (include/uapi/linux/utsname.h). */

#define KMD_UTS_FIELD   65
#define KMD_UTS_RELEASE (2 * KMD_UTS_FIELD)
#define KMD_UTS_MACHINE (4 * KMD_UTS_FIELD)
#define KMD_UTS_SIZE    (6 * KMD_UTS_FIELD)

/*
 * struct uts_namespace began with a kref of 4 bytes until Linux 5.10.  Linux 5.11 removed it
 * (9a56493f6942) and added OFFSET(uts_namespace.name) to VMCOREINFO (ca4a9241cc5e).
 */
#define KMD_UTS_KREF    4
#define KMD_UTS_NO_KREF KMD_VERSION_OF(5, 11)

/*
 * The offsets at which the utsname may be in init_uts_ns, the likelier first; returns how many.
 * A kernel before 5.11 may have the struct of 5.11 by a backport.
 */
static inline size_t kmd_uts_offsets(const struct kmd_vmcoreinfo *info, uint64_t offsets[2])
{
	offsets[0] = 0;
	if (kmd_vmcoreinfo_number(info, "OFFSET(uts_namespace.name)", &offsets[0]) ||
	    kmd_kernel_version(info) >= KMD_UTS_NO_KREF)
		return 1;
	offsets[0] = KMD_UTS_KREF;
	offsets[1] = 0;
	return 2;
}

/* Note that the utsname at @offset describes the kernel, apart from the names of the host. */
static inline void kmd_uts_mark(const struct kmd_source *source, uint64_t offset,
				struct kmd_diag *diag)
{
	kmd_source_mark(source, offset, KMD_UTS_FIELD, diag);
	kmd_source_mark(source, offset + KMD_UTS_RELEASE,
			(uint64_t)KMD_UTS_MACHINE + KMD_UTS_FIELD - KMD_UTS_RELEASE, diag);
}

#endif
