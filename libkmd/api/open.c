/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Opening a dump: the stages in their order.
 *
 *	source -> image -> region -> memory -> linux (-> vmcore: assemble.c)
 */
#include "api/handle.h"
#include "kernel/hints.h"
#include "kernel/match.h"
#include "kernel/ram_base.h"

#include <inttypes.h>
#include <string.h>

static const struct kmd_vmlinux *vmlinux_of(const struct kmd *kmd)
{
	return kmd->vmlinux_path ? &kmd->vmlinux : NULL;
}

/* A vmlinux of another build would put wrong names to addresses. */
static enum kmd_status match_vmlinux(struct kmd *kmd, const struct kmd_memory *memory)
{
	if (!kmd->vmlinux_path)
		return KMD_OK;
	return kmd_match_vmlinux(&kmd->vmlinux, kmd->vmlinux_path, kmd->claims.machine, &kmd->info,
				 memory, kmd->flags & KMD_ACCEPT_VMLINUX, &kmd->diag);
}

/*
 * RAM images without addresses: the kernel in one of them knows that image's.  @quick: as long as
 * that takes little reading; *@found is false if it does not.
 */
static enum kmd_status place_images(struct kmd *kmd, bool quick, bool *found)
{
	struct kmd_diag *diag = &kmd->diag;
	struct kmd_image *image = &kmd->image;
	struct kmd_ram_base base;
	enum kmd_status status;

	status = kmd_ram_base_find(image, vmlinux_of(kmd), kmd->input.name, quick, diag, &base);
	*found = status == KMD_OK && base.found;
	if (!*found)
		return status;
	kmd->found_info = base.info;
	kmd_image_place(image, base.blob, base.phys);
	return kmd_report(
		diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(image->blobs[base.blob].source->name),
		"the kernel in this RAM image shows that it begins at physical 0x%" PRIx64,
		base.phys);
}

static enum kmd_status find_kernel_quickly(struct kmd *kmd, bool *found)
{
	enum kmd_status status;

	if (kmd->image.unplaced)
		return place_images(kmd, true, found);
	status = kmd_ram_kernel_find(&kmd->image, &kmd->diag, &kmd->found_info);
	*found = kmd->found_info.text;
	return status;
}

/*
 * All of a RAM image is searched for an SMEM area only if it is not where such areas lie, and there
 * is no kernel that is found without a search either.
 */
static enum kmd_status read_image(struct kmd *kmd)
{
	struct kmd_image_options options = kmd->image_options;
	struct kmd_image *image = &kmd->image;
	enum kmd_status status;
	bool found = false;

	options.quick = !options.subsystem;
	status = kmd_image_read(&kmd->input, &options, &kmd->diag, image);
	if (status == KMD_OK && image->hurried) {
		status = find_kernel_quickly(kmd, &found);
		if (status == KMD_OK && !found) {
			kmd_image_deinit(image);
			options.quick = false;
			status = kmd_image_read(&kmd->input, &options, &kmd->diag, image);
		}
	}
	if (status == KMD_OK && image->unplaced)
		status = place_images(kmd, false, &found);
	return status;
}

static enum kmd_status read_dump(struct kmd *kmd)
{
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = KMD_OK;

	if (kmd->vmlinux_path)
		status = kmd_vmlinux_open(kmd->vmlinux_path, &kmd->vmlinux_options, diag,
					  &kmd->vmlinux);
	if (status == KMD_OK)
		status = read_image(kmd);
	if (status == KMD_OK)
		status = kmd_claims_read(&kmd->image, diag, &kmd->claims);
	if (status == KMD_OK && kmd->image_options.subsystem && !kmd->claims.n_subsystems)
		status =
			kmd_fail(diag, KMD_ERR_USAGE, kmd_in(kmd->input.name),
				 "a subsystem is selected (--subsystem), but no SMEM area with its "
				 "regions is read");
	if (status == KMD_OK)
		status = kmd_vmcoreinfo_from_claims(&kmd->image, &kmd->claims, diag, &kmd->info);
	if (status == KMD_OK)
		status = match_vmlinux(kmd, NULL);
	if (status == KMD_OK)
		status = kmd_hints_gather(&kmd->claims, &kmd->info, vmlinux_of(kmd), &kmd->given,
					  diag, &kmd->hints);
	if (status == KMD_OK)
		status = kmd_regions_join(&kmd->image, &kmd->claims, &kmd->hints, diag,
					  &kmd->regions);
	if (status == KMD_OK)
		status = kmd_regions_filter(&kmd->regions, &kmd->filter, diag);
	if (status == KMD_OK)
		status = kmd_memory_build(&kmd->regions, diag, &kmd->memory);
	return status;
}

/* Where the dump has no VMCOREINFO: from a file, or from the vmlinux. */
static enum kmd_status complete_vmcoreinfo(struct kmd *kmd)
{
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = KMD_OK;

