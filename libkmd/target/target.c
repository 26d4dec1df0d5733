/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/target.h"

#include "base/checked.h"
#include "target/kallsyms.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

static const struct kmd_type_query type_queries[KMD_T_N] = {
	[KMD_T_RQ] = { KMD_TYPE_SIZE, "rq", NULL, false, 0 },
	[KMD_T_RQ_CURR] = { KMD_TYPE_OFFSET, "rq", "curr", false, 0 },
	[KMD_T_RQ_IDLE] = { KMD_TYPE_OFFSET, "rq", "idle", false, 0 },
	[KMD_T_TASK] = { KMD_TYPE_SIZE, "task_struct", NULL, false, 0 },
	[KMD_T_TASK_STACK] = { KMD_TYPE_OFFSET, "task_struct", "stack", false, 0 },
	[KMD_T_TASK_PIDS] = { KMD_TYPE_OFFSET, "task_struct", "pid_links", false, 0 },
	[KMD_T_TASK_MM] = { KMD_TYPE_OFFSET, "task_struct", "mm", false, 0 },
	[KMD_T_MM] = { KMD_TYPE_SIZE, "mm_struct", NULL, false, 0 },
	[KMD_T_MM_RSS_STAT] = { KMD_TYPE_OFFSET, "mm_struct", "rss_stat", false, 0 },
	/* Until 6.1; since then rss_stat is an array of struct percpu_counter. */
	[KMD_T_RSS_STAT_OLD] = { KMD_TYPE_SIZE, "mm_rss_stat", NULL, false, 0 },
	[KMD_T_COUNTER] = { KMD_TYPE_SIZE, "percpu_counter", NULL, false, 0 },
	[KMD_T_COUNTER_COUNTERS] = { KMD_TYPE_OFFSET, "percpu_counter", "counters", false, 0 },
	[KMD_T_PID] = { KMD_TYPE_SIZE, "pid", NULL, false, 0 },
	[KMD_T_PID_TASKS] = { KMD_TYPE_OFFSET, "pid", "tasks", false, 0 },
	[KMD_T_PIDNS_HEAD] = { KMD_TYPE_OFFSET, "pid_namespace", "idr.idr_rt.xa_head", false, 0 },
	[KMD_T_XA_SHIFT] = { KMD_TYPE_OFFSET, "xa_node", "shift", false, 0 },
	[KMD_T_XA_SLOTS] = { KMD_TYPE_OFFSET, "xa_node", "slots", false, 0 },
	[KMD_T_XA_SLOT_COUNT] = { KMD_TYPE_LENGTH, "xa_node", "slots", false, 0 },
	[KMD_T_MODULE] = { KMD_TYPE_SIZE, "module", NULL, false, 0 },
	[KMD_T_MODULE_LIST] = { KMD_TYPE_OFFSET, "module", "list", false, 0 },
	[KMD_T_VMAP_AREA] = { KMD_TYPE_SIZE, "vmap_area", NULL, false, 0 },
	[KMD_T_VMAP_AREA_LIST] = { KMD_TYPE_OFFSET, "vmap_area", "list", false, 0 },
	[KMD_T_PGLIST] = { KMD_TYPE_SIZE, "pglist_data", NULL, false, 0 },
	[KMD_T_TSS_IST] = { KMD_TYPE_OFFSET, "tss_struct", "x86_tss.ist", false, 0 },
	[KMD_T_HOT_IRQ_STACK] = { KMD_TYPE_OFFSET, "pcpu_hot", "hardirq_stack_ptr", false, 0 },
	[KMD_T_KERNEL_SYMBOL] = { KMD_TYPE_SIZE, "kernel_symbol", NULL, false, 0 },
	[KMD_T_MODULE_SYMS] = { KMD_TYPE_OFFSET, "module", "syms", false, 0 },
	[KMD_T_MODULE_NUM_SYMS] = { KMD_TYPE_OFFSET, "module", "num_syms", false, 0 },
	[KMD_T_MODULE_GPL_SYMS] = { KMD_TYPE_OFFSET, "module", "gpl_syms", false, 0 },
	[KMD_T_MODULE_NUM_GPL_SYMS] = { KMD_TYPE_OFFSET, "module", "num_gpl_syms", false, 0 },
	[KMD_T_MODULE_MEM] = { KMD_TYPE_OFFSET, "module", "mem", false, 0 },
	[KMD_T_MODULE_MEMORY] = { KMD_TYPE_SIZE, "module_memory", NULL, false, 0 },
	[KMD_T_MEM_BASE] = { KMD_TYPE_OFFSET, "module_memory", "base", false, 0 },
	[KMD_T_MEM_SIZE] = { KMD_TYPE_OFFSET, "module_memory", "size", false, 0 },
	[KMD_T_MOD_DATA] = { KMD_TYPE_ENUMERATOR, "MOD_DATA", NULL, false, 0 },
	[KMD_T_CORE_BASE] = { KMD_TYPE_OFFSET, "module", "core_layout.base", false, 0 },
	[KMD_T_CORE_SIZE] = { KMD_TYPE_OFFSET, "module", "core_layout.size", false, 0 },
	[KMD_T_INIT_BASE] = { KMD_TYPE_OFFSET, "module", "init_layout.base", false, 0 },
	[KMD_T_INIT_SIZE] = { KMD_TYPE_OFFSET, "module", "init_layout.size", false, 0 },
	[KMD_T_TASK_PID] = { KMD_TYPE_OFFSET, "task_struct", "pid", false, 0 },
	[KMD_T_TASK_TGID] = { KMD_TYPE_OFFSET, "task_struct", "tgid", false, 0 },
	[KMD_T_TASK_COMM] = { KMD_TYPE_OFFSET, "task_struct", "comm", false, 0 },
	/* The name since 5.14, and before. */
	[KMD_T_TASK_STATE] = { KMD_TYPE_OFFSET, "task_struct", "__state", false, 0 },
	[KMD_T_TASK_STATE_OLD] = { KMD_TYPE_OFFSET, "task_struct", "state", false, 0 },
	[KMD_T_TASK_EXIT_STATE] = { KMD_TYPE_OFFSET, "task_struct", "exit_state", false, 0 },
	[KMD_T_TASK_FLAGS] = { KMD_TYPE_OFFSET, "task_struct", "flags", false, 0 },
	[KMD_T_TASK_PARENT] = { KMD_TYPE_OFFSET, "task_struct", "real_parent", false, 0 },
	[KMD_T_TASK_LIST] = { KMD_TYPE_OFFSET, "task_struct", "tasks", false, 0 },
	[KMD_T_TASK_NSPROXY] = { KMD_TYPE_OFFSET, "task_struct", "nsproxy", false, 0 },
	[KMD_T_NSPROXY_PID_NS] = { KMD_TYPE_OFFSET, "nsproxy", "pid_ns_for_children", false, 0 },
	/* Where it is since 5.16, and before. */
	[KMD_T_TASK_CPU] = { KMD_TYPE_OFFSET, "task_struct", "thread_info.cpu", false, 0 },
	[KMD_T_TASK_CPU_OLD] = { KMD_TYPE_OFFSET, "task_struct", "cpu", false, 0 },
	[KMD_T_MUTEX_WAITER_TASK] = { KMD_TYPE_OFFSET, "mutex_waiter", "task", false, 0 },
	[KMD_T_MUTEX_OWNER] = { KMD_TYPE_OFFSET, "mutex", "owner", false, 0 },
	[KMD_T_MUTEX_WAITERS] = { KMD_TYPE_OFFSET, "mutex", "wait_list", false, 0 },
	[KMD_T_RWSEM_WAITER_TASK] = { KMD_TYPE_OFFSET, "rwsem_waiter", "task", false, 0 },
	[KMD_T_RWSEM_OWNER] = { KMD_TYPE_OFFSET, "rw_semaphore", "owner", false, 0 },
	[KMD_T_RWSEM_WAITERS] = { KMD_TYPE_OFFSET, "rw_semaphore", "wait_list", false, 0 },
	/* An rt_mutex, which PREEMPT_RT builds the other locks of; rt_mutex_base since 5.15. */
	[KMD_T_TASK_PI_BLOCKED] = { KMD_TYPE_OFFSET, "task_struct", "pi_blocked_on", false, 0 },
	[KMD_T_RT_WAITER_TASK] = { KMD_TYPE_OFFSET, "rt_mutex_waiter", "task", false, 0 },
	[KMD_T_RT_WAITER_LOCK] = { KMD_TYPE_OFFSET, "rt_mutex_waiter", "lock", false, 0 },
	[KMD_T_RT_MUTEX_OWNER] = { KMD_TYPE_OFFSET, "rt_mutex_base", "owner", false, 0 },
	[KMD_T_RT_MUTEX_OWNER_OLD] = { KMD_TYPE_OFFSET, "rt_mutex", "owner", false, 0 },
	[KMD_T_TASK_ON_CPU] = { KMD_TYPE_OFFSET, "task_struct", "on_cpu", false, 0 },
	[KMD_T_TASK_ARRIVAL] = { KMD_TYPE_OFFSET, "task_struct", "sched_info.last_arrival", false,
				 0 },
	[KMD_T_TASK_EXEC_START] = { KMD_TYPE_OFFSET, "task_struct", "se.exec_start", false, 0 },
	/* x86_64: the stack pointer of a task that does not run. */
	[KMD_T_TASK_SP] = { KMD_TYPE_OFFSET, "task_struct", "thread.sp", false, 0 },
	/* arm64: its registers. */
	[KMD_T_TASK_CONTEXT_FP] = { KMD_TYPE_OFFSET, "task_struct", "thread.cpu_context.fp", false,
				    0 },
	[KMD_T_TASK_CONTEXT_SP] = { KMD_TYPE_OFFSET, "task_struct", "thread.cpu_context.sp", false,
				    0 },
	[KMD_T_TASK_CONTEXT_PC] = { KMD_TYPE_OFFSET, "task_struct", "thread.cpu_context.pc", false,
				    0 },
	/* riscv64: the same; s0 is the first of "s".  And struct pt_regs. */
	[KMD_T_TASK_RA] = { KMD_TYPE_OFFSET, "task_struct", "thread.ra", false, 0 },
	[KMD_T_TASK_SAVED] = { KMD_TYPE_OFFSET, "task_struct", "thread.s", false, 0 },
	[KMD_T_REGS_FP] = { KMD_TYPE_OFFSET, "pt_regs", "s0", false, 0 },
	[KMD_T_REGS_SP] = { KMD_TYPE_OFFSET, "pt_regs", "sp", false, 0 },
	[KMD_T_REGS_PC] = { KMD_TYPE_OFFSET, "pt_regs", "epc", false, 0 },
	[KMD_T_REGS_RA] = { KMD_TYPE_OFFSET, "pt_regs", "ra", false, 0 },
	[KMD_T_INACTIVE_BP] = { KMD_TYPE_OFFSET, "inactive_task_frame", "bp", false, 0 },
	[KMD_T_INACTIVE_PC] = { KMD_TYPE_OFFSET, "inactive_task_frame", "ret_addr", false, 0 },
	/* arm: the same, since 5.16; and the tables of unwind.c. */
	[KMD_T_ARM_CONTEXT] = { KMD_TYPE_OFFSET, "task_struct", "thread_info.cpu_context", false,
				0 },
	[KMD_T_ARM_SAVED_R4] = { KMD_TYPE_OFFSET, "cpu_context_save", "r4", false, 0 },
	[KMD_T_ARM_SAVED_FP] = { KMD_TYPE_OFFSET, "cpu_context_save", "fp", false, 0 },
	[KMD_T_ARM_SAVED_SP] = { KMD_TYPE_OFFSET, "cpu_context_save", "sp", false, 0 },
	[KMD_T_ARM_SAVED_PC] = { KMD_TYPE_OFFSET, "cpu_context_save", "pc", false, 0 },
	[KMD_T_ARM_TABLE_LIST] = { KMD_TYPE_OFFSET, "unwind_table", "list", false, 0 },
	[KMD_T_ARM_TABLE_BEGIN] = { KMD_TYPE_OFFSET, "unwind_table", "begin_addr", false, 0 },
	[KMD_T_ARM_TABLE_END] = { KMD_TYPE_OFFSET, "unwind_table", "end_addr", false, 0 },
	[KMD_T_ARM_TABLE_START] = { KMD_TYPE_OFFSET, "unwind_table", "start", false, 0 },
	[KMD_T_ARM_TABLE_STOP] = { KMD_TYPE_OFFSET, "unwind_table", "stop", false, 0 },
	[KMD_T_RQ_CLOCK] = { KMD_TYPE_OFFSET, "rq", "clock", false, 0 },
	/* Both are bit fields of one word; which of them exist shows the table's format. */
	[KMD_T_ORC_SIGNAL] = { KMD_TYPE_OFFSET, "orc_entry", "signal", false, 0 },
	[KMD_T_ORC_END] = { KMD_TYPE_OFFSET, "orc_entry", "end", false, 0 },
	[KMD_T_MODULE_NAME] = { KMD_TYPE_OFFSET, "module", "name", false, 0 },
	[KMD_T_MODULE_TAINTS] = { KMD_TYPE_OFFSET, "module", "taints", false, 0 },
	/* Since 5.14, with STACKTRACE_BUILD_ID. */
	[KMD_T_MODULE_BUILD_ID] = { KMD_TYPE_OFFSET, "module", "build_id", false, 0 },
	[KMD_T_MODULE_KALLSYMS] = { KMD_TYPE_OFFSET, "module", "kallsyms", false, 0 },
	[KMD_T_KALLSYMS_SYMTAB] = { KMD_TYPE_OFFSET, "mod_kallsyms", "symtab", false, 0 },
	[KMD_T_KALLSYMS_NUM] = { KMD_TYPE_OFFSET, "mod_kallsyms", "num_symtab", false, 0 },
	[KMD_T_KALLSYMS_STRTAB] = { KMD_TYPE_OFFSET, "mod_kallsyms", "strtab", false, 0 },
	[KMD_T_MODULE_ORC_N] = { KMD_TYPE_OFFSET, "module", "arch.num_orcs", false, 0 },
	[KMD_T_MODULE_ORC_IPS] = { KMD_TYPE_OFFSET, "module", "arch.orc_unwind_ip", false, 0 },
	[KMD_T_MODULE_ORC_ROWS] = { KMD_TYPE_OFFSET, "module", "arch.orc_unwind", false, 0 },
	/* Code made at run time. */
	[KMD_T_FTRACE_NEXT] = { KMD_TYPE_OFFSET, "ftrace_ops", "next", false, 0 },
	[KMD_T_FTRACE_TRAMPOLINE] = { KMD_TYPE_OFFSET, "ftrace_ops", "trampoline", false, 0 },
	[KMD_T_FTRACE_SIZE] = { KMD_TYPE_OFFSET, "ftrace_ops", "trampoline_size", false, 0 },
	[KMD_T_FTRACE_FLAGS] = { KMD_TYPE_OFFSET, "ftrace_ops", "flags", false, 0 },
	[KMD_T_FTRACE_SAVE_REGS] = { KMD_TYPE_ENUMERATOR, "FTRACE_OPS_FL_SAVE_REGS", NULL, false,
				     0 },
	[KMD_T_KPROBE_PAGES] = { KMD_TYPE_OFFSET, "kprobe_insn_cache", "pages", false, 0 },
	[KMD_T_KPROBE_PAGE_LIST] = { KMD_TYPE_OFFSET, "kprobe_insn_page", "list", false, 0 },
	[KMD_T_KPROBE_PAGE_INSNS] = { KMD_TYPE_OFFSET, "kprobe_insn_page", "insns", false, 0 },
	/* Since 5.8. */
	[KMD_T_BPF_START] = { KMD_TYPE_OFFSET, "bpf_ksym", "start", false, 0 },
	[KMD_T_BPF_END] = { KMD_TYPE_OFFSET, "bpf_ksym", "end", false, 0 },
	[KMD_T_BPF_NAME] = { KMD_TYPE_OFFSET, "bpf_ksym", "name", false, 0 },
	[KMD_T_BPF_NAME_LENGTH] = { KMD_TYPE_LENGTH, "bpf_ksym", "name", false, 0 },
	[KMD_T_BPF_LINK] = { KMD_TYPE_OFFSET, "bpf_ksym", "lnode", false, 0 },
	/* Return addresses that function_graph, and kretprobes, replaced. */
	[KMD_T_TASK_RET_STACK] = { KMD_TYPE_OFFSET, "task_struct", "ret_stack", false, 0 },
	[KMD_T_TASK_CURR_RET_STACK] = { KMD_TYPE_OFFSET, "task_struct", "curr_ret_stack", false,
					0 },
	[KMD_T_RET_STACK_SIZE] = { KMD_TYPE_SIZE, "ftrace_ret_stack", NULL, false, 0 },
	[KMD_T_RET_STACK_RET] = { KMD_TYPE_OFFSET, "ftrace_ret_stack", "ret", false, 0 },
	[KMD_T_RET_STACK_FUNC] = { KMD_TYPE_OFFSET, "ftrace_ret_stack", "func", false, 0 },
	[KMD_T_RET_STACK_PLACE] = { KMD_TYPE_OFFSET, "ftrace_ret_stack", "retp", false, 0 },
	[KMD_T_RET_STACK_FP] = { KMD_TYPE_OFFSET, "ftrace_ret_stack", "fp", false, 0 },
	/* Since 6.11; then entries of several sizes are on it, and the index counts words. */
	[KMD_T_FGRAPH_INDEX] = { KMD_TYPE_OFFSET, "fgraph_ops", "idx", false, 0 },
	/* Since 5.18, of the machines that have KRETPROBE_ON_RETHOOK. */
	[KMD_T_TASK_RETHOOKS] = { KMD_TYPE_OFFSET, "task_struct", "rethooks", false, 0 },
	[KMD_T_RETHOOK_LINK] = { KMD_TYPE_OFFSET, "rethook_node", "llist", false, 0 },
	[KMD_T_RETHOOK_RET] = { KMD_TYPE_OFFSET, "rethook_node", "ret_addr", false, 0 },
	[KMD_T_RETHOOK_FRAME] = { KMD_TYPE_OFFSET, "rethook_node", "frame", false, 0 },
	/* Since 5.11 in a list of the task; before, in a hash table of all tasks. */
	[KMD_T_TASK_KRETPROBES] = { KMD_TYPE_OFFSET, "task_struct", "kretprobe_instances", false,
				    0 },
	[KMD_T_KRETPROBE_LINK] = { KMD_TYPE_OFFSET, "kretprobe_instance", "llist", false, 0 },
	[KMD_T_KRETPROBE_HASH_LINK] = { KMD_TYPE_OFFSET, "kretprobe_instance", "hlist", false, 0 },
	[KMD_T_KRETPROBE_TASK] = { KMD_TYPE_OFFSET, "kretprobe_instance", "task", false, 0 },
	[KMD_T_KRETPROBE_RET] = { KMD_TYPE_OFFSET, "kretprobe_instance", "ret_addr", false, 0 },
	[KMD_T_KRETPROBE_FP] = { KMD_TYPE_OFFSET, "kretprobe_instance", "fp", false, 0 },
	/* kernel/bpf/btf.c; since 5.18 the kernel's copy is the only one that stays. */
	[KMD_T_BTF_LIST] = { KMD_TYPE_OFFSET, "btf_module", "list", false, 0 },
	[KMD_T_BTF_MODULE] = { KMD_TYPE_OFFSET, "btf_module", "module", false, 0 },
	[KMD_T_BTF_BTF] = { KMD_TYPE_OFFSET, "btf_module", "btf", false, 0 },
	[KMD_T_BTF_DATA] = { KMD_TYPE_OFFSET, "btf", "data", false, 0 },
	[KMD_T_BTF_DATA_SIZE] = { KMD_TYPE_OFFSET, "btf", "data_size", false, 0 },
	[KMD_T_MODULE_BTF_DATA] = { KMD_TYPE_OFFSET, "module", "btf_data", false, 0 },
	[KMD_T_MODULE_BTF_SIZE] = { KMD_TYPE_OFFSET, "module", "btf_data_size", false, 0 },
	/* arm64 */
	[KMD_T_REGS_RECORD] = { KMD_TYPE_OFFSET, "pt_regs", "stackframe", false, 0 },
	[KMD_T_RECORD_META] = { KMD_TYPE_SIZE, "frame_record_meta", NULL, false, 0 },
};

