/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "log_kit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kmd_regions regions;
struct kmd_vmcoreinfo info;
struct kmd_kernel_facts facts;
struct kmd_log log_read;
struct kmd_target target;

static struct kmd_memory memory;
static struct kmd_views views;
static char *joined;

static void forget(void)
{
	kmd_log_deinit(&log_read);
	kmd_views_deinit(&views);
	kmd_memory_deinit(&memory);
	free(joined);
	joined = NULL;
}

static void setup(void)
{
	memset(&facts, 0, sizeof(facts));
}

static void teardown(void)
{
	forget();
	kmd_vmcoreinfo_deinit(&info);
	kmd_regions_deinit(&regions);
}

TCase *log_tcase(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	return tcase;
}

void set_vmcoreinfo(const char *format, ...)
{
	va_list list;
	int length;

	free(info.text);
	va_start(list, format);
	length = vasprintf(&info.text, format, list);
	va_end(list);
	ck_assert_int_ge(length, 0);
	info.length = (size_t)length;
}

void place(const char *name, uint64_t virt, const void *bytes, size_t size)
{
	add_virtual_row(&regions, name, virt, bytes, size);
}

enum kmd_status read_log(bool is_64_bit)
{
	forget();
	facts.elf_class = is_64_bit ? 2 : 1;
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_views_build(&memory, &facts, &diag, &views));
	kmd_target_init(&target, &memory, &views, &facts, &info, NULL, NULL, &diag);
	return kmd_log_read(&target, &log_read);
}

void expect_record(size_t index, double seconds, const char *text)
{
	const struct kmd_log_record *record = &log_read.items[index];

	ck_assert_uint_lt(index, log_read.n);
	ck_assert_msg(record->length == strlen(text) && !memcmp(record->text, text, record->length),
		      "record %zu is \"%.*s\", not \"%s\"", index, (int)record->length,
		      record->text, text);
	ck_assert_uint_eq(record->time, (uint64_t)(seconds * 1e9 + 0.5));
}

const char *texts(void)
{
	size_t size;
	FILE *file;

	free(joined);
	file = open_memstream(&joined, &size);
	ck_assert_ptr_nonnull(file);
	for (size_t i = 0; i < log_read.n; i++) {
		fwrite(log_read.items[i].text, 1, log_read.items[i].length, file);
		putc('|', file);
	}
	fclose(file);
	return joined;
}

void expect_extents(const char *wanted)
{
	struct kmd_log_extents extents;
	size_t size;
	FILE *file;

	free(joined);
	file = open_memstream(&joined, &size);
	ck_assert_ptr_nonnull(file);
	kmd_log_find_extents(&target, KMD_XLATE_SEGMENTS, &extents);
	for (size_t i = 0; i < extents.n; i++)
		fprintf(file, "%s 0x%" PRIx64 "+%" PRIu64 "|", extents.items[i].what,
			extents.items[i].virt, extents.items[i].size);
	fputs(extents.complete ? "" : "unknown", file);
	fclose(file);
	ck_assert_str_eq(joined, wanted);
}
