/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "vmcore/plan.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/search.h"
#include "vmcore/notes.h"
#include "vmcore/segments.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Pages of neighbouring addresses, which lie side by side in the core. */
struct slots {
	uint64_t start, end; /* addresses, page-aligned */
	uint64_t offset;
};

struct layout {
	struct kmd_plan *plan;
	const struct kmd_memory *memory;
	struct kmd_diag *diag;
	uint64_t page;
	struct slots *phys, *virt;
	size_t n_phys, cap_phys, n_virt, cap_virt;
	uint64_t at; /* the next slot's offset */
};

static bool is_64(const struct kmd_plan *plan)
{
	return plan->elf_class == ELFCLASS64;
}

static uint64_t headers_size(const struct kmd_plan *plan, size_t n_loads)
{
	uint64_t n = n_loads + 1;
	uint64_t size = is_64(plan) ? sizeof(Elf64_Ehdr) + n * sizeof(Elf64_Phdr)
				    : sizeof(Elf32_Ehdr) + n * sizeof(Elf32_Phdr);

	/* Beyond PN_XNUM the count stands in section 0. */
	if (n >= PN_XNUM)
		size = kmd_align_up(size, 8) +
		       (is_64(plan) ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr));
	return kmd_align_up(size, 8);
}

/* ----- slots */

static bool place_piece(struct layout *layout, const struct kmd_interval *piece,
			struct slots **slots, size_t *n, size_t *cap)
{
	uint64_t start = kmd_align_down(piece->start, layout->page);
	/* The end of the last page of all would be 2^64. */
	uint64_t last = kmd_align_down(piece->end - 1, layout->page);
	struct slots *open = *n ? &(*slots)[*n - 1] : NULL;

	/* It ends at 2^64. */
	if (open && !open->end)
		return true;
	if (open && start <= open->end) {
		if (last >= open->end) {
			layout->at += last + layout->page - open->end;
			open->end = last + layout->page;
		}
		return true;
	}
	if (!KMD_ARRAY_RESERVE(*slots, *n, *cap))
		return false;
	(*slots)[(*n)++] = (struct slots){ start, last + layout->page, layout->at };
	layout->at += last + layout->page - start;
	return true;
}

static bool place_pieces(struct layout *layout)
{
	for (size_t i = 0; i < layout->memory->n_phys; i++)
		if (!place_piece(layout, &layout->memory->phys[i], &layout->phys, &layout->n_phys,
				 &layout->cap_phys))
			return false;
	for (size_t i = 0; i < layout->memory->n_virt; i++)
		if (!place_piece(layout, &layout->memory->virt[i], &layout->virt, &layout->n_virt,
				 &layout->cap_virt))
			return false;
	return true;
}

static uint64_t offset_of(const struct layout *layout, bool by_virt, uint64_t address)
{
	const struct slots *slots = by_virt ? layout->virt : layout->phys;
	size_t low = KMD_LOWER_BOUND(by_virt ? layout->n_virt : layout->n_phys, middle,
				     slots[middle].end - 1 < address);

	return slots[low].offset + (address - slots[low].start);
}

/* ----- what goes where */

static bool plan_chunks(struct layout *layout, bool physical)
{
	const struct kmd_interval *pieces = physical ? layout->memory->phys : layout->memory->virt;
	size_t n = physical ? layout->memory->n_phys : layout->memory->n_virt;
	struct kmd_plan *plan = layout->plan;

	for (size_t i = 0; i < n; i++) {
		struct kmd_chunk *chunk;

		if (!KMD_ARRAY_RESERVE(plan->chunks, plan->n_chunks, plan->cap_chunks))
			return false;
		chunk = &plan->chunks[plan->n_chunks++];
		chunk->offset = offset_of(layout, !physical, pieces[i].start);
		chunk->size = pieces[i].end - pieces[i].start;
		chunk->source = kmd_memory_bytes(layout->memory, &pieces[i], physical,
						 pieces[i].start, &chunk->from);
	}
	return true;
}

static bool plan_loads(struct layout *layout, const struct kmd_segments *segments)
{
	struct kmd_plan *plan = layout->plan;

	for (size_t i = 0; i < segments->n; i++) {
		const struct kmd_segment *segment = &segments->items[i];

		if (!KMD_ARRAY_RESERVE(plan->loads, plan->n_loads, plan->cap_loads))
			return false;
		plan->loads[plan->n_loads++] =
			(struct kmd_load){ segment->virt, segment->phys, segment->size,
					   offset_of(layout, segment->by_virt, segment->slot) };
	}
	return true;
}