void kmd_target_init(struct kmd_target *target, const struct kmd_memory *memory,
		     const struct kmd_views *views, const struct kmd_kernel_facts *facts,
		     const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		     const struct kmd_vmlinux *vmlinux, struct kmd_diag *diag)
{
	memset(target, 0, sizeof(*target));
	target->memory = memory;
	target->views = views;
	target->facts = facts;
	target->info = info;
	target->runtime = runtime;
	target->vmlinux = vmlinux;
	target->diag = diag;
	target->page = facts->pub.page_size ? facts->pub.page_size : 4096;
	memcpy(target->types, type_queries, sizeof(type_queries));
	if (info->text)
		target->has_paging = kmd_kernel_paging(info, facts, &target->paging);
	if (!vmlinux)
		return;
	target->has_symbols = kmd_runtime_get(runtime, KMD_RUNTIME_KASLR, &target->kaslr);
	if (!target->has_symbols && facts->pub.has_kaslr_offset) {
		target->has_symbols = true;
		target->kaslr = facts->pub.kaslr_offset;
	}
}

enum kmd_status kmd_target_read_types(struct kmd_target *target)
{
	enum kmd_status status;

	if (!target->vmlinux)
		return KMD_OK;
	status = kmd_vmlinux_types(target->vmlinux, target->types, KMD_T_N, target->diag);
	/* Without debug information fewer checks are possible. */
	return status == KMD_ERR_MEMORY || status == KMD_ERR_IO ? status : KMD_OK;
}

