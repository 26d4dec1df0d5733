/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_cpus_find.c - CPU registers in captured memory: the shim's record, crash_notes, contexts. */
#include "kit.h"

#include "cpu/find.h"

#include <kmemdump/minidump.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define DESC   392 /* arm64's NT_PRSTATUS */
#define NARROW (20 + DESC)
#define WIDE   (24 + DESC)
#define IMAGE  UINT64_C(0xffff800008000000)
#define PHYS   UINT64_C(0x40000000)

static struct kmd_regions regions;
static struct kmd_memory memory;
static struct kmd_views views;
static struct kmd_cpus cpus;
static struct kmd_cpus_found found;
static struct kmd_kernel_facts facts;

static void setup(void)
{
	memset(&facts, 0, sizeof(facts));
	memset(&found, 0, sizeof(found));
	facts.machine = EM_AARCH64;
	facts.elf_class = ELFCLASS64;
	facts.layout.image = (struct kmd_map){ true, IMAGE - PHYS, IMAGE, IMAGE + 0x100000 };
}

static void teardown(void)
{
	kmd_cpus_deinit(&cpus);
	kmd_views_deinit(&views);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
}

static void find(const struct kmd_vmlinux *vmlinux)
{
	static const struct kmd_vmcoreinfo info;
	struct kmd_target target;

	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_views_build(&memory, &facts, &diag, &views));
	kmd_target_init(&target, &memory, &views, &facts, &info, NULL, vmlinux, &diag);
	expect_ok(kmd_cpus_find(&target, &cpus, &found));
	kmd_cpus_sort(&cpus, facts.machine);
}

/* A note whose x0 is @x0 (0 = an empty note), with its descriptor at @desc_at. */
static void put_note(struct bytes *bytes, size_t at, size_t desc_at, uint64_t x0)
{
	bytes_zero_until(bytes, at + desc_at + DESC);
	if (!x0)
		return;
	bytes_set(bytes, at, 5, 4);
	bytes_set(bytes, at + 4, DESC, 4);
	bytes_set(bytes, at + 8, NT_PRSTATUS, 4);
	memcpy(bytes->at + at + 12, "CORE", 4);
	bytes_set(bytes, at + desc_at + 112, x0, 8);
}

/* crash_notes of a CPU: the note, and an empty one. */
static struct kmd_region_entry *add_notes(const char *name, uint64_t phys, uint64_t x0)
{
	struct bytes bytes = { 0 };
	struct kmd_region_entry *row;

	put_note(&bytes, 0, 20, x0);
	bytes_zero_until(&bytes, NARROW + 12);
	row = add_row(&regions, name, phys, bytes.at, bytes.size);
	bytes_free(&bytes);
	return row;
}

static void expect_cpus(size_t n, const uint32_t *numbers, const uint64_t *x0)
{
	ck_assert_uint_eq(cpus.n, n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(cpus.items[i].cpu, numbers[i]);
		ck_assert_uint_eq(cpus.items[i].words[0], x0[i]);
	}
}

/* ------------------------------------------------------------- the record */

static void add_record(uint32_t n, uint32_t stride, uint32_t panic, size_t desc_at, size_t written)
{
	struct bytes bytes = { 0 };

	bytes_add(&bytes, MD_REGS_MAGIC, 8);
	bytes_number(&bytes, n, 4);
	bytes_number(&bytes, stride, 4);
	bytes_number(&bytes, panic, 4);
	bytes_zero_until(&bytes, MD_REGS_HEADER_SIZE);
	for (size_t i = 0; i < written; i++) /* CPU 1 recorded nothing */
		put_note(&bytes, MD_REGS_HEADER_SIZE + i * stride, desc_at, i == 1 ? 0 : 1000 + i);
	add_row(&regions, "Kprstatus", PHYS + 0x200000, bytes.at, bytes.size);
	bytes_free(&bytes);
}

