/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * unwind.h - the chain of calls on a kernel stack.
 *
 * x86_64 is unwound by the kernel's ORC tables, or by frame pointers, 32-bit arm by its table of
 * the ARM EHABI, other machines by frame records.  A stack is input like any other: the number of
 * frames is bounded, and a stack pointer that does not rise ends the chain.
 */
#ifndef KMD_UNWIND_UNWIND_H
#define KMD_UNWIND_UNWIND_H

#include "cpu/cpus.h"
#include "symbol/modules.h"

/* THREAD_SIZE of 16 KiB has room for 1024 of the smallest frames. */
#define KMD_UNWIND_FRAMES_MAX 1024

struct kmd_unwind_frame {
	uint64_t pc, sp;
	/* The instruction at @pc was interrupted, or is the next one of a CPU.  Otherwise @pc is a
	 * return address: the call is before it. */
	bool exact;
	/* Found without the table or record that proves it. */
	bool guess;
	/* @pc is the first instruction of a probe, which a function returns to instead of its
	 * caller.  The next frame is that caller. */
	bool is_hook;
};

struct kmd_unwind {
	struct kmd_unwind_frame *frames; /* innermost first */
	size_t n, cap;
	/* Why it ended before the first function of the stack; NULL = it did not. */
	const char *end;
	bool needs_task; /* ... which it might not if the task were known */
};

/* Registers to begin with. */
struct kmd_unwind_start {
	uint64_t pc, sp, fp;
	uint64_t registers[16]; /* arm: r0 to r15; 0 where not known */
	uint64_t task;          /* address of its task_struct; 0 = not known */
	const uint64_t *words;  /* of a CPU, in the order of user_regs; NULL = of a sleeping task */
	bool exact;             /* as in struct kmd_unwind_frame */
};

struct kmd_orc;

/* What unwinding needs besides the stack; made once for a dump. */
struct kmd_unwinder {
	const struct kmd_target *target;
	const struct kmd_modules *modules;
	struct kmd_orc *orc;  /* x86_64; NULL = its functions have frame pointers */
	const char *unusable; /* why nothing can be unwound; NULL = it can */
};

/* Read the tables.  Tables that are missing or damaged are a reason in @unusable, not an error. */
enum kmd_status kmd_unwinder_init(const struct kmd_target *target,
				  const struct kmd_modules *modules, struct kmd_unwinder *unwinder);
void kmd_unwinder_deinit(struct kmd_unwinder *unwinder);

/* The frames from @start on, that of @start itself included.  Only memory may be short. */
enum kmd_status kmd_unwind(const struct kmd_unwinder *unwinder,
			   const struct kmd_unwind_start *start, struct kmd_unwind *unwind);
void kmd_unwind_deinit(struct kmd_unwind *unwind);

/* Where a task that does not run was switched out; false if that was not captured. */
bool kmd_unwind_sleeping(const struct kmd_target *target, uint64_t task,
			 struct kmd_unwind_start *start);
/* The same of a CPU, by its registers; false if it was in user space. */
bool kmd_unwind_cpu(const struct kmd_target *target, const struct kmd_cpu *cpu,
		    struct kmd_unwind_start *start);

#endif
