/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Planning: which answers there will be under firmware's limits. */
#include "consumer/budget.h"
#include "api/handle.h"

#define MOST_SLOTS UINT64_C(65280) /* KMEMDUMP_MAX_SLOTS of the shim */
#define MOST_BYTES (UINT64_C(1) << 40)

static bool is_sane(const struct kmd_limits *limits)
{
	return limits->slots && limits->slots <= MOST_SLOTS && limits->cpus &&
	       limits->cpus <= 8192 && limits->bytes <= MOST_BYTES &&
	       limits->ram <= UINT64_C(1) << 52 && limits->tasks <= 1 << 22 &&
	       limits->modules <= 1 << 16 && limits->log <= UINT64_C(1) << 31 &&
	       limits->driver_regions <= MOST_SLOTS && limits->driver_bytes <= MOST_BYTES;
}

KMD_EXPORT enum kmd_status kmd_budget(struct kmd *kmd, const struct kmd_limits *limits,
				      struct kmd_budget *budget)
{
	struct kmd_vmlinux vmlinux = { 0 };
	struct kmd_parts parts;
	enum kmd_status status;

	kmd_begin(kmd);
	if (kmd->opened || !kmd->vmlinux_path)
		return kmd_usage_error(kmd, "kmd_budget() needs a vmlinux, and no dump");
	if (!is_sane(limits))
		return kmd_usage_error(kmd, "a limit of the plan is out of range");
	status = kmd_vmlinux_open(kmd->vmlinux_path, &kmd->vmlinux_options, &kmd->diag, &vmlinux);
	if (status == KMD_OK)
		status = kmd_parts_measure(&vmlinux, limits, &kmd->diag, &parts);
	if (status == KMD_OK) {
		kmd_consumer_report_deinit(&kmd->readiness);
		status = kmd_parts_plan(&parts, vmlinux.machine, limits, &kmd->diag, budget,
					&kmd->readiness);
	}
	for (size_t i = 0; status == KMD_OK && i < KMD_BUDGET_PARTS; i++)
		budget->parts[i] = parts.rows[i];
	kmd_vmlinux_deinit(&vmlinux);
	kmd->diag.status = status;
	return status;
}
