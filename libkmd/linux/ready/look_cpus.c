/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The CPUs of the dumped kernel, and their own variables. */
#include "linux/ready/look.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define MASK_BYTES (KMD_LOOK_CPUS / 8)

/* A struct cpumask, as bits; false if no mask is there. */
static bool read_mask(const struct kmd_look *look, unsigned char *bits, size_t *n_bits)
{
	static const char *const masks[] = { "__cpu_present_mask", "__cpu_possible_mask",
					     "__cpu_online_mask" };
	uint64_t virt, size, word;

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		if (!kmd_look_symbol(look, masks[i], &virt, &size) || !size || size & 7)
			continue;
		size = kmd_min_u64(size, MASK_BYTES);
		for (*n_bits = 0; *n_bits < size * 8; *n_bits += 64) {
			if (!kmd_look_number(look, KMD_LOOK_EITHER, virt + *n_bits / 8, 8, &word))
				break;
			for (size_t bit = 0; bit < 64; bit++)
				bits[*n_bits + bit] = word >> bit & 1;
		}
		if (*n_bits == size * 8)
			return true;
	}
	return false;
}

static bool add_cpu(const struct kmd_look *look, uint64_t offsets, uint32_t cpu,
		    struct kmd_look_cpus *cpus)
{
	uint64_t offset;

	if (!kmd_look_number(look, KMD_LOOK_EITHER, offsets + 8 * (uint64_t)cpu, 8, &offset))
		return false;
	cpus->numbers[cpus->n] = cpu;
	cpus->offsets[cpus->n++] = offset;
	return true;
}

bool kmd_look_cpus(const struct kmd_look *look, struct kmd_look_cpus *cpus)
{
	unsigned char *bits = calloc(1, KMD_LOOK_CPUS + 64);
	uint64_t offsets, size;
	size_t n = 0;
	bool known;

	memset(cpus, 0, sizeof(*cpus));
	cpus->numbers = calloc(KMD_LOOK_CPUS, sizeof(*cpus->numbers));
	cpus->offsets = calloc(KMD_LOOK_CPUS, sizeof(*cpus->offsets));
	known = bits && cpus->numbers && cpus->offsets && look->has_symbols &&
		kmd_look_symbol(look, "__per_cpu_offset", &offsets, &size) &&
		read_mask(look, bits, &n);
	for (uint32_t cpu = 0; known && cpu < n; cpu++)
		if (bits[cpu])
			known = 8 * (uint64_t)cpu < size && add_cpu(look, offsets, cpu, cpus);
	free(bits);
	return known && cpus->n;
}

void kmd_look_cpus_deinit(struct kmd_look_cpus *cpus)
{
	free(cpus->numbers);
	free(cpus->offsets);
	memset(cpus, 0, sizeof(*cpus));
}

/* x86_64 links its per-CPU variables at 0 until 6.14: KASLR does not move them. */
bool kmd_look_per_cpu(const struct kmd_look *look, const char *symbol, uint64_t offset,
		      uint64_t *virt)
{
	uint64_t start;

	if (!look->has_symbols || !kmd_look_symbol(look, symbol, virt, NULL))
		return false;
	if (kmd_vmlinux_symbol(look->in->vmlinux, "__per_cpu_start", &start) && !start)
		*virt -= look->kaslr;
	*virt += offset;
	return true;
}
