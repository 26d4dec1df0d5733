/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ramoops.c - the area of RAM in which pstore keeps logs over a reboot (fs/pstore/ram.c).
 *
 * Nothing in it says how large its zones are: each begins with a mark on a page.  The kind of
 * a zone is known by its content.  None of it is memory of the kernel.
 */
#include "image/image.h"

#include "base/checked.h"
#include "source/cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONE_MAGIC   0x43474244u /* "DBGC" */
#define ZONE_START   4
#define ZONE_SIZE    8
#define ZONE_HEAD    12
#define ZONE_ALIGN   4096
#define ZONES_MAX    65536
/* The marks of ftrace's zones are changed by the kernel's version, such as 0x060100. */
#define VERSION_LOW  0x030000u
#define VERSION_HIGH 0x140000u

enum kind { ZONE_DMESG, ZONE_CONSOLE, ZONE_FTRACE, ZONE_PMSG, ZONE_EMPTY, ZONE_KINDS };

static const char *const kinds[] = { "dmesg", "console", "ftrace", "pmsg", "empty" };

struct area {
	struct kmd_cursor cursor;
	struct kmd_image *image;
	size_t counts[ZONE_KINDS];
};

static bool is_mark(uint32_t mark, bool *ftrace)
{
	uint32_t version = mark ^ ZONE_MAGIC;

	*ftrace = version;
	return !version || (version >= VERSION_LOW && version < VERSION_HIGH);
}

/* A mark, and numbers that fit the rest of the area. */
static bool is_zone(struct kmd_cursor *cursor, uint64_t at, bool *ftrace)
{
	uint64_t start = kmd_cursor_u32(cursor, at + ZONE_START);
	uint64_t size = kmd_cursor_u32(cursor, at + ZONE_SIZE);

	return kmd_cursor_has(cursor, at, ZONE_HEAD) &&
	       is_mark(kmd_cursor_u32(cursor, at), ftrace) && start <= size &&
	       (!*ftrace || kmd_cursor_has(cursor, at + ZONE_HEAD, size));
}

static bool probe(const struct kmd_input *input, const struct kmd_image_options *options,
		  struct kmd_diag *diag)
{
	struct kmd_cursor cursor;
	bool ftrace;

	(void)options;
	if (input->folder || input->n_members != 1)
		return false;
	kmd_cursor_init(&cursor, input->members[0].source, 0, UINT64_MAX, diag);
	return is_zone(&cursor, 0, &ftrace) && !ftrace;
}

/* Mostly characters, in the first page. */
static bool is_text(struct kmd_cursor *cursor, uint64_t at, uint64_t size)
{
	unsigned char bytes[KMD_CURSOR_BUFFER];
	size_t length = (size_t)kmd_min_u64(size, sizeof(bytes)), odd = 0;

	if (!kmd_cursor_bytes(cursor, at, bytes, length))
		return false;
	for (size_t i = 0; i < length; i++)
		odd += bytes[i] < 0x20 && bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t';
	return odd <= length / 16;
}

static enum kind kind_of(struct area *area, uint64_t at, uint64_t size, bool ftrace)
{
	if (ftrace)
		return ZONE_FTRACE;
	if (!size)
		return ZONE_EMPTY;
	if (kmd_cursor_is(&area->cursor, at + ZONE_HEAD, "====", 4))
		return ZONE_DMESG;
	/* The console's comes before those of ftrace and pmsg. */
	if (!area->counts[ZONE_CONSOLE] && !area->counts[ZONE_FTRACE] &&
	    is_text(&area->cursor, at + ZONE_HEAD, size))
		return ZONE_CONSOLE;
	return ZONE_PMSG;
}

/* The name is that of pstore's file. */
static enum kmd_status add_blob(struct area *area, const char *kind, size_t number, uint64_t at,
				uint64_t size)
{
	struct kmd_blob *blob = kmd_image_add(area->image);

	if (!blob)
		return kmd_fail_memory(area->cursor.diag);
	if (asprintf(&blob->name, "%s-ramoops-%zu", kind, number) < 0) {
		blob->name = NULL;
		return kmd_fail_memory(area->cursor.diag);
	}
	blob->source = area->cursor.source;
	blob->offset = at;
	blob->size = blob->declared = size;
	blob->kind = KMD_BLOB_AUXILIARY;
	blob->origin = KMD_FROM_SECTION;
	return KMD_OK;
}

static enum kmd_status add_zone(struct area *area, uint64_t at, uint64_t end, bool ftrace)
{
	uint64_t size = kmd_cursor_u32(&area->cursor, at + ZONE_SIZE);
	enum kind kind = kind_of(area, at, size, ftrace);
	enum kmd_status status = add_blob(area, kinds[kind], area->counts[kind]++, at, end - at);

	if (status != KMD_OK || size <= end - at - ZONE_HEAD)
		return status;
	return kmd_report(area->cursor.diag, KMD_FIND_TRUNCATED, KMD_DAMAGE,
			  kmd_at(area->cursor.source->name, at),
			  "a ramoops zone holds 0x%" PRIx64
			  " bytes, but there is room for 0x%" PRIx64,
			  size, end - at - ZONE_HEAD);
}

static enum kmd_status add_zones(struct area *area)
{
	uint64_t at = 0, next;
	enum kmd_status status = KMD_OK;
	bool ftrace = false, next_ftrace = false;

	for (size_t n = 0; status == KMD_OK && n < ZONES_MAX; n++) {
		for (next = at + ZONE_ALIGN; next < area->cursor.size; next += ZONE_ALIGN)
			if (is_zone(&area->cursor, next, &next_ftrace))
				break;
		status = add_zone(area, at, kmd_min_u64(next, area->cursor.size), ftrace);
		if (next >= area->cursor.size)
			break;
		at = next;
		ftrace = next_ftrace;
	}
	return status;
}

static enum kmd_status read_image(const struct kmd_input *input,
				  const struct kmd_image_options *options, struct kmd_diag *diag,
				  struct kmd_image *image)
{
	const struct kmd_source *source = input->members[0].source;
	struct area area = { .image = image };
	enum kmd_status status;

	(void)options;
	kmd_cursor_init(&area.cursor, source, 0, source->size, diag);
	/* All of it, so that records which belong together are read together. */
	status = add_blob(&area, "all", 0, 0, source->size);
	if (status == KMD_OK)
		status = add_zones(&area);
	if (status == KMD_OK && area.cursor.io != KMD_OK)
		status = kmd_cursor_check(&area.cursor, "ramoops area");
	if (status != KMD_OK)
		return status;
	return kmd_report(diag, KMD_FIND_UNUSED, KMD_NOTE, kmd_in(source->name),
			  "a ramoops (pstore) area has logs and no memory: --dmesg prints one, "
			  "--extract gives its zones");
}

const struct kmd_image_format kmd_image_ramoops = { "ramoops area", probe, read_image };
