// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * kmemdump_reserved.ko: firmware's table in memory that was set aside.
 *
 * The memory is named by parameters, or by a device-tree node:
 *
 *	reserved-memory {
 *		kmemdump@4bf00000 {
 *			compatible = "kmemdump,reserved-minidump";
 *			reg = <0x0 0x4bf00000 0x0 0x100000>;
 *			no-map;
 *		};
 *	};
 *
 * An SMEM area comes first, the regions of the application processor behind it.  With
 * copy=1 the rest of the memory is for their bytes, see copy.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/reboot.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "copy.h"
#include "smem.h"
#include "toc.h"

#define COMPATIBLE	"kmemdump,reserved-minidump"

static unsigned long long base;
module_param(base, ullong, 0444);
MODULE_PARM_DESC(base, "physical address of the memory, page aligned");

static unsigned long long size;
module_param(size, ullong, 0444);
MODULE_PARM_DESC(size, "its size in bytes, at least 128 KiB");

static unsigned int regions;
module_param(regions, uint, 0444);
MODULE_PARM_DESC(regions, "slots of the table (default: as many as fit)");

static bool copy;
module_param(copy, bool, 0444);
MODULE_PARM_DESC(copy, "on panic copy the regions into this memory, for the next boot");

#define MAX_AVOID	16
static char *avoid[MAX_AVOID];
static unsigned int nr_avoid;
module_param_array(avoid, charp, &nr_avoid, 0444);
MODULE_PARM_DESC(avoid, "START-END,...: memory that the boot loader overwrites");

struct kmd_range {
	u64 start, end;
};

static struct kmd_range avoided[MAX_AVOID];
/* Of the regions until the backend was loaded; stats has those that come later. */
static unsigned int nr_inside, nr_partly;
static struct resource *claimed;
static void *area;
static struct kmd_md_global *global;
static struct kmd_toc toc = { .backend.name = "reserved" };

static int find_node(void)
{
	struct device_node *node;
	struct resource res;
	int err;

	node = of_find_compatible_node(NULL, NULL, COMPATIBLE);
	if (!node) {
		pr_err("no memory: give base= and size=, or a device-tree node \"%s\"\n",
		       COMPATIBLE);
		return -ENODEV;
	}
	err = of_address_to_resource(node, 0, &res);
	of_node_put(node);
	if (err) {
		pr_err("device-tree node \"%s\" has no usable reg: %d\n",
		       COMPATIBLE, err);
		return err;
	}
	base = res.start;
	size = resource_size(&res);
	return 0;
}

static int check_place(void)
{
	if (!PAGE_ALIGNED(base) || !PAGE_ALIGNED(size)) {
		pr_err("base=0x%llx size=0x%llx: not page aligned\n", base,
		       size);
		return -EINVAL;
	}
	if (size < 2 * KMD_SMEM_SIZE || base + size < base ||
	    base + size - 1 > (phys_addr_t)-1) {
		pr_err("base=0x%llx size=0x%llx: too small, or out of range\n",
		       base, size);
		return -EINVAL;
	}
	if (region_intersects(base, size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT) {
		pr_err("0x%llx-0x%llx is memory that the kernel uses, not set aside\n",
		       base, base + size - 1);
		return -EBUSY;
	}
	return 0;
}

/* Uncached where that can be had, so that nothing is lost in a cache. */
static int map_area(void)
{
	claimed = request_mem_region(base, size, "kmemdump");
	if (!claimed) {
		pr_err("0x%llx-0x%llx is in use\n", base, base + size - 1);
		return -EBUSY;
	}
	area = memremap(base, size, MEMREMAP_WC);
	if (area)
		return 0;
	area = memremap(base, size, MEMREMAP_WB);
	if (area) {
		pr_warn("0x%llx-0x%llx is mapped with caches: a reset may lose what is in them\n",
			base, base + size - 1);
		return 0;
	}
	pr_err("0x%llx-0x%llx cannot be mapped\n", base, base + size - 1);
	release_mem_region(base, size);
	return -ENOMEM;
}

/* A dump that nobody has taken outlives the module. */
static void unmap_area(void)
{
	memset(area, 0, kmd_found_start());
	wmb(); /* no trace before the mapping goes */
	memunmap(area);
	release_mem_region(base, size);
}

static int parse_range(char *text, struct kmd_range *range)
{
	char *dash = strchr(text, '-');
	int err;

	if (!dash)
		return -EINVAL;
	*dash = '\0';
	err = kstrtou64(text, 0, &range->start) ?:
	      kstrtou64(dash + 1, 0, &range->end);
	*dash = '-';
	return err ?: (range->start < range->end ? 0 : -EINVAL);
}

static int parse_avoid(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr_avoid; i++) {
		err = parse_range(avoid[i], &avoided[i]);
		if (err) {
			pr_err("avoid=%s: not START-END\n", avoid[i]);
			return err;
		}
	}
	return 0;
}

