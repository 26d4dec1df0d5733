/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * riscv64: frame records, which end where the frame pointer points: the caller's frame
 * pointer, then the return address.
 *
 * The entry code has no record.  What it calls returns into it, and begins its frame where
 * struct pt_regs is.
 * Sources: arch/riscv/kernel/stacktrace.c, arch/riscv/kernel/entry.S.
 */
#include "unwind/steps.h"

#define RECORD    16
/* ret_from_fork() has some ten instructions. */
#define FORK_SIZE 32

static bool read_word(const struct kmd_unwind_state *state, uint64_t virt, uint64_t *value)
{
	return kmd_target_read_uint(state->unwinder->target, KMD_XLATE_ANY, virt, 8, value);
}

static bool is_captured(struct kmd_unwind_state *state, bool read)
{
	if (!read)
		state->end = "the rest of the stack was not captured";
	return read;
}

/* Until 6.6 only the address of the label; since then the code from one to the other. */
static bool is_entry(const struct kmd_unwind_state *state)
{
	const struct kmd_target *target = state->unwinder->target;
	uint64_t start, end, label;

	if (kmd_target_symbol(target, "handle_exception", &start, NULL) &&
	    kmd_target_symbol(target, "ret_from_exception_end", &end, NULL))
		return state->frame.pc >= start && state->frame.pc < end;
	return kmd_target_symbol(target, "ret_from_exception", &label, NULL) &&
	       state->frame.pc == label;
}

/* Assembly that calls the first function of a stack, with any value for a frame pointer. */
static bool is_first(const struct kmd_unwind_state *state)
{
	static const char *const names[] = { "ret_from_fork", "ret_from_kernel_thread",
					     "ret_from_fork_kernel_asm" };
	const struct kmd_target *target = state->unwinder->target;
	uint64_t start, end, pc = state->frame.pc;

	/* What boots a CPU is before the rest of the text. */
	if (kmd_target_symbol(target, "_start", &start, NULL) &&
	    kmd_target_symbol(target, "_stext", &end, NULL) && pc >= start && pc < end)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (kmd_target_symbol(target, names[i], &start, NULL) && pc >= start &&
		    pc - start < FORK_SIZE)
			return true;
	return false;
}

/* Continue with the registers at @regs, unless they are a program's. */
static bool enter_regs(struct kmd_unwind_state *state, uint64_t regs)
{
	const struct kmd_target *target = state->unwinder->target;
	uint64_t pc;

	if (!is_captured(state, kmd_target_member(target, regs, KMD_T_REGS_PC, 8, &pc)))
		return false;
	state->done = !(pc >> 63);
	if (state->done)
		return false;
	if (!is_captured(state, kmd_target_member(target, regs, KMD_T_REGS_FP, 8, &state->fp) &&
					kmd_target_member(target, regs, KMD_T_REGS_SP, 8,
							  &state->frame.sp)))
		return false;
	state->frame.pc = pc;
	state->frame.exact = true;
	state->regs = regs;
	return true;
}

/* The return address in the registers of a frame that did not call. */
static bool read_ra(const struct kmd_unwind_state *state, uint64_t *ra)
{
	if (state->regs)
		return kmd_target_member(state->unwinder->target, state->regs, KMD_T_REGS_RA, 8,
					 ra);
	if (state->words)
		*ra = state->words[1];
	return state->words != NULL;
}

/* A function that calls none keeps the caller's frame pointer alone, in the last word. */
static bool is_leaf(const struct kmd_unwind_state *state, uint64_t last)
{
	uint64_t size;

	if (!state->frame.exact)
		return false;
	if (!kmd_target_stack_size(state->unwinder->target, &size))
		size = UINT64_C(16) << 10;
	return !(last & 7) && last > state->fp && last - state->fp < size;
}

bool kmd_unwind_step_riscv64(struct kmd_unwind_state *state)
{
	uint64_t fp = state->fp, next, pc;

	if (is_entry(state))
		return enter_regs(state, state->frame.sp);
	if (!fp || is_first(state)) {
		state->done = true;
		return false;
	}
	if (fp & 7 || fp >> 63 == 0) {
		state->end = "a frame pointer is invalid";
		return false;
	}
	if (!is_captured(state, read_word(state, fp - RECORD, &next) &&
					read_word(state, fp - RECORD / 2, &pc)))
		return false;
	if (is_leaf(state, pc)) {
		next = pc;
		if (!is_captured(state, read_ra(state, &pc)))
			return false;
	}
	state->frame.exact = false;
	state->frame.pc = pc;
	state->frame.sp = fp;
	state->fp = next;
	state->regs = 0;
	state->words = NULL;
	return true;
}
