/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "symbol/module_types.h"

#include "types/btf.h"

/* More modules than that have no kernel; a damaged list may be a circle. */
#define LIST_MAX 16384

static bool pointer(const struct kmd_target *target, uint64_t base, enum kmd_target_type type,
		    uint64_t *value)
{
	return kmd_target_member(target, base, type, KMD_LONG, value) && *value;
}

/* The kernel's list of modules that have types. */
static bool find_in_list(const struct kmd_target *target, uint64_t module, uint64_t *btf)
{
	uint64_t head, link, next, other;

	if (!kmd_target_symbol(target, "btf_modules", &head, NULL) ||
	    !kmd_target_type(target, KMD_T_BTF_LIST, &link))
		return false;
	next = head;
	for (size_t n = 0; n < LIST_MAX; n++) {
		if (!kmd_target_read_uint(target, KMD_XLATE_ANY, next, KMD_LONG, &next) ||
		    next == head)
			return false;
		if (pointer(target, next - link, KMD_T_BTF_MODULE, &other) && other == module)
			return pointer(target, next - link, KMD_T_BTF_BTF, btf);
	}
	return false;
}

bool kmd_module_btf_find(const struct kmd_target *target, uint64_t module, uint64_t *virt,
			 uint64_t *size)
{
	uint64_t btf;

	if (find_in_list(target, module, &btf))
		return pointer(target, btf, KMD_T_BTF_DATA, virt) &&
		       kmd_target_member(target, btf, KMD_T_BTF_DATA_SIZE, 4, size) && *size &&
		       *size <= KMD_BTF_MAX;
	return pointer(target, module, KMD_T_MODULE_BTF_DATA, virt) &&
	       kmd_target_member(target, module, KMD_T_MODULE_BTF_SIZE, 4, size) && *size &&
	       *size <= KMD_BTF_MAX;
}
