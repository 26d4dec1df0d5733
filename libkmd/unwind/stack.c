/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "unwind/stack.h"

#include "base/array.h"
#include "target/kallsyms.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static bool push(struct kmd_stack_entry *stack, const struct kmd_frame *frame)
{
	if (!KMD_ARRAY_RESERVE(stack->frames, stack->pub.n, stack->cap))
		return false;
	stack->frames[stack->pub.n++] = *frame;
	return true;
}

/*
 * Where the call of this frame returns to.  The shim records a panic of arm, arm64 and riscv64 at
 * the instruction that called it.
 */
static uint64_t return_address(const struct kmd_target *target, const struct kmd_frame *frame)
{
	uint16_t machine = target->facts->machine;
	bool called = frame->flags & KMD_FRAME_EXACT &&
		      (machine == EM_AARCH64 || machine == EM_RISCV || machine == EM_ARM);

	return frame->pc + (called ? 4 : 0);
}

/*
 * Of several symbols at one address the kernel's own table prefers the one with fewer underscores
 * in front (scripts/kallsyms.c).
 */
static bool is_better(const struct kmd_elf_symbol *symbol, const struct kmd_elf_symbol *than)
{
	size_t own = strspn(symbol->name, "_"), other = strspn(than->name, "_");

	if (symbol->global != than->global)
		return symbol->global;
	return own <= other;
}

/* The function of the kernel that @pc is in, by the symbol table. */
static void name_by_symbol(const struct kmd_target *target, uint64_t pc, struct kmd_frame *frame)
{
	const struct kmd_vmlinux *vmlinux = target->vmlinux;
	uint64_t start, end, link = pc - target->kaslr;
	const struct kmd_elf_symbol *best = NULL;
	size_t i;

	if (!target->has_symbols || !kmd_vmlinux_symbol(vmlinux, "_stext", &start) ||
	    !kmd_vmlinux_symbol(vmlinux, "_end", &end) || link < start || link >= end)
		return;
	for (i = kmd_vmlinux_first_at(vmlinux, link + 1); i; i--) {
		const struct kmd_elf_symbol *symbol = &vmlinux->symbols[i - 1];

		if (best && symbol->value != best->value)
			break;
		if (!best || is_better(symbol, best))
			best = symbol;
	}
	if (!best)
		return;
	frame->function = frame->symbol = best->name;
	frame->offset = frame->pc - target->kaslr - best->value;
	link = return_address(target, frame) - target->kaslr;
	i = kmd_vmlinux_first_at(vmlinux, link);
	if (i < vmlinux->n && vmlinux->symbols[i].value == link)
		frame->flags |= KMD_FRAME_LAST_CALL;
}

static bool add_places(struct kmd_stack_entry *stack, const struct kmd_frame *frame,
		       const struct kmd_source_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct kmd_frame one = *frame;

		one.file = places[i].file;
		one.line = places[i].line;
		if (places[i].function)
			one.function = places[i].function;
		if (places[i].is_inline)
			one.flags |= KMD_FRAME_INLINE;
		if (!push(stack, &one))
			return false;
	}
	return n || push(stack, frame);
}

/* The same by the kernel's own table. */
static void name_by_kallsyms(const struct kmd_target *target, uint64_t pc, struct kmd_frame *frame)
{
	struct kmd_kallsyms *table = target->kallsyms;
	uint64_t start, end;
	size_t i;

	if (!table || !kmd_target_symbol(target, "_stext", &start, NULL) ||
	    /* Without KALLSYMS_ALL the table has functions only. */
	    (!kmd_target_symbol(target, "_end", &end, NULL) &&
	     !kmd_target_symbol(target, "_etext", &end, NULL)) ||
	    pc < start || pc >= end)
		return;
	i = kmd_kallsyms_find(table, pc);
	if (i == table->n)
		return;
	frame->function = frame->symbol = kmd_kallsyms_name(table, i);
	frame->offset = frame->pc - table->symbols[i].address;
	i = kmd_kallsyms_find(table, return_address(target, frame));
	if (i < table->n && table->symbols[i].address == return_address(target, frame))
		frame->flags |= KMD_FRAME_LAST_CALL;
}

