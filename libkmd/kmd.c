/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The public API, and the one place that sees every stage:
 *
 *	source -> image -> region -> memory -> linux -> vmcore
 */
#include <kmemdump/kmd.h>

#include "base/checked.h"
#include "vmcore/plan.h"
#include "vmcore/write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EXPORT               __attribute__((visibility("default")))
#define DEFAULT_UNPACK_LIMIT (UINT64_C(64) << 30)

struct kmd {
	struct kmd_diag diag;
	bool opened; /* an opening was tried */
	bool ready;  /* ... and succeeded */
	unsigned int flags;
	struct kmd_input_options input_options;
	struct kmd_image_options image_options;
	char *vmlinux_path;
	/* One stage after the other, each built from those above it. */
	struct kmd_input input;
	struct kmd_image image;
	struct kmd_claims claims;
	struct kmd_vmlinux vmlinux;
	struct kmd_vmcoreinfo info;
	struct kmd_hints hints;
	struct kmd_regions regions;
	struct kmd_memory memory;
	struct kmd_kernel_facts facts;
	struct kmd_core_notes notes;
	struct kmd_views views;
};

/* ----- the handle */

EXPORT struct kmd *kmd_new(void)
{
	struct kmd *kmd = calloc(1, sizeof(*kmd));

	if (!kmd)
		return NULL;
	kmd_diag_init(&kmd->diag);
	kmd->input_options.unpack_limit = DEFAULT_UNPACK_LIMIT;
	return kmd;
}

EXPORT void kmd_free(struct kmd *kmd)
{
	if (!kmd)
		return;
	kmd_views_deinit(&kmd->views);
	kmd_core_notes_deinit(&kmd->notes);
	kmd_kernel_deinit(&kmd->facts);
	kmd_memory_deinit(&kmd->memory);
	kmd_regions_deinit(&kmd->regions);
	kmd_hints_deinit(&kmd->hints);
	kmd_vmcoreinfo_deinit(&kmd->info);
	kmd_vmlinux_deinit(&kmd->vmlinux);
	kmd_claims_deinit(&kmd->claims);
	kmd_image_deinit(&kmd->image);
	kmd_input_deinit(&kmd->input);
	kmd_diag_deinit(&kmd->diag);
	free(kmd->vmlinux_path);
	free(kmd);
}

EXPORT const char *kmd_version(void)
{
	return KMD_VERSION;
}

EXPORT const char *kmd_error(const struct kmd *kmd)
{
	if (!kmd)
		return "out of memory";
	return kmd->diag.status == KMD_OK ? NULL : kmd->diag.sentence;
}

static enum kmd_status misuse(struct kmd *kmd, const char *sentence)
{
	return kmd_fail(&kmd->diag, KMD_ERR_USAGE, kmd_in(NULL), "%s", sentence);
}

/* Every call that can fail begins here. */
static void begin(struct kmd *kmd)
{
	kmd->diag.status = KMD_OK;
}

static enum kmd_status begin_option(struct kmd *kmd)
{
	begin(kmd);
	return kmd->opened ? misuse(kmd, "options are set before the opening") : KMD_OK;
}

static enum kmd_status begin_ready(struct kmd *kmd)
{
	begin(kmd);
	return kmd->ready ? KMD_OK : misuse(kmd, "no dump is open");
}

/* ----- options */

EXPORT enum kmd_status kmd_set_flags(struct kmd *kmd, unsigned int flags)
{
	enum kmd_status status = begin_option(kmd);

	if (status == KMD_OK && (flags & ~(unsigned int)(KMD_STRICT | KMD_FORCE)))
		status = misuse(kmd, "unknown flag");
	if (status != KMD_OK)
		return status;
	kmd->flags = flags;
	kmd->diag.strict = flags & KMD_STRICT;
	kmd->image_options.force = flags & KMD_FORCE;
	return KMD_OK;
}

EXPORT enum kmd_status kmd_set_smem_address(struct kmd *kmd, uint64_t address)
{
	enum kmd_status status = begin_option(kmd);

	if (status == KMD_OK) {
		kmd->image_options.has_smem = true;
		kmd->image_options.smem = address;
	}
	return status;
}

EXPORT enum kmd_status kmd_set_ram_base(struct kmd *kmd, uint64_t address)
{
	enum kmd_status status = begin_option(kmd);

	if (status == KMD_OK) {
		kmd->image_options.has_ram_base = true;
		kmd->image_options.ram_base = address;
	}
	return status;
}

EXPORT enum kmd_status kmd_set_vmlinux(struct kmd *kmd, const char *path)
{
	enum kmd_status status = begin_option(kmd);
	char *copy = NULL;

	if (status != KMD_OK)
		return status;
	if (path && !(copy = strdup(path)))
		return kmd_fail_memory(&kmd->diag);
	free(kmd->vmlinux_path);
	kmd->vmlinux_path = copy;
	return KMD_OK;
}

