/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * x86_64 without ORC tables: frame pointers (CONFIG_UNWINDER_FRAME_POINTER).
 *
 * A function pushes rbp, and lets rbp point there.  The entry code of an interrupt or exception
 * sets rbp to its struct pt_regs with the lowest bit set.
 * Sources: arch/x86/kernel/unwind_frame.c, arch/x86/include/asm/frame.h.
 */
#include "unwind/steps.h"

#include "base/bytes.h"
#include "elf/vmlinux.h"
#include "target/kallsyms.h"

#include <string.h>

/* Bytes at a function's begin in which its frame is set up. */
#define PROLOGUE 32
/* Bytes in which a function clears registers before it returns (CONFIG_ZERO_CALL_USED_REGS). */
#define EPILOGUE 32

/* What an interrupted function has done with its frame. */
enum frame_state {
	FRAME_SET,      /* rbp points to it */
	FRAME_PUSHED,   /* rbp is the caller's and lies on the stack */
	FRAME_ABSENT,   /* rbp is the caller's; the return address is at rsp */
	FRAME_UNPROVED, /* assembly, or no symbol */
};

static bool read_word(const struct kmd_unwind_state *state, uint64_t virt, uint64_t *value)
{
	return kmd_target_read_uint(state->unwinder->target, KMD_XLATE_ANY, virt, 8, value);
}

/* The function that has @pc.  *@cold: a part of one that another part jumps to. */
static bool find_function(const struct kmd_unwinder *unwinder, uint64_t pc, uint64_t *start,
			  bool *cold)
{
	const struct kmd_target *target = unwinder->target;
	struct kmd_module_entry *module = kmd_modules_find(unwinder->modules, pc);
	const char *name = NULL;
	size_t i;
	bool next;

	if (module) {
		const struct kmd_module_symbol *symbol =
			kmd_module_symbol_at(target, module, pc, pc, &next);

		name = symbol ? symbol->name : NULL;
		*start = symbol ? symbol->value : 0;
	} else if (target->has_symbols) {
		i = kmd_vmlinux_first_at(target->vmlinux, pc - target->kaslr + 1);
		name = i ? target->vmlinux->symbols[i - 1].name : NULL;
		*start = i ? target->vmlinux->symbols[i - 1].value + target->kaslr : 0;
	} else if (target->kallsyms) {
		i = kmd_kallsyms_find(target->kallsyms, pc);
		if (i == target->kallsyms->n)
			return false;
		name = kmd_kallsyms_name(target->kallsyms, i);
		*start = target->kallsyms->symbols[i].address;
	}
	*cold = name && strstr(name, ".cold");
	return name != NULL;
}

/* Behind ENDBR64, and the call or NOP for ftrace (until 5.12 the NOP depends on the processor). */
static size_t skip_entry(const unsigned char *code)
{
	static const unsigned char endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	static const unsigned char nops[][5] = { { 0x0f, 0x1f, 0x44, 0x00, 0x00 },
						 { 0x66, 0x66, 0x66, 0x66, 0x90 },
						 { 0x3e, 0x8d, 0x74, 0x26, 0x00 } };
	size_t at = memcmp(code, endbr, sizeof(endbr)) ? 0 : sizeof(endbr);
	bool traced = code[at] == 0xe8;

	for (size_t i = 0; i < sizeof(nops) / sizeof(nops[0]); i++)
		traced |= !memcmp(code + at, nops[i], sizeof(nops[i]));
	return traced ? at + sizeof(nops[0]) : at;
}

/*
 * Places of "push %rbp" and "mov %rsp,%rbp" behind the function's begin.  The compiler may put
 * instructions that do not use the stack between them.
 */
static bool find_prologue(const struct kmd_target *target, uint64_t start, size_t *push,
			  size_t *set)
{
	static const unsigned char move[] = { 0x48, 0x89, 0xe5 };
	unsigned char code[PROLOGUE];

	if (!kmd_unwind_bytes(target, start, code, sizeof(code)))
		return false;
	*push = skip_entry(code);
	for (*set = *push + 1; *set + sizeof(move) <= sizeof(code); ++*set)
		if (!memcmp(code + *set, move, sizeof(move)))
			return code[*push] == 0x55;
	return false;
}