/* A symbol ends where the next one begins. */
static bool symbol_of_kallsyms(const struct kmd_kallsyms *table, const char *name, uint64_t *virt,
			       uint64_t *size)
{
	size_t next;

	if (!kmd_kallsyms_address(table, name, virt))
		return false;
	next = kmd_kallsyms_above(table, *virt);
	if (size)
		*size = next < table->n ? table->symbols[next].address - *virt : 0;
	return true;
}

size_t kmd_target_word(const struct kmd_target *target)
{
	/* 1 = ELFCLASS32 */
	return target->facts->elf_class == 1 ? 4 : 8;
}

bool kmd_target_is_kernel(const struct kmd_target *target, uint64_t virt)
{
	/* Modules lie below the linear map. */
	if (kmd_target_word(target) == 4)
		return virt >= target->facts->layout.linear.low - (UINT64_C(16) << 20) &&
		       virt <= UINT32_MAX;
	return kmd_target_wrap(target, virt) >> 63;
}

uint64_t kmd_target_wrap(const struct kmd_target *target, uint64_t virt)
{
	if (target->facts->machine == EM_AARCH64)
		return kmd_without_tag(virt);
	return kmd_target_word(target) == 4 ? virt & UINT32_MAX : virt;
}

static bool symbol_of_search(const struct kmd_target *target, const char *name, uint64_t *virt)
{
	if (!strcmp(name, "init_task"))
		*virt = target->found.init_task;
	else if (!strcmp(name, "init_pid_ns"))
		*virt = target->found.init_pid_ns;
	else
		return false;
	return *virt != 0;
}

