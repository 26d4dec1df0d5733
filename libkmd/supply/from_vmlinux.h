/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * from_vmlinux.h - memory that was not captured and that the kernel never changes, from vmlinux.
 *
 * No byte is supplied that may be another one in the dumped memory, but for text, which a
 * kernel patches while it starts:
 *   - Each section is compared with every captured byte of it.  One that differs is not
 *     supplied; text is, if it was asked for by name.
 *   - Unasked, a section is supplied only if it is proved: a quarter of it was captured, or
 *     4 KiB of tables that nothing moves (ORC, BTF), and all of that is as in the file.
 *   - Words that KASLR moves are moved by the relocations.  Where vmlinux has none
 *     (x86_64, stripped of them), words that may be addresses are left out, but for a few
 *     tables whose contents are known from the source; if the section was asked for and 1024 of
 *     them were captured, which all moved, the others do too.
 *   - The index of the ORC tables, and its length, are computed as the kernel does.
 *   - Never: .data, .bss, per-CPU areas, what is freed after the start (.init, .head.text),
 *     what is written while the kernel starts (__ro_after_init, the arm64 vDSO,
 *     .hyp.rodata), .notes (the kernel's build decides whether its addresses move).
 */
#ifndef KMD_SUPPLY_FROM_VMLINUX_H
#define KMD_SUPPLY_FROM_VMLINUX_H

#include "kernel/runtime.h"
#include "elf/sections.h"
#include "memory/supply.h"

enum kmd_completed_state {
	KMD_COMPLETED_WHOLE,     /* all of it was captured */
	KMD_COMPLETED_SUPPLIED,  /* ... what was not */
	KMD_COMPLETED_UNASKED,   /* could be; neither asked for nor proved */
	KMD_COMPLETED_DIFFERENT, /* is not what was captured: nothing supplied */
};

/* A section that can be supplied, and what became of it. */
struct kmd_completed {
	char name[KMD_SECTION_NAME];
	enum kmd_complete kind;
	enum kmd_completed_state state;
	uint64_t virt, phys, size; /* of the whole section, as it runs */
	uint64_t compared;         /* captured bytes whose value the file has */
	uint64_t words, differing; /* of 8 bytes: compared at least in part, and other ones */
	uint64_t first_differing;  /* its virtual address, if .differing */
	uint64_t supplied;         /* bytes */
	uint64_t left_out;         /* bytes neither captured nor supplied */
};

struct kmd_completion {
	struct kmd_completed *items; /* by address */
	size_t n, cap;
};

/*
 * Add to @supply what @wanted (enum kmd_complete, or-ed) asks for and what is proved;
 * nothing at all with KMD_COMPLETE_NONE.  Findings name what was asked for and cannot be
 * had, and in what share of words text differs.  @vmlinux must outlive @supply.
 */
enum kmd_status kmd_complete_from_vmlinux(const struct kmd_vmlinux *vmlinux,
					  const struct kmd_runtime *runtime,
					  const struct kmd_memory *captured, unsigned int wanted,
					  struct kmd_diag *diag, struct kmd_supply *supply,
					  struct kmd_completion *completion);
void kmd_completion_deinit(struct kmd_completion *completion);

/* "rodata", "text", "orc", "btf". */
const char *kmd_complete_name(enum kmd_complete kind);

#endif
