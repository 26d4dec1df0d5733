/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* compat.h - what moved between the kernels that the shim builds on. */
#ifndef KMD_COMPAT_H
#define KMD_COMPAT_H

#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sizes.h>
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

#ifndef PTR_ALIGN_DOWN /* until 5.8 */
#define PTR_ALIGN_DOWN(p, a)	((typeof(p))ALIGN_DOWN((unsigned long)(p), (a)))
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

/* panic_notifier_list; part of kernel.h until 5.14. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#include <linux/panic_notifier.h>
#endif

/* A binary file's reader: its attribute is const since 6.13, under another name until 6.17. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define KMD_BIN_CONST	const
#define KMD_BIN_READ	read
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define KMD_BIN_CONST	const
#define KMD_BIN_READ	read_new
#else
#define KMD_BIN_CONST
#define KMD_BIN_READ	read
#endif

/* Since 5.8; until then each machine has a header for all of it. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 8, 0)
#include <linux/pgtable.h>
#else
#include <asm/pgtable.h>
#endif

/* The entry of a table that is not a process's; arm64 had none until 5.8. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 8, 0) && !defined(pgd_offset_pgd)
#define pgd_offset_pgd(pgd, va)	((pgd) + pgd_index(va))
#endif

/* Whether an entry maps memory itself; each machine had names of its own until 5.6. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 6, 0) && !defined(pmd_leaf)
#if defined(CONFIG_X86)
#define pmd_leaf	pmd_large
#define pud_leaf	pud_large
#elif defined(CONFIG_ARM64)
#define pmd_leaf	pmd_sect
#define pud_leaf	pud_sect
#elif defined(CONFIG_ARM)
#define pmd_leaf	pmd_large
#define pud_leaf(pud)	((void)(pud), 0)
#endif
#endif

/* An address without the tag that KASAN gave it (arm64: memory tagging). */
#include <linux/mm.h>
static inline unsigned long kmd_untag(unsigned long va)
{
#ifdef __tag_reset
	return __tag_reset(va);
#else
	return va;
#endif
}

/* A function whose indirect calls CFI_CLANG does not check; since 5.13. */
#ifndef __nocfi
#define __nocfi
#endif

/* A read that may fail; the name is of 5.8. */
#include <linux/uaccess.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 8, 0)
#define copy_from_kernel_nofault	probe_kernel_read
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

/*
 * Where modules are mapped, and on riscv64 the image as well, whose limits are symbols
 * that modules cannot refer to.  An end of 0 is that of all addresses.
 */
#if defined(CONFIG_RISCV)
#define KMD_MODULES_VADDR	(KERNEL_LINK_ADDR - SZ_2G)
#define KMD_MODULES_END		0UL
#elif defined(MODULES_VADDR)
#define KMD_MODULES_VADDR	MODULES_VADDR
#define KMD_MODULES_END		MODULES_END
#endif

/* riscv64's own are not exported, and choose the number of levels at boot since 5.17. */
#if defined(CONFIG_RISCV) && LINUX_VERSION_CODE >= KERNEL_VERSION(5, 17, 0)
static inline p4d_t *kmd_p4d_offset(pgd_t *pgd, unsigned long va)
{
	return pgtable_l5_enabled ? pgd_pgtable(*pgd) + p4d_index(va) :
				    (p4d_t *)pgd;
}

static inline pud_t *kmd_pud_offset(p4d_t *p4d, unsigned long va)
{
	return pgtable_l4_enabled ? p4d_pgtable(*p4d) + pud_index(va) :
				    (pud_t *)p4d;
}
#else
#define kmd_p4d_offset	p4d_offset
#define kmd_pud_offset	pud_offset
#endif

/*
 * Where a function's first instruction of its own is: riscv64's kprobes refuse the place
 * of ftrace's call before it.
 */
#if defined(CONFIG_RISCV) && defined(CONFIG_DYNAMIC_FTRACE)
#include <linux/ftrace.h>
#define KMD_PROBE_OFFSET	MCOUNT_INSN_SIZE
#else
#define KMD_PROBE_OFFSET	0
#endif

/* The first argument of a function that a kprobe stands at; arm and old riscv64 have no name for it. */
#if defined(CONFIG_X86_64)
#define kmd_first_argument(regs)	((regs)->di)
#elif defined(CONFIG_ARM64)
#define kmd_first_argument(regs)	((regs)->regs[0])
#elif defined(CONFIG_ARM)
#define kmd_first_argument(regs)	((regs)->ARM_r0)
#elif defined(CONFIG_RISCV)
#define kmd_first_argument(regs)	((regs)->a0)
#endif

/* Of one CPU there is one instance of everything. */
#ifndef per_cpu_offset
#define per_cpu_offset(cpu)	((void)(cpu), 0UL)
#endif

#endif /* KMD_COMPAT_H */
