/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "arch/build.h"

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
	/* The names of 32-bit kernels include the processor: armv7l, i686. */
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

static void read_release(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	static const char start[] = "Linux version ";
	size_t length;

	if (!vmlinux->banner || strncmp(vmlinux->banner, start, sizeof(start) - 1) != 0)
		return;
	length = strcspn(vmlinux->banner + sizeof(start) - 1, " ");
	if (!length || length >= sizeof(build->release))
		return;
	memcpy(build->release, vmlinux->banner + sizeof(start) - 1, length);
	build->version = kmd_release_version(build->release);
}

void kmd_build_read(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	memset(build, 0, sizeof(*build));
	if (!vmlinux)
		return;
	build->machine = vmlinux->machine;
	build->arch = kmd_arch_by_machine(vmlinux->machine);
	read_release(vmlinux, build);
	if (!kmd_vmlinux_symbol(vmlinux, "_text", &build->text) ||
	    !kmd_vmlinux_symbol(vmlinux, "_end", &build->end) || build->end <= build->text)
		build->text = build->end = 0;
	if (build->arch && build->arch->read_build)
		build->arch->read_build(vmlinux, build);
}
