/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/user_data.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define RUN_MIN     6
#define NAME_MAX_   64
#define BANNER_BACK 300

/* A run of text: [start, end), printable or blank. */
struct run {
	const unsigned char *text;
	size_t start, end;
	const char *host;
};

static bool is_word(unsigned char c)
{
	return isalnum(c) || c == '_';
}

static bool is_text(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t';
}

static bool at_start(const struct run *run, size_t at)
{
	return at == run->start || !is_word(run->text[at - 1]);
}

static bool begins(const struct run *run, size_t at, const char *what)
{
	size_t length = strlen(what);

	return run->end - at >= length && !memcmp(run->text + at, what, length);
}

/* @name, without regard to case, ends at @at. */
static bool ends_with(const struct run *run, size_t at, const char *name)
{
	size_t length = strlen(name);

	return at - run->start >= length &&
	       !strncasecmp((const char *)run->text + at - length, name, length);
}

static bool set(struct kmd_user_span *span, size_t start, size_t end)
{
	span->start = start;
	span->end = end;
	return end > start;
}

/* The end of a word that blanks, quotes and brackets end. */
static size_t value_end(const struct run *run, size_t at, const char *stops)
{
	size_t limit = at + KMD_USER_DATA_MAX;

	while (at < run->end && at < limit && run->text[at] > ' ' && !strchr(stops, run->text[at]))
		at++;
	return at;
}

/* ----- mail */

