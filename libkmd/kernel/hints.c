/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "kernel/hints.h"

#include <string.h>

/* Many times what any kernel registers; headers that repeat an address must not add up. */
#define HINTS_MAX 65536

/* A hint for each symbol at a KELF claim's virtual address minus @kaslr. */
static enum kmd_status hints_of_vmlinux(const struct kmd_vmlinux *vmlinux,
					const struct kmd_claims *claims, uint64_t kaslr,
					struct kmd_diag *diag, struct kmd_hints *hints)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < claims->n; i++) {
		const struct kmd_claim *claim = &claims->items[i];
		uint64_t link = claim->virt - kaslr;

		if (claim->origin != KMD_FROM_KELF || !claim->has_virt || hints->n > HINTS_MAX)
			continue;
		for (size_t at = kmd_vmlinux_first_at(vmlinux, link);
		     status == KMD_OK && at < vmlinux->n && vmlinux->symbols[at].value == link;
		     at++)
			status = kmd_hints_add(hints, diag, claim->virt, vmlinux->symbols[at].name,
					       strlen(vmlinux->symbols[at].name));
	}
	return status;
}

enum kmd_status kmd_hints_gather(struct kmd_claims *claims, const struct kmd_vmcoreinfo *info,
				 const struct kmd_vmlinux *vmlinux,
				 const struct kmd_runtime_given *given, struct kmd_diag *diag,
				 struct kmd_hints *hints)
{
	uint64_t kaslr = given->values[KMD_RUNTIME_KASLR];
	enum kmd_status status = KMD_OK;

	if (info->text) {
		kmd_vmcoreinfo_kaslr(info, &kaslr);
		kmd_arch_hints(info, hints);
		status = kmd_vmcoreinfo_hints(info, diag, hints);
		if (status == KMD_OK)
			status = kmd_vmcoreinfo_check_boots(info, hints, diag, claims);
	} else if (vmlinux && !given->has[KMD_RUNTIME_KASLR])
		kmd_runtime_kaslr_from_claims(claims, vmlinux, &kaslr);
	if (status == KMD_OK && vmlinux)
		status = hints_of_vmlinux(vmlinux, claims, kaslr, diag, hints);
	kmd_hints_sort(hints);
	return status;
}
