/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/vm.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *without_folder(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

char *kmd_region_name_of_file(const char *file)
{
	char *name;

	file = without_folder(file);
	if (kmd_text_has_prefix(file, "md_"))
		file += 3;
	name = strdup(file);
	if (name && kmd_text_has_suffix(name, ".bin"))
		name[strlen(name) - 4] = '\0';
	return name;
}

void kmd_vm_prefix(const char *file, char prefix[KMD_VM_MAX])
{
	size_t length = 0;

	prefix[0] = '\0';
	file = without_folder(file);
	if (!kmd_text_has_prefix(file, "md_"))
		return;
	file += 3;
	while (isxdigit((unsigned char)file[length]))
		length++;
	if (!length || length >= 4 || file[length] != '_')
		return;
	for (size_t i = 0; i < length; i++)
		prefix[i] = (char)tolower((unsigned char)file[i]);
	prefix[length] = '\0';
}

bool kmd_name_is_kelf(const char *region_name)
{
	if (kmd_text_has_prefix(region_name, "KELF"))
		return true;
	/* The first kmemdump series put the id in front. */
	return kmd_text_has_prefix(region_name, "K0ELF");
}
