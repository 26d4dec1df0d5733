/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "markup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ----- text */

/* Length of the UTF-8 character at @bytes and its code; 0 if there is none. */
static size_t decode(const unsigned char *bytes, size_t length, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = bytes[0] < 0x80   ? 1
		   : bytes[0] < 0xc0 ? 0
		   : bytes[0] < 0xe0 ? 2
		   : bytes[0] < 0xf0 ? 3
		   : bytes[0] < 0xf8 ? 4
				     : 0;

	if (!n || n > length)
		return 0;
	*code = n == 1 ? bytes[0] : bytes[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (bytes[i] & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n;
}

/* Characters that HTML forbids, that cannot be seen, or that change the order of others. */
static bool is_hidden(uint32_t code)
{
	return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0) ||
	       code == 0xad || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
}

static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void markup_text(FILE *out, const char *bytes, size_t length)
{
	size_t n;

	for (size_t i = 0; i < length; i += n) {
		const char *entity = entity_of(bytes[i]);
		uint32_t code = 0;

		n = decode((const unsigned char *)bytes + i, length - i, &code);
		if (entity) {
			fputs(entity, out);
		} else if (n && !is_hidden(code)) {
			fwrite(bytes + i, 1, n, out);
		} else {
			n = n ? n : 1;
			for (size_t k = 0; k < n; k++)
				fprintf(out, "\\x%02x", (unsigned char)bytes[i + k]);
		}
	}
}

/* ----- formats */

struct conversion {
	bool zeros;
	int width, longs;
	bool size;
	char kind;
};

/* Read a conversion behind its percent sign; returns what follows. */
static const char *read_conversion(const char *at, struct conversion *conversion)
{
	memset(conversion, 0, sizeof(*conversion));
	conversion->zeros = *at == '0';
	for (; *at >= '0' && *at <= '9'; at++)
		conversion->width = conversion->width * 10 + *at - '0';
	for (; *at == 'l'; at++)
		conversion->longs++;
	if (*at == 'z') {
		conversion->size = true;
		at++;
	}
	conversion->kind = *at;
	return *at ? at + 1 : at;
}

static void print_number(FILE *out, const struct conversion *conversion, unsigned long long number)
{
	if (conversion->kind == 'd')
		fprintf(out, "%*lld", conversion->width, (long long)number);
	else if (conversion->kind == 'x' && conversion->zeros)
		fprintf(out, "%0*llx", conversion->width, number);
	else if (conversion->kind == 'x')
		fprintf(out, "%*llx", conversion->width, number);
	else if (conversion->zeros)
		fprintf(out, "%0*llu", conversion->width, number);
	else
		fprintf(out, "%*llu", conversion->width, number);
}

void markup(FILE *out, const char *format, ...)
{
	struct conversion conversion;
	const char *text;
	va_list arguments;
	char c;

	va_start(arguments, format);
	while (*format) {
		size_t plain = strcspn(format, "%");

		fwrite(format, 1, plain, out);
		format += plain;
		if (!*format)
			break;
		format = read_conversion(format + 1, &conversion);
		if (conversion.kind == 's') {
			text = va_arg(arguments, const char *);
			markup_text(out, text, strlen(text));
		} else if (conversion.kind == 'c') {
			c = (char)va_arg(arguments, int);
			markup_text(out, &c, 1);
		} else if (conversion.kind == '%') {
			fputc('%', out);
		} else if (conversion.size) {
			print_number(out, &conversion, va_arg(arguments, size_t));
		} else if (conversion.longs > 1) {
			print_number(out, &conversion, va_arg(arguments, unsigned long long));
		} else if (conversion.longs) {
			print_number(out, &conversion, va_arg(arguments, unsigned long));
		} else if (conversion.kind == 'd') {
			print_number(out, &conversion, (unsigned long long)va_arg(arguments, int));
		} else {
			print_number(out, &conversion, va_arg(arguments, unsigned int));
		}
	}
	va_end(arguments);
}
