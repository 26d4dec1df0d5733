/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What consumers will be able to do; judged when it is first asked for. */
#include "api/handle.h"

KMD_EXPORT enum kmd_status kmd_check(struct kmd *kmd, size_t *count)
{
	enum kmd_status status = kmd_begin_opened(kmd);
	const struct kmd_consumer_input input = {
		.memory = &kmd->core.memory,
		.views = &kmd->core_views,
		.facts = &kmd->facts,
		.info = &kmd->info,
		.runtime = &kmd->runtime,
		.vmlinux = kmd->vmlinux_path ? &kmd->vmlinux : NULL,
		.cpus = &kmd->cpus,
	};

	if (status == KMD_OK && !kmd->readiness.n)
		status = kmd_consumers_check(&input, &kmd->diag, &kmd->readiness);
	if (status == KMD_OK)
		*count = kmd->readiness.n;
	/* What was looked for and is not there may have left a sentence. */
	kmd->diag.status = status;
	return status;
}

KMD_EXPORT const struct kmd_readiness *kmd_readiness_get(const struct kmd *kmd, size_t index)
{
	return index < kmd->readiness.n ? &kmd->readiness.rows[index].pub : NULL;
}
