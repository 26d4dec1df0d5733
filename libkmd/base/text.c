/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/text.h"
#include <stdarg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

void kmd_text_name(char *out, size_t out_size, const void *bytes, size_t size)
{
	const unsigned char *in = bytes;
	size_t used = 0;

	for (size_t i = 0; i < size && in[i]; i++) {
		size_t need = plain(in[i]) ? 1 : 4;

		if (used + need >= out_size)
			break;
		if (need == 1)
			out[used] = (char)in[i];
		else
			snprintf(out + used, 5, "\\x%02x", in[i]);
		used += need;
	}
	out[used] = '\0';
}

char *kmd_text_name_dup(const void *bytes, size_t size)
{
	size_t room = size * 4 + 1;
	char *out = malloc(room);

	if (out)
		kmd_text_name(out, room, bytes, size);
	return out;
}

static int fold(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? u + ('a' - 'A') : u;
}

int kmd_text_casecmp(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return fold(*a) - fold(*b);
}

bool kmd_text_has_prefix(const char *text, const char *prefix)
{
	for (; *prefix; prefix++, text++)
		if (fold(*text) != fold(*prefix))
			return false;
	return true;
}

bool kmd_text_has_suffix(const char *text, const char *suffix)
{
	size_t text_length = strlen(text), suffix_length = strlen(suffix);

	return text_length >= suffix_length &&
	       !kmd_text_casecmp(text + text_length - suffix_length, suffix);
}

static unsigned int digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c = (char)fold(c);
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 99;
}

bool kmd_text_u64(const char *text, size_t length, unsigned int base, uint64_t *out)
{
	uint64_t value = 0;

	if (base == 16 && length > 2 && text[0] == '0' && fold(text[1]) == 'x') {
		text += 2;
		length -= 2;
	}
	if (!length)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned int d = digit(text[i]);

		if (d >= base || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)d, &value))
			return false;
	}
	*out = value;
	return true;
}

void kmd_text_add(struct kmd_text *text, const char *format, ...)
{
	va_list arguments;
	char *more, *grown;
	int length;

	va_start(arguments, format);
	length = vasprintf(&more, format, arguments);
	va_end(arguments);
	if (length < 0) {
		text->failed = true;
		return;
	}
	if (text->cap - text->length <= (size_t)length) {
		size_t cap = 2 * text->cap + (size_t)length + 1;

		grown = realloc(text->at, cap);
		text->failed |= !grown;
		text->at = grown ? grown : text->at;
		text->cap = grown ? cap : text->cap;
	}
	if (text->cap - text->length > (size_t)length) {
		memcpy(text->at + text->length, more, (size_t)length + 1);
		text->length += (size_t)length;
	}
	free(more);
}
