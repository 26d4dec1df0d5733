/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "arch/build.h"

#include "base/checked.h"
#include "arch/arch.h"

#include <elf.h>
#include <string.h>

/* The kernel is mapped by sections of 2 MiB on x86_64, by 64 KiB at least on arm64. */
#define X86_ALIGN   (UINT64_C(2) << 20)
#define ARM64_ALIGN (UINT64_C(64) << 10)
#define PHYS_MAX    (UINT64_C(1) << 52)

/* arm64's image header: flags at 24, of which bits 1 and 2 give the page size. */
#define IMAGE_FLAGS 24
#define IMAGE_MAGIC 56

static void learn_release(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	static const char start[] = "Linux version ";
	size_t length;

	if (!vmlinux->banner || strncmp(vmlinux->banner, start, sizeof(start) - 1) != 0)
		return;
	length = strcspn(vmlinux->banner + sizeof(start) - 1, " ");
	if (!length || length >= sizeof(build->release))
		return;
	memcpy(build->release, vmlinux->banner + sizeof(start) - 1, length);
	build->version = kmd_release_version(build->release);
}

static uint64_t page_size_of_flags(uint64_t flags)
{
	static const uint64_t sizes[] = { 0, 4096, 16384, 65536 };

	return sizes[flags >> 1 & 3];
}

static void learn_page_size(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	unsigned char header[IMAGE_MAGIC + 4];
	uint64_t flags;

	if (build->machine == EM_X86_64)
		build->page_size = 4096;
	if (build->machine != EM_AARCH64)
		return;
	if (kmd_vmlinux_symbol(vmlinux, "_kernel_flags_le_lo32", &flags))
		build->page_size = page_size_of_flags(flags);
	else if (build->text && kmd_vmlinux_bytes(vmlinux, build->text, header, sizeof(header)) &&
		 !memcmp(header + IMAGE_MAGIC, "ARM\x64", 4))
		build->page_size = page_size_of_flags(header[IMAGE_FLAGS]);
}

static bool has_symbol(const struct kmd_vmlinux *vmlinux, const char *name)
{
	uint64_t value;

	return kmd_vmlinux_symbol(vmlinux, name, &value);
}

/* A level that is folded into the one above has no allocator. */
static unsigned int table_levels(const struct kmd_vmlinux *vmlinux)
{
	if (has_symbol(vmlinux, "__p4d_alloc"))
		return 5;
	if (has_symbol(vmlinux, "__pud_alloc"))
		return 4;
	return has_symbol(vmlinux, "__pmd_alloc") ? 3 : 2;
}

/*
 * The image lies in the first GiBs of the upper half, whose size is that of VA_BITS_MIN
 * (48, or 47 with 16 KiB pages, where VA_BITS is 52).
 */
static void learn_va_bits(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	unsigned int levels, ones = 0;

	if (build->machine != EM_AARCH64 || !build->text || !build->page_size)
		return;
	while (ones < 63 && build->text >> (63 - ones) & 1)
		ones++;
	if (ones < 12 || ones > 29)
		return;
	build->va_bits = build->va_bits_min = 64 - ones + 1;
	levels = table_levels(vmlinux);
	if ((build->page_size == 4096 && levels == 5) ||
	    (build->page_size == 16384 && levels == 4 && build->va_bits_min == 47))
		build->va_bits = 52;
	else if (build->page_size == 65536 && build->va_bits_min == 48)
		/* Until 6.8 a variable where they are chosen at boot; not told since. */
		build->va_bits = build->version >= 0x601 && build->version < 0x609
					 ? (has_symbol(vmlinux, "vabits_actual") ? 52 : 48)
					 : 0;
}

void kmd_build_read(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	memset(build, 0, sizeof(*build));
	if (!vmlinux)
		return;
	build->machine = vmlinux->machine;
	learn_release(vmlinux, build);
	if (!kmd_vmlinux_symbol(vmlinux, "_text", &build->text) ||
	    !kmd_vmlinux_symbol(vmlinux, "_end", &build->end) || build->end <= build->text)
		build->text = build->end = 0;
	learn_page_size(vmlinux, build);
	learn_va_bits(vmlinux, build);
}

uint64_t kmd_build_align(const struct kmd_build *build)
{
	return build->machine == EM_X86_64 ? X86_ALIGN : ARM64_ALIGN;
}

bool kmd_build_kaslr_ok(const struct kmd_build *build, uint64_t kaslr)
{
	unsigned int bits = build->va_bits_min ? build->va_bits_min : 52;

	if (kaslr & (kmd_build_align(build) - 1))
		return false;
	if (build->machine == EM_X86_64)
		return kaslr < KMD_X86_KERNEL_MAX;
	return kaslr < UINT64_C(1) << (bits - 1);
}

bool kmd_build_image_delta_ok(const struct kmd_build *build, uint64_t place)
{
	return !(place & (kmd_build_align(build) - 1)) && build->text - place < PHYS_MAX;
}

bool kmd_build_is_image(const struct kmd_build *build, uint64_t virt)
{
	if (build->machine == EM_X86_64)
		return virt >= KMD_X86_KERNEL_MAP && virt - KMD_X86_KERNEL_MAP < KMD_X86_KERNEL_MAX;
	return build->va_bits_min && virt >= kmd_build_page_offset(build->va_bits_min - 1);
}

uint64_t kmd_build_page_offset(unsigned int va_bits)
{
	return va_bits < 64 ? 0 - (UINT64_C(1) << va_bits) : 0;
}
