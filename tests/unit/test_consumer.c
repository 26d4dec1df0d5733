/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_consumer.c - what consumers can do with a core, and what they lack. */
#include "consumer_kit.h"

#include "consumer/objects.h"

#include <elf.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

static struct kmd_consumer_report ready;

static void forget(void)
{
	kmd_consumer_report_deinit(&ready);
}

static void check_all(void)
{
	expect_ok(kmd_consumers_check(&target, &cpus, &diag, &ready));
	ck_assert_uint_gt(ready.n, 20);
}

static const struct kmd_readiness *row(const char *consumer, const char *ability)
{
	for (size_t i = 0; i < ready.n; i++)
		if (!strcmp(ready.rows[i].pub.consumer, consumer) &&
		    !strcmp(ready.rows[i].pub.ability, ability))
			return &ready.rows[i].pub;
	ck_abort_msg("no row %s %s", consumer, ability);
}

static void expect(const char *consumer, const char *ability, enum kmd_ready_state state,
		   const char *missing)
{
	const struct kmd_readiness *got = row(consumer, ability);

	ck_assert_msg(got->state == state, "%s %s: state %d, missing %s", consumer, ability,
		      got->state, got->missing);
	ck_assert_msg(strstr(got->missing, missing), "%s %s: missing %s", consumer, ability,
		      got->missing);
	if (state == KMD_READY_WORKS)
		ck_assert_str_eq(got->missing, "");
}

/* ------------------------------------------------------------------- extents */

START_TEST(extents)
{
	uint64_t first;

	consumer_capture(0, PAGE + 100);
	consumer_capture(2 * PAGE + 8, 3 * PAGE);
	consumer_look();
#define EXTENT(mode, from, size) kmd_target_extent(&target, mode, AT(from), size, &first)
	ck_assert_int_eq(EXTENT(KMD_XLATE_DIRECT_THEN_TABLES, 0, PAGE + 100), KMD_EXTENT_WHOLE);
	ck_assert_int_eq(EXTENT(KMD_XLATE_SEGMENTS, 10, PAGE + 90), KMD_EXTENT_WHOLE);
	ck_assert_int_eq(EXTENT(KMD_XLATE_DIRECT_THEN_TABLES, 0, PAGE + 101), KMD_EXTENT_PART);
	ck_assert_uint_eq(first, AT(PAGE));
	/* Without page tables, the map of the image is not used. */
	ck_assert_int_eq(EXTENT(KMD_XLATE_TABLES, 0, 8), KMD_EXTENT_NONE);
	/* The first byte of the third page is absent: crash fails, drgn may not. */
	ck_assert_int_eq(EXTENT(KMD_XLATE_DIRECT_THEN_TABLES, 0, 3 * PAGE), KMD_EXTENT_NONE);
	ck_assert_int_eq(EXTENT(KMD_XLATE_ANY, 0, 3 * PAGE), KMD_EXTENT_PART);
	ck_assert_int_eq(EXTENT(KMD_XLATE_ANY, 4 * PAGE, 8), KMD_EXTENT_NONE);
	ck_assert_int_eq(EXTENT(KMD_XLATE_ANY, UINT64_MAX - AT(0) - 4, 64), KMD_EXTENT_NONE);
	ck_assert_int_eq(EXTENT(KMD_XLATE_ANY, 5 * PAGE, 0), KMD_EXTENT_WHOLE);
}
END_TEST

START_TEST(numbers)
{
	uint64_t value;

	fake_set(&fake, 0x40, UINT64_C(0x1122334455667788), 8);
	consumer_capture(0, 0x48);
	consumer_look();
	ck_assert(kmd_target_read_uint(&target, KMD_XLATE_DIRECT_THEN_TABLES, AT(0x40), 8, &value));
	ck_assert_uint_eq(value, UINT64_C(0x1122334455667788));
	ck_assert(kmd_target_read_uint(&target, KMD_XLATE_SEGMENTS, AT(0x40), 2, &value));
	ck_assert_uint_eq(value, 0x7788);
	ck_assert(!kmd_target_read_uint(&target, KMD_XLATE_ANY, AT(0x41), 8, &value));
	facts.big_endian = true;
	ck_assert(kmd_target_read_uint(&target, KMD_XLATE_ANY, AT(0x40), 2, &value));
	ck_assert_uint_eq(value, 0x8877);
}
END_TEST

/* A pointer to memory that KASAN has tagged, on arm64. */
START_TEST(tagged_pointers)
{
	const uint64_t plain = AT(0x40) & ~(UINT64_C(0xff) << 56);
	uint64_t value;

	fake_set(&fake, 0x40, 0x1122, 8);
	consumer_capture(0, 0x48);
	consumer_look();
	ck_assert(kmd_target_read_uint(&target, KMD_XLATE_ANY, plain | UINT64_C(0xf4) << 56, 8,
				       &value));
	ck_assert_uint_eq(value, 0x1122);
	ck_assert(kmd_target_is_kernel(&target, plain | UINT64_C(0x2b) << 56));
	facts.machine = EM_X86_64;
	ck_assert(!kmd_target_read_uint(&target, KMD_XLATE_ANY, plain | UINT64_C(0xf4) << 56, 8,
					&value));
}
END_TEST

