/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* fake_kit.h - a kernel image made by hand: its vmlinux, and the captured part. */
#ifndef KMD_TESTS_UNIT_FAKE_KIT_H
#define KMD_TESTS_UNIT_FAKE_KIT_H

#include "kit.h"
#include "elf/vmlinux.h"

#define FAKE_SYMBOLS 64
#define FAKE_SIZE    0x40000
#define FAKE_CODE    0x3f000 /* from here on, .text; before it, .data */

struct fake {
	uint16_t machine;
	uint64_t text;                   /* link address of _text and of .image[0] */
	unsigned char image[FAKE_SIZE];  /* as linked */
	unsigned char memory[FAKE_SIZE]; /* as it runs */
	struct {
		const char *name;
		uint64_t link;
	} symbols[FAKE_SYMBOLS];
	size_t n;
	bool data_is_dynsym; /* the name of .data */
};

/* Zeroes, and the symbols _text and _end. */
void fake_init(struct fake *fake, uint16_t machine, uint64_t text);
/* A symbol @offset into the image. */
void fake_symbol(struct fake *fake, const char *name, size_t offset);
void fake_absolute(struct fake *fake, const char *name, uint64_t value);
void fake_text(struct fake *fake, size_t offset, const char *text);
/* Write to vmlinux and memory, or to memory only. */
void fake_word(struct fake *fake, size_t offset, uint64_t value);
void fake_set(struct fake *fake, size_t offset, uint64_t value, size_t width);
/* A pointer to @to bytes into the image, in vmlinux as linked, in memory moved by @kaslr. */
void fake_pointer(struct fake *fake, size_t offset, size_t to, uint64_t kaslr);
/* Write the vmlinux and open it. */
void fake_open(const struct fake *fake, struct kmd_vmlinux *vmlinux);

#endif
