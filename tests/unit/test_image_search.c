/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_image_search.c - the kernel's types and its first task, which no symbol names. */
#include "consumer_kit.h"

#include "target/image_search.h"

#include <string.h>

#define TYPES   0x8000
#define STRINGS 0x9000
#define INIT    0x30000
#define PID     0x10
#define COMM    0x20
#define LIST    0x40
#define NSPROXY 0x60

static void setup(void)
{
	consumer_setup();
	fake_symbol(&fake, "_sinittext", INIT);
}

static void put_btf(size_t at, uint64_t types, uint64_t strings)
{
	fake_set(&fake, at, 0xeb9f, 2);
	fake_set(&fake, at + 2, 1, 2);
	fake_set(&fake, at + 4, 24, 4);
	fake_set(&fake, at + 12, types, 4);
	fake_set(&fake, at + 16, types, 4);
	fake_set(&fake, at + 20, strings, 4);
}

static void find_btf(size_t to)
{
	consumer_capture(0, to);
	consumer_build();
	kmd_image_find_btf(&target);
}

START_TEST(types)
{
	put_btf(0x1000, 16, 32); /* that of a module is small */
	put_btf(0x2000, UINT32_MAX, UINT32_MAX);
	put_btf(0x5004, TYPES, STRINGS);
	find_btf(FAKE_SIZE);
	ck_assert_uint_eq(target.found.btf, AT(0x5004));
	ck_assert_uint_eq(target.found.btf_size, 24 + TYPES + STRINGS);
}
END_TEST

/* Of a program in memory behind the image, and of what ends before its strings do. */
START_TEST(no_types)
{
	put_btf(INIT, TYPES, 0x1000 + TYPES);
	put_btf(0x18000, TYPES, STRINGS);
	find_btf(0x20000);
	ck_assert_uint_eq(target.found.btf, 0);
}
END_TEST

static void put_task(size_t at, const char *comm, uint64_t pid)
{
	memcpy(fake.memory + at + COMM, comm, strlen(comm) + 1);
	fake_set(&fake, at + PID, pid, 4);
}

static void link_tasks(size_t a, size_t b)
{
	fake_set(&fake, a + LIST, AT(b + LIST), 8);
	fake_set(&fake, b + LIST + 8, AT(a + LIST), 8);
}

static void find_task(void)
{
	consumer_capture(0, FAKE_SIZE);
	consumer_build();
	consumer_type(KMD_T_TASK_PID, PID);
	consumer_type(KMD_T_TASK_COMM, COMM);
	consumer_type(KMD_T_TASK_LIST, LIST);
	consumer_type(KMD_T_TASK_NSPROXY, NSPROXY);
	consumer_type(KMD_T_NSPROXY_PID_NS, 0x20);
	kmd_image_find_init_task(&target);
}

START_TEST(first_task)
{
	uint64_t virt;

	put_task(0x4000, "swapper/0", 0); /* a stale copy, in no list */
	put_task(0x5000, "swapper/0", 7);
	link_tasks(0x5000, 0x8000);
	put_task(0x6000, "swapper/1", 0);
	link_tasks(0x6000, 0x9000);
	put_task(0x7000, _i ? "swapper" : "swapper/0", 0);
	put_task(0xa000, "init", 1);
	fake_set(&fake, 0x7000 + NSPROXY, AT(0xb000), 8);
	fake_set(&fake, 0xb000 + 0x20, AT(0xc000), 8);
	link_tasks(0x7000, 0xa000);
	link_tasks(0xa000, 0x7000);
	find_task();
	ck_assert(kmd_target_symbol(&target, "init_task", &virt, NULL));
	ck_assert_uint_eq(virt, AT(0x7000));
	ck_assert(!kmd_target_symbol(&target, "init_task_", &virt, NULL));
	ck_assert(kmd_target_symbol(&target, "init_pid_ns", &virt, NULL));
	ck_assert_uint_eq(virt, AT(0xc000));
}
END_TEST

START_TEST(two_first_tasks)
{
	uint64_t virt;

	put_task(0x4000, "swapper/0", 0);
	link_tasks(0x4000, 0x8000);
	put_task(0x5000, "swapper/0", 0);
	link_tasks(0x5000, 0x9000);
	find_task();
	ck_assert(!kmd_target_symbol(&target, "init_task", &virt, NULL));
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, consumer_teardown);
	tcase_add_test(tcase, types);
	tcase_add_test(tcase, no_types);
	tcase_add_loop_test(tcase, first_task, 0, 2);
	tcase_add_test(tcase, two_first_tasks);
	return kit_run("image_search", tcase);
}
