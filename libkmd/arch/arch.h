/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * arch.h - how each machine's kernel lays out its virtual memory.
 *
 * One machine = one row in arches[] (arch.c); its layout function knows which
 * VMCOREINFO keys give the linear map and the kernel image.
 */
#ifndef KMD_ARCH_ARCH_H
#define KMD_ARCH_ARCH_H

#include "arch/runtime.h"
#include "elf/vmlinux.h"
#include "vmcoreinfo/vmcoreinfo.h"

/*
 * Two maps, each as "virtual = physical + delta" modulo 2^64, for virtual
 * addresses in [low, high).
 */
struct kmd_map {
	bool known;
	uint64_t delta;
	uint64_t low, high;
};

struct kmd_layout {
	struct kmd_map linear; /* all of RAM */
	struct kmd_map image;  /* the kernel's own text and data */
	/* The image once more at its link addresses, where the kernel has nothing: gdb does
	 * not move a vmlinux that is ET_EXEC, and reads there. */
	struct kmd_map link;
};

struct kmd_arch {
	const char *name; /* as uname -m says */
	uint16_t machine; /* e_machine */
	unsigned char elf_class;
	/* True if the keys of @info are those of this machine's kernel. */
	bool (*matches_vmcoreinfo)(const struct kmd_vmcoreinfo *info);
	/*
	 * @layout comes zeroed; what cannot be told stays unknown.  What @boot tells goes
	 * before what @info does.  @boot and @memory are NULL as long as there are none.
	 */
	void (*layout)(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		       const struct kmd_memory *memory, struct kmd_layout *layout);
};

extern const struct kmd_arch kmd_arch_arm64;
extern const struct kmd_arch kmd_arch_x86_64;
extern const struct kmd_arch kmd_arch_riscv64;
extern const struct kmd_arch kmd_arch_arm;
extern const struct kmd_arch kmd_arch_i386;

const struct kmd_arch *kmd_arch_by_machine(uint16_t machine);
const struct kmd_arch *kmd_arch_by_name(const char *name, size_t length);
const struct kmd_arch *kmd_arch_by_vmcoreinfo(const struct kmd_vmcoreinfo *info);

/*
 * The maps that VMCOREINFO alone vouches for, as hints: of the image the part up to
 * the last symbol that it names.
 */
void kmd_arch_hints(const struct kmd_vmcoreinfo *info, struct kmd_hints *hints);

/* Major and minor of OSRELEASE as major << 8 | minor; 0 if it cannot be read. */
unsigned int kmd_kernel_version(const struct kmd_vmcoreinfo *info);
/* The same of a release as uname -r says it. */
unsigned int kmd_release_version(const char *release);

/* The value of this boot that @boot tells, or VMCOREINFO's NUMBER() @number. */
bool kmd_runtime_or_number(const struct kmd_runtime *runtime, enum kmd_runtime_key key,
			   const struct kmd_vmcoreinfo *info, const char *number, uint64_t *value);

/*
 * The commonest "virtual - physical" of regions whose virtual address lies in
 * [low, high) and whose delta is a multiple of @align.  For maps that the kernel
 * puts at a random place and does not write down.
 */
bool kmd_common_delta(const struct kmd_memory *memory, uint64_t low, uint64_t high, uint64_t align,
		      uint64_t *delta);

#endif
