/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which blob is the KELF header: known by its bytes, and by its name if there are several. */
#include "region/kelf.h"

#include "base/checked.h"
#include "region/file_name.h"

#include <stdlib.h>
#include <string.h>

/* Headers of thousands of regions fit. */
#define COMPARE_MAX (UINT64_C(1) << 20)

/* Candidates: a place where a KELF header may be, and a rank that its name gives. */
struct candidate {
	struct kmd_kelf_place place;
	int rank;
	bool named; /* KELF */
};

struct search {
	struct kmd_diag *diag;
	struct candidate best;
	bool rival; /* another header of the same rank has other bytes */
};

static bool is_kelf_name(const char *file)
{
	char *name = kmd_region_name_of_file(file);
	bool is = name && kmd_name_is_kelf(name);

	free(name);
	return is;
}

/* Another machine's header serves only where there is no other. */
static void rank_name(const char *file, struct candidate *candidate)
{
	char prefix[KMD_VM_MAX];

	kmd_vm_prefix(file, prefix);
	candidate->named = is_kelf_name(file);
	candidate->rank = 2 * !prefix[0] + candidate->named;
}

static bool is_header(const struct candidate *candidate, struct kmd_diag *diag)
{
	const struct kmd_kelf_place *place = &candidate->place;

	return kmd_is_kelf(place->source, place->offset, place->size, diag) &&
	       (place->whole || candidate->named ||
		!kmd_is_finished_core(place->source, place->offset, place->size, diag));
}

/* Negative, zero or positive as the bytes of two headers compare: a rule that no order changes. */
static int compare_bytes(const struct kmd_kelf_place *a, const struct kmd_kelf_place *b,
			 struct kmd_diag *diag)
{
	unsigned char one[4096], two[4096];
	int order = kmd_cmp_u64(a->size, b->size);

	for (uint64_t at = 0; !order && at < a->size && at < COMPARE_MAX; at += sizeof(one)) {
		uint64_t part = kmd_min_u64(sizeof(one), a->size - at);

		if (kmd_source_read(a->source, a->offset + at, one, part, diag) != KMD_OK ||
		    kmd_source_read(b->source, b->offset + at, two, part, diag) != KMD_OK)
			break;
		order = memcmp(one, two, (size_t)part);
	}
	return order;
}

static void consider(struct search *search, const struct candidate *next)
{
	int order;

	if (next->rank < search->best.rank || !is_header(next, search->diag))
		return;
	if (next->rank > search->best.rank) {
		search->best = *next;
		search->rival = false;
		return;
	}
	order = compare_bytes(&next->place, &search->best.place, search->diag);
	search->rival |= order != 0;
	if (order > 0)
		search->best = *next;
}

static void find_header(const struct kmd_image *image, const struct kmd_claims *claims,
			struct search *search)
{
	for (size_t i = 0; i < image->n_blobs; i++) {
		const struct kmd_blob *blob = &image->blobs[i];
		struct candidate next = { .place = { blob->source, blob->offset, blob->size, i,
						     blob->kind == KMD_BLOB_FLAT } };

		if (blob->invalid || blob->conflict || (next.place.whole && blob->has_phys))
			continue;
		rank_name(blob->name, &next);
		consider(search, &next);
	}
	/* Region arrays lead to bytes of their own. */
	for (size_t i = 0; i < claims->n; i++) {
		const struct kmd_claim *claim = &claims->items[i];
		const struct kmd_blob *blob = &image->blobs[claim->blob];
		struct candidate next = { .place = { blob->source, blob->offset + claim->offset,
						     claim->captured, claim->blob, false } };

		if (!claim->has_bytes || claim->invalid)
			continue;
		rank_name(claim->name, &next);
		consider(search, &next);
	}
}

/* A region called KELF that is no ELF file: firmware has encrypted it, or it is overwritten. */
static enum kmd_status say_unreadable(const struct kmd_image *image,
				      const struct kmd_claims *claims, struct kmd_diag *diag)
{
	bool found = false;

	for (size_t i = 0; i < image->n_blobs; i++)
		found |= image->blobs[i].size && !image->blobs[i].invalid &&
			 !image->blobs[i].conflict && is_kelf_name(image->blobs[i].name);
	for (size_t i = 0; i < claims->n; i++)
		found |= claims->items[i].captured && !claims->items[i].invalid &&
			 is_kelf_name(claims->items[i].name);
	if (!found)
		return KMD_OK;
	return kmd_report(diag, KMD_FIND_ENCRYPTED, KMD_DAMAGE, kmd_in(NULL),
			  "the KELF region does not begin with an ELF header: the firmware has "
			  "encrypted it, or it was overwritten; its virtual addresses are lost");
}

static enum kmd_status read_claims(const struct kmd_image *image, struct kmd_diag *diag,
				   struct kmd_claims *claims)
{
	struct search search = { .diag = diag, .best.rank = -1 };
	enum kmd_status status = KMD_OK;

	find_header(image, claims, &search);
	if (search.best.rank < 0)
		return say_unreadable(image, claims, diag);
	/* Each virtual machine has its own; the join sets their files apart. */
	if (search.rival && search.best.rank >= 2)
		status = kmd_report(
			diag, KMD_FIND_DISAGREE, KMD_DAMAGE, kmd_in(NULL),
			"there are several KELF headers that differ; using the larger one");
	return status == KMD_OK ? kmd_kelf_read(&search.best.place, diag, claims) : status;
}

const struct kmd_claim_reader kmd_claims_kelf = { KMD_FROM_KELF, read_claims };
