/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kit.h - shared by the unit tests: bytes to read, a region table, checks of findings. */
#ifndef KMD_TESTS_UNIT_KIT_H
#define KMD_TESTS_UNIT_KIT_H

#include "region/region.h"

#include <check.h>

/* Of the running test; setup and teardown are in kit_tcase()'s fixture. */
extern struct kmd_diag diag;

/* A test case whose tests begin with a new @diag. */
TCase *kit_tcase(void);
/* Run it; returns the exit code of the program. */
int kit_run(const char *name, TCase *tcase);

/* ------------------------------------------------------------------- bytes */

/* Bytes that grow at their end; numbers are written in the byte order set. */
struct bytes {
	unsigned char *at;
	size_t size, cap;
	bool big_endian;
};

void bytes_add(struct bytes *bytes, const void *what, size_t size);
void bytes_number(struct bytes *bytes, uint64_t value, size_t width);
/* Overwrite; the gap before @at is filled with zeroes. */
void bytes_set(struct bytes *bytes, size_t at, uint64_t value, size_t width);
void bytes_zero_until(struct bytes *bytes, size_t size);
void bytes_free(struct bytes *bytes);

/* @size random bytes, none of them 0, different for each @seed; valid as long as the test. */
const unsigned char *noise(size_t size, uint32_t seed);

/* A source over a copy of the bytes; valid as long as the test. */
const struct kmd_source *source_of(const char *name, const void *bytes, size_t size);

/* ----------------------------------------------------------- messages */

size_t findings_of(enum kmd_finding_code code);
size_t damages(void);
/* True if @text is in the sentence of the error or in a finding. */
bool has_message(const char *text);
/* Exactly one finding of this code; its severity, and @text in it. */
void expect_finding(enum kmd_finding_code code, enum kmd_severity severity, const char *text);
/* There is no message at all. */
void expect_no_messages(void);
void expect_ok(enum kmd_status status);
void expect_error(enum kmd_status status, enum kmd_status wanted, const char *text);

/* ------------------------------------------------------------ region table */

/* Append a region at a physical address and copy its bytes.  Valid until the next call. */
struct kmd_region_entry *add_row(struct kmd_regions *regions, const char *name, uint64_t phys,
				 const void *bytes, size_t size);
/* The same for a region of which only a virtual address is known. */
struct kmd_region_entry *add_virtual_row(struct kmd_regions *regions, const char *name,
					 uint64_t virt, const void *bytes, size_t size);
/* The row of that name; the test fails if there is none. */
const struct kmd_region *region_named(const struct kmd_regions *regions, const char *name);

/* ----------------------------------------------------------------- folders */

/* A new folder; removed with all its files if the test succeeds. */
const char *temporary_folder(void);
/* A path in it; the string is valid until the call after the next. */
const char *path_in_folder(const char *name);
size_t files_in_folder(void);

#endif
