/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* api_kit.h - a handle, a folder, and a small dump for every test of the API. */
#ifndef KMD_TESTS_API_KIT_H
#define KMD_TESTS_API_KIT_H

#include "small_core.h"

#include <kmemdump/kmd.h>

#include <check.h>

extern const char *real_dump;   /* a compressed partition image of an arm64 kernel */
extern struct small_core small; /* new for each test, like these: */
extern struct kmd *kmd;
extern char folder[64];

/* A path in the folder; valid until the call after the next. */
const char *path_to(const char *name);
/* Another handle. */
void again(void);
void open_small(void);
/* The small core as a file "small", open. */
int small_file(void);

/* Both also check the text of kmd_error(). */
void expect_ok(enum kmd_status status);
void expect_error(enum kmd_status status, enum kmd_status wanted, const char *text);

/* The tests of each file. */
void add_handle_tests(TCase *tcase);
void add_work_tests(TCase *tcase);
void add_kernel_tests(TCase *tcase);
void add_word_tests(TCase *tcase);

#endif
