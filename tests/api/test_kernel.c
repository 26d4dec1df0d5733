/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_kernel.c - what a dump of a real kernel contains: VMCOREINFO, values, symbols, log. */
#include "api_kit.h"

#include <stdio.h>
#include <string.h>

/* Of that boot; see facts.json and vmcoreinfo.txt beside the dump. */
#define KASLR          UINT64_C(0x3d522aa00000)
#define PRB            UINT64_C(0xffffbd5234248360)
#define KIMAGE_VOFFSET UINT64_C(0xffffbd51f2800000)
#define LOG_LINES      263

static void open_real(void)
{
	expect_ok(kmd_open_path(kmd, real_dump));
}

START_TEST(keys_of_vmcoreinfo)
{
	const char *value;
	size_t length;

	open_real();
	expect_ok(kmd_vmcoreinfo_value(kmd, "PAGESIZE", &value, &length));
	ck_assert_uint_eq(length, 4);
	ck_assert_int_eq(memcmp(value, "4096", 4), 0);
	expect_error(kmd_vmcoreinfo_value(kmd, "PAGESIZ", &value, &length), KMD_ERR_NOT_FOUND,
		     "\"PAGESIZ\"");
	expect_error(kmd_vmcoreinfo_value(kmd, NULL, &value, &length), KMD_ERR_NOT_FOUND, "no key");
}
END_TEST

static const struct kmd_value *value_of(const char *key)
{
	for (size_t i = 0; i < kmd_value_count(kmd); i++)
		if (!strcmp(kmd_value_get(kmd, i)->key, key))
			return kmd_value_get(kmd, i);
	return NULL;
}

START_TEST(values_with_their_evidence)
{
	const struct kmd_value *value;

	ck_assert_uint_eq(kmd_value_count(kmd), 0);
	open_real();
	value = value_of("kaslr");
	ck_assert_ptr_nonnull(value);
	ck_assert_uint_eq(value->value, KASLR);
	ck_assert_uint_ge(value->n_sources, 2);
	ck_assert_ptr_nonnull(strstr(value->sources, "VMCOREINFO"));
	ck_assert_ptr_nonnull(strstr(value->sources, "panic text"));
	ck_assert_ptr_nonnull(value_of("kimage_voffset"));
	ck_assert_uint_eq(value_of("kimage_voffset")->value, KIMAGE_VOFFSET);
	ck_assert_ptr_null(value_of("phys_base"));
	ck_assert_ptr_null(kmd_value_get(kmd, kmd_value_count(kmd)));
}
END_TEST

START_TEST(a_value_that_is_given_wins)
{
	expect_error(kmd_set_value(kmd, "phys", 1), KMD_ERR_USAGE, "no such");
	expect_error(kmd_set_value(kmd, NULL, 1), KMD_ERR_USAGE, "no such");
	expect_ok(kmd_set_value(kmd, "kaslr", KASLR + 0x200000));
	open_real();
	ck_assert_uint_eq(value_of("kaslr")->value, KASLR + 0x200000);
	/* The dump has another value, and a finding names it. */
	ck_assert(kmd_is_degraded(kmd));
	expect_error(kmd_set_value(kmd, "kaslr", 0), KMD_ERR_USAGE, "before kmd_open");
}
END_TEST

START_TEST(symbols_without_a_vmlinux)
{
	uint64_t virt = 0;

	open_real();
	expect_ok(kmd_symbol_address(kmd, "prb", &virt));
	ck_assert_uint_eq(virt, PRB);
	expect_error(kmd_symbol_address(kmd, "nr_threads", &virt), KMD_ERR_NOT_FOUND, "nr_threads");
	expect_error(kmd_symbol_address(kmd, NULL, &virt), KMD_ERR_USAGE, "invalid symbol name");
}
END_TEST

START_TEST(variables_without_a_vmlinux)
{
	enum kmd_variable_kind kind;
	uint64_t offset;
	const char *name;

	ck_assert_ptr_null(kmd_variable_get(kmd, 0));
	expect_error(kmd_variables_load(kmd), KMD_ERR_USAGE, "no dump is open");
	open_real();
	expect_error(kmd_variables_load(kmd), KMD_ERR_NOT_FOUND, "need a vmlinux");
	ck_assert_uint_eq(kmd_variable_count(kmd), 0);
	expect_ok(kmd_variable_kinds(kmd, NULL, 0, NULL));
	expect_error(kmd_variable_kinds(kmd, &(size_t){ 0 }, 1, &kind), KMD_ERR_USAGE,
		     "no such variable");
	expect_error(kmd_symbol_at(kmd, PRB, &name, &offset), KMD_ERR_NOT_FOUND, "no symbol");
}
END_TEST

