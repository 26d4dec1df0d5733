/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What consumers can do with the core; computed on the first request. */
#include "api/handle.h"

KMD_EXPORT enum kmd_status kmd_check(struct kmd *kmd)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status == KMD_OK && !kmd->readiness.n) {
		status = kmd_load_types(kmd);
		if (status == KMD_OK)
			status = kmd_consumers_check(&kmd->core_target, &kmd->cpus, &kmd->diag,
						     &kmd->readiness);
	}
	/* What was looked for and is not there may have left a sentence. */
	kmd->diag.status = status;
	return status;
}

KMD_EXPORT size_t kmd_readiness_count(const struct kmd *kmd)
{
	return kmd->readiness.n;
}

KMD_EXPORT const struct kmd_readiness *kmd_readiness_get(const struct kmd *kmd, size_t index)
{
	return index < kmd->readiness.n ? &kmd->readiness.rows[index].pub : NULL;
}
