/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Opening a dump: the stages in their order.
 *
 *	source -> image -> region -> memory -> linux (-> vmcore: assemble.c)
 */
#include "api/handle.h"

#include "linux/registers/find.h"

#include <elf.h>
#include <string.h>

/* Symbols at registered addresses tell region files apart. */
static enum kmd_status gather_hints(struct kmd *kmd)
{
	uint64_t kaslr = 0;
	enum kmd_status status = KMD_OK;

	if (kmd->info.text) {
		kmd_vmcoreinfo_hex(&kmd->info, "KERNELOFFSET", &kaslr);
		kmd_arch_hints(&kmd->info, &kmd->hints);
		status = kmd_vmcoreinfo_hints(&kmd->info, &kmd->diag, &kmd->hints);
	}
	if (status == KMD_OK && kmd->vmlinux_path)
		status = kmd_vmlinux_hints(&kmd->vmlinux, &kmd->claims, kaslr, &kmd->diag,
					   &kmd->hints);
	kmd_hints_sort(&kmd->hints);
	return status;
}

/* A vmlinux of another build would put wrong names to addresses. */
static enum kmd_status match_vmlinux(struct kmd *kmd)
{
	const char *build_id;
	size_t length;
	bool same = true;

	if (!kmd->vmlinux_path)
		return KMD_OK;
	if (kmd->claims.machine && kmd->claims.machine != kmd->vmlinux.machine)
		same = false;
	if (kmd->info.text && kmd->vmlinux.build_id[0] &&
	    kmd_vmcoreinfo_get(&kmd->info, "BUILD-ID", &build_id, &length))
		same &= length == strlen(kmd->vmlinux.build_id) &&
			!memcmp(build_id, kmd->vmlinux.build_id, length);
	if (same)
		return KMD_OK;
	if (kmd->flags & KMD_FORCE)
		return kmd_find(&kmd->diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(kmd->vmlinux_path),
				"not the dumped kernel's vmlinux");
	return kmd_fail(&kmd->diag, KMD_ERR_MISMATCH, kmd_in(kmd->vmlinux_path),
			"not the dumped kernel's vmlinux: its build-id or machine differs; --force "
			"takes it nevertheless");
}

static enum kmd_status read_dump(struct kmd *kmd)
{
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = KMD_OK;

	if (kmd->vmlinux_path)
		status = kmd_vmlinux_open(kmd->vmlinux_path, &kmd->vmlinux_options, diag,
					  &kmd->vmlinux);
	if (status == KMD_OK)
		status = kmd_image_read(&kmd->input, &kmd->image_options, diag, &kmd->image);
	if (status == KMD_OK)
		status = kmd_claims_read(&kmd->image, diag, &kmd->claims);
	if (status == KMD_OK)
		status = kmd_vmcoreinfo_from_claims(&kmd->image, &kmd->claims, diag, &kmd->info);
	if (status == KMD_OK)
		status = match_vmlinux(kmd);
	if (status == KMD_OK)
		status = gather_hints(kmd);
	if (status == KMD_OK)
		status = kmd_regions_join(&kmd->image, &kmd->claims, &kmd->hints, diag,
					  &kmd->regions);
	if (status == KMD_OK)
		status = kmd_memory_build(&kmd->regions, diag, &kmd->memory);
	return status;
}

/* What gdb, drgn and crash need to take the registers as they are. */
static enum kmd_status note_cpus(struct kmd *kmd, const struct kmd_cpus_found *found)
{
	struct kmd_cpu_hints hints = { .has_auxv = kmd->notes.size != 0 };

	if (kmd->info.text)
		kmd_vmcoreinfo_number(&kmd->info, "NUMBER(KERNELPACMASK)", &hints.pac_mask);
	/* arm64: the kernel's own notes, where they are filled in, are taken without that. */
	hints.all_cpus =
		kmd->info.text && (found->empty_notes || kmd->facts.arch != &kmd_arch_arm64);
	return kmd_cpus_notes(&kmd->cpus, kmd->facts.machine, &hints, &kmd->diag, &kmd->notes.bytes,
			      &kmd->notes.size);
}

