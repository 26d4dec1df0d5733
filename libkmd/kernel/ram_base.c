/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ram_base.c - where a RAM image lay, found from the kernel in it.
 *
 * Each image is laid at an address of its own choice (image/unplaced.c) and searched for something
 * whose true physical address the kernel wrote down.  Both addresses differ as the image's true
 * address differs from the chosen one.
 *
 *   with VMCOREINFO   the address of init_uts_ns, and the utsname with the release in it
 *   32-bit arm        the tables that map their own root, and the utsname or linux_banner at its
 *                     distance from them
 *   with a vmlinux    linux_banner, and the variable that holds the distance of virtual and
 *                     physical addresses of the image
 *
 * A kernel that is loaded for kexec has the same bytes and never ran: its table of pages is
 * still empty.
 */
#include "kernel/ram_base.h"

#include "arch/arch.h"
#include "arch/build.h"
#include "arch/image_reader.h"
#include "base/checked.h"
#include "kernel/runtime.h"
#include "kernel/uts.h"
#include "memory/scan.h"
#include "pagetable/pagetable.h"
#include "vmcoreinfo/follow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK     (1u << 20)
#define PAGE      4096 /* of the search: the smallest page */
#define FOUND_MAX 16

#define ADVICE    "give the address of its first byte: FILE@ADDR, or --ram-base"

/* What the search works on, and the true minus the chosen addresses that it found. */
struct search {
	const struct kmd_image *image;
	const struct kmd_memory *memory;
	const struct kmd_vmcoreinfo *info;
	const struct kmd_vmlinux *vmlinux;
	const struct kmd_kernel_site *site;
	struct kmd_diag *diag;
	struct {
		uint64_t shift, chosen;
	} found[FOUND_MAX];
	size_t n;
};

static void add_found(struct search *search, uint64_t real, uint64_t chosen)
{
	uint64_t shift = real - chosen;

	if (shift % PAGE)
		return;
	for (size_t i = 0; i < search->n; i++)
		if (search->found[i].shift == shift)
			return;
	if (search->n == FOUND_MAX)
		return;
	search->found[search->n].shift = shift;
	search->found[search->n++].chosen = chosen;
}

/* ----- with VMCOREINFO */

/* The utsname that is searched for: at this place in its page. */
struct wanted {
	char release[KMD_UTS_FIELD];
	uint64_t phys;
};

static bool is_utsname(const unsigned char *bytes, const char *release)
{
	return !memcmp(bytes, "Linux", sizeof("Linux")) &&
	       !strncmp((const char *)bytes + KMD_UTS_RELEASE, release, KMD_UTS_FIELD);
}

static enum kmd_status search_piece(struct search *search, const struct kmd_interval *piece,
				    const struct wanted *wanted, unsigned char *block)
{
	uint64_t into = (wanted->phys - piece->start) % PAGE, offset, left;
	const struct kmd_source *source;
	enum kmd_status status = KMD_OK;

	source = kmd_memory_bytes(search->memory, piece, true, piece->start, &offset);
	for (uint64_t at = 0; status == KMD_OK && at < piece->end - piece->start; at += BLOCK) {
		uint64_t end = offset + piece->end - piece->start;
		size_t size;

		/* Whole blocks: @into counts from the start of one. */
		at += kmd_align_down(kmd_source_skip_hole(source, offset + at, end) - offset - at,
				     BLOCK);
		left = piece->end - piece->start - at;
		size = (size_t)kmd_min_u64(left, BLOCK + KMD_UTS_SIZE);
		status = kmd_source_read(source, offset + at, block, size, search->diag);
		for (size_t in = (size_t)into;
		     status == KMD_OK && in < BLOCK && in + KMD_UTS_SIZE <= size; in += PAGE)
			if (is_utsname(block + in, wanted->release)) {
				add_found(search, wanted->phys, piece->start + at + in);
				kmd_uts_mark(source, offset + at + in, search->diag);
			}
	}
	return status;
}

static enum kmd_status search_utsname(struct search *search, const struct wanted *wanted)
{
	unsigned char *block = malloc(BLOCK + KMD_UTS_SIZE);
	enum kmd_status status = block ? KMD_OK : kmd_fail_memory(search->diag);

	for (size_t i = 0; status == KMD_OK && i < search->memory->n_phys; i++) {
		struct kmd_interval piece = search->memory->phys[i];

		/* A kernel that was found has its utsname there. */
		if (search->site->found) {
			piece.start = kmd_max_u64(piece.start, search->site->start);
			piece.end = kmd_min_u64(piece.end, search->site->end);
		}
		if (piece.start < piece.end)
			status = search_piece(search, &piece, wanted, block);
	}
	free(block);
	return status;
}

