/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* small_core.h - an ELF core of three small regions, as input. */
#ifndef KMD_TESTS_API_SMALL_CORE_H
#define KMD_TESTS_API_SMALL_CORE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

/* Two adjacent regions, and one 0x40 bytes behind them; physical and virtual addresses. */
#define SMALL_PHYS UINT64_C(0x40000000)
#define SMALL_VIRT UINT64_C(0xffff800000000000)
#define SMALL_SIZE 16u /* of each */
#define SMALL_FAR  0x40u

extern const char small_info[]; /* its VMCOREINFO */

struct small_core {
	unsigned char bytes[1024];
	size_t size;
};

/* Region @i holds the letter 'a' + @i. */
void small_core_build(struct small_core *core);

/* From this machine's byte order, for any core that tests write. */
void little_endian_header(Elf64_Ehdr *header);
void little_endian_row(Elf64_Phdr *row);

#endif
