/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "mkdump.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No fixture is larger.  A recipe that needs more is wrong. */
#define BYTES_MAX (UINT64_C(1) << 28)

void fail(const struct recipe *recipe, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "kmd-mkimage: ");
	if (recipe && recipe->source)
		fprintf(stderr, "%s:%u: ", recipe->source, recipe->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* @count + 1 items; the new one is zero. */
void *grow(void *items, size_t count, size_t size)
{
	char *grown = reallocarray(items, count + 1, size);

	if (!grown)
		fail(NULL, "out of memory");
	memset(grown + count * size, 0, size);
	return grown;
}

char *copy_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		fail(NULL, "out of memory");
	return copy;
}

char *join_text(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		fail(NULL, "out of memory");
	va_end(args);
	return text;
}

void bytes_write(struct bytes *bytes, uint64_t at, const void *data, size_t size)
{
	uint64_t end = at + size;

	if (at > BYTES_MAX || end > BYTES_MAX)
		fail(NULL, "a write at 0x%llx: dumps end at 256 MiB", (unsigned long long)at);
	if (end > bytes->room) {
		bytes->room = (size_t)end * 2;
		bytes->data = realloc(bytes->data, bytes->room);
		if (!bytes->data)
			fail(NULL, "out of memory");
	}
	if (at > bytes->size)
		memset(bytes->data + bytes->size, 0, (size_t)at - bytes->size);
	if (size)
		memmove(bytes->data + at, data, size);
	if (end > bytes->size)
		bytes->size = (size_t)end;
}

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	bytes_write(bytes, bytes->size, data, size);
}

void bytes_number(struct bytes *bytes, uint64_t at, uint64_t value, unsigned int width, bool big)
{
	unsigned char raw[8] = { 0 };

	for (unsigned int i = 0; i < width; i++)
		raw[big ? width - 1 - i : i] = (unsigned char)(value >> 8 * i);
	bytes_write(bytes, at, raw, width);
}

uint64_t bytes_get(const struct bytes *bytes, uint64_t at, unsigned int width, bool big)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < width && at + i < bytes->size; i++)
		value |= (uint64_t)bytes->data[at + i] << 8 * (big ? width - 1 - i : i);
	return value;
}

uint64_t round_up(uint64_t value, uint64_t align)
{
	return align ? (value + align - 1) / align * align : value;
}
