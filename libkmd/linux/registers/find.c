/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "linux/registers/find.h"

#include "base/checked.h"
#include "source/cursor.h"

#include <kmemdump/minidump.h>

#include <string.h>

/* The kernel keeps one NT_PRSTATUS and an empty note in each (KEXEC_NOTE_BYTES). */
#define NOTE_MAX     1024
#define STRIDE_MAX   4096
/* Regions are called K and the name, cut to what firmware holds. */
#define NOTES_PREFIX "Kcrash_n"

static bool read_row(const struct kmd_row *row, uint64_t offset, void *to, uint64_t size,
		     struct kmd_diag *diag)
{
	return row->has_bytes && kmd_inside(offset, size, row->pub.captured) &&
	       kmd_source_read(row->source, row->offset + offset, to, (size_t)size, diag) == KMD_OK;
}

static uint32_t get_u32(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static uint64_t get_u64(const unsigned char *bytes)
{
	return get_u32(bytes) | (uint64_t)get_u32(bytes + 4) << 32;
}

static enum kmd_status add_note(const unsigned char *bytes, size_t size, uint16_t machine,
				uint32_t number, enum kmd_cpu_source source, struct kmd_diag *diag,
				struct kmd_cpus *cpus)
{
	struct kmd_cpu cpu;

	if (!kmd_cpu_from_note(bytes, size, machine, &cpu))
		return KMD_OK;
	cpu.cpu = number;
	cpu.source = source;
	return kmd_cpus_add(cpus, &cpu, diag);
}

static enum kmd_status take_record(const struct kmd_row *row, uint16_t machine,
				   struct kmd_diag *diag, struct kmd_cpus *cpus,
				   struct kmd_cpus_found *found)
{
	unsigned char header[MD_REGS_HEADER_SIZE], bytes[STRIDE_MAX];
	enum kmd_status status = KMD_OK;
	uint32_t n, stride, panic;

	if (!read_row(row, 0, header, sizeof(header), diag) ||
	    memcmp(header, MD_REGS_MAGIC, MD_REGS_MAGIC_SIZE) != 0)
		return KMD_OK;
	n = get_u32(header + MD_REGS_CPUS);
	stride = get_u32(header + MD_REGS_STRIDE);
	panic = get_u32(header + MD_REGS_PANIC_CPU);
	if (!n || n > KMD_CPUS_MAX || !stride || stride > STRIDE_MAX || panic > n)
		return kmd_find(
			diag, KMD_FIND_HEADER, KMD_DAMAGE, kmd_in(row->pub.name),
			"the record of CPU registers has an impossible header; it is not used");
	if (panic) {
		found->has_panic_cpu = true;
		found->panic_cpu = panic - 1;
	}
	for (uint32_t i = 0; status == KMD_OK && i < n; i++)
		if (read_row(row, MD_REGS_HEADER_SIZE + (uint64_t)i * stride, bytes, stride, diag))
			status = add_note(bytes, stride, machine, i, KMD_CPU_FROM_RECORD, diag,
					  cpus);
	return status;
}

static enum kmd_status take_records(const struct kmd_regions *regions, uint16_t machine,
				    struct kmd_diag *diag, struct kmd_cpus *cpus,
				    struct kmd_cpus_found *found)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < regions->n; i++)
		if (regions->rows[i].pub.size >= MD_REGS_HEADER_SIZE &&
		    kmd_row_is_used(&regions->rows[i]))
			status = take_record(&regions->rows[i], machine, diag, cpus, found);
	return status;
}

/* Rows are in order of physical address, as the CPUs' own memory is. */
static enum kmd_status take_named(const struct kmd_regions *regions, uint16_t machine,
				  struct kmd_diag *diag, struct kmd_cpus *cpus)
{
	enum kmd_status status = KMD_OK;
	unsigned char bytes[NOTE_MAX];
	uint32_t number = 0;

	for (size_t i = 0; status == KMD_OK && i < regions->n; i++) {
		const struct kmd_row *row = &regions->rows[i];
		uint64_t size = kmd_min_u64(row->pub.captured, sizeof(bytes));
		const char *name = strstr(row->pub.name, NOTES_PREFIX);

		if (!name || !kmd_row_is_used(row))
			continue;
		if (size && read_row(row, 0, bytes, size, diag))
			status = add_note(bytes, (size_t)size, machine, number, KMD_CPU_FROM_NOTES,
					  diag, cpus);
		number++;
	}
	return status;
}

struct space {
	const struct kmd_views *views;
	const struct kmd_memory *memory;
	struct kmd_diag *diag;
};

static bool read_virt(const struct space *space, uint64_t virt, void *to, uint64_t size)
{
	uint64_t missing;

	return kmd_views_read(space->views, space->memory, virt, to, size, &missing, space->diag) ==
	       KMD_OK;
}

static bool read_word(const struct space *space, uint64_t virt, uint64_t *word)
{
	unsigned char bytes[8];

	if (!read_virt(space, virt, bytes, sizeof(bytes)))
		return false;
	*word = get_u64(bytes);
	return true;
}

/* crash_notes points into per-CPU memory; __per_cpu_offset has a word for each CPU. */
static enum kmd_status take_pointed(const struct space *space, const struct kmd_vmlinux *vmlinux,
				    uint64_t kaslr, uint16_t machine, struct kmd_cpus *cpus)
{
	const struct kmd_cpu_layout *layout = kmd_cpu_layout(machine);
	uint64_t notes, offsets, pointer, offset, last = 0;
	enum kmd_status status = KMD_OK;
	unsigned char bytes[NOTE_MAX];

	if (!kmd_vmlinux_symbol(vmlinux, "crash_notes", &notes) ||
	    !kmd_vmlinux_symbol(vmlinux, "__per_cpu_offset", &offsets) ||
	    !read_word(space, notes + kaslr, &pointer) || !pointer)
		return KMD_OK;
	for (uint32_t i = 0; status == KMD_OK && i < KMD_CPUS_MAX; i++) {
		/* Behind the last possible CPU all words are alike. */
		if (!read_word(space, offsets + kaslr + 8 * i, &offset) || (i && offset == last))
			break;
		last = offset;
		if (read_virt(space, pointer + offset, bytes, layout->desc_size + 20))
			status = add_note(bytes, layout->desc_size + 20, machine, i,
					  KMD_CPU_FROM_NOTES, space->diag, cpus);
	}
	return status;
}

enum kmd_status kmd_cpus_find(const struct kmd_regions *regions, const struct kmd_memory *memory,
			      const struct kmd_views *views, uint16_t machine,
			      const struct kmd_vmlinux *vmlinux, uint64_t kaslr,
			      struct kmd_diag *diag, struct kmd_cpus *cpus,
			      struct kmd_cpus_found *found)
{
	const struct space space = { views, memory, diag };
	enum kmd_status status;
	size_t before;

	if (!kmd_cpu_layout(machine))
		return KMD_OK;
	status = take_records(regions, machine, diag, cpus, found);
	before = cpus->n;
	if (status == KMD_OK && vmlinux)
		status = take_pointed(&space, vmlinux, kaslr, machine, cpus);
	if (status == KMD_OK && cpus->n == before)
		status = take_named(regions, machine, diag, cpus);
	return status;
}
