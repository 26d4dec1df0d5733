/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The CPUs of the dumped kernel, and their own variables. */
#include "target/target.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define MASK_BYTES (KMD_TARGET_CPUS_MAX / 8)

static bool has_symbols(const struct kmd_target *target)
{
	return target->has_symbols || target->kallsyms;
}

/* A struct cpumask, as bits; false if no mask is there. */
static bool read_mask(const struct kmd_target *target, unsigned char *bits, size_t *n_bits)
{
	static const char *const masks[] = { "__cpu_present_mask", "__cpu_possible_mask",
					     "__cpu_online_mask" };
	size_t bits_of_word = 8 * kmd_target_word(target);
	uint64_t virt, size, word;

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		if (!kmd_target_symbol(target, masks[i], &virt, &size) || !size ||
		    size & (kmd_target_word(target) - 1))
			continue;
		size = kmd_min_u64(size, MASK_BYTES);
		for (*n_bits = 0; *n_bits < size * 8; *n_bits += bits_of_word) {
			if (!kmd_target_read_uint(target, KMD_XLATE_ANY, virt + *n_bits / 8,
						  KMD_LONG, &word))
				break;
			for (size_t bit = 0; bit < bits_of_word; bit++)
				bits[*n_bits + bit] = word >> bit & 1;
		}
		if (*n_bits == size * 8)
			return true;
	}
	return false;
}

static bool add_cpu(const struct kmd_target *target, uint64_t offsets, uint32_t cpu,
		    struct kmd_target_cpus *cpus)
{
	uint64_t offset;

	if (!kmd_target_read_uint(target, KMD_XLATE_ANY, offsets + kmd_target_word(target) * cpu,
				  KMD_LONG, &offset))
		return false;
	cpus->numbers[cpus->n] = cpu;
	cpus->offsets[cpus->n++] = offset;
	return true;
}

/* Without CONFIG_SMP there is one CPU, and its variables are where the linker has put them. */
static bool is_alone(const struct kmd_target *target)
{
	uint64_t link;

	return target->has_symbols && kmd_vmlinux_symbol(target->vmlinux, "runqueues", &link) &&
	       !kmd_vmlinux_symbol(target->vmlinux, "__per_cpu_offset", &link);
}

bool kmd_target_cpus(const struct kmd_target *target, struct kmd_target_cpus *cpus)
{
	unsigned char *bits = calloc(1, KMD_TARGET_CPUS_MAX + 64);
	uint64_t offsets, size;
	size_t n = 0;
	bool known;

	memset(cpus, 0, sizeof(*cpus));
	cpus->numbers = calloc(KMD_TARGET_CPUS_MAX, sizeof(*cpus->numbers));
	cpus->offsets = calloc(KMD_TARGET_CPUS_MAX, sizeof(*cpus->offsets));
	known = bits && cpus->numbers && cpus->offsets && has_symbols(target);
	if (known && is_alone(target)) {
		free(bits);
		cpus->n = 1; /* number 0, offset 0 */
		return true;
	}
	known = known && kmd_target_symbol(target, "__per_cpu_offset", &offsets, &size) &&
		read_mask(target, bits, &n);
	for (uint32_t cpu = 0; known && cpu < n; cpu++)
		if (bits[cpu])
			known = kmd_target_word(target) * cpu < size &&
				add_cpu(target, offsets, cpu, cpus);
	free(bits);
	return known && cpus->n;
}

void kmd_target_cpus_deinit(struct kmd_target_cpus *cpus)
{
	free(cpus->numbers);
	free(cpus->offsets);
	memset(cpus, 0, sizeof(*cpus));
}

/* x86_64 links its per-CPU variables at 0 until 6.14: KASLR does not move them. */
bool kmd_target_per_cpu(const struct kmd_target *target, const char *symbol, uint64_t offset,
			uint64_t *virt)
{
	uint64_t start;

	if (!has_symbols(target) || !kmd_target_symbol(target, symbol, virt, NULL))
		return false;
	/* kallsyms has them at their own values. */
	if (target->has_symbols && kmd_vmlinux_symbol(target->vmlinux, "__per_cpu_start", &start) &&
	    !start)
		*virt -= target->kaslr;
	*virt += offset;
	return true;
}