bool kmd_target_symbol(const struct kmd_target *target, const char *name, uint64_t *virt,
		       uint64_t *size)
{
	const struct kmd_elf_symbol *symbol =
		target->has_symbols ? kmd_vmlinux_find(target->vmlinux, name) : NULL;
	char key[128];

	if (size)
		*size = symbol ? symbol->size : 0;
	if (symbol) {
		*virt = symbol->value + target->kaslr;
		return true;
	}
	if ((size_t)snprintf(key, sizeof(key), "SYMBOL(%s)", name) < sizeof(key) &&
	    target->info->text && kmd_vmcoreinfo_hex(target->info, key, virt))
		return true;
	if (target->kallsyms && symbol_of_kallsyms(target->kallsyms, name, virt, size))
		return true;
	return symbol_of_search(target, name, virt);
}

bool kmd_target_type(const struct kmd_target *target, enum kmd_target_type type, uint64_t *value)
{
	*value = target->types[type].value;
	return target->types[type].known;
}

bool kmd_target_task_size(const struct kmd_target *target, uint64_t *size)
{
	uint64_t virt, own;

	if (!kmd_target_type(target, KMD_T_TASK, size))
		return false;
	if (kmd_target_symbol(target, "arch_task_struct_size", &virt, NULL) &&
	    kmd_target_read_uint(target, KMD_XLATE_ANY, virt, 4, &own) && own)
		*size = kmd_min_u64(*size, own);
	return true;
}

