// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * debugfs: kmemdump/regions, the live list, and kmemdump/stats, what was
 * refused and why.  Addresses are shown, so root only.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "internal.h"

static struct dentry *folder;

static const char *state_name(enum kmemdump_state state)
{
	switch (state) {
	case KMEMDUMP_WAITING:
		return "waiting";
	case KMEMDUMP_PLACED:
		return "placed";
	case KMEMDUMP_REFUSED:
		return "refused";
	}
	return "?";
}

static int show_region(void *priv, const struct kmemdump_region *r)
{
	struct seq_file *m = priv;

	seq_printf(m, "%5d %-8s %2d %-12s %5u 0x%012llx %10zu 0x%016lx %s\n",
		   r->id, state_name(r->state), r->prio, r->fw_name, r->seq,
		   (u64)r->pa, r->size, r->va, r->name);
	return 0;
}

static int regions_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%5s %-8s %2s %-12s %5s %-14s %10s %-18s %s\n", "id",
		   "state", "pr", "firmware", "seq", "physical", "size",
		   "virtual", "name");
	return kmemdump_traverse(m, show_region);
}
DEFINE_SHOW_ATTRIBUTE(regions);

static const char * const reasons[KMD_NR_REASONS] = {
	[KMD_REASON_ARGUMENT] = "bad-argument",
	[KMD_REASON_ADDRESS] = "not-mapped",
	[KMD_REASON_NO_ROOM] = "registry-full",
	[KMD_REASON_NAME] = "no-unique-name",
	[KMD_REASON_BUDGET] = "table-full",
	[KMD_REASON_EVICTED] = "evicted",
	[KMD_REASON_TABLES] = "page-table-limit",
	[KMD_REASON_BACKEND] = "backend-error",
};

static int stats_show(struct seq_file *m, void *unused)
{
	struct kmd_stats stats;
	int i;

	kmd_get_stats(&stats);
	seq_printf(m, "backend %s\n", stats.backend);
	seq_printf(m, "slots %u\n", stats.slots);
	seq_printf(m, "placed %u\n", stats.by_state[KMEMDUMP_PLACED]);
	seq_printf(m, "placed-bytes %llu\n", stats.bytes_placed);
	seq_printf(m, "waiting %u\n", stats.by_state[KMEMDUMP_WAITING]);
	seq_printf(m, "refused %u\n", stats.by_state[KMEMDUMP_REFUSED]);
	seq_printf(m, "live %u\n", stats.live);
	seq_printf(m, "most %u\n", stats.most);
	seq_printf(m, "room %u\n", stats.room);
	seq_printf(m, "registered %llu\n", stats.registered);
	seq_printf(m, "unregistered %llu\n", stats.unregistered);
	for (i = 0; i < KMD_NR_REASONS; i++)
		seq_printf(m, "%s %llu\n", reasons[i], stats.refused[i]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

void kmd_debugfs_init(void)
{
	folder = debugfs_create_dir("kmemdump", NULL);
	debugfs_create_file("regions", 0400, folder, NULL, &regions_fops);
	debugfs_create_file("stats", 0400, folder, NULL, &stats_fops);
}

void kmd_debugfs_exit(void)
{
	debugfs_remove_recursive(folder);
}
