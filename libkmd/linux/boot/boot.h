/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * boot.h - the values that one boot of a kernel gave itself, and who told them.
 *
 * Where the kernel lies (KASLR), how physical addresses become virtual ones, what
 * the processor has switched on: VMCOREINFO says it, but a dump may lack that.
 * Then several others know: registered addresses, the log, variables in captured
 * memory.  Each tells what it knows (a witness); the values are what most say.
 */
#ifndef KMD_LINUX_BOOT_BOOT_H
#define KMD_LINUX_BOOT_BOOT_H

#include "linux/vmcoreinfo/vmcoreinfo.h"
#include "linux/vmlinux/vmlinux.h"

enum kmd_boot_key {
	KMD_BOOT_KASLR,          /* KERNELOFFSET: run-time minus link-time address of the image */
	KMD_BOOT_KIMAGE_VOFFSET, /* arm64: virtual minus physical address of the image */
	KMD_BOOT_PHYS_BASE,      /* x86_64: physical address of link address START_KERNEL_MAP,
				  * plus KERNELOFFSET (the kernel's own phys_base) */
	KMD_BOOT_PHYS_OFFSET,    /* arm64: memstart_addr */
	KMD_BOOT_VA_BITS,        /* arm64: as built */
	KMD_BOOT_VABITS_ACTUAL,  /* arm64: in use; TCR_EL1.T1SZ is 64 minus this */
	KMD_BOOT_PAC_MASK,       /* arm64: KERNELPACMASK, 0 = not in use */
	KMD_BOOT_L5,             /* x86_64: pgtable_l5_enabled */
	KMD_BOOT_SME_MASK,       /* x86_64 */
	KMD_BOOT_PAGE_OFFSET,    /* x86_64: page_offset_base */
	KMD_N_BOOT_KEYS,
};

struct kmd_boot_value {
	bool known;
	uint64_t value;
	size_t witnesses; /* that told exactly this; 0 = only a hint did, unconfirmed */
	char *witnessed;  /* their names, ", " between them; NULL = none */
};

struct kmd_boot {
	struct kmd_boot_value values[KMD_N_BOOT_KEYS];
};

/* What the user gave; it wins. */
struct kmd_boot_given {
	bool has[KMD_N_BOOT_KEYS];
	uint64_t values[KMD_N_BOOT_KEYS];
};

/* Name of a key as kmd_set_value() and reports have it; crash's own where it has one. */
const char *kmd_boot_key_name(enum kmd_boot_key key);
/* False if there is no such key that a user may give. */
bool kmd_boot_key_by_name(const char *name, enum kmd_boot_key *key);

/*
 * Ask all witnesses.  @info may be without text, @vmlinux NULL (then fewer can speak).
 * Values that witnesses disagree on are a finding that names them; what most say is
 * taken, the user's word and VMCOREINFO's before that.  A value that nobody tells, or
 * that is undecided, stays unknown.  Searches the first GiB of captured memory.
 */
enum kmd_status kmd_boot_infer(const struct kmd_memory *memory, const struct kmd_vmcoreinfo *info,
			       const struct kmd_vmlinux *vmlinux,
			       const struct kmd_boot_given *given, struct kmd_diag *diag,
			       struct kmd_boot *boot);
void kmd_boot_deinit(struct kmd_boot *boot);

/* True, with the value, if it is known; @boot may be NULL. */
bool kmd_boot_get(const struct kmd_boot *boot, enum kmd_boot_key key, uint64_t *value);

/*
 * The KASLR offset that most of the named claims tell against @vmlinux, for use before
 * there is memory; false if none does.
 */
bool kmd_boot_kaslr_of_claims(const struct kmd_claims *claims, const struct kmd_vmlinux *vmlinux,
			      uint64_t *kaslr);

#endif
