/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The state of each region, and its findings. */
#include "region/join/join.h"

#include "base/checked.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The kernel rounds sizes up to 4; a file may hold the unrounded bytes. */
#define ROUNDING 3

/* Regions that firmware fills itself and often records without an address. */
static const char *const firmware_names[] = {
	"KCPU_CTX",  "c0_context",  "pmic",      "KWDOG",   "rst_stat",
	"smem_info", "SMEMINFO",    "KMDT0x11",  "TZ_IMEM", "HYP_DIAG",
	"SHRDIMEM",  "shared_imem", "dbg_table", "OCIMEM",  "CODERAM",
};

static bool is_firmware_name(const char *name)
{
	for (size_t i = 0; i < sizeof(firmware_names) / sizeof(firmware_names[0]); i++)
		if (kmd_text_has_prefix(name, firmware_names[i]))
			return true;
	return false;
}

static enum kmd_region_state state_of(const struct candidate *candidate)
{
	const struct kmd_region *region = &candidate->row.pub;

	if (candidate->auxiliary)
		return KMD_REGION_AUXILIARY;
	if (candidate->other_vm)
		return KMD_REGION_OTHER_VM;
	if (candidate->invalid)
		return KMD_REGION_INVALID;
	if (candidate->conflict)
		return KMD_REGION_CONFLICT;
	if (candidate->is_unrelated && !candidate->named)
		return KMD_REGION_AUXILIARY;
	if (!region->size)
		return candidate->named && !candidate->sized ? KMD_REGION_MISSING
							     : KMD_REGION_EMPTY;
	if (candidate->inside_others)
		return KMD_REGION_OK;
	if (!candidate->row.has_bytes || !region->captured)
		return KMD_REGION_MISSING;
	if (!region->has_phys && !region->has_virt)
		return KMD_REGION_NO_ADDRESS;
	if (region->captured + ROUNDING < region->size)
		return KMD_REGION_CUT;
	return KMD_REGION_OK;
}

/* Bytes after the described extent are not the region's. */
static enum kmd_status trim(struct join *join, struct candidate *candidate, const char *name)
{
	struct kmd_region *region = &candidate->row.pub;
	uint64_t captured = region->captured;

	if (candidate->inside_others)
		region->captured = region->size;
	if (!candidate->row.has_bytes || captured <= region->size || candidate->conflict ||
	    candidate->invalid)
		return KMD_OK;
	/* A list may hold the size that is not rounded, of bytes that are. */
	region->captured = kmd_min_u64(captured, kmd_round4(region->size));
	region->size = region->captured;
	if (captured - region->size <= ROUNDING)
		return KMD_OK;
	return kmd_report(join->diag, KMD_FIND_SHORT, KMD_DAMAGE, candidate->place,
			  "region \"%s\": 0x%" PRIx64 " bytes are present, 0x%" PRIx64
			  " are described; the rest is ignored",
			  name, captured, region->size);
}

static enum kmd_status report_missing(struct join *join, const struct candidate *candidate,
				      const char *name)
{
	const struct kmd_region *region = &candidate->row.pub;

	if (candidate->reported)
		return KMD_OK;
	if (region->has_phys)
		return kmd_report(join->diag, KMD_FIND_MISSING, KMD_DAMAGE, candidate->place,
				  "region \"%s\" at physical 0x%" PRIx64 ", size 0x%" PRIx64
				  ": data is missing",
				  name, region->phys, region->size);
	return kmd_report(join->diag, KMD_FIND_MISSING, KMD_DAMAGE, candidate->place,
			  "region \"%s\", size 0x%" PRIx64 ": data is missing", name, region->size);
}

static enum kmd_status report_no_address(struct join *join, const struct candidate *candidate,
					 const char *name)
{
	enum kmd_severity severity = KMD_DAMAGE;

	if (candidate->reported)
		return KMD_OK;
	/* The kernel gives its KELF and VMCOREINFO regions no program header; a list has all. */
	if ((candidate->is_metadata && !join->has_list) || is_firmware_name(candidate->name))
		severity = KMD_NOTE;
	return kmd_report(join->diag, KMD_FIND_NO_ADDRESS, severity, candidate->place,
			  "region \"%s\", size 0x%" PRIx64
			  ": its address is not known; it is omitted",
			  name, candidate->row.pub.size);
}

