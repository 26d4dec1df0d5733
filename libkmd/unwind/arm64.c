/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * arm64: frame records, which hold the caller's frame pointer and the return address.
 *
 * Where an exception came from the kernel, the record in struct pt_regs has the interrupted
 * instruction; since 6.14 it is 0 and followed by its type.
 * Sources: arch/arm64/kernel/stacktrace.c, arch/arm64/kernel/entry.S,
 * arch/arm64/include/asm/stacktrace/frame.h.
 */
#include "unwind/steps.h"

/* The type in a struct frame_record_meta. */
#define META_FINAL   1
#define META_PT_REGS 2

/* Words of struct pt_regs. */
enum {
	WORD_FP = 29,
	WORD_SP = 31,
	WORD_PC = 32,
	WORDS = 34,
};

/* Kernel addresses have at least these bits, which a pointer's signature may change. */
#define KERNEL_BITS (UINT64_C(0xfff) << 52)

static bool read_word(const struct kmd_unwind_state *state, uint64_t virt, uint64_t *value)
{
	return kmd_target_read_uint(state->unwinder->target, KMD_XLATE_ANY, virt, 8, value);
}

/* Without the signature of pointer authentication. */
static uint64_t strip(const struct kmd_unwind_state *state, uint64_t pc)
{
	const struct kmd_target *target = state->unwinder->target;
	uint64_t mask = 0;

	if (!(pc >> 55 & 1))
		return pc;
	kmd_runtime_or_number(target->runtime, KMD_RUNTIME_PAC_MASK, target->info,
			      "NUMBER(KERNELPACMASK)", &mask);
	return pc | mask | KERNEL_BITS;
}

/* The struct pt_regs around the record at @fp, if it is in one. */
static bool regs_around(const struct kmd_unwind_state *state, uint64_t fp, uint64_t *regs)
{
	uint64_t at;

	if (!kmd_target_type(state->unwinder->target, KMD_T_REGS_RECORD, &at))
		at = 8 * (WORDS + 4); /* the same from 4.14 to 6.12 */
	*regs = fp - at;
	return fp >= at;
}

/* Continue with the registers at @regs. */
static bool enter_regs(struct kmd_unwind_state *state, uint64_t regs)
{
	if (!read_word(state, regs + 8 * WORD_PC, &state->frame.pc) ||
	    !read_word(state, regs + 8 * WORD_SP, &state->frame.sp) ||
	    !read_word(state, regs + 8 * WORD_FP, &state->fp))
		return false;
	state->frame.exact = true;
	return true;
}

/* A record of zeroes: the first function of the stack, or the registers of an exception. */
static bool step_meta(struct kmd_unwind_state *state, uint64_t fp)
{
	uint64_t type, regs, size;

	if (!kmd_target_type(state->unwinder->target, KMD_T_RECORD_META, &size) ||
	    !read_word(state, fp + 16, &type) || type != META_PT_REGS) {
		state->done = true;
		return false;
	}
	return regs_around(state, fp, &regs) && enter_regs(state, regs);
}

/* True if the record is that of an exception, so that its address was interrupted. */
static bool is_exception(const struct kmd_unwind_state *state, uint64_t fp, uint64_t next,
			 uint64_t pc)
{
	uint64_t regs, saved_pc, saved_fp;

	return regs_around(state, fp, &regs) && read_word(state, regs + 8 * WORD_PC, &saved_pc) &&
	       read_word(state, regs + 8 * WORD_FP, &saved_fp) && saved_pc == pc &&
	       saved_fp == next;
}

bool kmd_unwind_step_records(struct kmd_unwind_state *state)
{
	uint64_t fp = state->fp, next, pc;

	if (!fp) {
		state->done = true;
		return false;
	}
	if (fp & 7 || !(fp >> 63)) {
		state->end = "a frame pointer is invalid";
		return false;
	}
	if (!read_word(state, fp, &next) || !read_word(state, fp + 8, &pc)) {
		state->end = "the rest of the stack was not captured";
		return false;
	}
	if (!next && !pc)
		return step_meta(state, fp);
	state->frame.exact = is_exception(state, fp, next, pc);
	state->frame.pc = strip(state, pc);
	state->frame.sp = fp + 16;
	state->fp = next;
	return true;
}
