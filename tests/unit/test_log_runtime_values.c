/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_log_runtime_values.c - values of VMCOREINFO that the panic lines confirm. */
#include "kit.h"

#include "log/panic.h"

#include <stdlib.h>
#include <string.h>

#define KASLR       UINT64_C(0x15400000)
#define RECORDS_MAX 300

static struct kmd_log_record records[RECORDS_MAX];
static struct kmd_log lines;
static struct kmd_runtime runtime;

static void setup(void)
{
	lines.items = records;
	lines.n = 0;
	runtime.values[KMD_RUNTIME_KASLR] =
		(struct kmd_runtime_value){ true, KASLR, 1, strdup("VMCOREINFO") };
}

static void teardown(void)
{
	kmd_runtime_deinit(&runtime);
}

static struct kmd_log_record *log_line(const char *text)
{
	struct kmd_log_record *record = &records[lines.n++];

	ck_assert_uint_le(lines.n, RECORDS_MAX);
	*record = (struct kmd_log_record){ .text = text, .length = strlen(text) };
	return record;
}

static void expect_kaslr(size_t n_sources, const char *sources)
{
	const struct kmd_runtime_value *value = &runtime.values[KMD_RUNTIME_KASLR];

	expect_ok(kmd_runtime_confirm_from_log(&lines, &diag, &runtime));
	ck_assert_uint_eq(value->value, KASLR);
	ck_assert_uint_eq(value->n_sources, n_sources);
	ck_assert_str_eq(value->sources, sources);
}

START_TEST(confirms_once)
{
	log_line("Kernel Offset: 0x15400000 from 0xffffffff81000000 (relocation range: ...)");
	log_line("PHYS_OFFSET: 0x40000000");
	expect_kaslr(2, "VMCOREINFO, panic text");
	/* An unknown value is not taken from a log line alone. */
	ck_assert(!runtime.values[KMD_RUNTIME_PHYS_OFFSET].known);
	expect_kaslr(2, "VMCOREINFO, panic text");
	expect_no_messages();
}
END_TEST

START_TEST(contradicts)
{
	log_line("Kernel Offset: 0x15600000 from 0xffffffff81000000");
	expect_kaslr(1, "VMCOREINFO");
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE,
		       "files of two different boots: the KASLR offset is 0x15400000 (VMCOREINFO), "
		       "and 0x15600000 in the log (panic text)");
}
END_TEST

/* KASLR never moves an image by so little, so the line is damaged. */
START_TEST(it_is_damaged)
{
	log_line("Kernel Offset: 0x15400001 from 0xffffffff81000000");
	expect_kaslr(1, "VMCOREINFO");
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE, "not 0x15400001 (panic text)");
}
END_TEST

START_TEST(no_number)
{
	struct kmd_log_record *record;

	log_line("Kernel Offset: 0x");
	log_line("Kernel Offset: disabled");
	log_line("Kernel Offset: 0x123456789abcdef01 from 0x0");
	log_line(" Kernel Offset: 0x1");
	record = log_line("Kernel Offset: 0x15400000");
	record->length = 17;
	/* A process wrote this into the log. */
	log_line("Kernel Offset: 0x1")->facility = 1;
	expect_kaslr(1, "VMCOREINFO");
	expect_no_messages();
}
END_TEST

START_TEST(last_records_only)
{
	log_line("Kernel Offset: 0x1 from 0x2");
	while (lines.n < RECORDS_MAX - 1)
		log_line("");
	log_line("Kernel Offset: 0x15400000 from 0xffffffff81000000");
	expect_kaslr(2, "VMCOREINFO, panic text");
	expect_no_messages();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, confirms_once);
	tcase_add_test(tcase, contradicts);
	tcase_add_test(tcase, it_is_damaged);
	tcase_add_test(tcase, no_number);
	tcase_add_test(tcase, last_records_only);
	return kit_run("log_runtime_values", tcase);
}
