/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "unwind/signature.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Names of functions; a star at the end stands for any rest. */
typedef const char *const names[];

/* The way into a panic: all up to the last of these is left out. */
static names panics = { "panic", "vpanic", "nmi_panic", "panic_print_sys_info", NULL };

/* Before the first frame that is used: how the processor's exception became a report. */
static names reporting = { "__bad_area*",
			   "__bad_stack",
			   "__dabt_svc",
			   "__die*",
			   "__do_bad_area",
			   "__do_kernel_fault",
			   "__do_page_fault",
			   "__do_user_fault",
			   "__machine_check*",
			   "__pabt_svc",
			   "__show_*",
			   "__und_svc",
			   "__warn*",
			   "arm64_notify_die",
			   "arm64_serror_panic",
			   "asm_exc_*",
			   "async_page_fault",
			   "bad_area*",
			   "bad_el0_sync",
			   "bad_mode",
			   "brk_handler",
			   "bug_brk_handler",
			   "bug_handler",
			   "call_break_hook",
			   "call_el1_break_hook",
			   "crash_kexec",
			   "crash_smp_send_stop",
			   "die",
			   "die_addr",
			   "die_kernel_fault",
			   "do_DataAbort",
			   "do_PrefetchAbort",
			   "do_alignment*",
			   "do_async_page_fault",
			   "do_bad",
			   "do_bad_area",
			   "do_brk64",
			   "do_debug_exception",
			   "do_double_fault",
			   "do_el1_*",
			   "do_error_trap",
			   "do_general_protection",
			   "do_int3",
			   "do_invalid_op",
			   "do_kern_addr_fault",
			   "do_kernel_fault",
			   "do_mem_abort",
			   "do_page_fault",
			   "do_sea",
			   "do_serror",
			   "do_sp_pc_abort",
			   "do_tag_check_fault",
			   "do_translation_fault",
			   "do_trap*",
			   "do_undefinstr",
			   "do_user_addr_fault",
			   "double_fault",
			   "dump_backtrace*",
			   "dump_stack*",
			   "el1_*",
			   "el1h_*",
			   "error_entry",
			   "exc_*",
			   "fixup_bug*",
			   "general_protection",
			   "handle_bad_stack",
			   "handle_break",
			   "handle_bug",
			   "handle_exit",
			   "handle_page_fault",
			   "handle_stack_overflow",
			   "int3",
			   "invalid_op",
			   "kernel_exc_vmm_communication",
			   "kernelmode_fixup_or_oops",
			   "no_context",
			   "notify_die",
			   "oops_*",
			   "page_fault",
			   "page_fault_oops",
			   "panic_bad_stack",
			   "report_bug",
			   "riscv_die*",
			   "search_exception_tables",
			   "show_regs*",
			   "show_stack*",
			   "show_trace*",
			   "smp_send_stop",
			   "sysrq_handle_crash_wrapper",
			   "unhandled_exception",
			   NULL };

/* riscv64: the entry of system calls too, so only with what the exception interrupted behind it. */
static names exceptions = { "handle_exception", "ret_from_exception", NULL };

/* Anywhere: waiting, locking, and what every system call has. */
static names common = { "__cond_resched",
			"__down*",
			"__invoke_syscall",
			"__mutex_*",
			"__percpu_down_read*",
			"__preempt_schedule*",
			"__raw_spin_*",
			"__rt_mutex_*",
			"__rwsem_*",
			"__schedule",
			"__switch_to*",
			"__wait_for_common",
			"__wait_on_bit*",
			"__ww_mutex_lock*",
			"_raw_read_*",
			"_raw_spin_*",
			"_raw_write_*",
			"bit_wait*",
			"context_switch",
			"do_el0_svc*",
			"do_raw_spin_*",
			"do_syscall_64",
			"do_syscall_x64",
			"do_trap_ecall_u",
			"do_wait_for_common",
			"down_read*",
			"down_write*",
			"el0_svc*",
			"invoke_syscall",
			"io_schedule*",
			"kthread_parkme",
			"mutex_lock*",
			"native_queued_spin_lock_slowpath",
			"out_of_line_wait_on_bit*",
			"percpu_down_write",
			"percpu_rwsem_wait",
			"preempt_schedule*",
			"pv_queued_spin_lock_slowpath",
			"queued_spin_lock_slowpath",
			"rt_mutex_*",
			"rwsem_*",
			"schedule*",
			"syscall_handler",
			"wait_for_common*",
			"wait_for_completion*",
			"ww_mutex_lock*",
			"x64_sys_call",
			NULL };

/* Where another context begins: the frames end here. */
static names entries = { "__irq_svc",
			 "__irq_usr",
			 "__primary_switched",
			 "__secondary_switched",
			 "apic_timer_interrupt",
			 "asm_*",
			 "call_function_interrupt",
			 "call_function_single_interrupt",
			 "call_on_irq_stack*",
			 "common_interrupt",
			 "el0*",
			 "el1*",
			 "end_repeat_nmi",
			 "entry_*",
			 "handle_exception",
			 "irq_entries_start",
			 "irq_work_interrupt",
			 "nmi",
			 "reboot_interrupt",
			 "reschedule_interrupt",
			 "ret_fast_syscall",
			 "ret_from_exception",
			 "ret_from_fork*",
			 "ret_from_intr",
			 "ret_from_kernel_thread",
			 "ret_to_user*",
			 "secondary_st*",
			 "smp_callin",
			 "start_kernel",
			 "vectors",
			 "x86_64_start_*",
			 NULL };

