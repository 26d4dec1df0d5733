/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "unwind/steps.h"

#include "base/array.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Task, interrupt, soft interrupt, exception (5 of x86_64), overflow, SDEI: each once or twice. */
#define SWITCHES_MAX 16

/* By frame pointers only where the kernel has no ORC tables: those know assembly as well. */
static enum kmd_status init_x86_64(struct kmd_unwinder *unwinder)
{
	enum kmd_status status = kmd_orc_new(unwinder->target, unwinder->modules, &unwinder->orc,
					     &unwinder->unusable);

	if (status == KMD_OK && unwinder->unusable && !kmd_orc_named(unwinder->target) &&
	    kmd_unwind_has_frames(unwinder->target)) {
		kmd_orc_free(unwinder->orc);
		unwinder->orc = NULL;
		unwinder->unusable = NULL;
	}
	return status;
}

enum kmd_status kmd_unwinder_init(const struct kmd_target *target,
				  const struct kmd_modules *modules, struct kmd_unwinder *unwinder)
{
	memset(unwinder, 0, sizeof(*unwinder));
	unwinder->target = target;
	unwinder->modules = modules;
	if (target->facts->machine == EM_X86_64)
		return init_x86_64(unwinder);
	if (target->facts->machine != EM_AARCH64 && target->facts->machine != EM_RISCV &&
	    target->facts->machine != EM_ARM)
		unwinder->unusable = "stacks of this machine cannot be unwound";
	return KMD_OK;
}

void kmd_unwinder_deinit(struct kmd_unwinder *unwinder)
{
	kmd_orc_free(unwinder->orc);
	memset(unwinder, 0, sizeof(*unwinder));
}

/* True if the caller's frame is not above this one, on the same stack. */
static bool falls(const struct kmd_unwind_state *state, uint64_t last)
{
	uint64_t size, sp = state->frame.sp;

	if (sp > last || (sp == last && state->same_sp))
		return false;
	if (!kmd_target_stack_size(state->unwinder->target, &size))
		size = UINT64_C(16) << 10;
	return last - sp < size && (last ^ sp) < size;
}

static bool by_frames(const struct kmd_unwind_state *state)
{
	return !state->unwinder->orc && state->unwinder->target->facts->machine == EM_X86_64;
}

static bool step(struct kmd_unwind_state *state)
{
	uint64_t last = state->frame.sp, fp = state->fp, size = UINT64_C(64) << 10;
	bool stepped;

	if (state->frame.is_hook)
		return kmd_unwind_leave_hook(state);
	state->same_sp = false;
	if (state->unwinder->orc)
		stepped = kmd_unwind_step_orc(state);
	else if (by_frames(state))
		stepped = kmd_unwind_step_frames(state);
	else if (state->unwinder->target->facts->machine == EM_RISCV)
		stepped = kmd_unwind_step_riscv64(state);
	else if (state->unwinder->target->facts->machine == EM_ARM)
		stepped = kmd_unwind_step_arm(state);
	else
		stepped = kmd_unwind_step_records(state);
	if (!stepped)
		return false;
	if (falls(state, last))
		state->end = "the stack pointer does not rise";
	else if (state->frame.sp - last > size && ++state->switches > SWITCHES_MAX)
		state->end = "it leads from stack to stack";
	else if ((state->frame.guess || by_frames(state)) &&
		 !kmd_unwind_is_code(state->unwinder, state->frame.pc))
		state->end = by_frames(state) ? "a return address is not in the kernel"
					      : "no ORC table covers its last function";
	else if (!kmd_target_is_kernel(state->unwinder->target, state->frame.pc))
		state->end = "a return address is not in the kernel";
	else
		kmd_unwind_recover(state, fp);
	return !state->end;
}

static bool push(struct kmd_unwind *unwind, const struct kmd_unwind_frame *frame)
{
	if (!KMD_ARRAY_RESERVE(unwind->frames, unwind->n, unwind->cap))
		return false;
	unwind->frames[unwind->n++] = *frame;
	return true;
}

enum kmd_status kmd_unwind(const struct kmd_unwinder *unwinder,
			   const struct kmd_unwind_start *start, struct kmd_unwind *unwind)
{
	struct kmd_unwind_state state = {
		.unwinder = unwinder,
		.frame = { .pc = start->pc, .sp = start->sp, .exact = start->exact },
		.fp = start->fp,
		.words = start->words,
		.task = start->task,
	};

	memcpy(state.registers, start->registers, sizeof(state.registers));
	memset(unwind, 0, sizeof(*unwind));
	do {
		if (!push(unwind, &state.frame))
			return kmd_fail_memory(unwinder->target->diag);
	} while (!unwinder->unusable && unwind->n < KMD_UNWIND_FRAMES_MAX && step(&state));
	unwind->end = unwinder->unusable ? unwinder->unusable : state.end;
	unwind->needs_task = state.frame.is_hook && !state.task;
	if (!unwind->end && !state.done)
		unwind->end = "it has more frames than a stack can have";
	return KMD_OK;
}

