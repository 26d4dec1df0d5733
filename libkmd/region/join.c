/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* From blobs and claims to the region table; region.h has the rules. */
#include "region/join.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct draft *kmd_join_add(struct join *join, const char *name, const char *file,
			   enum kmd_origin origin)
{
	struct draft *draft;

	if (!KMD_ARRAY_RESERVE(join->drafts, join->n, join->cap))
		return NULL;
	draft = &join->drafts[join->n];
	memset(draft, 0, sizeof(*draft));
	draft->name = strdup(name);
	draft->file = strdup(file);
	if (!draft->name || !draft->file) {
		free(draft->name);
		free(draft->file);
		return NULL;
	}
	draft->row.pub.origins = origin;
	join->n++;
	return draft;
}

/* ----- drafts out of blobs */

static bool is_vmcoreinfo(const struct kmd_source *source, uint64_t offset, uint64_t size,
			  struct kmd_diag *diag)
{
	static const char start[] = "OSRELEASE=";
	char bytes[sizeof(start) - 1];

	return size >= sizeof(bytes) &&
	       kmd_source_read(source, offset, bytes, sizeof(bytes), diag) == KMD_OK &&
	       !memcmp(bytes, start, sizeof(bytes));
}

static void classify(const struct join *join, const struct kmd_blob *blob, struct draft *draft)
{
	draft->auxiliary = blob->kind == KMD_BLOB_AUXILIARY || kmd_is_dump_info(blob, join->diag) ||
			   kmd_is_load_cmm(blob, join->diag) ||
			   kmd_text_has_prefix(draft->name, ENCRYPTION_KEYS);
	draft->carrier = kmd_is_kelf(blob->source, blob->offset, blob->size, join->diag) ||
			 is_vmcoreinfo(blob->source, blob->offset, blob->size, join->diag);
	kmd_vm_prefix(draft->file, draft->vm);
	draft->stray = blob->origin == KMD_FROM_FILE && !draft->carrier &&
		       !kmd_text_has_prefix(draft->file, "md_") &&
		       !kmd_text_has_suffix(draft->file, ".bin");
}

static enum kmd_status add_blob(struct join *join, const struct kmd_blob *blob)
{
	char *name = kmd_region_name_of_file(blob->name);
	struct draft *draft = name ? kmd_join_add(join, name, blob->name, blob->origin) : NULL;

	free(name);
	if (!draft)
		return kmd_fail_memory(join->diag);
	draft->row.has_bytes = true;
	draft->row.source = blob->source;
	draft->row.offset = blob->offset;
	draft->row.pub.size = blob->declared;
	draft->row.pub.captured = blob->size;
	draft->sized = blob->origin != KMD_FROM_FILE;
	draft->invalid = blob->invalid;
	draft->conflict = draft->silent = blob->conflict;
	draft->place = kmd_in(blob->source->name);
	/* A container has said that these bytes are cut; say it once. */
	draft->silent |= blob->size < blob->declared || blob->invalid;
	draft->offers[OFFER_TABLE].made = blob->has_phys;
	draft->offers[OFFER_TABLE].phys = blob->phys;
	if (!draft->conflict)
		classify(join, blob, draft);
	return KMD_OK;
}

/* The virtual machine whose KELF was read is the one whose core is made. */
static void set_machines_apart(struct join *join)
{
	const char *chosen = NULL;

	for (size_t i = 0; i < join->n; i++)
		if (join->drafts[i].carrier && !join->drafts[i].vm[0] &&
		    kmd_name_is_kelf(join->drafts[i].name))
			chosen = "";
	for (size_t i = 0; i < join->n; i++) {
		struct draft *draft = &join->drafts[i];

		if (!draft->vm[0] || !draft->carrier ||
		    !kmd_name_is_kelf(draft->name + strlen(draft->vm) + 1))
			continue;
		if (!chosen)
			chosen = draft->vm;
		if (draft->other_vm || !strcmp(draft->vm, chosen))
			continue;
		for (size_t j = 0; j < join->n; j++)
			join->drafts[j].other_vm |= !strcmp(join->drafts[j].vm, draft->vm);
	}
	/* A prefix that no KELF bears is part of a name (md_0_wlan.BIN). */
	for (size_t i = 0; i < join->n; i++)
		if (!join->drafts[i].other_vm &&
		    (!chosen || strcmp(join->drafts[i].vm, chosen) != 0))
			join->drafts[i].vm[0] = '\0';
}

