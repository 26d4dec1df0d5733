/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The kernel of an open dump. */
#include "api/handle.h"

#include <stdio.h>
#include <string.h>

KMD_EXPORT const struct kmd_kernel *kmd_kernel_get(const struct kmd *kmd)
{
	return kmd->ready ? &kmd->facts.pub : NULL;
}

KMD_EXPORT enum kmd_status kmd_vmcoreinfo_text(struct kmd *kmd, const char **text, size_t *length)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status == KMD_OK && !kmd->info.text)
		status = kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				  "no VMCOREINFO in this dump");
	if (status != KMD_OK)
		return status;
	*text = kmd->info.text;
	*length = kmd->info.length;
	return KMD_OK;
}

static enum kmd_status fail_no_key(struct kmd *kmd, const char *what, const char *name)
{
	return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name), "%s \"%s\"", what,
			name);
}

KMD_EXPORT enum kmd_status kmd_vmcoreinfo_value(struct kmd *kmd, const char *key,
						const char **value, size_t *length)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status != KMD_OK)
		return status;
	if (!key || !kmd->info.text || !kmd_vmcoreinfo_get(&kmd->info, key, value, length))
		return fail_no_key(kmd, "VMCOREINFO has no key", key ? key : "");
	return KMD_OK;
}

KMD_EXPORT size_t kmd_value_count(const struct kmd *kmd)
{
	return kmd->ready ? kmd->n_values : 0;
}

KMD_EXPORT const struct kmd_value *kmd_value_get(const struct kmd *kmd, size_t index)
{
	return index < kmd_value_count(kmd) ? &kmd->values[index] : NULL;
}

void kmd_publish_values(struct kmd *kmd)
{
	kmd->n_values = 0;
	for (int key = 0; key < KMD_N_RUNTIME_KEYS; key++) {
		const struct kmd_runtime_value *value = &kmd->runtime.values[key];

		if (value->known)
			kmd->values[kmd->n_values++] = (struct kmd_value){
				.key = kmd_runtime_key_name((enum kmd_runtime_key)key),
				.value = value->value,
				.n_sources = value->n_sources,
				.sources = value->sources ? value->sources : "",
			};
	}
}

/* The vmlinux knows all symbols, but only where KASLR is known they are addresses. */
static bool symbol_of_vmlinux(const struct kmd *kmd, const char *name, uint64_t *virt)
{
	const struct kmd_runtime_value *kaslr = &kmd->runtime.values[KMD_RUNTIME_KASLR];

	if (!kmd->vmlinux_path || !kaslr->known || !kmd_vmlinux_symbol(&kmd->vmlinux, name, virt))
		return false;
	*virt += kaslr->value;
	return true;
}

KMD_EXPORT enum kmd_status kmd_symbol_address(struct kmd *kmd, const char *name, uint64_t *virt)
{
	enum kmd_status status = kmd_begin_opened(kmd);
	char key[256];

	if (status != KMD_OK)
		return status;
	if (!name || (size_t)snprintf(key, sizeof(key), "SYMBOL(%s)", name) >= sizeof(key))
		return kmd_usage_error(kmd, "invalid symbol name");
	if (symbol_of_vmlinux(kmd, name, virt) ||
	    (kmd->info.text && kmd_vmcoreinfo_hex(&kmd->info, key, virt)))
		return KMD_OK;
	status = kmd_load_own_target(kmd);
	if (status != KMD_OK)
		return status;
	if (kmd_target_symbol(&kmd->own_target, name, virt, NULL))
		return KMD_OK;
	return fail_no_key(kmd, "no address is known for the symbol", name);
}
