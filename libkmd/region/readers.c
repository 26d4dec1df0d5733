/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table of descriptions of regions, and the reader that asks each. */
#include "region/claim.h"

#include <string.h>

static const struct kmd_claim_reader *const readers[] = {
	&kmd_claims_smem,
	&kmd_claims_kelf,
	&kmd_claims_dump_info,
	&kmd_claims_load_cmm,
};

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
