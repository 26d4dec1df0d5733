/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_handle.c - the states of a handle: options, opening, findings, and misuse. */
#include "api_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------ misuse */

START_TEST(before_the_opening)
{
	const char *text;
	size_t length;
	char byte;

	unsigned int major = 0, minor = 0, patch = 0;

	ck_assert_str_eq(kmd_version(), KMD_VERSION);
	ck_assert_int_eq(sscanf(kmd_version(), "%u.%u.%u", &major, &minor, &patch), 3);
	ck_assert_uint_eq(kmd_version_number(), major << 16 | minor << 8 | patch);
	ck_assert_uint_eq(kmd_version_number(), KMD_VERSION_NUMBER);
	ck_assert_ptr_null(kmd_input_form(kmd));
	ck_assert_ptr_null(kmd_cpu_get(kmd, 0));
	ck_assert_ptr_null(kmd_value_get(kmd, 0));
	ck_assert_ptr_null(kmd_log_get(kmd, 0));
	ck_assert_ptr_null(kmd_readiness_get(kmd, 0));
	ck_assert_ptr_null(kmd_supplied_get(kmd, 0));
	ck_assert_ptr_null(kmd_error(kmd));
	ck_assert_uint_eq(kmd_region_count(kmd), 0);
	ck_assert_ptr_null(kmd_region_get(kmd, 0));
	ck_assert_uint_eq(kmd_finding_count(kmd), 0);
	ck_assert_ptr_null(kmd_finding_get(kmd, 0));
	ck_assert(!kmd_is_degraded(kmd));
	ck_assert_ptr_null(kmd_kernel_get(kmd));
	expect_error(kmd_check(kmd), KMD_ERR_USAGE, "no dump is open");
	expect_error(kmd_vmcoreinfo_text(kmd, &text, &length), KMD_ERR_USAGE, "no dump is open");
	expect_error(kmd_read_phys(kmd, 0, &byte, 1), KMD_ERR_USAGE, "no dump is open");
	expect_error(kmd_read_virt(kmd, 0, &byte, 1), KMD_ERR_USAGE, "no dump is open");
	expect_error(kmd_assemble_path(kmd, path_to("core"), 0), KMD_ERR_USAGE, "no dump is open");
	expect_error(kmd_assemble_fd(kmd, 1), KMD_ERR_USAGE, "no dump is open");
	ck_assert_int_ne(access(path_to("core"), F_OK), 0);
	kmd_free(NULL);
}
END_TEST

START_TEST(options_come_first)
{
	expect_ok(kmd_set_flags(kmd, KMD_STRICT | KMD_ACCEPT_INVALID));
	expect_error(kmd_set_flags(kmd, 1u << 31), KMD_ERR_USAGE, "unknown flag");
	expect_ok(kmd_set_smem_address(kmd, 1));
	expect_ok(kmd_set_ram_base(kmd, 1));
	expect_ok(kmd_set_vmlinux(kmd, "/nowhere"));
	expect_ok(kmd_set_vmlinux(kmd, NULL));
	expect_ok(kmd_set_registers(kmd, "/nowhere"));
	expect_ok(kmd_set_registers(kmd, NULL));
	expect_ok(kmd_set_unpack_limit(kmd, 0));
	expect_ok(kmd_set_progress(kmd, NULL, NULL));
	open_small();
	expect_error(kmd_set_flags(kmd, 0), KMD_ERR_USAGE, "before kmd_open");
	expect_error(kmd_set_smem_address(kmd, 1), KMD_ERR_USAGE, "before kmd_open");
	expect_error(kmd_set_ram_base(kmd, 1), KMD_ERR_USAGE, "before kmd_open");
	expect_error(kmd_set_rockchip_table(kmd, 1), KMD_ERR_USAGE, "before kmd_open");
	expect_error(kmd_set_vmlinux(kmd, NULL), KMD_ERR_USAGE, "before kmd_open");
	expect_error(kmd_set_registers(kmd, NULL), KMD_ERR_USAGE, "before kmd_open");
	expect_error(kmd_set_unpack_limit(kmd, 1), KMD_ERR_USAGE, "before kmd_open");
	/* The call-back may be set and removed. */
	expect_ok(kmd_set_progress(kmd, NULL, NULL));
}
END_TEST

