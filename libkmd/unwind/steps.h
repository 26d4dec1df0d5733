/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* steps.h - from one frame to its caller, by machine. */
#ifndef KMD_UNWIND_STEPS_H
#define KMD_UNWIND_STEPS_H

#include "unwind/unwind.h"

/* Registers that a step from a frame to its caller needs. */
struct kmd_unwind_state {
	const struct kmd_unwinder *unwinder;
	struct kmd_unwind_frame frame;
	uint64_t fp;
	uint64_t registers[16]; /* arm: r0 to r15 of this frame, as far as they are known */
	bool same_sp;           /* the stack pointer may be that of the frame before */
	const uint64_t *words;  /* of the CPU, while they are those of this frame */
	/* Address of the struct pt_regs of this frame, and of the last whole one; 0 = none.
	 * A partial one has only the words that the processor pushed. */
	uint64_t regs, last_regs;
	bool regs_whole;
	/* Stacks that were left, from one to the next. */
	unsigned int switches;
	uint64_t task;   /* 0 = not known */
	uint64_t real;   /* where a frame that is a hook returns to; 0 = not known */
	const char *end; /* set by a step that fails */
	bool done;       /* the chain is complete */
};

/* Go to the caller.  False at the end: .done, or the reason in .end. */
bool kmd_unwind_step_orc(struct kmd_unwind_state *state);
bool kmd_unwind_step_frames(struct kmd_unwind_state *state);
bool kmd_unwind_step_records(struct kmd_unwind_state *state);
bool kmd_unwind_step_riscv64(struct kmd_unwind_state *state);
bool kmd_unwind_step_arm(struct kmd_unwind_state *state);

/* The bytes of code or tables: as captured, else as the vmlinux has them. */
bool kmd_unwind_bytes(const struct kmd_target *target, uint64_t virt, void *to, uint64_t size);
/* True if @pc is in the kernel's text, a module or a trampoline. */
bool kmd_unwind_is_code(const struct kmd_unwinder *unwinder, uint64_t pc);

/* x86_64: continue with the registers that an interrupt or exception saved at @regs. */
bool kmd_unwind_enter_regs(struct kmd_unwind_state *state, uint64_t regs, bool whole);
/* The place of rbp in them, in words. */
#define KMD_X86_64_BP 4
/* x86_64: true if the functions of this kernel set up frame pointers. */
bool kmd_unwind_has_frames(const struct kmd_target *target);

/*
 * After a step from the frame pointer @fp: if this return address was put there by a probe, note
 * that and the real one (hooks.c).
 */
void kmd_unwind_recover(struct kmd_unwind_state *state, uint64_t fp);
/* Go to the real return address.  False at the end. */
bool kmd_unwind_leave_hook(struct kmd_unwind_state *state);

/* ORC tables of the kernel and its modules (orc.c). */
enum kmd_status kmd_orc_new(const struct kmd_target *target, const struct kmd_modules *modules,
			    struct kmd_orc **orc, const char **unusable);
/* True if the symbols of such tables are known. */
bool kmd_orc_named(const struct kmd_target *target);
void kmd_orc_free(struct kmd_orc *orc);

/* Registers in a row, with their numbers in Linux 6.12. */
enum {
	KMD_ORC_REG_UNDEFINED,
	KMD_ORC_REG_PREV_SP,
	KMD_ORC_REG_DX,
	KMD_ORC_REG_DI,
	KMD_ORC_REG_BP,
	KMD_ORC_REG_SP,
	KMD_ORC_REG_R10,
	KMD_ORC_REG_R13,
	KMD_ORC_REG_BP_INDIRECT,
	KMD_ORC_REG_SP_INDIRECT,
	KMD_ORC_REG_AX,
};

/* One row of them. */
struct kmd_orc_row {
	int16_t sp_offset, bp_offset;
	uint8_t sp_reg, bp_reg;
	enum kmd_orc_type {
		KMD_ORC_UNDEFINED,
		KMD_ORC_END_OF_STACK,
		KMD_ORC_CALL,
		KMD_ORC_REGS,
		KMD_ORC_REGS_PARTIAL,
	} type;
	bool signal;
};

/* The row of the instruction at @pc; false if no table covers it. */
bool kmd_orc_find(const struct kmd_orc *orc, uint64_t pc, struct kmd_orc_row *row);
/* Since 5.13 the offset of SP_INDIRECT counts after the pointer was followed. */
bool kmd_orc_offset_after(const struct kmd_orc *orc);

#endif
