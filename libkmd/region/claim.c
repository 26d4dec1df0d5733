/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/claim.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

static const struct kmd_claim_reader *const readers[] = {
	&kmd_claims_smem,
	&kmd_claims_kelf,
	&kmd_claims_dump_info,
	&kmd_claims_load_cmm,
};

struct kmd_claim *kmd_claims_add(struct kmd_claims *claims, enum kmd_origin origin)
{
	struct kmd_claim *claim;

	if (!KMD_ARRAY_RESERVE(claims->items, claims->n, claims->cap))
		return NULL;
	claim = &claims->items[claims->n++];
	memset(claim, 0, sizeof(*claim));
	claim->origin = origin;
	return claim;
}

void kmd_claims_deinit(struct kmd_claims *claims)
{
	for (size_t i = 0; i < claims->n; i++) {
		free(claims->items[i].name);
		free(claims->items[i].file);
	}
	free(claims->items);
	memset(claims, 0, sizeof(*claims));
}

enum kmd_status kmd_claims_read(const struct kmd_image *image, struct kmd_diag *diag,
				struct kmd_claims *claims)
{
	memset(claims, 0, sizeof(*claims));
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		enum kmd_status status = readers[i]->read(image, diag, claims);

		if (status != KMD_OK) {
			kmd_claims_deinit(claims);
			return status;
		}
	}
	return KMD_OK;
}