static bool is_unit(const struct run *run, size_t end)
{
	static const char *const kinds[] = { ".service", ".socket", ".mount", ".timer", ".slice",
					     ".target",  ".device", ".path",  ".scope", ".swap" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (ends_with(run, end, kinds[i]))
			return true;
	return false;
}

/* The banner of the kernel names who built it, and consumers compare it. */
static bool in_banner(const struct run *run, size_t at)
{
	size_t from = at - run->start > BANNER_BACK ? at - BANNER_BACK : run->start;

	return memmem(run->text + from, at - from, " version ", strlen(" version "));
}

static bool mail(const struct run *run, size_t at, struct kmd_user_span *span)
{
	const unsigned char *text = run->text;
	size_t start = at, end = at + 1, dot = 0;

	while (start > run->start && at - start < NAME_MAX_ &&
	       (isalnum(text[start - 1]) || strchr("._%+-", text[start - 1])))
		start--;
	while (end < run->end && end - at < 4 * NAME_MAX_ &&
	       (isalnum(text[end]) || text[end] == '.' || text[end] == '-'))
		end++;
	while (end > at + 1 && !isalnum(text[end - 1]))
		end--;
	for (size_t i = at + 2; i < end; i++)
		dot = text[i] == '.' ? i : dot;
	if (at - start < 2 || !dot || end - dot < 3 || !isalpha(text[dot + 1]) ||
	    !isalpha(text[dot + 2]) || is_unit(run, end) || in_banner(run, at))
		return false;
	return set(span, start, end);
}

/* ----- addresses of networks, and identifiers */

static bool ipv4(const struct run *run, size_t start, struct kmd_user_span *span)
{
	unsigned int numbers[4];
	size_t at = start;

	if (start > run->start && (run->text[start - 1] == '.' || run->text[start - 1] == '-'))
		return false;
	for (unsigned int i = 0; i < 4; i++) {
		size_t first = at;

		numbers[i] = 0;
		while (at < run->end && at - first < 3 && isdigit(run->text[at]))
			numbers[i] = numbers[i] * 10 + run->text[at++] - '0';
		if (at == first || numbers[i] > 255 ||
		    (run->text[first] == '0' && at - first > 1) ||
		    (i < 3 && (at == run->end || run->text[at++] != '.')))
			return false;
	}
	if (at < run->end &&
	    (is_word(run->text[at]) ||
	     (run->text[at] == '.' && at + 1 < run->end && isdigit(run->text[at + 1]))))
		return false;
	/* No host's: this machine, any, all. */
	if (numbers[0] == 127 || !numbers[0] || numbers[0] == 255)
		return false;
	return set(span, start, at);
}

/* Groups of two hexadecimal digits, six or more. */
static bool mac(const struct run *run, size_t start, struct kmd_user_span *span)
{
	const unsigned char *text = run->text;
	unsigned char between = start + 2 < run->end ? text[start + 2] : 0;
	size_t at = start, groups = 0;
	bool same = true;

	if (between != ':' && between != '-')
		return false;
	if (start > run->start && text[start - 1] == between)
		return false;
	while (run->end - at >= 2 && isxdigit(text[at]) && isxdigit(text[at + 1])) {
		same = same && text[at] == text[at + 1] && text[at] == text[start];
		groups++;
		at += 2;
		if (at == run->end || text[at] != between)
			break;
		at++;
	}
	if (groups < 6 || text[at - 1] == between || (at < run->end && is_word(text[at])) || same)
		return false;
	return set(span, start, at);
}

static bool uuid(const struct run *run, size_t start, struct kmd_user_span *span)
{
	static const size_t lengths[] = { 8, 4, 4, 4, 12 };
	size_t at = start;

	for (unsigned int i = 0; i < 5; i++) {
		for (size_t n = 0; n < lengths[i]; n++, at++)
			if (at >= run->end || !isxdigit(run->text[at]))
				return false;
		if (i < 4 && (at >= run->end || run->text[at++] != '-'))
			return false;
	}
	return (at == run->end || !isxdigit(run->text[at])) && set(span, start, at);
}

/* Eight groups, or fewer with one "::".  A name of C++ has letters beyond f, or no digit. */
static bool ipv6(const struct run *run, size_t start, struct kmd_user_span *span)
{
	size_t at = start, digits = 0, groups = 0, gaps = 0, colons = 0, numerals = 0;

	if (start > run->start && run->text[start - 1] == ':')
		return false;
	for (; at < run->end && (isxdigit(run->text[at]) || run->text[at] == ':'); at++) {
		bool colon = run->text[at] == ':';

		gaps += colon && at > start && run->text[at - 1] == ':';
		groups += !colon && !digits;
		digits = colon ? 0 : digits + 1;
		numerals += !colon && isdigit(run->text[at]);
		colons += colon;
		if (digits > 4)
			return false;
	}
	if (at < run->end && (is_word(run->text[at]) || run->text[at] == '.'))
		return false;
	if (!numerals || gaps > 1 || (gaps ? groups < 2 || groups > 7 : groups != 8 || colons != 7))
		return false;
	return set(span, start, at);
}

/* ----- values with a name */

/* Their values are taken whatever they are. */
static bool is_private_name(const char *name)
{
	static const char *const parts[] = { "passw",       "passphrase", "passwd",  "secret",
					     "token",       "apikey",     "api_key", "credential",
					     "private_key", "serialno",   "imei",    "iccid",
					     "machine_id",  "machine-id" };
	static const char *const whole[] = { "user",          "logname",        "sudo_user",
					     "hostname",      "mail",           "ssh_client",
					     "psk",           "ssh_connection", "pwd",
					     "serial_number", "serialnumber",   "serial" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcasestr(name, parts[i]))
			return true;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (!strcasecmp(name, whole[i]))
			return true;
	return false;
}

/* A value with % in it is a format. */
static bool set_value(const struct run *run, size_t start, const char *stops,
		      struct kmd_user_span *span)
{
	size_t end = value_end(run, start, stops);

	return !memchr(run->text + start, '%', end - start) && set(span, start, end);
}

static bool quoted(const struct run *run, size_t start, struct kmd_user_span *span)
{
	size_t first = start + 1, limit = run->end - first;
	const unsigned char *end;

	if (limit > KMD_USER_DATA_MAX)
		limit = KMD_USER_DATA_MAX;
	end = memchr(run->text + first, run->text[start], limit);
	if (!end && first + limit == run->end)
		return false;
	return set(span, first, end ? (size_t)(end - run->text) : first + limit);
}

/* NAME=VALUE */
static bool assigned(const struct run *run, size_t at, struct kmd_user_span *span)
{
	size_t first = at, start = at + 1;
	char name[NAME_MAX_ + 1];

	while (first > run->start && at - first < NAME_MAX_ &&
	       (is_word(run->text[first - 1]) || strchr(".-", run->text[first - 1])))
		first--;
	memcpy(name, run->text + first, at - first);
	name[at - first] = '\0';
	if (start >= run->end)
		return false;
	/* After the last dot of module.parameter. */
	if (!is_private_name(name) &&
	    !(strrchr(name, '.') && is_private_name(strrchr(name, '.') + 1)))
		return false;
	if (run->text[start] == '"' || run->text[start] == '\'')
		return quoted(run, start, span);
	return set_value(run, start, "\"'", span);
}

/* "SerialNumber: VALUE", as drivers and people write it. */
static bool named(const struct run *run, size_t at, struct kmd_user_span *span)
{
	static const char *const names[] = { "serialnumber", "serial number", "serial no",
					     "s/n",          "imei",          "password",
					     "passphrase",   "machine id",    "boot id" };
	size_t start = at + 1;

	while (start < run->end && (run->text[start] == ' ' || run->text[start] == '\t'))
		start++;
	if (start == run->end)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ends_with(run, at, names[i]))
			return set_value(run, start, "\"',;", span);
	return false;
}

