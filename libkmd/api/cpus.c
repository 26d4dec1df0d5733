/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The registers of the CPUs. */
#include "api/handle.h"

KMD_EXPORT size_t kmd_cpu_count(const struct kmd *kmd)
{
	return kmd->ready ? kmd->cpus.n : 0;
}

KMD_EXPORT const struct kmd_cpu_registers *kmd_cpu_get(const struct kmd *kmd, size_t index)
{
	return index < kmd_cpu_count(kmd) ? &kmd->cpus.items[index].pub : NULL;
}