/* Physical address of a symbol of VMCOREINFO, in the image's map. */
static bool phys_of(const struct search *search, const char *symbol, uint64_t *phys)
{
	const struct kmd_arch *arch = kmd_arch_by_vmcoreinfo(search->info);
	struct kmd_layout layout;
	uint64_t virt;

	memset(&layout, 0, sizeof(layout));
	if (!arch || !kmd_vmcoreinfo_hex(search->info, symbol, &virt))
		return false;
	arch->layout(search->info, NULL, NULL, &layout);
	if (!layout.image.known || virt < layout.image.low || virt >= layout.image.high)
		return false;
	*phys = virt - layout.image.delta;
	return true;
}

static enum kmd_status find_by_vmcoreinfo(struct search *search)
{
	enum kmd_status status = KMD_OK;
	uint64_t offsets[2], init_uts_ns;
	struct wanted wanted = { { 0 }, 0 };
	const char *release;
	size_t length, n;

	if (!kmd_vmcoreinfo_get(search->info, "OSRELEASE", &release, &length) ||
	    length >= sizeof(wanted.release) ||
	    !phys_of(search, "SYMBOL(init_uts_ns)", &init_uts_ns))
		return KMD_OK;
	memcpy(wanted.release, release, length);
	n = kmd_uts_offsets(search->info, offsets);
	for (size_t i = 0; status == KMD_OK && i < n; i++) {
		wanted.phys = init_uts_ns + offsets[i];
		status = search_utsname(search, &wanted);
	}
	return status;
}

/* ----- with a vmlinux */

static void add_banner(struct search *search, const struct kmd_arch *arch, uint64_t kaslr,
		       uint64_t chosen)
{
	struct kmd_image_reader reader = { .memory = search->memory,
					   .vmlinux = search->vmlinux,
					   .diag = search->diag };
	uint64_t link, value;

	if (!kmd_vmlinux_symbol(search->vmlinux, "linux_banner", &link))
		return;
	reader.has_image_delta = true;
	reader.image_delta = link - chosen;
	if (kmd_image_reader_variable(&reader, arch->image_variable, 8, &value))
		add_found(search, link + kaslr - kmd_arch_image_delta(arch, value), chosen);
}

static enum kmd_status find_by_vmlinux(struct search *search)
{
	const char *const needles[] = { search->vmlinux->banner };
	struct kmd_runtime runtime;
	struct kmd_build build;
	struct kmd_hits hits;
	enum kmd_status status;
	uint64_t kaslr;

	kmd_build_read(search->vmlinux, &build);
	if (!build.arch || !build.arch->image_variable || !needles[0] || !*needles[0])
		return KMD_OK;
	status = kmd_runtime_resolve(search->memory, search->info, search->vmlinux, 0, NULL,
				     search->diag, &runtime);
	if (status != KMD_OK)
		return status;
	if (kmd_runtime_get(&runtime, KMD_RUNTIME_KASLR, &kaslr)) {
		status = kmd_scan(search->memory, needles, 1, search->diag, &hits);
		for (size_t i = 0; status == KMD_OK && i < hits.n; i++)
			if (hits.items[i].physical)
				add_banner(search, build.arch, kaslr, hits.items[i].address);
		if (status == KMD_OK)
			kmd_hits_deinit(&hits);
	}
	kmd_runtime_deinit(&runtime);
	return status;
}

/* ----- by page tables that map their own root */

#define BANNER_MAX 512

static bool has_utsname(const struct search *search, uint64_t delta)
{
	unsigned char bytes[KMD_UTS_SIZE];
	char wanted[KMD_UTS_FIELD] = { 0 };
	uint64_t offsets[2], virt, missing;
	const char *release;
	size_t length, n = kmd_uts_offsets(search->info, offsets);

	if (!kmd_vmcoreinfo_get(search->info, "OSRELEASE", &release, &length) ||
	    length >= sizeof(wanted) ||
	    !kmd_vmcoreinfo_hex(search->info, "SYMBOL(init_uts_ns)", &virt))
		return false;
	memcpy(wanted, release, length);
	for (size_t i = 0; i < n; i++)
		if (kmd_memory_read(search->memory, virt + offsets[i] - delta, bytes, sizeof(bytes),
				    &missing, search->diag) == KMD_OK &&
		    is_utsname(bytes, wanted))
			return true;
	return false;
}

