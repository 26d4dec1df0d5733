/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The kernel has two large maps, of all RAM and of its own image, so most regions'
 * addresses are one of two distances apart.  A region of mapped pages (vmalloc) has
 * a distance of its own, which has nothing to do with those two; one that differs
 * from them by a single bit is a damaged word.
 */
#include "region/pairs.h"

#include "base/checked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Every kernel maps whole pages of at least this size. */
#define PAGE_MASK  UINT64_C(0xfff)

/*
 * Regions of one distance show a map of the kernel's if they lie this far apart:
 * mapped pages of one distance, several stacks for example, may well be neighbours
 * in both address spaces, and then others differ from them by a page or two.  Of many
 * mapped pages a few have the same distance by chance, most of all with 32-bit addresses:
 * a map has more of all regions than they.
 */
#define MAP_SPREAD (UINT64_C(4) << 20)
#define MAP_SHARE  64
#define MAPS       2

struct pair {
	uint64_t distance, virt;
};

struct distances {
	struct pair *all; /* sorted */
	size_t n;
	uint64_t maps[MAPS]; /* the widest */
	uint64_t spreads[MAPS];
};

static bool has_pair(const struct kmd_claim *claim)
{
	return claim->has_phys && claim->has_virt && claim->size;
}

static uint64_t distance_of(const struct kmd_claim *claim)
{
	return claim->virt - claim->phys;
}

static int by_distance(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = kmd_cmp_u64(x->distance, y->distance);

	return order ? order : kmd_cmp_u64(x->virt, y->virt);
}

/* Keep the run among the widest ones. */
static void note_run(struct distances *distances, const struct pair *pairs, size_t run)
{
	uint64_t spread = pairs[run - 1].virt - pairs[0].virt;
	size_t at = MAPS;

	while (at && distances->spreads[at - 1] < spread)
		at--;
	if (at == MAPS || spread < MAP_SPREAD || run < 2 + distances->n / MAP_SHARE)
		return;
	memmove(&distances->maps[at + 1], &distances->maps[at],
		(MAPS - 1 - at) * sizeof(distances->maps[0]));
	memmove(&distances->spreads[at + 1], &distances->spreads[at],
		(MAPS - 1 - at) * sizeof(distances->spreads[0]));
	distances->maps[at] = pairs[0].distance;
	distances->spreads[at] = spread;
}

static bool collect(const struct kmd_claims *claims, size_t first, struct distances *distances)
{
	size_t run;

	memset(distances, 0, sizeof(*distances));
	distances->all = calloc(claims->n - first + 1, sizeof(*distances->all));
	if (!distances->all)
		return false;
	for (size_t i = first; i < claims->n; i++)
		if (has_pair(&claims->items[i]))
			distances->all[distances->n++] =
				(struct pair){ distance_of(&claims->items[i]),
					       claims->items[i].virt };
	qsort(distances->all, distances->n, sizeof(*distances->all), by_distance);
	for (size_t i = 0; i < distances->n; i += run) {
		const struct pair *pairs = &distances->all[i];

		for (run = 1; i + run < distances->n; run++)
			if (pairs[run].distance != pairs[0].distance)
				break;
		note_run(distances, pairs, run);
	}
	return true;
}

static bool is_damaged(const struct distances *distances, uint64_t distance)
{
	if (distance & PAGE_MASK)
		return true;
	for (size_t i = 0; i < MAPS && distances->spreads[i]; i++)
		if (distances->maps[i] == distance)
			return false;
	/* One bit more or less in either address. */
	for (size_t i = 0; i < MAPS && distances->spreads[i]; i++)
		if (kmd_is_pow2(distance - distances->maps[i]) ||
		    kmd_is_pow2(distances->maps[i] - distance))
			return true;
	return false;
}

enum kmd_status kmd_pairs_check(struct kmd_claims *claims, size_t first, struct kmd_diag *diag)
{
	struct distances distances;
	enum kmd_status status = KMD_OK;

	if (!collect(claims, first, &distances))
		return kmd_fail_memory(diag);
	for (size_t i = first; status == KMD_OK && i < claims->n; i++) {
		struct kmd_claim *claim = &claims->items[i];

		if (!has_pair(claim) || claim->conflict ||
		    !is_damaged(&distances, distance_of(claim)))
			continue;
		claim->conflict = true;
		status = kmd_report(diag, KMD_FIND_DISAGREE, KMD_DAMAGE, claim->place,
				    "physical 0x%" PRIx64 " and virtual 0x%" PRIx64
				    " are inconsistent with the kernel's other mappings; the "
				    "program header is not used",
				    claim->phys, claim->virt);
	}
	free(distances.all);
	return status;
}
