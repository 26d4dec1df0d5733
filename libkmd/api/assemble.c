/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Writing the core. */
#include "api/handle.h"
#include "base/checked.h"
#include "vmcore/extract.h"
#include "vmcore/headers.h"
#include "vmcore/plan.h"
#include "vmcore/window.h"
#include "vmcore/write.h"

#include <inttypes.h>
#include <sys/stat.h>

static enum kmd_status plan_core(struct kmd *kmd, struct kmd_plan *plan)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status == KMD_OK)
		status = kmd_plan_build(&kmd->prepared.core.memory, &kmd->prepared.views,
					&kmd->facts, &kmd->notes, &kmd->info, &kmd->diag, plan);
	return status;
}

static struct kmd_write_options write_options(const struct kmd *kmd)
{
	return (struct kmd_write_options){ kmd->input_options.progress,
					   kmd->input_options.progress_user };
}

static bool is_same_file(const struct stat *st, const char *path)
{
	struct stat own;

	return path && !stat(path, &own) && own.st_dev == st->st_dev && own.st_ino == st->st_ino;
}

/* A core in place of the dump that it comes from would be the end of both. */
static enum kmd_status check_target(struct kmd *kmd, const char *path)
{
	struct stat st;

	if (!kmd->ready || stat(path, &st) < 0)
		return KMD_OK;
	if (kmd_input_holds(&kmd->input, &st) || is_same_file(&st, kmd->vmlinux_path) ||
	    is_same_file(&st, kmd->registers_path))
		return kmd_fail(
			&kmd->diag, KMD_ERR_USAGE, kmd_in(path),
			"the output file is the input dump, the vmlinux or the register file");
	return KMD_OK;
}

KMD_EXPORT enum kmd_status kmd_assemble_path(struct kmd *kmd, const char *path, unsigned int flags)
{
	struct kmd_write_options options = write_options(kmd);
	struct kmd_plan plan;
	enum kmd_status status;

	if (flags & ~(unsigned int)KMD_OVERWRITE)
		return kmd_usage_error(kmd, "unknown flag");
	if (!path)
		return kmd_usage_error(kmd, "no path is given");
	status = check_target(kmd, path);
	if (status == KMD_OK)
		status = plan_core(kmd, &plan);
	if (status != KMD_OK)
		return status;
	status = kmd_write_path(&plan, &options, path, flags & KMD_OVERWRITE, &kmd->diag);
	kmd_plan_deinit(&plan);
	return status;
}

KMD_EXPORT enum kmd_status kmd_assemble_fd(struct kmd *kmd, int fd)
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

KMD_EXPORT enum kmd_status kmd_extract_path(struct kmd *kmd, const char *folder, const char *globs,
					    unsigned int flags)
{
	struct kmd_write_options options = write_options(kmd);
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status != KMD_OK)
		return status;
	if (flags & ~(unsigned int)KMD_OVERWRITE)
		return kmd_usage_error(kmd, "unknown flag");
	if (!folder || !*folder)
		return kmd_usage_error(kmd, "no folder is given");
	return kmd_extract(&kmd->regions, globs, &options, folder, flags & KMD_OVERWRITE,
			   &kmd->diag);
}

/* Plan the core when it is first asked for. */
static enum kmd_status open_window(struct kmd *kmd)
{
	enum kmd_status status;

	if (kmd->window_headers)
		return kmd_begin_opened(kmd);
	status = plan_core(kmd, &kmd->window);
	if (status != KMD_OK)
		return status;
	status = kmd_headers_build(&kmd->window, &kmd->diag, &kmd->window_headers);
	if (status != KMD_OK)
		kmd_plan_deinit(&kmd->window);
	return status;
}

KMD_EXPORT enum kmd_status kmd_core_size(struct kmd *kmd, uint64_t *size)
{
	enum kmd_status status = open_window(kmd);

	if (status == KMD_OK)
		*size = kmd->window.file_size;
	return status;
}

/* The last page may be a part of one. */
static enum kmd_status read_core(struct kmd *kmd, uint64_t offset, void *buffer, uint64_t length,
				 uint64_t *missing)
{
	(void)missing;
	if (!kmd_inside(offset, length, kmd->window.file_size))
		return KMD_ERR_NOT_FOUND;
	return kmd_window_read(&kmd->window, kmd->window_headers, offset, buffer, length,
			       &kmd->diag);
}

KMD_EXPORT enum kmd_status kmd_core_read(struct kmd *kmd, uint64_t offset, void *buffer,
					 size_t length)
{
	enum kmd_status status = open_window(kmd);
	uint64_t missing;

	if (status != KMD_OK)
		return status;
	if (!kmd_inside(offset, length, kmd->window.file_size))
		return kmd_fail(&kmd->diag, KMD_ERR_USAGE, kmd_in(kmd->input.name),
				"the core has no %zu bytes at offset 0x%" PRIx64, length, offset);
	status = kmd_cached_read(kmd, &kmd->cache, KMD_SPACE_CORE, read_core, offset, buffer,
				 length, &missing);
	if (status == KMD_OK)
		kmd_begin(kmd);
	return status;
}