EXPORT enum kmd_status kmd_set_unpack_limit(struct kmd *kmd, uint64_t bytes)
{
	enum kmd_status status = begin_option(kmd);

	if (status == KMD_OK)
		kmd->input_options.unpack_limit = bytes ? bytes : DEFAULT_UNPACK_LIMIT;
	return status;
}

EXPORT enum kmd_status kmd_set_progress(struct kmd *kmd, kmd_progress_fn progress, void *user)
{
	begin(kmd);
	kmd->input_options.progress = kmd->image_options.progress = progress;
	kmd->input_options.progress_user = kmd->image_options.progress_user = user;
	return KMD_OK;
}

/* ----- opening: the stages in their order */

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
		status = kmd_vmlinux_read(kmd->vmlinux_path, diag, &kmd->vmlinux);
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
		status = kmd_core_notes_read(&kmd->claims, diag, &kmd->notes);
	if (status == KMD_OK)
		status = kmd_views_build(&kmd->memory, &kmd->facts, diag, &kmd->views);
	kmd->facts.pub.form = kmd->image.form;
	return status;
}

static enum kmd_status begin_open(struct kmd *kmd)
{
	begin(kmd);
	if (kmd->opened)
		return misuse(kmd, "a handle opens one dump in its life");
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

EXPORT enum kmd_status kmd_open_path(struct kmd *kmd, const char *path)
{
	enum kmd_status status = begin_open(kmd);

	if (status != KMD_OK)
		return status;
	if (path)
		status = kmd_input_from_path(&kmd->diag, &kmd->input_options, path, &kmd->input);
	else
		status = misuse(kmd, "no path is given");
	return finish_open(kmd, status);
}

EXPORT enum kmd_status kmd_open_fd(struct kmd *kmd, int fd, const char *name)
{
	enum kmd_status status = begin_open(kmd);

	if (status != KMD_OK)
		return status;
	status = kmd_input_from_fd(&kmd->diag, &kmd->input_options, fd, name ? name : "input",
				   &kmd->input);
	return finish_open(kmd, status);
}

EXPORT enum kmd_status kmd_open_memory(struct kmd *kmd, const void *data, size_t size,
				       const char *name)
{
	enum kmd_status status = begin_open(kmd);

	if (status != KMD_OK)
		return status;
	if (data || !size)
		status = kmd_input_from_memory(&kmd->diag, &kmd->input_options, data, size,
					       name ? name : "input", &kmd->input);
	else
		status = misuse(kmd, "no memory is given");
	return finish_open(kmd, status);
}

/* ----- the dump */

EXPORT size_t kmd_region_count(const struct kmd *kmd)
{
	return kmd->ready ? kmd->regions.n : 0;
}

EXPORT const struct kmd_region *kmd_region_get(const struct kmd *kmd, size_t index)
{
	return index < kmd_region_count(kmd) ? &kmd->regions.rows[index].pub : NULL;
}

EXPORT const char *kmd_region_state_name(enum kmd_region_state state)
{
	static const char *const names[] = {
		[KMD_REGION_OK] = "ok",
		[KMD_REGION_CUT] = "cut",
		[KMD_REGION_MISSING] = "missing",
		[KMD_REGION_INVALID] = "invalid",
		[KMD_REGION_NO_ADDRESS] = "no-address",
		[KMD_REGION_EMPTY] = "empty",
		[KMD_REGION_CONFLICT] = "conflict",
		[KMD_REGION_AUXILIARY] = "auxiliary",
		[KMD_REGION_OTHER_VM] = "other-vm",
	};

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

EXPORT size_t kmd_finding_count(const struct kmd *kmd)
{
	return kmd->diag.n_findings;
}

EXPORT const struct kmd_finding *kmd_finding_get(const struct kmd *kmd, size_t index)
{
	return index < kmd->diag.n_findings ? kmd->diag.findings[index] : NULL;
}

EXPORT bool kmd_is_degraded(const struct kmd *kmd)
{
	return kmd->diag.degraded;
}

EXPORT const struct kmd_kernel *kmd_kernel_get(const struct kmd *kmd)
{
	return kmd->ready ? &kmd->facts.pub : NULL;
}

EXPORT enum kmd_status kmd_vmcoreinfo(struct kmd *kmd, const char **text, size_t *length)
{
	enum kmd_status status = begin_ready(kmd);

	if (status == KMD_OK && !kmd->info.text)
		status = kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				  "no VMCOREINFO in this dump");
	if (status != KMD_OK)
		return status;
	*text = kmd->info.text;
	*length = kmd->info.length;
	return KMD_OK;
}

static enum kmd_status fail_missing(struct kmd *kmd, const char *kind, uint64_t address)
{
	return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
			"%s address 0x%" PRIx64 " was not captured", kind, address);
}

