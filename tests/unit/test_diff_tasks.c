/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_diff_tasks.c - which tasks of two dumps kmd-report --diff pairs, and which differ. */
/* The functions that diff_tasks.c uses, with tasks made by hand. */
#define kmd_task_count    fake_task_count
#define kmd_task_get      fake_task_get
#define kmd_stack_of_task fake_stack_of_task
#define kmd_tasks_load    fake_tasks_load
#define report_waits_in   fake_waits_in
#define diff_keep_error   fake_keep_error
#define add_row           add_row_of_task
#include "../../tools/kmd-report/diff_tasks.c"
#undef add_row

#include "kit.h"

#define MAX_TASKS 512

struct kmd {
	struct kmd_task tasks[MAX_TASKS];
	const char *functions[MAX_TASKS];
	struct kmd_stack stacks[MAX_TASKS];
	size_t n;
	bool absent;
};

static struct kmd sides[SIDES];
static struct diff diff;

size_t fake_task_count(const struct kmd *kmd)
{
	return kmd->n;
}

const struct kmd_task *fake_task_get(const struct kmd *kmd, size_t index)
{
	return index < kmd->n ? &kmd->tasks[index] : NULL;
}

enum kmd_status fake_stack_of_task(struct kmd *kmd, size_t index, const struct kmd_stack **stack)
{
	*stack = &kmd->stacks[index];
	return kmd->functions[index] ? KMD_OK : KMD_ERR_NOT_FOUND;
}

enum kmd_status fake_tasks_load(struct kmd *kmd)
{
	return kmd->absent ? KMD_ERR_NOT_FOUND : KMD_OK;
}

const char *fake_waits_in(const struct kmd_stack *stack)
{
	for (int i = 0; i < SIDES; i++)
		if (stack >= sides[i].stacks && stack < sides[i].stacks + MAX_TASKS)
			return sides[i].functions[stack - sides[i].stacks];
	return "";
}

bool fake_keep_error(const struct kmd *kmd, char **out)
{
	(void)kmd;
	*out = strdup("absent");
	return *out != NULL;
}

static void setup(void)
{
	memset(sides, 0, sizeof(sides));
	memset(&diff, 0, sizeof(diff));
}

static void teardown(void)
{
	free(diff.tasks);
	for (int i = 0; i < SIDES; i++)
		free(diff.sides[i].no_tasks);
}

static void task(int side, uint32_t pid, const char *comm, char state, const char *function)
{
	struct kmd *kmd = &sides[side];

	kmd->tasks[kmd->n].pid = pid;
	kmd->tasks[kmd->n].comm = comm;
	kmd->tasks[kmd->n].state = state;
	kmd->functions[kmd->n++] = function;
}

static void both(uint32_t pid, const char *comm, char state, const char *function)
{
	task(0, pid, comm, state, function);
	task(1, pid, comm, state, function);
}

/* Rows as "pid:comm" of each side, "-" where one has none. */
static void expect(const char *wanted)
{
	char text[4096] = "";

	for (int i = 0; i < SIDES; i++)
		diff.sides[i].kmd = &sides[i];
	ck_assert(diff_add_tasks(&diff));
	for (size_t i = 0; i < diff.n_tasks; i++)
		for (int k = 0; k < SIDES; k++) {
			const struct kmd_task *one = diff.tasks[i].task[k];

			strcat(text, k ? "/" : i ? " " : "");
			if (one)
				sprintf(text + strlen(text), "%u:%s", one->pid,
					one->comm ? one->comm : "?");
			else
				strcat(text, "-");
		}
	ck_assert_str_eq(text, wanted);
}

START_TEST(equal)
{
	both(1, "init", 'S', "do_wait");
	both(2, "kthreadd", 'S', "kthreadd");
	both(3, NULL, 'S', "x");
	expect("");
}
END_TEST

START_TEST(another_state_or_place)
{
	task(0, 1, "init", 'S', "do_wait");
	task(1, 1, "init", 'D', "do_wait");
	task(0, 2, "sleep", 'S', "do_nanosleep");
	task(1, 2, "sleep", 'S', "do_wait");
	task(0, 3, "cat", 'R', "vfs_read");
	task(1, 3, "cat", 'R', "vfs_read");
	sides[1].tasks[2].is_running = true;
	expect("1:init/1:init 2:sleep/2:sleep 3:cat/3:cat");
}
END_TEST

