/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Small reads, which are kept: the same bytes and errors as else. */
#include "api_kit.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEGMENTS 3
#define HEAD     4096u

/* Whole blocks; less than a page; pages that begin anywhere, behind a hole. */
static const struct {
	uint64_t phys;
	size_t size;
} segments[SEGMENTS] = { { 0x40000000, 0x60000 }, { 0x40060000, 100 }, { 0x40063210, 0x7000 } };

static unsigned char byte_of(uint64_t phys)
{
	return (unsigned char)(phys ^ phys >> 7 ^ phys >> 13);
}

static int make_core(void)
{
	Elf64_Ehdr header = { .e_type = ET_CORE,
			      .e_machine = EM_X86_64,
			      .e_version = EV_CURRENT,
			      .e_phoff = sizeof(header),
			      .e_ehsize = sizeof(header),
			      .e_phentsize = sizeof(Elf64_Phdr),
			      .e_phnum = SEGMENTS };
	int fd = open(path_to("words"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint64_t at = HEAD;

	memcpy(header.e_ident, ELFMAG "\2\1\1", 7);
	little_endian_header(&header);
	ck_assert_int_eq(write(fd, &header, sizeof(header)), sizeof(header));
	for (int i = 0; i < SEGMENTS; i++) {
		Elf64_Phdr row = { .p_type = PT_LOAD,
				   .p_offset = at,
				   .p_vaddr = segments[i].phys + 0xffff888000000000,
				   .p_paddr = segments[i].phys,
				   .p_filesz = segments[i].size,
				   .p_memsz = segments[i].size };
		unsigned char *bytes = malloc(segments[i].size);

		little_endian_row(&row);
		ck_assert_int_eq(write(fd, &row, sizeof(row)), sizeof(row));
		for (uint64_t j = 0; j < segments[i].size; j++)
			bytes[j] = byte_of(segments[i].phys + j);
		ck_assert_int_eq(pwrite(fd, bytes, segments[i].size, (off_t)at),
				 (ssize_t)segments[i].size);
		free(bytes);
		at += segments[i].size;
	}
	return fd;
}

static bool is_captured(uint64_t phys, uint64_t length)
{
	/* The first two touch. */
	if (phys >= segments[2].phys)
		return phys + length <= segments[2].phys + segments[2].size;
	return phys + length <= segments[1].phys + segments[1].size;
}

static void read_word(uint64_t phys, size_t length)
{
	unsigned char got[512];
	int wrong = 0;

	for (int virtual = 0; virtual < 2; virtual ++) {
		enum kmd_status status = virtual ? kmd_read_virt(kmd, phys + 0xffff888000000000,
								 got, length)
						 : kmd_read_phys(kmd, phys, got, length);

		if (!is_captured(phys, length)) {
			expect_error(status, KMD_ERR_NOT_FOUND, "was not captured");
			continue;
		}
		expect_ok(status);
		for (size_t i = 0; i < length; i++)
			wrong += got[i] != byte_of(phys + i);
		ck_assert_int_eq(wrong, 0);
	}
}

/* The random numbers are the same in each run. */
static void read_words(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 20000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		read_word(0x40000000 + (state >> 20) % (i % 2 ? 0x6b000 : 0x2000),
			  1 + (size_t)(state >> 50) % (i % 64 ? 16 : 512));
	}
}

/* All memory of the file is kept; none; less than the file has. */
START_TEST(words)
{
	static const uint64_t limits[] = { 0, 1, 2 * (65536 + 4096) };

	close(make_core());
	expect_ok(kmd_set_limit(kmd, KMD_LIMIT_KEPT, limits[_i]));
	expect_ok(kmd_open_path(kmd, path_to("words")));
	read_words();
}
END_TEST

/* A block and a page that cannot be read as a whole leave no sentence of an error behind. */
START_TEST(beside_what_is_gone)
{
	int fd = make_core();
	char got[8];

	expect_ok(kmd_open_path(kmd, path_to("words")));
	ck_assert_int_eq(ftruncate(fd, HEAD + 0x10800), 0);
	close(fd);
	for (int i = 0; i < 100; i++) {
		expect_ok(kmd_read_phys(kmd, 0x40010000 + (uint64_t)i * 8, got, 8));
		ck_assert_uint_eq((unsigned char)got[0], byte_of(0x40010000 + (uint64_t)i * 8));
		expect_error(kmd_read_phys(kmd, 0x40010800 + (uint64_t)i * 8, got, 8), KMD_ERR_IO,
			     "words");
	}
}
END_TEST

void add_word_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, words, 0, 3);
	tcase_add_test(tcase, beside_what_is_gone);
}
