/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The key that equal crashes have in common. */
#include "api/handle.h"

#include <elf.h>

#include "log/trace.h"

static enum kmd_status find_stack(struct kmd *kmd, const struct kmd_stack **stack)
{
	const struct kmd_kernel *kernel = &kmd->facts.pub;

	if (kmd->panic.kind == KMD_REASON_HUNG) {
		if (!kmd->panic.has_blocked_pid || kmd_tasks_load(kmd) != KMD_OK)
			return KMD_ERR_NOT_FOUND;
		for (size_t i = 0; i < kmd->tasks.n; i++)
			if (kmd->tasks.items[i].pub.pid == kmd->panic.blocked_pid)
				return kmd_stack_of_task(kmd, i, stack);
		return KMD_ERR_NOT_FOUND;
	}
	for (size_t i = 0; kernel->has_panic_cpu && i < kmd->cpus.n; i++)
		if (kmd->cpus.items[i].cpu == kernel->panic_cpu)
			return kmd_stack_of_cpu(kmd, i, stack);
	return KMD_ERR_NOT_FOUND;
}

static bool can_go_on(enum kmd_status status)
{
	return status != KMD_ERR_MEMORY && status != KMD_ERR_IO;
}

static enum kmd_status make_signature(struct kmd *kmd)
{
	const struct kmd_stack *stack;
	enum kmd_status status = find_stack(kmd, &stack);
	struct kmd_trace trace;

	if (status == KMD_OK)
		/* x86_64 looks up the address before the return address. */
		kmd_signature_from_stack(&kmd->panic, stack, kmd->facts.machine == EM_X86_64,
					 &kmd->signature);
	if (!can_go_on(status) || kmd->signature.pub.n)
		return status;
	status = kmd_trace_read(&kmd->log, &kmd->panic, &kmd->diag, &trace);
	if (status == KMD_OK)
		kmd_signature_from_trace(&kmd->panic, &trace, &kmd->signature);
	kmd_trace_deinit(&trace);
	return status;
}

KMD_EXPORT enum kmd_status kmd_signature_get(struct kmd *kmd,
					     const struct kmd_signature **signature)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status != KMD_OK)
		return status;
	if (!kmd->panic.reason)
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"the log names no reason");
	if (!kmd->signature.pub.n)
		status = make_signature(kmd);
	if (status == KMD_OK && !kmd->signature.pub.n)
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"neither a stack nor the log has enough functions for a signature");
	if (status == KMD_OK)
		*signature = &kmd->signature.pub;
	kmd->diag.status = status;
	return status;
}