/* True if the function has left its frame ("pop %rbp") and only clears registers since. */
static bool has_left(const struct kmd_target *target, uint64_t start, uint64_t pc)
{
	unsigned char code[EPILOGUE];
	size_t n = pc - start < EPILOGUE ? (size_t)(pc - start) : EPILOGUE, at;

	if (!kmd_unwind_bytes(target, pc - n, code, n))
		return false;
	for (size_t pop = n; pop--;) {
		if (code[pop] != 0x5d && code[pop] != 0xc9)
			continue;
		for (at = pop + 1; at + 1 < n;) {
			at += code[at] == 0x45;
			if (code[at] != 0x31 || at + 1 >= n || code[at + 1] < 0xc0)
				break;
			at += 2;
		}
		if (at == n)
			return true;
	}
	return false;
}

static enum frame_state state_of(const struct kmd_unwinder *unwinder, uint64_t pc)
{
	uint64_t start;
	size_t push, set;
	bool cold;

	if (!find_function(unwinder, pc, &start, &cold))
		return FRAME_UNPROVED;
	if (cold)
		return FRAME_SET;
	if (!find_prologue(unwinder->target, start, &push, &set))
		return FRAME_UNPROVED;
	if (pc - start <= push)
		return FRAME_ABSENT;
	if (pc - start <= set)
		return FRAME_PUSHED;
	return has_left(unwinder->target, start, pc) ? FRAME_ABSENT : FRAME_SET;
}

/* True if a call instruction ends at @pc: relative, by register, or by memory. */
static bool follows_call(const struct kmd_unwinder *unwinder, uint64_t pc)
{
	unsigned char code[6];

	return kmd_unwind_bytes(unwinder->target, pc - sizeof(code), code, sizeof(code)) &&
	       (code[1] == 0xe8 || (code[4] == 0xff && (code[5] & 0xf8) == 0xd0) ||
		(code[0] == 0xff && code[1] == 0x15) || (code[3] == 0xff && code[4] >> 3 == 0x0a));
}

static bool return_to(struct kmd_unwind_state *state, uint64_t at, uint64_t pc)
{
	state->frame.pc = pc;
	state->frame.sp = at + 8;
	state->frame.exact = false;
	return true;
}

/* The caller of an interrupted function that has no frame; false if it has one. */
static bool step_frameless(struct kmd_unwind_state *state)
{
	uint64_t pc = state->frame.pc, sp = state->frame.sp, caller;
	enum frame_state is = pc ? state_of(state->unwinder, pc) : FRAME_ABSENT;

	if (is == FRAME_SET)
		return false;
	if (is == FRAME_PUSHED)
		sp += 8;
	if (!read_word(state, sp, &caller))
		return false;
	if (is != FRAME_UNPROVED)
		return return_to(state, sp, caller);
	state->frame.guess = true;
	return kmd_unwind_is_code(state->unwinder, caller) &&
	       follows_call(state->unwinder, caller) && return_to(state, sp, caller);
}

bool kmd_unwind_step_frames(struct kmd_unwind_state *state)
{
	uint64_t fp = state->fp, next, pc;

	if (state->frame.exact && step_frameless(state))
		return true;
	if (fp >> 63 && fp & 1) {
		if (!kmd_unwind_enter_regs(state, fp - 1, true) ||
		    !read_word(state, fp - 1 + 8 * KMD_X86_64_BP, &state->fp)) {
			state->end = "the rest of the stack was not captured";
			return false;
		}
		/* A thread of the kernel has empty registers at its stack's begin. */
		state->done |= !state->frame.pc;
		state->frame.exact = true;
		state->frame.guess = false;
		return !state->done;
	}
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
	state->fp = next;
	state->frame.guess = false;
	return return_to(state, fp + 8, pc);
}

bool kmd_unwind_has_frames(const struct kmd_target *target)
{
	/* Each is a function of its own in every kernel from 4.14 to 7.0. */
	static const char *const names[] = { "schedule", "do_exit",    "wake_up_process",
					     "vfs_read", "vfs_write",  "kthread_stop",
					     "msleep",   "mutex_lock", "kernel_wait4",
					     "seq_read", "flush_work", "queue_work_on" };
	size_t good = 0, bad = 0, push, set;
	unsigned char byte;
	uint64_t start;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!kmd_target_symbol(target, names[i], &start, NULL) ||
		    !kmd_unwind_bytes(target, start, &byte, 1))
			continue;
		if (find_prologue(target, start, &push, &set))
			good++;
		else
			bad++;
	}
	return good >= 3 && good > 2 * bad;
}
