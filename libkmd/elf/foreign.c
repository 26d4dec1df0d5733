/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What people take for a vmlinux: kernels as boot loaders load them, and lists of symbols. */
#include "elf/elf_file.h"

#include <ctype.h>
#include <string.h>

#define ELF_NEEDED "; the ELF file with symbols is needed"

struct mark {
	size_t at, length;
	const char *bytes, *what;
};

/*
 * Sources: Linux Documentation/arch/x86/boot.rst, arch/arm64/booting.rst, arch/riscv/
 * boot-image-header.rst, drivers/firmware/efi/libstub/zboot-header.S, arch/arm/boot/
 * compressed/head.S; U-Boot include/image.h; Android system/tools/mkbootimg.
 */
static const struct mark marks[] = {
	{ 0x202, 4, "HdrS", "this is a compressed boot image (vmlinuz)" ELF_NEEDED },
	{ 0x04, 4, "zimg", "this is a compressed boot image (vmlinuz)" ELF_NEEDED },
	{ 0x24, 4, "\x18\x28\x6f\x01", "this is a compressed boot image (zImage)" ELF_NEEDED },
	{ 0x38, 4, "ARM\x64", "this is a boot image (arm64 Image)" ELF_NEEDED },
	{ 0x38, 4, "RSC\x05", "this is a boot image (riscv Image)" ELF_NEEDED },
	{ 0, 4, "\x27\x05\x19\x56", "this is a boot image (uImage)" ELF_NEEDED },
	{ 0, 8, "ANDROID!", "this is an Android boot image" ELF_NEEDED },
	{ 0, 2, "MZ", "this is a boot image (EFI)" ELF_NEEDED },
	{ 0, 8, "!<arch>\n", "this is an archive or a Debian package" ELF_NEEDED },
};

/* "ffffffff81000000 T _text" */
static bool is_system_map(const unsigned char *head, size_t size)
{
	size_t digits = 0;

	while (digits < size && isxdigit(head[digits]))
		digits++;
	return (digits == 8 || digits == 16) && digits + 3 < size && head[digits] == ' ' &&
	       isalpha(head[digits + 1]) && head[digits + 2] == ' ';
}

const char *kmd_elf_file_foreign(const unsigned char *head, size_t size)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const struct mark *mark = &marks[i];

		if (mark->at + mark->length <= size &&
		    !memcmp(head + mark->at, mark->bytes, mark->length))
			return mark->what;
	}
	if (is_system_map(head, size))
		return "this is a System.map" ELF_NEEDED;
	return NULL;
}