/* ----- drafts out of claims */

static enum kmd_status add_claim(struct join *join, const struct kmd_claim *claim)
{
	struct draft *draft = kmd_join_add(join, claim->name, "", claim->origin);

	if (!draft)
		return kmd_fail_memory(join->diag);
	draft->row.pub.size = claim->size;
	draft->row.pub.phys = claim->phys;
	draft->row.pub.virt = claim->virt;
	draft->row.pub.has_phys = claim->has_phys;
	draft->row.pub.has_virt = claim->has_virt;
	draft->sized = claim->has_size;
	draft->invalid = claim->invalid;
	draft->conflict = draft->silent = claim->conflict;
	draft->place = claim->place;
	draft->named = true;
	if (claim->has_bytes) {
		const struct kmd_blob *blob = &join->image->blobs[claim->blob];

		draft->row.has_bytes = true;
		draft->row.source = blob->source;
		draft->row.offset = blob->offset + claim->offset;
		draft->row.pub.captured = claim->captured;
		draft->carrier =
			kmd_is_kelf(blob->source, draft->row.offset, claim->captured, join->diag) ||
			is_vmcoreinfo(blob->source, draft->row.offset, claim->captured, join->diag);
	}
	return KMD_OK;
}

static enum kmd_status collect(struct join *join)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < join->image->n_blobs; i++)
		if (join->image->blobs[i].kind != KMD_BLOB_FLAT)
			status = add_blob(join, &join->image->blobs[i]);
	set_machines_apart(join);
	for (size_t i = 0; status == KMD_OK && i < join->claims->n; i++) {
		const struct kmd_claim *claim = &join->claims->items[i];

		if (claim->origin == KMD_FROM_SMEM || claim->origin == KMD_FROM_CORE)
			status = add_claim(join, claim);
	}
	return status;
}

/* ----- KELF */

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
	join->kelf_silent = calloc(join->claims->n + 1, sizeof(*join->kelf_silent));
	if (!join->kelf || !join->kelf_used || !join->kelf_silent)
		return kmd_fail_memory(join->diag);
	for (size_t i = 0; i < join->claims->n; i++)
		if (join->claims->items[i].origin == KMD_FROM_KELF &&
		    !join->claims->items[i].conflict)
			join->kelf[join->n_kelf++] = &join->claims->items[i];
	qsort(join->kelf, join->n_kelf, sizeof(*join->kelf), by_phys);
	return KMD_OK;
}

/* ----- headers that no file or section answers to */

struct span {
	uint64_t start, end;
};

static int by_start(const void *a, const void *b)
{
	return kmd_cmp_u64(((const struct span *)a)->start, ((const struct span *)b)->start);
}

/* The captured memory, sorted and merged. */
static struct span *captured_spans(const struct join *join, size_t *count)
{
	struct span *spans = calloc(join->n + 1, sizeof(*spans));
	size_t n = 0, merged = 0;

	if (!spans)
		return NULL;
	for (size_t i = 0; i < join->n; i++) {
		const struct draft *draft = &join->drafts[i];
		const struct kmd_region *region = &draft->row.pub;

		if (!draft->row.has_bytes || !region->has_phys || !region->captured ||
		    draft->invalid || draft->conflict || draft->other_vm || draft->auxiliary)
			continue;
		spans[n++] = (struct span){ region->phys, region->phys + region->captured };
	}
	qsort(spans, n, sizeof(*spans), by_start);
	for (size_t i = 0; i < n; i++) {
		if (merged && spans[i].start <= spans[merged - 1].end)
			spans[merged - 1].end = kmd_max_u64(spans[merged - 1].end, spans[i].end);
		else
			spans[merged++] = spans[i];
	}
	*count = merged;
	return spans;
}

