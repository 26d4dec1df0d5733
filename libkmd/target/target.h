/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * target.h - the dead kernel as one object: its memory, maps, page tables, symbols, types,
 * VMCOREINFO and run-time values.  It is const once kmd_target_init() was called; the log,
 * the CPUs, the tasks and the consumers' checks are functions of it.
 */
#ifndef KMD_TARGET_TARGET_H
#define KMD_TARGET_TARGET_H

#include "target/views.h"
#include "types/types.h"

/* How a reader translates a virtual address. */
enum kmd_xlate {
	KMD_XLATE_SEGMENTS,           /* p_vaddr of the segments: gdb */
	KMD_XLATE_DIRECT_THEN_TABLES, /* linear map and image by rule, the rest by page tables:
					 crash */
	KMD_XLATE_TABLES,             /* all by page tables: makedumpfile */
	KMD_XLATE_ANY,                /* drgn */
	KMD_N_XLATE,
};

enum kmd_target_type {
	KMD_T_RQ,
	KMD_T_RQ_CURR,
	KMD_T_RQ_IDLE,
	KMD_T_TASK,
	KMD_T_TASK_STACK,
	KMD_T_TASK_PIDS,
	KMD_T_TASK_MM,
	KMD_T_MM,
	KMD_T_MM_RSS_STAT,
	KMD_T_RSS_STAT_OLD,
	KMD_T_COUNTER,
	KMD_T_COUNTER_COUNTERS,
	KMD_T_PID,
	KMD_T_PID_TASKS,
	KMD_T_PIDNS_HEAD,
	KMD_T_XA_SHIFT,
	KMD_T_XA_SLOTS,
	KMD_T_XA_SLOT_COUNT,
	KMD_T_MODULE,
	KMD_T_MODULE_LIST,
	KMD_T_PGLIST,
	KMD_T_TSS_IST,
	KMD_T_HOT_IRQ_STACK,
	KMD_T_KERNEL_SYMBOL,
	KMD_T_MODULE_SYMS,
	KMD_T_MODULE_NUM_SYMS,
	KMD_T_MODULE_GPL_SYMS,
	KMD_T_MODULE_NUM_GPL_SYMS,
	KMD_T_MODULE_MEM,
	KMD_T_MODULE_MEMORY,
	KMD_T_MEM_BASE,
	KMD_T_MEM_SIZE,
	KMD_T_MOD_DATA,
	KMD_T_CORE_BASE,
	KMD_T_CORE_SIZE,
	KMD_T_INIT_BASE,
	KMD_T_INIT_SIZE,
	KMD_T_TASK_PID,
	KMD_T_TASK_TGID,
	KMD_T_TASK_COMM,
	KMD_T_TASK_STATE,
	KMD_T_TASK_STATE_OLD,
	KMD_T_TASK_EXIT_STATE,
	KMD_T_TASK_FLAGS,
	KMD_T_TASK_PARENT,
	KMD_T_TASK_LIST,
	KMD_T_TASK_NSPROXY,
	KMD_T_NSPROXY_PID_NS,
	KMD_T_TASK_CPU,
	KMD_T_TASK_CPU_OLD,
	KMD_T_TASK_ON_CPU,
	KMD_T_TASK_ARRIVAL,
	KMD_T_TASK_EXEC_START,
	KMD_T_TASK_SP,
	KMD_T_TASK_CONTEXT_FP,
	KMD_T_TASK_CONTEXT_SP,
	KMD_T_TASK_CONTEXT_PC,
	KMD_T_TASK_RA,
	KMD_T_TASK_SAVED,
	KMD_T_REGS_FP,
	KMD_T_REGS_SP,
	KMD_T_REGS_PC,
	KMD_T_REGS_RA,
	KMD_T_INACTIVE_BP,
	KMD_T_INACTIVE_PC,
	KMD_T_ARM_CONTEXT,
	KMD_T_ARM_SAVED_R4,
	KMD_T_ARM_SAVED_FP,
	KMD_T_ARM_SAVED_SP,
	KMD_T_ARM_SAVED_PC,
	KMD_T_ARM_TABLE_LIST,
	KMD_T_ARM_TABLE_BEGIN,
	KMD_T_ARM_TABLE_END,
	KMD_T_ARM_TABLE_START,
	KMD_T_ARM_TABLE_STOP,
	KMD_T_RQ_CLOCK,
	KMD_T_ORC_SIGNAL,
	KMD_T_ORC_END,
	KMD_T_REGS_RECORD,
	KMD_T_MODULE_NAME,
	KMD_T_MODULE_TAINTS,
	KMD_T_MODULE_BUILD_ID,
	KMD_T_MODULE_KALLSYMS,
	KMD_T_KALLSYMS_SYMTAB,
	KMD_T_KALLSYMS_NUM,
	KMD_T_KALLSYMS_STRTAB,
	KMD_T_MODULE_ORC_N,
	KMD_T_MODULE_ORC_IPS,
	KMD_T_MODULE_ORC_ROWS,
	KMD_T_RECORD_META,
	KMD_T_MUTEX_WAITER_TASK,
	KMD_T_MUTEX_OWNER,
	KMD_T_MUTEX_WAITERS,
	KMD_T_RWSEM_WAITER_TASK,
	KMD_T_RWSEM_OWNER,
	KMD_T_RWSEM_WAITERS,
	KMD_T_TASK_PI_BLOCKED,
	KMD_T_RT_WAITER_TASK,
	KMD_T_RT_WAITER_LOCK,
	KMD_T_RT_MUTEX_OWNER,
	KMD_T_RT_MUTEX_OWNER_OLD,
	KMD_T_FTRACE_NEXT,
	KMD_T_FTRACE_TRAMPOLINE,
	KMD_T_FTRACE_SIZE,
	KMD_T_FTRACE_FLAGS,
	KMD_T_FTRACE_SAVE_REGS,
	KMD_T_KPROBE_PAGES,
	KMD_T_KPROBE_PAGE_LIST,
	KMD_T_KPROBE_PAGE_INSNS,
	KMD_T_BPF_START,
	KMD_T_BPF_END,
	KMD_T_BPF_NAME,
	KMD_T_BPF_NAME_LENGTH,
	KMD_T_BPF_LINK,
	KMD_T_TASK_RET_STACK,
	KMD_T_TASK_CURR_RET_STACK,
	KMD_T_RET_STACK_SIZE,
	KMD_T_RET_STACK_RET,
	KMD_T_RET_STACK_FUNC,
	KMD_T_RET_STACK_PLACE,
	KMD_T_RET_STACK_FP,
	KMD_T_FGRAPH_INDEX,
	KMD_T_TASK_RETHOOKS,
	KMD_T_RETHOOK_LINK,
	KMD_T_RETHOOK_RET,
	KMD_T_RETHOOK_FRAME,
	KMD_T_TASK_KRETPROBES,
	KMD_T_KRETPROBE_LINK,
	KMD_T_KRETPROBE_HASH_LINK,
	KMD_T_KRETPROBE_TASK,
	KMD_T_KRETPROBE_RET,
	KMD_T_KRETPROBE_FP,
	KMD_T_BTF_LIST,
	KMD_T_BTF_MODULE,
	KMD_T_BTF_BTF,
	KMD_T_BTF_DATA,
	KMD_T_BTF_DATA_SIZE,
	KMD_T_MODULE_BTF_DATA,
	KMD_T_MODULE_BTF_SIZE,
	KMD_T_VMAP_AREA,
	KMD_T_VMAP_AREA_LIST,
	KMD_T_N,
};

