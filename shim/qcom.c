// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * kmemdump_qcom.ko: Qualcomm's Minidump.  Firmware set the global table up in
 * SMEM item 602; the entry of the application processor (APSS) is ours.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/io.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/soc/qcom/smem.h>

#include "toc.h"

/* Firmware's own limit, see MINIDUMP_MAX_ENTRIES downstream. */
static unsigned int max_regions = 201;
module_param(max_regions, uint, 0444);
MODULE_PARM_DESC(max_regions, "slots that firmware has room for (default 201)");

static bool force;
module_param(force, bool, 0444);
MODULE_PARM_DESC(force, "take the table over from another driver");

static struct kmd_toc toc = { .backend.name = "qcom" };

static int check_global(const struct kmd_md_global *global, size_t size)
{
	if (size < sizeof(*global) + (MD_SS_APSS + 1) * MD_SS_SIZE) {
		pr_err("SMEM item %d has %zu bytes, too few\n", MD_SMEM_ITEM,
		       size);
		return -EBADMSG;
	}
	if (!global->status) {
		pr_err("firmware did not set Minidump up (status 0)\n");
		return -ENODEV;
	}
	if (le32_to_cpu(global->revision) != MD_REVISION)
		pr_warn("revision %u of Minidump is not known\n",
			le32_to_cpu(global->revision));
	return 0;
}

static int check_owner(const struct kmd_md_subsystem *ss)
{
	if (!ss->regions_base || !ss->region_count)
		return 0;
	if (force) {
		pr_warn("taking over %u regions at 0x%llx\n",
			le32_to_cpu(ss->region_count),
			le64_to_cpu(ss->regions_base));
		return 0;
	}
	pr_err("another driver registers with Minidump (force=1 takes over)\n");
	return -EBUSY;
}

/* Linux' driver gives no item above 511 of SMEM of version 11 (one heap). */
static const char *why(int err)
{
	switch (err) {
	case -EPROBE_DEFER:
		return " (no SMEM yet, load again later)";
	case -EINVAL:
		return " (SMEM of version 11, or without room for this item)";
	case -ENOENT:
	case -ENXIO:
		return " (no Minidump in this firmware)";
	default:
		return "";
	}
}

static int find_table(void)
{
	struct kmd_md_global *global;
	size_t size;
	int err;

	global = qcom_smem_get(QCOM_SMEM_HOST_ANY, MD_SMEM_ITEM, &size);
	if (IS_ERR(global)) {
		err = PTR_ERR(global);
		pr_err("SMEM item %d: %d%s\n", MD_SMEM_ITEM, err, why(err));
		return err == -EPROBE_DEFER ? -EAGAIN : err;
	}
	err = check_global(global, size);
	if (err)
		return err;
	toc.subsystem = &global->subsystems[MD_SS_APSS];
	return check_owner(toc.subsystem);
}

static int __init kmd_qcom_init(void)
{
	int err;

	if (!max_regions || max_regions > KMEMDUMP_MAX_SLOTS) {
		pr_err("max_regions=%u is not within 1 and %u\n", max_regions,
		       KMEMDUMP_MAX_SLOTS);
		return -EINVAL;
	}
	err = find_table();
	if (err)
		return err;
	toc.regions = kcalloc(max_regions, sizeof(*toc.regions), GFP_KERNEL);
	if (!toc.regions)
		return -ENOMEM;
	toc.regions_pa = virt_to_phys(toc.regions);
	toc.backend.max_regions = max_regions;
	err = kmd_toc_start(&toc);
	if (err) {
		pr_err("no backend: %d\n", err);
		kfree(toc.regions);
	}
	return err;
}

static void __exit kmd_qcom_exit(void)
{
	kmd_toc_stop(&toc);
	kfree(toc.regions);
}

module_init(kmd_qcom_init);
module_exit(kmd_qcom_exit);

MODULE_DESCRIPTION("kmemdump backend: Qualcomm Minidump");
MODULE_LICENSE("Dual BSD/GPL");
MODULE_VERSION("0.2.0");