START_TEST(names_that_do_not_fit)
{
	struct kmd_availability availability = { 0 };

	for (int i = 0; i < 1000; i++)
		kmd_availability_add(&availability, i == 500 ? KMD_ABSENT : KMD_IN_PART,
				     "object %d", i);
	ck_assert_int_eq(availability.presence, KMD_ABSENT);
	ck_assert_uint_lt(strlen(availability.names), sizeof(availability.names));
	ck_assert(!strncmp(availability.names, "object 0, object 1, ", 20));
	/* The last name of the list is complete. */
	ck_assert(strstr(availability.names, "object 10"));
}
END_TEST

/* ------------------------------------------------------------------ the result */

START_TEST(without_vmlinux_nothing_is_promised)
{
	consumer_capture(0, 2 * PAGE);
	consumer_line("OSRELEASE=6.1.0");
	consumer_line("PAGESIZE=4096");
	consumer_line("SYMBOL(swapper_pg_dir)=ffff800080201000");
	consumer_line("KERNELOFFSET=200000");
	consumer_line("SYMBOL(_stext)=ffff800080210000");
	consumer_line("NUMBER(VA_BITS)=48");
	consumer_line("NUMBER(kimage_voffset)=0xffff800040200000");
	consumer_build();
	target.vmlinux = NULL;
	target.has_symbols = false;
	check_all();
	expect("crash --minimal", "start", KMD_READY_WORKS, "");
	expect("drgn", "start", KMD_READY_WORKS, "");
	expect("crash", "start", KMD_READY_UNKNOWN, "a vmlinux (-x)");
	expect("drgn", "tasks", KMD_READY_UNKNOWN, "a vmlinux (-x)");
	expect("gdb", "threads", KMD_READY_FAILS, "registers of CPUs");
	for (size_t i = 0; i < ready.n; i++)
		if (strcmp(ready.rows[i].pub.ability, "start") != 0)
			ck_assert_int_ne(ready.rows[i].pub.state, KMD_READY_WORKS);
}
END_TEST

START_TEST(without_vmcoreinfo_nothing_starts)
{
	consumer_capture(0, PAGE);
	consumer_build();
	check_all();
	expect("crash --minimal", "start", KMD_READY_FAILS, "VMCOREINFO");
	expect("crash", "bt", KMD_READY_FAILS, "VMCOREINFO");
	expect("drgn", "log", KMD_READY_FAILS, "VMCOREINFO");
	/* gdb needs none, and the KASLR offset is known. */
	expect("gdb", "start", KMD_READY_WORKS, "");
}
END_TEST

START_TEST(a_key_is_named)
{
	consumer_capture(0, PAGE);
	consumer_line("OSRELEASE=6.1.0");
	consumer_line("SYMBOL(_stext)=ffff800080210000");
	consumer_line("NUMBER(VA_BITS)=48");
	consumer_build();
	check_all();
	expect("crash --minimal", "start", KMD_READY_FAILS, "VMCOREINFO's NUMBER(kimage_voffset)");
}
END_TEST

/* Each of these makes crash fail, by name and at its run-time address. */
START_TEST(variables_are_named)
{
	static const char *const names[] = { "linux_banner", "__per_cpu_offset", "nr_threads",
					     "modules" };
	char want[64];

	for (size_t i = 0; i < 4; i++)
		fake_symbol(&fake, names[i], 0x1000 + 0x1000 * i);
	consumer_capture(0, 0x1000);
	consumer_capture(0x1000 + 0x1000 * (size_t)_i, 0x1008 + 0x1000 * (size_t)_i);
	consumer_build();
	check_all();
	for (size_t i = 0; i < 4; i++) {
		snprintf(want, sizeof(want), "%s (0x%llx)", names[i],
			 (unsigned long long)AT(0x1000 + 0x1000 * i));
		ck_assert_int_eq(!strstr(row("crash", "start")->missing, want), (int)i == _i);
	}
}
END_TEST

START_TEST(data_in_part)
{
	fake_symbol(&fake, "_sdata", 0x1000);
	fake_symbol(&fake, "_edata", 0x3000);
	consumer_capture(0x1000, 0x1800);
	consumer_build();
	check_all();
	expect("gdb", "variables", KMD_READY_PARTLY, "part of .data");
}
END_TEST

/* The banner is a constant, and gdb reads it like any variable. */
START_TEST(constants_are_variables)
{
	fake_symbol(&fake, "__start_rodata", 0x1000);
	fake_symbol(&fake, "__end_rodata", 0x2000);
	fake_symbol(&fake, "_sdata", 0x2000);
	fake_symbol(&fake, "_edata", 0x3000);
	consumer_capture(0x2000, 0x3000);
	consumer_build();
	check_all();
	expect("gdb", "variables", KMD_READY_PARTLY, ".rodata (0xffff800080201000)");
}
END_TEST

