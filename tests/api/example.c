/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* example.c - list a dump's regions, show why its kernel died, write its core: example DUMP VMCORE
 */
#include <kmemdump/kmd.h>

#include <inttypes.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct kmd *kmd = kmd_new();
	const struct kmd_region *region;
	int failed;

	if (argc != 3 || !kmd)
		return 64;
	if (kmd_open_path(kmd, argv[1]) == KMD_OK) {
		for (size_t i = 0; (region = kmd_region_get(kmd, i)); i++)
			printf("%-12s 0x%08" PRIx64 " %7" PRIu64 " %s\n", region->name,
			       region->phys, region->size, kmd_region_state_name(region->state));
		if (kmd_kernel_get(kmd)->release)
			printf("release %s\n", kmd_kernel_get(kmd)->release);
		if (kmd_kernel_get(kmd)->panic)
			printf("panic %s\n", kmd_kernel_get(kmd)->panic);
		kmd_assemble_path(kmd, argv[2], 0);
	}
	failed = kmd_error(kmd) != NULL;
	if (failed)
		fprintf(stderr, "%s\n", kmd_error(kmd));
	kmd_free(kmd);
	return failed;
}
