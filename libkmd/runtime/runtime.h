/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * runtime.h - values that a kernel chooses at boot: where KASLR moved it, how physical
 * addresses become virtual ones, what the processor has switched on.
 */
#ifndef KMD_RUNTIME_RUNTIME_H
#define KMD_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kmd_runtime_key {
	KMD_RUNTIME_KASLR, /* KERNELOFFSET: run-time minus link-time address of the image */
	KMD_RUNTIME_KIMAGE_VOFFSET, /* arm64, arm: virtual minus physical address of the image;
				     * riscv64: the same, as va_kernel_pa_offset */
	KMD_RUNTIME_PHYS_BASE,      /* x86_64: physical address of link address START_KERNEL_MAP,
				     * plus KERNELOFFSET (the kernel's own phys_base) */
	KMD_RUNTIME_PHYS_OFFSET,    /* arm64: memstart_addr; riscv64: phys_ram_base */
	KMD_RUNTIME_VA_BITS,        /* arm64: as built; riscv64: in use */
	KMD_RUNTIME_VABITS_ACTUAL,  /* arm64: in use; TCR_EL1.T1SZ is 64 minus this */
	KMD_RUNTIME_PAC_MASK,       /* arm64: KERNELPACMASK, 0 = not in use */
	KMD_RUNTIME_L5,             /* x86_64: pgtable_l5_enabled */
	KMD_RUNTIME_SME_MASK,       /* x86_64 */
	KMD_RUNTIME_PAGE_OFFSET,    /* x86_64: page_offset_base; riscv64 */
	KMD_RUNTIME_LINEAR_END,     /* arm: high_memory, where the linear map ends */
	KMD_N_RUNTIME_KEYS,
};

struct kmd_runtime_value {
	bool known;
	uint64_t value;
	size_t n_sources; /* sources that give exactly this; 0 = only a hint does, unconfirmed */
	char *sources;    /* their names, ", " between them; NULL = none */
};

struct kmd_runtime {
	struct kmd_runtime_value values[KMD_N_RUNTIME_KEYS];
};

/* Values that the user gives; they win. */
struct kmd_runtime_given {
	bool has[KMD_N_RUNTIME_KEYS];
	uint64_t values[KMD_N_RUNTIME_KEYS];
};

/* Name of a key as kmd_set_value() and reports have it; crash's own where it has one. */
const char *kmd_runtime_key_name(enum kmd_runtime_key key);
/* False if there is no such key that a user may give. */
bool kmd_runtime_key_by_name(const char *name, enum kmd_runtime_key *key);
/* True, with the value, if it is known; @runtime may be NULL. */
bool kmd_runtime_get(const struct kmd_runtime *runtime, enum kmd_runtime_key key, uint64_t *value);
void kmd_runtime_deinit(struct kmd_runtime *runtime);

#endif
