/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What an open dump can be asked for. */
#include "api/handle.h"

#include "base/checked.h"

#include <inttypes.h>

KMD_EXPORT const char *kmd_input_form(const struct kmd *kmd)
{
	return kmd->ready ? kmd->image.form : NULL;
}

KMD_EXPORT size_t kmd_region_count(const struct kmd *kmd)
{
	return kmd->ready ? kmd->regions.n : 0;
}

KMD_EXPORT const struct kmd_region *kmd_region_get(const struct kmd *kmd, size_t index)
{
	return index < kmd_region_count(kmd) ? &kmd->regions.rows[index].pub : NULL;
}

KMD_EXPORT const char *kmd_region_state_name(enum kmd_region_state state)
{
	static const char *const names[] = {
		[KMD_REGION_OK] = "ok",
		[KMD_REGION_CUT] = "cut",
		[KMD_REGION_MISSING] = "missing",
		[KMD_REGION_INVALID] = "invalid",
		[KMD_REGION_NO_ADDRESS] = "no-address",
		[KMD_REGION_EMPTY] = "empty",
		[KMD_REGION_CONFLICT] = "conflict",
		[KMD_REGION_AUXILIARY] = "auxiliary",
		[KMD_REGION_OTHER_VM] = "other-vm",
		[KMD_REGION_EXCLUDED] = "excluded",
	};

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

KMD_EXPORT size_t kmd_finding_count(const struct kmd *kmd)
{
	return kmd->diag.n_findings;
}

KMD_EXPORT const struct kmd_finding *kmd_finding_get(const struct kmd *kmd, size_t index)
{
	return index < kmd->diag.n_findings ? kmd->diag.findings[index] : NULL;
}

KMD_EXPORT size_t kmd_subsystem_count(const struct kmd *kmd)
{
	return kmd->claims.n_subsystems;
}

KMD_EXPORT const struct kmd_subsystem *kmd_subsystem_get(const struct kmd *kmd, size_t index)
{
	return index < kmd->claims.n_subsystems ? &kmd->claims.subsystems[index] : NULL;
}

KMD_EXPORT bool kmd_is_degraded(const struct kmd *kmd)
{
	return kmd->diag.degraded;
}

static enum kmd_status end_read(struct kmd *kmd, enum kmd_status status, const char *kind,
				uint64_t address)
{
	if (status == KMD_ERR_NOT_FOUND)
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"%s address 0x%" PRIx64 " was not captured", kind, address);
	if (status == KMD_OK)
		kmd_begin(kmd);
	return status;
}

static enum kmd_status read_phys(struct kmd *kmd, uint64_t phys, void *buffer, uint64_t length,
				 uint64_t *missing)
{
	return kmd_memory_read(&kmd->memory, phys, buffer, length, missing, &kmd->diag);
}

static enum kmd_status read_virt(struct kmd *kmd, uint64_t virt, void *buffer, uint64_t length,
				 uint64_t *missing)
{
	return kmd_views_read(&kmd->views, &kmd->memory, virt, buffer, length, missing, &kmd->diag);
}

KMD_EXPORT enum kmd_status kmd_read_phys(struct kmd *kmd, uint64_t phys, void *buffer,
					 size_t length)
{
	enum kmd_status status = kmd_begin_opened(kmd);
	uint64_t missing = 0;

	if (status == KMD_OK)
		status = kmd_cached_read(kmd, &kmd->cache, KMD_SPACE_PHYS, read_phys, phys, buffer,
					 length, &missing);
	return end_read(kmd, status, "physical", missing);
}

KMD_EXPORT enum kmd_status kmd_read_virt(struct kmd *kmd, uint64_t virt, void *buffer,
					 size_t length)
{
	enum kmd_status status = kmd_begin_opened(kmd);
	uint64_t missing = 0;

	if (status == KMD_OK)
		status = kmd_cached_read(kmd, &kmd->cache, KMD_SPACE_VIRT, read_virt, virt, buffer,
					 length, &missing);
	return end_read(kmd, status, "virtual", missing);
}

KMD_EXPORT enum kmd_status kmd_read_region(struct kmd *kmd, size_t index, uint64_t offset,
					   void *buffer, size_t length)
{
	enum kmd_status status = kmd_begin_opened(kmd);
	const struct kmd_region_entry *row;

	if (status != KMD_OK)
		return status;
	if (index >= kmd->regions.n)
		return kmd_usage_error(kmd, "there is no such region");
	row = &kmd->regions.rows[index];
	if (!row->has_bytes || !kmd_inside(offset, length, row->pub.captured))
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"region \"%s\" has no %zu bytes at offset 0x%" PRIx64,
				row->pub.name, length, offset);
	return kmd_source_read(row->source, row->offset + offset, buffer, length, &kmd->diag);
}