EXPORT enum kmd_status kmd_read_phys(struct kmd *kmd, uint64_t phys, void *buffer, size_t length)
{
	enum kmd_status status = begin_ready(kmd);
	uint64_t missing;

	if (status == KMD_OK)
		status = kmd_memory_read(&kmd->memory, phys, buffer, length, &missing, &kmd->diag);
	return status == KMD_ERR_NOT_FOUND ? fail_missing(kmd, "physical", missing) : status;
}

EXPORT enum kmd_status kmd_read_virt(struct kmd *kmd, uint64_t virt, void *buffer, size_t length)
{
	enum kmd_status status = begin_ready(kmd);
	unsigned char *to = buffer;

	while (status == KMD_OK && length) {
		const struct kmd_view *view = kmd_views_find(&kmd->views, virt);
		uint64_t part, missing;

		if (!view)
			return fail_missing(kmd, "virtual", virt);
		part = kmd_min_u64(length, view->size - (virt - view->virt));
		if (view->kind == KMD_VIEW_VIRTUAL)
			status = kmd_memory_read_virt(&kmd->memory, virt, to, part, &missing,
						      &kmd->diag);
		else
			status = kmd_memory_read(&kmd->memory, view->phys + (virt - view->virt), to,
						 part, &missing, &kmd->diag);
		to += part;
		virt += part;
		length -= (size_t)part;
	}
	return status;
}

EXPORT enum kmd_status kmd_read_region(struct kmd *kmd, size_t index, uint64_t offset, void *buffer,
				       size_t length)
{
	enum kmd_status status = begin_ready(kmd);
	const struct kmd_row *row;

	if (status != KMD_OK)
		return status;
	if (index >= kmd->regions.n)
		return misuse(kmd, "there is no such region");
	row = &kmd->regions.rows[index];
	if (!row->has_bytes || !kmd_inside(offset, length, row->pub.captured))
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"region \"%s\" has no %zu bytes at offset 0x%" PRIx64,
				row->pub.name, length, offset);
	return kmd_source_read(row->source, row->offset + offset, buffer, length, &kmd->diag);
}

/* ----- assembling */

static enum kmd_status plan_core(struct kmd *kmd, struct kmd_plan *plan)
{
	enum kmd_status status = begin_ready(kmd);

	if (status != KMD_OK)
		return status;
	return kmd_plan_build(&kmd->memory, &kmd->views, &kmd->facts, &kmd->notes, &kmd->info,
			      &kmd->diag, plan);
}

static struct kmd_write_options write_options(const struct kmd *kmd)
{
	return (struct kmd_write_options){ kmd->input_options.progress,
					   kmd->input_options.progress_user };
}

/* A core in place of the dump that it comes from would be the end of both. */
static enum kmd_status check_target(struct kmd *kmd, const char *path)
{
	struct stat st, own;

	if (!kmd->ready || stat(path, &st) < 0)
		return KMD_OK;
	if (kmd_input_holds(&kmd->input, &st) ||
	    (kmd->vmlinux_path && !stat(kmd->vmlinux_path, &own) && own.st_dev == st.st_dev &&
	     own.st_ino == st.st_ino))
		return kmd_fail(&kmd->diag, KMD_ERR_USAGE, kmd_in(path),
				"this is what the core is to be made of");
	return KMD_OK;
}

EXPORT enum kmd_status kmd_assemble_path(struct kmd *kmd, const char *path, unsigned int flags)
{
	struct kmd_write_options options = write_options(kmd);
	struct kmd_plan plan;
	enum kmd_status status;

	if (flags & ~(unsigned int)KMD_OVERWRITE)
		return misuse(kmd, "unknown flag");
	if (!path)
		return misuse(kmd, "no path is given");
	status = check_target(kmd, path);
	if (status == KMD_OK)
		status = plan_core(kmd, &plan);
	if (status != KMD_OK)
		return status;
	status = kmd_write_path(&plan, &options, path, flags & KMD_OVERWRITE, &kmd->diag);
	kmd_plan_deinit(&plan);
	return status;
}

EXPORT enum kmd_status kmd_assemble_fd(struct kmd *kmd, int fd)
{
	struct kmd_write_options options = write_options(kmd);
	struct kmd_plan plan;
	enum kmd_status status = plan_core(kmd, &plan);

	if (status != KMD_OK)
		return status;
	status = kmd_write_fd(&plan, &options, fd, "output", &kmd->diag);
	kmd_plan_deinit(&plan);
	return status;
}
