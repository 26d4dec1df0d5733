/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * x86_64: from a frame to its caller by the row of its instruction.
 *
 * Sources: arch/x86/kernel/unwind_orc.c, arch/x86/include/asm/orc_types.h (the numbers of
 * registers), arch/x86/include/asm/ptrace.h.
 */
#include "unwind/steps.h"

#include <string.h>

/* Words of struct pt_regs, and of user_regs_struct. */
enum {
	WORD_R13 = 2,
	WORD_BP = KMD_X86_64_BP,
	WORD_R10 = 7,
	WORD_AX = 10,
	WORD_DX = 12,
	WORD_DI = 14,
	WORD_IP = 16, /* the processor pushes from here on */
	WORD_CS = 17,
	WORD_SP = 19,
};

static bool read_word(const struct kmd_unwind_state *state, uint64_t virt, uint64_t *value)
{
	return kmd_target_read_uint(state->unwinder->target, KMD_XLATE_ANY, virt, 8, value);
}

/* A register that no row describes: as it was at the last interrupt. */
static bool read_reg(const struct kmd_unwind_state *state, unsigned int word, uint64_t *value)
{
	if (state->words) {
		*value = state->words[word];
		return true;
	}
	if (state->regs && state->regs_whole)
		return read_word(state, state->regs + 8 * word, value);
	return state->last_regs && read_word(state, state->last_regs + 8 * word, value);
}

/* Where the caller's stack begins, or where its registers are. */
static bool previous_sp(const struct kmd_unwind_state *state, const struct kmd_orc_row *row,
			uint64_t *sp)
{
	bool after = kmd_orc_offset_after(state->unwinder->orc);
	uint64_t offset = (uint64_t)(int64_t)row->sp_offset;

	switch (row->sp_reg) {
	case KMD_ORC_REG_SP:
		*sp = state->frame.sp + offset;
		return true;
	case KMD_ORC_REG_BP:
		*sp = state->fp + offset;
		return true;
	case KMD_ORC_REG_SP_INDIRECT:
		if (!read_word(state, state->frame.sp + (after ? 0 : offset), sp))
			return false;
		*sp += after ? offset : 0;
		return true;
	case KMD_ORC_REG_BP_INDIRECT:
		return read_word(state, state->fp + offset, sp);
	case KMD_ORC_REG_AX:
		return read_reg(state, WORD_AX, sp);
	case KMD_ORC_REG_R10:
		return read_reg(state, WORD_R10, sp);
	case KMD_ORC_REG_R13:
		return read_reg(state, WORD_R13, sp);
	case KMD_ORC_REG_DI:
		return read_reg(state, WORD_DI, sp);
	case KMD_ORC_REG_DX:
		return read_reg(state, WORD_DX, sp);
	default:
		return false;
	}
}

static bool previous_bp(struct kmd_unwind_state *state, const struct kmd_orc_row *row, uint64_t sp)
{
	uint64_t offset = (uint64_t)(int64_t)row->bp_offset, value;

	switch (row->bp_reg) {
	case KMD_ORC_REG_PREV_SP:
		return read_word(state, sp + offset, &state->fp);
	case KMD_ORC_REG_BP:
		return read_word(state, state->fp + offset, &state->fp);
	default:
		if (read_reg(state, WORD_BP, &value))
			state->fp = value;
		return row->bp_reg == KMD_ORC_REG_UNDEFINED;
	}
}

bool kmd_unwind_enter_regs(struct kmd_unwind_state *state, uint64_t regs, bool whole)
{
	uint64_t cs;

	if (!read_word(state, regs + 8 * WORD_IP, &state->frame.pc) ||
	    !read_word(state, regs + 8 * WORD_SP, &state->frame.sp) ||
	    !read_word(state, regs + 8 * WORD_CS, &cs))
		return false;
	if (state->regs && state->regs_whole)
		state->last_regs = state->regs;
	state->regs = regs;
	state->regs_whole = whole;
	state->done = cs & 3;
	return true;
}

static bool follow(struct kmd_unwind_state *state, const struct kmd_orc_row *row)
{
	uint64_t sp;
	bool found;

	if (!previous_sp(state, row, &sp))
		return false;
	if (row->type == KMD_ORC_CALL) {
		found = read_word(state, sp - 8, &state->frame.pc) && previous_bp(state, row, sp);
		state->frame.sp = sp;
		state->regs = state->last_regs = 0;
	} else {
		bool whole = row->type == KMD_ORC_REGS;

		found = kmd_unwind_enter_regs(state, whole ? sp : sp - 8 * WORD_IP, whole);
		state->words = NULL;
		found = found && (state->done || previous_bp(state, row, sp));
	}
	state->words = NULL;
	state->frame.exact = row->signal;
	return found;
}

/* Code without a row: frame pointers, as the kernel does (BPF programs have them). */
static const struct kmd_orc_row by_frame_pointer = { .type = KMD_ORC_CALL,
						     .sp_reg = KMD_ORC_REG_BP,
						     .sp_offset = 16,
						     .bp_reg = KMD_ORC_REG_PREV_SP,
						     .bp_offset = -16 };

/* After a call to address 0 only the return address is on the stack. */
static const struct kmd_orc_row call_of_null = { .type = KMD_ORC_CALL,
						 .sp_reg = KMD_ORC_REG_SP,
						 .sp_offset = 8,
						 .bp_reg = KMD_ORC_REG_UNDEFINED };

/* Code that ftrace copied has the rows of what it is a copy of. */
static bool find_row(const struct kmd_unwind_state *state, uint64_t pc, struct kmd_orc_row *row)
{
	const struct kmd_trampoline *trampoline;

	if (kmd_orc_find(state->unwinder->orc, pc, row))
		return true;
	trampoline = kmd_trampolines_find(&state->unwinder->modules->trampolines, pc);
	return trampoline && trampoline->copy_of &&
	       kmd_orc_find(state->unwinder->orc, trampoline->copy_of + (pc - trampoline->start),
			    row);
}

/* A BPF program sets up its frame pointer before it makes a call. */
static bool calls_from_bpf(const struct kmd_unwind_state *state)
{
	const struct kmd_trampoline *code =
		kmd_trampolines_find(&state->unwinder->modules->trampolines, state->frame.pc - 1);

	return !state->frame.exact && code && !strcmp(code->owner, KMD_OWNER_BPF);
}

bool kmd_unwind_step_orc(struct kmd_unwind_state *state)
{
	uint64_t pc = state->frame.pc;
	struct kmd_orc_row row;

	if (!pc) {
		row = call_of_null;
	} else if (!find_row(state, state->frame.exact ? pc : pc - 1, &row)) {
		if (!calls_from_bpf(state))
			state->frame.guess = true;
		row = by_frame_pointer;
	}
	if (row.type == KMD_ORC_END_OF_STACK) {
		state->done = true;
		return false;
	}
	if (row.type == KMD_ORC_UNDEFINED || row.type > KMD_ORC_REGS_PARTIAL) {
		state->end = "the ORC table has no row for its last function";
		return false;
	}
	if (!follow(state, &row)) {
		state->end = state->frame.guess ? "no ORC table covers its last function"
						: "the rest of the stack was not captured";
		return false;
	}
	return !state->done;
}