bool kmd_target_first_stack(const struct kmd_target *target, uint64_t *start, uint64_t *size)
{
	uint64_t end;

	/* The names until 6.9, and since. */
	if ((!kmd_target_symbol(target, "__start_init_task", start, NULL) ||
	     !kmd_target_symbol(target, "__end_init_task", &end, NULL)) &&
	    (!kmd_target_symbol(target, "__start_init_stack", start, NULL) ||
	     !kmd_target_symbol(target, "__end_init_stack", &end, NULL)))
		return false;
	*size = end - *start;
	return *size >= 4096 && *size <= 1 << 20;
}

bool kmd_target_stack_size(const struct kmd_target *target, uint64_t *size)
{
	uint64_t start;

	return kmd_target_first_stack(target, &start, size);
}

/* ----- memory */

static bool in_map(const struct kmd_map *map, uint64_t virt, uint64_t *phys)
{
	if (!map->known || virt < map->low || virt >= map->high)
		return false;
	*phys = virt - map->delta;
	return true;
}

static uint64_t ram_end(const struct kmd_memory *memory)
{
	return memory->n_phys ? memory->phys[memory->n_phys - 1].end : 0;
}

static bool walk(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt,
		 uint64_t *phys)
{
	const struct kmd_layout *layout = &target->facts->layout;
	bool found = false;

	if (mode != KMD_XLATE_TABLES && in_map(&layout->image, virt, phys))
		return true;
	/* The linear map ends with RAM: above may be vmalloc, if the layout is not known. */
	if (mode != KMD_XLATE_TABLES && in_map(&layout->linear, virt, phys) &&
	    *phys < ram_end(target->memory))
		return true;
	return target->has_paging &&
	       kmd_paging_translate(&target->paging, target->memory, virt, &found, phys,
				    target->diag) == KMD_OK &&
	       found;
}

