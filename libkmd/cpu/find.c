/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cpu/find.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/note.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * The kernel keeps an NT_PRSTATUS and an empty note for each CPU in crash_notes.  Names of
 * regions are cut to make room for their number: Kcrash_notes, Kcrash_not59, Kcrash_n1234.
 */
#define NAME     "crash_notes"
#define NAME_MIN 5 /* crash: six digits in twelve characters, after the K */
#define DESC_AT  (KMD_NOTE_HEADER_SIZE + KMD_NOTE_NAME_SIZE)
#define NOTE_MAX 512

struct finder {
	const struct kmd_target *target;
	const struct kmd_memory *memory;
	const struct kmd_cpu_layout *layout;
	struct kmd_diag *diag;
	struct kmd_cpus *cpus;
	struct kmd_cpus_found *found;
	size_t seen; /* notes that could be read, empty or not */
};

static size_t note_size(const struct finder *finder)
{
	return DESC_AT + finder->layout->desc_size;
}

static enum kmd_status add_note(struct finder *finder, const unsigned char *bytes, uint32_t number)
{
	struct kmd_cpu cpu;

	finder->seen++;
	if (!kmd_cpu_from_note(bytes, note_size(finder), DESC_AT, finder->layout, &cpu)) {
		finder->found->empty_notes = true;
		return KMD_OK;
	}
	cpu.cpu = number;
	cpu.source = KMD_CPU_FROM_NOTES;
	return kmd_cpus_add(finder->cpus, &cpu, finder->diag);
}

/* ----- by the names of regions */

struct named {
	const struct kmd_region_entry *row;
	uint64_t seq;
	size_t index; /* of the row, which is by address */
};

/* The number after the name is that of the registration, which goes CPU by CPU. */
static bool is_named(const char *name, uint64_t *seq)
{
	size_t same = 0;

	if (*name == 'K')
		name++;
	while (NAME[same] && name[same] == NAME[same])
		same++;
	*seq = 0;
	if (same < NAME_MIN)
		return false;
	return !name[same] || kmd_text_u64(name + same, strlen(name + same), 10, seq);
}

static int by_seq(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = kmd_cmp_u64(x->seq, y->seq);

	return order ? order : kmd_cmp_u64(x->index, y->index);
}

/* Also those that were not captured: they count.  Smaller ones are something else's. */
static enum kmd_status list_named(const struct finder *finder, struct named **items, size_t *n)
{
	const struct kmd_regions *regions = finder->memory->regions;
	size_t cap = 0;

	for (size_t i = 0; i < regions->n && *n < KMD_CPUS_MAX; i++) {
		const struct kmd_region_entry *row = &regions->rows[i];
		struct named named = { row, 0, i };

		if (!is_named(row->pub.name, &named.seq) || row->pub.size < note_size(finder) ||
		    row->pub.state == KMD_REGION_OTHER_VM || row->pub.state == KMD_REGION_AUXILIARY)
			continue;
		if (!KMD_ARRAY_RESERVE(*items, *n, cap))
			return kmd_fail_memory(finder->diag);
		(*items)[(*n)++] = named;
	}
	return KMD_OK;
}

/*
 * True if the firmware may not have saved one of these: then the numbers of the others are not
 * known.  The first that was registered has the name without a number.  A region that only KELF
 * describes has no name.
 */
static bool one_may_be_missing(const struct finder *finder, uint64_t size)
{
	const struct kmd_regions *regions = finder->memory->regions;
	bool first = false;
	uint64_t seq;

	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;

		if (region->state == KMD_REGION_MISSING && !*region->name && region->size == size)
			return true;
		first |= is_named(region->name, &seq) && !seq;
	}
	return !first;
}

static enum kmd_status take_named(struct finder *finder)
{
	struct named *items = NULL;
	size_t n = 0, size = note_size(finder);
	enum kmd_status status = list_named(finder, &items, &n);
	unsigned char bytes[NOTE_MAX];

	if (n && one_may_be_missing(finder, items[0].row->pub.size))
		n = 0;
	if (n)
		qsort(items, n, sizeof(*items), by_seq);
	for (size_t i = 0; status == KMD_OK && i < n; i++) {
		const struct kmd_region_entry *row = items[i].row;

		if (kmd_region_entry_is_used(row) && row->pub.captured >= size &&
		    kmd_source_read(row->source, row->offset, bytes, size, finder->diag) == KMD_OK)
			status = add_note(finder, bytes, (uint32_t)i);
	}
	free(items);
	return status;
}

/* ----- by the kernel's own pointers */

