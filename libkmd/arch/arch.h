/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * arch.h - the machines: one file each, with one table of operations.
 *
 * One machine = one row in arches[] (arch.c).
 */
#ifndef KMD_ARCH_ARCH_H
#define KMD_ARCH_ARCH_H

#include "elf/vmlinux.h"
#include "runtime/runtime.h"
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

struct kmd_build;
struct kmd_evidence;
struct kmd_generator;
struct kmd_generate_key;
struct kmd_paging;

/* What a machine's VMCOREINFO is generated with; see generator.h. */
struct kmd_arch_vmcoreinfo {
	const struct kmd_generate_key *keys; /* after those that all machines have */
	size_t n_keys;
	bool (*vmalloc_start)(const struct kmd_generator *generator, uint64_t *value);
	bool (*vmemmap)(const struct kmd_generator *generator, uint64_t *value);
	bool (*physmem_bits)(const struct kmd_generator *generator, uint64_t *value);
	bool (*section_bits)(const struct kmd_generator *generator, uint64_t *value);
};

/* One machine.  Members after .layout may be zero: then that is not known of the machine. */
struct kmd_arch {
	const char *name; /* as uname -m prints it */
	uint16_t machine; /* e_machine */
	unsigned char elf_class;
	/* True if the keys of @info are those of this machine's kernel. */
	bool (*matches_vmcoreinfo)(const struct kmd_vmcoreinfo *info);
	/*
	 * @layout comes zeroed; what is not known stays so.  @runtime wins over @info.
	 * @runtime and @memory are NULL as long as there are none.
	 */
	void (*layout)(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		       const struct kmd_memory *memory, struct kmd_layout *layout);

	/* KASLR: the image's offset is a multiple of this. */
	uint64_t kaslr_align;
	/*
	 * The image lies in [image_base, image_base + image_max) at any KASLR offset; 0 if
	 * only the bits of virtual addresses limit it.
	 */
	uint64_t image_base, image_max;
	/* The run-time value that gives the distance of virtual and physical addresses of the
	 * image. */
	bool has_image_key;
	enum kmd_runtime_key image_key;
	const char *image_variable; /* the kernel's variable of 8 bytes that holds it */
	/* gdb does not move this machine's vmlinux: the core has it at link addresses too. */
	bool link_aliases;
	/* The kernel's pointer to a CPU's interrupt stack leads to its end. */
	bool irq_stack_by_end;
	/* The image runs where it was linked. */
	bool no_kaslr;
	/*
	 * Where the linear map lies in physical memory is found by the page tables, which map
	 * their own root and the whole map.
	 */
	bool self_mapped;

	/* Page size and bits of virtual addresses of a build. */
	void (*read_build)(const struct kmd_vmlinux *vmlinux, struct kmd_build *build);
	/* Evidence: constants of the build, registered addresses, the kernel's variables. */
	void (*build_evidence)(struct kmd_evidence *evidence);
	void (*pair_evidence)(struct kmd_evidence *evidence);
	void (*variable_evidence)(struct kmd_evidence *evidence);
	/*
	 * The format of page tables, for .page_shift and .root_virt (0 = not known) of @paging;
	 * false if it is not known.
	 */
	bool (*read_paging)(const struct kmd_vmcoreinfo *info, struct kmd_paging *paging);
	const struct kmd_arch_vmcoreinfo *vmcoreinfo;
};

/*
 * Virtual minus physical addresses of the image, for the value of .image_key; and the value
 * for such a difference.
 */
static inline uint64_t kmd_arch_image_delta(const struct kmd_arch *arch, uint64_t value)
{
	return arch->image_key == KMD_RUNTIME_PHYS_BASE ? arch->image_base - value : value;
}

extern const struct kmd_arch_vmcoreinfo kmd_arm64_vmcoreinfo;
extern const struct kmd_arch_vmcoreinfo kmd_riscv64_vmcoreinfo;
extern const struct kmd_arch kmd_arch_arm64;
extern const struct kmd_arch kmd_arch_x86_64;
extern const struct kmd_arch kmd_arch_riscv64;
extern const struct kmd_arch kmd_arch_arm;
extern const struct kmd_arch kmd_arch_i386;

const struct kmd_arch *kmd_arch_by_machine(uint16_t machine);
const struct kmd_arch *kmd_arch_by_name(const char *name, size_t length);
const struct kmd_arch *kmd_arch_by_vmcoreinfo(const struct kmd_vmcoreinfo *info);

/*
 * The maps that VMCOREINFO alone gives, as hints: of the image the part up to
 * the last symbol that it names.
 */
void kmd_arch_hints(const struct kmd_vmcoreinfo *info, struct kmd_hints *hints);

/* The run-time value, or else VMCOREINFO's NUMBER() @number. */
bool kmd_runtime_or_number(const struct kmd_runtime *runtime, enum kmd_runtime_key key,
			   const struct kmd_vmcoreinfo *info, const char *number, uint64_t *value);

/*
 * The commonest "virtual - physical" of regions whose virtual address lies in
 * [low, high) and whose delta is a multiple of @align.  For maps that the kernel
 * puts at a random place and does not write down.
 */
bool kmd_common_delta(const struct kmd_memory *memory, uint64_t low, uint64_t high, uint64_t align,
		      uint64_t *delta);

/* VMCOREINFO's number of @key, if it lies in [@low, @high]; else @otherwise. */
unsigned int kmd_arch_number(const struct kmd_vmcoreinfo *info, const char *key, unsigned int low,
			     unsigned int high, unsigned int otherwise);

#endif
