/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/core_bytes.h"

#include "base/checked.h"
#include "base/tiling.h"

#include <inttypes.h>
#include <stdlib.h>

#define ALIASES 4 /* times the size of the file */

static enum kmd_status say_shared(const struct kmd_claim *claim, struct kmd_diag *diag)
{
	return kmd_report(diag, KMD_FIND_TABLE, KMD_DAMAGE, claim->place,
			  "the segment (physical 0x%" PRIx64 ", offset 0x%" PRIx64
			  ", size 0x%" PRIx64
			  ") overlaps the bytes of another address; it is not used",
			  claim->phys, claim->offset, claim->size);
}

/* True if most segments' bytes lie after the notes, as every kernel tool writes them. */
static bool notes_lead(const struct kmd_claims *claims, size_t first)
{
	size_t before = 0;

	for (size_t i = first; i < claims->n; i++)
		before += claims->items[i].offset < claims->notes_at;
	return claims->notes_size && before * 2 < claims->n - first;
}

/* Headers and notes are a tile too, of no claim; @tiles has room for it. */
static size_t make_tiles(const struct kmd_claims *claims, size_t first, uint64_t table_end,
			 struct kmd_tile *tiles)
{
	size_t n = 0;

	if (notes_lead(claims, first))
		tiles[n++] = (struct kmd_tile){ .end = claims->notes_at + claims->notes_size,
						.bind = UINT64_MAX - table_end,
						.owner = SIZE_MAX };
	for (size_t i = first; i < claims->n; i++) {
		const struct kmd_claim *claim = &claims->items[i];

		if (claim->has_bytes && claim->has_phys && claim->captured)
			tiles[n++] = (struct kmd_tile){ .start = claim->offset,
							.end = claim->offset + claim->captured,
							.bind = claim->phys - claim->offset,
							.owner = i };
	}
	return n;
}

/* One damaged offset or size must not bring bytes to another region's address. */
static enum kmd_status settle_bytes(struct kmd_claims *claims, size_t first,
				    const struct kmd_cursor *core, uint64_t table_end)
{
	struct kmd_tile *tiles = calloc(claims->n - first + 1, sizeof(*tiles));
	enum kmd_status status = KMD_OK;
	size_t n;

	if (!tiles)
		return kmd_fail_memory(core->diag);
	n = make_tiles(claims, first, table_end, tiles);
	if (!kmd_tiles_settle(tiles, n, 0, core->size))
		status = kmd_fail_memory(core->diag);
	for (size_t i = 0; status == KMD_OK && i < n; i++) {
		if (!tiles[i].conflict || tiles[i].owner == SIZE_MAX)
			continue;
		claims->items[tiles[i].owner].conflict = true;
		status = say_shared(&claims->items[tiles[i].owner], core->diag);
	}
	free(tiles);
	return status;
}

/*
 * Segments without a physical address may show bytes of others (vmalloc), but a core
 * many times as large as its input comes of a hostile one.
 */
static enum kmd_status bound_aliases(struct kmd_claims *claims, size_t first,
				     const struct kmd_cursor *core)
{
	uint64_t budget = ALIASES * kmd_min_u64(core->size, UINT64_MAX / ALIASES);
	size_t dropped = 0;

	for (size_t i = first; i < claims->n; i++) {
		struct kmd_claim *claim = &claims->items[i];

		if (!claim->has_bytes || claim->has_phys || claim->conflict)
			continue;
		if (claim->captured > budget) {
			claim->conflict = true;
			dropped++;
			continue;
		}
		budget -= claim->captured;
	}
	if (!dropped)
		return KMD_OK;
	return kmd_report(core->diag, KMD_FIND_TABLE, KMD_DAMAGE,
			  kmd_at(core->source->name, core->start),
			  "%zu segments without a physical address repeat the bytes of others too "
			  "often; they are not used",
			  dropped);
}

enum kmd_status kmd_core_settle(struct kmd_claims *claims, size_t first,
				const struct kmd_cursor *core, uint64_t table_end)
{
	enum kmd_status status = settle_bytes(claims, first, core, table_end);

	return status == KMD_OK ? bound_aliases(claims, first, core) : status;
}
