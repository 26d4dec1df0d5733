/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A log kept as text: its lines, and what stands in front of them. */
#include "log/text.h"

#include "base/checked.h"

#include <string.h>

#define SECONDS_MAX (UINT64_C(1) << 33)
/* Many times what a log of the usual size has; a region of newlines must not fill the memory. */
#define LINES_MAX   (UINT64_C(1) << 20)

static bool is_text(unsigned char c)
{
	return c == '\t' || (c >= ' ' && c != 0x7f);
}

bool kmd_text_is_printable(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_text((unsigned char)text[i]) && text[i] != '\n' && text[i] != '\r')
			return false;
	return true;
}

size_t kmd_log_find_wrap(const struct kmd_log *log)
{
	const struct kmd_log_record *first = NULL, *last = NULL;
	uint64_t step = 0;
	size_t turn = 0, previous = 0;

	for (size_t i = 0; i < log->n; i++) {
		const struct kmd_log_record *record = &log->items[i];

		if (!record->has_time)
			continue;
		if (last && record->time && record->time < last->time &&
		    last->time - record->time > step) {
			step = last->time - record->time;
			/* Lines without a stamp are what is left of the oldest. */
			turn = previous + 1;
		}
		previous = i;
		first = first ? first : record;
		last = record;
	}
	return last && last->time <= first->time ? turn : 0;
}

/* Moves *@at over decimal digits; how many there were. */
static size_t digits(const char *text, size_t length, size_t *at, uint64_t *value)
{
	size_t start = *at;

	*value = 0;
	for (; *at < length && text[*at] >= '0' && text[*at] <= '9'; ++*at)
		if (*value < SECONDS_MAX)
			*value = *value * 10 + (uint64_t)(text[*at] - '0');
	return *at - start;
}

static bool skip(const char *text, size_t length, size_t *at, char c)
{
	if (*at >= length || text[*at] != c)
		return false;
	++*at;
	return true;
}

/* "<30>": level and facility, as for syslog(3). */
static size_t parse_level(struct kmd_log_record *record)
{
	uint64_t value;
	size_t at = 0;

	if (!skip(record->text, record->length, &at, '<') ||
	    !digits(record->text, record->length, &at, &value) || value > 1023 ||
	    !skip(record->text, record->length, &at, '>'))
		return 0;
	record->level = value & 7;
	record->facility = (uint8_t)(value >> 3);
	return at;
}

/* "[    1.234567]" */
static size_t parse_time(struct kmd_log_record *record, size_t from)
{
	uint64_t seconds, micro;
	size_t at = from;

	if (!skip(record->text, record->length, &at, '['))
		return from;
	while (skip(record->text, record->length, &at, ' '))
		;
	if (!digits(record->text, record->length, &at, &seconds) || seconds >= SECONDS_MAX ||
	    !skip(record->text, record->length, &at, '.') ||
	    digits(record->text, record->length, &at, &micro) != 6 ||
	    !skip(record->text, record->length, &at, ']'))
		return from;
	record->time = (seconds * 1000000 + micro) * 1000;
	record->has_time = true;
	return at;
}

/* "[    T1]" or "[    C0]" */
static size_t parse_caller(struct kmd_log_record *record, size_t from)
{
	size_t at = from;
	uint64_t value;
	bool cpu;

	if (!skip(record->text, record->length, &at, '['))
		return from;
	while (skip(record->text, record->length, &at, ' '))
		;
	cpu = skip(record->text, record->length, &at, 'C');
	if ((!cpu && !skip(record->text, record->length, &at, 'T')) ||
	    !digits(record->text, record->length, &at, &value) || value > INT32_MAX ||
	    !skip(record->text, record->length, &at, ']'))
		return from;
	record->caller = (uint32_t)value | (cpu ? UINT32_C(1) << 31 : 0);
	record->has_caller = true;
	return at;
}

static void parse_prefix(struct kmd_log_record *record)
{
	size_t at = parse_time(record, parse_level(record));

	if (record->has_time) {
		at = parse_caller(record, at);
		skip(record->text, record->length, &at, ' ');
	}
	record->text += at;
	record->length -= at;
}

/* A byte that is no text, such as the part of a ring that was never written, ends a line. */
enum kmd_status kmd_log_split(struct kmd_log *log, size_t size, struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;
	size_t start = 0;

	for (size_t at = 0; status == KMD_OK && at <= size; at++) {
		struct kmd_log_record record = { .seq = log->n, .text = log->text + start };

		if (at < size && is_text((unsigned char)log->text[at]))
			continue;
		record.length = at - start;
		start = at + 1;
		if (!record.length)
			continue;
		if (log->n == LINES_MAX) {
			log->damaged++;
			break;
		}
		parse_prefix(&record);
		status = kmd_log_add(log, &record, diag);
	}
	return status;
}
