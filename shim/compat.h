/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* compat.h - what moved between the kernels that the shim builds on. */
#ifndef KMD_COMPAT_H
#define KMD_COMPAT_H

#include <linux/version.h>

/* VMCOREINFO and note_buf_t; a header of their own since 6.9. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#include <linux/vmcore_info.h>
#else
#include <linux/crash_core.h>
#endif

#endif /* KMD_COMPAT_H */