START_TEST(record_of_a_panic)
{
	static const uint32_t numbers[] = { 0, 2 };
	static const uint64_t x0[] = { 1000, 1002 };

	for (int wide = 0; wide < 2; wide++) {
		add_record(3, wide ? WIDE : NARROW, 3, wide ? 24 : 20, 3);
		find(NULL);
		expect_cpus(2, numbers, x0);
		ck_assert(found.has_panic_cpu && found.panic_cpu == 2 && !found.empty_notes);
		expect_no_messages();
		teardown();
		setup();
	}
}
END_TEST

START_TEST(record_without_a_panic)
{
	add_record(1, NARROW, 0, 20, 1);
	find(NULL);
	ck_assert_uint_eq(cpus.n, 1);
	ck_assert(!found.has_panic_cpu);
}
END_TEST

/* The record counts more CPUs than were captured. */
START_TEST(record_that_is_cut)
{
	static const uint32_t numbers[] = { 0 };
	static const uint64_t x0[] = { 1000 };

	add_record(8192, NARROW, 8192, 20, 2);
	regions.rows[0].pub.captured--;
	find(NULL);
	expect_cpus(1, numbers, x0);
	ck_assert_uint_eq(found.panic_cpu, 8191);
}
END_TEST

START_TEST(record_with_a_bad_header)
{
	static const uint32_t bad[][3] = {
		{ 0, NARROW, 0 },          { 8193, NARROW, 0 },
		{ UINT32_MAX, NARROW, 0 }, { 2, 0, 0 },
		{ 2, NARROW - 1, 0 },      { 2, NARROW + 8, 0 },
		{ 2, UINT32_MAX, 0 },      { 2, 356, 0 },
		{ 2, NARROW, 3 },          { 2, NARROW, UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		add_record(bad[i][0], bad[i][1], bad[i][2], 20, 0);
		find(NULL);
		ck_assert_uint_eq(cpus.n, 0);
		ck_assert(!found.has_panic_cpu);
		expect_finding(KMD_FIND_HEADER, KMD_DAMAGE, "Kprstatus");
		teardown();
		setup();
	}
}
END_TEST

/* If one record is bad, the next one is used. */
START_TEST(record_behind_a_bad_one)
{
	add_record(0, NARROW, 0, 20, 0);
	add_record(1, NARROW, 1, 20, 1);
	regions.rows[1].pub.phys += 0x1000;
	find(NULL);
	ck_assert_uint_eq(cpus.n, 1);
	ck_assert(found.has_panic_cpu);
}
END_TEST

START_TEST(panic_cpu_of_the_kernel)
{
	static const unsigned char none[] = { 0xff, 0xff, 0xff, 0xff }, three[] = { 3, 0, 0, 0 },
				   odd[] = { 0, 0x20, 0, 0 };

	add_row(&regions, "Kpanic_cpu", PHYS + 0x300000, none, 4);
	find(NULL);
	ck_assert(!found.has_panic_cpu);
	teardown();
	setup();
	add_row(&regions, "Kpanic_cpu", PHYS + 0x300000, odd, 4);
	find(NULL);
	ck_assert(!found.has_panic_cpu);
	teardown();
	setup();
	add_row(&regions, "Kpanic_cpu", PHYS + 0x300000, three, 4);
	find(NULL);
	ck_assert(found.has_panic_cpu && found.panic_cpu == 3);
	teardown();
	setup();
	add_row(&regions, "Kpanic_cpu", PHYS + 0x300000, three, 4);
	add_record(2, NARROW, 1, 20, 2);
	find(NULL);
	ck_assert(found.has_panic_cpu && found.panic_cpu == 0);
}
END_TEST

/* -------------------------------------------------- crash_notes by region */

/* The first registered region has no number; the addresses are not sorted. */
START_TEST(named_by_sequence)
{
	static const uint32_t numbers[] = { 0, 1, 2 };
	static const uint64_t x0[] = { 10, 11, 12 };

	add_notes("Kcrash_no104", PHYS + 0x200000, 12);
	add_notes("Kcrash_not59", PHYS + 0x201000, 11);
	add_notes("Kcrash_notes", PHYS + 0x202000, 10);
	add_notes("Kcrash_n12x4", PHYS + 0x203000, 98);
	add_notes("Kcrashing_cp", PHYS + 0x204000, 99);
	find(NULL);
	expect_cpus(3, numbers, x0);
	ck_assert_str_eq(cpus.items[0].pub.source, "crash_notes");
	ck_assert(!found.empty_notes);
	expect_no_messages();
}
END_TEST

/* Empty and absent notes are counted as CPUs; a pointer is not. */
START_TEST(named_with_gaps)
{
	static const uint32_t numbers[] = { 2, 4 };
	static const uint64_t x0[] = { 12, 14 };
	static const unsigned char pointer[8] = { 1 };

	add_row(&regions, "Kcrash_notes", PHYS + 0x1ff000, pointer, 8);
	add_notes("crash_note60", PHYS + 0x200000, 0);
	add_notes("crash_note61", PHYS + 0x201000, 11)->pub.state = KMD_REGION_INVALID;
	add_notes("crash_note62", PHYS + 0x202000, 12);
	add_notes("crash_note63", PHYS + 0x203000, 13)->pub.captured = NARROW - 1;
	add_notes("crash_note64", PHYS + 0x204000, 14);
	find(NULL);
	expect_cpus(2, numbers, x0);
	ck_assert(found.empty_notes);
}
END_TEST

/* Notes of another kind, size, machine. */
/* Of two, the firmware did not save the first, and KELF has no names. */
START_TEST(named_and_one_missing)
{
	struct kmd_region_entry *row = add_notes("", 0x5000, 7);

	row->pub.state = KMD_REGION_MISSING;
	row->pub.captured = 0;
	row->has_bytes = false;
	add_notes("Kcrash_notes", 0x6000, 8);
	find(NULL);
	ck_assert_uint_eq(cpus.n, 0);
}
END_TEST

/* The first of them, which has no number in its name, is missing. */
START_TEST(named_without_first)
{
	add_notes("Kcrash_not59", 0x6000, 8);
	find(NULL);
	ck_assert_uint_eq(cpus.n, 0);
}
END_TEST

START_TEST(named_but_no_notes)
{
	static const struct {
		size_t at;
		uint64_t value;
	} changes[] = { { 0, 6 }, { 4, DESC + 8 }, { 4, 336 }, { 8, 2 }, { 12, 'c' } };

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct bytes bytes = { 0 };

		put_note(&bytes, 0, 20, 5);
		bytes_set(&bytes, changes[i].at, changes[i].value, changes[i].at == 12 ? 1 : 4);
		bytes_zero_until(&bytes, NARROW + 12);
		add_row(&regions, "Kcrash_notes", PHYS + 0x200000, bytes.at, bytes.size);
		bytes_free(&bytes);
		find(NULL);
		ck_assert_uint_eq(cpus.n, 0);
		ck_assert(found.empty_notes);
		teardown();
		setup();
	}
	add_notes("Kcrash_notes", PHYS + 0x200000, 5);
	facts.machine = EM_PPC64;
	find(NULL);
	ck_assert_uint_eq(cpus.n, 0);
	ck_assert(!found.empty_notes);
}
END_TEST

