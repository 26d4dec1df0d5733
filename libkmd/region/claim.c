/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/claim.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

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
	free(claims->subsystems);
	memset(claims, 0, sizeof(*claims));
}
