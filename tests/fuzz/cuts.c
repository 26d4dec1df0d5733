/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * cuts STEP FILE... - open every beginning of each FILE, STEP bytes apart, through the public
 * header: no crash, an error with a sentence or a dump, and no byte of it is another than in the
 * whole file.
 *
 * cuts --shrink STEP FILE... - make each FILE shorter by STEP bytes until it is empty, and open it
 * each time: for files that unpack to more than the limit.  Memory must stay small.
 */
#include <kmemdump/kmd.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK      65536
#define SECONDS    60 /* for one piece: a hang ends the program by SIGALRM */
#define LIMIT      (UINT64_C(1) << 28)
#define LIMIT_BOMB (UINT64_C(1) << 24)
#define MEMORY     (64l << 10) /* KiB */

static void fail(const char *file, size_t size, const char *what)
{
	fprintf(stderr, "%s, first %zu bytes: %s\n", file, size, what);
	exit(1);
}

static unsigned char *load(const char *file, size_t *size)
{
	FILE *in = fopen(file, "rb");
	unsigned char *data;

	if (!in || fseek(in, 0, SEEK_END))
		fail(file, 0, "cannot be read");
	*size = (size_t)ftell(in);
	rewind(in);
	data = malloc(*size ? *size : 1);
	if (!data || fread(data, 1, *size, in) != *size)
		fail(file, *size, "cannot be read");
	fclose(in);
	return data;
}

static struct kmd *open_piece(const char *file, const unsigned char *data, size_t size)
{
	struct kmd *kmd = kmd_new();
	enum kmd_status status;

	if (!kmd)
		fail(file, size, "no memory");
	alarm(SECONDS);
	kmd_set_unpack_limit(kmd, LIMIT);
	status = kmd_open_memory(kmd, data, size, "input");
	alarm(0);
	if (status == KMD_OK)
		return kmd;
	if (!kmd_error(kmd) || !kmd_error(kmd)[0])
		fail(file, size, "an error without a sentence");
	kmd_free(kmd);
	return NULL;
}

/* Each captured byte of @piece is the same in @whole, if that has it. */
static void compare(const char *file, size_t size, struct kmd *piece, struct kmd *whole)
{
	static unsigned char a[BLOCK], b[BLOCK];
	const struct kmd_region *region;

	for (size_t i = 0; (region = kmd_region_get(piece, i)); i++) {
		if (!region->has_phys || !region->captured ||
		    (region->state != KMD_REGION_OK && region->state != KMD_REGION_CUT))
			continue;
		for (uint64_t at = 0; at < region->captured; at += BLOCK) {
			uint64_t left = region->captured - at;
			size_t part = left < BLOCK ? (size_t)left : BLOCK;

			if (kmd_read_phys(piece, region->phys + at, a, part) != KMD_OK)
				continue;
			if (kmd_read_phys(whole, region->phys + at, b, part) != KMD_OK)
				fail(file, size, "memory that the whole file has not");
			if (memcmp(a, b, part) != 0)
				fail(file, size, "other memory than of the whole file");
		}
	}
}

static size_t try_file(const char *file, size_t step)
{
	size_t size, opened = 0;
	unsigned char *data = load(file, &size);
	struct kmd *whole = open_piece(file, data, size);

	if (!whole)
		fail(file, size, "the whole file cannot be opened");
	for (size_t at = 0; at < size; at += step) {
		/* Just so large, for a sanitizer. */
		unsigned char *copy = malloc(at ? at : 1);
		struct kmd *piece;

		if (!copy)
			fail(file, at, "no memory");
		memcpy(copy, data, at);
		piece = open_piece(file, copy, at);
		opened += piece != NULL;
		if (piece)
			compare(file, at, piece, whole);
		kmd_free(piece);
		free(copy);
	}
	printf("%s: %zu pieces, %zu opened\n", file, (size + step - 1) / step, opened);
	kmd_free(whole);
	free(data);
	return opened;
}

/* True if the file opens as it is now. */
static bool try_as_it_is(const char *file, size_t size)
{
	struct kmd *kmd = kmd_new();
	enum kmd_status status;

	if (!kmd)
		fail(file, size, "no memory");
	alarm(SECONDS);
	kmd_set_unpack_limit(kmd, LIMIT_BOMB);
	status = kmd_open_path(kmd, file);
	alarm(0);
	if (status != KMD_OK && (!kmd_error(kmd) || !kmd_error(kmd)[0]))
		fail(file, size, "an error without a sentence");
	kmd_free(kmd);
	return status == KMD_OK;
}

static void check_memory(const char *file)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
#ifndef __SANITIZE_ADDRESS__ /* which needs more */
	if (usage.ru_maxrss >= MEMORY)
		fail(file, 0, "64 MiB of memory or more");
#endif
	printf("%s: %ld MiB of memory\n", file, usage.ru_maxrss >> 10);
}

static void shrink(const char *file, size_t step)
{
	size_t pieces = 0, opened = 0, size;
	struct stat st;

	if (stat(file, &st))
		fail(file, 0, "cannot be read");
	for (size = (size_t)st.st_size; size; pieces++) {
		size = (size - 1) / step * step;
		if (truncate(file, (off_t)size))
			fail(file, size, "cannot be made shorter");
		opened += try_as_it_is(file, size);
	}
	printf("%s: %zu pieces, %zu opened\n", file, pieces, opened);
	check_memory(file);
}

int main(int argc, char **argv)
{
	bool shrinks = argc > 1 && !strcmp(argv[1], "--shrink");
	int first = shrinks ? 3 : 2;
	size_t step = argc >= first ? strtoul(argv[first - 1], NULL, 0) : 0;

	if (argc <= first || !step) {
		fprintf(stderr, "usage: cuts [--shrink] STEP FILE...\n");
		return 2;
	}
	for (int i = first; i < argc; i++)
		if (shrinks)
			shrink(argv[i], step);
		else
			try_file(argv[i], step);
	return 0;
}
