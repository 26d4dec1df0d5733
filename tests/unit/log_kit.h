/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* log_kit.h - kernel memory made by hand, and the log that is read from it. */
#ifndef KMD_TESTS_UNIT_LOG_KIT_H
#define KMD_TESTS_UNIT_LOG_KIT_H

#include "kit.h"

#include "log/log.h"

extern struct kmd_regions regions;
extern struct kmd_vmcoreinfo info;    /* none */
extern struct kmd_kernel_facts facts; /* of a little-endian kernel */
extern struct kmd_log log_read;
extern struct kmd_target target; /* the memory that it was read from */

/* As kit_tcase(); all of these are new for each test. */
TCase *log_tcase(void);

void set_vmcoreinfo(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Memory at a virtual address; a region of that name. */
void place(const char *name, uint64_t virt, const void *bytes, size_t size);
/* Read the log, once or again. */
enum kmd_status read_log(bool is_64_bit);

/* Record @index has this text and, in seconds, this time. */
void expect_record(size_t index, double seconds, const char *text);
/* The texts of all records, with a '|' behind each. */
const char *texts(void);
/* "WHAT 0xVIRT+SIZE|" for what a reader of the log reads; "unknown" if there is more. */
void expect_extents(const char *wanted);

#endif
