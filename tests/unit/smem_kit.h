/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* smem_kit.h - read a built RAM image as far as its claims, and check what came out. */
#ifndef KMD_TESTS_UNIT_SMEM_KIT_H
#define KMD_TESTS_UNIT_SMEM_KIT_H

#include "smem_builder.h"

#include "image/image.h"
#include "region/claim.h"

struct result {
	enum kmd_status status;
	bool probed, degraded;
	struct kmd_diag diag;
	struct kmd_source *source;
	struct kmd_image image;
	struct kmd_claims claims;
};

extern const struct kmd_image_options no_options;

/* To be given to done(). */
struct result run(const struct built *built);
struct result run_on(const unsigned char *bytes, size_t size,
		     const struct kmd_image_options *options, bool strict);
void done(struct result *r);

/* @text is in the error's sentence or in a finding. */
bool has_message(const struct result *r, const char *text);
void expect_usual_claims(const struct result *r);

/* Both read @built and release it: the usual regions, and damage exactly where @text is given ...
 */
void expect(struct built *built, const char *text);
/* ... or an error of this status with @text in its sentence. */
void expect_failure(struct built *built, const struct kmd_image_options *options,
		    enum kmd_status status, const char *text);

#endif
