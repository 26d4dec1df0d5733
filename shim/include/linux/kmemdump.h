/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * kmemdump - mark kernel memory beforehand, for boot firmware to save when the
 * machine dies.  Nothing of the dead kernel has to run for that.
 *
 * In the spirit of the kmemdump and meminspect series, so that a driver moves
 * over to them by renaming.  Regions are described by address: what firmware
 * saves is the content at the time of the crash.
 *
 * Unless said otherwise, all functions here may be called from any context but
 * NMI, with interrupts on or off; they neither sleep nor allocate.
 */
#ifndef _LINUX_KMEMDUMP_H
#define _LINUX_KMEMDUMP_H

#include <linux/percpu.h>
#include <linux/types.h>

/* Longest name that is kept, with its NUL; firmware's own limit is shorter. */
#define KMEMDUMP_NAME_LEN	32
/* Room that a firmware's table has for a name, with its NUL. */
#define KMEMDUMP_FW_NAME_LEN	16
/* Slots may each need a program header, and e_phnum has 16 bits. */
#define KMEMDUMP_MAX_SLOTS	0xff00

/**
 * enum kmemdump_prio - who stays when firmware's table is full
 * @KMEMDUMP_PRIO_KELF: the header that describes all others
 * @KMEMDUMP_PRIO_LOG: kernel log, version, VMCOREINFO
 * @KMEMDUMP_PRIO_RFC: single variables, the list of the kmemdump series
 * @KMEMDUMP_PRIO_DRIVER: what drivers register
 * @KMEMDUMP_PRIO_REGS: CPU registers
 * @KMEMDUMP_PRIO_DATA: the kernel's data, per-CPU data
 * @KMEMDUMP_PRIO_CURRENT: the idle tasks, IRQ stacks, and what leads to tasks and
 *	stacks: the tree of PIDs, page tables
 * @KMEMDUMP_PRIO_TASK: task structures and stacks; among them, those that run now
 * @KMEMDUMP_PRIO_TABLES: all other page tables
 * @KMEMDUMP_PRIO_TASK_AUX: what task structures point to
 * @KMEMDUMP_PRIO_TEXT: code and constants, which the vmlinux file has as well
 * @KMEMDUMP_PRIO_MODULE: memory of modules
 * @KMEMDUMP_PRIO_COUNTERS: processes' memory counters, of which each CPU has one
 * @KMEMDUMP_NR_PRIO: number of the above
 *
 * The first is the most important.
 */
enum kmemdump_prio {
	KMEMDUMP_PRIO_KELF,
	KMEMDUMP_PRIO_LOG,
	KMEMDUMP_PRIO_RFC,
	KMEMDUMP_PRIO_DRIVER,
	KMEMDUMP_PRIO_REGS,
	KMEMDUMP_PRIO_DATA,
	KMEMDUMP_PRIO_CURRENT,
	KMEMDUMP_PRIO_TASK,
	KMEMDUMP_PRIO_TABLES,
	KMEMDUMP_PRIO_TASK_AUX,
	KMEMDUMP_PRIO_TEXT,
	KMEMDUMP_PRIO_MODULE,
	KMEMDUMP_PRIO_COUNTERS,
	KMEMDUMP_NR_PRIO,
};

/**
 * enum kmemdump_state - where a region stands
 * @KMEMDUMP_WAITING: registered; there is no backend, or its table is full
 * @KMEMDUMP_PLACED: in the backend's table
 * @KMEMDUMP_REFUSED: the backend did not take it (see debugfs for the reason)
 */
enum kmemdump_state {
	KMEMDUMP_WAITING,
	KMEMDUMP_PLACED,
	KMEMDUMP_REFUSED,
};

/**
 * struct kmemdump_region - one physically contiguous run of registered memory
 * @id: as returned at registration, shared by all runs of a registration
 * @name: as registered, cut to KMEMDUMP_NAME_LEN
 * @fw_name: as firmware gets it: "K" and @name, cut; unique together with @seq
 * @seq: sequence number, 0 if @fw_name is unique by itself
 * @pa: physical address of the first byte
 * @va: kernel virtual address of the first byte, 0 if there is none
 * @size: bytes, as registered
 * @prio: see &enum kmemdump_prio
 * @state: see &enum kmemdump_state
 */
struct kmemdump_region {
	int id;
	char name[KMEMDUMP_NAME_LEN];
	char fw_name[KMEMDUMP_FW_NAME_LEN];
	u32 seq;
	phys_addr_t pa;
	unsigned long va;
	size_t size;
	enum kmemdump_prio prio;
	enum kmemdump_state state;
};

int kmemdump_register(const char *name, const void *va, size_t size);
int kmemdump_register_pa(const char *name, phys_addr_t pa, size_t size);
int kmemdump_register_percpu(const char *name, const void __percpu *ptr,
			     size_t size);
void kmemdump_unregister(int id);
int kmemdump_unregister_va(const void *va, size_t size);
int kmemdump_unregister_pa(phys_addr_t pa, size_t size);
int kmemdump_traverse(void *priv,
		      int (*cb)(void *priv, const struct kmemdump_region *r));

/**
 * struct kmemdump_backend - describes the regions to firmware
 * @name: for the kernel log and debugfs
 * @max_regions: slots of firmware's table that are ours
 * @write: describe @r in @slot, which is empty; 0 or a negative errno.
 * @clear: make @slot empty
 * @accepts: false for a region that is not to get a slot; may be NULL
 *
 * @write, @clear and @accepts are called under a raw spinlock with interrupts off, perhaps
 * that of a run queue as well, so they must not wake anybody, nor print.  A
 * backend must keep its table such that firmware may read it at any moment.
 */
struct kmemdump_backend {
	const char *name;
	unsigned int max_regions;
	int (*write)(struct kmemdump_backend *backend, unsigned int slot,
		     const struct kmemdump_region *r);
	void (*clear)(struct kmemdump_backend *backend, unsigned int slot);
	bool (*accepts)(struct kmemdump_backend *backend,
			const struct kmemdump_region *r);
};

int kmemdump_register_backend(struct kmemdump_backend *backend);
void kmemdump_unregister_backend(struct kmemdump_backend *backend);

#endif /* _LINUX_KMEMDUMP_H */