START_TEST(record_and_notes_together)
{
	static const uint32_t numbers[] = { 0, 1, 2 };
	static const uint64_t x0[] = { 1000, 51, 1002 };

	add_record(3, NARROW, 1, 20, 3);
	add_notes("Kcrash_notes", PHYS + 0x300000, 50);
	add_notes("Kcrash_not10", PHYS + 0x301000, 51);
	find(NULL);
	expect_cpus(3, numbers, x0);
	ck_assert_str_eq(cpus.items[0].pub.source, "panic record");
	ck_assert_str_eq(cpus.items[1].pub.source, "crash_notes");
}
END_TEST

/* ------------------------------------------------- crash_notes by pointers */

#define KASLR    UINT64_C(0x10000)
#define NOTES_AT 0x100 /* crash_notes, and where __per_cpu_offset begins, in the image */
#define TABLE_AT 0x200
#define DELTA(i) (0x1000 * (uint64_t)((i) == 0 ? 2 : (i) == 1 ? 1 : 3)) /* CPU 1 is lowest */

/* An image with @n words of offsets, and notes for CPUs 0 to 2; @pad behind the table. */
static void add_image(size_t n, uint64_t pad)
{
	struct bytes bytes = { 0 };

	bytes_set(&bytes, NOTES_AT, IMAGE + 0x1000, 8);
	for (size_t i = 0; i < 8; i++)
		bytes_set(&bytes, TABLE_AT + 8 * i, i < n ? DELTA(i) : pad, 8);
	for (size_t i = 0; i < 3; i++)
		put_note(&bytes, 0x1000 + DELTA(i), 20, i == 2 ? 0 : 70 + i);
	bytes_zero_until(&bytes, 0x6000);
	add_row(&regions, "Kimage", PHYS, bytes.at, bytes.size);
	bytes_free(&bytes);
}