#define KMD_TARGET_CPUS_MAX 8192

/* In place of a size: that of the machine's long and pointers. */
#define KMD_LONG            0

struct kmd_kallsyms;

struct kmd_target {
	const struct kmd_memory *memory; /* physical memory; may include supplied ranges */
	const struct kmd_views *views;   /* its virtual addresses */
	const struct kmd_kernel_facts *facts;
	const struct kmd_vmcoreinfo *info; /* .text may be NULL */
	const struct kmd_runtime *runtime; /* values of this boot */
	const struct kmd_vmlinux *vmlinux; /* NULL = none */
	struct kmd_kallsyms *kallsyms;     /* used where .vmlinux has no symbols; NULL = none */
	struct kmd_diag *diag;
	struct kmd_paging paging; /* if has_paging */
	bool has_paging;
	uint64_t page, kaslr;
	bool has_symbols;                     /* of the vmlinux, at run-time addresses */
	struct kmd_type_query types[KMD_T_N]; /* once kmd_target_read_types() was called */
	/* What no symbol names, found by its form (image_search.h); 0 = nothing. */
	struct {
		uint64_t btf, btf_size, init_task, init_pid_ns;
	} found;
};

/* Everything handed in must outlive the target.  @runtime and @vmlinux may be NULL. */
void kmd_target_init(struct kmd_target *target, const struct kmd_memory *memory,
		     const struct kmd_views *views, const struct kmd_kernel_facts *facts,
		     const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		     const struct kmd_vmlinux *vmlinux, struct kmd_diag *diag);