/* The boot loader can save what is left of a region, but nothing of one without a rest. */
static bool accepts(struct kmemdump_backend *backend,
		    const struct kmemdump_region *r)
{
	u64 end = (u64)r->pa + r->size;
	unsigned int i;

	for (i = 0; i < nr_avoid; i++) {
		if (r->pa >= avoided[i].end || end <= avoided[i].start)
			continue;
		if (r->pa >= avoided[i].start && end <= avoided[i].end) {
			nr_inside++;
			return false;
		}
		nr_partly++;
	}
	return true;
}

/* Who restarts in order did not die: a boot loader must not save anything. */
static int orderly_end(struct notifier_block *nb, unsigned long action,
		       void *data)
{
	WRITE_ONCE(toc.subsystem->status, 0);
	wmb(); /* before the memory changes hands */
	return NOTIFY_DONE;
}

static struct notifier_block at_reboot = { .notifier_call = orderly_end };

/* Of memory that is for copies as well, the table gets a sixteenth. */
static unsigned int nr_slots(void)
{
	u64 end = min_t(u64, size, kmd_found_start());
	u64 fit = min_t(u64, div_u64(end - KMD_SMEM_SIZE, MD_REGION_SIZE),
			KMEMDUMP_MAX_SLOTS);

	if (regions)
		return min_t(u64, regions, fit);
	return copy ? min_t(u64, fit, div_u64(size, 16 * MD_REGION_SIZE)) : fit;
}

static int build_table(void)
{
	memset(area, 0, kmd_found_start());
	global = kmd_smem_build(area, base);
	toc.subsystem = &global->subsystems[MD_SS_APSS];
	toc.regions = area + KMD_SMEM_SIZE;
	toc.regions_pa = base + KMD_SMEM_SIZE;
	toc.backend.max_regions = nr_slots();
	toc.backend.accepts = accepts;
	if (!copy)
		return 0;
	toc.prio = vzalloc(toc.backend.max_regions);
	return toc.prio ? 0 : -ENOMEM;
}

static int start_copy(void)
{
	struct kmd_copy with = {
		.area = area,
		.base = base,
		.size = size,
		.start = ALIGN(KMD_SMEM_SIZE + toc.backend.max_regions *
			       MD_REGION_SIZE, KMD_COPY_ALIGN),
		.toc = &toc,
		.prio = toc.prio,
		.held = kmd_found_any(),
	};
	int err;

	if (!copy)
		return 0;
	err = kmd_copy_start(&with);
	if (err == -ENOSPC)
		pr_err("size=0x%llx: too small for copy=1\n", size);
	return err;
}

static void report(void)
{
	if (nr_inside || nr_partly)
		pr_warn("%u regions lie in memory to avoid and are not in the table; %u lie there in part\n",
			nr_inside, nr_partly);
	pr_info("SMEM at 0x%llx, %u regions behind it%s\n", base,
		toc.backend.max_regions,
		copy ? ", and copies of them on panic" : "");
}

/* What the last kernel left is looked at before anything is written. */
static int start(void)
{
	int err = kmd_found_look(area, base, size);

	if (err)
		return err;
	err = build_table();
	if (!err)
		err = kmd_toc_start(&toc);
	if (err)
		return err;
	err = start_copy();
	/* Last, as who takes the dump lets the next panic copy. */
	if (!err)
		err = kmd_found_offer();
	if (err) {
		kmd_copy_stop();
		kmd_toc_stop(&toc);
	}
	return err;
}

static int __init reserved_init(void)
{
	int err = base ? 0 : find_node();

	if (!err)
		err = parse_avoid();
	if (!err)
		err = check_place();
	if (!err)
		err = map_area();
	if (err)
		return err;
	kmd_crc_init();
	err = start();
	if (err) {
		pr_err("no backend: %d\n", err);
		kmd_found_withdraw();
		unmap_area();
		vfree(toc.prio);
		return err;
	}
	register_reboot_notifier(&at_reboot);
	report();
	return 0;
}

static void __exit reserved_exit(void)
{
	unregister_reboot_notifier(&at_reboot);
	kmd_copy_stop();
	kmd_toc_stop(&toc);
	kmd_found_withdraw();
	unmap_area();
	vfree(toc.prio);
}

module_init(reserved_init);
module_exit(reserved_exit);

MODULE_DESCRIPTION("kmemdump backend: Minidump table in memory set aside");
MODULE_LICENSE("Dual BSD/GPL");
MODULE_VERSION("0.2.0");
