/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/smem/minidump_toc.h"

#include "base/checked.h"
#include "region/smem/minidump_array.h"
#include "source/cursor.h"

#include <kmemdump/minidump.h>
#include <inttypes.h>

#define REGIONS_PLAUSIBLE 4096

struct subsystem {
	uint32_t status, enabled, encryption_status, encryption_required, region_count;
	uint64_t regions;
};

static void subsystem_read(struct kmd_cursor *toc, uint64_t index, struct subsystem *ss)
{
	uint64_t at = MD_GLOBAL_SUBSYSTEMS + index * MD_SS_SIZE;

	ss->status = kmd_cursor_u32(toc, at + MD_SS_STATUS);
	ss->enabled = kmd_cursor_u32(toc, at + MD_SS_ENABLED);
	ss->encryption_status = kmd_cursor_u32(toc, at + MD_SS_ENCRYPTION_STATUS);
	ss->encryption_required = kmd_cursor_u32(toc, at + MD_SS_ENCRYPTION_REQUIRED);
	ss->region_count = kmd_cursor_u32(toc, at + MD_SS_REGION_COUNT);
	ss->regions = kmd_cursor_u64(toc, at + MD_SS_REGIONS_BASE);
}

unsigned int kmd_minidump_toc_marks(const struct kmd_source *source, struct kmd_smem_item item,
				    struct kmd_diag *diag)
{
	struct kmd_cursor toc;
	struct subsystem ss;
	unsigned int marks;

	kmd_cursor_init(&toc, source, item.offset, item.size, diag);
	if (!kmd_cursor_has(&toc, MD_GLOBAL_SUBSYSTEMS, MD_SS_SIZE))
		return 0;
	subsystem_read(&toc, MD_SS_APSS, &ss);
	marks = kmd_cursor_u32(&toc, MD_GLOBAL_STATUS) == 1;
	marks += kmd_cursor_u32(&toc, MD_GLOBAL_REVISION) == MD_REVISION;
	marks += kmd_cursor_u32(&toc, MD_GLOBAL_ENABLED) == MD_SS_ENABLED_MAGIC;
	marks += ss.status == 1;
	marks += ss.enabled == MD_SS_ENABLED_MAGIC;
	marks += ss.encryption_status == MD_SS_ENCR_DONE || ss.encryption_status == MD_SS_ENCR_NONE;
	marks += ss.region_count && ss.region_count <= REGIONS_PLAUSIBLE;
	marks += ss.regions && !(ss.regions & 7);
	return toc.io == KMD_OK ? marks : 0;
}

static enum kmd_status check_global(struct kmd_cursor *toc, struct kmd_place place)
{
	uint32_t revision = kmd_cursor_u32(toc, MD_GLOBAL_REVISION);
	enum kmd_status status = KMD_OK;

	if (!kmd_cursor_u32(toc, MD_GLOBAL_STATUS))
		status = kmd_report(toc->diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
				    "the Minidump table is not initialized by the firmware");
	if (status == KMD_OK && revision != MD_REVISION)
		status = kmd_report(toc->diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
				    "the Minidump table is of revision %" PRIu32 ", not %d",
				    revision, MD_REVISION);
	if (status == KMD_OK && kmd_cursor_u32(toc, MD_GLOBAL_ENABLED) == MD_SS_DISABLED_MAGIC)
		status = kmd_report(toc->diag, KMD_FIND_HEADER, KMD_NOTE, place,
				    "Minidump is disabled in the Minidump table");
	return status;
}

/* Modem and other subsystems register regions too, and dump their own memory. */
static enum kmd_status report_others(struct kmd_cursor *toc, uint64_t n, struct kmd_place place)
{
	struct subsystem ss;
	uint64_t others = 0;

	for (uint64_t i = MD_SS_APSS + 1; i < n; i++) {
		subsystem_read(toc, i, &ss);
		others += ss.enabled == MD_SS_ENABLED_MAGIC;
	}
	if (!others)
		return KMD_OK;
	return kmd_report(toc->diag, KMD_FIND_UNUSED, KMD_NOTE, place,
			  "%" PRIu64
			  " other subsystem%s (modem, ...) registered regions, which are "
			  "not collected",
			  others, others == 1 ? "" : "s");
}

static bool known_encryption(const struct subsystem *ss)
{
	uint32_t status = ss->encryption_status, required = ss->encryption_required;

	return (!status || status == MD_SS_ENCR_NONE || status == MD_SS_ENCR_START ||
		status == MD_SS_ENCR_DONE) &&
	       (!required || required == MD_SS_ENCR_REQUIRED || required == MD_SS_ENCR_NOTREQ);
}

static enum kmd_status check_encryption(const struct subsystem *ss, struct kmd_diag *diag,
					struct kmd_place place)
{
	if (!known_encryption(ss))
		return kmd_report(diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
				  "invalid encryption words 0x%" PRIx32 ", 0x%" PRIx32
				  " in the application processor's table",
				  ss->encryption_status, ss->encryption_required);
	if (ss->encryption_required == MD_SS_ENCR_REQUIRED &&
	    ss->encryption_status != MD_SS_ENCR_DONE)
		return kmd_report(
			diag, KMD_FIND_ENCRYPTED, KMD_DAMAGE, place,
			"the application processor asked for encrypted regions: they may be "
			"unreadable here");
	return KMD_OK;
}

static enum kmd_status check_apss(const struct subsystem *ss, struct kmd_diag *diag,
				  struct kmd_place place)
{
	enum kmd_status status = KMD_OK;

	if (!ss->regions)
		return kmd_fail(diag, KMD_ERR_DAMAGED, place,
				"the application processor's Minidump table names no region array: "
				"Linux registered nothing, or the table is damaged");
	if (ss->status != 1)
		status = kmd_report(
			diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
			"the application processor's Minidump table is not ready (status "
			"%" PRIu32 "): it was being changed, or is damaged",
			ss->status);
	if (status == KMD_OK && ss->enabled != MD_SS_ENABLED_MAGIC)
		status = kmd_report(diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
				    "the application processor's Minidump table is not enabled "
				    "(0x%" PRIx32 ")",
				    ss->enabled);
	return status == KMD_OK ? check_encryption(ss, diag, place) : status;
}

enum kmd_status kmd_minidump_toc_read(const struct kmd_image *image, struct kmd_smem_item item,
				      struct kmd_diag *diag, struct kmd_claims *claims)
{
	const struct kmd_source *source = image->blobs[image->smem.blob].source;
	struct kmd_place place = kmd_at(source->name, item.offset);
	struct kmd_cursor toc;
	struct subsystem apss;
	enum kmd_status status;
	uint64_t n;

	kmd_cursor_init(&toc, source, item.offset, item.size, diag);
	if (toc.size < MD_GLOBAL_SUBSYSTEMS + MD_SS_SIZE)
		return kmd_fail(diag, KMD_ERR_DAMAGED, place,
				"the Minidump table (SMEM item 602) has only %" PRIu64 " bytes",
				toc.size);
	n = (toc.size - MD_GLOBAL_SUBSYSTEMS) / MD_SS_SIZE;
	subsystem_read(&toc, MD_SS_APSS, &apss);
	status = check_global(&toc, place);
	if (status == KMD_OK)
		status = report_others(&toc, n, place);
	if (status == KMD_OK)
		status = kmd_cursor_check(&toc, "Minidump table");
	place.offset += MD_GLOBAL_SUBSYSTEMS;
	if (status == KMD_OK)
		status = check_apss(&apss, diag, place);
	if (status != KMD_OK)
		return status;
	return kmd_minidump_array_read(image, apss.regions, apss.region_count, diag, claims);
}
