/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* example.c - list a dump's regions, read the crashed machine's name out of it, write the core. */
#include <kmemdump/kmd.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* init_uts_ns holds six strings of 65 bytes; the second is what hostname said. */
static enum kmd_status print_nodename(struct kmd *kmd)
{
	static const char key[] = "\nSYMBOL(init_uts_ns)=";
	char info[65536], nodename[65], *found;
	const char *text;
	size_t length;
	enum kmd_status status = kmd_vmcoreinfo(kmd, &text, &length);

	if (status != KMD_OK)
		return status;
	snprintf(info, sizeof(info), "%.*s", (int)length, text);
	found = strstr(info, key);
	if (!found)
		return KMD_OK;
	status = kmd_read_virt(kmd, strtoull(found + sizeof(key) - 1, NULL, 16) + 65, nodename, 65);
	if (status == KMD_OK)
		printf("nodename %s\n", nodename);
	return status;
}

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
		printf("release %s\n", kmd_kernel_get(kmd)->release);
		if (print_nodename(kmd) == KMD_OK)
			kmd_assemble_path(kmd, argv[2], 0);
	}
	failed = kmd_error(kmd) != NULL;
	if (failed)
		fprintf(stderr, "%s\n", kmd_error(kmd));
	kmd_free(kmd);
	return failed;
}
