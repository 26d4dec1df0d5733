/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the files of the machines share. */
#include "arch/arch.h"

#include "base/checked.h"

#include <stdlib.h>

bool kmd_runtime_or_number(const struct kmd_runtime *runtime, enum kmd_runtime_key key,
			   const struct kmd_vmcoreinfo *info, const char *number, uint64_t *value)
{
	return kmd_runtime_get(runtime, key, value) ||
	       (info->text && kmd_vmcoreinfo_number(info, number, value));
}

static int by_number(const void *a, const void *b)
{
	return kmd_cmp_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* The longest run of equal values in sorted @deltas; of several the lowest. */
static uint64_t most_common(const uint64_t *deltas, size_t n)
{
	size_t best = 0, best_run = 0, run;

	for (size_t i = 0; i < n; i += run) {
		for (run = 1; i + run < n && deltas[i + run] == deltas[i]; run++)
			;
		if (run > best_run) {
			best = i;
			best_run = run;
		}
	}
	return deltas[best];
}

bool kmd_common_delta(const struct kmd_memory *memory, uint64_t low, uint64_t high, uint64_t align,
		      uint64_t *delta)
{
	const struct kmd_regions *regions = memory ? memory->regions : NULL;
	uint64_t *deltas = regions ? calloc(regions->n + 1, sizeof(*deltas)) : NULL;
	size_t n = 0;

	if (!deltas)
		return false;
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		uint64_t value = region->virt - region->phys;

		if (region->has_virt && region->has_phys && region->virt >= low &&
		    region->virt < high && !(value & (align - 1)))
			deltas[n++] = value;
	}
	qsort(deltas, n, sizeof(*deltas), by_number);
	if (n)
		*delta = most_common(deltas, n);
	free(deltas);
	return n > 0;
}

unsigned int kmd_arch_number(const struct kmd_vmcoreinfo *info, const char *key, unsigned int low,
			     unsigned int high, unsigned int otherwise)
{
	uint64_t number;

	if (!kmd_vmcoreinfo_number(info, key, &number) || number < low || number > high)
		return otherwise;
	return (unsigned int)number;
}
