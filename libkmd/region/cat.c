/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/cat.h"

#include "base/checked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* No kernel's notes are larger; VMCOREINFO is one page of them at most. */
#define NOTES_MAX (1u << 20)

/* Bytes from the start of VMCOREINFO's text to the end of the notes, if it ends there; else 0. */
static size_t measure_text(const char *notes, size_t size)
{
	static const char start[] = "OSRELEASE=";
	size_t length = sizeof(start) - 1, at = 0, end = size;

	while (at + length <= size && memcmp(notes + at, start, length) != 0)
		at++;
	if (at + length > size)
		return 0;
	/* It ends with a line, but for the zeroes that round its size. */
	while (!notes[end - 1])
		end--;
	return notes[end - 1] == '\n' ? size - at : 0;
}

#define EMPTY_SIZE 24

/*
 * Whether the notes end with a VMCOREINFO of 0 bytes: the kernel has none (CONFIG_CRASH_CORE,
 * CONFIG_VMCORE_INFO), and there is no such file.
 */
static bool says_no_text(const char *notes, size_t size)
{
	static const char empty[EMPTY_SIZE] = "\x0b\0\0\0\0\0\0\0\0\0\0\0VMCOREINFO\0";

	return size >= EMPTY_SIZE && !memcmp(notes + size - EMPTY_SIZE, empty, EMPTY_SIZE);
}

/*
 * The size of the VMCOREINFO file.  0 if no text ends where the notes do: there is
 * none, or it, or the header before it, is not in its place.
 */
static enum kmd_status vmcoreinfo_size(const struct kmd_claims *claims, struct kmd_diag *diag,
				       uint64_t *text, bool *none)
{
	size_t size = (size_t)kmd_min_u64(claims->notes_size, NOTES_MAX);
	char *notes = malloc(size + 1);
	enum kmd_status status;

	*text = 0;
	*none = false;
	if (!notes)
		return kmd_fail_memory(diag);
	status = kmd_source_read(claims->notes, claims->notes_at, notes, size, diag);
	if (status == KMD_OK) {
		*text = measure_text(notes, size);
		*none = says_no_text(notes, size);
		/* Its text, or that it ends without one; the bytes before may be memory. */
		kmd_source_mark(claims->notes, claims->notes_at + size - *text, *text, diag);
		if (*none)
			kmd_source_mark(claims->notes, claims->notes_at + size - EMPTY_SIZE,
					EMPTY_SIZE, diag);
	}
	free(notes);
	return status;
}

/* Sizes in the table are rounded up to 4, those of files need not be. */
static bool may_be(uint64_t size, uint64_t bytes)
{
	return bytes && bytes <= size && size - bytes <= 3;
}

/* The first segment whose file may be the one too few or too many; claims->n if none. */
static size_t first_suspect(const struct kmd_claims *claims, size_t first, uint64_t bytes)
{
	for (size_t i = first; i < claims->n; i++)
		if (may_be(claims->items[i].size, bytes))
			return i;
	return claims->n;
}

/* Every segment begins where the one before it ends: as only KELF does. */
static bool is_running_sum(const struct kmd_claims *claims, size_t first)
{
	for (size_t i = first; i + 1 < claims->n; i++)
		if (claims->items[i + 1].offset != claims->items[i].offset + claims->items[i].size)
			return false;
	return claims->n - first > 1;
}

static enum kmd_status distrust(struct kmd_claims *claims, size_t from, const char *what,
				uint64_t bytes, struct kmd_diag *diag)
{
	size_t n = 0;

	for (size_t i = from; i < claims->n; i++) {
		n += claims->items[i].has_bytes;
		claims->items[i].conflict = true;
	}
	if (!n)
		return KMD_OK;
	return kmd_report(diag, KMD_FIND_AMBIGUOUS, KMD_DAMAGE,
			  kmd_in(claims->items[from].place.source),
			  "%s (0x%" PRIx64 " bytes): offsets after it are unreliable; %zu segments "
			  "are omitted; assemble the folder of files instead",
			  what, bytes, n);
}

static uint64_t end_of(const struct kmd_claims *claims)
{
	const struct kmd_claim *last = &claims->items[claims->n - 1];

	return last->offset + last->size;
}

/* The file is not as long as the segments, because one of their files is missing or twice there. */
static enum kmd_status check_length(struct kmd_claims *claims, size_t first, uint64_t file_size,
				    struct kmd_diag *diag)
{
	const uint64_t end = end_of(claims);
	size_t suspect;

	if (file_size < end) {
		suspect = first_suspect(claims, first, end - file_size);
		if (suspect + 1 >= claims->n)
			return KMD_OK;
		return distrust(
			claims, suspect,
			"the file is short by the size of a region, as if one were left out",
			end - file_size, diag);
	}
	suspect = first_suspect(claims, first, file_size - end);
	if (suspect < claims->n)
		return distrust(
			claims, suspect + 1,
			"the file is long by the size of a region, as if one were given twice",
			file_size - end, diag);
	if (file_size == end)
		return KMD_OK;
	return distrust(claims, first,
			"the file is longer than its program headers say, as if they lacked a "
			"region",
			file_size - end, diag);
}

/* A segment with this name is first in the downstream dialect; its bytes are in the header. */
static bool is_downstream(const struct kmd_claims *claims, size_t first)
{
	return !claims->notes && claims->n > first &&
	       !strcmp(claims->items[first].name, "linux_banner");
}

enum kmd_status kmd_cat_check(struct kmd_claims *claims, size_t first, uint64_t file_size,
			      struct kmd_diag *diag)
{
	enum kmd_status status;
	uint64_t end, text;
	bool none;

	if (is_downstream(claims, first))
		return is_running_sum(claims, first + 1)
			       ? check_length(claims, first + 1, file_size, diag)
			       : KMD_OK;
	if (!claims->notes || claims->notes_trusted || !is_running_sum(claims, first))
		return KMD_OK;
	end = end_of(claims);
	status = vmcoreinfo_size(claims, diag, &text, &none);
	if (status != KMD_OK)
		return status;
	if (!text && !none)
		return distrust(claims, first,
				"the VMCOREINFO file is not where it belongs, as if it or the "
				"header were left out or given twice",
				claims->notes_size, diag);
	if (none && file_size > end)
		return distrust(claims, first,
				"the file is long, as if the header were given twice",
				file_size - end, diag);
	if (file_size > end && may_be(text, file_size - end))
		return distrust(
			claims, first,
			"the file is long by the size of VMCOREINFO, as if it were given twice",
			file_size - end, diag);
	return check_length(claims, first, file_size, diag);
}
