/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/smem/minidump_toc.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/text.h"
#include "region/smem/minidump_array.h"
#include "source/cursor.h"

#include <kmemdump/minidump.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REGIONS_PLAUSIBLE 4096

struct subsystem {
	uint32_t status, enabled, encryption_status, encryption_required, region_count;
	uint64_t regions;
};

/* The subsystem whose entry is at @at. */
static void subsystem_read(struct kmd_cursor *toc, uint64_t at, struct subsystem *ss)
{

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
	subsystem_read(&toc, MD_GLOBAL_SUBSYSTEMS + MD_SS_APSS * MD_SS_SIZE, &ss);
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

/* qcom_q6v5_pas.c and qcom_common.c; other numbers differ from SoC to SoC. */
static const struct {
	uint32_t number;
	const char *name;
} names[] = {
	{ MD_SS_APSS, "apss" }, { 3, "modem" }, { 5, "adsp" }, { 7, "cdsp" }, { 20, "cdsp1" },
};

static const char *name_of(uint64_t number)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	return "";
}

bool kmd_subsystem_number(const char *text, uint32_t *number)
{
	uint64_t value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(names[i].name, text))
			continue;
		*number = names[i].number;
		return true;
	}
	if (!kmd_text_u64(text, strlen(text), 10, &value) || value > UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

/* For sentences: "the application processor", "subsystem 3 (modem)". */
static const char *who(uint64_t number, char *buffer, size_t size)
{
	const char *name = name_of(number);

	if (number == MD_SS_APSS)
		return "the application processor";
	snprintf(buffer, size, "subsystem %" PRIu64 "%s%s%s", number, *name ? " (" : "", name,
		 *name ? ")" : "");
	return buffer;
}

static enum kmd_status add_subsystem(struct kmd_claims *claims, uint64_t number,
				     const struct subsystem *ss, bool selected,
				     struct kmd_diag *diag)
{
	struct kmd_subsystem *row;

	if (!KMD_ARRAY_RESERVE(claims->subsystems, claims->n_subsystems, claims->cap_subsystems))
		return kmd_fail_memory(diag);
	row = &claims->subsystems[claims->n_subsystems++];
	memset(row, 0, sizeof(*row));
	row->number = (uint32_t)number;
	row->name = name_of(number);
	row->n_regions = ss->region_count;
	row->array = ss->regions;
	row->selected = selected;
	row->enabled = ss->enabled == MD_SS_ENABLED_MAGIC;
	row->ready = ss->status == 1;
	row->encrypted = ss->encryption_required == MD_SS_ENCR_REQUIRED;
	return KMD_OK;
}

/* Rows that nobody has written are left out. */
static enum kmd_status read_subsystems(struct kmd_cursor *toc, uint64_t n, uint64_t selected,
				       struct kmd_place place, struct kmd_claims *claims)
{
	enum kmd_status status = KMD_OK;
	struct subsystem ss;
	uint64_t others = 0;

	for (uint64_t i = 0; i < n && status == KMD_OK; i++) {
		subsystem_read(toc, MD_GLOBAL_SUBSYSTEMS + i * MD_SS_SIZE, &ss);
		if (i != selected && ss.enabled != MD_SS_ENABLED_MAGIC)
			continue;
		others += i != selected;
		status = add_subsystem(claims, i, &ss, i == selected, toc->diag);
	}
	if (!others || status != KMD_OK)
		return status;
	return kmd_report(toc->diag, KMD_FIND_UNUSED, KMD_NOTE, place,
			  "%" PRIu64 " other subsystem%s registered regions, which are not read "
			  "(--subsystem)",
			  others, others == 1 ? "" : "s");
}

static bool known_encryption(const struct subsystem *ss)
{
	uint32_t status = ss->encryption_status, required = ss->encryption_required;

	return (!status || status == MD_SS_ENCR_NONE || status == MD_SS_ENCR_START ||
		status == MD_SS_ENCR_DONE) &&
	       (!required || required == MD_SS_ENCR_REQUIRED || required == MD_SS_ENCR_NOTREQ);
}

static enum kmd_status check_encryption(const struct subsystem *ss, const char *name,
					struct kmd_diag *diag, struct kmd_place place)
{
	if (!known_encryption(ss))
		return kmd_report(diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
				  "invalid encryption words 0x%" PRIx32 ", 0x%" PRIx32
				  " in the table of %s",
				  ss->encryption_status, ss->encryption_required, name);
	if (ss->encryption_required != MD_SS_ENCR_REQUIRED)
		return KMD_OK;
	return kmd_report(diag, KMD_FIND_ENCRYPTED, KMD_DAMAGE, place,
			  "%s asked for encrypted regions%s: they may be unreadable here", name,
			  ss->encryption_status == MD_SS_ENCR_DONE ? ", which is done" : "");
}

static enum kmd_status fail_subsystem(const struct kmd_claims *claims, const char *name,
				      struct kmd_diag *diag, struct kmd_place place)
{
	struct kmd_text list = { 0 };
	enum kmd_status status;

	for (size_t i = 0; i < claims->n_subsystems; i++)
		if (claims->subsystems[i].array)
			kmd_text_add(&list, "%s%" PRIu32, list.length ? ", " : "",
				     claims->subsystems[i].number);
	status = kmd_fail(diag, KMD_ERR_NOT_FOUND, place,
			  "%s registered no regions (those that did: %s)", name,
			  list.at ? list.at : "none");
	free(list.at);
	return status;
}

static enum kmd_status check_subsystem(const struct subsystem *ss, uint64_t number,
				       const struct kmd_claims *claims, struct kmd_diag *diag,
				       struct kmd_place place)
{
	enum kmd_status status = KMD_OK;
	char buffer[64];
	const char *name = who(number, buffer, sizeof(buffer));

	if (!ss->regions && number != MD_SS_APSS)
		return fail_subsystem(claims, name, diag, place);
	if (!ss->regions)
		return kmd_fail(diag, KMD_ERR_DAMAGED, place,
				"the Minidump table of %s names no region array: "
				"Linux registered nothing, or the table is damaged",
				name);
	if (ss->status != 1)
		status = kmd_report(diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
				    "the Minidump table of %s is not ready (status %" PRIu32
				    "): it was being changed, or is damaged",
				    name, ss->status);
	if (status == KMD_OK && ss->enabled != MD_SS_ENABLED_MAGIC)
		status = kmd_report(diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
				    "the Minidump table of %s is not enabled (0x%" PRIx32 ")", name,
				    ss->enabled);
	if (status == KMD_OK && number != MD_SS_APSS)
		status = kmd_report(diag, KMD_FIND_KERNEL, KMD_NOTE, place,
				    "%s runs no Linux: its regions can be listed and extracted",
				    name);
	return status == KMD_OK ? check_encryption(ss, name, diag, place) : status;
}

enum kmd_status kmd_minidump_toc_read(const struct kmd_image *image, struct kmd_smem_item item,
				      struct kmd_diag *diag, struct kmd_claims *claims)
{
	const struct kmd_source *source = image->blobs[image->smem.blob].source;
	struct kmd_place place = kmd_at(source->name, item.offset);
	uint64_t n, number = image->smem.subsystem;
	struct subsystem ss = { 0 };
	struct kmd_cursor toc;
	enum kmd_status status;

	kmd_cursor_init(&toc, source, item.offset, item.size, diag);
	if (toc.size < MD_GLOBAL_SUBSYSTEMS + MD_SS_SIZE)
		return kmd_fail(diag, KMD_ERR_DAMAGED, place,
				"the Minidump table (SMEM item 602) has only %" PRIu64 " bytes",
				toc.size);
	n = (toc.size - MD_GLOBAL_SUBSYSTEMS) / MD_SS_SIZE;
	if (number < n)
		subsystem_read(&toc, MD_GLOBAL_SUBSYSTEMS + number * MD_SS_SIZE, &ss);
	status = check_global(&toc, place);
	if (status == KMD_OK)
		status = read_subsystems(&toc, n, number, place, claims);
	if (status == KMD_OK)
		status = kmd_cursor_check(&toc, "Minidump table");
	if (number < n)
		place.offset += MD_GLOBAL_SUBSYSTEMS + number * MD_SS_SIZE;
	if (status == KMD_OK)
		status = check_subsystem(&ss, number, claims, diag, place);
	if (status != KMD_OK)
		return status;
	return kmd_minidump_array_read(image, ss.regions, ss.region_count, diag, claims);
}
