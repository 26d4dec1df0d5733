/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The kernel log, of whatever form.  The first of these that there is:
 *
 * 1. the ring buffer (ring.c) or record buffer (printk_log.c) that VMCOREINFO describes;
 * 2. the ring buffer's arrays in regions of known names (ring.c);
 * 3. a region of a known name that holds a record buffer (printk_log.c), text blocks of a ring
 *    buffer, a zone of pstore, or lines (text.c);
 * 4. any region that begins with a zone of pstore.
 */
#include "log/log.h"

#include "base/checked.h"
#include "log/forms.h"

#include <stdlib.h>
#include <string.h>

/* The largest region with a log that was seen is 2 MiB. */
#define REGION_MAX (UINT64_C(16) << 20)

/* The kernel's own buffer first, then what consoles and pstore keep. */
static const char *const region_names[] = { "KLOGBUF",    "prb_data", "log_recor",
					    "KDPDLOGBUF", "KDMESG",   "KCONSOLE" };

/* No form has a mark that is certain: the one with the strictest rules comes first. */
static enum kmd_status read_region(const struct kmd_target *target,
				   const struct kmd_region_entry *region, struct kmd_log *log)
{
	size_t size = (size_t)kmd_min_u64(region->pub.captured, REGION_MAX);
	enum kmd_status status;

	log->text = malloc(size);
	if (!log->text)
		return kmd_fail_memory(target->diag);
	status = kmd_source_read(region->source, region->offset, log->text, size, target->diag);
	if (status == KMD_OK) {
		log->form = "unindexed record buffer";
		status = kmd_log_guess_printk_log(target, log, size);
	}
	if (status == KMD_OK && !log->n) {
		log->form = "unindexed ring buffer";
		status = kmd_log_guess_blocks(target, log, size);
	}
	if (status != KMD_OK || log->n)
		return status;
	if (size >= KMD_PSTORE_HEAD && kmd_pstore_is_zone(target, log->text)) {
		log->form = "pstore zone";
		return kmd_log_split_pstore(target, log, size);
	}
	log->form = "text region";
	return kmd_log_split_ring(log, size, target->diag);
}

static bool is_zone(const struct kmd_target *target, const struct kmd_region_entry *region)
{
	unsigned char head[KMD_PSTORE_HEAD];

	return region->pub.captured >= sizeof(head) &&
	       kmd_source_read(region->source, region->offset, head, sizeof(head), target->diag) ==
		       KMD_OK &&
	       kmd_pstore_is_zone(target, head);
}

/* Read @region; true if there is a log, or an error occurred. */
static bool try_region(const struct kmd_target *target, const struct kmd_region_entry *region,
		       struct kmd_log *log, enum kmd_status *status)
{
	*status = read_region(target, region, log);
	if (*status != KMD_OK || log->n)
		return true;
	kmd_log_deinit(log);
	return false;
}

/* Read a region whose name has @name in it, or without one a zone; true if there is a log. */
static bool read_regions(const struct kmd_target *target, const char *name, struct kmd_log *log,
			 enum kmd_status *status)
{
	const struct kmd_regions *regions = target->memory->regions;

	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region_entry *region = &regions->rows[i];

		if (region->has_bytes && region->pub.captured &&
		    (name ? strstr(region->pub.name, name) != NULL : is_zone(target, region)) &&
		    try_region(target, region, log, status))
			return true;
	}
	return false;
}

/* The largest region that begins with a zone may hold all of them, and so a whole record. */
static bool read_zones(const struct kmd_target *target, struct kmd_log *log,
		       enum kmd_status *status)
{
	const struct kmd_regions *regions = target->memory->regions;
	const struct kmd_region_entry *largest = NULL;

	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region_entry *region = &regions->rows[i];

		if (region->has_bytes && is_zone(target, region) &&
		    (!largest || region->pub.captured > largest->pub.captured))
			largest = region;
	}
	if (!largest)
		return false;
	return try_region(target, largest, log, status) || read_regions(target, NULL, log, status);
}

/* True, and *@status, if there is a log, or an error occurred. */
static bool read_without_vmcoreinfo(const struct kmd_target *target, struct kmd_log *log,
				    enum kmd_status *status)
{
	if (kmd_log_read_ring_regions(target, log, status))
		return true;
	for (size_t i = 0; i < sizeof(region_names) / sizeof(region_names[0]); i++)
		if (read_regions(target, region_names[i], log, status))
			return true;
	return read_zones(target, log, status);
}

enum kmd_status kmd_log_read(const struct kmd_target *target, struct kmd_log *log)
{
	enum kmd_status first, status;

	memset(log, 0, sizeof(*log));
	if (!kmd_log_read_ring(target, log, &first) &&
	    !kmd_log_read_printk_log(target, log, &first))
		first = kmd_fail(target->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL), "no kernel log: %s",
				 target->info->text ? "VMCOREINFO does not have its address"
						    : "there is no VMCOREINFO with its address");
	if (first == KMD_OK)
		return KMD_OK;
	kmd_log_deinit(log);
	/* The sentence stays: where nothing else is found, it is the reason. */
	if ((first != KMD_ERR_NOT_FOUND && first != KMD_ERR_DAMAGED) ||
	    !read_without_vmcoreinfo(target, log, &status))
		return first;
	if (status != KMD_OK)
		kmd_log_deinit(log);
	else
		target->diag->status = KMD_OK;
	return status;
}

void kmd_log_find_extents(const struct kmd_target *target, enum kmd_xlate mode,
			  struct kmd_log_extents *extents)
{
	if (!kmd_log_ring_extents(target, mode, extents))
		kmd_log_printk_log_extents(target, mode, extents);
}
