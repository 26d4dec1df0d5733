/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* paging.h - the format of a kernel's page tables. */
#ifndef KMD_ARCH_PAGING_H
#define KMD_ARCH_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where an entry holds the bits of a physical address. */
enum kmd_pa_layout {
	KMD_PA_X86_64,   /* 51:12 */
	KMD_PA_ARM64,    /* 47:page */
	KMD_PA_ARM64_64, /* 47:16, and 51:48 in bits 15:12; zero where the processor has 48 */
	KMD_PA_ARM64_L2, /* LPA2: 49:page, and 51:50 in bits 9:8 */
	KMD_PA_RISCV,    /* 55:12, in bits 53:10 */
	KMD_PA_ARM,      /* 32-bit arm, short descriptors: 31:12, in entries of 4 bytes */
	KMD_PA_ARM_LPAE, /* 32-bit arm, long descriptors: 39:12 */
};

struct kmd_paging {
	enum kmd_pa_layout layout;
	bool big_endian;
	unsigned int page_shift; /* a table fills a page */
	unsigned int va_bits;    /* of the virtual addresses in use */
	/* Bits that index the tables from the root on: more than va_bits where the kernel lays
	 * its root out for 52 bits, and gives the processor only the end of it. */
	unsigned int root_bits;
	unsigned int levels;
	unsigned int pa_bits; /* no memory lies at or above this */
	uint64_t encrypted;   /* AMD's C-bit, which is not part of an address */
	uint64_t low;         /* the kernel's addresses begin here; 0 = in the upper half */
	uint64_t root;        /* physical address of swapper_pg_dir */
	uint64_t root_virt;   /* its address in the image */
};

#endif
