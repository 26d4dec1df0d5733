/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* views.h - the virtual addresses of captured memory. */
#ifndef KMD_TARGET_VIEWS_H
#define KMD_TARGET_VIEWS_H

#include "kernel/kernel.h"
#include "pagetable/walk.h"

enum kmd_view_kind {
	KMD_VIEW_LINEAR,  /* by the linear map */
	KMD_VIEW_IMAGE,   /* by the kernel image's map */
	KMD_VIEW_OTHER,   /* as a region was registered or as page tables have it: vmalloc, modules;
			   * or   no map is known */
	KMD_VIEW_LINK,    /* the image at its link addresses, where nothing else is */
	KMD_VIEW_VIRTUAL, /* memory of which no physical address is known */
};

/* [virt, virt + size) shows the captured memory at phys; no two views overlap. */
struct kmd_view {
	uint64_t virt, phys, size;
	enum kmd_view_kind kind;
};

struct kmd_views {
	struct kmd_view *items; /* by virtual address */
	size_t n;
};

/*
 * Every captured byte by every virtual address that is known for it.  Where two
 * sources give one virtual address different memory, the kernel's maps win over a
 * region's own entry, that one over page tables (@mappings, or NULL), and that is a
 * finding.
 */
enum kmd_status kmd_views_build_mapped(const struct kmd_memory *memory,
				       const struct kmd_kernel_facts *facts,
				       const struct kmd_mappings *mappings, struct kmd_diag *diag,
				       struct kmd_views *views);
/* The same without page tables. */
enum kmd_status kmd_views_build(const struct kmd_memory *memory,
				const struct kmd_kernel_facts *facts, struct kmd_diag *diag,
				struct kmd_views *views);
/* The view that holds @virt, or NULL. */
const struct kmd_view *kmd_views_find(const struct kmd_views *views, uint64_t virt);
/*
 * Read by virtual address.  KMD_ERR_NOT_FOUND, without a sentence, if a byte was not
 * captured; *@missing is then the first such address.
 */
enum kmd_status kmd_views_read(const struct kmd_views *views, const struct kmd_memory *memory,
			       uint64_t virt, void *buffer, uint64_t length, uint64_t *missing,
			       struct kmd_diag *diag);
void kmd_views_deinit(struct kmd_views *views);

#endif