static bool has_banner(const struct search *search, uint64_t delta)
{
	const char *banner = search->vmlinux->banner;
	size_t length = banner ? strlen(banner) : 0;
	char bytes[BANNER_MAX];
	uint64_t virt, missing;

	return length && length <= sizeof(bytes) &&
	       kmd_vmlinux_symbol(search->vmlinux, "linux_banner", &virt) &&
	       kmd_memory_read(search->memory, virt - delta, bytes, length, &missing,
			       search->diag) == KMD_OK &&
	       !memcmp(bytes, banner, length);
}

/* A root here is one whose machine's memory had both at another place. */
static void try_root(struct search *search, const struct kmd_paging *paging, uint64_t align,
		     uint64_t at)
{
	uint64_t root, virt = paging->root_virt;

	if (!kmd_paging_own_root(paging, search->memory, at, &root, search->diag) ||
	    (root ^ virt) & (align - 1))
		return;
	if (search->info->text ? has_utsname(search, virt - at) : has_banner(search, virt - at))
		add_found(search, root, at);
}

static void find_by_tables(struct search *search)
{
	const struct kmd_arch *arch = kmd_arch_by_vmcoreinfo(search->info);
	uint64_t virt = kmd_paging_root_virt(search->info);
	struct kmd_paging paging;
	struct kmd_build build;

	if (!search->info->text) {
		kmd_build_read(search->vmlinux, &build);
		arch = build.arch;
		if (!kmd_vmlinux_symbol(search->vmlinux, "swapper_pg_dir", &virt))
			return;
	}
	if (!arch || !arch->self_mapped ||
	    !kmd_paging_format(search->info, arch, PAGE, false, virt, &paging))
		return;
	for (size_t i = 0; i < search->memory->n_phys; i++) {
		const struct kmd_interval *piece = &search->memory->phys[i];

		for (uint64_t at = piece->start; piece->end - at >= PAGE; at += PAGE)
			try_root(search, &paging, arch->kaslr_align, at);
	}
}

/* ----- the result */

/* False if the kernel's table of pages is there and empty, with images at this distance. */
static bool has_run(const struct search *search, uint64_t shift)
{
	unsigned char entries[KMD_MEMORY_VALUE_MAX];
	uint64_t phys, missing;

	if (!phys_of(search, "SYMBOL(swapper_pg_dir)", &phys))
		return true;
	phys = (phys - shift) & ~(uint64_t)(PAGE - 1);
	for (uint64_t at = 0; at < PAGE; at += sizeof(entries)) {
		if (kmd_memory_read(search->memory, phys + at, entries, sizeof(entries), &missing,
				    search->diag) != KMD_OK)
			return true;
		for (size_t i = 0; i < sizeof(entries); i++)
			if (entries[i])
				return true;
	}
	return false;
}

static void drop_those_that_never_ran(struct search *search)
{
	size_t kept = 0;

	for (size_t i = 0; search->n > 1 && i < search->n; i++)
		if (has_run(search, search->found[i].shift))
			search->found[kept++] = search->found[i];
	if (kept)
		search->n = kept;
}

static void locate(const struct search *search, struct kmd_ram_base *base)
{
	uint64_t chosen = search->found[0].chosen;

	for (size_t i = 0; i < search->image->n_blobs; i++) {
		const struct kmd_blob *blob = &search->image->blobs[i];

		if (chosen >= blob->phys && chosen - blob->phys < blob->size) {
			base->blob = i;
			base->phys = blob->phys + search->found[0].shift;
		}
	}
}

static enum kmd_status not_found(const struct search *search, const char *name,
				 struct kmd_diag *diag)
{
	const struct kmd_image *image = search->image;
	const char *foreign = image->n_blobs == 1
				      ? kmd_image_foreign(image->blobs[0].source, search->diag)
				      : NULL;

	if (search->info->text)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(name),
				"a RAM image whose kernel does not show its physical address (the "
				"utsname is not where VMCOREINFO has it): " ADVICE);
	if (foreign)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(name),
				"not a kernel minidump: this is %s", foreign);
	return kmd_fail(
		diag, KMD_ERR_FORMAT, kmd_in(name),
		"not a kernel minidump: no partition image, ELF core, region folder, or RAM "
		"image with an SMEM area or a kernel's VMCOREINFO");
}

static enum kmd_status conclude(const struct search *search, const char *name,
				struct kmd_diag *diag, struct kmd_ram_base *base)
{
	uint64_t end;

	if (!search->n)
		return not_found(search, name, diag);
	locate(search, base);
	if (search->n > 1)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(name),
				"a RAM image whose kernels contradict each other: it may begin at "
				"physical 0x%" PRIx64 " or 0x%" PRIx64 ": " ADVICE,
				base->phys,
				base->phys + search->found[1].shift - search->found[0].shift);
	if (!kmd_add_u64(base->phys, search->image->blobs[base->blob].size, &end))
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(name),
				"a RAM image whose kernel gives an impossible address, 0x%" PRIx64
				": " ADVICE,
				base->phys);
	return KMD_OK;
}

