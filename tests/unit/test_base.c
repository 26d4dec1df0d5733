/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_base.c - arithmetic, arrays, texts, findings. */
#include "kit.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------- arithmetic */

START_TEST(sums)
{
	uint64_t value;

	ck_assert(kmd_add_u64(UINT64_MAX, 0, &value) && value == UINT64_MAX);
	ck_assert(!kmd_add_u64(UINT64_MAX, 1, &value));
}
END_TEST

START_TEST(extents)
{
	ck_assert(kmd_inside(0, 0, 0));
	ck_assert(kmd_inside(10, 0, 10));
	ck_assert(kmd_inside(0, 10, 10));
	ck_assert(!kmd_inside(0, 11, 10));
	ck_assert(!kmd_inside(11, 0, 10));
	ck_assert(!kmd_inside(1, UINT64_MAX, 10));
	ck_assert(!kmd_inside(UINT64_MAX, 2, UINT64_MAX));
}
END_TEST

START_TEST(alignment)
{
	ck_assert_uint_eq(kmd_align_up(0, 4096), 0);
	ck_assert_uint_eq(kmd_align_up(1, 4096), 4096);
	ck_assert_uint_eq(kmd_align_up(4096, 4096), 4096);
	ck_assert_uint_eq(kmd_align_down(4095, 4096), 0);
	ck_assert_uint_eq(kmd_align_down(UINT64_MAX, 4096), UINT64_MAX - 4095);
	ck_assert(kmd_is_pow2(1) && kmd_is_pow2(UINT64_C(1) << 63));
	ck_assert(!kmd_is_pow2(0) && !kmd_is_pow2(6));
}
END_TEST

START_TEST(arrays_grow)
{
	unsigned int *items = NULL;
	size_t n = 0, capacity = 0;

	for (unsigned int i = 0; i < 1000; i++) {
		ck_assert(KMD_ARRAY_RESERVE(items, n, capacity));
		ck_assert_uint_lt(n, capacity);
		items[n++] = i;
	}
	for (unsigned int i = 0; i < 1000; i++)
		ck_assert_uint_eq(items[i], i);
	/* A request that is too large leaves the array unchanged. */
	capacity = n = SIZE_MAX / 2 + 1;
	ck_assert(!KMD_ARRAY_RESERVE(items, n, capacity));
	ck_assert_uint_eq(items[999], 999);
	free(items);
}
END_TEST

/* ------------------------------------------------------------------- texts */

START_TEST(names_are_made_printable)
{
	char out[64];

	kmd_text_name(out, sizeof(out), "plain name", 10);
	ck_assert_str_eq(out, "plain name");
	kmd_text_name(out, sizeof(out), "a\n\x1b[\x7f\xff\\b", 9);
	ck_assert_str_eq(out, "a\\x0a\\x1b[\\x7f\\xff\\x5cb");
	kmd_text_name(out, sizeof(out), "ends\0here", 9);
	ck_assert_str_eq(out, "ends");
	kmd_text_name(out, sizeof(out), "no NUL", 2);
	ck_assert_str_eq(out, "no");
	kmd_text_name(out, sizeof(out), "", 0);
	ck_assert_str_eq(out, "");
}
END_TEST

/* A name that does not fit is cut between characters, never inside \xNN. */
START_TEST(names_are_cut_whole)
{
	char out[16];

	for (size_t room = 1; room <= sizeof(out); room++) {
		memset(out, '#', sizeof(out));
		kmd_text_name(out, room, "a\nb\nc", 5);
		ck_assert_uint_lt(strlen(out), room);
		ck_assert(!strncmp(out, "a\\x0ab\\x0ac", strlen(out)));
		ck_assert_msg(strlen(out) <= 1 || strlen(out) >= 5, "%s", out);
	}
}
END_TEST

START_TEST(names_in_fresh_memory)
{
	char *name = kmd_text_name_dup("\x01\x02", 2);

	ck_assert_str_eq(name, "\\x01\\x02");
	free(name);
}
END_TEST

START_TEST(case_is_folded)
{
	ck_assert_int_eq(kmd_text_casecmp("MD_Kelf.BIN", "md_kELF.bin"), 0);
	ck_assert_int_lt(kmd_text_casecmp("a", "B"), 0);
	ck_assert_int_gt(kmd_text_casecmp("ab", "A"), 0);
	/* Only ASCII is folded, because hosts treat other characters differently. */
	ck_assert_int_ne(kmd_text_casecmp("\xc4", "\xe4"), 0);
	ck_assert(kmd_text_has_prefix("MD_x", "md_"));
	ck_assert(!kmd_text_has_prefix("md", "md_"));
	ck_assert(kmd_text_has_suffix("x.Bin", ".BIN"));
	ck_assert(!kmd_text_has_suffix("BIN", ".BIN"));
	ck_assert(kmd_text_has_suffix("x", ""));
}
END_TEST

static void expect_number(const char *text, unsigned int base, bool good, uint64_t wanted)
{
	uint64_t value = 77;

	ck_assert_msg(kmd_text_u64(text, strlen(text), base, &value) == good, "%s", text);
	ck_assert_uint_eq(value, good ? wanted : 77);
}

