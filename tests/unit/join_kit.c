/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "join_kit.h"

#include <string.h>

struct kmd_image image;
struct kmd_claims claims;
struct kmd_hints hints;
struct kmd_regions regions;

static void teardown(void)
{
	kmd_regions_deinit(&regions);
	kmd_hints_deinit(&hints);
	kmd_claims_deinit(&claims);
	kmd_image_deinit(&image);
}

TCase *join_tcase(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, NULL, teardown);
	return tcase;
}

static struct kmd_blob *blob(const char *name, const void *bytes, size_t size)
{
	struct kmd_blob *added = kmd_image_add(&image);

	ck_assert_ptr_nonnull(added);
	added->name = strdup(name);
	added->source = source_of(name, bytes, size);
	added->size = added->declared = size;
	return added;
}

struct kmd_blob *section(const char *name, uint64_t phys, const void *bytes, size_t size)
{
	struct kmd_blob *added = blob(name, bytes, size);

	added->origin = KMD_FROM_SECTION;
	added->phys = phys;
	added->has_phys = true;
	return added;
}

struct kmd_blob *file(const char *name, const void *bytes, size_t size)
{
	struct kmd_blob *added = blob(name, bytes, size);

	added->origin = KMD_FROM_FILE;
	return added;
}

struct kmd_blob *flat(uint64_t phys, const void *bytes, size_t size)
{
	struct kmd_blob *added = blob("", bytes, size);

	added->kind = KMD_BLOB_FLAT;
	added->phys = phys;
	added->has_phys = true;
	return added;
}

static struct kmd_claim *claim(enum kmd_origin origin, const char *name, const char *in)
{
	struct kmd_claim *added = kmd_claims_add(&claims, origin);

	ck_assert_ptr_nonnull(added);
	added->name = strdup(name);
	added->file = strdup(in);
	added->place = kmd_at("table", 0x100 * claims.n);
	return added;
}

void kelf(const char *name, uint64_t phys, uint64_t virt, uint64_t size)
{
	struct kmd_claim *added = claim(KMD_FROM_KELF, name, "");

	added->phys = phys;
	added->virt = virt;
	added->size = size;
	added->has_phys = added->has_virt = added->has_size = true;
	claims.has_kelf = true;
}

void listed(enum kmd_origin origin, const char *name, uint64_t phys, uint64_t size)
{
	struct kmd_claim *added = claim(origin, "", name);

	added->phys = phys;
	added->has_phys = true;
	added->size = size;
	added->has_size = size > 0;
}

void hint(uint64_t virt, const char *symbol)
{
	expect_ok(kmd_hints_add(&hints, &diag, virt, symbol, strlen(symbol)));
}

enum kmd_status join(void)
{
	return kmd_regions_join(&image, &claims, &hints, &diag, &regions);
}

void expect_state(const char *name, enum kmd_region_state state)
{
	ck_assert_msg(region_named(&regions, name)->state == state, "\"%s\" is %s", name,
		      kmd_region_state_name(region_named(&regions, name)->state));
}

void expect_region(const char *name, enum kmd_region_state state, uint64_t phys, uint64_t size)
{
	const struct kmd_region *region = region_named(&regions, name);

	expect_state(name, state);
	ck_assert(region->has_phys);
	ck_assert_uint_eq(region->phys, phys);
	ck_assert_uint_eq(region->size, size);
	ck_assert_uint_eq(region->captured, size);
}

void expect_virt(const char *name, uint64_t virt)
{
	const struct kmd_region *region = region_named(&regions, name);

	ck_assert_msg(region->has_virt, "\"%s\" has no virtual address", name);
	ck_assert_uint_eq(region->virt, virt);
}
