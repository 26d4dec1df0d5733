/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * access WAY CORE PIECE - read 1 GiB in pieces of 64 KiB, or a million words, of a core's largest
 * segment; prints seconds and a sum of what was read.  bench/access compiles and runs this.
 */
#include <elf.h>
#include <fcntl.h>
#include <kmemdump/kmd.h>
#include <libkdumpfile/kdumpfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int fd;
static struct kmd *kmd;
static kdump_ctx_t *ctx;
static uint64_t phys, size, file_offset;

static void fail(const char *what)
{
	fprintf(stderr, "access: %s\n", what);
	exit(1);
}

static void read_pread(uint64_t at, void *buffer, size_t length)
{
	if (pread(fd, buffer, length, (off_t)(file_offset + at)) != (ssize_t)length)
		fail("pread");
}

static void read_kmd(uint64_t at, void *buffer, size_t length)
{
	if (kmd_read_phys(kmd, phys + at, buffer, length) != KMD_OK)
		fail(kmd_error(kmd));
}

static void read_kdumpfile(uint64_t at, void *buffer, size_t length)
{
	size_t got = length;

	if (kdump_read(ctx, KDUMP_MACHPHYSADDR, phys + at, buffer, &got) != KDUMP_OK)
		fail(kdump_get_err(ctx));
}

/* The largest segment with a physical address. */
static void find_segment(void)
{
	Elf64_Ehdr header;
	Elf64_Phdr row;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		fail("no ELF header");
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		if (pread(fd, &row, sizeof(row), (off_t)(header.e_phoff + i * sizeof(row))) !=
		    sizeof(row))
			fail("no program header");
		if (row.p_type != PT_LOAD || row.p_filesz <= size)
			continue;
		size = row.p_filesz;
		phys = row.p_paddr;
		file_offset = row.p_offset;
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	void (*read)(uint64_t at, void *buffer, size_t length) = read_pread;
	uint64_t sum = 0, at = 0, word, state = 1;
	static unsigned char buffer[65536];
	double start;

	if (argc != 4 || (fd = open(argv[2], O_RDONLY)) < 0)
		fail("usage: access WAY CORE runs|sequence|words|near");
	find_segment();
	if (!strncmp(argv[1], "kmd", 3)) {
		kmd = kmd_new();
		if (kmd && !strcmp(argv[1], "kmd-2g"))
			kmd_set_limit(kmd, KMD_LIMIT_KEPT, UINT64_C(2) << 30);
		if (!kmd || kmd_open_path(kmd, argv[2]) != KMD_OK)
			fail(kmd ? kmd_error(kmd) : "no memory");
		read = read_kmd;
	} else if (!strcmp(argv[1], "kdumpfile")) {
		ctx = kdump_new();
		if (!ctx || kdump_set_number_attr(ctx, KDUMP_ATTR_FILE_FD, fd) != KDUMP_OK)
			fail(ctx ? kdump_get_err(ctx) : "no memory");
		read = read_kdumpfile;
	}
	start = now();
	if (!strcmp(argv[3], "runs")) {
		for (uint64_t done = 0; done < 1u << 30; done += sizeof(buffer)) {
			if (at + sizeof(buffer) > size)
				at = 0;
			read(at, buffer, sizeof(buffer));
			sum += buffer[0];
			at += sizeof(buffer);
		}
	} else if (!strcmp(argv[3], "sequence")) {
		for (unsigned int i = 0; i < 1000000; i++) {
			read(8ull * i, &word, sizeof(word));
			sum += word;
		}
	} else {
		/* Anywhere, or as a walk along lists goes: near the last word, now and then away.
		 */
		uint64_t span = strcmp(argv[3], "near") ? size : 65536;

		for (unsigned int i = 0; i < 1000000; i++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			if (span != size && i % 64 == 0)
				at = (state >> 20) % (size - span) & ~7ull;
			read((span != size ? at : 0) + ((state >> 16) % (span - 8) & ~7ull), &word,
			     sizeof(word));
			sum += word;
		}
	}
	printf("%.4f %llx\n", now() - start, (unsigned long long)sum);
	return 0;
}
