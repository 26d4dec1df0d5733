/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_work.c - the uses of an open dump: reading memory and assembling, also in threads. */
#include "api_kit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* --------------------------------------------------------------- registers */

static void set_registers(const char *text)
{
	const char *path = path_to("registers");
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	expect_ok(kmd_set_registers(kmd, path));
}

START_TEST(registers_from_a_file)
{
	const struct kmd_cpu_registers *cpu;

	ck_assert_uint_eq(kmd_cpu_count(kmd), 0);
	set_registers("CPU#2\n PC=ffff800000000010 X00=0000000000000007  SP=ffff800000000020\n"
		      "CPU#0\n PC=ffff800000000030  SP=ffff800000000040\n");
	open_small();
	ck_assert_uint_eq(kmd_cpu_count(kmd), 2);
	ck_assert_ptr_null(kmd_cpu_get(kmd, 2));
	ck_assert_uint_eq(kmd_cpu_get(kmd, 0)->cpu, 0);
	cpu = kmd_cpu_get(kmd, 1);
	ck_assert_uint_eq(cpu->cpu, 2);
	ck_assert_uint_eq(cpu->n_words, 34);
	ck_assert_uint_eq(cpu->words[0], 7);
	ck_assert_uint_eq(cpu->pc, SMALL_VIRT + 0x10);
	ck_assert_uint_eq(cpu->sp, SMALL_VIRT + 0x20);
	ck_assert_str_eq(cpu->source, "register file");
	expect_error(kmd_assemble_path(kmd, path_to("registers"), KMD_OVERWRITE), KMD_ERR_USAGE,
		     "output file is the input dump");
}
END_TEST

/* A core that was assembled with registers contains them, in the same bytes. */
START_TEST(registers_of_a_core)
{
	set_registers("CPU#1\n PC=ffff800000000010  SP=ffff800000000020\n");
	open_small();
	expect_ok(kmd_assemble_path(kmd, path_to("first"), 0));
	again();
	expect_ok(kmd_open_path(kmd, path_to("first")));
	ck_assert_uint_eq(kmd_cpu_count(kmd), 1);
	ck_assert_uint_eq(kmd_cpu_get(kmd, 0)->cpu, 1);
	ck_assert_uint_eq(kmd_cpu_get(kmd, 0)->pc, SMALL_VIRT + 0x10);
	ck_assert_str_eq(kmd_cpu_get(kmd, 0)->source, "notes of the input");
	expect_ok(kmd_assemble_path(kmd, path_to("second"), 0));
	again();
	set_registers("CPU#4\n PC=ffff800000000014  SP=ffff800000000020\n");
	expect_ok(kmd_open_path(kmd, path_to("second")));
	ck_assert_uint_eq(kmd_cpu_count(kmd), 1);
	ck_assert_uint_eq(kmd_cpu_get(kmd, 0)->cpu, 4);
}
END_TEST

START_TEST(registers_that_cannot_be_read)
{
	set_registers("nothing of that kind\n");
	expect_error(kmd_open_memory(kmd, small.bytes, small.size, NULL), KMD_ERR_FORMAT,
		     "registers: line 1:");
	ck_assert_uint_eq(kmd_cpu_count(kmd), 0);
	again();
	expect_ok(kmd_set_registers(kmd, path_to("none")));
	expect_error(kmd_open_memory(kmd, small.bytes, small.size, NULL), KMD_ERR_IO, "none");
}
END_TEST

/* ----------------------------------------------------------------- reading */

START_TEST(across_borders)
{
	static const char wanted[] = "aaaabbbb";
	char got[8];

	open_small();
	expect_ok(kmd_read_phys(kmd, SMALL_PHYS + SMALL_SIZE - 4, got, 8));
	ck_assert_mem_eq(got, wanted, 8);
	memset(got, 0, sizeof(got));
	expect_ok(kmd_read_virt(kmd, SMALL_VIRT + SMALL_SIZE - 4, got, 8));
	ck_assert_mem_eq(got, wanted, 8);
	expect_ok(kmd_read_virt(kmd, SMALL_VIRT + SMALL_FAR, got, 8));
	ck_assert_mem_eq(got, "cccccccc", 8);
}
END_TEST

