/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "arch/arch.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

static const struct kmd_arch *const arches[] = {
	&kmd_arch_arm64, &kmd_arch_x86_64, &kmd_arch_riscv64, &kmd_arch_arm, &kmd_arch_i386,
};

#define N_ARCHES (sizeof(arches) / sizeof(arches[0]))

const struct kmd_arch *kmd_arch_by_machine(uint16_t machine)
{
	for (size_t i = 0; i < N_ARCHES; i++)
		if (arches[i]->machine == machine)
			return arches[i];
	return NULL;
}

const struct kmd_arch *kmd_arch_by_name(const char *name, size_t length)
{
	/* 32-bit kernels say which processor they are for: armv7l, i686. */
	if (length > 3 && !memcmp(name, "armv", 4))
		return &kmd_arch_arm;
	if (length == 4 && name[0] == 'i' && !memcmp(name + 2, "86", 2))
		return &kmd_arch_i386;
	for (size_t i = 0; i < N_ARCHES; i++)
		if (strlen(arches[i]->name) == length && !memcmp(arches[i]->name, name, length))
			return arches[i];
	return NULL;
}

const struct kmd_arch *kmd_arch_by_vmcoreinfo(const struct kmd_vmcoreinfo *info)
{
	for (size_t i = 0; info->text && i < N_ARCHES; i++)
		if (arches[i]->matches_vmcoreinfo(info))
			return arches[i];
	return NULL;
}

static void add_map(const struct kmd_map *map, uint64_t high, struct kmd_hints *hints)
{
	if (map->known && map->low < high)
		hints->maps[hints->n_maps++] = (struct kmd_known_map){ map->low, high, map->delta };
}

void kmd_arch_hints(const struct kmd_vmcoreinfo *info, struct kmd_hints *hints)
{
	const struct kmd_arch *arch = kmd_arch_by_vmcoreinfo(info);
	struct kmd_layout layout = { 0 };

	if (!arch)
		return;
	arch->layout(info, NULL, NULL, &layout);
	add_map(&layout.linear, layout.linear.high, hints);
	add_map(&layout.image, kmd_vmcoreinfo_top_symbol(info, layout.image.low, layout.image.high),
		hints);
}

unsigned int kmd_release_version(const char *release)
{
	unsigned long major, minor = 0;
	char *rest;

	major = strtoul(release, &rest, 10);
	if (*rest == '.')
		minor = strtoul(rest + 1, NULL, 10);
	return major < 256 && minor < 256 ? (unsigned int)(major << 8 | minor) : 0;
}

unsigned int kmd_kernel_version(const struct kmd_vmcoreinfo *info)
{
	const char *value;
	char text[32];
	size_t length;

	if (!info->text || !kmd_vmcoreinfo_get(info, "OSRELEASE", &value, &length))
		return 0;
	length = kmd_min_u64(length, sizeof(text) - 1);
	memcpy(text, value, length);
	text[length] = '\0';
	return kmd_release_version(text);
}

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