static enum kmd_status find_in(struct search *search)
{
	enum kmd_status status = KMD_OK;

	if (search->info->text)
		status = find_by_vmcoreinfo(search);
	else if (search->vmlinux)
		status = find_by_vmlinux(search);
	if (status == KMD_OK && !search->n && (search->info->text || search->vmlinux))
		find_by_tables(search);
	if (status == KMD_OK)
		drop_those_that_never_ran(search);
	return status;
}

/* The images at their addresses, chosen or known, as memory. */
struct room {
	struct kmd_regions regions;
	struct kmd_memory memory;
	struct kmd_diag quiet; /* what is found here is found again later */
};

static void room_init(struct room *room, const struct kmd_diag *diag)
{
	memset(room, 0, sizeof(*room));
	kmd_diag_init(&room->quiet);
	room->quiet.progress = diag->progress;
	room->quiet.progress_user = diag->progress_user;
	room->quiet.marks = diag->marks;
}

static enum kmd_status room_build(struct room *room, const struct kmd_image *image)
{
	struct kmd_hints hints = { 0 };
	struct kmd_claims claims = { 0 };
	enum kmd_status status =
		kmd_regions_join(image, &claims, &hints, &room->quiet, &room->regions);

	if (status == KMD_OK)
		status = kmd_memory_build(&room->regions, &room->quiet, &room->memory);
	return status;
}

/* The sentence of an error moves to @diag. */
static enum kmd_status room_deinit(struct room *room, enum kmd_status status, struct kmd_diag *diag)
{
	if (status != KMD_OK)
		kmd_fail(diag, status, kmd_in(""), "%s", room->quiet.sentence);
	kmd_memory_deinit(&room->memory);
	kmd_regions_deinit(&room->regions);
	kmd_diag_deinit(&room->quiet);
	return status;
}

enum kmd_status kmd_ram_kernel_find(const struct kmd_image *image, struct kmd_diag *diag,
				    struct kmd_vmcoreinfo *info)
{
	struct kmd_kernel_site site = { 0 };
	enum kmd_status status;
	struct room room;

	memset(info, 0, sizeof(*info));
	room_init(&room, diag);
	status = room_build(&room, image);
	if (status == KMD_OK)
		status = kmd_vmcoreinfo_follow(&room.memory, &room.quiet, &site);
	if (status == KMD_OK && site.found)
		status = kmd_vmcoreinfo_at_site(&room.memory, &site, &room.quiet, info);
	return room_deinit(&room, status, diag);
}

static enum kmd_status find_quickly(struct search *search, struct kmd_kernel_site *site,
				    struct kmd_ram_base *base)
{
	enum kmd_status status = kmd_vmcoreinfo_follow(search->memory, search->diag, site);

	if (status != KMD_OK || !site->found)
		return status;
	status = kmd_vmcoreinfo_at_site(search->memory, site, search->diag, &base->info);
	if (status == KMD_OK)
		status = find_in(search);
	if (status == KMD_OK && search->n == 1)
		return KMD_OK;
	kmd_vmcoreinfo_deinit(&base->info);
	site->found = false;
	search->n = 0;
	return status;
}

enum kmd_status kmd_ram_base_find(const struct kmd_image *image, const struct kmd_vmlinux *vmlinux,
				  const char *name, bool quick, struct kmd_diag *diag,
				  struct kmd_ram_base *base)
{
	struct kmd_kernel_site site = { 0 };
	enum kmd_status status;
	struct room room;
	struct search search = { .image = image,
				 .memory = &room.memory,
				 .info = &base->info,
				 .vmlinux = vmlinux,
				 .site = &site,
				 .diag = &room.quiet };

	memset(base, 0, sizeof(*base));
	room_init(&room, diag);
	status = room_build(&room, image);
	if (status == KMD_OK)
		status = find_quickly(&search, &site, base);
	if (status == KMD_OK && !site.found && !quick)
		status = kmd_vmcoreinfo_search_all(&room.memory, &room.quiet, &base->info);
	if (status == KMD_OK && !site.found && !quick)
		status = find_in(&search);
	base->found = status == KMD_OK && (site.found || !quick);
	if (base->found)
		status = conclude(&search, name, diag, base);
	else if (status != KMD_OK)
		return room_deinit(&room, status, diag);
	room_deinit(&room, KMD_OK, diag);
	if (status != KMD_OK)
		kmd_vmcoreinfo_deinit(&base->info);
	return status;
}
