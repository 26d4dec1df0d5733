/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * boot.h - the values that one boot of a kernel gave itself, and who told them.
 *
 * Where the kernel lies (KASLR), how physical addresses become virtual ones, what
 * the processor has switched on: VMCOREINFO says it, but a dump may lack that.
 * Then several others know: registered addresses, the log, variables in captured
 * memory.  Each tells what it knows (a witness); the values are what most say.
 */
#ifndef KMD_KERNEL_RUNTIME_H
#define KMD_KERNEL_RUNTIME_H

#include "vmcoreinfo/vmcoreinfo.h"
#include "elf/vmlinux.h"

enum kmd_runtime_key {
	KMD_RUNTIME_KASLR, /* KERNELOFFSET: run-time minus link-time address of the image */
	KMD_RUNTIME_KIMAGE_VOFFSET, /* arm64: virtual minus physical address of the image */
	KMD_RUNTIME_PHYS_BASE,      /* x86_64: physical address of link address START_KERNEL_MAP,
				     * plus KERNELOFFSET (the kernel's own phys_base) */
	KMD_RUNTIME_PHYS_OFFSET,    /* arm64: memstart_addr */
	KMD_RUNTIME_VA_BITS,        /* arm64: as built */
	KMD_RUNTIME_VABITS_ACTUAL,  /* arm64: in use; TCR_EL1.T1SZ is 64 minus this */
	KMD_RUNTIME_PAC_MASK,       /* arm64: KERNELPACMASK, 0 = not in use */
	KMD_RUNTIME_L5,             /* x86_64: pgtable_l5_enabled */
	KMD_RUNTIME_SME_MASK,       /* x86_64 */
	KMD_RUNTIME_PAGE_OFFSET,    /* x86_64: page_offset_base */
	KMD_N_RUNTIME_KEYS,
};

struct kmd_runtime_value {
	bool known;
	uint64_t value;
	size_t witnesses; /* that told exactly this; 0 = only a hint did, unconfirmed */
	char *witnessed;  /* their names, ", " between them; NULL = none */
};

struct kmd_runtime {
	struct kmd_runtime_value values[KMD_N_RUNTIME_KEYS];
};

/* What the user gave; it wins. */
struct kmd_runtime_given {
	bool has[KMD_N_RUNTIME_KEYS];
	uint64_t values[KMD_N_RUNTIME_KEYS];
};

/* Name of a key as kmd_set_value() and reports have it; crash's own where it has one. */
const char *kmd_runtime_key_name(enum kmd_runtime_key key);
/* False if there is no such key that a user may give. */
bool kmd_runtime_key_by_name(const char *name, enum kmd_runtime_key *key);

/*
 * Ask all witnesses.  @info may be without text, @vmlinux NULL (then fewer can speak).
 * Values that witnesses disagree on are a finding that names them; what most say is
 * taken, the user's word and VMCOREINFO's before that.  A value that nobody tells, or
 * that is undecided, stays unknown.  Searches the first GiB of captured memory.
 */
enum kmd_status kmd_runtime_resolve(const struct kmd_memory *memory,
				    const struct kmd_vmcoreinfo *info,
				    const struct kmd_vmlinux *vmlinux,
				    const struct kmd_runtime_given *given, struct kmd_diag *diag,
				    struct kmd_runtime *runtime);
void kmd_runtime_deinit(struct kmd_runtime *runtime);

/* True, with the value, if it is known; @boot may be NULL. */
bool kmd_runtime_get(const struct kmd_runtime *runtime, enum kmd_runtime_key key, uint64_t *value);

/*
 * The KASLR offset that most of the named claims tell against @vmlinux, for use before
 * there is memory; false if none does.
 */
bool kmd_runtime_kaslr_from_claims(const struct kmd_claims *claims,
				   const struct kmd_vmlinux *vmlinux, uint64_t *kaslr);

#endif