/* gdb prints the text with the variable. */
START_TEST(command_line)
{
	const uint64_t line = htole64(AT(0x3000)); /* as the kernel stores it */

	fake_symbol(&fake, "_sdata", 0x1000);
	fake_symbol(&fake, "_edata", 0x2000);
	fake_symbol(&fake, "saved_command_line", 0x1000);
	memcpy(fake.memory + 0x1000, &line, sizeof(line));
	memcpy(fake.memory + 0x3000, "quiet", 6);
	consumer_capture(0x1000, 0x2000);
	/* All of it, or all but the NUL. */
	consumer_capture(0x3000, _i ? 0x3006 : 0x3005);
	consumer_build();
	check_all();
	if (_i)
		expect("gdb", "variables", KMD_READY_WORKS, "");
	else
		expect("gdb", "variables", KMD_READY_PARTLY,
		       "the command line (0xffff800080203005)");
}
END_TEST

/* ---------------------------------------------------------------------- the log */

static void ring(uint64_t size_bits)
{
	fake_symbol(&fake, "prb", 0x100);
	fake_set(&fake, 0x100, AT(0x200), 8);
	fake_set(&fake, 0x200, 2, 4);          /* count_bits */
	fake_set(&fake, 0x208, AT(0x1000), 8); /* descs */
	fake_set(&fake, 0x210, AT(0x2000), 8); /* infos */
	fake_set(&fake, 0x230, size_bits, 4);  /* size_bits */
	fake_set(&fake, 0x238, AT(0x3000), 8); /* data */
	consumer_line("SIZE(printk_ringbuffer)=88");
	consumer_line("OFFSET(printk_ringbuffer.desc_ring)=0");
	consumer_line("OFFSET(printk_ringbuffer.text_data_ring)=48");
	consumer_line("OFFSET(prb_desc_ring.count_bits)=0");
	consumer_line("OFFSET(prb_desc_ring.descs)=8");
	consumer_line("OFFSET(prb_desc_ring.infos)=16");
	consumer_line("OFFSET(prb_data_ring.size_bits)=0");
	consumer_line("OFFSET(prb_data_ring.data)=8");
	consumer_line("SIZE(prb_desc)=24");
	consumer_line("SIZE(printk_info)=88");
	consumer_capture(0, 0x1000);
}

static const struct kmd_availability *availability_of(enum kmd_object object)
{
	consumer_look();
	return kmd_object_availability(&check, KMD_XLATE_DIRECT_THEN_TABLES, object);
}

START_TEST(log_is_whole)
{
	ring(8);
	consumer_capture(0x1000, 0x1000 + 4 * 24);
	consumer_capture(0x2000, 0x2000 + 4 * 88);
	consumer_capture(0x3000, 0x3100);
	ck_assert_int_eq(availability_of(KMD_O_LOG)->presence, KMD_PRESENT);
}
END_TEST

START_TEST(log_lacks_a_byte)
{
	const struct kmd_availability *availability;

	ring(8);
	consumer_capture(0x1000, 0x1000 + 4 * 24);
	consumer_capture(0x2000, 0x2000 + 4 * 88 - 1);
	availability = availability_of(KMD_O_LOG);
	ck_assert_int_eq(availability->presence, KMD_ABSENT);
	ck_assert_ptr_nonnull(strstr(availability->names, "part of the log's infos"));
	ck_assert_ptr_nonnull(strstr(availability->names, "the log's text (0xffff800080203000)"));
	ck_assert_ptr_null(strstr(availability->names, "descriptors"));
}
END_TEST

START_TEST(log_of_impossible_size)
{
	ring(200);
	ck_assert_int_eq(availability_of(KMD_O_LOG)->presence, KMD_UNKNOWN);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, NULL, forget);
	tcase_add_checked_fixture(tcase, consumer_setup, consumer_teardown);
	tcase_add_test(tcase, extents);
	tcase_add_test(tcase, numbers);
	tcase_add_test(tcase, tagged_pointers);
	tcase_add_test(tcase, names_that_do_not_fit);
	tcase_add_test(tcase, without_vmlinux_nothing_is_promised);
	tcase_add_test(tcase, without_vmcoreinfo_nothing_starts);
	tcase_add_test(tcase, a_key_is_named);
	tcase_add_loop_test(tcase, variables_are_named, 0, 4);
	tcase_add_test(tcase, data_in_part);
	tcase_add_test(tcase, constants_are_variables);
	tcase_add_loop_test(tcase, command_line, 0, 2);
	tcase_add_test(tcase, log_is_whole);
	tcase_add_test(tcase, log_lacks_a_byte);
	tcase_add_test(tcase, log_of_impossible_size);
	return kit_run("ready", tcase);
}