START_TEST(the_log_whole)
{
	const struct kmd_log_record *record;
	uint64_t last = 0;
	size_t count;

	ck_assert_ptr_null(kmd_log_get(kmd, 0));
	ck_assert_uint_eq(kmd_log_count(kmd), 0);
	expect_error(kmd_log_load(kmd), KMD_ERR_USAGE, "no dump is open");
	open_real();
	expect_ok(kmd_log_load(kmd));
	count = kmd_log_count(kmd);
	ck_assert_uint_ge(count, 200);
	ck_assert_uint_le(count, LOG_LINES);
	ck_assert_uint_eq(kmd_log_damaged(kmd), 0);
	for (size_t i = 0; i < count; i++) {
		record = kmd_log_get(kmd, i);
		ck_assert_uint_eq(record->seq, i);
		ck_assert(record->has_time && record->has_caller);
		ck_assert_uint_ge(record->time, last);
		last = record->time;
	}
	record = kmd_log_get(kmd, 0);
	ck_assert_int_eq(strncmp(record->text, "Booting Linux", 13), 0);
	ck_assert_ptr_null(kmd_log_get(kmd, count));
}
END_TEST

START_TEST(why_it_died)
{
	const struct kmd_kernel *kernel;

	open_real();
	kernel = kmd_kernel_get(kmd);
	ck_assert_str_eq(kernel->panic, "Kernel panic - not syncing: sysrq triggered crash");
	ck_assert_str_eq(kernel->panic_task, "init");
	ck_assert(kernel->has_panic_cpu && kernel->has_panic_pid);
	ck_assert_uint_eq(kernel->panic_pid, 1);
	ck_assert(!kernel->vmcoreinfo_generated);
}
END_TEST

/* The values are from another boot of that kernel; the small dump does not have the addresses of
 * its own boot. */
static const char from_elsewhere[] =
	"OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(prb)=ffff800009a48360\nKERNELOFFSET=0\n";

static void hide_vmcoreinfo(void)
{
	memset(memmem(small.bytes, small.size, "OSREL", 5), 'x', 5);
}

START_TEST(vmcoreinfo_from_a_file)
{
	const char *path = path_to("info"), *value;
	FILE *file = fopen(path, "w");
	size_t length;

	ck_assert_ptr_nonnull(file);
	fputs(from_elsewhere, file);
	fclose(file);
	/* The VMCOREINFO of the dump has precedence. */
	expect_ok(kmd_set_vmcoreinfo(kmd, path));
	open_small();
	expect_ok(kmd_vmcoreinfo_value(kmd, "OSRELEASE", &value, &length));
	ck_assert_int_eq(strncmp(value, "6.1.0-small", length), 0);
	ck_assert(!kmd_kernel_get(kmd)->vmcoreinfo_generated);
	again();
	hide_vmcoreinfo();
	expect_ok(kmd_set_vmcoreinfo(kmd, path));
	open_small();
	expect_ok(kmd_vmcoreinfo_value(kmd, "OSRELEASE", &value, &length));
	ck_assert_int_eq(strncmp(value, "6.1.0\n", length + 1), 0);
	ck_assert(kmd_kernel_get(kmd)->vmcoreinfo_generated);
	ck_assert_ptr_nonnull(strstr(kmd_kernel_get(kmd)->vmcoreinfo_source, "info"));
}
END_TEST

START_TEST(vmcoreinfo_from_no_file)
{
	hide_vmcoreinfo();
	expect_ok(kmd_set_vmcoreinfo(kmd, path_to("nothing")));
	expect_error(kmd_open_memory(kmd, small.bytes, small.size, "small"), KMD_ERR_IO, "nothing");
}
END_TEST

void add_kernel_tests(TCase *tcase)
{
	tcase_add_test(tcase, variables_without_a_vmlinux);
	tcase_add_test(tcase, keys_of_vmcoreinfo);
	tcase_add_test(tcase, values_with_their_evidence);
	tcase_add_test(tcase, a_value_that_is_given_wins);
	tcase_add_test(tcase, symbols_without_a_vmlinux);
	tcase_add_test(tcase, the_log_whole);
	tcase_add_test(tcase, why_it_died);
	tcase_add_test(tcase, vmcoreinfo_from_a_file);
	tcase_add_test(tcase, vmcoreinfo_from_no_file);
}
