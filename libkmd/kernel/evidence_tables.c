/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Page tables that map their own root: where the linear map lies, of machines whose image is a
 * part of it.  Copies of the root map the original, so only one place fits.
 */
#include "kernel/evidence.h"

#include "base/checked.h"
#include "pagetable/pagetable.h"

#define WHO_TABLES "page tables"

/* Reads at places where a root may lie: those of 1 TiB at 2 MiB. */
#define TRIES_MAX  (UINT64_C(1) << 19)
/* The linear map is looked at in steps; its end is a multiple of them. */
#define STEP       (UINT64_C(1) << 20)
#define SPACE      (UINT64_C(1) << 32)
/* A kernel has one; more are of other kernels, or of a hostile dump. */
#define ROOTS_MAX  16

struct search {
	struct kmd_evidence *evidence;
	struct kmd_paging paging;
	uint64_t tries;
	unsigned int roots;
};

static bool maps(const struct search *search, uint64_t virt, uint64_t *phys)
{
	bool found;

	return kmd_paging_translate(&search->paging, search->evidence->memory, virt, &found, phys,
				    search->evidence->diag) == KMD_OK &&
	       found;
}

/* Both ends of a step: one page of vmalloc's may be where the linear map would have it. */
static bool is_linear(const struct search *search, uint64_t virt, uint64_t delta)
{
	uint64_t page = kmd_paging_page(&search->paging), phys;

	return maps(search, virt, &phys) && phys == virt - delta &&
	       maps(search, virt + STEP - page, &phys) && phys == virt + STEP - page - delta;
}

/* Whether a step's tables were captured; if not, it may be part of the linear map. */
static bool is_known(const struct search *search, uint64_t virt)
{
	bool captured, found;
	uint64_t phys;

	return kmd_paging_look(&search->paging, search->evidence->memory, virt, &captured, &found,
			       &phys, search->evidence->diag) == KMD_OK &&
	       captured;
}

/* There may be holes, where firmware has its own memory. */
static void add_end(const struct search *search, uint64_t delta)
{
	uint64_t end = 0;

	for (uint64_t virt = search->paging.root_virt & ~(STEP - 1); virt < SPACE; virt += STEP)
		if (is_linear(search, virt, delta))
			end = virt + STEP;
	/* CMA's memory has tables of pages, which only all of RAM has. */
	if (end && (end >= SPACE || is_known(search, end)))
		kmd_evidence_add(search->evidence, KMD_RUNTIME_LINEAR_END, end, WHO_TABLES,
				 KMD_WEIGHT_STRONG);
}

static void try_root(struct search *search, uint64_t root)
{
	const struct kmd_arch *arch = search->evidence->build.arch;
	uint64_t virt = search->paging.root_virt, phys;

	if (!kmd_paging_place(&search->paging, root) || !maps(search, virt, &phys) || phys != root)
		return;
	kmd_evidence_add(search->evidence, arch->image_key, virt - root, WHO_TABLES,
			 KMD_WEIGHT_STRONG);
	add_end(search, virt - root);
	search->roots++;
}

static void try_piece(struct search *search, const struct kmd_interval *piece)
{
	uint64_t align = search->evidence->build.arch->kaslr_align;
	uint64_t into = search->paging.root_virt & (align - 1);
	uint64_t root = kmd_align_down(piece->start, align) + into;

	if (root < piece->start)
		root += align;
	for (; root < piece->end && search->tries && search->roots < ROOTS_MAX;
	     root += align, search->tries--)
		try_root(search, root);
}

enum kmd_status kmd_evidence_from_tables(struct kmd_evidence *evidence)
{
	const struct kmd_arch *arch = evidence->build.arch;
	struct search search = { .evidence = evidence, .tries = TRIES_MAX };
	uint64_t virt = kmd_paging_root_virt(evidence->info);

	if (!arch || !arch->self_mapped ||
	    (!virt && !(evidence->vmlinux &&
			kmd_vmlinux_symbol(evidence->vmlinux, "swapper_pg_dir", &virt))) ||
	    !kmd_paging_format(evidence->info, arch, 4096, false, virt, &search.paging))
		return KMD_OK;
	for (size_t i = 0; i < evidence->memory->n_phys; i++)
		try_piece(&search, &evidence->memory->phys[i]);
	return KMD_OK;
}
