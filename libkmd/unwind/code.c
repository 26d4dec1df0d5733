/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Code of the kernel: what a return address must point into, and its bytes. */
#include "unwind/steps.h"

bool kmd_unwind_bytes(const struct kmd_target *target, uint64_t virt, void *to, uint64_t size)
{
	return kmd_target_read(target, KMD_XLATE_ANY, virt, to, size) ||
	       (target->has_symbols &&
		kmd_vmlinux_bytes(target->vmlinux, virt - target->kaslr, to, (size_t)size));
}

static bool is_between(const struct kmd_target *target, uint64_t pc, const char *first,
		       const char *last)
{
	uint64_t start, end;

	return kmd_target_symbol(target, first, &start, NULL) &&
	       kmd_target_symbol(target, last, &end, NULL) && pc >= start && pc < end;
}

bool kmd_unwind_is_code(const struct kmd_unwinder *unwinder, uint64_t pc)
{
	return is_between(unwinder->target, pc, "_stext", "_etext") ||
	       is_between(unwinder->target, pc, "_sinittext", "_einittext") ||
	       kmd_modules_find(unwinder->modules, pc) ||
	       kmd_trampolines_find(&unwinder->modules->trampolines, pc);
}
