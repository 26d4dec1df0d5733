/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * vmcoreinfo.h - what the dumped kernel wrote of itself, "KEY=VALUE" a line.
 *
 * Source: Linux kernel/vmcore_info.c (until 6.8 kernel/crash_core.c) and
 * arch/.../kernel/ of the same name.
 */
#ifndef KMD_VMCOREINFO_VMCOREINFO_H
#define KMD_VMCOREINFO_VMCOREINFO_H

#include "memory/scan.h"

/* The kernel keeps the text in one page; no page is larger than this. */
#define KMD_VMCOREINFO_MAX 65536

struct kmd_vmcoreinfo {
	char *text; /* NULL = none found */
	size_t length;
	char *origin; /* for people: where it was found */
	bool cut;     /* it ends in the middle of a line */
	bool rival;   /* another text differs */
	/* All of memory was searched.  It is read once: what panics print was looked for, too. */
	bool searched;
	struct kmd_hits panic_texts;
};

/* In the notes of an input that is a core, else at the start of a blob or claim. */
enum kmd_status kmd_vmcoreinfo_from_claims(const struct kmd_image *image,
					   const struct kmd_claims *claims, struct kmd_diag *diag,
					   struct kmd_vmcoreinfo *info);
/* Of much memory: what the only kernel in it points to (follow.h); else, anywhere in it. */
enum kmd_status kmd_vmcoreinfo_search(const struct kmd_memory *memory, struct kmd_diag *diag,
				      struct kmd_vmcoreinfo *info);
/* The findings about a text that was found; the functions above report them. */
enum kmd_status kmd_vmcoreinfo_say(const struct kmd_vmcoreinfo *info, struct kmd_diag *diag);
void kmd_vmcoreinfo_deinit(struct kmd_vmcoreinfo *info);

/* The value of @key; not terminated.  False if there is no such line. */
bool kmd_vmcoreinfo_get(const struct kmd_vmcoreinfo *info, const char *key, const char **value,
			size_t *length);
/* A decimal, possibly negative, or 0x number: NUMBER(), SIZE(), OFFSET(), LENGTH(), PAGESIZE. */
bool kmd_vmcoreinfo_number(const struct kmd_vmcoreinfo *info, const char *key, uint64_t *number);
/* A bare hexadecimal: SYMBOL(), KERNELOFFSET. */
bool kmd_vmcoreinfo_hex(const struct kmd_vmcoreinfo *info, const char *key, uint64_t *number);
/* How far KASLR moved the image; false if the text does not tell. */
bool kmd_vmcoreinfo_kaslr(const struct kmd_vmcoreinfo *info, uint64_t *kaslr);
/* The highest SYMBOL() in [low, high); 0 = none. */
uint64_t kmd_vmcoreinfo_top_symbol(const struct kmd_vmcoreinfo *info, uint64_t low, uint64_t high);
/* A hint for each SYMBOL(). */
enum kmd_status kmd_vmcoreinfo_hints(const struct kmd_vmcoreinfo *info, struct kmd_diag *diag,
				     struct kmd_hints *hints);
/*
 * A finding if KELF's addresses are those of another boot than VMCOREINFO's; @claims
 * then has it.  @hints: the maps and symbols of VMCOREINFO, no others.
 */
enum kmd_status kmd_vmcoreinfo_check_boots(const struct kmd_vmcoreinfo *info,
					   const struct kmd_hints *hints, struct kmd_diag *diag,
					   struct kmd_claims *claims);

/* Length of the sound text at the start of @bytes, whole lines only; 0 = this is none. */
size_t kmd_vmcoreinfo_measure(const char *bytes, size_t size);

/* A kernel version as one number, to be compared. */
#define KMD_VERSION_OF(major, minor) ((unsigned int)(major) << 8 | (minor))

/* KMD_VERSION_OF() of OSRELEASE; 0 if it cannot be read. */
unsigned int kmd_kernel_version(const struct kmd_vmcoreinfo *info);
/* The same of a release as uname -r prints it. */
unsigned int kmd_release_version(const char *release);

#endif
