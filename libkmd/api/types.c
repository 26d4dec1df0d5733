/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Types by name: of the kernel and of its modules, out of the dump, else out of the vmlinux. */
#include "api/handle.h"

#include "symbol/module_types.h"
#include "types/btf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a section; .bytes is NULL if it was not captured whole.  False if memory is short. */
static bool read_section(const struct kmd_target *target, uint64_t virt, uint64_t size,
			 struct kmd_btf_section *section)
{
	unsigned char *bytes = malloc((size_t)size);

	if (!bytes)
		return false;
	if (!kmd_target_read(target, KMD_XLATE_ANY, virt, bytes, size)) {
		free(bytes);
		return true;
	}
	section->bytes = bytes;
	section->size = (size_t)size;
	return true;
}

static bool read_base(const struct kmd_target *target, struct kmd_btf_section *base)
{
	uint64_t virt, size;

	return !kmd_btf_of_kernel(target, &virt, &size) || read_section(target, virt, size, base);
}

static const struct kmd_module_entry *module_of(const struct kmd *kmd, const char *name)
{
	for (size_t i = 0; i < kmd->modules.n; i++)
		if (!strcmp(kmd->modules.items[i].name, name))
			return &kmd->modules.items[i];
	return NULL;
}

/* Types of the module itself; those of the kernel that it uses are asked for without a module. */
static enum kmd_status ask_module(struct kmd *kmd, const char *name, struct kmd_type_query *query)
{
	const struct kmd_module_entry *module = module_of(kmd, name);
	struct kmd_btf_section base = { 0 }, own = { 0 };
	const struct kmd_target *target = &kmd->own_target;
	enum kmd_status status = KMD_OK;
	const char *wrong = NULL;
	uint64_t virt, size;
	size_t at;

	if (!module)
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"no module \"%s\" is known", name);
	if (!kmd_module_btf_find(target, module->pub.address, &virt, &size))
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"module %s has no types (BTF), or they were not captured", name);
	if (!read_base(target, &base) || !read_section(target, virt, size, &own))
		status = kmd_fail_memory(&kmd->diag);
	else if (!base.bytes || !own.bytes)
		status = kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				  "the types (BTF) of %s were not captured whole",
				  own.bytes ? "the kernel" : name);
	else
		status = kmd_btf_split_types(&base, &own, kmd->facts.big_endian, query, 1,
					     &kmd->diag, &wrong, &at);
	free((void *)(uintptr_t)base.bytes);
	free((void *)(uintptr_t)own.bytes);
	if (status == KMD_OK && !query->known && wrong)
		status = kmd_fail(&kmd->diag, KMD_ERR_DAMAGED, kmd_in(kmd->input.name),
				  "the types of module %s (BTF at 0x%" PRIx64 "): %s", name, virt,
				  wrong);
	return status;
}

static enum kmd_status ask_kernel(struct kmd *kmd, struct kmd_type_query *query)
{
	struct kmd_btf_section base = { 0 };
	enum kmd_status status = KMD_OK;
	const char *wrong;
	size_t at;

	if (!read_base(&kmd->own_target, &base))
		return kmd_fail_memory(&kmd->diag);
	if (base.bytes)
		status = kmd_btf_types(base.bytes, base.size, kmd->facts.big_endian, query, 1,
				       &kmd->diag, &wrong, &at);
	if (status == KMD_OK && !query->known && kmd->core_target.vmlinux)
		status = kmd_vmlinux_types(kmd->core_target.vmlinux, query, 1, &kmd->diag);
	if (status == KMD_OK && !query->known && !base.bytes && !kmd->core_target.vmlinux)
		status = kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				  "the types of its kernel are not known: it needs a vmlinux with "
				  "debug information, or BTF in the dump");
	free((void *)(uintptr_t)base.bytes);
	return status;
}

static enum kmd_status ask(struct kmd *kmd, const char *module, struct kmd_type_query *query,
			   uint64_t *value)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status == KMD_OK &&
	    (!query->type || (query->kind == KMD_TYPE_OFFSET && !query->member)))
		return kmd_usage_error(kmd, "a type needs a name");
	if (status == KMD_OK)
		status = kmd_load_modules(kmd);
	if (status == KMD_OK)
		status = module ? ask_module(kmd, module, query) : ask_kernel(kmd, query);
	if (status == KMD_OK && !query->known)
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"%s has no \"%s%s%s\"", module ? module : "the kernel", query->type,
				query->member ? "." : "", query->member ? query->member : "");
	if (status == KMD_OK)
		*value = query->value;
	kmd->diag.status = status;
	return status;
}

KMD_EXPORT enum kmd_status kmd_type_size(struct kmd *kmd, const char *module, const char *type,
					 uint64_t *size)
{
	struct kmd_type_query query = { KMD_TYPE_SIZE, type, NULL, false, 0 };

	return ask(kmd, module, &query, size);
}

KMD_EXPORT enum kmd_status kmd_type_member(struct kmd *kmd, const char *module, const char *type,
					   const char *member, uint64_t *offset)
{
	struct kmd_type_query query = { KMD_TYPE_OFFSET, type, member, false, 0 };

	return ask(kmd, module, &query, offset);
}

KMD_EXPORT enum kmd_status kmd_type_enumerator(struct kmd *kmd, const char *module,
					       const char *name, uint64_t *value)
{
	struct kmd_type_query query = { KMD_TYPE_ENUMERATOR, name, NULL, false, 0 };

	return ask(kmd, module, &query, value);
}
