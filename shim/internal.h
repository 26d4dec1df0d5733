/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the files of kmemdump.ko share.  Data flows one way:
 *
 *	vmcoreinfo -> symbols -> {core image, tasks, page tables, ...}
 *		-> runs -> registry -> {KELF header, backend}
 */
#ifndef KMD_INTERNAL_H
#define KMD_INTERNAL_H

#include <linux/kmemdump.h>
#include <linux/kernel.h>

/* What is registered with no user action; each level includes those before. */
enum kmd_level {
	KMD_LEVEL_LOG,
	KMD_LEVEL_RFC,
	KMD_LEVEL_FULL,
};

/* --- runs.c: virtual addresses to runs of physical memory */

/**
 * struct kmd_run - physically contiguous memory
 * @pa: physical address
 * @len: bytes, not 0
 */
struct kmd_run {
	phys_addr_t pa;
	size_t len;
};

int kmd_runs_init(void);
bool kmd_is_image(unsigned long va);
bool kmd_is_paged(unsigned long va);
phys_addr_t kmd_image_pa(unsigned long va);
int kmd_next_run(unsigned long va, size_t size, struct kmd_run *run);

/* A part of the kernel image as the kernel's own resource tree names it. */
struct kmd_extent {
	const char *name;
	phys_addr_t start;
	phys_addr_t end; /* one past the last byte */
};

bool kmd_image_extent(const char *resource, struct kmd_extent *extent);
unsigned long kmd_image_va(phys_addr_t pa);

/* --- registry.c */

/**
 * struct kmd_spec - what to register
 * @name: any text; cut, cleaned and made unique
 * @va: kernel virtual address, or 0 if only @pa is known
 * @pa: physical address; used if @va is 0 or @at_pa is set
 * @size: bytes
 * @prio: see &enum kmemdump_prio
 * @owner: a key for kmd_drop_owner(), or NULL
 * @task: whose memory it is: it keeps its place while that runs; or NULL
 * @at_pa: @pa is right, do not translate @va
 * @again: was asked for before; if there is no room, that has been counted
 */
struct kmd_spec {
	const char *name;
	unsigned long va;
	phys_addr_t pa;
	size_t size;
	enum kmemdump_prio prio;
	const void *owner;
	const struct task_struct *task;
	bool at_pa;
	bool again;
};

/* Why something was not registered or not placed; counted for debugfs. */
enum kmd_reason {
	KMD_REASON_ARGUMENT,	/* no name, no size, wraps around */
	KMD_REASON_ADDRESS,	/* not mapped, or not memory */
	KMD_REASON_NO_ROOM,	/* the registry is full */
	KMD_REASON_NAME,	/* no unique name was found */
	KMD_REASON_BUDGET,	/* waits as firmware's table is full */
	KMD_REASON_EVICTED,	/* gave its slot to a more important one */
	KMD_REASON_TABLES,	/* more pages of page tables than allowed for */
	KMD_REASON_BACKEND,	/* the backend returned an error */
	KMD_NR_REASONS,
};

struct kmd_stats {
	u64 registered;		/* runs, since load */
	u64 unregistered;
	unsigned int live;	/* runs, now */
	unsigned int most;	/* the highest of @live */
	unsigned int room;	/* runs that the registry can hold */
	unsigned int by_state[KMEMDUMP_REFUSED + 1];
	unsigned int slots;	/* of the backend, 0 without one */
	u64 bytes_placed;
	u64 refused[KMD_NR_REASONS];
	const char *backend;	/* name, "none" without one */
};

int kmd_registry_init(unsigned int max_regions);
void kmd_registry_exit(void);
int kmd_add(const struct kmd_spec *spec);
int kmd_add_va(const char *name, unsigned long va, size_t size,
	       enum kmemdump_prio prio);