void kmd_unwind_deinit(struct kmd_unwind *unwind)
{
	free(unwind->frames);
	memset(unwind, 0, sizeof(*unwind));
}

/* ----- where to begin */

/* The frame that __switch_to_asm() leaves on the stack. */
static bool sleeping_x86_64(const struct kmd_target *target, uint64_t task,
			    struct kmd_unwind_start *start)
{
	uint64_t frame, pc_at, fork;

	if (!kmd_target_member(target, task, KMD_T_TASK_SP, 8, &frame) ||
	    !kmd_target_member(target, frame, KMD_T_INACTIVE_BP, 8, &start->fp) ||
	    !kmd_target_member(target, frame, KMD_T_INACTIVE_PC, 8, &start->pc) ||
	    !kmd_target_type(target, KMD_T_INACTIVE_PC, &pc_at))
		return false;
	start->sp = frame + pc_at + 8;
	/* A task that never ran begins there; it was not called. */
	start->exact = (kmd_target_symbol(target, "ret_from_fork_asm", &fork, NULL) ||
			kmd_target_symbol(target, "ret_from_fork", &fork, NULL)) &&
		       start->pc == fork;
	return true;
}

/* What __switch_to() saves: the callee-saved registers in struct thread_struct. */
static bool sleeping_riscv64(const struct kmd_target *target, uint64_t task,
			     struct kmd_unwind_start *start)
{
	return kmd_target_member(target, task, KMD_T_TASK_SAVED, 8, &start->fp) &&
	       kmd_target_member(target, task, KMD_T_TASK_SP, 8, &start->sp) &&
	       kmd_target_member(target, task, KMD_T_TASK_RA, 8, &start->pc);
}

/* __switch_to() saves r4 to r11 as well, one after another. */
static bool sleeping_arm(const struct kmd_target *target, uint64_t task,
			 struct kmd_unwind_start *start)
{
	uint64_t context;

	if (!kmd_target_type(target, KMD_T_ARM_CONTEXT, &context) ||
	    !kmd_target_member(target, task + context, KMD_T_ARM_SAVED_FP, 4, &start->fp) ||
	    !kmd_target_member(target, task + context, KMD_T_ARM_SAVED_SP, 4, &start->sp) ||
	    !kmd_target_member(target, task + context, KMD_T_ARM_SAVED_PC, 4, &start->pc))
		return false;
	for (size_t i = 0; i < 8; i++)
		if (!kmd_target_member(target, task + context + 4 * i, KMD_T_ARM_SAVED_R4, 4,
				       &start->registers[4 + i]))
			return false;
	return true;
}

bool kmd_unwind_sleeping(const struct kmd_target *target, uint64_t task,
			 struct kmd_unwind_start *start)
{
	memset(start, 0, sizeof(*start));
	start->task = task;
	if (target->facts->machine == EM_X86_64)
		return sleeping_x86_64(target, task, start);
	if (target->facts->machine == EM_RISCV)
		return sleeping_riscv64(target, task, start);
	if (target->facts->machine == EM_ARM)
		return sleeping_arm(target, task, start);
	return target->facts->machine == EM_AARCH64 &&
	       kmd_target_member(target, task, KMD_T_TASK_CONTEXT_FP, 8, &start->fp) &&
	       kmd_target_member(target, task, KMD_T_TASK_CONTEXT_SP, 8, &start->sp) &&
	       kmd_target_member(target, task, KMD_T_TASK_CONTEXT_PC, 8, &start->pc);
}

/* Where the registers of a CPU have the frame pointer. */
static size_t fp_word(uint16_t machine)
{
	switch (machine) {
	case EM_X86_64:
		return 4;
	case EM_RISCV:
		return 8;
	case EM_ARM:
		return 11;
	default:
		return 29;
	}
}

/* CS, or the mode in PSTATE: the lowest level is user space.  riscv64 records neither. */
static bool in_kernel(uint16_t machine, const struct kmd_cpu *cpu)
{
	switch (machine) {
	case EM_X86_64:
		return !(cpu->words[17] & 3);
	case EM_RISCV:
		return cpu->pub.pc >> 63;
	case EM_ARM:
		return (cpu->words[16] & 0x1f) != 0x10;
	default:
		return (cpu->words[33] & 15) != 0;
	}
}

bool kmd_unwind_cpu(const struct kmd_target *target, const struct kmd_cpu *cpu,
		    struct kmd_unwind_start *start)
{
	uint16_t machine = target->facts->machine;

	*start = (struct kmd_unwind_start){
		.pc = cpu->pub.pc,
		.sp = cpu->pub.sp,
		.fp = cpu->words[fp_word(machine)],
		.words = cpu->words,
		.exact = true,
	};
	if (machine == EM_ARM)
		memcpy(start->registers, cpu->words, sizeof(start->registers));
	return in_kernel(machine, cpu);
}
