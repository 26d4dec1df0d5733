/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * build.h - what a vmlinux shows of its build, which is the same at any boot: version, page
 * size, bits of virtual addresses, and how KASLR may move it.
 *
 * Sources: arch/arm64/include/asm/{memory,image,pgtable-hwdef}.h,
 * arch/x86/include/asm/page_64_types.h, Documentation/arch/arm64/booting.rst.
 */
#ifndef KMD_ARCH_BUILD_H
#define KMD_ARCH_BUILD_H

#include "arch/arch.h"

struct kmd_build {
	uint16_t machine;            /* e_machine, 0 = not known */
	const struct kmd_arch *arch; /* NULL = not known */
	char release[65];            /* "" = not known */
	unsigned int version;        /* major << 8 | minor, 0 = not known */
	uint64_t text, end;          /* link addresses [_text, _end); 0 = not known */
	uint64_t page_size;          /* 0 = not known */
	unsigned int va_bits;        /* arm64: VA_BITS, 0 = not known from the build alone */
	unsigned int va_bits_min;
};

/* @vmlinux may be NULL: then nothing is known. */
void kmd_build_read(const struct kmd_vmlinux *vmlinux, struct kmd_build *build);

/* What KASLR offsets, and distances of the image's places, are multiples of. */
uint64_t kmd_build_align(const struct kmd_build *build);
/* True if KASLR may have chosen this offset. */
bool kmd_build_kaslr_ok(const struct kmd_build *build, uint64_t kaslr);
/* True if the image's "link address minus physical address" may be this. */
bool kmd_build_image_delta_ok(const struct kmd_build *build, uint64_t place);
/* True if the kernel maps its image, not RAM, around this run-time address. */
bool kmd_build_is_image(const struct kmd_build *build, uint64_t virt);
/* arm64: the lowest address of the linear map in a build of that many bits. */
static inline uint64_t kmd_build_page_offset(unsigned int va_bits)
{
	return va_bits < 64 ? 0 - (UINT64_C(1) << va_bits) : 0;
}

#endif
