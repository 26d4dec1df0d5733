/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "dmesg.h"

#include <inttypes.h>
#include <string.h>

#define CALLER_CPU (UINT32_C(1) << 31)

/*
 * Length of the character of UTF-8 at @text, its continuation bytes included: they share their
 * values with control characters of eight bits.
 */
static size_t measure_character(const unsigned char *text, size_t length)
{
	size_t n = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc2 ? 2 : 1;

	if (n > length)
		return 1;
	for (size_t i = 1; i < n; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

static bool is_control(const unsigned char *character, size_t length)
{
	/* U+0080 to U+009f, bare or as UTF-8; others from 0x80 on are not touched. */
	if (length == 2)
		return character[0] == 0xc2 && character[1] < 0xa0;
	if (length > 2)
		return false;
	return (character[0] < 0x20 && character[0] != '\t') ||
	       (character[0] >= 0x7f && character[0] < 0xa0);
}

static void print_text(FILE *out, const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + length;

	while (at < end) {
		size_t n = measure_character(at, (size_t)(end - at));

		if (is_control(at, n))
			for (size_t i = 0; i < n; i++)
				fprintf(out, "\\x%02x", at[i]);
		else
			fwrite(at, 1, n, out);
		at += n;
	}
}

static void print_prefix(FILE *out, const struct kmd_log_record *record, bool callers)
{
	char caller[16];

	if (record->has_time)
		fprintf(out, "[%5" PRIu64 ".%06" PRIu64 "] ", record->time / 1000000000,
			record->time % 1000000000 / 1000);
	if (!callers || !record->has_caller)
		return;
	snprintf(caller, sizeof(caller), "%c%" PRIu32, record->caller & CALLER_CPU ? 'C' : 'T',
		 record->caller & ~CALLER_CPU);
	fprintf(out, "[%6s] ", caller);
}

static void print_record(FILE *out, const struct kmd_log_record *record, bool callers)
{
	const char *line = record->text, *end = line + record->length, *newline;

	do {
		newline = memchr(line, '\n', (size_t)(end - line));
		print_prefix(out, record, callers);
		print_text(out, line, (size_t)((newline ? newline : end) - line));
		putc('\n', out);
		line = newline ? newline + 1 : end;
	} while (newline);
}

enum kmd_status dmesg_print(FILE *out, struct kmd *kmd, bool callers)
{
	enum kmd_status status = kmd_log_load(kmd);

	for (size_t i = 0; i < kmd_log_count(kmd); i++)
		print_record(out, kmd_log_get(kmd, i), callers);
	return status;
}
