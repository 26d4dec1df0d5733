/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The kernel's own symbols; read when they are first asked for. */
#include "api/handle.h"

static enum kmd_status read_symbols(struct kmd *kmd)
{
	enum kmd_status status = kmd_load_modules(kmd);

	/* With a vmlinux, nothing else has needed them. */
	if (status == KMD_OK && !kmd->kallsyms.n)
		status = kmd_kallsyms_read(&kmd->core_target, &kmd->kallsyms);
	if (status == KMD_OK)
		status = kmd_symbol_list_read(&kmd->own_target, &kmd->kallsyms, &kmd->modules,
					      &kmd->symbols);
	kmd->symbols_read = status == KMD_OK;
	return status;
}

KMD_EXPORT enum kmd_status kmd_symbols_load(struct kmd *kmd)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status == KMD_OK && !kmd->symbols_read)
		status = read_symbols(kmd);
	if (status == KMD_OK && !kmd->symbols.n)
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"no symbols: neither the kernel's own table (kallsyms) nor that of "
				"a module was captured whole");
	/* What was looked for and is not there may have left a sentence. */
	kmd->diag.status = status;
	return status;
}

KMD_EXPORT size_t kmd_symbol_count(const struct kmd *kmd)
{
	return kmd->symbols.n;
}

KMD_EXPORT const struct kmd_symbol *kmd_symbol_get(const struct kmd *kmd, size_t index)
{
	return index < kmd->symbols.n ? &kmd->symbols.items[index] : NULL;
}