/* Registers of a finished core stay as they are, unless the user has better ones. */
static enum kmd_status learn_cpus(struct kmd *kmd)
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
		status = kmd_cpus_find(&kmd->memory, &kmd->views, &kmd->facts,
				       kmd->vmlinux_path ? &kmd->vmlinux : NULL, diag, &kmd->cpus,
				       &found);
	if (status != KMD_OK)
		return status;
	kmd->facts.pub.has_panic_cpu = found.has_panic_cpu;
	kmd->facts.pub.panic_cpu = found.panic_cpu;
	if (kmd->notes.cpus)
		kmd->cpus.n = carried;
	kmd_cpus_sort(&kmd->cpus, machine);
	return kmd->notes.cpus ? KMD_OK : note_cpus(kmd, &found);
}

static enum kmd_status learn_kernel(struct kmd *kmd)
{
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = KMD_OK;

	if (!kmd->info.text) {
		status = kmd_vmcoreinfo_search(&kmd->memory, diag, &kmd->info);
		if (status == KMD_OK && kmd->info.text)
			status = match_vmlinux(kmd);
	}
	if (status == KMD_OK)
		status = kmd_kernel_learn(&kmd->claims, &kmd->memory, &kmd->info,
					  kmd->vmlinux_path ? &kmd->vmlinux : NULL,
					  kmd->flags & KMD_FORCE, diag, &kmd->facts);
	if (status == KMD_OK)
		status = kmd_core_notes_read(&kmd->claims, !kmd->registers_path, diag, &kmd->notes);
	if (status == KMD_OK)
		status = kmd_views_build(&kmd->memory, &kmd->facts, diag, &kmd->views);
	if (status == KMD_OK)
		status = learn_cpus(kmd);
	kmd->facts.pub.form = kmd->image.form;
	return status;
}

static enum kmd_status begin_open(struct kmd *kmd)
{
	kmd_begin(kmd);
	if (kmd->opened)
		return kmd_misuse(kmd, "a handle opens one dump in its life");
	kmd->opened = true;
	return KMD_OK;
}

static enum kmd_status finish_open(struct kmd *kmd, enum kmd_status status)
{
	kmd->diag.name = kmd->input.name;
	if (status == KMD_OK)
		status = read_dump(kmd);
	if (status == KMD_OK)
		status = learn_kernel(kmd);
	kmd->ready = status == KMD_OK;
	/* Looks into bytes that turned out not to matter may have left a sentence. */
	kmd->diag.status = status;
	return status;
}

KMD_EXPORT enum kmd_status kmd_open_path(struct kmd *kmd, const char *path)
{
	enum kmd_status status = begin_open(kmd);

	if (status != KMD_OK)
		return status;
	if (path)
		status = kmd_input_from_path(&kmd->diag, &kmd->input_options, path, &kmd->input);
	else
		status = kmd_misuse(kmd, "no path is given");
	return finish_open(kmd, status);
}

KMD_EXPORT enum kmd_status kmd_open_fd(struct kmd *kmd, int fd, const char *name)
{
	enum kmd_status status = begin_open(kmd);

	if (status != KMD_OK)
		return status;
	status = kmd_input_from_fd(&kmd->diag, &kmd->input_options, fd, name ? name : "input",
				   &kmd->input);
	return finish_open(kmd, status);
}

KMD_EXPORT enum kmd_status kmd_open_memory(struct kmd *kmd, const void *data, size_t size,
					   const char *name)
{
	enum kmd_status status = begin_open(kmd);

	if (status != KMD_OK)
		return status;
	if (data || !size)
		status = kmd_input_from_memory(&kmd->diag, &kmd->input_options, data, size,
					       name ? name : "input", &kmd->input);
	else
		status = kmd_misuse(kmd, "no memory is given");
	return finish_open(kmd, status);
}