static struct kmd_elf_symbol symbols[] = {
	{ .value = IMAGE + NOTES_AT - KASLR, .name = "crash_notes" },
	{ .value = IMAGE + TABLE_AT - KASLR, .name = "__per_cpu_offset" },
};
static uint32_t by_name[] = { 1, 0 }, first_only[] = { 0 };
static const struct kmd_vmlinux vmlinux = { .symbols = symbols, .n = 2, .by_name = by_name };
static const struct kmd_vmlinux uniprocessor = { .symbols = symbols,
						 .n = 1,
						 .by_name = first_only };

START_TEST(pointed_at)
{
	static const uint32_t numbers[] = { 0, 1 };
	static const uint64_t x0[] = { 70, 71 };
	static const uint64_t pads[] = { 0,
					 0x4000 }; /* arm64; x86 has one offset behind the last */

	for (size_t i = 0; i < 2; i++) {
		add_image(3, pads[i]);
		/* The pointers have precedence over a region of that name. */
		add_notes("Kcrash_notes", PHYS + 0x200000, 99);
		facts.pub.kaslr_offset = KASLR;
		find(&vmlinux);
		expect_cpus(2, numbers, x0);
		ck_assert(found.empty_notes);
		teardown();
		setup();
	}
}
END_TEST

/* Only the notes of existing CPUs are read. */
START_TEST(pointed_at_by_one)
{
	static const uint32_t numbers[] = { 0 };
	static const uint64_t x0[] = { 70 };

	add_image(1, 0x1000); /* the unused offset leads to the note of another CPU */
	facts.pub.kaslr_offset = KASLR;
	find(&vmlinux);
	expect_cpus(1, numbers, x0);
	ck_assert(!found.empty_notes);
}
END_TEST

START_TEST(pointed_at_without_smp)
{
	static const uint32_t numbers[] = { 0 };
	static const uint64_t x0[] = { 77 };
	struct bytes bytes = { 0 };

	bytes_set(&bytes, NOTES_AT, IMAGE + 0x1000, 8);
	put_note(&bytes, 0x1000, 20, 77);
	add_row(&regions, "Kimage", PHYS, bytes.at, bytes.size);
	bytes_free(&bytes);
	facts.pub.kaslr_offset = KASLR;
	find(&uniprocessor);
	expect_cpus(1, numbers, x0);
}
END_TEST

/* If the pointers are bad because the KASLR offset is wrong, the names are used. */
START_TEST(pointed_nowhere)
{
	static const uint32_t numbers[] = { 0 };
	static const uint64_t x0[] = { 99 };

	add_image(3, 0);
	add_notes("Kcrash_notes", PHYS + 0x200000, 99);
	facts.pub.kaslr_offset = UINT64_MAX;
	find(&vmlinux);
	expect_cpus(1, numbers, x0);
	teardown();
	setup();
	add_notes("Kcrash_notes", PHYS + 0x200000, 99);
	find(&vmlinux);
	expect_cpus(1, numbers, x0);
}
END_TEST

/* --------------------------------------------------------------- contexts */

