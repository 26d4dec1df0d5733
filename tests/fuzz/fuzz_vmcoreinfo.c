/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Bytes to VMCOREINFO's keys and numbers. */
#include "fuzz.h"

#include "vmcoreinfo/vmcoreinfo.h"

#include <stdlib.h>
#include <string.h>

static bool inside(const struct kmd_vmcoreinfo *info, const char *value, size_t length)
{
	return value >= info->text && length <= info->length &&
	       (size_t)(value - info->text) <= info->length - length;
}

/* A line's key finds a value: its own, or that of an earlier line with the same key. */
static void check_line(const struct kmd_vmcoreinfo *info, const char *line, const char *stop)
{
	const char *equals = memchr(line, '=', (size_t)(stop - line)), *value;
	uint64_t decimal = 0, hex = 0;
	size_t length;
	char *key;

	if (!equals || memchr(line, '\0', (size_t)(equals - line)))
		return;
	key = strndup(line, (size_t)(equals - line));
	FUZZ_CHECK(key != NULL);
	FUZZ_CHECK(kmd_vmcoreinfo_get(info, key, &value, &length));
	FUZZ_CHECK(inside(info, value, length) && value <= equals + 1);
	FUZZ_CHECK(!memchr(value, '\n', length));
	if (kmd_vmcoreinfo_number(info, key, &decimal))
		FUZZ_CHECK(length > 0);
	if (kmd_vmcoreinfo_hex(info, key, &hex) && length == 1 && *value <= '9')
		FUZZ_CHECK(kmd_vmcoreinfo_number(info, key, &decimal) && decimal == hex);
	free(key);
}

static size_t check_lines(const struct kmd_vmcoreinfo *info)
{
	const char *line = info->text, *end = line + info->length, *stop;
	size_t lines = 0;

	while (line < end && (stop = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		/* Each look-up reads the whole text, so the number of lines is limited. */
		if (lines++ < 64)
			check_line(info, line, stop);
		line = stop + 1;
	}
	return lines;
}

static void check_symbols(const struct kmd_vmcoreinfo *info, size_t lines, struct kmd_diag *diag)
{
	uint64_t low = UINT64_C(1) << 31, high = UINT64_C(1) << 63;
	uint64_t top = kmd_vmcoreinfo_top_symbol(info, low, high);
	struct kmd_hints hints = { 0 };
	bool seen = !top;

	FUZZ_CHECK(!top || (top >= low && top < high));
	FUZZ_CHECK(kmd_vmcoreinfo_hints(info, diag, &hints) == KMD_OK);
	FUZZ_CHECK(hints.n <= lines);
	for (size_t i = 0; i < hints.n; i++) {
		FUZZ_CHECK(hints.items[i].virt < low || hints.items[i].virt >= high ||
			   hints.items[i].virt <= top);
		seen |= hints.items[i].virt == top;
	}
	FUZZ_CHECK(seen);
	kmd_hints_deinit(&hints);
}

static void check_measured(const struct kmd_vmcoreinfo *info)
{
	const char *value;
	size_t length;

	FUZZ_CHECK(info->text[info->length - 1] == '\n');
	FUZZ_CHECK(kmd_vmcoreinfo_measure(info->text, info->length) == info->length);
	FUZZ_CHECK(kmd_vmcoreinfo_get(info, "OSRELEASE", &value, &length));
	FUZZ_CHECK(value == info->text + sizeof("OSRELEASE=") - 1);
	for (size_t i = 0; i < info->length; i++)
		FUZZ_CHECK(info->text[i] == '\n' || (info->text[i] >= ' ' && info->text[i] < 0x7f));
}

/* Exactly @length bytes, so that a sanitizer finds a read beyond their end. */
static void check_text(const uint8_t *data, size_t length, bool measured)
{
	struct kmd_vmcoreinfo info = { .text = malloc(length ? length : 1), .length = length };
	struct kmd_diag diag;

	FUZZ_CHECK(info.text != NULL);
	memcpy(info.text, data, length);
	kmd_diag_init(&diag);
	if (measured)
		check_measured(&info);
	check_symbols(&info, check_lines(&info), &diag);
	kmd_diag_deinit(&diag);
	kmd_vmcoreinfo_deinit(&info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = kmd_vmcoreinfo_measure((const char *)data, size);

	FUZZ_CHECK(length <= size);
	check_text(data, size, false);
	if (length)
		check_text(data, length, true);
	return 0;
}
