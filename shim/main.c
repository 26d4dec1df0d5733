// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * kmemdump.ko: registers the kernel's own memory at load, and the regions that
 * drivers ask for.  A backend describes them to boot firmware.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include "internal.h"

static char *level = "full";
module_param(level, charp, 0444);
MODULE_PARM_DESC(level,
		 "what to register by itself: log, rfc or full (default)");

static unsigned int max_regions;
module_param(max_regions, uint, 0444);
MODULE_PARM_DESC(max_regions,
		 "room of the registry (default: by number of CPUs and memory)");

static char *max_bytes;
module_param(max_bytes, charp, 0444);
MODULE_PARM_DESC(max_bytes,
		 "most bytes to describe to firmware, with K, M or G (default: no limit)");

static const char * const level_names[] = {
	[KMD_LEVEL_LOG] = "log",
	[KMD_LEVEL_RFC] = "rfc",
	[KMD_LEVEL_FULL] = "full",
};

/* What follows the kernel as it goes on, for level full. */
static const struct follower {
	int (*init)(void);
	void (*exit)(void);
} followers[] = {
	/* RANDSTRUCT orders structures of functions at random. */
	{ .init = kmd_tasks_init, .exit = kmd_tasks_exit },
	{ .init = kmd_modules_init, .exit = kmd_modules_exit },
};

static int following;

static void stop_following(void)
{
	while (following)
		followers[--following].exit();
}

static int start_following(void)
{
	int err;

	kmd_pgtable_register();
	while (following < ARRAY_SIZE(followers)) {
		err = followers[following].init();
		if (err) {
			stop_following();
			return err;
		}
		following++;
	}
	return 0;
}

static int __init register_all(enum kmd_level lvl)
{
	int err;

	kmd_coreimage_register(lvl);
	err = kmd_registers_init();
	if (err)
		return err;
	if (lvl == KMD_LEVEL_FULL)
		err = start_following();
	if (err)
		kmd_registers_exit();
	return err;
}

static int learn_kernel(void)
{
	int err;

	err = kmd_vmcoreinfo_init();
	if (err) {
		pr_err("the kernel has no VMCOREINFO: %d\n", err);
		return err;
	}
	err = kmd_symbols_init();
	if (err)
		return err;
	err = kmd_runs_init();
	if (err)
		pr_err("the kernel image is not in the resource tree: %d\n",
		       err);
	return err;
}

/*
 * Each CPU brings some kernel threads, and memory brings processes, which take
 * about ten regions each, and modules, which take about twenty.  Counters of
 * processes may only take the first half.  No more than a table can hold, and no more than one
 * part in 128 of memory, where a record takes 200 bytes.
 */
static unsigned int __init default_room(void)
{
	unsigned long pages = totalram_pages();
	unsigned long want = 16384 + 256UL * num_possible_cpus() +
			     4096 * (pages >> (30 - PAGE_SHIFT));

	want = min(want, pages * (PAGE_SIZE / 128) / 200);
	return min_t(unsigned long, want, KMEMDUMP_MAX_SLOTS);
}

static int __init set_byte_limit(void)
{
	unsigned long long bytes;
	char *end;

	if (!max_bytes)
		return 0;
	bytes = memparse(max_bytes, &end);
	if (!bytes || *end) {
		pr_err("max_bytes=%s is no number of bytes\n", max_bytes);
		return -EINVAL;
	}
	kmd_limit_bytes(bytes);
	return 0;
}

/* The name is of 5.19. */
#if defined(CONFIG_RANDSTRUCT) || defined(CONFIG_GCC_PLUGIN_RANDSTRUCT)
static void __init report_layouts(void)
{
	pr_info("the kernel has CONFIG_RANDSTRUCT: a dump can be read only with the vmlinux of this build, as others have other layouts\n");
}
#else
static void __init report_layouts(void)
{
}
#endif

static int __init kmemdump_init(void)
{
	struct kmd_stats stats;
	int err, lvl;

	lvl = match_string(level_names, ARRAY_SIZE(level_names), level);
	if (lvl < 0) {
		pr_err("level=%s is none of log, rfc, full\n", level);
		return -EINVAL;
	}
	if (max_regions > INT_MAX / 2) {
		pr_err("max_regions=%u is out of range\n", max_regions);
		return -EINVAL;
	}
	if (!max_regions)
		max_regions = default_room();
	err = set_byte_limit() ?: learn_kernel();
	if (err)
		return err;
	err = kmd_registry_init(max_regions);
	if (err)
		return err;
	err = register_all(lvl);
	if (err) {
		kmd_registry_exit();
		return err;
	}
	kmd_debugfs_init();
	kmd_report_missing();
	report_layouts();
	kmd_report_refusals();
	kmd_get_stats(&stats);
	pr_info("level %s: %u regions\n", level_names[lvl], stats.live);
	return 0;
}

static void __exit kmemdump_exit(void)
{
	kmd_debugfs_exit();
	stop_following();
	kmd_registers_exit();
	kmd_registry_exit();
}

module_init(kmemdump_init);
module_exit(kmemdump_exit);

MODULE_DESCRIPTION("Registration of memory for boot firmware's minidump");
MODULE_LICENSE("Dual BSD/GPL");
MODULE_VERSION("0.2.0");
