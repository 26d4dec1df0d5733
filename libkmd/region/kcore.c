/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/kcore.h"

#include "base/checked.h"
#include "base/note.h"

#include <inttypes.h>
#include <stdlib.h>

/* From include/uapi/linux/elf.h.  Only fs/proc/kcore.c writes a note of this type. */
#define NOTE_TASK_STRUCT 4
#define NOTES_LOOK       16
/* Segments of RAM with a gap between them; each is compared with each view. */
#define RANGES_MAX       4096

static bool has_task_struct(const struct kmd_claims *claims, struct kmd_diag *diag)
{
	struct kmd_cursor cursor;
	uint64_t at = 0;

	if (!claims->notes || !claims->notes_trusted)
		return false;
	kmd_cursor_init(&cursor, claims->notes, claims->notes_at, claims->notes_size, diag);
	cursor.big_endian = claims->big_endian;
	for (int i = 0; i < NOTES_LOOK && kmd_cursor_has(&cursor, at, KMD_NOTE_HEADER_SIZE); i++) {
		uint64_t name = kmd_cursor_u32(&cursor, at);
		uint64_t desc = kmd_cursor_u32(&cursor, at + 4);

		if (kmd_cursor_u32(&cursor, at + 8) == NOTE_TASK_STRUCT &&
		    kmd_cursor_is(&cursor, at + KMD_NOTE_HEADER_SIZE, "CORE", 5))
			return true;
		at += KMD_NOTE_HEADER_SIZE + kmd_align_up(name, 4) + kmd_align_up(desc, 4);
	}
	return false;
}

static bool is_ram(const struct kmd_claim *claim)
{
	return claim->has_phys && claim->has_bytes && !claim->conflict;
}

/* The bytes of a view change while they are read: of one byte of RAM there must be one source. */
static void share_bytes(struct kmd_claims *claims, size_t first, struct kmd_claim *view)
{
	for (size_t i = first; i < claims->n; i++) {
		const struct kmd_claim *ram = &claims->items[i];
		uint64_t into = view->phys - ram->phys;

		if (ram == view || !is_ram(ram) || view->phys < ram->phys ||
		    ram->size <= view->size || into > ram->size - view->size)
			continue;
		view->offset = ram->offset + into;
		view->captured =
			ram->captured <= into ? 0 : kmd_min_u64(view->size, ram->captured - into);
		return;
	}
}

/* Areas without a physical address. */
static size_t drop_areas(struct kmd_claims *claims, size_t first)
{
	size_t kept = first, n = claims->n;

	for (size_t i = first; i < n; i++) {
		if (claims->items[i].has_phys) {
			claims->items[kept++] = claims->items[i];
			continue;
		}
		free(claims->items[i].name);
		free(claims->items[i].file);
	}
	claims->n = kept;
	return n - kept;
}

enum kmd_status kmd_kcore_settle(struct kmd_claims *claims, size_t first,
				 const struct kmd_cursor *core)
{
	size_t ram = 0, dropped;

	for (size_t i = first; i < claims->n; i++)
		ram += is_ram(&claims->items[i]);
	if (!ram || !has_task_struct(claims, core->diag))
		return KMD_OK;
	dropped = drop_areas(claims, first);
	for (size_t i = first; i < claims->n && claims->n - first <= RANGES_MAX; i++)
		if (is_ram(&claims->items[i]))
			share_bytes(claims, first, &claims->items[i]);
	return kmd_report(
		core->diag, KMD_FIND_UNUSED, KMD_NOTE, kmd_at(core->source->name, core->start),
		"/proc/kcore or a copy of it: the memory of a kernel that was running, so "
		"its parts are of different moments; %zu areas that only page tables map "
		"are read in its RAM instead",
		dropped);
}