/* How many bytes from @phys on were captured. */
static uint64_t captured(const struct kmd_memory *memory, uint64_t phys, uint64_t size)
{
	uint64_t have = 0;

	for (size_t i = kmd_intervals_find(memory->phys, memory->n_phys, phys);
	     have < size && i < memory->n_phys && memory->phys[i].start <= phys + have; i++)
		have = memory->phys[i].end - phys;
	return kmd_min_u64(have, size);
}

static uint64_t have_by_views(const struct kmd_target *target, uint64_t virt, uint64_t size)
{
	const struct kmd_view *view = kmd_views_find(target->views, virt);

	return view ? kmd_min_u64(size, view->size - (virt - view->virt)) : 0;
}

static uint64_t have_by_walk(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt,
			     uint64_t size)
{
	uint64_t phys, room = target->page - (virt & (target->page - 1));

	return walk(target, mode, virt, &phys)
		       ? captured(target->memory, phys, kmd_min_u64(size, room))
		       : 0;
}

uint64_t kmd_target_available(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt,
			      uint64_t size)
{
	uint64_t have = 0;

	virt = kmd_target_wrap(target, virt);
	if (mode == KMD_XLATE_SEGMENTS || mode == KMD_XLATE_ANY)
		have = have_by_views(target, virt, size);
	if (mode != KMD_XLATE_SEGMENTS && !have)
		have = have_by_walk(target, mode, virt, size);
	return have;
}

