/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_interval.c - overlapping spans cut into pieces; runs of a file that contradict each other.
 */
#include "kit.h"

#include "base/interval.h"
#include "base/tiling.h"

#include <stdlib.h>
#include <string.h>

/* A generator of its own, so that a failure can be repeated. */
static uint32_t state;

static uint32_t dice(uint32_t sides)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % sides;
}

/* --------------------------------------------------------------- intervals */

static void expect_pieces(struct kmd_interval *items, size_t n, const struct kmd_interval *wanted,
			  size_t n_wanted)
{
	size_t count;
	struct kmd_interval *got = kmd_intervals_resolve(items, n, &count);

	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(count, n_wanted);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(got[i].start, wanted[i].start);
		ck_assert_uint_eq(got[i].end, wanted[i].end);
		ck_assert_uint_eq(got[i].owner, wanted[i].owner);
	}
	free(got);
}

START_TEST(none_and_one)
{
	struct kmd_interval one[] = { { 0, UINT64_MAX, 7, 0 } };

	expect_pieces(one, 0, NULL, 0);
	expect_pieces(one, 1, (struct kmd_interval[]){ { 0, UINT64_MAX, 7, 0 } }, 1);
}
END_TEST

START_TEST(nested_and_crossing)
{
	struct kmd_interval nested[] = { { 10, 20, 1, 1 }, { 0, 30, 2, 0 } };
	struct kmd_interval hole[] = { { 0, 30, 2, 1 }, { 10, 20, 1, 0 } };
	struct kmd_interval crossing[] = { { 0, 20, 1, 1 }, { 10, 30, 2, 0 } };

	expect_pieces(nested, 2, (struct kmd_interval[]){ { 0, 30, 2, 0 } }, 1);
	expect_pieces(
		hole, 2,
		(struct kmd_interval[]){ { 0, 10, 2, 0 }, { 10, 20, 1, 0 }, { 20, 30, 2, 0 } }, 3);
	expect_pieces(crossing, 2, (struct kmd_interval[]){ { 0, 10, 1, 0 }, { 10, 30, 2, 0 } }, 2);
}
END_TEST

START_TEST(touching)
{
	struct kmd_interval others[] = { { 10, 20, 1, 0 }, { 0, 10, 2, 1 } };
	struct kmd_interval same[] = { { 10, 20, 1, 0 }, { 0, 10, 1, 1 } };

	expect_pieces(others, 2, (struct kmd_interval[]){ { 0, 10, 2, 0 }, { 10, 20, 1, 0 } }, 2);
	expect_pieces(same, 2, (struct kmd_interval[]){ { 0, 20, 1, 0 } }, 1);
}
END_TEST

#define SPACE 64

/* The owner of each address by the definition; SIZE_MAX = no owner. */
static void model(const struct kmd_interval *items, size_t n, size_t owners[SPACE])
{
	for (uint64_t at = 0; at < SPACE; at++) {
		size_t best = SIZE_MAX;

		owners[at] = SIZE_MAX;
		for (size_t i = 0; i < n; i++)
			if (items[i].start <= at && at < items[i].end && items[i].rank < best) {
				best = items[i].rank;
				owners[at] = items[i].owner;
			}
	}
}

static void expect_model(const struct kmd_interval *got, size_t count, const size_t owners[SPACE])
{
	for (uint64_t at = 0; at < SPACE; at++) {
		size_t i = kmd_intervals_find(got, count, at);
		bool held = i < count && got[i].start <= at;

		ck_assert_uint_eq(held ? got[i].owner : SIZE_MAX, owners[at]);
	}
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_lt(got[i].start, got[i].end);
		if (!i)
			continue;
		ck_assert_uint_le(got[i - 1].end, got[i].start);
		/* There are as few pieces as possible. */
		ck_assert(got[i - 1].end < got[i].start || got[i - 1].owner != got[i].owner);
	}
}

START_TEST(as_the_model)
{
	for (state = 1; state < 200000; state += 7) {
		struct kmd_interval items[12], *got;
		size_t owners[SPACE], n = dice(12), count;
		uint32_t kept = state;

		for (size_t i = 0; i < n; i++) {
			items[i].start = dice(SPACE);
			items[i].end =
				items[i].start + 1 + dice((uint32_t)(SPACE - items[i].start));
			items[i].owner = dice(6);
			/* A permutation of 0 .. n - 1 where n is no multiple of 13. */
			items[i].rank = (i * 13 + kept) % (n % 13 ? n : 1);
		}
		model(items, n, owners);
		got = kmd_intervals_resolve(items, n, &count);
		ck_assert_ptr_nonnull(got);
		expect_model(got, count, owners);
		free(got);
		state = kept;
	}
}
END_TEST

START_TEST(find_the_next_above)
{
	struct kmd_interval pieces[] = { { 10, 20, 0, 0 }, { 30, 40, 1, 0 } };

	ck_assert_uint_eq(kmd_intervals_find(pieces, 2, 0), 0);
	ck_assert_uint_eq(kmd_intervals_find(pieces, 2, 19), 0);
	ck_assert_uint_eq(kmd_intervals_find(pieces, 2, 20), 1);
	ck_assert_uint_eq(kmd_intervals_find(pieces, 2, 40), 2);
	ck_assert_uint_eq(kmd_intervals_find(pieces, 2, UINT64_MAX), 2);
	ck_assert_uint_eq(kmd_intervals_find(NULL, 0, 0), 0);
}
END_TEST