static enum kmd_status report(struct join *join, const struct candidate *candidate,
			      const char *name)
{
	const struct kmd_region *region = &candidate->row.pub;

	switch (region->state) {
	case KMD_REGION_CUT:
		if (candidate->reported)
			return KMD_OK;
		return kmd_report(join->diag, KMD_FIND_SHORT, KMD_DAMAGE, candidate->place,
				  "region \"%s\": only 0x%" PRIx64 " of its 0x%" PRIx64
				  " bytes are present",
				  name, region->captured, region->size);
	case KMD_REGION_MISSING:
		return report_missing(join, candidate, name);
	case KMD_REGION_NO_ADDRESS:
		return report_no_address(join, candidate, name);
	case KMD_REGION_EMPTY:
		return kmd_report(join->diag, KMD_FIND_TABLE, KMD_NOTE, candidate->place,
				  "region \"%s\" is empty", name);
	case KMD_REGION_INVALID:
		if (candidate->reported)
			return KMD_OK;
		/* The kernel that still lists it did not take it back. */
		if (region->origins & KMD_FROM_KELF)
			return kmd_report(
				join->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, candidate->place,
				"region \"%s\" is not marked as valid, though KELF lists it; "
				"it is not used",
				name);
		return kmd_report(join->diag, KMD_FIND_UNUSED, KMD_NOTE, candidate->place,
				  "region \"%s\" is not marked as valid; it is not used", name);
	case KMD_REGION_OTHER_VM:
		return kmd_report(
			join->diag, KMD_FIND_UNUSED, KMD_NOTE, candidate->place,
			"region \"%s\" is another virtual machine's; put its files into a "
			"folder of their own to assemble them",
			name);
	case KMD_REGION_AUXILIARY:
		if (kmd_text_has_prefix(candidate->name, ENCRYPTION_KEYS))
			return kmd_report(join->diag, KMD_FIND_ENCRYPTED, KMD_DAMAGE,
					  candidate->place,
					  "\"%s\": the firmware has encrypted regions of this "
					  "dump; they cannot be decrypted here",
					  name);
		/* A header or a core beside the files holds no memory of its own. */
		if (candidate->auxiliary || candidate->is_metadata)
			return KMD_OK;
		return kmd_report(join->diag, KMD_FIND_UNUSED, KMD_NOTE, candidate->place,
				  "not a region's file; it is not used");
	case KMD_REGION_OK:
	case KMD_REGION_CONFLICT:
	case KMD_REGION_EXCLUDED:
		break;
	}
	return KMD_OK;
}

static const char *file_of(const struct kmd_region_entry *row)
{
	return row->source && !row->offset && kmd_source_is_file(row->source) ? row->source->name
									      : NULL;
}

static enum kmd_status finish_candidate(struct join *join, struct candidate *candidate)
{
	char *name = kmd_text_name_dup(candidate->name, strlen(candidate->name));
	const char *called = name && *name ? name : "(unnamed)";
	enum kmd_status status;

	if (!name)
		return kmd_fail_memory(join->diag);
	status = trim(join, candidate, called);
	candidate->row.pub.state = state_of(candidate);
	if (status == KMD_OK)
		status = report(join, candidate, called);
	candidate->row.pub.name = name;
	candidate->row.pub.file = file_of(&candidate->row);
	if (status != KMD_OK) {
		free(name);
		candidate->row.pub.name = NULL;
	}
	return status;
}

static int by_place(const void *a, const void *b)
{
	const struct kmd_region *x = &((const struct kmd_region_entry *)a)->pub;
	const struct kmd_region *y = &((const struct kmd_region_entry *)b)->pub;
	int order = (int)y->has_phys - (int)x->has_phys;

	if (!order && x->has_phys)
		order = kmd_cmp_u64(x->phys, y->phys);
	if (!order)
		order = (int)y->has_virt - (int)x->has_virt;
	if (!order && x->has_virt)
		order = kmd_cmp_u64(x->virt, y->virt);
	if (!order)
		order = kmd_cmp_u64(x->size, y->size);
	return order ? order : strcmp(x->name, y->name);
}

enum kmd_status kmd_join_finish(struct join *join, struct kmd_regions *regions)
{
	enum kmd_status status = KMD_OK;

	regions->rows = calloc(join->n + 1, sizeof(*regions->rows));
	if (!regions->rows)
		return kmd_fail_memory(join->diag);
	regions->cap = join->n + 1;
	for (size_t i = 0; status == KMD_OK && i < join->n; i++) {
		status = finish_candidate(join, &join->candidates[i]);
		if (status == KMD_OK)
			regions->rows[regions->n++] = join->candidates[i].row;
	}
	qsort(regions->rows, regions->n, sizeof(*regions->rows), by_place);
	return status;
}