/* Of [virt, virt + size), inside one page. */
static enum kmd_extent page_extent(const struct kmd_target *target, enum kmd_xlate mode,
				   uint64_t virt, uint64_t size)
{
	uint64_t have = kmd_target_available(target, mode, virt, size), more;

	if (!have)
		return KMD_EXTENT_NONE;
	while (have < size) {
		more = kmd_target_available(target, mode, virt + have, size - have);
		if (!more)
			return KMD_EXTENT_PART;
		have += more;
	}
	return KMD_EXTENT_WHOLE;
}

static bool takes_pages(enum kmd_xlate mode)
{
	return mode == KMD_XLATE_DIRECT_THEN_TABLES || mode == KMD_XLATE_TABLES;
}

enum kmd_extent kmd_target_extent(const struct kmd_target *target, enum kmd_xlate mode,
				  uint64_t virt, uint64_t size, uint64_t *first)
{
	uint64_t end, part;
	bool some = false, lacks = false, gone = false;

	*first = virt;
	if (!kmd_add_u64(virt, size, &end))
		return KMD_EXTENT_NONE;
	for (uint64_t at = virt; at < end; at += part) {
		enum kmd_extent extent;

		part = kmd_min_u64(end - at, target->page - (at & (target->page - 1)));
		extent = page_extent(target, mode, at, part);
		if (extent != KMD_EXTENT_WHOLE && !lacks)
			*first = at;
		lacks |= extent != KMD_EXTENT_WHOLE;
		some |= extent != KMD_EXTENT_NONE;
		gone |= extent == KMD_EXTENT_NONE;
		/* Who takes pages gives up a read at the first that is not there. */
		if (gone && takes_pages(mode))
			break;
	}
	if (!lacks)
		return KMD_EXTENT_WHOLE;
	return gone && (takes_pages(mode) || !some) ? KMD_EXTENT_NONE : KMD_EXTENT_PART;
}