static struct kmd_region_entry *add_context(const char *name, uint64_t pc, uint64_t el, uint64_t sp,
					    uint64_t state)
{
	struct bytes bytes = { 0 };
	struct kmd_region_entry *row;

	for (size_t i = 0; i < 31; i++)
		bytes_set(&bytes, 16 + 8 * i, 500 + i, 8);
	bytes_set(&bytes, 16 + 8 * 31, pc, 8);
	bytes_set(&bytes, 16 + 8 * 32, el, 8);
	bytes_set(&bytes, 16 + 8 * 36, 0xffff800000002220, 8); /* sp_el2 */
	bytes_set(&bytes, 16 + 8 * 39, sp, 8);
	bytes_set(&bytes, 16 + 8 * 43, state, 8);
	bytes_zero_until(&bytes, 2048);
	row = add_row(&regions, name, PHYS + 0x10000 * (regions.n + 1), bytes.at, bytes.size);
	bytes_free(&bytes);
	return row;
}

START_TEST(contexts_of_qualcomm)
{
	const uint64_t pc = IMAGE + 0x1230, sp = 0xffff800000001110;

	add_context("KCPU_CTX0", pc, 1, sp, 0);
	add_context("KCPU_CTX10", pc + 4, 2 << 2, sp, 0);
	/* Not used: contexts of user space or the secure world, odd, invalid, or of another layout.
	 */
	add_context("KCPU_CTX1", 0x1000, 1, sp, 0);
	add_context("KCPU_CTX2", pc + 1, 1, sp, 0);
	add_context("KCPU_CTX3", pc, 1, 0x1000, 0);
	add_context("KCPU_CTX4", pc, 1, sp + 8, 0);
	add_context("KCPU_CTX5", pc, 1, sp, 1);
	add_context("KCPU_CTXx", pc, 1, sp, 0);
	add_context("KCPU_CTX8192", pc, 1, sp, 0);
	add_context("c0_context", pc, 1, sp, 0);
	add_context("KCPU_CTX6", pc, 1, sp, 0)->pub.size = 4096;
	add_context("KCPU_CTX7", pc, 1, sp, 0)->pub.captured = 16 + 8 * 44 - 1;
	find(NULL);
	ck_assert_uint_eq(cpus.n, 2);
	ck_assert_uint_eq(cpus.items[0].cpu, 0);
	ck_assert_uint_eq(cpus.items[0].pub.pc, pc);
	ck_assert_uint_eq(cpus.items[0].pub.sp, sp);
	ck_assert_uint_eq(cpus.items[0].words[33], 5);
	for (size_t i = 0; i < 31; i++)
		ck_assert_uint_eq(cpus.items[0].words[i], 500 + i);
	ck_assert_uint_eq(cpus.items[1].cpu, 10);
	ck_assert_uint_eq(cpus.items[1].pub.sp, 0xffff800000002220);
	ck_assert_uint_eq(cpus.items[1].words[33], 9);
	expect_no_messages();
}
END_TEST

START_TEST(contexts_are_arm64s)
{
	add_context("KCPU_CTX0", IMAGE, 1, 0xffff800000001110, 0);
	facts.machine = EM_X86_64;
	find(NULL);
	ck_assert_uint_eq(cpus.n, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, record_of_a_panic);
	tcase_add_test(tcase, record_without_a_panic);
	tcase_add_test(tcase, record_that_is_cut);
	tcase_add_test(tcase, record_with_a_bad_header);
	tcase_add_test(tcase, record_behind_a_bad_one);
	tcase_add_test(tcase, panic_cpu_of_the_kernel);
	tcase_add_test(tcase, named_by_sequence);
	tcase_add_test(tcase, named_with_gaps);
	tcase_add_test(tcase, named_and_one_missing);
	tcase_add_test(tcase, named_without_first);
	tcase_add_test(tcase, named_but_no_notes);
	tcase_add_test(tcase, record_and_notes_together);
	tcase_add_test(tcase, pointed_at);
	tcase_add_test(tcase, pointed_at_by_one);
	tcase_add_test(tcase, pointed_at_without_smp);
	tcase_add_test(tcase, pointed_nowhere);
	tcase_add_test(tcase, contexts_of_qualcomm);
	tcase_add_test(tcase, contexts_are_arm64s);
	return kit_run("cpus-find", tcase);
}