static bool is_covered(const struct span *spans, size_t n, uint64_t start, uint64_t size)
{
	size_t low = 0, high = n;
	uint64_t end;

	if (!kmd_add_u64(start, size, &end))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (spans[middle].end < end)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && spans[low].start <= start;
}

/* A RAM image holds every region, listed or not. */
static void find_in_flat(const struct join *join, struct draft *draft)
{
	const struct kmd_region *region = &draft->row.pub;

	for (size_t i = 0; i < join->image->n_blobs && !draft->row.has_bytes; i++) {
		const struct kmd_blob *blob = &join->image->blobs[i];

		if (blob->kind != KMD_BLOB_FLAT || !blob->has_phys || region->phys < blob->phys ||
		    !kmd_inside(region->phys - blob->phys, region->size, blob->size))
			continue;
		draft->row.has_bytes = true;
		draft->row.source = blob->source;
		draft->row.offset = blob->offset + (region->phys - blob->phys);
		draft->row.pub.captured = region->size;
	}
}

static enum kmd_status add_unanswered(struct join *join)
{
	enum kmd_status status = KMD_OK;
	struct span *spans;
	size_t n;

	spans = captured_spans(join, &n);
	if (!spans)
		return kmd_fail_memory(join->diag);
	for (size_t i = 0; status == KMD_OK && i < join->n_kelf; i++) {
		const struct kmd_claim *claim = join->kelf[i];
		struct draft *draft;

		if (join->kelf_used[i])
			continue;
		status = add_claim(join, claim);
		if (status != KMD_OK)
			break;
		draft = &join->drafts[join->n - 1];
		draft->silent |= join->kelf_silent[i];
		if (draft->row.has_bytes || !claim->has_phys)
			continue;
		draft->covered = is_covered(spans, n, claim->phys, claim->size);
		if (!draft->covered)
			find_in_flat(join, draft);
	}
	free(spans);
	return status;
}

/* ----- steps */

static enum kmd_status run(struct join *join)
{
	enum kmd_status status = collect(join);

	if (status == KMD_OK)
		status = kmd_join_files(join);
	if (status == KMD_OK)
		status = collect_kelf(join);
	if (status == KMD_OK)
		status = kmd_join_addresses(join);
	if (status == KMD_OK)
		status = kmd_join_confirm(join);
	if (status == KMD_OK)
		status = kmd_join_match(join);
	if (status == KMD_OK)
		status = kmd_join_misfits(join);
	if (status == KMD_OK)
		status = add_unanswered(join);
	/* Addresses that the last two steps brought. */
	if (status == KMD_OK)
		status = kmd_join_ranges(join);
	return status;
}

static void join_deinit(struct join *join)
{
	for (size_t i = 0; i < join->n; i++) {
		free(join->drafts[i].name);
		free(join->drafts[i].file);
	}
	free(join->drafts);
	free(join->kelf);
	free(join->kelf_used);
	free(join->kelf_silent);
}

enum kmd_status kmd_regions_join(const struct kmd_image *image, const struct kmd_claims *claims,
				 const struct kmd_hints *hints, struct kmd_diag *diag,
				 struct kmd_regions *regions)
{
	struct join join = { .image = image, .claims = claims, .hints = hints, .diag = diag };
	enum kmd_status status = run(&join);

	memset(regions, 0, sizeof(*regions));
	if (status == KMD_OK)
		status = kmd_join_finish(&join, regions);
	if (status != KMD_OK)
		kmd_regions_deinit(regions);
	join_deinit(&join);
	return status;
}