START_TEST(into_holes)
{
	char got[64];

	open_small();
	expect_error(kmd_read_phys(kmd, SMALL_PHYS + 2 * SMALL_SIZE - 4, got, 8), KMD_ERR_NOT_FOUND,
		     "physical address 0x40000020 was not captured");
	expect_error(kmd_read_virt(kmd, SMALL_VIRT + 2 * SMALL_SIZE - 4, got, 8), KMD_ERR_NOT_FOUND,
		     "virtual address 0xffff800000000020 was not captured");
	expect_error(kmd_read_virt(kmd, 0, got, 1), KMD_ERR_NOT_FOUND, "0x0 was not captured");
	expect_error(kmd_read_phys(kmd, UINT64_MAX, got, 64), KMD_ERR_NOT_FOUND,
		     "0xffffffffffffffff was not captured");
	expect_error(kmd_read_virt(kmd, UINT64_MAX, got, 64), KMD_ERR_NOT_FOUND,
		     "was not captured");
	/* A read of no bytes always succeeds. */
	expect_ok(kmd_read_phys(kmd, 0, got, 0));
	expect_ok(kmd_read_virt(kmd, 0, got, 0));
	/* The next success clears the error. */
	expect_ok(kmd_read_phys(kmd, SMALL_PHYS, got, 1));
}
END_TEST

START_TEST(by_region)
{
	const struct kmd_region *region;
	char got[8];

	open_small();
	region = kmd_region_get(kmd, 0);
	expect_ok(kmd_read_region(kmd, 0, 0, got, 4));
	ck_assert_mem_eq(got, "aaaa", 4);
	expect_ok(kmd_read_region(kmd, 0, region->captured, got, 0));
	expect_error(kmd_read_region(kmd, 0, region->captured - 1, got, 2), KMD_ERR_NOT_FOUND,
		     "has no 2 bytes at offset");
	expect_error(kmd_read_region(kmd, 0, UINT64_MAX, got, 8), KMD_ERR_NOT_FOUND, "offset");
	expect_error(kmd_read_region(kmd, kmd_region_count(kmd), 0, got, 1), KMD_ERR_USAGE,
		     "no such region");
}
END_TEST

/* Bytes of the core at any position are those of the file. */
START_TEST(core_without_a_file)
{
	char file[4096], got[4096];
	uint64_t size;
	FILE *core;

	open_small();
	expect_ok(kmd_assemble_path(kmd, path_to("window"), 0));
	expect_ok(kmd_core_size(kmd, &size));
	core = fopen(path_to("window"), "r");
	ck_assert_ptr_nonnull(core);
	for (uint64_t at = 0; at < size; at += 1000) {
		size_t length = size - at < sizeof(got) ? (size_t)(size - at) : sizeof(got);

		ck_assert_int_eq(fseek(core, (long)at, SEEK_SET), 0);
		ck_assert_uint_eq(fread(file, 1, length, core), length);
		expect_ok(kmd_core_read(kmd, at, got, length));
		ck_assert_mem_eq(got, file, length);
	}
	ck_assert_int_eq(fgetc(core) == EOF || size % 1000, 1);
	fclose(core);
	expect_ok(kmd_core_read(kmd, size, got, 0));
	expect_error(kmd_core_read(kmd, size - 1, got, 2), KMD_ERR_USAGE, "has no 2 bytes");
	expect_error(kmd_core_read(kmd, UINT64_MAX, got, 2), KMD_ERR_USAGE, "has no 2 bytes");
}
END_TEST

START_TEST(onto_the_input)
{
	small_file();
	expect_ok(kmd_open_path(kmd, path_to("small")));
	expect_error(kmd_assemble_path(kmd, path_to("small"), KMD_OVERWRITE), KMD_ERR_USAGE,
		     "output file is the input dump");
}
END_TEST

