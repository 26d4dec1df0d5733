/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* unwind_kit.h - stacks made by hand in the memory of consumer_kit. */
#ifndef KMD_TESTS_UNIT_UNWIND_KIT_H
#define KMD_TESTS_UNIT_UNWIND_KIT_H

#include "consumer_kit.h"

#include "unwind/unwind.h"

#define STACK     0x8000
#define ENTRIES   0x3000 /* distances of ORC entries */
#define ROWS      0x3800

/* In the word of a row, as since 6.4. */
#define SP        5u
#define BP        4u
#define BP_ON_CFA (1u << 4)
#define END       (1u << 8)
#define CALL      (2u << 8)
#define REGS      (3u << 8)
#define PARTIAL   (4u << 8)
#define SIGNAL    (1u << 11)

/* Of the running test. */
extern struct kmd_unwinder unwinder;
extern struct kmd_modules modules;
extern struct kmd_unwind unwind;

void unwind_setup(void);
void unwind_teardown(void);
/* A frame record of arm64, or what rbp of x86_64 points to. */
void record(size_t at, uint64_t next, uint64_t pc);
/* From the function at @pc on: a row of the ORC table. */
void row(size_t pc, int sp_offset, int bp_offset, unsigned int word);
/* The symbols of the table, and an x86_64 of 6.12. */
void name_rows(void);
/* Capture [0, @captured), and make the unwinder. */
void unwind_build(size_t captured);
void unwind_from(uint64_t pc, uint64_t sp, uint64_t fp);
/* Offsets of the program counters, with blanks between them; @ before a hook, a question mark
 * before a guess. */
void expect_frames(const char *wanted, const char *end);

#endif