/* ----- paths and keys */

static bool home(const struct run *run, size_t at, struct kmd_user_span *span)
{
	static const char *const folders[] = {
		"/home/",       "/Users/", "/root/",     "/data/user/",        "/data/user_de/",
		"/data/media/", "/media/", "/mnt/user/", "/storage/emulated/", "/run/user/",
	};

	if (!at_start(run, at))
		return false;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t start = at + strlen(folders[i]);

		if (begins(run, at, folders[i]))
			return set(span, start, value_end(run, start, "\"'`,;:)<>|&"));
	}
	return false;
}

/* The body of a PEM block, up to its end or as much of it as is there. */
static bool pem(const struct run *run, size_t at, struct kmd_user_span *span)
{
	const unsigned char *line, *end;
	size_t start, limit;

	if (!begins(run, at, "-----BEGIN "))
		return false;
	limit = run->end - at > KMD_USER_DATA_MAX ? KMD_USER_DATA_MAX : run->end - at;
	line = memchr(run->text + at, '\n', limit);
	if (!line)
		return false;
	start = (size_t)(line - run->text) + 1;
	limit = run->end - start > KMD_USER_DATA_MAX ? KMD_USER_DATA_MAX : run->end - start;
	end = memmem(run->text + start, limit, "-----END ", strlen("-----END "));
	return set(span, start, end ? (size_t)(end - run->text) : start + limit);
}

/* Of "ssh-rsa AAAA... comment" all but the kind. */
static bool ssh_key(const struct run *run, size_t at, struct kmd_user_span *span)
{
	size_t start = at, end;

	if (!begins(run, at, "ssh-") && !begins(run, at, "ecdsa-sha2-") && !begins(run, at, "sk-"))
		return false;
	while (start < run->end && start - at < NAME_MAX_ && run->text[start] > ' ')
		start++;
	if (start + 1 >= run->end || !begins(run, start + 1, "AAAA"))
		return false;
	for (end = ++start; end < run->end && end - start < KMD_USER_DATA_MAX; end++)
		if (run->text[end] == '\n' || run->text[end] == '\r')
			break;
	return set(span, start, end);
}

static bool host_name(const struct run *run, size_t at, struct kmd_user_span *span)
{
	size_t length = strlen(run->host);

	return length && begins(run, at, run->host) &&
	       (run->end - at == length || !is_word(run->text[at + length])) &&
	       set(span, at, at + length);
}

/* ----- all of them */

static bool word_at(const struct run *run, size_t at, struct kmd_user_span *span)
{
	unsigned char c = run->text[at];

	if (isxdigit(c) && (mac(run, at, span) || uuid(run, at, span) || ipv6(run, at, span)))
		return true;
	if (isdigit(c) && ipv4(run, at, span))
		return true;
	return ((c == 's' || c == 'e') && ssh_key(run, at, span)) || host_name(run, at, span);
}

static bool look_at(const struct run *run, size_t at, struct kmd_user_span *span)
{
	switch (run->text[at]) {
	case '@':
		return mail(run, at, span);
	case '=':
		return assigned(run, at, span);
	case ':':
		return named(run, at, span);
	case '/':
		return home(run, at, span);
	case '-':
		return pem(run, at, span);
	default:
		return is_word(run->text[at]) && at_start(run, at) && word_at(run, at, span);
	}
}

/* The next run of text behind .end. */
static bool next_run(struct kmd_user_search *search)
{
	size_t at = search->end;

	while (at < search->length && !is_text(search->text[at]))
		at++;
	search->start = at;
	while (at < search->length && is_text(search->text[at]))
		at++;
	search->end = at;
	return search->start < search->end;
}

bool kmd_user_data_next(struct kmd_user_search *search, struct kmd_user_span *span)
{
	while (search->start < search->end || next_run(search)) {
		/* All of the run counts: names stand in front of values. */
		struct run run = { search->text, search->start, search->end, search->host };
		size_t i = run.start > search->from ? run.start : search->from;

		for (; run.end - run.start >= RUN_MIN && i < run.end; i++) {
			if (!look_at(&run, i, span) || span->end <= search->from)
				continue;
			if (span->start < search->from)
				span->start = search->from;
			search->from = span->end;
			return true;
		}
		search->start = search->end;
	}
	return false;
}
