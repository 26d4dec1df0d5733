/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* stack.h - the frames of a stack with their functions. */
#ifndef KMD_UNWIND_STACK_H
#define KMD_UNWIND_STACK_H

#include "types/source_lines.h"
#include "unwind/unwind.h"

struct kmd_stack_entry {
	struct kmd_stack pub;
	struct kmd_frame *frames;
	size_t cap;
};

/*
 * Name the frames of @unwind.  With @lines (or NULL) each inlined function is a frame of its own.
 * Names belong to the vmlinux and to @modules.
 */
enum kmd_status kmd_stack_make(const struct kmd_target *target, const struct kmd_modules *modules,
			       struct kmd_source_lines *lines, const struct kmd_unwind *unwind,
			       struct kmd_stack_entry *stack);
void kmd_stack_deinit(struct kmd_stack_entry *stack);

/* Some ten times what a large machine has; a damaged dump must not fill all memory. */
#define KMD_STACKS_FRAMES_MAX (1u << 22)

/* What stacks of one dump are made with, and those that were made. */
struct kmd_stacks {
	struct kmd_unwinder unwinder; /* .target is NULL until the first is made */
	struct kmd_source_lines *lines;
	struct kmd_stack_entry *of_tasks, *of_cpus; /* by index; .pub.n is 0 until it is made */
	size_t n_tasks, n_cpus;
	size_t n_frames; /* of all of them */
};

void kmd_stacks_deinit(struct kmd_stacks *stacks);

#endif
