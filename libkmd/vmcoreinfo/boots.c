/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Files of two boots in one folder: KASLR moves the whole kernel image by one distance, so
 * all addresses of the image in KELF then differ from those in VMCOREINFO by that distance.
 *
 * This is reported only if nothing indicates one boot: two symbols or more have that distance
 * from registered addresses, none is at one, and the registered regions contradict the kernel's
 * maps in VMCOREINFO.
 */
#include "vmcoreinfo/vmcoreinfo.h"

#include "base/checked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The distance is a multiple of the smallest alignment of an image. */
#define KASLR_ALIGN UINT64_C(0x10000)
#define PAGE_MASK   UINT64_C(0xfff)

/* Registered addresses that are compared, and pairs that are kept. */
#define CLAIMS_MAX  4096
#define PAIRS_MAX   65536

/* A symbol of VMCOREINFO, and a registered address that may be its address in another boot. */
struct pair {
	uint64_t distance; /* registered address minus symbol */
	const struct kmd_hint *symbol;
	const struct kmd_claim *claim;
};

static int by_distance(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = kmd_cmp_u64(x->distance, y->distance);

	return order ? order : kmd_cmp_u64(x->symbol->virt, y->symbol->virt);
}

static bool fits_a_map(const struct kmd_hints *hints, const struct kmd_claim *claim)
{
	for (size_t i = 0; i < hints->n_maps; i++)
		if (claim->virt - claim->phys == hints->maps[i].delta)
			return true;
	return false;
}

/* Symbols of the image that do not start a page: addresses that only KASLR makes alike. */
static bool is_telling(const struct kmd_hint *symbol, uint64_t stext)
{
	return symbol->virt > stext && (symbol->virt & PAGE_MASK);
}

static size_t find_pairs(const struct kmd_claims *claims, const struct kmd_hints *hints,
			 uint64_t stext, struct pair *pairs)
{
	size_t n = 0, compared = 0;

	for (size_t i = 0; i < claims->n && compared < CLAIMS_MAX; i++) {
		const struct kmd_claim *claim = &claims->items[i];

		if (claim->origin != KMD_FROM_KELF || claim->conflict || !claim->has_virt ||
		    !claim->has_phys)
			continue;
		compared++;
		for (size_t j = 0; j < hints->n && n < PAIRS_MAX; j++) {
			uint64_t distance = claim->virt - hints->items[j].virt;

			if (is_telling(&hints->items[j], stext) && !(distance % KASLR_ALIGN))
				pairs[n++] = (struct pair){ distance, &hints->items[j], claim };
		}
	}
	return n;
}

/* The first pair of the distance that most symbols have, two at least; NULL = none. */
static const struct pair *most_common(const struct kmd_hints *hints, const struct pair *pairs,
				      size_t n)
{
	const struct pair *best = NULL;
	size_t best_run = 1, run;

	for (size_t i = 0; i < n; i += run) {
		size_t symbols = 0;

		for (run = 0; i + run < n && pairs[i + run].distance == pairs[i].distance; run++)
			symbols += !run ||
				   pairs[i + run].symbol->virt != pairs[i + run - 1].symbol->virt;
		/* The same boot, or at least one region of it. */
		if (!pairs[i].distance)
			return NULL;
		for (size_t j = i; j < i + run; j++)
			if (fits_a_map(hints, pairs[j].claim))
				symbols = 0;
		if (symbols > best_run) {
			best = &pairs[i];
			best_run = symbols;
		}
	}
	return best;
}

static enum kmd_status report(const struct kmd_vmcoreinfo *info, const struct pair *pair,
			      struct kmd_diag *diag)
{
	uint64_t kaslr = 0;

	kmd_vmcoreinfo_kaslr(info, &kaslr);
	return kmd_report(diag, KMD_FIND_DISAGREE, KMD_DAMAGE, kmd_in(pair->claim->place.source),
			  "files of two different boots: in VMCOREINFO (%s) the KASLR offset is "
			  "0x%" PRIx64 " and \"%s\" is at 0x%" PRIx64
			  ", in this KELF the offset is 0x%" PRIx64 " and it is at 0x%" PRIx64
			  "; assemble the files of each boot from a folder of their own",
			  info->origin, kaslr, pair->symbol->name, pair->symbol->virt,
			  kaslr + pair->distance, pair->claim->virt);
}

enum kmd_status kmd_vmcoreinfo_check_boots(const struct kmd_vmcoreinfo *info,
					   const struct kmd_hints *hints, struct kmd_diag *diag,
					   struct kmd_claims *claims)
{
	enum kmd_status status = KMD_OK;
	const struct pair *found;
	struct pair *pairs;
	uint64_t stext;
	size_t n;

	if (!hints->n_maps || !kmd_vmcoreinfo_hex(info, "SYMBOL(_stext)", &stext))
		return KMD_OK;
	pairs = calloc(PAIRS_MAX, sizeof(*pairs));
	if (!pairs)
		return kmd_fail_memory(diag);
	n = find_pairs(claims, hints, stext, pairs);
	qsort(pairs, n, sizeof(*pairs), by_distance);
	found = most_common(hints, pairs, n);
	claims->two_boots = found != NULL;
	if (found)
		status = report(info, found, diag);
	free(pairs);
	return status;
}
