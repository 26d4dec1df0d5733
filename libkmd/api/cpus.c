/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The registers of the CPUs. */
#include "api/handle.h"
#include "cpu/find.h"

#include <elf.h>

KMD_EXPORT size_t kmd_cpu_count(const struct kmd *kmd)
{
	return kmd->ready ? kmd->cpus.n : 0;
}

KMD_EXPORT const struct kmd_cpu_registers *kmd_cpu_get(const struct kmd *kmd, size_t index)
{
	return index < kmd_cpu_count(kmd) ? &kmd->cpus.items[index].pub : NULL;
}

/*
 * Where gdb finds the kernel, if its vmlinux is ET_DYN; 0 = not.  Without the file:
 * arm64's entry is the first byte of its image, which is linked after the modules, and
 * a kernel that KASLR moved is relocatable.
 */
static uint64_t entry_of(const struct kmd *kmd)
{
	const struct kmd_kernel *pub = &kmd->facts.pub;
	uint64_t modules_end;

	if (!pub->has_kaslr_offset)
		return 0;
	if (kmd->vmlinux_path)
		return kmd->vmlinux.position_independent ? kmd->vmlinux.entry + pub->kaslr_offset
							 : 0;
	if (kmd->facts.arch != &kmd_arch_arm64 || !pub->kaslr_offset || !kmd->info.text ||
	    !kmd_vmcoreinfo_number(&kmd->info, "NUMBER(MODULES_END)", &modules_end))
		return 0;
	return modules_end + pub->kaslr_offset;
}

/* What gdb, drgn and crash need to take the registers as they are. */
static enum kmd_status note_cpus(struct kmd *kmd, const struct kmd_cpus_found *found)
{
	static const struct kmd_cpus none = { 0 };
	bool wanted = !(kmd->flags & KMD_NO_REGISTERS);
	struct kmd_cpu_hints hints = { .has_auxv = kmd->notes.size != 0, .entry = entry_of(kmd) };

	kmd->facts.pub.gdb_relocates = hints.entry != 0 && !hints.has_auxv;
	if (kmd->info.text)
		kmd_vmcoreinfo_number(&kmd->info, "NUMBER(KERNELPACMASK)", &hints.pac_mask);
	/* arm64: the kernel's own notes, where they are filled in, are taken without that. */
	hints.all_cpus =
		kmd->info.text && (found->empty_notes || kmd->facts.arch != &kmd_arch_arm64);
	return kmd_cpus_notes(wanted ? &kmd->cpus : &none, kmd->facts.machine, &hints, &kmd->diag,
			      &kmd->notes.bytes, &kmd->notes.size);
}

/* Registers of a finished core stay as they are, unless the user has better ones. */
enum kmd_status kmd_open_cpus(struct kmd *kmd)
{
	/* Layouts are known of little-endian machines only. */
	uint16_t machine = kmd->facts.big_endian ? EM_NONE : kmd->facts.machine;
	struct kmd_cpus_found found = { 0 };
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = KMD_OK;
	size_t carried;

	if (kmd->registers_path)
		status = kmd_cpus_from_file(kmd->registers_path, machine, diag, &kmd->cpus);
	if (status == KMD_OK && kmd->notes.cpus)
		status = kmd_cpus_from_core(&kmd->notes, machine, diag, &kmd->cpus);
	carried = kmd->cpus.n;
	if (status == KMD_OK)
		status = kmd_cpus_find(&kmd->target, &kmd->cpus, &found);
	if (status != KMD_OK)
		return status;
	kmd->facts.pub.has_panic_cpu = found.has_panic_cpu;
	kmd->facts.pub.panic_cpu = found.panic_cpu;
	if (kmd->notes.cpus)
		kmd->cpus.n = carried;
	kmd_cpus_sort(&kmd->cpus, machine);
	return kmd->notes.cpus ? KMD_OK : note_cpus(kmd, &found);
}
