/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * rockchip.c - Rockchip's Minidump table, at an address that the user gives.
 *
 * It is Qualcomm's table with longer entries and without SMEM round it.  The layout is that of
 * drivers/soc/rockchip/minidump in Rockchip's kernels and of rk_mini_dump.c in its U-Boot.
 * U-Boot clears the mark "enabled" when it has collected the dump, and encrypts nothing, though
 * the kernel always asks for it.
 */
#include "region/smem/rockchip.h"

#include "base/array.h"
#include "region/smem/minidump_array.h"
#include "source/cursor.h"

#include <inttypes.h>
#include <kmemdump/minidump.h>
#include <string.h>

#define REGIONS_PLAUSIBLE 4096

struct table {
	uint32_t status, revision;          /* of the whole */
	uint32_t ready, enabled, n_regions; /* of one subsystem */
	uint64_t regions;
};

static void table_read(struct kmd_cursor *cursor, uint64_t number, struct table *table)
{
	uint64_t at = MD_GLOBAL_SUBSYSTEMS + number * MD_ROCKCHIP_SS_SIZE;

	table->status = kmd_cursor_u32(cursor, MD_GLOBAL_STATUS);
	table->revision = kmd_cursor_u32(cursor, MD_GLOBAL_REVISION);
	table->ready = kmd_cursor_u32(cursor, at + MD_SS_STATUS);
	table->enabled = kmd_cursor_u32(cursor, at + MD_SS_ENABLED);
	table->n_regions = kmd_cursor_u32(cursor, at + MD_SS_REGION_COUNT);
	table->regions = kmd_cursor_u64(cursor, at + MD_SS_REGIONS_BASE);
}

/* Kernel and U-Boot write no other values; damage of one field is no reason to refuse. */
static unsigned int marks(const struct table *table)
{
	unsigned int n = table->status == 1;

	n += table->revision == MD_REVISION;
	n += table->ready == 1;
	n += table->enabled == MD_SS_ENABLED_MAGIC || !table->enabled;
	n += table->n_regions && table->n_regions <= REGIONS_PLAUSIBLE;
	n += table->regions && !(table->regions & 7);
	return n;
}

static enum kmd_status add_row(const struct table *table, uint32_t number, struct kmd_diag *diag,
			       struct kmd_claims *claims)
{
	struct kmd_subsystem *row;

	if (!KMD_ARRAY_RESERVE(claims->subsystems, claims->n_subsystems, claims->cap_subsystems))
		return kmd_fail_memory(diag);
	row = &claims->subsystems[claims->n_subsystems++];
	*row = (struct kmd_subsystem){ .number = number,
				       .name = number == MD_SS_APSS ? "apss" : "",
				       .n_regions = table->n_regions,
				       .array = table->regions,
				       .selected = true,
				       .enabled = table->enabled == MD_SS_ENABLED_MAGIC,
				       .ready = table->ready == 1 };
	return KMD_OK;
}

static enum kmd_status check(const struct table *table, struct kmd_place place,
			     struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;

	if (marks(table) < 5 || !table->regions)
		return kmd_fail(diag, KMD_ERR_DAMAGED, place,
				"no Minidump table of Rockchip (--rockchip): status %" PRIu32
				", revision %" PRIu32 ", subsystem's status %" PRIu32
				", enabled 0x%" PRIx32 ", %" PRIu32
				" regions, their array at physical 0x%" PRIx64,
				table->status, table->revision, table->ready, table->enabled,
				table->n_regions, table->regions);
	if (marks(table) < 6)
		status = kmd_report(diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
				    "a field of Rockchip's Minidump table is damaged: status "
				    "%" PRIu32 ", revision %" PRIu32 ", subsystem's status %" PRIu32
				    ", enabled 0x%" PRIx32 ", %" PRIu32
				    " regions, their array at physical 0x%" PRIx64,
				    table->status, table->revision, table->ready, table->enabled,
				    table->n_regions, table->regions);
	if (status == KMD_OK && !table->enabled)
		status = kmd_report(diag, KMD_FIND_HEADER, KMD_NOTE, place,
				    "U-Boot has collected this dump already: it cleared the mark "
				    "of Rockchip's table");
	return status;
}

enum kmd_status kmd_rockchip_table_read(const struct kmd_image *image, struct kmd_diag *diag,
					struct kmd_claims *claims)
{
	const struct kmd_blob *blob = &image->blobs[image->smem.blob];
	struct kmd_place place = kmd_at(blob->source->name, blob->offset + image->smem.offset);
	uint32_t number = image->smem.subsystem;
	struct kmd_cursor cursor;
	enum kmd_status status;
	struct table table;

	if (number >= MD_ROCKCHIP_SUBSYSTEMS)
		return kmd_fail(diag, KMD_ERR_NOT_FOUND, place,
				"the table of Rockchip has %d subsystems, not number %" PRIu32,
				MD_ROCKCHIP_SUBSYSTEMS, number);
	kmd_cursor_init(&cursor, blob->source, place.offset, image->smem.size, diag);
	table_read(&cursor, number, &table);
	status = kmd_cursor_check(&cursor, "Rockchip's Minidump table");
	if (status == KMD_OK)
		status = check(&table, place, diag);
	if (status == KMD_OK)
		status = add_row(&table, number, diag, claims);
	if (status != KMD_OK)
		return status;
	return kmd_minidump_array_read(image, table.regions, table.n_regions, diag, claims);
}