START_TEST(one_dump_in_its_life)
{
	open_small();
	expect_error(kmd_open_memory(kmd, small.bytes, small.size, NULL), KMD_ERR_USAGE,
		     "already has an open dump");
	expect_error(kmd_open_path(kmd, real_dump), KMD_ERR_USAGE, "already has an open dump");
	expect_error(kmd_open_fd(kmd, 0, NULL), KMD_ERR_USAGE, "already has an open dump");
	/* The first one is still there. */
	ck_assert_uint_eq(kmd_region_count(kmd), 3);
	again();
	expect_error(kmd_open_path(kmd, "/nowhere"), KMD_ERR_IO, "/nowhere");
	expect_error(kmd_open_path(kmd, real_dump), KMD_ERR_USAGE, "already has an open dump");
	ck_assert_uint_eq(kmd_region_count(kmd), 0);
	ck_assert_ptr_null(kmd_kernel_get(kmd));
}
END_TEST

START_TEST(bad_arguments)
{
	expect_error(kmd_open_path(kmd, NULL), KMD_ERR_USAGE, "path");
	again();
	expect_error(kmd_open_paths(kmd, NULL, 1), KMD_ERR_USAGE, "path");
	again();
	expect_error(kmd_open_paths(kmd, (const char *[]){ real_dump, NULL }, 2), KMD_ERR_USAGE,
		     "path");
	again();
	expect_error(kmd_open_paths(kmd, (const char *[]){ real_dump }, 0), KMD_ERR_USAGE, "path");
	again();
	expect_error(kmd_open_memory(kmd, NULL, 1, NULL), KMD_ERR_USAGE, "memory");
	again();
	expect_error(kmd_open_memory(kmd, NULL, 0, NULL), KMD_ERR_FORMAT, "input: ");
	again();
	expect_error(kmd_open_fd(kmd, -1, NULL), KMD_ERR_IO, "input: ");
	again();
	open_small();
	expect_error(kmd_assemble_path(kmd, NULL, 0), KMD_ERR_USAGE, "path");
	expect_error(kmd_assemble_path(kmd, path_to("core"), 1u << 30), KMD_ERR_USAGE,
		     "unknown flag");
	expect_error(kmd_assemble_fd(kmd, -1), KMD_ERR_IO, "cannot write");
	ck_assert_str_eq(kmd_region_state_name((enum kmd_region_state)99), "?");
	ck_assert_str_eq(kmd_region_state_name((enum kmd_region_state) - 1), "?");
	ck_assert_str_eq(kmd_region_state_name(KMD_REGION_OTHER_VM), "other-vm");
}
END_TEST

/* ----------------------------------------------------------------- opening */

START_TEST(from_memory)
{
	const struct kmd_kernel *kernel;

	open_small();
	kernel = kmd_kernel_get(kmd);
	ck_assert_str_eq(kmd_input_form(kmd), "ELF core");
	ck_assert_str_eq(kernel->machine, "aarch64");
	ck_assert_str_eq(kernel->release, "6.1.0-small");
	ck_assert_ptr_null(kernel->build_id);
	ck_assert_uint_eq(kernel->page_size, 4096);
	ck_assert(kernel->has_kaslr_offset && kernel->kaslr_offset == 0x1000);
	ck_assert_uint_eq(kmd_region_count(kmd), 3);
	ck_assert_uint_eq(kmd_region_get(kmd, 2)->phys, SMALL_PHYS + SMALL_FAR);
	ck_assert_uint_eq(kmd_region_get(kmd, 2)->virt, SMALL_VIRT + SMALL_FAR);
	ck_assert_uint_eq(kmd_region_get(kmd, 2)->captured, SMALL_SIZE);
	ck_assert_uint_eq(kmd_region_get(kmd, 2)->origins, KMD_FROM_CORE);
	ck_assert_ptr_null(kmd_region_get(kmd, 3));
	ck_assert_ptr_null(kmd_region_get(kmd, SIZE_MAX));
}
END_TEST

START_TEST(from_a_descriptor)
{
	int fd = small_file();
	char byte;

	ck_assert_int_eq(lseek(fd, 7, SEEK_SET), 7);
	expect_ok(kmd_open_fd(kmd, fd, "named"));
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 7);
	/* The caller still owns it, and the handle does not need it. */
	ck_assert_int_eq(close(fd), 0);
	expect_ok(kmd_read_phys(kmd, SMALL_PHYS, &byte, 1));
	ck_assert_int_eq(byte, 'a');
}
END_TEST

START_TEST(from_a_pipe)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], small.bytes, small.size), (ssize_t)small.size);
	close(ends[1]);
	expect_ok(kmd_open_fd(kmd, ends[0], NULL));
	close(ends[0]);
	ck_assert_uint_eq(kmd_region_count(kmd), 3);
}
END_TEST

START_TEST(from_a_folder_descriptor)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	expect_error(kmd_open_fd(kmd, fd, "dir"), KMD_ERR_FORMAT, "dir");
	close(fd);
}
END_TEST

