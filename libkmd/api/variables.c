/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Variables of the kernel, and names of addresses. */
#include "api/handle.h"

#include <inttypes.h>

KMD_EXPORT enum kmd_status kmd_variables_load(struct kmd *kmd)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status != KMD_OK)
		return status;
	if (!kmd->core_target.vmlinux)
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"variables need a vmlinux");
	if (!kmd->variables_read)
		status = kmd_variables_read(&kmd->core_target, &kmd->variables);
	kmd->variables_read = status == KMD_OK;
	if (status == KMD_OK && !kmd->variables.n)
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"no variable of the kernel was captured");
	kmd->diag.status = status;
	return status;
}

KMD_EXPORT size_t kmd_variable_count(const struct kmd *kmd)
{
	return kmd->variables.n;
}

KMD_EXPORT const struct kmd_variable *kmd_variable_get(const struct kmd *kmd, size_t index)
{
	return index < kmd->variables.n ? &kmd->variables.items[index] : NULL;
}

KMD_EXPORT enum kmd_status kmd_variable_kinds(struct kmd *kmd, const size_t *indices, size_t n,
					      enum kmd_variable_kind *kinds)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status != KMD_OK)
		return status;
	for (size_t i = 0; i < n; i++)
		if (indices[i] >= kmd->variables.n)
			return kmd_usage_error(kmd, "there is no such variable");
	return n ? kmd_variables_kinds(&kmd->core_target, &kmd->variables, indices, n, kinds)
		 : KMD_OK;
}

KMD_EXPORT enum kmd_status kmd_symbol_at(struct kmd *kmd, uint64_t virt, const char **name,
					 uint64_t *offset)
{
	enum kmd_status status = kmd_begin_opened(kmd);
	const struct kmd_elf_symbol *symbol;
	uint64_t at;

	if (status != KMD_OK)
		return status;
	symbol = kmd_image_symbol_at(&kmd->core_target, virt, &at);
	if (!symbol)
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"no symbol is known for the address 0x%" PRIx64, virt);
	*name = symbol->name;
	*offset = at;
	return KMD_OK;
}