/* ELF32 cannot name what lies above 4 GiB (LPAE); readers take ELF64 for it as well. */
static enum kmd_status choose_class(struct layout *layout, uint64_t data_size)
{
	const struct kmd_memory *memory = layout->memory;
	struct kmd_plan *plan = layout->plan;

	if (is_64(plan))
		return KMD_OK;
	if ((!memory->n_phys || memory->phys[memory->n_phys - 1].end <= UINT32_MAX) &&
	    data_size < UINT32_MAX / 2)
		return KMD_OK;
	plan->elf_class = ELFCLASS64;
	return kmd_report(layout->diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(NULL),
			  "addresses or data beyond 4 GiB do not fit an ELF32 core; writing ELF64");
}

static enum kmd_status place(struct layout *layout, const struct kmd_segments *segments)
{
	struct kmd_plan *plan = layout->plan;
	enum kmd_status status;
	uint64_t first;

	if (!place_pieces(layout))
		return kmd_fail_memory(layout->diag);
	status = choose_class(layout, layout->at);
	if (status != KMD_OK)
		return status;
	plan->headers_size = plan->notes_at = headers_size(plan, segments->n);
	first = kmd_align_up(plan->notes_at + plan->notes_size, layout->page);
	for (size_t i = 0; i < layout->n_phys; i++)
		layout->phys[i].offset += first;
	for (size_t i = 0; i < layout->n_virt; i++)
		layout->virt[i].offset += first;
	plan->file_size = first + layout->at;
	if (!plan_chunks(layout, true) || !plan_chunks(layout, false) ||
	    !plan_loads(layout, segments))
		return kmd_fail_memory(layout->diag);
	return KMD_OK;
}

static enum kmd_status check(const struct kmd_memory *memory, const struct kmd_kernel_facts *facts,
			     struct kmd_diag *diag)
{
	if (!memory->n_phys && !memory->n_virt)
		return kmd_fail(diag, KMD_ERR_DAMAGED, kmd_in(NULL),
				"no usable region in this dump");
	if (!facts->machine)
		return kmd_fail(diag, KMD_ERR_UNSUPPORTED, kmd_in(NULL),
				"the machine is not known (the dump has no KELF, VMCOREINFO or "
				"utsname): give the vmlinux (-x)");
	return KMD_OK;
}

/*
 * crash takes the lowest p_paddr for where RAM begins, on machines whose VMCOREINFO does not have
 * it: so there is an empty segment, where the kernel does not have its first bytes captured.
 */
static bool mark_ram_base(const struct kmd_memory *memory, const struct kmd_kernel_facts *facts,
			  struct kmd_segments *segments)
{
	const struct kmd_map *linear = &facts->layout.linear;
	uint64_t base = linear->low - linear->delta;

	if (!facts->arch || !facts->arch->self_mapped || !linear->known || !memory->n_phys ||
	    base >= memory->phys[0].start)
		return true;
	if (!KMD_ARRAY_RESERVE(segments->items, segments->n, segments->cap))
		return false;
	segments->items[segments->n++] = (struct kmd_segment){ .virt = linear->low,
							       .phys = base,
							       .slot = memory->phys[0].start };
	return true;
}

enum kmd_status kmd_plan_build(const struct kmd_memory *memory, const struct kmd_views *views,
			       const struct kmd_kernel_facts *facts,
			       const struct kmd_core_notes *carried,
			       const struct kmd_vmcoreinfo *info, struct kmd_diag *diag,
			       struct kmd_plan *plan)
{
	struct layout layout = {
		.plan = plan, .memory = memory, .diag = diag, .page = facts->pub.page_size
	};
	struct kmd_segments segments = { 0 };
	enum kmd_status status = check(memory, facts, diag);

	memset(plan, 0, sizeof(*plan));
	plan->machine = facts->machine;
	plan->elf_class = facts->elf_class;
	plan->big_endian = facts->big_endian;
	if (status == KMD_OK)
		status = kmd_notes_build(carried, info, diag, plan);
	if (status == KMD_OK)
		status = kmd_segments_build(memory, views, diag, &segments);
	if (status == KMD_OK && !mark_ram_base(memory, facts, &segments))
		status = kmd_fail_memory(diag);
	if (status == KMD_OK)
		status = place(&layout, &segments);
	kmd_segments_deinit(&segments);
	free(layout.phys);
	free(layout.virt);
	if (status != KMD_OK)
		kmd_plan_deinit(plan);
	return status;
}

void kmd_plan_deinit(struct kmd_plan *plan)
{
	free(plan->loads);
	free(plan->chunks);
	free(plan->notes);
	memset(plan, 0, sizeof(*plan));
}
