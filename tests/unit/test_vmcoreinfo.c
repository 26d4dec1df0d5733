/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_vmcoreinfo.c - VMCOREINFO: where it is found, where it ends, its keys. */
#include "kit.h"

#include "vmcoreinfo/vmcoreinfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT                                                                                       \
	"OSRELEASE=6.1.0-56\n"                                                                     \
	"BUILD-ID=00ff\n"                                                                          \
	"PAGESIZE=4096\n"                                                                          \
	"SYMBOL(prb)=ffff800008\n"                                                                 \
	"OFFSET(page.flags)=0\n"                                                                   \
	"NUMBER(minus)=-129\n"                                                                     \
	"NUMBER(phys)=0xffff9254\n"                                                                \
	"KERNELOFFSET=3d522aa00000\n"

static struct kmd_vmcoreinfo info;
static struct kmd_image image;
static struct kmd_claims claims;
static struct kmd_regions regions;
static struct kmd_memory memory;

static void done(void)
{
	kmd_vmcoreinfo_deinit(&info);
	kmd_claims_deinit(&claims);
	kmd_image_deinit(&image);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
}

static size_t measure(const char *text)
{
	return kmd_vmcoreinfo_measure(text, strlen(text));
}

START_TEST(whole)
{
	ck_assert_uint_eq(measure(TEXT), strlen(TEXT));
	ck_assert_uint_eq(kmd_vmcoreinfo_measure(TEXT "\0\0\0x", strlen(TEXT) + 4), strlen(TEXT));
	/* The text never ends behind the captured bytes. */
	for (size_t i = 0; i < strlen(TEXT); i++)
		ck_assert_uint_le(kmd_vmcoreinfo_measure(TEXT, i), i);
}
END_TEST

START_TEST(only_whole_lines)
{
	ck_assert_uint_eq(measure(TEXT "NUMBER(cut)=12"), strlen(TEXT));
	ck_assert_uint_eq(measure(TEXT "no equals sign\n"), strlen(TEXT));
	ck_assert_uint_eq(measure(TEXT "=no key\n"), strlen(TEXT));
	ck_assert_uint_eq(measure(TEXT "odd\x01=1\n"), strlen(TEXT));
	ck_assert_uint_eq(measure(TEXT "odd=\xff\n"), strlen(TEXT));
}
END_TEST

START_TEST(what_is_none)
{
	ck_assert_uint_eq(measure(""), 0);
	ck_assert_uint_eq(measure("OSRELEASE="), 0);
	ck_assert_uint_eq(measure("XOSRELEASE=6\nA=1\nB=2\nC=3\n"), 0);
	/* Too few lines, as in another string of the kernel. */
	ck_assert_uint_eq(measure("OSRELEASE=6.1\nA=1\n"), 0);
	/* The kernel's format strings, in its read-only data. */
	ck_assert_uint_eq(measure("OSRELEASE=%s\nPAGESIZE=%ld\nSYMBOL(%s)=%lx\nA=1\n"), 0);
	ck_assert_uint_eq(
		kmd_vmcoreinfo_measure("OSRELEASE=%s\n\0BUILD-ID=%s\n\0PAGESIZE=4096\n", 40), 0);
}
END_TEST

START_TEST(endless_line)
{
	const size_t size = KMD_VMCOREINFO_MAX;
	char *text = malloc(size);

	memset(text, 'x', size);
	memcpy(text, TEXT, strlen(TEXT));
	ck_assert_uint_eq(kmd_vmcoreinfo_measure(text, size), strlen(TEXT));
	free(text);
}
END_TEST

/* ------------------------------------------------------------------- values */

static void set_text(const char *text)
{
	kmd_vmcoreinfo_deinit(&info);
	info.text = strdup(text);
	info.length = strlen(text);
}

static void expect_number(const char *value, bool good, uint64_t wanted)
{
	char text[128];
	uint64_t number = 77;

	snprintf(text, sizeof(text), "OSRELEASE=1\nNUMBER(x)=%s\nA=1\n", value);
	set_text(text);
	ck_assert_msg(kmd_vmcoreinfo_number(&info, "NUMBER(x)", &number) == good, "%s", value);
	if (good)
		ck_assert_msg(number == wanted, "%s = %" PRIu64, value, number);
}

