/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* elf_kit.h - small ELF files, written by hand so that they can also be invalid. */
#ifndef KMD_TESTS_UNIT_ELF_KIT_H
#define KMD_TESTS_UNIT_ELF_KIT_H

#include "kit.h"
#include "elf/vmlinux.h"

#include <elf.h>

struct elf_section {
	const char *name;
	uint32_t type;
	uint64_t flags, addr;
	const void *data;
	size_t size;
	uint32_t link; /* number of a section; the first given one is 1 */
	uint64_t entsize;
};

/* A 64-bit ELF file.  Loaded sections have the same order and distance as in memory. */
void elf_make(struct bytes *out, uint16_t type, uint16_t machine,
	      const struct elf_section *sections, size_t n);
void elf_symbol(struct bytes *out, uint32_t name, uint8_t info, uint16_t section, uint64_t value,
		uint64_t size);
void elf_rela(struct bytes *out, uint64_t at, uint32_t type, uint64_t addend);
/* The note of a build-id. */
void elf_build_id(struct bytes *out, const void *id, size_t size);

/* A kernel with some of its parts. */
struct kernel_spec {
	bool content, symbols, dwarf;
	const char *build_id; /* as in the note; NULL = none */
	const char *debug_link;
	uint32_t debug_crc;
};

#define KERNEL_TEXT   0xffff800008000000ull
#define KERNEL_BANNER "Linux version 1.2.3 (kit)"

void kernel_make(struct bytes *out, const struct kernel_spec *spec);

/* Write a file and make its folders; returns its path, valid as long as those of kit.h. */
const char *file_with(const char *name, const void *bytes, size_t size);
/* Path of tests/fixtures/vmlinux/NAME.zst. */
const char *vmlinux_fixture(const char *name);
/* Its bytes, unpacked. */
void vmlinux_fixture_read(const char *name, struct bytes *out);

#endif