START_TEST(input_shrinks)
{
	int fd = small_file();
	char byte;

	expect_ok(kmd_open_path(kmd, path_to("small")));
	ck_assert_int_eq(ftruncate(fd, 100), 0);
	close(fd);
	expect_error(kmd_read_phys(kmd, SMALL_PHYS, &byte, 1), KMD_ERR_IO, "small");
	expect_error(kmd_assemble_path(kmd, path_to("core"), 0), KMD_ERR_IO, "small");
	ck_assert_int_ne(access(path_to("core"), F_OK), 0);
}
END_TEST

START_TEST(vmcoreinfo)
{
	const char *text;
	size_t length;

	open_small();
	expect_ok(kmd_vmcoreinfo_text(kmd, &text, &length));
	ck_assert_uint_eq(length, strlen(small_info));
	ck_assert_mem_eq(text, small_info, length);
	again();
	memset(memmem(small.bytes, small.size, "OSREL", 5), 'x', 5);
	open_small();
	expect_error(kmd_vmcoreinfo_text(kmd, &text, &length), KMD_ERR_NOT_FOUND, "no VMCOREINFO");
	ck_assert_ptr_null(kmd_kernel_get(kmd)->release);
	ck_assert_ptr_null(kmd_kernel_get(kmd)->vmcoreinfo_source);
}
END_TEST

/* -------------------------------------------------------------- assembling */

static unsigned char *bytes_of(int fd, size_t *size)
{
	struct stat st;
	unsigned char *bytes;

	ck_assert_int_eq(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size + 1);
	ck_assert_int_eq(pread(fd, bytes, *size, 0), (ssize_t)*size);
	return bytes;
}

static unsigned char *bytes_at(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	unsigned char *bytes = bytes_of(fd, size);

	close(fd);
	return bytes;
}