START_TEST(numbers)
{
	expect_number("0", true, 0);
	expect_number("4096", true, 4096);
	expect_number("-1", true, UINT64_MAX);
	expect_number("-218103808", true, 0 - UINT64_C(218103808));
	expect_number("0xffff9254c0000000", true, UINT64_C(0xffff9254c0000000));
	expect_number("18446744073709551615", true, UINT64_MAX);
	expect_number("18446744073709551616", false, 0);
	expect_number("0x1ffffffffffffffff", false, 0);
	expect_number("", false, 0);
	expect_number("-", false, 0);
	expect_number("0x", false, 0);
	expect_number("12 ", false, 0);
	expect_number("ff", false, 0);
	done();
}
END_TEST

START_TEST(values)
{
	const char *value;
	uint64_t number;
	size_t length;

	set_text(TEXT);
	ck_assert(kmd_vmcoreinfo_get(&info, "OSRELEASE", &value, &length));
	ck_assert_uint_eq(length, 8);
	ck_assert_mem_eq(value, "6.1.0-56", 8);
	ck_assert(kmd_vmcoreinfo_hex(&info, "KERNELOFFSET", &number));
	ck_assert_uint_eq(number, UINT64_C(0x3d522aa00000));
	ck_assert(kmd_vmcoreinfo_hex(&info, "SYMBOL(prb)", &number));
	/* A key matches whole names only. */
	ck_assert(!kmd_vmcoreinfo_get(&info, "OSRELEAS", &value, &length));
	ck_assert(!kmd_vmcoreinfo_get(&info, "SYMBOL", &value, &length));
	ck_assert(!kmd_vmcoreinfo_get(&info, "4096", &value, &length));
	ck_assert(!kmd_vmcoreinfo_hex(&info, "NUMBER(minus)", &number));
	kmd_vmcoreinfo_deinit(&info);
	ck_assert(!kmd_vmcoreinfo_get(&info, "OSRELEASE", &value, &length));
	done();
}
END_TEST

START_TEST(symbols_are_hints)
{
	struct kmd_hints hints = { 0 };

	set_text(TEXT "SYMBOL(bad)=xyz\nSYMBOL(last)=ffff\n");
	expect_ok(kmd_vmcoreinfo_hints(&info, &diag, &hints));
	ck_assert_uint_eq(hints.n, 2);
	ck_assert_str_eq(hints.items[0].name, "prb");
	ck_assert_uint_eq(hints.items[0].virt, UINT64_C(0xffff800008));
	ck_assert_str_eq(hints.items[1].name, "last");
	kmd_hints_deinit(&hints);
	done();
}
END_TEST

/* ----------------------------------------------------------- where it is found */

static struct kmd_blob *add_blob(const char *name, const char *bytes, size_t size)
{
	struct kmd_blob *blob = kmd_image_add(&image);

	blob->name = strdup(name);
	blob->source = source_of(name, bytes, size);
	blob->size = blob->declared = size;
	return blob;
}

static enum kmd_status find(void)
{
	kmd_vmcoreinfo_deinit(&info);
	return kmd_vmcoreinfo_from_claims(&image, &claims, &diag, &info);
}

START_TEST(region_of_its_own)
{
	add_blob("md_Kother.BIN", "nothing", 7);
	add_blob("md_Kvm\ncore.BIN", TEXT "\0\0\0", strlen(TEXT) + 3);
	expect_ok(find());
	expect_no_messages();
	ck_assert_uint_eq(info.length, strlen(TEXT));
	ck_assert_mem_eq(info.text, TEXT, strlen(TEXT));
	ck_assert_str_eq(info.origin, "region \"md_Kvm\\x0acore.BIN\"");
	done();
}
END_TEST

START_TEST(region_that_does_not_count)
{
	struct kmd_blob *blob = add_blob("md_Kvmcorein.BIN", TEXT, strlen(TEXT));

	blob->invalid = true;
	expect_ok(find());
	ck_assert_ptr_null(info.text);
	blob->invalid = false;
	blob->conflict = true;
	expect_ok(find());
	ck_assert_ptr_null(info.text);
	done();
}
END_TEST

