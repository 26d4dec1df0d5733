/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* compat.h - what moved between the kernels that the shim builds on. */
#ifndef KMD_COMPAT_H
#define KMD_COMPAT_H

#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/version.h>

/* VMCOREINFO and note_buf_t; a header of their own since 6.9. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#include <linux/vmcore_info.h>
#else
#include <linux/crash_core.h>
#endif

/* Whether a task is on a CPU; without SMP older kernels do not say. */
#if defined(CONFIG_SMP) || LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define kmd_task_runs(p)	(!!READ_ONCE((p)->on_cpu))
#else
#define kmd_task_runs(p)	((void)(p), false)
#endif

/* Of one CPU there is one instance of everything. */
#ifndef per_cpu_offset
#define per_cpu_offset(cpu)	((void)(cpu), 0UL)
#endif

#endif /* KMD_COMPAT_H */