static bool read_virt(const struct finder *finder, uint64_t virt, void *to, uint64_t size)
{
	uint64_t missing;

	virt = kmd_target_wrap(finder->target, virt);
	return kmd_views_read(finder->target->views, finder->memory, virt, to, size, &missing,
			      finder->diag) == KMD_OK;
}

static bool read_word(const struct finder *finder, uint64_t virt, uint64_t *word)
{
	size_t size = kmd_target_word(finder->target);
	unsigned char bytes[8];

	*word = 0;
	if (!read_virt(finder, virt, bytes, size))
		return false;
	for (size_t i = size; i--;)
		*word = *word << 8 | bytes[i];
	return true;
}

/* Behind the last possible CPU all words of __per_cpu_offset are alike. */
static bool read_offset(const struct finder *finder, uint64_t offsets, uint32_t cpu,
			uint64_t *offset)
{
	uint64_t next;

	offsets += kmd_target_word(finder->target) * cpu;
	return read_word(finder, offsets, offset) && *offset &&
	       !(read_word(finder, offsets + kmd_target_word(finder->target), &next) &&
		 next == *offset);
}

/* crash_notes points into per-CPU memory, of which each CPU has its own. */
static enum kmd_status take_pointed(struct finder *finder, const struct kmd_vmlinux *vmlinux,
				    uint64_t kaslr)
{
	uint64_t notes, offsets, pointer, offset = 0;
	enum kmd_status status = KMD_OK;
	unsigned char bytes[NOTE_MAX];
	bool smp;

	if (!kmd_vmlinux_symbol(vmlinux, "crash_notes", &notes) ||
	    !read_word(finder, notes + kaslr, &pointer) || !pointer)
		return KMD_OK;
	smp = kmd_vmlinux_symbol(vmlinux, "__per_cpu_offset", &offsets);
	for (uint32_t i = 0; status == KMD_OK && i < (smp ? KMD_CPUS_MAX : 1); i++) {
		if (smp && !read_offset(finder, offsets + kaslr, i, &offset))
			break;
		if (read_virt(finder, pointer + offset, bytes, note_size(finder)))
			status = add_note(finder, bytes, i);
	}
	return status;
}

/* ----- who panicked */

/* The kernel's panic_cpu: -1 before a panic. */
static bool read_panic_cpu(const struct finder *finder, const struct kmd_vmlinux *vmlinux,
			   uint64_t kaslr, unsigned char bytes[4])
{
	const struct kmd_regions *regions = finder->memory->regions;
	uint64_t virt;

	if (vmlinux && kmd_vmlinux_symbol(vmlinux, "panic_cpu", &virt))
		return read_virt(finder, virt + kaslr, bytes, 4);
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region_entry *row = &regions->rows[i];

		if (!strcmp(row->pub.name, "Kpanic_cpu") && row->pub.captured == 4 &&
		    kmd_region_entry_is_used(row))
			return kmd_source_read(row->source, row->offset, bytes, 4, finder->diag) ==
			       KMD_OK;
	}
	return false;
}

static void find_panic_cpu(const struct finder *finder, const struct kmd_vmlinux *vmlinux,
			   uint64_t kaslr)
{
	unsigned char bytes[4];
	uint32_t cpu;

	if (finder->found->has_panic_cpu || !read_panic_cpu(finder, vmlinux, kaslr, bytes))
		return;
	cpu = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	      (uint32_t)bytes[3] << 24;
	finder->found->has_panic_cpu = cpu < KMD_CPUS_MAX;
	finder->found->panic_cpu = finder->found->has_panic_cpu ? cpu : 0;
}

enum kmd_status kmd_cpus_find(const struct kmd_target *target, struct kmd_cpus *cpus,
			      struct kmd_cpus_found *found)
{
	const struct kmd_kernel_facts *facts = target->facts;
	struct finder finder = { .target = target,
				 .memory = target->memory,
				 .layout =
					 facts->big_endian ? NULL : kmd_cpu_layout(facts->machine),
				 .diag = target->diag,
				 .cpus = cpus,
				 .found = found };
	enum kmd_status status;

	if (!finder.layout)
		return KMD_OK;
	status = kmd_cpus_from_record(finder.memory, finder.layout, finder.diag, cpus, found);
	find_panic_cpu(&finder, target->vmlinux, facts->pub.kaslr_offset);
	if (status == KMD_OK && target->vmlinux)
		status = take_pointed(&finder, target->vmlinux, facts->pub.kaslr_offset);
	if (status == KMD_OK && !finder.seen)
		status = take_named(&finder);
	if (status == KMD_OK)
		status = kmd_cpus_from_contexts(finder.memory, facts->machine, finder.diag, cpus);
	return status;
}