/* The kernel's own traces have the real caller in their place. */
static names hooks = { "__kretprobe_trampoline", "arch_rethook_trampoline", "kretprobe_trampoline",
		       "return_to_handler", NULL };

static bool is_in(const char *const *list, const char *name)
{
	for (; *list; list++) {
		size_t length = strlen(*list);

		if ((*list)[length - 1] == '*' ? !strncmp(name, *list, length - 1)
					       : !strcmp(name, *list))
			return true;
	}
	return false;
}

/* One frame of either source. */
struct frame {
	char name[KMD_SIGNATURE_NAME];
	bool exact;
	bool unsure; /* its return address is not in the function that made the call */
};

#define SCAN_MAX 96

/* Compilers add .isra.0, .constprop.0, .part.0, .cold and .llvm.123 to a name. */
static void set_name(struct frame *frame, const char *name, size_t length)
{
	size_t n = 0;

	while (n < length && name[n] != '.' && n + 1 < sizeof(frame->name)) {
		frame->name[n] = name[n];
		n++;
	}
	frame->name[n] = '\0';
}

/* The frame at which the event began. */
static size_t find_first(const struct frame *frames, size_t n, enum kmd_reason kind)
{
	size_t first = 0;

	for (size_t i = 0; i < n; i++)
		if (is_in(panics, frames[i].name))
			first = i + 1;
	/* A lockup is that of the code which the watchdog interrupted. */
	for (size_t i = first; kind == KMD_REASON_LOCKUP || kind == KMD_REASON_STALL; i++) {
		if (i == n)
			return first;
		if (frames[i].exact)
			return i;
	}
	while (first < n &&
	       (is_in(reporting, frames[first].name) || (first + 1 < n && frames[first + 1].exact &&
							 is_in(exceptions, frames[first].name))))
		first++;
	return first;
}

static uint64_t hash(uint64_t value, const char *text)
{
	/* FNV-1a, 64 bits. */
	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return (value ^ '\n') * UINT64_C(0x100000001b3);
}

static void make(const struct frame *frames, size_t n, const struct kmd_log_panic *panic,
		 bool complete, const char *source, struct kmd_signature_data *signature)
{
	const char *kind = kmd_reason_name(panic->kind);
	uint64_t value = hash(UINT64_C(0xcbf29ce484222325), kind);
	size_t used = 0;

	memset(signature, 0, sizeof(*signature));
	for (size_t i = find_first(frames, n, panic->kind); i < n && used < KMD_SIGNATURE_FRAMES;
	     i++) {
		if (is_in(entries, frames[i].name)) {
			complete = true;
			break;
		}
		if (frames[i].unsure || is_in(common, frames[i].name) ||
		    is_in(hooks, frames[i].name))
			continue;
		strcpy(signature->names[used], frames[i].name);
		signature->frames[used] = signature->names[used];
		value = hash(value, frames[i].name);
		used++;
	}
	/* Fewer frames of a stack that ends early would be another key. */
	if (!used || (used < KMD_SIGNATURE_FRAMES && !complete))
		return;
	snprintf(signature->key, sizeof(signature->key), "%d-%s-%016" PRIx64, KMD_SIGNATURE_VERSION,
		 kind, value);
	signature->pub = (struct kmd_signature){
		.key = signature->key,
		.reason = kind,
		.source = source,
		.frames = signature->frames,
		.n = used,
	};
}

void kmd_signature_from_stack(const struct kmd_log_panic *panic, const struct kmd_stack *stack,
			      bool last_calls, struct kmd_signature_data *signature)
{
	struct frame frames[SCAN_MAX];
	bool complete = !stack->end;
	size_t n = 0;

	for (size_t i = 0; i < stack->n && n < SCAN_MAX; i++) {
		const struct kmd_frame *from = &stack->frames[i];

		/* The kernel's own traces do not list what was inlined. */
		if (from->flags & (KMD_FRAME_INLINE | KMD_FRAME_GUESS))
			continue;
		/* Nor pages of ftrace and kprobes, which they print as numbers. */
		if (from->module && !strncmp(from->module, "__builtin__", 11))
			continue;
		if (!from->symbol) {
			complete = false;
			break;
		}
		set_name(&frames[n], from->symbol, strlen(from->symbol));
		frames[n].exact = n && from->flags & KMD_FRAME_EXACT;
		/* An oops is at its instruction; the registers of a panic are at the call. */
		frames[n].unsure = !last_calls && from->flags & KMD_FRAME_LAST_CALL &&
				   (!(from->flags & KMD_FRAME_EXACT) ||
				    (!n && panic->kind == KMD_REASON_PANIC));
		n++;
	}
	make(frames, n, panic, complete, "stack", signature);
}

void kmd_signature_from_trace(const struct kmd_log_panic *panic, const struct kmd_trace *trace,
			      struct kmd_signature_data *signature)
{
	struct frame frames[SCAN_MAX];
	size_t n = 0;

	for (size_t i = 0; i < trace->n && n < SCAN_MAX; i++) {
		set_name(&frames[n], trace->items[i].function, trace->items[i].length);
		frames[n].exact = trace->items[i].exact;
		frames[n].unsure = !trace->items[i].exact && !trace->items[i].offset;
		n++;
	}
	make(frames, n, panic, !trace->by_calls, "log", signature);
}

const char *kmd_reason_name(enum kmd_reason kind)
{
	static const char *const texts[] = {
		[KMD_REASON_PANIC] = "panic",   [KMD_REASON_OOPS] = "oops",
		[KMD_REASON_LOCKUP] = "lockup", [KMD_REASON_STALL] = "stall",
		[KMD_REASON_HUNG] = "hung",
	};

	return texts[kind];
}
