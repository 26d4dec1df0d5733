/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "kernel/kernel.h"

#include "base/checked.h"
#include "kernel/uts.h"
#include "pagetable/pagetable.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PAGE_SIZE 4096

/* utsname lies a few words into its region at most (struct uts_namespace). */
#define UTS_SEARCH        256

/* Without the kref, a pointer to a user_namespace follows the utsname here. */
#define UTS_USER_NS       392

/* The utsname in the first bytes of a region, or NULL. */
static const char *find_uts(const char *bytes, size_t size)
{
	static const char sysname[] = "Linux";

	for (size_t at = 0; at + KMD_UTS_SIZE <= size; at += 4)
		if (!memcmp(bytes + at, sysname, sizeof(sysname)) && bytes[at + KMD_UTS_RELEASE] &&
		    memchr(bytes + at + KMD_UTS_MACHINE, '\0', KMD_UTS_FIELD))
			return bytes + at;
	return NULL;
}

static const struct kmd_arch *arch_of_uts(const struct kmd_memory *memory, struct kmd_diag *diag)
{
	const struct kmd_arch *arch = NULL;
	char bytes[UTS_SEARCH + KMD_UTS_SIZE];

	for (size_t i = 0; !arch && i < memory->regions->n; i++) {
		const struct kmd_region_entry *row = &memory->regions->rows[i];
		size_t size = (size_t)kmd_min_u64(row->pub.captured, sizeof(bytes));
		const char *uts;

		if (!kmd_region_entry_is_used(row) || size < KMD_UTS_SIZE ||
		    kmd_source_read(row->source, row->offset, bytes, size, diag) != KMD_OK)
			continue;
		uts = find_uts(bytes, size);
		if (uts)
			kmd_uts_mark(row->source, row->offset + (uint64_t)(uts - bytes), diag);
		if (uts)
			arch = kmd_arch_by_name(uts + KMD_UTS_MACHINE,
						strlen(uts + KMD_UTS_MACHINE));
	}
	return arch;
}

/*
 * A header's machine is one number, easily damaged; the kernel's text has many words
 * that only one machine uses.
 */
static enum kmd_status check_machine(const struct kmd_vmcoreinfo *info, struct kmd_diag *diag,
				     struct kmd_kernel_facts *facts)
{
	const struct kmd_arch *arch = kmd_arch_by_vmcoreinfo(info);
	uint16_t recorded = facts->machine;

	if (!arch || arch == facts->arch)
		return KMD_OK;
	facts->arch = arch;
	facts->machine = arch->machine;
	facts->elf_class = arch->elf_class;
	facts->big_endian = false;
	return kmd_report(diag, KMD_FIND_DISAGREE, KMD_DAMAGE, kmd_in(info->origin),
			  "the ELF header has machine %u, VMCOREINFO is from %s; using the latter",
			  recorded, arch->name);
}

static enum kmd_status detect_machine(const struct kmd_claims *claims,
				      const struct kmd_memory *memory,
				      const struct kmd_vmcoreinfo *info,
				      const struct kmd_vmlinux *vmlinux, struct kmd_diag *diag,
				      struct kmd_kernel_facts *facts)
{
	if (claims->machine) {
		facts->machine = claims->machine;
		facts->elf_class = claims->elf_class;
		facts->big_endian = claims->big_endian;
	} else if (vmlinux) {
		facts->machine = vmlinux->machine;
		facts->elf_class = vmlinux->elf_class;
		facts->big_endian = vmlinux->big_endian;
	}
	if (facts->machine) {
		facts->arch = kmd_arch_by_machine(facts->machine);
		return check_machine(info, diag, facts);
	}
	facts->arch = kmd_arch_by_vmcoreinfo(info);
	if (!facts->arch)
		facts->arch = arch_of_uts(memory, diag);
	if (facts->arch) {
		facts->machine = facts->arch->machine;
		facts->elf_class = facts->arch->elf_class;
	}
	return KMD_OK;
}

static char *copy_value(const struct kmd_vmcoreinfo *info, const char *key)
{
	const char *value;
	size_t length;

	if (!info->text || !kmd_vmcoreinfo_get(info, key, &value, &length))
		return NULL;
	return strndup(value, length);
}

static void read_page_size_and_kaslr(const struct kmd_vmcoreinfo *info,
				     const struct kmd_runtime *runtime, struct kmd_kernel *pub)
{
	uint64_t size;

	pub->page_size = DEFAULT_PAGE_SIZE;
	pub->has_kaslr_offset = kmd_runtime_get(runtime, KMD_RUNTIME_KASLR, &pub->kaslr_offset);
	if (!info->text)
		return;
	if (kmd_vmcoreinfo_number(info, "PAGESIZE", &size) && kmd_is_pow2(size) &&
	    size >= DEFAULT_PAGE_SIZE && size <= KMD_VMCOREINFO_MAX)
		pub->page_size = size;
	if (!pub->has_kaslr_offset)
		pub->has_kaslr_offset = kmd_vmcoreinfo_kaslr(info, &pub->kaslr_offset);
}

