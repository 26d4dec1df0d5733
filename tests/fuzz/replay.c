/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Replaces libFuzzer: passes each named file, and each file in a named folder, to the target
 * once.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	/* The buffer has exactly this size, so that a sanitizer finds a read beyond its end. */
	uint8_t *bytes = malloc(size ? size : 1);
	bool ok = file && bytes && fread(bytes, 1, size, file) == size;

	if (ok)
		LLVMFuzzerTestOneInput(bytes, size);
	else
		perror(path);
	free(bytes);
	if (file)
		fclose(file);
	return ok;
}

static bool replay(const char *path, size_t *count);

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool replay_folder(const char *path, size_t *count)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_visible, alphasort);
	bool ok = n >= 0;

	if (!ok)
		perror(path);
	for (int i = 0; i < n; i++) {
		char *below;

		if (asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0)
			abort();
		ok &= replay(below, count);
		free(below);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return ok;
}

static bool replay(const char *path, size_t *count)
{
	struct stat st;

	if (stat(path, &st)) {
		perror(path);
		return false;
	}
	if (S_ISDIR(st.st_mode))
		return replay_folder(path, count);
	++*count;
	return replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	size_t count = 0;
	bool ok = true;

	for (int i = 1; i < argc; i++)
		ok &= replay(argv[i], &count);
	printf("%zu inputs\n", count);
	return ok && count ? EXIT_SUCCESS : EXIT_FAILURE;
}