int kmd_refuse(enum kmd_reason reason, int err);
void kmd_report_refusals(void);
void kmd_drop_owner(const void *owner);
void kmd_drop_va(unsigned long va);
bool kmd_has_va(unsigned long va, size_t size);
bool kmd_raise_va(unsigned long va, size_t size, enum kmemdump_prio prio);
bool kmd_prefer_vas(const unsigned long *vas, unsigned int n);
unsigned long kmd_slots_lost(void);
bool kmd_is_crowded(void);
void kmd_limit_bytes(u64 bytes);
void kmd_get_stats(struct kmd_stats *stats);

/*
 * Sweeping what a walk no longer finds: kmd_touch_va() stamps a region,
 * kmd_drop_untouched() drops those of an owner with an older stamp.
 */
u32 kmd_new_stamp(void);
bool kmd_touch_va(unsigned long va, size_t size, const void *owner);
void kmd_drop_untouched(const void *owner, u32 stamp);
bool kmd_take_over(const struct kmd_spec *spec);

/* --- kelf.c: the ELF header region; all under the registry's lock */

struct kmd_kelf;

struct kmd_kelf *kmd_kelf_alloc(unsigned int max_regions);
void kmd_kelf_free(struct kmd_kelf *kelf);
phys_addr_t kmd_kelf_pa(const struct kmd_kelf *kelf);
unsigned long kmd_kelf_va(const struct kmd_kelf *kelf);
size_t kmd_kelf_size(const struct kmd_kelf *kelf);
void kmd_kelf_add(struct kmd_kelf *kelf, unsigned int slot,
		  const struct kmemdump_region *r);
void kmd_kelf_del(struct kmd_kelf *kelf, unsigned int slot);
bool kmd_kelf_settle(struct kmd_kelf *kelf);

/* --- vmcoreinfo.c: the VMCOREINFO text */

int kmd_vmcoreinfo_init(void);
phys_addr_t kmd_vmcoreinfo_pa(void);
size_t kmd_vmcoreinfo_size(void);
bool kmd_vmcoreinfo_symbol(const char *name, unsigned long *va);
bool kmd_vmcoreinfo_offset(const char *field, unsigned long *offset);
bool kmd_vmcoreinfo_struct(const char *type, unsigned long *size);

/* --- symbols.c: addresses of the kernel's variables */

int kmd_symbols_init(void);
bool kmd_symbol(const char *name, unsigned long *va);
bool kmd_symbol_quiet(const char *name, unsigned long *va);
void kmd_missing(const char *what);
void kmd_check(const char *name, int id);
void kmd_want(const char *name, unsigned long va, size_t size,
	      enum kmemdump_prio prio);
void kmd_report_missing(void);
bool kmd_read_word(unsigned long va, unsigned long *word);
bool kmd_symbol_word(const char *name, unsigned long *word);

/* --- coreimage.c, logbuf.c, fullimage.c, pages.c */

void kmd_coreimage_register(enum kmd_level level);
void kmd_log_register(void);
void kmd_full_register(void);
void kmd_pages_register(void);
bool kmd_in_percpu(const void __percpu *ptr);

/* --- tasks.c, pids.c, pgtable.c, modules.c, module_attrs.c, registers.c */

int kmd_tasks_init(void);
void kmd_tasks_exit(void);

void kmd_pids_sweep(bool again);
void kmd_pid_added(int nr);

void kmd_pgtable_register(void);
void kmd_pgtable_follow(unsigned long va, size_t size, enum kmemdump_prio prio,
			bool again);

struct module;

void kmd_module_attrs_add(struct module *mod);
void kmd_module_attrs_drop(u32 stamp);

#ifdef CONFIG_MODULES
int kmd_modules_init(void);
void kmd_modules_exit(void);
#else
static inline int kmd_modules_init(void)
{
	return 0;
}

static inline void kmd_modules_exit(void)
{
}
#endif

int kmd_registers_init(void);
void kmd_registers_exit(void);

/* --- debugfs.c */

void kmd_debugfs_init(void);
void kmd_debugfs_exit(void);

#endif /* KMD_INTERNAL_H */