START_TEST(to_a_path)
{
	struct stat st;

	open_small();
	expect_ok(kmd_assemble_path(kmd, path_to("core"), 0));
	ck_assert_int_eq(stat(path_to("core"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	expect_error(kmd_assemble_path(kmd, path_to("core"), 0), KMD_ERR_EXISTS, "exists");
	expect_ok(kmd_assemble_path(kmd, path_to("core"), KMD_OVERWRITE));
	ck_assert_ptr_null(kmd_error(kmd));
}
END_TEST

START_TEST(to_a_descriptor)
{
	unsigned char *wanted, *got;
	size_t wanted_size, size;
	int fd = memfd_create("core", MFD_CLOEXEC);

	open_small();
	expect_ok(kmd_assemble_path(kmd, path_to("core"), 0));
	wanted = bytes_at(path_to("core"), &wanted_size);
	ck_assert_int_eq(write(fd, "before", 6), 6);
	expect_ok(kmd_assemble_fd(kmd, fd));
	/* The file position is behind the core, so that more can follow. */
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)wanted_size + 6);
	got = bytes_of(fd, &size);
	ck_assert_uint_eq(size, wanted_size + 6);
	ck_assert_mem_eq(got, "before", 6);
	ck_assert_mem_eq(got + 6, wanted, wanted_size);
	free(got);
	free(wanted);
	close(fd);
}
END_TEST

START_TEST(to_a_pipe)
{
	unsigned char *wanted, got[65536];
	size_t size, n = 0;
	ssize_t part;
	int ends[2];

	open_small();
	expect_ok(kmd_assemble_path(kmd, path_to("core"), 0));
	wanted = bytes_at(path_to("core"), &size);
	/* The whole core fits into the buffer of a pipe. */
	ck_assert_uint_lt(size, sizeof(got));
	ck_assert_int_eq(pipe(ends), 0);
	expect_ok(kmd_assemble_fd(kmd, ends[1]));
	close(ends[1]);
	while ((part = read(ends[0], got + n, sizeof(got) - n)) > 0)
		n += (size_t)part;
	ck_assert_uint_eq(n, size);
	ck_assert_mem_eq(got, wanted, size);
	free(wanted);
	close(ends[0]);
}
END_TEST

/* A core can be opened as a dump, and gives the same core again. */
START_TEST(core_as_input)
{
	unsigned char *one, *two;
	size_t one_size, two_size;

	expect_ok(kmd_open_path(kmd, real_dump));
	expect_ok(kmd_assemble_path(kmd, path_to("one"), 0));
	again();
	expect_ok(kmd_open_path(kmd, path_to("one")));
	expect_ok(kmd_assemble_path(kmd, path_to("two"), 0));
	one = bytes_at(path_to("one"), &one_size);
	two = bytes_at(path_to("two"), &two_size);
	ck_assert_uint_eq(one_size, two_size);
	ck_assert_mem_eq(one, two, one_size);
	free(one);
	free(two);
}
END_TEST

/* ---------------------------------------------------------------- progress */

struct watch {
	unsigned int calls[4];
	enum kmd_phase cancel;
};

static int watch(void *user, enum kmd_phase phase, uint64_t at, uint64_t total)
{
	struct watch *seen = user;

	ck_assert_int_ge(phase, KMD_PHASE_UNPACK);
	ck_assert_int_le(phase, KMD_PHASE_WRITE);
	ck_assert(!total || at <= total);
	seen->calls[phase]++;
	return phase == seen->cancel;
}

START_TEST(progress)
{
	struct watch seen = { .cancel = 0 };

	expect_ok(kmd_set_progress(kmd, watch, &seen));
	expect_ok(kmd_open_path(kmd, real_dump));
	ck_assert_uint_gt(seen.calls[KMD_PHASE_UNPACK], 0);
	seen.cancel = KMD_PHASE_WRITE;
	expect_error(kmd_assemble_path(kmd, path_to("core"), 0), KMD_ERR_CANCELED, "canceled");
	ck_assert_int_ne(access(path_to("core"), F_OK), 0);
	/* The handle can still be used. */
	expect_ok(kmd_set_progress(kmd, NULL, NULL));
	expect_ok(kmd_assemble_path(kmd, path_to("core"), 0));
}
END_TEST

START_TEST(canceled_while_opening)
{
	struct watch seen = { .cancel = KMD_PHASE_UNPACK };

	expect_ok(kmd_set_progress(kmd, watch, &seen));
	expect_error(kmd_open_path(kmd, real_dump), KMD_ERR_CANCELED, "canceled");
	ck_assert_uint_eq(kmd_region_count(kmd), 0);
}
END_TEST

/* ----------------------------------------------------------------- threads */

#define THREADS 6

static void *assemble_alone(void *argument)
{
	const char *path = argument;
	struct kmd *own = kmd_new();
	void *failed = own;

	if (own && kmd_open_path(own, real_dump) == KMD_OK && kmd_region_count(own) > 10 &&
	    kmd_assemble_path(own, path, 0) == KMD_OK && !kmd_error(own))
		failed = NULL;
	kmd_free(own);
	return failed;
}

START_TEST(a_handle_in_each_thread)
{
	static char paths[THREADS][512];
	unsigned char *first = NULL;
	size_t first_size = 0, size;
	pthread_t threads[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%u", folder, i);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, assemble_alone, paths[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		unsigned char *bytes;
		void *failed;

		ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
		ck_assert_ptr_null(failed);
		bytes = bytes_at(paths[i], &size);
		if (!i) {
			first = bytes;
			first_size = size;
			continue;
		}
		ck_assert_uint_eq(size, first_size);
		ck_assert_mem_eq(bytes, first, size);
		free(bytes);
	}
	free(first);
}
END_TEST

void add_work_tests(TCase *tcase)
{
	tcase_add_test(tcase, registers_from_a_file);
	tcase_add_test(tcase, registers_of_a_core);
	tcase_add_test(tcase, registers_that_cannot_be_read);
	tcase_add_test(tcase, across_borders);
	tcase_add_test(tcase, into_holes);
	tcase_add_test(tcase, by_region);
	tcase_add_test(tcase, core_without_a_file);
	tcase_add_test(tcase, onto_the_input);
	tcase_add_test(tcase, input_shrinks);
	tcase_add_test(tcase, vmcoreinfo);
	tcase_add_test(tcase, to_a_path);
	tcase_add_test(tcase, to_a_descriptor);
	tcase_add_test(tcase, to_a_pipe);
	tcase_add_test(tcase, core_as_input);
	tcase_add_test(tcase, progress);
	tcase_add_test(tcase, canceled_while_opening);
	tcase_add_test(tcase, a_handle_in_each_thread);
}
