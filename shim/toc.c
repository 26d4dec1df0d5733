// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Fills a Minidump table.  Firmware may read it at any moment, so an entry is
 * announced after its fields are written, and taken back before they change.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/barrier.h>

#include "toc.h"

static struct kmd_toc *to_toc(struct kmemdump_backend *backend)
{
	return container_of(backend, struct kmd_toc, backend);
}

/* Entries beyond the count are not looked at; those inside may be invalid. */
static void cover(struct kmd_toc *toc, unsigned int slot)
{
	u32 count = le32_to_cpu(toc->subsystem->region_count);

	if (slot >= count)
		WRITE_ONCE(toc->subsystem->region_count, cpu_to_le32(slot + 1));
}

/* The firmware of today takes sizes in multiples of 4. */
static int write_entry(struct kmemdump_backend *backend, unsigned int slot,
		       const struct kmemdump_region *r)
{
	struct kmd_toc *toc = to_toc(backend);
	struct kmd_md_region *entry = &toc->regions[slot];

	memset(entry->name, 0, sizeof(entry->name));
	memcpy(entry->name, r->fw_name, strnlen(r->fw_name, MD_REGION_NAME_BUDGET));
	entry->seq = cpu_to_le32(r->seq);
	entry->address = cpu_to_le64(r->pa);
	entry->size = cpu_to_le64(ALIGN((u64)r->size, 4));
	if (toc->prio)
		toc->prio[slot] = r->prio;
	wmb(); /* fields before the mark; the memory may be uncached */
	WRITE_ONCE(entry->valid, cpu_to_le32(MD_VALID));
	wmb(); /* the mark before the count */
	cover(toc, slot);
	return 0;
}

static void uncover(struct kmd_toc *toc)
{
	u32 count = le32_to_cpu(toc->subsystem->region_count);

	while (count &&
	       toc->regions[count - 1].valid != cpu_to_le32(MD_VALID))
		count--;
	WRITE_ONCE(toc->subsystem->region_count, cpu_to_le32(count));
}

static void clear_entry(struct kmemdump_backend *backend, unsigned int slot)
{
	struct kmd_toc *toc = to_toc(backend);
	struct kmd_md_region *entry = &toc->regions[slot];

	WRITE_ONCE(entry->valid, cpu_to_le32(MD_INVALID));
	wmb(); /* not announced before anything else happens to the memory */
	uncover(toc);
	memset(entry->name, 0, sizeof(entry->name));
	entry->seq = 0;
	entry->address = 0;
	entry->size = 0;
}

/* Never a mixture of two tables that counts: the marks go first, come last. */
static void set_subsystem(struct kmd_md_subsystem *ss,
			  const struct kmd_md_subsystem *to)
{
	WRITE_ONCE(ss->status, 0);
	WRITE_ONCE(ss->enabled, cpu_to_le32(MD_SS_DISABLED_MAGIC));
	wmb(); /* the marks before the fields */
	ss->encryption_status = to->encryption_status;
	ss->encryption_required = to->encryption_required;
	ss->region_count = to->region_count;
	ss->regions_base = to->regions_base;
	wmb(); /* fields before the marks */
	WRITE_ONCE(ss->enabled, to->enabled);
	WRITE_ONCE(ss->status, to->status);
}

static void announce(struct kmd_toc *toc)
{
	const struct kmd_md_subsystem ours = {
		.status = cpu_to_le32(1),
		.enabled = cpu_to_le32(MD_SS_ENABLED_MAGIC),
		.encryption_status = cpu_to_le32(MD_SS_ENCR_DONE),
		.encryption_required = cpu_to_le32(MD_SS_ENCR_NOTREQ),
		.regions_base = cpu_to_le64(toc->regions_pa),
	};

	toc->before = *toc->subsystem;
	set_subsystem(toc->subsystem, &ours);
}

/* What firmware, or the driver that was taken over, had there. */
static void restore(struct kmd_toc *toc)
{
	set_subsystem(toc->subsystem, &toc->before);
}

/**
 * kmd_toc_start() - announce an empty table, and hand it to the registry
 * @toc: all members but @toc->before and the functions of @toc->backend are set
 *
 * Return: as kmemdump_register_backend().
 */
int kmd_toc_start(struct kmd_toc *toc)
{
	int err;

	toc->backend.write = write_entry;
	toc->backend.clear = clear_entry;
	announce(toc);
	err = kmemdump_register_backend(&toc->backend);
	if (err)
		restore(toc);
	return err;
}
EXPORT_SYMBOL_GPL(kmd_toc_start);

/* Take all regions back; the entry is again what it was before. */
void kmd_toc_stop(struct kmd_toc *toc)
{
	kmemdump_unregister_backend(&toc->backend);
	restore(toc);
}
EXPORT_SYMBOL_GPL(kmd_toc_stop);