/* vmlinux knows exactly where the image ends; VMCOREINFO does not. */
static void bound_image(const struct kmd_vmlinux *vmlinux, struct kmd_kernel_facts *facts)
{
	uint64_t text, end;

	if (!facts->layout.image.known || !kmd_vmlinux_symbol(vmlinux, "_text", &text) ||
	    !kmd_vmlinux_symbol(vmlinux, "_end", &end) || end <= text)
		return;
	facts->layout.image.low = text + facts->pub.kaslr_offset;
	facts->layout.image.high = end + facts->pub.kaslr_offset;
}

/*
 * Without vmlinux: the image reaches as far as the last region that was registered
 * by an image address, or the last symbol that VMCOREINFO names.  A guess beyond
 * that could put one page's bytes at the address of another (modules, BPF).
 */
static void limit_image_extent(const struct kmd_memory *memory, const struct kmd_vmcoreinfo *info,
			       uint64_t page_size, struct kmd_map *image)
{
	uint64_t top = 0;

	for (size_t i = 0; image->known && i < memory->regions->n; i++) {
		const struct kmd_region *region = &memory->regions->rows[i].pub;

		if (region->has_virt && region->has_phys &&
		    region->virt - region->phys == image->delta && region->virt >= image->low &&
		    region->virt < image->high)
			top = kmd_max_u64(top, region->virt + region->captured);
	}
	if (!top)
		return;
	top = kmd_max_u64(top, kmd_vmcoreinfo_top_symbol(info, image->low, image->high));
	image->high = kmd_min_u64(image->high, kmd_align_up(top, page_size));
}

/*
 * Link addresses lie in the range of the image, below it; where KASLR moved it by less
 * than its size, some of them are others' run-time addresses: then there are no aliases.
 */
static void alias_link_addresses(struct kmd_kernel_facts *facts)
{
	const struct kmd_map *image = &facts->layout.image;
	uint64_t kaslr = facts->pub.kaslr_offset;

	if (!facts->arch || !facts->arch->link_aliases || !image->known ||
	    !facts->pub.has_kaslr_offset || image->high <= image->low ||
	    kaslr < image->high - image->low || kaslr > image->low)
		return;
	facts->layout.link = (struct kmd_map){ true, image->delta - kaslr, image->low - kaslr,
					       image->high - kaslr };
}

/* True, with *@phys, if the virtual address lies in the map. */
static bool translate(const struct kmd_map *map, uint64_t virt, uint64_t *phys)
{
	if (!map->known || virt < map->low || virt >= map->high)
		return false;
	*phys = virt - map->delta;
	return true;
}

/* init_uts_ns in the dump. */
struct uts {
	const struct kmd_memory *memory;
	const struct kmd_kernel_facts *facts;
	struct kmd_diag *diag;
	uint64_t virt, phys;
};

static bool find_init_uts_ns(const struct kmd_vmcoreinfo *info, struct uts *uts)
{
	const struct kmd_layout *layout = &uts->facts->layout;

	return kmd_vmcoreinfo_hex(info, "SYMBOL(init_uts_ns)", &uts->virt) &&
	       (translate(&layout->image, uts->virt, &uts->phys) ||
		translate(&layout->linear, uts->virt, &uts->phys));
}

/* Whether the release stands in the utsname at @offset in init_uts_ns. */
static enum kmd_status release_at(const struct uts *uts, uint64_t offset, bool *found)
{
	char field[KMD_UTS_FIELD];
	uint64_t phys, missing;
	enum kmd_status status;

	*found = false;
	if (!kmd_add_u64(uts->phys, offset, &phys) || !kmd_add_u64(phys, KMD_UTS_RELEASE, &phys))
		return KMD_ERR_NOT_FOUND;
	status = kmd_memory_read(uts->memory, phys, field, sizeof(field), &missing, uts->diag);
	*found = status == KMD_OK && !strncmp(field, uts->facts->pub.release, sizeof(field) - 1);
	return status;
}

/*
 * A kernel before 5.11 may have the struct of 5.11 by a backport.  Bytes of the older struct
 * that are misplaced by 4 look like it, apart from the pointer that follows the utsname.
 */
static bool has_backport(const struct uts *uts)
{
	const struct kmd_kernel_facts *facts = uts->facts;
	unsigned char word[8];
	uint64_t missing;

	if (facts->elf_class != ELFCLASS64 ||
	    kmd_memory_read(uts->memory, uts->phys + UTS_USER_NS, word, sizeof(word), &missing,
			    uts->diag) != KMD_OK)
		return false;
	return word[facts->big_endian ? 0 : 7] == 0xff && word[facts->big_endian ? 1 : 6] == 0xff;
}

/*
 * Whether the release stands where this kernel has it.  Without the key in VMCOREINFO, the
 * kernel's version gives the offset; without a version both offsets are possible.
 */
