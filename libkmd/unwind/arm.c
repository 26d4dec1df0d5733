/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * 32-bit arm: the kernel's table of the ARM EHABI (.ARM.unwind_idx, CONFIG_ARM_UNWIND).
 *
 * A row has the offset of a function, and either its instructions or the offset of them.  Offsets
 * count from where they are stored, in 31 bits.  The instructions undo what the function's first
 * instructions did to the stack, so they are right at calls; the entry code has rows that restore
 * all registers, as of an interrupt.
 * Sources: Exception Handling ABI for the Arm Architecture (IHI 0038), sections 6, 7 and 10.3;
 * arch/arm/kernel/unwind.c, arch/arm/include/asm/unwind.h.
 */
#include "unwind/steps.h"

#include <string.h>

#define ROW          8
/* In place of instructions: there are none, and nobody called. */
#define CANT_UNWIND  1
#define TABLES_MAX   8192
#define INSTRUCTIONS 256

#define SP           13
#define LR           14
#define PC           15

/* struct pt_regs and what is above it, at the end of a task's stack. */
#define ENTRY_SIZE   128

/* The instructions of a function, a byte at a time: of each word the highest first. */
struct reader {
	const struct kmd_unwind_state *state;
	uint64_t at; /* of the word */
	uint64_t word;
	unsigned int byte; /* of the word, 0 the lowest */
	unsigned int words;
	bool failed;
};

struct frame {
	uint64_t regs[16], sp;
	bool has_pc, has_sp; /* they were restored from the stack */
};

