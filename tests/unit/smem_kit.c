/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "smem_kit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

const struct kmd_image_options no_options;

struct result run_on(const unsigned char *bytes, size_t size,
		     const struct kmd_image_options *options, bool strict)
{
	struct result r = { .status = KMD_OK };
	struct kmd_member member = { 0 };
	struct kmd_input input = { .name = (char *)"ram", .members = &member, .n_members = 1 };

	kmd_diag_init(&r.diag);
	r.diag.strict = strict;
	ck_assert_int_eq(kmd_source_from_memory(&r.diag, bytes, size, "ram", &r.source), KMD_OK);
	member.source = r.source;
	r.probed = kmd_image_ram.probe(&input, options, &r.diag);
	r.status = r.diag.status;
	if (r.probed)
		r.status = kmd_image_ram.read(&input, options, &r.diag, &r.image);
	if (r.probed && r.status == KMD_OK)
		r.status = kmd_claims_smem.read(&r.image, &r.diag, &r.claims);
	r.degraded = r.diag.degraded;
	return r;
}

struct result run(const struct built *built)
{
	return run_on(built->ram, RAM_SIZE, &no_options, false);
}

void done(struct result *r)
{
	kmd_claims_deinit(&r->claims);
	kmd_image_deinit(&r->image);
	kmd_source_free(r->source);
	kmd_diag_deinit(&r->diag);
}

bool has_message(const struct result *r, const char *text)
{
	if (r->status != KMD_OK && strstr(r->diag.sentence, text))
		return true;
	for (size_t i = 0; i < r->diag.n_findings; i++)
		if (strstr(r->diag.findings[i]->text, text))
			return true;
	return false;
}

static void expect_claim(const struct kmd_claim *claim, const char *name, uint32_t i)
{
	ck_assert_str_eq(claim->name, name);
	ck_assert_uint_eq(claim->phys, RAM_BASE + 0x10000 + i * 0x1000);
	ck_assert_uint_eq(claim->size, 0x100 + i * 4);
	ck_assert(claim->has_phys && claim->has_size && claim->origin == KMD_FROM_SMEM);
	if (claim->invalid)
		return;
	ck_assert(claim->has_bytes);
	ck_assert_uint_eq(claim->offset, 0x10000 + i * 0x1000);
	ck_assert_uint_eq(claim->captured, claim->size);
}

void expect_usual_claims(const struct result *r)
{
	ck_assert_msg(r->status == KMD_OK, "%s", r->diag.sentence);
	ck_assert_uint_eq(r->claims.n, REGIONS);
	expect_claim(&r->claims.items[0], "KELF", 0);
	expect_claim(&r->claims.items[1], "Kvmcorein1", 1);
	expect_claim(&r->claims.items[2], "sixteen_letters_2", 2);
	expect_claim(&r->claims.items[3], "Klog3", 3);
	for (uint32_t i = 0; i < REGIONS; i++)
		ck_assert_int_eq(r->claims.items[i].invalid, i == 3);
}

/* Expect the usual regions, and damage only if @text, its sentence, is given. */
void expect(struct built *built, const char *text)
{
	struct result r = run(built);

	expect_usual_claims(&r);
	ck_assert_msg(r.degraded == (text != NULL), "degraded: %d", r.degraded);
	ck_assert_msg(!text || has_message(&r, text), "no message: %s", text);
	done(&r);
	free(built->ram);
}

void expect_failure(struct built *built, const struct kmd_image_options *options,
		    enum kmd_status status, const char *text)
{
	struct result r = run_on(built->ram, RAM_SIZE, options, false);

	ck_assert(r.probed);
	ck_assert_msg(r.status == status && has_message(&r, text), "%d: %s", (int)r.status,
		      r.diag.sentence);
	done(&r);
	free(built->ram);
}
