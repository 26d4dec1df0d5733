/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Bytes to the registers of CPUs, as text of QEMU, as the shim's record and as notes of a
 * kernel; then to the notes of a core.  The first byte chooses machine and hints.
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "base/checked.h"
#include "cpu/find.h"
#include "memory/memory.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static void check_notes(const struct kmd_cpus *cpus, uint16_t machine, uint8_t choice,
			struct kmd_diag *diag)
{
	const struct kmd_cpu_hints hints = { .pac_mask = choice & 2 ? UINT64_MAX << 48 : 0,
					     .all_cpus = choice & 4 };
	unsigned char *bytes = NULL;
	size_t size = 0, at = 0;

	FUZZ_CHECK(kmd_cpus_notes(cpus, machine, &hints, diag, &bytes, &size) == KMD_OK);
	FUZZ_CHECK((size != 0) == (cpus->n != 0));
	while (at < size) {
		FUZZ_CHECK(size - at >= 12);
		at += (size_t)(12 + kmd_align_up(kmd_get_le(bytes + at, 4), 4) +
			       kmd_align_up(kmd_get_le(bytes + at + 4, 4), 4));
	}
	FUZZ_CHECK(at == size);
	free(bytes);
}

static void finish(struct kmd_cpus *cpus, uint16_t machine, uint8_t choice, struct kmd_diag *diag)
{
	kmd_cpus_sort(cpus, machine);
	for (size_t i = 0; i < cpus->n; i++) {
		FUZZ_CHECK(cpus->items[i].cpu < KMD_CPUS_MAX);
		FUZZ_CHECK(!i || cpus->items[i - 1].cpu < cpus->items[i].cpu);
		FUZZ_CHECK(cpus->items[i].pub.source && cpus->items[i].pub.n_words);
	}
	check_notes(cpus, machine, choice, diag);
	kmd_cpus_deinit(cpus);
}

static void from_text(const uint8_t *data, size_t size, uint16_t machine, uint8_t choice)
{
	struct kmd_cpus cpus = { 0 };
	struct kmd_diag diag;

	kmd_diag_init(&diag);
	if (kmd_cpus_from_text((const char *)data, size, "text", machine, &diag, &cpus) != KMD_OK)
		FUZZ_CHECK(strstr(diag.sentence, "text"));
	finish(&cpus, machine, choice, &diag);
	kmd_diag_deinit(&diag);
}

/* The same bytes, as regions with the names that are searched for. */
static void from_memory(const uint8_t *data, size_t size, uint16_t machine, uint8_t choice)
{
	static const char *const names[] = { "Kprstatus", "Kcrash_notes", "Kcrash_not7",
					     "KCPU_CTX3" };
	struct kmd_region_entry rows[4] = { 0 };
	struct kmd_regions regions = { rows, 4, 4 };
	struct kmd_memory memory = { .regions = &regions };
	struct kmd_kernel_facts facts = { .machine = machine };
	struct kmd_cpus_found found = { 0 };
	struct kmd_vmcoreinfo info = { 0 };
	struct kmd_views views = { 0 };
	struct kmd_target target;
	struct kmd_cpus cpus = { 0 };
	struct kmd_source *source;
	struct kmd_diag diag;

	kmd_diag_init(&diag);
	if (kmd_source_from_memory(&diag, data, size, "memory", &source) != KMD_OK)
		abort();
	for (size_t i = 0; i < 4; i++) {
		rows[i].pub.name = names[i];
		rows[i].pub.size = rows[i].pub.captured = size;
		rows[i].pub.has_phys = rows[i].has_bytes = true;
		rows[i].source = source;
	}
	kmd_target_init(&target, &memory, &views, &facts, &info, NULL, NULL, &diag);
	FUZZ_CHECK(kmd_cpus_find(&target, &cpus, &found) == KMD_OK);
	FUZZ_CHECK(!found.has_panic_cpu || found.panic_cpu < KMD_CPUS_MAX);
	finish(&cpus, machine, choice, &diag);
	kmd_source_free(source);
	kmd_diag_deinit(&diag);
}

/* As notes of a finished core, with any length and any count. */
static void from_core(const uint8_t *data, size_t size, uint16_t machine, uint8_t choice)
{
	struct kmd_core_notes notes = { .size = size, .cpus = choice };
	struct kmd_cpus cpus = { 0 };
	struct kmd_diag diag;

	notes.bytes = malloc(size ? size : 1);
	if (!notes.bytes)
		abort();
	memcpy(notes.bytes, data, size);
	kmd_diag_init(&diag);
	FUZZ_CHECK(kmd_cpus_from_core(&notes, machine, &diag, &cpus) == KMD_OK);
	finish(&cpus, machine, choice, &diag);
	kmd_diag_deinit(&diag);
	free(notes.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t machine;

	if (!size)
		return 0;
	machine = data[0] & 1 ? EM_AARCH64 : EM_X86_64;
	from_text(data + 1, size - 1, machine, data[0]);
	from_memory(data + 1, size - 1, machine, data[0]);
	from_core(data + 1, size - 1, machine, data[0]);
	return 0;
}