/* The table does not change while the kernel runs, so the vmlinux has it as well. */
static bool read_word(const struct kmd_unwind_state *state, uint64_t virt, uint64_t *value)
{
	const struct kmd_target *target = state->unwinder->target;
	unsigned char bytes[4];

	if (kmd_target_read_uint(target, KMD_XLATE_ANY, virt, 4, value))
		return true;
	if (!target->vmlinux || !kmd_vmlinux_bytes(target->vmlinux, virt, bytes, sizeof(bytes)))
		return false;
	*value = (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
		 (uint64_t)bytes[3] << 24;
	return true;
}

/* An offset of 31 bits that is stored at @virt. */
static uint64_t follow(uint64_t virt, uint64_t word)
{
	uint64_t offset = word & 0x7fffffff;

	if (offset >> 30)
		offset |= ~UINT64_C(0x7fffffff);
	return (virt + offset) & UINT32_MAX;
}

/* The last row of [start, stop) whose function begins at or before @pc. */
static bool search(const struct kmd_unwind_state *state, uint64_t start, uint64_t stop, uint64_t pc,
		   uint64_t *row)
{
	uint64_t low = 0, high = stop > start ? (stop - start) / ROW : 0, word;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2, at = start + middle * ROW;

		if (!read_word(state, at, &word))
			return false;
		if (follow(at, word) <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	*row = start + (low - 1) * ROW;
	return low > 0;
}

/* A module's table is in a list. */
static bool search_modules(const struct kmd_unwind_state *state, uint64_t pc, uint64_t *row)
{
	const struct kmd_target *target = state->unwinder->target;
	uint64_t head, at, next, table, begin, end, start, stop;

	if (!kmd_target_symbol(target, "unwind_tables", &head, NULL) ||
	    !kmd_target_type(target, KMD_T_ARM_TABLE_LIST, &at))
		return false;
	next = head;
	for (size_t n = 0; n < TABLES_MAX; n++) {
		if (!kmd_target_read_uint(target, KMD_XLATE_ANY, next, KMD_LONG, &next) ||
		    next == head)
			return false;
		table = next - at;
		if (!kmd_target_member(target, table, KMD_T_ARM_TABLE_BEGIN, KMD_LONG, &begin) ||
		    !kmd_target_member(target, table, KMD_T_ARM_TABLE_END, KMD_LONG, &end) ||
		    pc < begin || pc >= end)
			continue;
		return kmd_target_member(target, table, KMD_T_ARM_TABLE_START, KMD_LONG, &start) &&
		       kmd_target_member(target, table, KMD_T_ARM_TABLE_STOP, KMD_LONG, &stop) &&
		       search(state, start, stop, pc, row);
	}
	return false;
}

static bool find_row(const struct kmd_unwind_state *state, uint64_t pc, uint64_t *row)
{
	const struct kmd_target *target = state->unwinder->target;
	uint64_t first, last, start, stop;

	if (kmd_target_symbol(target, "_stext", &first, NULL) &&
	    kmd_target_symbol(target, "_end", &last, NULL) && pc >= first && pc < last)
		return kmd_target_symbol(target, "__start_unwind_idx", &start, NULL) &&
		       kmd_target_symbol(target, "__stop_unwind_idx", &stop, NULL) &&
		       search(state, start, stop, pc, row);
	return search_modules(state, pc, row);
}

/* The first instruction: of a compact row there are 3, or those and more words. */
static bool begin(struct reader *reader, uint64_t row, uint64_t word)
{
	reader->at = row + 4;
	if (!(word >> 31)) {
		reader->at = follow(row + 4, word);
		if (!read_word(reader->state, reader->at, &word))
			return false;
	}
	reader->word = word;
	switch (word >> 24) {
	case 0x80:
		reader->byte = 2;
		reader->words = 1;
		return true;
	case 0x81:
		reader->byte = 1;
		reader->words = 1 + (unsigned int)(word >> 16 & 0xff);
		return true;
	default:
		return false;
	}
}

static unsigned int next_byte(struct reader *reader)
{
	unsigned int value;

	if (!reader->words) {
		reader->failed = true;
		return 0;
	}
	value = (unsigned int)(reader->word >> 8 * reader->byte) & 0xff;
	if (reader->byte--)
		return value;
	reader->byte = 3;
	reader->at += 4;
	if (--reader->words && !read_word(reader->state, reader->at, &reader->word))
		reader->failed = true;
	return value;
}

/* Registers from @first on, of which @mask has a bit each. */
static bool pop(const struct kmd_unwind_state *state, struct frame *frame, unsigned int mask,
		unsigned int first)
{
	const struct kmd_target *target = state->unwinder->target;
	uint64_t at = frame->sp;

	for (unsigned int reg = first; mask; mask >>= 1, reg++) {
		if (!(mask & 1))
			continue;
		if (!kmd_target_read_uint(target, KMD_XLATE_ANY, at, 4, &frame->regs[reg]))
			return false;
		frame->has_pc |= reg == PC;
		frame->has_sp |= reg == SP;
		at += 4;
	}
	frame->sp = frame->has_sp ? frame->regs[SP] : at;
	return true;
}

/* ULEB128, of which the kernel has one or two bytes. */
static uint64_t read_uleb(struct reader *reader)
{
	uint64_t value = 0;
	unsigned int byte, shift = 0;

	do {
		byte = next_byte(reader);
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 28 && !reader->failed);
	return value;
}

/* False with the reason in .end of the state. */
static bool run_one(struct kmd_unwind_state *state, struct reader *reader, struct frame *frame,
		    unsigned int op)
{
	unsigned int mask;
	bool good = true;

	if (op < 0x40) {
		frame->sp += (op & 0x3f) * 4 + 4;
	} else if (op < 0x80) {
		frame->sp -= (op & 0x3f) * 4 + 4;
	} else if (op < 0x90) {
		mask = (op & 0xf) << 8 | next_byte(reader);
		reader->failed |= !mask;
		good = pop(state, frame, mask, 4);
	} else if (op < 0xa0 && (op & 0xd) != 0xd) {
		frame->sp = frame->regs[op & 0xf];
	} else if (op >= 0xa0 && op < 0xb0) {
		good = pop(state, frame, (1u << ((op & 7) + 1)) - 1, 4) &&
		       (!(op & 8) || pop(state, frame, 1, LR));
	} else if (op == 0xb1) {
		mask = next_byte(reader);
		reader->failed |= !mask || mask >> 4;
		good = pop(state, frame, mask & 0xf, 0);
	} else if (op == 0xb2) {
		frame->sp += 0x204 + (read_uleb(reader) << 2);
	} else {
		reader->failed = true;
	}
	if (!good)
		state->end = "the rest of the stack was not captured";
	else if (reader->failed)
		state->end = "the unwind table is not one of the kernel";
	frame->sp &= UINT32_MAX;
	return !state->end;
}

static bool run(struct kmd_unwind_state *state, struct reader *reader, struct frame *frame)
{
	for (unsigned int n = 0; reader->words && n < INSTRUCTIONS; n++) {
		unsigned int op = next_byte(reader);

		/* The end, which also fills the last word. */
		if (op == 0xb0 && !reader->failed)
			break;
		if (!run_one(state, reader, frame, op))
			return false;
	}
	if (!frame->has_pc)
		frame->regs[PC] = frame->regs[LR];
	frame->regs[SP] = frame->sp;
	return true;
}

/* The entry code, or what booted the CPU: nothing is left above it. */
static bool is_last(const struct kmd_unwind_state *state)
{
	uint64_t size;

	return kmd_target_stack_size(state->unwinder->target, &size) &&
	       size - (state->frame.sp & (size - 1)) <= ENTRY_SIZE;
}

static bool finish(struct kmd_unwind_state *state, const char *end)
{
	state->done = is_last(state);
	if (!state->done)
		state->end = end;
	return false;
}

static bool enter(struct kmd_unwind_state *state, const struct frame *frame)
{
	uint64_t pc = frame->regs[PC];

	if (!pc || !kmd_target_is_kernel(state->unwinder->target, pc)) {
		state->frame.sp = frame->sp;
		state->done = !pc;
		return pc ? finish(state, "a return address is not in the kernel") : false;
	}
	/* Of a function that calls none, the stack pointer may stay; then the address may not. */
	state->same_sp =
		state->frame.exact && frame->sp == state->frame.sp && pc != state->frame.pc;
	memcpy(state->registers, frame->regs, sizeof(state->registers));
	state->frame.pc = pc;
	state->frame.sp = frame->sp;
	state->frame.exact = frame->has_pc && frame->has_sp;
	return true;
}

bool kmd_unwind_step_arm(struct kmd_unwind_state *state)
{
	uint64_t pc = state->frame.pc, row, function, word;
	struct reader reader = { .state = state };
	struct frame frame = { .sp = state->frame.sp };

	memcpy(frame.regs, state->registers, sizeof(frame.regs));
	if (!find_row(state, pc - !state->frame.exact, &row) || !read_word(state, row, &function) ||
	    !read_word(state, row + 4, &word))
		return finish(state, "no unwind table covers its last function");
	if (word == CANT_UNWIND)
		return finish(state, "its last function has no unwind data");
	/* Nothing was pushed yet: it is still the caller's frame. */
	if (state->frame.exact && follow(row, function) == pc) {
		frame.regs[PC] = frame.regs[LR];
		return enter(state, &frame);
	}
	if (!begin(&reader, row, word)) {
		state->end = "the unwind table is not one of the kernel";
		return false;
	}
	return run(state, &reader, &frame) && enter(state, &frame);
}
