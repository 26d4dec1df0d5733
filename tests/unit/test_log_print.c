/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_log_print.c - the lines of kmd-assemble --dmesg, from records made by hand. */
#include "kit.h"

#include "../../tools/kmd-assemble/dmesg.h"

#include <stdlib.h>
#include <string.h>

static struct kmd_log_record record;
static enum kmd_status loaded;

/* These replace the functions of the library. */
enum kmd_status kmd_log_load(struct kmd *kmd)
{
	(void)kmd;
	return loaded;
}

size_t kmd_log_count(const struct kmd *kmd)
{
	(void)kmd;
	return loaded == KMD_OK ? 1 : 0;
}

const struct kmd_log_record *kmd_log_get(const struct kmd *kmd, size_t index)
{
	(void)kmd;
	ck_assert_uint_eq(index, 0);
	return &record;
}

static void expect_printed(const char *text, size_t length, bool callers, const char *wanted)
{
	char *printed;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	record.text = text;
	record.length = length;
	expect_ok(dmesg_print(out, NULL, callers));
	fclose(out);
	ck_assert_str_eq(printed, wanted);
	free(printed);
}

static void expect_line(const char *text, const char *wanted)
{
	record = (struct kmd_log_record){ .has_time = true };
	expect_printed(text, strlen(text), false, wanted);
}

START_TEST(times)
{
	record = (struct kmd_log_record){ .has_time = true, .time = 1234567890 };
	expect_printed("text", 4, false, "[    1.234567] text\n");
	record.time = UINT64_C(123456789012345678);
	expect_printed("text", 4, false, "[123456789.012345] text\n");
	record.time = UINT64_MAX;
	expect_printed("", 0, false, "[18446744073.709551] \n");
	record.has_time = false;
	expect_printed("text", 4, false, "text\n");
}
END_TEST

START_TEST(many_lines)
{
	expect_line("one\ntwo", "[    0.000000] one\n[    0.000000] two\n");
	expect_line("\n", "[    0.000000] \n[    0.000000] \n");
	expect_line("a\n\nb", "[    0.000000] a\n[    0.000000] \n[    0.000000] b\n");
}
END_TEST

START_TEST(callers)
{
	record = (struct kmd_log_record){ .has_time = true, .has_caller = true, .caller = 1 };
	expect_printed("a\nb", 3, true, "[    0.000000] [    T1] a\n[    0.000000] [    T1] b\n");
	expect_printed("a", 1, false, "[    0.000000] a\n");
	record.caller = UINT32_C(0x80000000) | 17;
	expect_printed("a", 1, true, "[    0.000000] [   C17] a\n");
	record.caller = UINT32_MAX;
	expect_printed("a", 1, true, "[    0.000000] [C2147483647] a\n");
	record.has_caller = false;
	expect_printed("a", 1, true, "[    0.000000] a\n");
}
END_TEST

START_TEST(controls)
{
	expect_line("\033[2J\r\t\a", "[    0.000000] \\x1b[2J\\x0d\t\\x07\n");
	expect_line("back\\slash", "[    0.000000] back\\slash\n");
	expect_line("\x7f", "[    0.000000] \\x7f\n");
	/* UTF-8 is kept, and so are odd bytes that no terminal interprets. */
	expect_line("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7 \xff\xe9",
		    "[    0.000000] gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7 \xff\xe9\n");
	/* CSI, bare and as UTF-8. */
	expect_line("\x9b"
		    "2J",
		    "[    0.000000] \\x9b2J\n");
	expect_line("\xc2\x9b"
		    "2J",
		    "[    0.000000] \\xc2\\x9b2J\n");
	expect_line("\xe2\x82", "[    0.000000] \xe2\\x82\n");
	record = (struct kmd_log_record){ .has_time = false };
	expect_printed("a\0b", 3, false, "a\\x00b\n");
}
END_TEST

START_TEST(no_log)
{
	loaded = KMD_ERR_NOT_FOUND;
	ck_assert_int_eq(dmesg_print(stdout, NULL, false), KMD_ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, times);
	tcase_add_test(tcase, many_lines);
	tcase_add_test(tcase, callers);
	tcase_add_test(tcase, controls);
	tcase_add_test(tcase, no_log);
	return kit_run("log_print", tcase);
}