/* Hostile tables: the cost must not grow with the square of their length. */
START_TEST(many)
{
	size_t n = 300000, count;
	struct kmd_interval *items = calloc(n, sizeof(*items)), *got;

	for (size_t i = 0; i < n; i++)
		items[i] = (struct kmd_interval){ i, 2 * n - i, i, i };
	got = kmd_intervals_resolve(items, n, &count);
	ck_assert_uint_eq(count, 1);
	free(got);
	for (size_t i = 0; i < n; i++)
		items[i] = (struct kmd_interval){ i, 2 * n - i, i, n - i };
	got = kmd_intervals_resolve(items, n, &count);
	ck_assert_uint_eq(count, 2 * n - 1);
	free(got);
	free(items);
}
END_TEST

/* ------------------------------------------------------------------- tiles */

/* Settle the tiles; returns the owners that are in conflict, as a set of bits. */
static unsigned int settle(struct kmd_tile *tiles, size_t n, uint64_t first)
{
	unsigned int set = 0;

	for (size_t i = 0; i < n; i++)
		tiles[i].owner = i;
	ck_assert(kmd_tiles_settle(tiles, n, first, UINT64_MAX));
	for (size_t i = 0; i < n; i++)
		if (tiles[i].conflict)
			set |= 1u << tiles[i].owner;
	return set;
}

START_TEST(tiles_side_by_side)
{
	struct kmd_tile tiles[] = { { .start = 30, .end = 40, .bind = 3 },
				    { .start = 10, .end = 20, .bind = 1 },
				    { .start = 20, .end = 30, .bind = 2 } };

	ck_assert_uint_eq(settle(tiles, 3, 10), 0);
	ck_assert_uint_eq(settle(tiles, 0, 0), 0);
}
END_TEST

/* One damaged offset: the moved tile begins at the end of no other tile. */
START_TEST(tile_out_of_place)
{
	struct kmd_tile tiles[] = { { .start = 10, .end = 20, .bind = 1 },
				    { .start = 33, .end = 43, .bind = 2 },
				    { .start = 30, .end = 40, .bind = 3 },
				    { .start = 40, .end = 50, .bind = 4 } };

	ck_assert_uint_eq(settle(tiles, 4, 10), 1u << 1);
}
END_TEST

/* One damaged size: the tile covers all that follow. */
START_TEST(tile_too_long)
{
	struct kmd_tile tiles[] = { { .start = 10, .end = 1000, .bind = 1 },
				    { .start = 20, .end = 30, .bind = 2 },
				    { .start = 30, .end = 40, .bind = 3 },
				    { .start = 40, .end = 50, .bind = 4 } };

	ck_assert_uint_eq(settle(tiles, 4, 10), 1u << 0);
}
END_TEST

/* Nothing decides between two tiles: neither is used, but their neighbours are. */
START_TEST(tiles_alike)
{
	struct kmd_tile tiles[] = { { .start = 10, .end = 20, .bind = 1 },
				    { .start = 20, .end = 30, .bind = 2 },
				    { .start = 20, .end = 30, .bind = 3 },
				    { .start = 30, .end = 40, .bind = 4 } };

	ck_assert_uint_eq(settle(tiles, 4, 10), 1u << 1 | 1u << 2);
}
END_TEST

/* Nested regions with one bind may share bytes. */
START_TEST(tiles_of_one_bind)
{
	struct kmd_tile tiles[] = { { .start = 10, .end = 50, .bind = 7 },
				    { .start = 20, .end = 30, .bind = 7 },
				    { .start = 10, .end = 50, .bind = 7 } };

	ck_assert_uint_eq(settle(tiles, 3, 10), 0);
}
END_TEST

/* With any tiles, no two used tiles contradict each other. */
START_TEST(tiles_never_contradict)
{
	for (state = 3; state < 100000; state += 11) {
		struct kmd_tile tiles[10];
		size_t n = dice(10);
		uint32_t kept = state;

		for (size_t i = 0; i < n; i++) {
			tiles[i].start = dice(30);
			tiles[i].end = tiles[i].start + 1 + dice(12);
			tiles[i].bind = dice(3);
			tiles[i].conflict = false;
		}
		settle(tiles, n, 0);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < i; j++)
				ck_assert(tiles[i].conflict || tiles[j].conflict ||
					  tiles[i].bind == tiles[j].bind ||
					  tiles[i].end <= tiles[j].start ||
					  tiles[j].end <= tiles[i].start);
		state = kept;
	}
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, none_and_one);
	tcase_add_test(tcase, nested_and_crossing);
	tcase_add_test(tcase, touching);
	tcase_add_test(tcase, as_the_model);
	tcase_add_test(tcase, find_the_next_above);
	tcase_add_test(tcase, many);
	tcase_add_test(tcase, tiles_side_by_side);
	tcase_add_test(tcase, tile_out_of_place);
	tcase_add_test(tcase, tile_too_long);
	tcase_add_test(tcase, tiles_alike);
	tcase_add_test(tcase, tiles_of_one_bind);
	tcase_add_test(tcase, tiles_never_contradict);
	return kit_run("interval", tcase);
}
