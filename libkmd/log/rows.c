/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Regions that hold a log by themselves: downstream kernels register such. */
#include "log/span.h"
#include "log/text.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

/* The largest seen is 2 MiB. */
#define TEXT_MAX (UINT64_C(16) << 20)

/* The kernel's own buffer first, then what consoles and pstore keep. */
static const char *const row_names[] = { "KLOGBUF", "prb_data", "KDPDLOGBUF", "KDMESG",
					 "KCONSOLE" };

static bool has_bytes(const struct kmd_region_entry *row)
{
	return row->has_bytes && row->pub.captured;
}

/* Turn a ring of plain text, so that the oldest line comes first, and split it anew. */
static enum kmd_status turn_text(struct kmd_log *log, size_t size, struct kmd_diag *diag)
{
	size_t turn = kmd_log_find_wrap(log), cut;
	char *turned;

	if (!turn)
		return KMD_OK;
	cut = (size_t)(log->items[turn - 1].text - log->text) + log->items[turn - 1].length;
	turned = malloc(size);
	if (!turned)
		return kmd_fail_memory(diag);
	memcpy(turned, log->text + cut, size - cut);
	memcpy(turned + size - cut, log->text, cut);
	free(log->text);
	log->text = turned;
	log->n = 0;
	return kmd_log_split(log, size, diag);
}

static enum kmd_status read_lines(const struct kmd_target *target, struct kmd_log *log, size_t size)
{
	enum kmd_status status;

	log->form = "text region";
	if (kmd_pstore_is_zone(target, (unsigned char *)log->text, size)) {
		log->form = "pstore zone";
		return kmd_log_split(log, kmd_pstore_console(target, log->text, size),
				     target->diag);
	}
	status = kmd_log_split(log, size, target->diag);
	return status == KMD_OK ? turn_text(log, size, target->diag) : status;
}

static enum kmd_status read_row(const struct kmd_target *target, const struct kmd_region_entry *row,
				struct kmd_log *log)
{
	size_t size = (size_t)kmd_min_u64(row->pub.captured, TEXT_MAX);
	enum kmd_status status;

	log->text = malloc(size);
	if (!log->text)
		return kmd_fail_memory(target->diag);
	status = kmd_source_read(row->source, row->offset, log->text, size, target->diag);
	if (status == KMD_OK) {
		log->form = "unindexed record buffer";
		status = kmd_log_guess_records(target, log, size);
	}
	if (status == KMD_OK && !log->n) {
		log->form = "unindexed ring buffer";
		status = kmd_log_guess_blocks(target, log, size);
	}
	if (status != KMD_OK || log->n)
		return status;
	log->damaged = 0;
	return read_lines(target, log, size);
}

static bool is_zone(const struct kmd_target *target, const struct kmd_region_entry *row)
{
	unsigned char head[12];

	return has_bytes(row) && row->pub.captured >= sizeof(head) &&
	       kmd_source_read(row->source, row->offset, head, sizeof(head), target->diag) ==
		       KMD_OK &&
	       kmd_pstore_is_zone(target, head, sizeof(head));
}

/* True, and *@status, if the row has a log, or an error came. */
static bool try_row(const struct kmd_target *target, const struct kmd_region_entry *row,
		    struct kmd_log *log, enum kmd_status *status)
{
	*status = read_row(target, row, log);
	if (*status != KMD_OK || log->n)
		return true;
	kmd_log_deinit(log);
	return false;
}

bool kmd_log_read_rows(const struct kmd_target *target, struct kmd_log *log,
		       enum kmd_status *status)
{
	const struct kmd_regions *regions = target->memory->regions;

	for (size_t name = 0; name < sizeof(row_names) / sizeof(row_names[0]); name++)
		for (size_t i = 0; i < regions->n; i++)
			if (has_bytes(&regions->rows[i]) &&
			    strstr(regions->rows[i].pub.name, row_names[name]) &&
			    try_row(target, &regions->rows[i], log, status))
				return true;
	for (size_t i = 0; i < regions->n; i++)
		if (is_zone(target, &regions->rows[i]) &&
		    try_row(target, &regions->rows[i], log, status))
			return true;
	return false;
}