/* What is not known is no difference. */
START_TEST(not_known)
{
	task(0, 1, "init", 'S', NULL);
	task(1, 1, "init", 'S', "do_wait");
	task(0, 2, "sleep", 0, "do_nanosleep");
	task(1, 2, "sleep", 'S', "do_nanosleep");
	expect("");
}
END_TEST

/* Two boots: another pid, and two of one name in another order. */
START_TEST(other_pids)
{
	task(0, 10, "sleep", 'S', "do_nanosleep");
	task(0, 11, "sleep", 'S', "do_wait");
	task(1, 20, "sleep", 'S', "do_wait");
	task(1, 21, "sleep", 'S', "do_nanosleep");
	expect("");
}
END_TEST

/* A pid that another task has now is not the same task. */
START_TEST(pid_used_again)
{
	task(0, 100, "foo", 'S', "do_wait");
	task(1, 100, "bar", 'S', "do_wait");
	expect("-/100:bar 100:foo/-");
}
END_TEST

START_TEST(more_on_one_side)
{
	both(1, "init", 'S', "do_wait");
	task(1, 30, "sleep", 'S', "do_nanosleep");
	task(1, 31, "sleep", 'S', "do_nanosleep");
	task(0, 40, "gone", 'S', "do_wait");
	expect("-/30:sleep -/31:sleep 40:gone/-");
}
END_TEST

/* Workers of one pool are alike, but not those of another CPU or priority. */
START_TEST(workers)
{
	task(0, 7, "kworker/0:1", 'I', "worker_thread");
	task(0, 8, "kworker/0:2", 'D', "do_free_init");
	task(1, 7, "kworker/0:1", 'D', "do_free_init");
	task(1, 9, "kworker/0:5", 'I', "worker_thread");
	task(0, 20, "kworker/0:1H", 'I', "worker_thread");
	task(1, 20, "kworker/1:1H", 'I', "worker_thread");
	task(0, 30, "kworker/u4:0", 'I', "worker_thread");
	task(1, 31, "kworker/u4:3-flush", 'I', "worker_thread");
	expect("20:kworker/0:1H/- -/20:kworker/1:1H 30:kworker/u4:0/- -/31:kworker/u4:3-flush");
}
END_TEST

START_TEST(no_tasks)
{
	sides[1].absent = true;
	task(0, 1, "init", 'S', "do_wait");
	expect("");
	ck_assert_ptr_null(diff.sides[0].no_tasks);
	ck_assert_str_eq(diff.sides[1].no_tasks, "absent");
}
END_TEST

/* The same tasks with other pids, in whatever order: none differs, and none is left. */
START_TEST(any_order)
{
	static const char *const names[] = { "a",           "b",           "kworker/0:1",
					     "kworker/0:2", "kworker/0:9", "c" };
	static const char *const places[] = { "do_wait", "do_nanosleep", "worker_thread" };
	uint32_t seed = (uint32_t)_i + 1, order[200];

	for (uint32_t i = 0; i < 200; i++) {
		seed = seed * 1664525 + 1013904223;
		order[i] = i;
		task(0, 1000 + i, names[(seed >> 8) % 6], "SDI"[(seed >> 16) % 3],
		     places[(seed >> 20) % 3]);
	}
	for (uint32_t i = 199; i; i--) {
		uint32_t k, other;

		seed = seed * 1664525 + 1013904223;
		k = (seed >> 8) % (i + 1);
		other = order[i];
		order[i] = order[k];
		order[k] = other;
	}
	for (uint32_t i = 0; i < 200; i++) {
		const struct kmd_task *from = &sides[0].tasks[order[i]];

		task(1, 5000 + i, from->comm, from->state, sides[0].functions[order[i]]);
	}
	expect("");
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, equal);
	tcase_add_test(tcase, another_state_or_place);
	tcase_add_test(tcase, not_known);
	tcase_add_test(tcase, other_pids);
	tcase_add_test(tcase, pid_used_again);
	tcase_add_test(tcase, more_on_one_side);
	tcase_add_test(tcase, workers);
	tcase_add_test(tcase, no_tasks);
	tcase_add_loop_test(tcase, any_order, 0, 8);
	return kit_run("diff_tasks", tcase);
}
