/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* smem_kit.h - read the claims of a built RAM image, and check them. */
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

/* The caller passes it to done(). */
struct result run(const struct built *built);
struct result run_on(const unsigned char *bytes, size_t size,
		     const struct kmd_image_options *options, bool strict);
void done(struct result *r);

/* True if @text is in the sentence of the error or in a finding. */
bool has_message(const struct result *r, const char *text);
void expect_usual_claims(const struct result *r);

/* Both read @built and free it.  Expect the usual regions, and damage only if @text is given ... */
void expect(struct built *built, const char *text);
/* ... or expect an error of this status with @text in its sentence. */
void expect_failure(struct built *built, const struct kmd_image_options *options,
		    enum kmd_status status, const char *text);

#endif