START_TEST(what_is_no_dump)
{
	expect_error(kmd_open_memory(kmd, "MDMP and more of it, as Windows writes", 38, "w"),
		     KMD_ERR_FORMAT, "w: not a kernel minidump: this is a Windows");
	again();
	expect_error(kmd_open_memory(kmd, "hello", 5, "a\nb"), KMD_ERR_FORMAT, "a\\x0ab: ");
}
END_TEST

START_TEST(unpack_limit)
{
	expect_ok(kmd_set_unpack_limit(kmd, 10000));
	expect_error(kmd_open_path(kmd, real_dump), KMD_ERR_LIMIT, "10000");
}
END_TEST

START_TEST(strict)
{
	/* The bytes of the last region are behind the end. */
	expect_ok(kmd_open_memory(kmd, small.bytes, small.size - 8, "small"));
	ck_assert(kmd_is_degraded(kmd));
	ck_assert_int_eq(kmd_region_get(kmd, 2)->state, KMD_REGION_CUT);
	ck_assert_uint_eq(kmd_region_get(kmd, 2)->captured, SMALL_SIZE - 8);
	again();
	expect_ok(kmd_set_flags(kmd, KMD_STRICT));
	expect_error(kmd_open_memory(kmd, small.bytes, small.size - 8, "small"), KMD_ERR_STRICT,
		     "small");
}
END_TEST

START_TEST(vmlinux)
{
	expect_ok(kmd_set_vmlinux(kmd, path_to("nothing")));
	expect_error(kmd_open_memory(kmd, small.bytes, small.size, "small"), KMD_ERR_IO, "nothing");
	again();
	close(small_file());
	expect_ok(kmd_set_vmlinux(kmd, path_to("small")));
	expect_error(kmd_open_memory(kmd, small.bytes, small.size, "small"), KMD_ERR_FORMAT,
		     "not a usable vmlinux");
}
END_TEST

/* An executable with symbols that is not this kernel. */
START_TEST(vmlinux_of_another_kernel)
{
	small.bytes[18] = 0xf3; /* e_machine: riscv, either byte order */
	small.bytes[19] = 0;
	expect_ok(kmd_set_vmlinux(kmd, "/proc/self/exe"));
	expect_error(kmd_open_memory(kmd, small.bytes, small.size, "small"), KMD_ERR_MISMATCH,
		     "not the dumped kernel's vmlinux");
	again();
	expect_ok(kmd_set_vmlinux(kmd, "/proc/self/exe"));
	expect_ok(kmd_set_flags(kmd, KMD_ACCEPT_VMLINUX));
	open_small();
	ck_assert(kmd_is_degraded(kmd));
}
END_TEST

/* ---------------------------------------------------------------- findings */

START_TEST(findings)
{
	size_t n, n_places = 0;

	expect_ok(kmd_open_memory(kmd, small.bytes, small.size - 8, "small"));
	n = kmd_finding_count(kmd);
	ck_assert_uint_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		ck_assert_ptr_nonnull(kmd_finding_get(kmd, i)->text);
		ck_assert_ptr_null(strchr(kmd_finding_get(kmd, i)->text, '\n'));
		/* The place is in the sentence and in separate members. */
		if (kmd_finding_get(kmd, i)->source) {
			ck_assert_ptr_nonnull(strstr(kmd_finding_get(kmd, i)->text,
						     kmd_finding_get(kmd, i)->source));
			n_places++;
		}
	}
	ck_assert_uint_gt(n_places, 0);
	ck_assert_ptr_null(kmd_finding_get(kmd, n));
	ck_assert_ptr_null(kmd_finding_get(kmd, SIZE_MAX));
	/* Accessors do not disturb the last error. */
	ck_assert_ptr_null(kmd_error(kmd));
}
END_TEST

void add_handle_tests(TCase *tcase)
{
	tcase_add_test(tcase, before_the_opening);
	tcase_add_test(tcase, options_come_first);
	tcase_add_test(tcase, one_dump_in_its_life);
	tcase_add_test(tcase, bad_arguments);
	tcase_add_test(tcase, from_memory);
	tcase_add_test(tcase, from_a_descriptor);
	tcase_add_test(tcase, from_a_pipe);
	tcase_add_test(tcase, from_a_folder_descriptor);
	tcase_add_test(tcase, what_is_no_dump);
	tcase_add_test(tcase, unpack_limit);
	tcase_add_test(tcase, strict);
	tcase_add_test(tcase, vmlinux);
	tcase_add_test(tcase, vmlinux_of_another_kernel);
	tcase_add_test(tcase, findings);
}
