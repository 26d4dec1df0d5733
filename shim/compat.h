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

/* Whether the kernel has a VMCOREINFO; an option of its own since 6.9. */
#if defined(CONFIG_VMCORE_INFO) || defined(CONFIG_CRASH_CORE)
#define KMD_HAS_VMCOREINFO	1
#endif

/* ALIGN() and its kind; part of kernel.h until 5.11. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#include <linux/align.h>
#else
#include <linux/kernel.h>
#endif

/* min() and max(); part of kernel.h until 5.10. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 0)
#include <linux/minmax.h>
#else
#include <linux/kernel.h>
#endif

/* crashing_cpu, panic_timeout and their kind; part of kernel.h until 5.14. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#include <linux/panic.h>
#else
#include <linux/kernel.h>
#endif

/* Since 5.8; until then each machine has a header for all of it. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 8, 0)
#include <linux/pgtable.h>
#else
#include <asm/pgtable.h>
#endif

/* The pid in an ELF note of registers; struct elf_prstatus_common came with 5.12. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0)
#define kmd_prstatus_pid(prstatus)	((prstatus)->common.pr_pid)
#else
#define kmd_prstatus_pid(prstatus)	((prstatus)->pr_pid)
#endif

/* Whether a task has run for the last time; the member has another name since 5.14. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#define kmd_task_is_dead(p)	(READ_ONCE((p)->__state) == TASK_DEAD)
#else
#define kmd_task_is_dead(p)	(READ_ONCE((p)->state) == TASK_DEAD)
#endif

/* Whether a task is on a CPU; older kernels do not record it without SMP. */
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
