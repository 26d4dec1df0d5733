/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Candidates: one for each blob and for each claim with bytes; and KELF's entries by address. */
#include "region/join/join.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/search.h"
#include "base/text.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

struct candidate *kmd_join_add(struct join *join, const char *name, const char *file,
			       enum kmd_origin origin)
{
	struct candidate *candidate;

	if (!KMD_ARRAY_RESERVE(join->candidates, join->n, join->cap))
		return NULL;
	candidate = &join->candidates[join->n];
	memset(candidate, 0, sizeof(*candidate));
	candidate->name = strdup(name);
	candidate->file = strdup(file);
	if (!candidate->name || !candidate->file) {
		free(candidate->name);
		free(candidate->file);
		return NULL;
	}
	candidate->row.pub.origins = origin;
	join->n++;
	return candidate;
}

/* So many regions at one address are no kernel's; a hostile table must not cost its square. */
#define RUN_MAX 8

size_t kmd_join_find_kelf(const struct join *join, uint64_t phys, uint64_t size, bool exact)
{
	size_t low, other = SIZE_MAX, same = SIZE_MAX;

	/* A 32-bit KELF (LPAE) has only the lower half of an address. */
	if (join->claims->elf_class == ELFCLASS32)
		phys = (uint32_t)phys;
	low = KMD_LOWER_BOUND(join->n_kelf, middle, join->kelf[middle]->phys < phys);
	for (size_t end = low + RUN_MAX; low < end && low < join->n_kelf; low++) {
		if (join->kelf[low]->phys != phys)
			break;
		if (kmd_round4(join->kelf[low]->size) != kmd_round4(size)) {
			other = low;
			continue;
		}
		same = low;
		/* Several of one size: one that no other region has taken. */
		if (!join->kelf_used[low])
			break;
	}
	return same != SIZE_MAX || exact ? same : other;
}

static bool is_vmcoreinfo(const struct kmd_source *source, uint64_t offset, uint64_t size,
			  struct kmd_diag *diag)
{
	static const char start[] = "OSRELEASE=";
	char bytes[sizeof(start) - 1];

	/* The text is noted where it is read. */
	return size >= sizeof(bytes) &&
	       kmd_source_read(source, offset, bytes, sizeof(bytes), diag) == KMD_OK &&
	       !memcmp(bytes, start, sizeof(bytes));
}

static void classify(const struct join *join, const struct kmd_blob *blob,
		     struct candidate *candidate)
{
	candidate->auxiliary = blob->kind == KMD_BLOB_AUXILIARY ||
			       kmd_is_dump_info(blob, join->diag) ||
			       kmd_is_load_cmm(blob, join->diag) ||
			       kmd_text_has_prefix(candidate->name, ENCRYPTION_KEYS);
	candidate->is_metadata = kmd_is_kelf(blob->source, blob->offset, blob->size, join->diag) ||
				 is_vmcoreinfo(blob->source, blob->offset, blob->size, join->diag);
	kmd_vm_prefix(candidate->file, candidate->vm);
	candidate->is_unrelated = blob->origin == KMD_FROM_FILE &&
				  !kmd_text_has_prefix(candidate->file, "md_") &&
				  !kmd_text_has_suffix(candidate->file, ".bin");
}

static enum kmd_status add_blob(struct join *join, const struct kmd_blob *blob)
{
	char *name = kmd_region_name_of_file(blob->name);
	struct candidate *candidate =
		name ? kmd_join_add(join, name, blob->name, blob->origin) : NULL;

	free(name);
	if (!candidate)
		return kmd_fail_memory(join->diag);
	candidate->row.has_bytes = true;
	candidate->row.source = blob->source;
	candidate->row.offset = blob->offset;
	candidate->row.pub.size = blob->declared;
	candidate->row.pub.captured = blob->size;
	candidate->sized = blob->origin != KMD_FROM_FILE;
	candidate->invalid = blob->invalid;
	candidate->conflict = candidate->reported = blob->conflict;
	candidate->place = kmd_in(blob->source->name);
	/* The container reported that these bytes are cut; report it once. */
	candidate->reported |= blob->size < blob->declared || blob->invalid;
	candidate->recorded[ADDRESS_TABLE].made = blob->has_phys;
	candidate->recorded[ADDRESS_TABLE].phys = blob->phys;
	if (!candidate->conflict)
		classify(join, blob, candidate);
	return KMD_OK;
}