START_TEST(numbers)
{
	expect_number("0", 10, true, 0);
	expect_number("0000000000000004096", 10, true, 4096);
	expect_number("18446744073709551615", 10, true, UINT64_MAX);
	expect_number("18446744073709551616", 10, false, 0);
	expect_number("ffffFFFFffffFFFF", 16, true, UINT64_MAX);
	expect_number("0X10", 16, true, 16);
	expect_number("10000000000000000", 16, false, 0);
	expect_number("0x", 16, false, 0);
	expect_number("", 10, false, 0);
	expect_number("0x10", 10, false, 0);
	expect_number("-1", 10, false, 0);
	expect_number(" 1", 10, false, 0);
	expect_number("1 ", 10, false, 0);
	expect_number("12a", 10, false, 0);
}
END_TEST

/* ---------------------------------------------------------------- findings */

START_TEST(sentences_name_their_place)
{
	ck_assert_int_eq(kmd_fail(&diag, KMD_ERR_DAMAGED, kmd_at("f", 16), "bad %s", "table"),
			 KMD_ERR_DAMAGED);
	ck_assert_str_eq(diag.sentence, "f: offset 0x10: bad table");
	kmd_fail(&diag, KMD_ERR_FORMAT, kmd_in("f"), "bad");
	ck_assert_str_eq(diag.sentence, "f: bad");
	kmd_fail(&diag, KMD_ERR_FORMAT, kmd_in(NULL), "bad");
	ck_assert_str_eq(diag.sentence, "bad");
	ck_assert_int_eq(kmd_fail_memory(&diag), KMD_ERR_MEMORY);
	ck_assert_int_eq(kmd_fail_errno(&diag, kmd_in("f"), "cannot read", EIO), KMD_ERR_IO);
	ck_assert_str_eq(diag.sentence, "f: cannot read: Input/output error");
}
END_TEST

START_TEST(sentences_are_cut)
{
	char name[2000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	kmd_fail(&diag, KMD_ERR_IO, kmd_at(name, 1), "%s", name);
	ck_assert_uint_lt(strlen(diag.sentence), KMD_SENTENCE_MAX);
	expect_ok(kmd_report(&diag, KMD_FIND_NAME, KMD_NOTE, kmd_in(name), "%s", name));
	ck_assert_uint_lt(strlen(diag.findings[0]->text), KMD_SENTENCE_MAX);
}
END_TEST

START_TEST(findings_are_kept)
{
	expect_ok(kmd_report(&diag, KMD_FIND_NAME, KMD_NOTE, kmd_in("f"), "odd"));
	ck_assert(!diag.degraded);
	expect_ok(kmd_report(&diag, KMD_FIND_SHORT, KMD_DAMAGE, kmd_at("f", 1), "cut"));
	ck_assert(diag.degraded);
	ck_assert_uint_eq(diag.n_findings, 2);
	ck_assert_str_eq(diag.findings[0]->text, "f: odd");
	ck_assert_int_eq(diag.findings[0]->severity, KMD_NOTE);
	ck_assert_str_eq(diag.findings[1]->text, "f: offset 0x1: cut");
	ck_assert_int_eq(diag.findings[1]->code, KMD_FIND_SHORT);
}
END_TEST

START_TEST(strict_makes_damage_an_error)
{
	diag.strict = true;
	expect_ok(kmd_report(&diag, KMD_FIND_NAME, KMD_NOTE, kmd_in("f"), "odd"));
	ck_assert_int_eq(kmd_report(&diag, KMD_FIND_SHORT, KMD_DAMAGE, kmd_at("f", 1), "100%% cut"),
			 KMD_ERR_STRICT);
	ck_assert_int_eq(diag.status, KMD_ERR_STRICT);
	ck_assert_str_eq(diag.sentence, "f: offset 0x1: 100% cut");
	ck_assert_uint_eq(diag.n_findings, 1);
}
END_TEST

/* A hostile table gives a limited number of findings, and the dump still counts as damaged. */
START_TEST(findings_are_limited)
{
	for (int i = 0; i < 5000; i++)
		expect_ok(kmd_report(&diag, KMD_FIND_NAME, KMD_NOTE, kmd_in(""), "note %d", i));
	/* The last one counts the others. */
	ck_assert_uint_eq(diag.n_findings, 1001);
	ck_assert(!diag.degraded);
	expect_ok(kmd_report(&diag, KMD_FIND_NAME, KMD_DAMAGE, kmd_in(""), "damage %d", 1));
	ck_assert_uint_eq(diag.n_findings, 1002);
	ck_assert_str_eq(diag.findings[1001]->text, "damage 1");
	ck_assert(diag.degraded);
	/* A repeated finding is not reported again. */
	expect_ok(kmd_report(&diag, KMD_FIND_NAME, KMD_DAMAGE, kmd_in(""), "damage %d", 1));
	ck_assert_uint_eq(diag.n_findings, 1002);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, sums);
	tcase_add_test(tcase, extents);
	tcase_add_test(tcase, alignment);
	tcase_add_test(tcase, arrays_grow);
	tcase_add_test(tcase, names_are_made_printable);
	tcase_add_test(tcase, names_are_cut_whole);
	tcase_add_test(tcase, names_in_fresh_memory);
	tcase_add_test(tcase, case_is_folded);
	tcase_add_test(tcase, numbers);
	tcase_add_test(tcase, sentences_name_their_place);
	tcase_add_test(tcase, sentences_are_cut);
	tcase_add_test(tcase, findings_are_kept);
	tcase_add_test(tcase, strict_makes_damage_an_error);
	tcase_add_test(tcase, findings_are_limited);
	return kit_run("base", tcase);
}
