/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "unwind_kit.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

struct kmd_unwinder unwinder;
struct kmd_modules modules;
struct kmd_unwind unwind;
static size_t n_rows;

void unwind_setup(void)
{
	consumer_setup();
	n_rows = 0;
}

void unwind_teardown(void)
{
	kmd_unwind_deinit(&unwind);
	kmd_unwinder_deinit(&unwinder);
	consumer_teardown();
}

void record(size_t at, uint64_t next, uint64_t pc)
{
	fake_set(&fake, at, next, 8);
	fake_set(&fake, at + 8, pc, 8);
}

void row(size_t pc, int sp_offset, int bp_offset, unsigned int word)
{
	size_t at = ENTRIES + 4 * n_rows, to = ROWS + 6 * n_rows;

	fake_set(&fake, at, pc - at, 4);
	fake_set(&fake, to, (uint16_t)sp_offset, 2);
	fake_set(&fake, to + 2, (uint16_t)bp_offset, 2);
	fake_set(&fake, to + 4, word, 2);
	n_rows++;
}

void name_rows(void)
{
	facts.machine = EM_X86_64;
	facts.pub.release = "6.12.1";
	fake_symbol(&fake, "__start_orc_unwind_ip", ENTRIES);
	fake_symbol(&fake, "__stop_orc_unwind_ip", ENTRIES + 4 * n_rows);
	fake_symbol(&fake, "__start_orc_unwind", ROWS);
	fake_symbol(&fake, "__stop_orc_unwind", ROWS + 6 * n_rows);
}

void unwind_build(size_t captured)
{
	consumer_capture(0, captured);
	consumer_build();
	expect_ok(kmd_unwinder_init(&target, &modules, &unwinder));
}

void unwind_from(uint64_t pc, uint64_t sp, uint64_t fp)
{
	struct kmd_unwind_start start = { .pc = pc, .sp = sp, .fp = fp, .exact = true };

	kmd_unwind_deinit(&unwind);
	expect_ok(kmd_unwind(&unwinder, &start, &unwind));
}

void expect_frames(const char *wanted, const char *end)
{
	char text[4096] = "";

	for (size_t i = 0; i < unwind.n && i < 32; i++)
		sprintf(text + strlen(text), "%s%s%jx", i ? " " : "",
			unwind.frames[i].is_hook ? "@"
			: unwind.frames[i].guess ? "?"
						 : "",
			(uintmax_t)(unwind.frames[i].pc - AT(0)));
	ck_assert_str_eq(text, wanted);
	if (end)
		ck_assert_ptr_nonnull(strstr(unwind.end ? unwind.end : "", end));
	else
		ck_assert_ptr_null(unwind.end);
}