/* Read sizes and offsets from the debug information.  Without any, all stay unknown. */
enum kmd_status kmd_target_read_types(struct kmd_target *target);

/* Run-time address of a symbol, and its size (0 = not known); @size may be NULL. */
bool kmd_target_symbol(const struct kmd_target *target, const char *name, uint64_t *virt,
		       uint64_t *size);
/* A size or offset out of the debug information. */
bool kmd_target_type(const struct kmd_target *target, enum kmd_target_type type, uint64_t *value);

/* Of a task_struct as it is allocated: x86_64 cuts off what its FPU does not need. */
bool kmd_target_task_size(const struct kmd_target *target, uint64_t *size);
/* The stack of init_task. */
bool kmd_target_first_stack(const struct kmd_target *target, uint64_t *start, uint64_t *size);
/* THREAD_SIZE, as the first task's stack has it. */
bool kmd_target_stack_size(const struct kmd_target *target, uint64_t *size);

/* How many of the @size bytes from @virt on are there; up to the page's end for page tables. */
uint64_t kmd_target_available(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt,
			      uint64_t size);

enum kmd_extent {
	KMD_EXTENT_WHOLE,
	KMD_EXTENT_PART, /* some bytes; of each page the first, for a consumer that takes pages */
	KMD_EXTENT_NONE, /* what the consumer reads first is not there; *@first = where */
};

enum kmd_extent kmd_target_extent(const struct kmd_target *target, enum kmd_xlate mode,
				  uint64_t virt, uint64_t size, uint64_t *first);
/* False if not all is there. */
bool kmd_target_read(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt, void *to,
		     uint64_t size);
/* A number of @size bytes, at most 8. */
/* Bytes of the kernel's long and of its pointers. */
size_t kmd_target_word(const struct kmd_target *target);
/* True if the kernel, not a program, has this address. */
bool kmd_target_is_kernel(const struct kmd_target *target, uint64_t virt);
/* Sums of addresses wrap where the machine's do; on arm64, without the tag in the top byte. */
uint64_t kmd_target_wrap(const struct kmd_target *target, uint64_t virt);
bool kmd_target_read_uint(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt,
			  size_t size, uint64_t *number);
/* The member whose offset is @type, of the structure at @base. */
bool kmd_target_member(const struct kmd_target *target, uint64_t base, enum kmd_target_type type,
		       size_t size, uint64_t *value);
/* The pointer in a variable. */
bool kmd_target_pointer(const struct kmd_target *target, const char *symbol, uint64_t *pointer);

/* True if no table on the way to @virt is missing, mapped or not; else *@table is where. */
bool kmd_target_tables(const struct kmd_target *target, uint64_t virt, uint64_t *table);

/*
 * CPUs that the kernel counts as present: their numbers, and the offsets of their per-CPU
 * variables.  False if that is not known.
 */
struct kmd_target_cpus {
	uint32_t *numbers;
	uint64_t *offsets;
	size_t n;
};

bool kmd_target_cpus(const struct kmd_target *target, struct kmd_target_cpus *cpus);
void kmd_target_cpus_deinit(struct kmd_target_cpus *cpus);
/* The address of a per-CPU variable. */
bool kmd_target_per_cpu(const struct kmd_target *target, const char *symbol, uint64_t offset,
			uint64_t *virt);

#endif
