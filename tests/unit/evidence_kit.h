/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* evidence_kit.h - kernels made by hand, the captured parts, and the inferred values. */
#ifndef KMD_TESTS_UNIT_EVIDENCE_KIT_H
#define KMD_TESTS_UNIT_EVIDENCE_KIT_H

#include "fake_kit.h"
#include "kernel/runtime.h"

#define BANNER    "Linux version 6.1.0-kit (me@here) (gcc) #1 SMP"
#define X86_TEXT  UINT64_C(0xffffffff81000000)
#define X86_KASLR UINT64_C(0x1c400000)
#define X86_PHYS  UINT64_C(0x0b600000)               /* of _text */
#define X86_BASE  (X86_PHYS - 0x1000000 - X86_KASLR) /* phys_base */
#define X86_MAP   UINT64_C(0xffff8a3d40000000)       /* page_offset_base */

#define ARM_TEXT  UINT64_C(0xffff800080000000)
#define ARM_KASLR UINT64_C(0x4b7d4ce10000)
#define ARM_PHYS  UINT64_C(0x40210000)
#define ARM_VOFF  (ARM_TEXT + ARM_KASLR - ARM_PHYS)

/* Offsets in the image. */
enum {
	AT_BANNER = 0x100,
	AT_UTS = 0x1000,
	AT_PHYS_BASE = 0x2000,
	AT_POINTERS = 0x3000,
	AT_L5 = 0x4000,
	AT_OFFSET_BASE = 0x4010,
	AT_SME = 0x4020,
	AT_JIFFIES = 0x5000,
	AT_NR_IRQS = 0x6000
};
enum {
	AT_VOFFSET = 0x2000,
	AT_MEMSTART = 0x2008,
	AT_CAPS = 0x2100,
	AT_FEATURES = 0x8000,
	AT_METACAP = 0x9000,
	CAPABILITY = 77
};

extern struct fake fake;
extern struct kmd_vmlinux vmlinux;
extern struct kmd_regions regions;
extern struct kmd_memory memory;
extern struct kmd_vmcoreinfo info;
extern struct kmd_runtime_given given;
extern struct kmd_runtime runtime;

void done(void);
void infer(void);
struct kmd_region_entry *add_image(const char *name, size_t offset, size_t size, uint64_t phys,
				   uint64_t kaslr);
void expect_value(enum kmd_runtime_key key, uint64_t value, size_t n_sources, const char *who);
void expect_unknown(enum kmd_runtime_key key);
void make_x86(void);
void make_arm(const char *levels);
void add_log(uint64_t phys, const char *offset, const char *phys_offset);

#endif
