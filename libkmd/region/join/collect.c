/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Drafts out of blobs and claims, before anything is joined. */
#include "region/join/steps.h"

#include "base/checked.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

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
	draft->stray = blob->origin == KMD_FROM_FILE && !kmd_text_has_prefix(draft->file, "md_") &&
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
	/* The container reported that these bytes are cut; report it once. */
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

enum kmd_status kmd_join_add_claim(struct join *join, const struct kmd_claim *claim)
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

enum kmd_status kmd_join_collect(struct join *join)
{
	enum kmd_status status = collect_regions(join);

	return status == KMD_OK ? collect_kelf(join) : status;
}
