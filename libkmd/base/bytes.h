/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* bytes.h - integers as bytes, in either byte order. */
#ifndef KMD_BASE_BYTES_H
#define KMD_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The integer in the @width bytes at @from; at most 8. */
static inline uint64_t kmd_get(const unsigned char *from, size_t width, bool big_endian)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++)
		value = value << 8 | from[big_endian ? i : width - 1 - i];
	return value;
}

static inline uint64_t kmd_get_le(const unsigned char *from, size_t width)
{
	return kmd_get(from, width, false);
}

/* Write the low @width bytes of @value. */
static inline void kmd_put(unsigned char *to, size_t width, uint64_t value, bool big_endian)
{
	for (size_t i = 0; i < width; i++, value >>= 8)
		to[big_endian ? width - 1 - i : i] = (unsigned char)value;
}

#endif