/* The function of a module. */
static void name_by_module(const struct kmd_target *target, const struct kmd_modules *modules,
			   uint64_t pc, struct kmd_frame *frame)
{
	struct kmd_module_entry *module = kmd_modules_find(modules, pc);
	const struct kmd_module_symbol *symbol;
	bool next;

	if (!module)
		return;
	frame->module = module->name;
	symbol = kmd_module_symbol_at(target, module, pc, return_address(target, frame), &next);
	if (!symbol)
		return;
	frame->function = frame->symbol = symbol->name;
	frame->offset = frame->pc - symbol->value;
	if (next)
		frame->flags |= KMD_FRAME_LAST_CALL;
}

/* Code that the kernel made at run time; /proc/kallsyms names it so. */
static void name_by_trampoline(const struct kmd_modules *modules, uint64_t pc,
			       struct kmd_frame *frame)
{
	const struct kmd_trampoline *one = kmd_trampolines_find(&modules->trampolines, pc);

	if (!one)
		return;
	frame->module = one->owner;
	frame->function = frame->symbol = one->name;
	frame->offset = frame->pc - one->start;
}

static bool add_frame(const struct kmd_target *target, const struct kmd_modules *modules,
		      struct kmd_source_lines *lines, const struct kmd_unwind_frame *from,
		      struct kmd_stack_entry *stack)
{
	/* The call is the instruction before a return address; no call returns to a hook. */
	uint64_t pc = from->pc - !(from->exact || from->is_hook);
	struct kmd_source_place places[KMD_SOURCE_PLACES_MAX];
	struct kmd_frame frame = {
		.pc = from->pc,
		.sp = from->sp,
		.flags =
			(from->exact ? KMD_FRAME_EXACT : 0u) | (from->guess ? KMD_FRAME_GUESS : 0u),
	};
	size_t n = 0;

	name_by_symbol(target, pc, &frame);
	if (!frame.function)
		name_by_kallsyms(target, pc, &frame);
	if (!frame.function)
		name_by_module(target, modules, pc, &frame);
	if (!frame.function)
		name_by_trampoline(modules, pc, &frame);
	else if (lines && !frame.module)
		n = kmd_source_lines_find(lines, pc - target->kaslr, places);
	return add_places(stack, &frame, places, n);
}

enum kmd_status kmd_stack_make(const struct kmd_target *target, const struct kmd_modules *modules,
			       struct kmd_source_lines *lines, const struct kmd_unwind *unwind,
			       struct kmd_stack_entry *stack)
{
	memset(stack, 0, sizeof(*stack));
	for (size_t i = 0; i < unwind->n; i++)
		if (!add_frame(target, modules, lines, &unwind->frames[i], stack)) {
			kmd_stack_deinit(stack);
			return kmd_fail_memory(target->diag);
		}
	stack->pub.frames = stack->frames;
	stack->pub.end = unwind->end;
	return KMD_OK;
}

void kmd_stack_deinit(struct kmd_stack_entry *stack)
{
	free(stack->frames);
	memset(stack, 0, sizeof(*stack));
}

void kmd_stacks_deinit(struct kmd_stacks *stacks)
{
	for (size_t i = 0; i < stacks->n_tasks; i++)
		kmd_stack_deinit(&stacks->of_tasks[i]);
	for (size_t i = 0; i < stacks->n_cpus; i++)
		kmd_stack_deinit(&stacks->of_cpus[i]);
	free(stacks->of_tasks);
	free(stacks->of_cpus);
	kmd_source_lines_free(stacks->lines);
	kmd_unwinder_deinit(&stacks->unwinder);
	memset(stacks, 0, sizeof(*stacks));
}