START_TEST(cut_text)
{
	add_blob("v", TEXT "NUMBER(cut)=1", strlen(TEXT) + 13);
	expect_ok(find());
	ck_assert_uint_eq(info.length, strlen(TEXT));
	expect_finding(KMD_FIND_VMCOREINFO, KMD_DAMAGE, "truncated in the middle of a line");
	done();
}
END_TEST

START_TEST(rivals)
{
	add_blob("short", "OSRELEASE=5.0\nA=1\nB=2\n", 22);
	add_blob("long", TEXT, strlen(TEXT));
	add_blob("again", TEXT, strlen(TEXT));
	expect_ok(find());
	ck_assert_str_eq(info.origin, "region \"long\"");
	expect_finding(KMD_FIND_VMCOREINFO, KMD_NOTE, "several VMCOREINFO texts");
	done();
}
END_TEST

START_TEST(notes_of_a_core)
{
	static const char bytes[] = "..\0\0\0VMCOREINFO\0\0" TEXT;

	claims.notes = source_of("core", bytes, sizeof(bytes));
	claims.notes_at = 2;
	claims.notes_size = sizeof(bytes) - 2;
	expect_ok(find());
	ck_assert_uint_eq(info.length, strlen(TEXT));
	/* The bytes of a region have precedence over a note. */
	add_blob("r", TEXT, strlen(TEXT));
	expect_ok(find());
	ck_assert_str_eq(info.origin, "region \"r\"");
	done();
}
END_TEST

START_TEST(inside_memory)
{
	const size_t size = (1u << 20) + 4096;
	char *bytes = calloc(1, size);

	/* Across the blocks in which memory is searched. */
	for (size_t at = (1u << 20) - 24; at < (1u << 20) + 8; at += 3) {
		memset(bytes, 0, size);
		memcpy(bytes + 100, "OSRELEASE=%s\nA=%d\nB=%d\nC=%d\n", 29);
		memcpy(bytes + at, TEXT, strlen(TEXT));
		add_row(&regions, "data", 0x80000000, bytes, size);
		expect_ok(kmd_memory_build(&regions, &diag, &memory));
		expect_ok(kmd_vmcoreinfo_search(&memory, &diag, &info));
		ck_assert_ptr_nonnull(info.text);
		ck_assert_uint_eq(info.length, strlen(TEXT));
		ck_assert_str_eq(info.origin, "inside region \"data\"");
		expect_no_messages();
		done();
	}
	free(bytes);
}
END_TEST

/* Memory full of starts of the text: the search must end soon. */
START_TEST(many_beginnings)
{
	const size_t size = 4 << 20;
	char *bytes = malloc(size);

	for (int kind = 0; kind < 2; kind++) {
		for (size_t i = 0; i + 20 <= size; i += 20)
			memcpy(bytes + i,
			       kind ? "OSRELEASE=1\nA=1\nB=2\n" : "OSRELEASE=1\nOSRELEASE=", 20);
		add_row(&regions, "data", 0x80000000, bytes, size);
		expect_ok(kmd_memory_build(&regions, &diag, &memory));
		expect_ok(kmd_vmcoreinfo_search(&memory, &diag, &info));
		ck_assert_uint_le(info.length, KMD_VMCOREINFO_MAX);
		done();
	}
	free(bytes);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, whole);
	tcase_add_test(tcase, only_whole_lines);
	tcase_add_test(tcase, what_is_none);
	tcase_add_test(tcase, endless_line);
	tcase_add_test(tcase, numbers);
	tcase_add_test(tcase, values);
	tcase_add_test(tcase, symbols_are_hints);
	tcase_add_test(tcase, region_of_its_own);
	tcase_add_test(tcase, region_that_does_not_count);
	tcase_add_test(tcase, cut_text);
	tcase_add_test(tcase, rivals);
	tcase_add_test(tcase, notes_of_a_core);
	tcase_add_test(tcase, inside_memory);
	tcase_add_test(tcase, many_beginnings);
	return kit_run("vmcoreinfo", tcase);
}
