/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/file_name.h"

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

size_t kmd_name_without_copy_mark(const char *name, size_t length)
{
	size_t at;

	if (length < 4 || name[length - 1] != ')')
		return length;
	for (at = length - 1; at && isdigit((unsigned char)name[at - 1]); at--)
		;
	if (at < 2 || at == length - 1 || name[at - 1] != '(' || name[at - 2] != ' ')
		return length;
	return at - 2;
}

static size_t without_suffix(const char *name, size_t length)
{
	static const char *const suffixes[] = { ".bin", ".bak",  ".dat", ".img",
						".old", ".orig", ".raw", ".txt" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t size = strlen(suffixes[i]);

		if (length > size && !memcmp(name + length - size, suffixes[i], size))
			return length - size;
	}
	return length;
}

char *kmd_region_name_core(const char *file)
{
	static const char copy[] = "copy of ";
	char *name = strdup(without_folder(file));
	size_t length, before, skip = 0;

	if (!name)
		return NULL;
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (kmd_text_has_prefix(name, copy))
		skip = sizeof(copy) - 1;
	if (kmd_text_has_prefix(name + skip, "md_"))
		skip += 3;
	length = strlen(name + skip);
	memmove(name, name + skip, length + 1);
	do {
		before = length;
		length = without_suffix(name, length);
		length = kmd_name_without_copy_mark(name, length);
	} while (length != before);
	name[length] = '\0';
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
