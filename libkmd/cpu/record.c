/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the shim recorded of a kernel that panicked, and notes of an input that is a core. */
#include "cpu/find.h"

#include "base/checked.h"
#include "base/note.h"

#include <kmemdump/minidump.h>

#include <stdlib.h>
#include <string.h>

/* The first builds of the shim laid descriptors at a multiple of 8. */
#define DESC_AT_WIDE 24
#define DESC_AT      (KMD_NOTE_HEADER_SIZE + KMD_NOTE_NAME_SIZE)

struct record {
	const struct kmd_region_entry *row;
	uint32_t n, stride, panic;
};

static uint32_t get_u32(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static bool read_row(const struct kmd_region_entry *row, uint64_t offset, void *to, uint64_t size,
		     struct kmd_diag *diag)
{
	return kmd_inside(offset, size, row->pub.captured) &&
	       kmd_source_read(row->source, row->offset + offset, to, size, diag) == KMD_OK;
}

static bool is_record(const struct kmd_region_entry *row, struct kmd_diag *diag,
		      struct record *record)
{
	unsigned char header[MD_REGS_HEADER_SIZE];

	if (!kmd_region_entry_is_used(row) || !read_row(row, 0, header, sizeof(header), diag) ||
	    memcmp(header, MD_REGS_MAGIC, MD_REGS_MAGIC_SIZE) != 0)
		return false;
	record->row = row;
	record->n = get_u32(header + MD_REGS_CPUS);
	record->stride = get_u32(header + MD_REGS_STRIDE);
	record->panic = get_u32(header + MD_REGS_PANIC_CPU);
	return true;
}

static bool is_sane(const struct record *record, const struct kmd_cpu_layout *layout)
{
	return record->n && record->n <= KMD_CPUS_MAX && record->panic <= record->n &&
	       (record->stride == DESC_AT + layout->desc_size ||
		record->stride == DESC_AT_WIDE + layout->desc_size);
}

static enum kmd_status take(const struct record *record, const struct kmd_cpu_layout *layout,
			    struct kmd_diag *diag, struct kmd_cpus *cpus)
{
	unsigned char *bytes = malloc(record->stride);
	enum kmd_status status = KMD_OK;
	struct kmd_cpu cpu;

	if (!bytes)
		return kmd_fail_memory(diag);
	for (uint32_t i = 0; status == KMD_OK && i < record->n; i++) {
		uint64_t at = MD_REGS_HEADER_SIZE + (uint64_t)i * record->stride;

		if (!read_row(record->row, at, bytes, record->stride, diag) ||
		    !kmd_cpu_from_note(bytes, record->stride, record->stride - layout->desc_size,
				       layout, &cpu))
			continue;
		cpu.cpu = i;
		cpu.source = KMD_CPU_FROM_RECORD;
		status = kmd_cpus_add(cpus, &cpu, diag);
	}
	free(bytes);
	return status;
}

enum kmd_status kmd_cpus_from_record(const struct kmd_memory *memory,
				     const struct kmd_cpu_layout *layout, struct kmd_diag *diag,
				     struct kmd_cpus *cpus, struct kmd_cpus_found *found)
{
	enum kmd_status status = KMD_OK;
	struct record record;

	for (size_t i = 0; status == KMD_OK && i < memory->regions->n; i++) {
		if (!is_record(&memory->regions->rows[i], diag, &record))
			continue;
		if (is_sane(&record, layout)) {
			found->has_panic_cpu = record.panic != 0;
			found->panic_cpu = record.panic ? record.panic - 1 : 0;
			return take(&record, layout, diag, cpus);
		}
		status = kmd_report(diag, KMD_FIND_HEADER, KMD_DAMAGE, kmd_in(NULL),
				    "region \"%s\": the record of CPU registers has an impossible "
				    "header; it is not used",
				    record.row->pub.name);
	}
	return status;
}

/* The size of the whole note at @at, or 0 if it is not there. */
static size_t size_of_note(const struct kmd_core_notes *notes, size_t at)
{
	uint64_t size = KMD_NOTE_HEADER_SIZE;

	if (!kmd_inside(at, size, notes->size))
		return 0;
	size += kmd_align_up(get_u32(notes->bytes + at), 4);
	size += kmd_align_up(get_u32(notes->bytes + at + 4), 4);
	return kmd_inside(at, size, notes->size) ? (size_t)size : 0;
}

enum kmd_status kmd_cpus_from_core(const struct kmd_core_notes *notes, uint16_t machine,
				   struct kmd_diag *diag, struct kmd_cpus *cpus)
{
	const struct kmd_cpu_layout *layout = kmd_cpu_layout(machine);
	enum kmd_status status = KMD_OK;
	size_t first = cpus->n, size;
	bool by_pid = true;
	struct kmd_cpu cpu;
	uint32_t last = 0;

	for (size_t at = 0; layout && status == KMD_OK; at += size) {
		uint32_t pid;

		size = size_of_note(notes, at);
		if (!size || cpus->n - first == KMD_CPUS_MAX)
			break;
		if (!kmd_cpu_from_note(notes->bytes + at, size, DESC_AT, layout, &cpu))
			continue;
		pid = get_u32(notes->bytes + at + DESC_AT + kmd_cpu_pid_at(layout));
		by_pid &= pid > last && pid <= KMD_CPUS_MAX;
		last = pid;
		cpu.cpu = pid - 1;
		cpu.source = KMD_CPU_FROM_CORE;
		status = kmd_cpus_add(cpus, &cpu, diag);
	}
	for (size_t i = first; !by_pid && i < cpus->n; i++)
		cpus->items[i].cpu = (uint32_t)(i - first);
	return status;
}
