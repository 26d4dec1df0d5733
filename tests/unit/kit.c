/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "kit.h"

#include "base/array.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kmd_diag diag;

/* Memory of the running test, which is freed at its end. */
static struct kmd_source **sources;
static size_t n_sources, cap_sources;
static void **blocks;
static size_t n_blocks, cap_blocks;
static char folder[64];

static void remove_folder(const char *path)
{
	DIR *list = opendir(path);
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		char name[512];

		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && unlink(name))
			remove_folder(name);
	}
	if (list)
		closedir(list);
	rmdir(path);
}

static void setup(void)
{
	kmd_diag_init(&diag);
}

static void teardown(void)
{
	for (size_t i = 0; i < n_sources; i++)
		kmd_source_free(sources[i]);
	for (size_t i = 0; i < n_blocks; i++)
		free(blocks[i]);
	free(sources);
	free(blocks);
	sources = NULL;
	blocks = NULL;
	n_sources = cap_sources = n_blocks = cap_blocks = 0;
	if (folder[0])
		remove_folder(folder);
	folder[0] = '\0';
	kmd_diag_deinit(&diag);
}

TCase *kit_tcase(void)
{
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	return tcase;
}

int kit_run(const char *name, TCase *tcase)
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ------------------------------------------------------------------- bytes */

static void reserve(struct bytes *bytes, size_t size)
{
	while (bytes->cap < size)
		ck_assert(KMD_ARRAY_RESERVE(bytes->at, bytes->cap, bytes->cap));
}

void bytes_add(struct bytes *bytes, const void *what, size_t size)
{
	reserve(bytes, bytes->size + size);
	if (size)
		memcpy(bytes->at + bytes->size, what, size);
	bytes->size += size;
}

void bytes_zero_until(struct bytes *bytes, size_t size)
{
	if (bytes->size >= size)
		return;
	reserve(bytes, size);
	memset(bytes->at + bytes->size, 0, size - bytes->size);
	bytes->size = size;
}

void bytes_set(struct bytes *bytes, size_t at, uint64_t value, size_t width)
{
	bytes_zero_until(bytes, at + width);
	for (size_t i = 0; i < width; i++)
		bytes->at[at + (bytes->big_endian ? width - 1 - i : i)] =
			(unsigned char)(value >> 8 * i);
}

void bytes_number(struct bytes *bytes, uint64_t value, size_t width)
{
	bytes_set(bytes, bytes->size, value, width);
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->at);
	memset(bytes, 0, sizeof(*bytes));
}

static void *keep(size_t size)
{
	ck_assert(KMD_ARRAY_RESERVE(blocks, n_blocks, cap_blocks));
	blocks[n_blocks] = malloc(size ? size : 1);
	ck_assert_ptr_nonnull(blocks[n_blocks]);
	return blocks[n_blocks++];
}

const unsigned char *noise(size_t size, uint32_t seed)
{
	unsigned char *bytes = keep(size);

	for (size_t i = 0; i < size; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(seed >> 24 | 1);
	}
	return bytes;
}

const struct kmd_source *source_of(const char *name, const void *bytes, size_t size)
{
	void *copy = keep(size);

	if (size)
		memcpy(copy, bytes, size);
	ck_assert(KMD_ARRAY_RESERVE(sources, n_sources, cap_sources));
	ck_assert_int_eq(kmd_source_from_memory(&diag, copy, size, name, &sources[n_sources]),
			 KMD_OK);
	return sources[n_sources++];
}

/* ----------------------------------------------------------- messages */

size_t findings_of(enum kmd_finding_code code)
{
	size_t n = 0;

	for (size_t i = 0; i < diag.n_findings; i++)
		n += diag.findings[i]->code == code;
	return n;
}

size_t damages(void)
{
	size_t n = 0;

	for (size_t i = 0; i < diag.n_findings; i++)
		n += diag.findings[i]->severity == KMD_DAMAGE;
	return n;
}

bool has_message(const char *text)
{
	if (diag.status != KMD_OK && strstr(diag.sentence, text))
		return true;
	for (size_t i = 0; i < diag.n_findings; i++)
		if (strstr(diag.findings[i]->text, text))
			return true;
	return false;
}

void expect_finding(enum kmd_finding_code code, enum kmd_severity severity, const char *text)
{
	const struct kmd_finding *finding = NULL;

	for (size_t i = 0; i < diag.n_findings; i++)
		if (diag.findings[i]->code == code)
			finding = diag.findings[i];
	ck_assert_uint_eq(findings_of(code), 1);
	ck_assert_int_eq(finding->severity, severity);
	ck_assert_msg(strstr(finding->text, text), "\"%s\" has no \"%s\"", finding->text, text);
}

void expect_no_messages(void)
{
	ck_assert_msg(!diag.n_findings, "%s", diag.findings[0]->text);
	ck_assert(!diag.degraded);
}

void expect_ok(enum kmd_status status)
{
	ck_assert_msg(status == KMD_OK, "%s", diag.sentence);
}

void expect_error(enum kmd_status status, enum kmd_status wanted, const char *text)
{
	ck_assert_int_eq(status, wanted);
	ck_assert_int_eq(diag.status, wanted);
	ck_assert_msg(strstr(diag.sentence, text), "\"%s\" has no \"%s\"", diag.sentence, text);
}

/* ------------------------------------------------------------ region table */

static struct kmd_region_entry *new_row(struct kmd_regions *regions, const char *name,
					const void *bytes, size_t size)
{
	struct kmd_region_entry *row;

	ck_assert(KMD_ARRAY_RESERVE(regions->rows, regions->n, regions->cap));
	row = &regions->rows[regions->n++];
	memset(row, 0, sizeof(*row));
	row->pub.name = strdup(name);
	row->pub.size = row->pub.captured = size;
	row->has_bytes = true;
	row->source = source_of(name, bytes, size);
	return row;
}

struct kmd_region_entry *add_row(struct kmd_regions *regions, const char *name, uint64_t phys,
				 const void *bytes, size_t size)
{
	struct kmd_region_entry *row = new_row(regions, name, bytes, size);

	row->pub.phys = phys;
	row->pub.has_phys = true;
	return row;
}

struct kmd_region_entry *add_virtual_row(struct kmd_regions *regions, const char *name,
					 uint64_t virt, const void *bytes, size_t size)
{
	struct kmd_region_entry *row = new_row(regions, name, bytes, size);

	row->pub.virt = virt;
	row->pub.has_virt = true;
	return row;
}

const struct kmd_region *region_named(const struct kmd_regions *regions, const char *name)
{
	for (size_t i = 0; i < regions->n; i++)
		if (!strcmp(regions->rows[i].pub.name, name))
			return &regions->rows[i].pub;
	ck_abort_msg("no region \"%s\"", name);
	return NULL;
}

/* ----------------------------------------------------------------- folders */

const char *temporary_folder(void)
{
	if (!folder[0]) {
		strcpy(folder, "/tmp/kmd-test-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(folder));
	}
	return folder;
}

const char *path_in_folder(const char *name)
{
	static char paths[2][512];
	static unsigned int next;
	char *path = paths[next++ % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s", temporary_folder(), name);
	return path;
}

size_t files_in_folder(void)
{
	DIR *list = opendir(temporary_folder());
	struct dirent *entry;
	size_t n = 0;

	while (list && (entry = readdir(list)))
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	if (list)
		closedir(list);
	return n;
}
