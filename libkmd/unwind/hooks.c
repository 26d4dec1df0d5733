/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Return addresses that the kernel replaced on a stack, so that a function returns to a probe:
 * those of function_graph, and of kretprobes and fprobes.  The kernel keeps the real one beside the
 * task.
 *
 * Sources: kernel/trace/fgraph.c, kernel/trace/rethook.c, kernel/kprobes.c, and where they are
 * used: arch/x86/include/asm/unwind.h, arch/arm64/kernel/stacktrace.c.
 */
#include "unwind/steps.h"

#include <elf.h>

/* A task has 50 entries, or a page of them; a damaged list may be a circle. */
#define ENTRIES_MAX 4096
/* KPROBE_TABLE_SIZE, until 5.10. */
#define HASH_HEADS  64

/* Where the return address is on the stack. */
struct place {
	const struct kmd_target *target;
	uint64_t task;
	uint64_t hook;        /* what is there instead */
	uint64_t after, last; /* an entry has this place if its address is in (after, last] */
};

static bool member(const struct kmd_target *target, uint64_t base, enum kmd_target_type type,
		   uint64_t *value)
{
	return kmd_target_member(target, base, type, KMD_LONG, value);
}

/* One function may have several hooks: all but one return to the next hook. */
static bool is_it(const struct place *place, uint64_t at, uint64_t real)
{
	return at > place->after && at <= place->last && real != place->hook &&
	       kmd_target_is_kernel(place->target, real);
}

/* ----- function_graph */

static bool is_entry(const struct place *place, uint64_t entry, uint64_t *real)
{
	const struct kmd_target *target = place->target;
	uint64_t at, function;
	enum kmd_target_type type = KMD_T_RET_STACK_PLACE;

	if (!kmd_target_type(target, type, &at))
		type = KMD_T_RET_STACK_FP;
	return member(target, entry, type, &at) &&
	       member(target, entry, KMD_T_RET_STACK_RET, real) &&
	       member(target, entry, KMD_T_RET_STACK_FUNC, &function) &&
	       kmd_target_is_kernel(target, function) && is_it(place, at, *real);
}

static bool find_graph(const struct place *place, uint64_t *real)
{
	const struct kmd_target *target = place->target;
	uint64_t stack, top, size, unused;

	if (!member(target, place->task, KMD_T_TASK_RET_STACK, &stack) || !stack ||
	    !kmd_target_member(target, place->task, KMD_T_TASK_CURR_RET_STACK, 4, &top) ||
	    !kmd_target_type(target, KMD_T_RET_STACK_SIZE, &size) || top >= ENTRIES_MAX)
		return false;
	/* An index is that of the newest entry; words are counted up to its end. */
	if (kmd_target_type(target, KMD_T_FGRAPH_INDEX, &unused))
		size = kmd_target_word(target);
	else
		top++;
	while (top--)
		if (is_entry(place, stack + top * size, real))
			return true;
	return false;
}

/* ----- kretprobes */

/* The entries of one task, the newest first. */
static bool find_list(const struct place *place, enum kmd_target_type head,
		      enum kmd_target_type link, enum kmd_target_type ret,
		      enum kmd_target_type frame, uint64_t *real)
{
	const struct kmd_target *target = place->target;
	uint64_t next, link_at, at;

	if (!kmd_target_type(target, link, &link_at) || !member(target, place->task, head, &next))
		return false;
	for (size_t n = 0; n < ENTRIES_MAX && next; n++) {
		if (member(target, next - link_at, frame, &at) &&
		    member(target, next - link_at, ret, real) && is_it(place, at, *real))
			return true;
		if (!kmd_target_read_uint(target, KMD_XLATE_ANY, next, KMD_LONG, &next))
			break;
	}
	return false;
}

static bool find_bucket(const struct place *place, uint64_t next, uint64_t link, uint64_t *real)
{
	const struct kmd_target *target = place->target;
	uint64_t task, at;

	for (size_t n = 0; n < ENTRIES_MAX && next; n++) {
		if (member(target, next - link, KMD_T_KRETPROBE_TASK, &task) &&
		    task == place->task && member(target, next - link, KMD_T_KRETPROBE_FP, &at) &&
		    member(target, next - link, KMD_T_KRETPROBE_RET, real) &&
		    is_it(place, at, *real))
			return true;
		if (!kmd_target_read_uint(target, KMD_XLATE_ANY, next, KMD_LONG, &next))
			break;
	}
	return false;
}

static bool find_hashed(const struct place *place, uint64_t *real)
{
	const struct kmd_target *target = place->target;
	uint64_t table, link, word = kmd_target_word(target), next;

	if (!kmd_target_symbol(target, "kretprobe_inst_table", &table, NULL) ||
	    !kmd_target_type(target, KMD_T_KRETPROBE_HASH_LINK, &link))
		return false;
	for (uint64_t i = 0; i < HASH_HEADS; i++)
		if (kmd_target_read_uint(target, KMD_XLATE_ANY, table + i * word, KMD_LONG,
					 &next) &&
		    find_bucket(place, next, link, real))
			return true;
	return false;
}

static bool find_kretprobe(const struct place *place, uint64_t *real)
{
	return find_list(place, KMD_T_TASK_RETHOOKS, KMD_T_RETHOOK_LINK, KMD_T_RETHOOK_RET,
			 KMD_T_RETHOOK_FRAME, real) ||
	       find_list(place, KMD_T_TASK_KRETPROBES, KMD_T_KRETPROBE_LINK, KMD_T_KRETPROBE_RET,
			 KMD_T_KRETPROBE_FP, real) ||
	       find_hashed(place, real);
}

/* ----- both */

static const struct {
	const char *name;
	bool (*find)(const struct place *place, uint64_t *real);
} hooks[] = {
	{ "return_to_handler", find_graph },
	{ "arch_rethook_trampoline", find_kretprobe },
	{ "__kretprobe_trampoline", find_kretprobe },
	{ "kretprobe_trampoline", find_kretprobe }, /* until 5.14 */
};

void kmd_unwind_recover(struct kmd_unwind_state *state, uint64_t fp)
{
	const struct kmd_target *target = state->unwinder->target;
	struct place place = { .target = target, .task = state->task, .hook = state->frame.pc };
	uint64_t virt;

	if (state->frame.exact)
		return;
	/* The word on the stack; elsewhere the callers' frames around it. */
	if (target->facts->machine == EM_X86_64) {
		place.last = state->frame.sp - 8;
		place.after = place.last - 1;
	} else {
		place.after = fp;
		place.last = state->fp;
	}
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (!kmd_target_symbol(target, hooks[i].name, &virt, NULL) || virt != place.hook)
			continue;
		state->frame.is_hook = true;
		state->real = 0;
		if (!state->task || !hooks[i].find(&place, &state->real))
			state->real = 0;
		return;
	}
}

bool kmd_unwind_leave_hook(struct kmd_unwind_state *state)
{
	if (!state->real) {
		state->end = "the return address that a probe replaced was not captured";
		return false;
	}
	state->frame.pc = state->real;
	state->frame.is_hook = false;
	return true;
}
