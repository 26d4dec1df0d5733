/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* checked.h - arithmetic on offsets and sizes that cannot wrap unseen. */
#ifndef KMD_BASE_CHECKED_H
#define KMD_BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

/* True, and *sum set, if a + b fits. */
static inline bool kmd_add_u64(uint64_t a, uint64_t b, uint64_t *sum)
{
	return !__builtin_add_overflow(a, b, sum);
}

/* True if [offset, offset + length) lies inside [0, size). */
static inline bool kmd_inside(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

/* @align is a power of two; @value is below 2^64 - align. */
static inline uint64_t kmd_align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static inline uint64_t kmd_align_down(uint64_t value, uint64_t align)
{
	return value & ~(align - 1);
}

static inline bool kmd_is_pow2(uint64_t value)
{
	return value && !(value & (value - 1));
}

/*
 * An address of arm64 without the tag that the hardware ignores in its top byte (KASAN's, for
 * memory tagging): bit 55 says of which half it is.
 */
static inline uint64_t kmd_without_tag(uint64_t virt)
{
	const uint64_t tag = UINT64_C(0xff) << 56;

	return virt >> 55 & 1 ? virt | tag : virt & ~tag;
}

static inline uint64_t kmd_min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t kmd_max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline int kmd_cmp_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

#endif
