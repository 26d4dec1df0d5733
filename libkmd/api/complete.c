/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What was not captured, out of vmlinux. */
#include "api/handle.h"

#include <string.h>

enum kmd_status kmd_complete_memory(struct kmd *kmd, struct kmd_supply *supply,
				    struct kmd_completion *completion)
{
	memset(completion, 0, sizeof(*completion));
	if (kmd->vmlinux_path)
		return kmd_complete_from_vmlinux(&kmd->vmlinux, &kmd->runtime, &kmd->memory,
						 kmd->complete, &kmd->diag, supply, completion);
	if (!kmd->complete || kmd->complete == KMD_COMPLETE_NONE)
		return KMD_OK;
	return kmd_usage_error(kmd, "completion takes a vmlinux");
}