static enum kmd_status release_in_place(const struct uts *uts, const struct kmd_vmcoreinfo *info,
					bool *in_place)
{
	unsigned int version = kmd_kernel_version(info);
	enum kmd_status status;
	uint64_t offset;

	if (kmd_vmcoreinfo_number(info, "OFFSET(uts_namespace.name)", &offset))
		return release_at(uts, offset, in_place);
	if (version >= KMD_UTS_NO_KREF)
		return release_at(uts, 0, in_place);
	status = release_at(uts, KMD_UTS_KREF, in_place);
	if (status != KMD_OK || *in_place)
		return status;
	if (!version || has_backport(uts))
		status = release_at(uts, 0, in_place);
	return status;
}

/*
 * The one thing in every dump whose content is known beforehand: at init_uts_ns
 * there must be the release that VMCOREINFO names.  Shifted or misplaced bytes
 * (a cat of files with one missing) show here.
 */
static enum kmd_status check_release(const struct kmd_claims *claims,
				     const struct kmd_memory *memory,
				     const struct kmd_vmcoreinfo *info, bool accept_order,
				     struct kmd_diag *diag, const struct kmd_kernel_facts *facts)
{
	struct uts uts = { memory, facts, diag, 0, 0 };
	enum kmd_status status;
	bool in_place;

	if (!info->text || !facts->pub.release || !find_init_uts_ns(info, &uts))
		return KMD_OK;
	status = release_in_place(&uts, info, &in_place);
	if (status == KMD_ERR_NOT_FOUND)
		return KMD_OK;
	if (status != KMD_OK || in_place)
		return status;
	/* In a cat of files one in the wrong place moves all others. */
	if (claims->notes && !claims->notes_trusted && !accept_order)
		return kmd_fail(diag, KMD_ERR_DAMAGED, kmd_in(claims->notes->name),
				"the release of VMCOREINFO (\"%s\") is not at init_uts_ns, "
				"physical 0x%" PRIx64
				": region files are missing or out of order in this concatenated "
				"file; assemble the folder of files, or use --accept=order",
				facts->pub.release, uts.phys);
	return kmd_report(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
			  "init_uts_ns at virtual 0x%" PRIx64 ", physical 0x%" PRIx64
			  ", does not contain the release of VMCOREINFO (\"%s\"): bytes or "
			  "addresses of this dump are misplaced",
			  uts.virt, uts.phys, facts->pub.release);
}

static enum kmd_status check_found(const struct kmd_vmcoreinfo *info, struct kmd_diag *diag,
				   const struct kmd_kernel_facts *facts)
{
	enum kmd_status status = KMD_OK;

	if (!info->text)
		status = kmd_report(
			diag, KMD_FIND_VMCOREINFO, KMD_DAMAGE, kmd_in(NULL),
			"no VMCOREINFO in this dump: crash and drgn will not open the core");
	if (status == KMD_OK && facts->machine && !facts->arch)
		status = kmd_report(
			diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(NULL),
			"machine %u is not supported: only addresses recorded in the dump are used",
			facts->machine);
	return status;
}

enum kmd_status kmd_kernel_read(const struct kmd_claims *claims, const struct kmd_memory *memory,
				const struct kmd_vmcoreinfo *info,
				const struct kmd_runtime *runtime,
				const struct kmd_vmlinux *vmlinux, bool accept_order,
				struct kmd_diag *diag, struct kmd_kernel_facts *facts)
{
	enum kmd_status status;

	memset(facts, 0, sizeof(*facts));
	status = detect_machine(claims, memory, info, vmlinux, diag, facts);
	if (status != KMD_OK)
		return status;
	read_page_size_and_kaslr(info, runtime, &facts->pub);
	facts->pub.machine = facts->arch ? facts->arch->name : NULL;
	facts->pub.release = copy_value(info, "OSRELEASE");
	facts->pub.build_id = copy_value(info, "BUILD-ID");
	facts->pub.vmcoreinfo_source = info->origin;
	/* The maps of one boot do not apply to the memory of another. */
	if (facts->arch && !claims->two_boots)
		facts->arch->layout(info, runtime, memory, &facts->layout);
	if (vmlinux)
		bound_image(vmlinux, facts);
	else
		limit_image_extent(memory, info, facts->pub.page_size, &facts->layout.image);
	alias_link_addresses(facts);
	status = check_found(info, diag, facts);
	if (status == KMD_OK)
		status = check_release(claims, memory, info, accept_order, diag, facts);
	if (status != KMD_OK)
		kmd_kernel_deinit(facts);
	return status;
}

bool kmd_kernel_paging(const struct kmd_vmcoreinfo *info, const struct kmd_kernel_facts *facts,
		       struct kmd_paging *paging)
{
	uint64_t root_virt = kmd_paging_root_virt(info);

	/* The root is part of the image on all machines. */
	*paging = (struct kmd_paging){ 0 };
	return info->text &&
	       kmd_paging_format(info, facts->arch, facts->pub.page_size, facts->big_endian,
				 root_virt, paging) &&
	       facts->layout.image.known && root_virt &&
	       kmd_paging_place(paging, root_virt - facts->layout.image.delta);
}

void kmd_kernel_deinit(struct kmd_kernel_facts *facts)
{
	free((char *)facts->pub.release);
	free((char *)facts->pub.build_id);
	memset(facts, 0, sizeof(*facts));
}