/* The virtual machine whose KELF was read is the one whose core is made. */
static void set_machines_apart(struct join *join)
{
	const char *chosen = NULL;

	for (size_t i = 0; i < join->n; i++)
		if (join->candidates[i].is_metadata && !join->candidates[i].vm[0] &&
		    kmd_name_is_kelf(join->candidates[i].name))
			chosen = "";
	for (size_t i = 0; i < join->n; i++) {
		struct candidate *candidate = &join->candidates[i];

		if (!candidate->vm[0] || !candidate->is_metadata ||
		    !kmd_name_is_kelf(candidate->name + strlen(candidate->vm) + 1))
			continue;
		if (!chosen)
			chosen = candidate->vm;
		if (candidate->other_vm || !strcmp(candidate->vm, chosen))
			continue;
		for (size_t j = 0; j < join->n; j++)
			join->candidates[j].other_vm |=
				!strcmp(join->candidates[j].vm, candidate->vm);
	}
	/* A prefix that no KELF bears is part of a name (md_0_wlan.BIN). */
	for (size_t i = 0; i < join->n; i++)
		if (!join->candidates[i].other_vm &&
		    (!chosen || strcmp(join->candidates[i].vm, chosen) != 0))
			join->candidates[i].vm[0] = '\0';
}

/* ----- candidates out of claims */

enum kmd_status kmd_join_add_claim(struct join *join, const struct kmd_claim *claim)
{
	struct candidate *candidate = kmd_join_add(join, claim->name, "", claim->origin);

	if (!candidate)
		return kmd_fail_memory(join->diag);
	candidate->row.pub.size = claim->size;
	candidate->row.pub.phys = claim->phys;
	candidate->row.pub.virt = claim->virt;
	candidate->row.pub.has_phys = claim->has_phys;
	candidate->row.pub.has_virt = claim->has_virt;
	candidate->sized = claim->has_size;
	candidate->invalid = claim->invalid;
	candidate->conflict = candidate->reported = claim->conflict;
	candidate->place = claim->place;
	candidate->named = true;
	if (claim->has_bytes) {
		const struct kmd_blob *blob = &join->image->blobs[claim->blob];

		candidate->row.has_bytes = true;
		candidate->row.source = blob->source;
		candidate->row.offset = blob->offset + claim->offset;
		candidate->row.pub.captured = claim->captured;
		candidate->is_metadata = kmd_is_kelf(blob->source, candidate->row.offset,
						     claim->captured, join->diag) ||
					 is_vmcoreinfo(blob->source, candidate->row.offset,
						       claim->captured, join->diag);
	}
	return KMD_OK;
}

static enum kmd_status collect_regions(struct join *join)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < join->image->n_blobs; i++)
		if (join->image->blobs[i].kind != KMD_BLOB_FLAT)
			status = add_blob(join, &join->image->blobs[i]);
	set_machines_apart(join);
	for (size_t i = 0; status == KMD_OK && i < join->claims->n; i++) {
		const struct kmd_claim *claim = &join->claims->items[i];

		/* KELF describes what others hold; lists of files name theirs. */
		if (claim->origin != KMD_FROM_KELF && !claim->file[0])
			status = kmd_join_add_claim(join, claim);
	}
	return status;
}

static int by_phys(const void *a, const void *b)
{
	const struct kmd_claim *const *x = a, *const *y = b;
	int order = kmd_cmp_u64((*x)->phys, (*y)->phys);

	return order ? order : (*x < *y ? -1 : *x > *y);
}

static enum kmd_status collect_kelf(struct join *join)
{
	join->kelf = calloc(join->claims->n + 1, sizeof(*join->kelf));
	join->kelf_used = calloc(join->claims->n + 1, sizeof(*join->kelf_used));
	join->kelf_reported = calloc(join->claims->n + 1, sizeof(*join->kelf_reported));
	if (!join->kelf || !join->kelf_used || !join->kelf_reported)
		return kmd_fail_memory(join->diag);
	for (size_t i = 0; i < join->claims->n; i++)
		if (join->claims->items[i].origin == KMD_FROM_KELF &&
		    !join->claims->items[i].conflict)
			join->kelf[join->n_kelf++] = &join->claims->items[i];
	qsort(join->kelf, join->n_kelf, sizeof(*join->kelf), by_phys);
	return KMD_OK;
}

enum kmd_status kmd_join_collect(struct join *join)
{
	enum kmd_status status = collect_regions(join);

	return status == KMD_OK ? collect_kelf(join) : status;
}
