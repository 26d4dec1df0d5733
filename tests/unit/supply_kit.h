/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* supply_kit.h - a vmlinux with sections, the running image, and the memory that is supplied. */
#ifndef KMD_TESTS_UNIT_SUPPLY_KIT_H
#define KMD_TESTS_UNIT_SUPPLY_KIT_H

#include "elf_kit.h"
#include "supply/from_vmlinux.h"

#define PHYS       UINT64_C(0x0b600000) /* of _text */
#define X86_KASLR  UINT64_C(0x1c400000)
#define ARM_KASLR  UINT64_C(0x4b7d4ce10000)
#define IMAGE_SIZE 0x40000

/* Offsets of sections in the image. */
enum {
	AT_HEAD = 0,
	AT_TEXT = 0x1000,
	TEXT_SIZE = 0x4000,
	AT_RODATA = 0x8000,
	RODATA_SIZE = 0xa000,
	AT_VDSO = AT_RODATA + 0x9000, /* [+0x800) */
	AT_WRITTEN = AT_RODATA + 0x9800,
	AT_NOTES = 0x12000,
	NOTES_SIZE = 0x100,
	AT_BTF = 0x13000,
	BTF_SIZE = 0x8000,
	AT_DATA = 0x20000,
	DATA_SIZE = 0x1000,
	AT_ORC_IP = 0x21000,
	ORC_N = 0x200,
	AT_ORC = 0x22000,
	AT_LOOKUP = 0x23000,
	LOOKUP_N = TEXT_SIZE / 256 + 1,
	AT_INIT = 0x30000,
	INIT_SIZE = 0x1000
};

extern uint64_t base; /* link address of the image */
extern uint64_t kaslr;
extern unsigned char image[IMAGE_SIZE]; /* as in the file */
extern unsigned char running[IMAGE_SIZE];
extern struct elf_section sections[16]; /* to be changed before vmlinux_write() */
extern size_t n_sections;
extern struct bytes file;
extern struct kmd_vmlinux vmlinux;
extern struct kmd_regions regions;
extern struct kmd_memory memory;
extern struct kmd_runtime runtime;
extern struct kmd_supply supply;
extern struct kmd_completion completion;
extern struct kmd_core_memory core;

/* An image of random bytes, the same in the file and in the running kernel. */
void begin(uint16_t machine);
void set_both(size_t at, uint64_t value, size_t width);
void set_file(size_t at, uint64_t value, size_t width);
void set_running(size_t at, uint64_t value, size_t width);
/* An address in the image, which KASLR moves. */
void pointer(size_t at, size_t to);
void symbol(const char *name, uint64_t value);
/* Number of the section of that name. */
uint32_t section_number(const char *name);
void add_section(const char *name, uint32_t type, uint64_t flags, const struct bytes *data,
		 uint32_t link, uint64_t entsize);
/* Make the file; a test may damage it before it is opened. */
void vmlinux_write(uint16_t type);
/* Places in .file: of a section header, of a symbol. */
size_t header_of(const char *name);
size_t symbol_of(const char *name);

void capture(size_t at, size_t size);
/* Make and open the file if needed, supply memory, and assemble the core. */
void complete(unsigned int wanted);
const struct kmd_completed *part(const char *name);
/* Number of bytes supplied in [at, at + size); each must be that of the running kernel. */
uint64_t supplied(size_t at, size_t size);
void end(void);

#endif