static bool read_walk(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt,
		      unsigned char *to, uint64_t size)
{
	uint64_t phys, part, missing;

	for (; size; virt += part, to += part, size -= part) {
		part = kmd_min_u64(size, target->page - (virt & (target->page - 1)));
		if (!walk(target, mode, virt, &phys) ||
		    kmd_memory_read(target->memory, phys, to, part, &missing, target->diag) !=
			    KMD_OK)
			return false;
	}
	return true;
}

bool kmd_target_read(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt, void *to,
		     uint64_t size)
{
	uint64_t missing;

	virt = kmd_target_wrap(target, virt);
	if (!takes_pages(mode) && kmd_views_read(target->views, target->memory, virt, to, size,
						 &missing, target->diag) == KMD_OK)
		return true;
	return mode != KMD_XLATE_SEGMENTS && read_walk(target, mode, virt, to, size);
}

bool kmd_target_read_uint(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt,
			  size_t size, uint64_t *number)
{
	unsigned char bytes[8];

	if (size == KMD_LONG)
		size = kmd_target_word(target);
	if (!kmd_target_read(target, mode, virt, bytes, size))
		return false;
	*number = 0;
	for (size_t i = 0; i < size; i++)
		*number |= (uint64_t)bytes[target->facts->big_endian ? size - 1 - i : i] << 8 * i;
	return true;
}

bool kmd_target_member(const struct kmd_target *target, uint64_t base, enum kmd_target_type type,
		       size_t size, uint64_t *value)
{
	uint64_t at;

	return kmd_target_type(target, type, &at) &&
	       kmd_target_read_uint(target, KMD_XLATE_ANY, base + at, size, value);
}

bool kmd_target_pointer(const struct kmd_target *target, const char *symbol, uint64_t *pointer)
{
	uint64_t virt;

	return kmd_target_symbol(target, symbol, &virt, NULL) &&
	       kmd_target_read_uint(target, KMD_XLATE_ANY, virt, KMD_LONG, pointer);
}

static bool read_entry(const struct kmd_target *target, uint64_t phys, uint64_t *entry)
{
	size_t size = kmd_paging_entry_size(&target->paging);
	unsigned char bytes[8];
	uint64_t missing;

	if (kmd_memory_read(target->memory, phys, bytes, size, &missing, target->diag) != KMD_OK)
		return false;
	*entry = 0;
	for (size_t i = 0; i < size; i++)
		*entry |= (uint64_t)bytes[target->paging.big_endian ? size - 1 - i : i] << 8 * i;
	return true;
}

bool kmd_target_tables(const struct kmd_target *target, uint64_t virt, uint64_t *table)
{
	const struct kmd_paging *paging = &target->paging;
	enum kmd_entry_kind kind = KMD_ENTRY_TABLE;
	uint64_t entry, at;

	*table = paging->root;
	for (unsigned int level = 0; level < paging->levels && kind == KMD_ENTRY_TABLE; level++) {
		size_t first, n = kmd_paging_entries(paging, level, &first);

		at = *table + kmd_paging_entry_size(paging) *
				      ((virt >> kmd_paging_shift(paging, level)) & (n - 1));
		if (!read_entry(target, at, &entry))
			return false;
		kind = kmd_entry_decode(paging, level, entry, table);
	}
	return true;
}
