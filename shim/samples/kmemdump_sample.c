// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A driver that registers its own state: a structure, a vmalloc buffer and a
 * per-CPU counter.  A test can recognise their contents in a dump:
 *
 *	insmod kmemdump_sample.ko token=anything
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <linux/kmemdump.h>

static char *token = "no token given";
module_param(token, charp, 0444);
MODULE_PARM_DESC(token, "text to find in the dump");

#define SAMPLE_LOG_PAGES	5

struct sample_state {
	char magic[16];
	char token[64];
	u64 events;
};

static struct sample_state *state;
static char *log_buffer;
static DEFINE_PER_CPU(u64, sample_count);

static int state_id, log_id, count_id;

static void fill(void)
{
	int cpu, page;

	strscpy(state->magic, "kmemdump_sample", sizeof(state->magic));
	strscpy(state->token, token, sizeof(state->token));
	for (page = 0; page < SAMPLE_LOG_PAGES; page++)
		snprintf(log_buffer + page * PAGE_SIZE, PAGE_SIZE,
			 "page %d: %s", page, token);
	for_each_possible_cpu(cpu)
		per_cpu(sample_count, cpu) = 0x6b6d640000000000ULL + cpu;
	state->events = 42;
}

static void unregister_all(void)
{
	kmemdump_unregister(count_id);
	kmemdump_unregister(log_id);
	kmemdump_unregister(state_id);
}

static int register_all(void)
{
	state_id = kmemdump_register("sample_st", state, sizeof(*state));
	log_id = kmemdump_register("sample_log", log_buffer,
				   SAMPLE_LOG_PAGES * PAGE_SIZE);
	count_id = kmemdump_register_percpu("sample_cnt", &sample_count,
					    sizeof(sample_count));
	if (state_id > 0 && log_id > 0 && count_id > 0)
		return 0;
	unregister_all();
	return min3(state_id, log_id, count_id);
}

static void free_all(void)
{
	vfree(log_buffer);
	kfree(state);
}

static int __init sample_init(void)
{
	int err;

	state = kzalloc(sizeof(*state), GFP_KERNEL);
	log_buffer = vzalloc(SAMPLE_LOG_PAGES * PAGE_SIZE);
	if (!state || !log_buffer) {
		free_all();
		return -ENOMEM;
	}
	fill();
	err = register_all();
	if (err) {
		pr_err("not registered: %d\n", err);
		free_all();
		return err;
	}
	pr_info("registered as %d, %d and %d\n", state_id, log_id, count_id);
	return 0;
}

static void __exit sample_exit(void)
{
	unregister_all();
	free_all();
}

module_init(sample_init);
module_exit(sample_exit);

MODULE_DESCRIPTION("Sample of a driver that uses kmemdump");
MODULE_LICENSE("Dual BSD/GPL");
