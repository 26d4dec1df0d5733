/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "runtime/runtime.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	bool may_be_given;
} keys[KMD_N_RUNTIME_KEYS] = {
	[KMD_RUNTIME_KASLR] = { "kaslr", true },
	[KMD_RUNTIME_KIMAGE_VOFFSET] = { "kimage_voffset", true },
	[KMD_RUNTIME_PHYS_BASE] = { "phys_base", true },
	[KMD_RUNTIME_PHYS_OFFSET] = { "phys_offset", true },
	[KMD_RUNTIME_VA_BITS] = { "va_bits", false },
	[KMD_RUNTIME_VABITS_ACTUAL] = { "vabits_actual", true },
	[KMD_RUNTIME_PAC_MASK] = { "pac_mask", false },
	[KMD_RUNTIME_L5] = { "pgtable_l5_enabled", false },
	[KMD_RUNTIME_SME_MASK] = { "sme_mask", false },
	[KMD_RUNTIME_PAGE_OFFSET] = { "page_offset", false },
	[KMD_RUNTIME_LINEAR_END] = { "high_memory", false },
};

const char *kmd_runtime_key_name(enum kmd_runtime_key key)
{
	return keys[key].name;
}

bool kmd_runtime_key_by_name(const char *name, enum kmd_runtime_key *key)
{
	for (size_t i = 0; i < KMD_N_RUNTIME_KEYS; i++)
		if (keys[i].may_be_given && !strcmp(keys[i].name, name)) {
			*key = (enum kmd_runtime_key)i;
			return true;
		}
	return false;
}

void kmd_runtime_deinit(struct kmd_runtime *runtime)
{
	for (size_t i = 0; i < KMD_N_RUNTIME_KEYS; i++)
		free(runtime->values[i].sources);
	memset(runtime, 0, sizeof(*runtime));
}

bool kmd_runtime_get(const struct kmd_runtime *runtime, enum kmd_runtime_key key, uint64_t *value)
{
	if (!runtime || !runtime->values[key].known)
		return false;
	*value = runtime->values[key].value;
	return true;
}