	if (kmd->info.text && kmd->vmcoreinfo_path)
		return kmd_report(diag, KMD_FIND_UNUSED, KMD_NOTE, kmd_in(kmd->vmcoreinfo_path),
				  "not used: the dump has its own VMCOREINFO");
	if (kmd->info.text)
		return KMD_OK;
	/* What the search left has been used. */
	kmd_vmcoreinfo_deinit(&kmd->info);
	if (kmd->vmcoreinfo_path)
		status = kmd_vmcoreinfo_from_file(kmd->vmcoreinfo_path, &kmd->runtime, diag,
						  &kmd->info);
	else if (kmd->vmlinux_path)
		status = kmd_vmcoreinfo_generate(&kmd->memory, &kmd->vmlinux, &kmd->runtime, diag,
						 &kmd->info);
	/* A vmlinux that does not suffice for that may still be good for the rest. */
	if (status == KMD_ERR_NOT_FOUND)
		return kmd_report(diag, KMD_FIND_VMCOREINFO, KMD_DAMAGE, kmd_in(""), "%s",
				  diag->sentence);
	kmd->vmcoreinfo_generated = status == KMD_OK && kmd->info.text;
	return status;
}

/* The text that placed the images, or one in captured memory. */
static enum kmd_status search_vmcoreinfo(struct kmd *kmd)
{
	if (!kmd->found_info.text || kmd->filter.only || kmd->filter.exclude)
		return kmd_vmcoreinfo_search(&kmd->memory, &kmd->diag, &kmd->info);
	kmd->info = kmd->found_info;
	memset(&kmd->found_info, 0, sizeof(kmd->found_info));
	return kmd_vmcoreinfo_say(&kmd->info, &kmd->diag);
}

/* VMCOREINFO and the run-time values. */
static enum kmd_status read_boot(struct kmd *kmd)
{
	const struct kmd_vmlinux *vmlinux = vmlinux_of(kmd);
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = KMD_OK;

	if (!kmd->info.text)
		status = search_vmcoreinfo(kmd);
	if (status == KMD_OK)
		status = match_vmlinux(kmd, &kmd->memory);
	if (status == KMD_OK)
		status = kmd_runtime_resolve(&kmd->memory, &kmd->info, vmlinux, kmd->claims.machine,
					     &kmd->given, diag, &kmd->runtime);
	if (status == KMD_OK && vmlinux)
		status = kmd_match_content(vmlinux, kmd->vmlinux_path, &kmd->info, &kmd->memory,
					   &kmd->runtime, kmd->flags & KMD_ACCEPT_VMLINUX, diag);
	if (status == KMD_OK)
		status = complete_vmcoreinfo(kmd);
	return status;
}

/* What was read before of the log must be read again. */
static enum kmd_status redact(struct kmd *kmd)
{
	enum kmd_status status =
		kmd_redact(&kmd->target, kmd->redact, &kmd->regions, &kmd->redaction);

	kmd_log_deinit(&kmd->log);
	kmd->log_read = false;
	return status;
}

static enum kmd_status read_kernel(struct kmd *kmd)
{
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = read_boot(kmd);

	if (status == KMD_OK)
		status = kmd_kernel_read(&kmd->claims, &kmd->memory, &kmd->info, &kmd->runtime,
					 vmlinux_of(kmd), kmd->flags & KMD_ACCEPT_ORDER, diag,
					 &kmd->facts);
	if (status == KMD_OK)
		status = kmd_core_notes_read(
			&kmd->claims, !kmd->registers_path && !(kmd->flags & KMD_NO_REGISTERS),
			diag, &kmd->notes);
	/* From here on, what is read is the dead kernel's memory. */
	diag->marks = NULL;
	if (status == KMD_OK)
		status = kmd_open_views(kmd);
	if (status == KMD_OK)
		status = kmd_open_cpus(kmd);
	if (status == KMD_OK)
		status = kmd_open_panic(kmd);
	if (status == KMD_OK && kmd->redact)
		status = redact(kmd);
	if (status == KMD_OK)
		status = kmd_open_core(kmd);
	kmd_publish_values(kmd);
	kmd->facts.pub.vmcoreinfo_generated = kmd->vmcoreinfo_generated;
	return status;
}

static enum kmd_status begin_open(struct kmd *kmd)
{
	kmd_begin(kmd);
	if (kmd->opened)
		return kmd_usage_error(kmd, "the handle already has an open dump");
	kmd->opened = true;
	if (kmd->flags & KMD_ANONYMIZE)
		kmd->diag.marks = &kmd->marks;
	return KMD_OK;
}

static enum kmd_status finish_open(struct kmd *kmd, enum kmd_status status)
{
	kmd->diag.name = kmd->input.name;
	if (status == KMD_OK)
		status = read_dump(kmd);
	if (status == KMD_OK)
		status = read_kernel(kmd);
	kmd->ready = status == KMD_OK;
	kmd->diag.marks = NULL;
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
		status = kmd_usage_error(kmd, "no path is given");
	return finish_open(kmd, status);
}

KMD_EXPORT enum kmd_status kmd_open_paths(struct kmd *kmd, const char *const *paths, size_t n)
{
	enum kmd_status status = begin_open(kmd);

	if (status != KMD_OK)
		return status;
	if (!paths || !n)
		status = kmd_usage_error(kmd, "no path is given");
	for (size_t i = 0; i < n && status == KMD_OK; i++)
		if (!paths[i])
			status = kmd_usage_error(kmd, "no path is given");
	if (status == KMD_OK)
		status = kmd_input_from_paths(&kmd->diag, &kmd->input_options, paths, n,
					      &kmd->input);
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
		status = kmd_usage_error(kmd, "no memory is given");
	return finish_open(kmd, status);
}
