/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The handle and its options. */
#include "api/handle.h"
#include "region/smem/minidump_toc.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_UNPACK_LIMIT (UINT64_C(64) << 30)

KMD_EXPORT struct kmd *kmd_new(void)
{
	struct kmd *kmd = calloc(1, sizeof(*kmd));

	if (!kmd)
		return NULL;
	kmd_diag_init(&kmd->diag);
	kmd->input_options.unpack_limit = DEFAULT_UNPACK_LIMIT;
	kmd->vmlinux_options.unpack_limit = DEFAULT_UNPACK_LIMIT;
	return kmd;
}

KMD_EXPORT void kmd_free(struct kmd *kmd)
{
	if (!kmd)
		return;
	kmd_plan_deinit(&kmd->window);
	free(kmd->window_headers);
	kmd_cache_deinit(&kmd->cache);
	kmd_stacks_deinit(&kmd->stacks);
	kmd_task_list_deinit(&kmd->tasks);
	kmd_symbol_list_deinit(&kmd->symbols);
	kmd_modules_deinit(&kmd->modules);
	kmd_variables_deinit(&kmd->variables);
	kmd_kallsyms_deinit(&kmd->kallsyms);
	kmd_consumer_report_deinit(&kmd->readiness);
	kmd_log_panic_deinit(&kmd->panic);
	kmd_log_deinit(&kmd->log);
	kmd_cpus_deinit(&kmd->cpus);
	free(kmd->supplied);
	kmd_prepared_deinit(&kmd->prepared);
	kmd_mappings_deinit(&kmd->mappings);
	kmd_views_deinit(&kmd->views);
	kmd_core_notes_deinit(&kmd->notes);
	kmd_kernel_deinit(&kmd->facts);
	kmd_memory_deinit(&kmd->memory);
	kmd_regions_deinit(&kmd->regions);
	kmd_redaction_deinit(&kmd->redaction);
	kmd_hints_deinit(&kmd->hints);
	kmd_runtime_deinit(&kmd->runtime);
	kmd_vmcoreinfo_deinit(&kmd->info);
	kmd_vmcoreinfo_deinit(&kmd->found_info);
	kmd_vmlinux_deinit(&kmd->vmlinux);
	kmd_claims_deinit(&kmd->claims);
	kmd_image_deinit(&kmd->image);
	kmd_input_deinit(&kmd->input);
	kmd_diag_deinit(&kmd->diag);
	kmd_marks_deinit(&kmd->marks);
	free(kmd->vmlinux_path);
	free(kmd->vmcoreinfo_path);
	free(kmd->registers_path);
	free(kmd->filter.only);
	free(kmd->filter.exclude);
	free(kmd->redact);
	free(kmd);
}

KMD_EXPORT const char *kmd_version(void)
{
	return KMD_VERSION;
}

KMD_EXPORT unsigned int kmd_version_number(void)
{
	return KMD_VERSION_NUMBER;
}

#ifdef HAVE_SNAPPY
#define FEATURE_SNAPPY "+snappy"
#else
#define FEATURE_SNAPPY "-snappy"
#endif
#ifdef HAVE_LZO
#define FEATURE_LZO "+lzo"
#else
#define FEATURE_LZO "-lzo"
#endif

KMD_EXPORT const char *kmd_features(void)
{
	return "+archives +dwarf +partitions +zlib +zstd " FEATURE_LZO " " FEATURE_SNAPPY
	       " +debuginfod arm arm64 i386 riscv64 x86_64";
}

KMD_EXPORT const char *kmd_error(const struct kmd *kmd)
{
	if (!kmd)
		return "out of memory";
	return kmd->diag.status == KMD_OK ? NULL : kmd->diag.sentence;
}

enum kmd_status kmd_usage_error(struct kmd *kmd, const char *sentence)
{
	return kmd_fail(&kmd->diag, KMD_ERR_USAGE, kmd_in(NULL), "%s", sentence);
}

void kmd_begin(struct kmd *kmd)
{
	kmd->diag.status = KMD_OK;
}

enum kmd_status kmd_begin_option(struct kmd *kmd)
{
	kmd_begin(kmd);
	return kmd->opened ? kmd_usage_error(kmd, "options must be set before kmd_open_*()")
			   : KMD_OK;
}

enum kmd_status kmd_begin_opened(struct kmd *kmd)
{
	kmd_begin(kmd);
	return kmd->ready ? KMD_OK : kmd_usage_error(kmd, "no dump is open");
}

/* ----- options */

KMD_EXPORT enum kmd_status kmd_set_flags(struct kmd *kmd, unsigned int flags)
{
	enum kmd_status status = kmd_begin_option(kmd);

	if (status == KMD_OK &&
	    (flags & ~(unsigned int)(KMD_STRICT | KMD_ACCEPT_INVALID | KMD_ACCEPT_ORDER |
				     KMD_ACCEPT_VMLINUX | KMD_NO_REGISTERS | KMD_CAPTURED_ONLY |
				     KMD_ALL_MEMORY | KMD_ANONYMIZE)))
		status = kmd_usage_error(kmd, "unknown flag");
	if (status != KMD_OK)
		return status;
	kmd->flags = flags;
	kmd->diag.strict = flags & KMD_STRICT;
	kmd->image_options.accept_invalid = flags & KMD_ACCEPT_INVALID;
	kmd->image_options.all_memory = flags & KMD_ALL_MEMORY;
	return KMD_OK;
}

KMD_EXPORT enum kmd_status kmd_set_smem_address(struct kmd *kmd, uint64_t address)
{
	enum kmd_status status = kmd_begin_option(kmd);

	if (status == KMD_OK) {
		kmd->image_options.has_smem = true;
		kmd->image_options.smem = address;
	}
	return status;
}

KMD_EXPORT enum kmd_status kmd_set_rockchip_table(struct kmd *kmd, uint64_t address)
{
	enum kmd_status status = kmd_begin_option(kmd);

	if (status == KMD_OK) {
		kmd->image_options.has_rockchip = true;
		kmd->image_options.rockchip = address;
	}
	return status;
}

KMD_EXPORT enum kmd_status kmd_set_subsystem(struct kmd *kmd, const char *subsystem)
{
	enum kmd_status status = kmd_begin_option(kmd);

	if (status != KMD_OK)
		return status;
	kmd->image_options.subsystem = 0;
	if (subsystem && !kmd_subsystem_number(subsystem, &kmd->image_options.subsystem))
		return kmd_usage_error(kmd, "no subsystem has this name: use its number");
	return KMD_OK;
}

KMD_EXPORT enum kmd_status kmd_set_ram_base(struct kmd *kmd, uint64_t address)
{
	enum kmd_status status = kmd_begin_option(kmd);

	if (status == KMD_OK) {
		kmd->image_options.has_ram_base = true;
		kmd->image_options.ram_base = address;
	}
	return status;
}

/* NULL takes the text back. */
static enum kmd_status set_path(struct kmd *kmd, char **to, const char *path)
{
	enum kmd_status status = kmd_begin_option(kmd);
	char *copy = NULL;

	if (status != KMD_OK)
		return status;
	if (path && !(copy = strdup(path)))
		return kmd_fail_memory(&kmd->diag);
	free(*to);
	*to = copy;
	return KMD_OK;
}

KMD_EXPORT enum kmd_status kmd_set_vmlinux(struct kmd *kmd, const char *path)
{
	return set_path(kmd, &kmd->vmlinux_path, path);
}

KMD_EXPORT enum kmd_status kmd_set_only(struct kmd *kmd, const char *globs)
{
	return set_path(kmd, &kmd->filter.only, globs);
}

KMD_EXPORT enum kmd_status kmd_set_exclude(struct kmd *kmd, const char *globs)
{
	return set_path(kmd, &kmd->filter.exclude, globs);
}

KMD_EXPORT enum kmd_status kmd_set_redact(struct kmd *kmd, const char *specs)
{
	return set_path(kmd, &kmd->redact, specs);
}

KMD_EXPORT enum kmd_status kmd_set_vmcoreinfo(struct kmd *kmd, const char *path)
{
	return set_path(kmd, &kmd->vmcoreinfo_path, path);
}

KMD_EXPORT enum kmd_status kmd_set_registers(struct kmd *kmd, const char *path)
{
	return set_path(kmd, &kmd->registers_path, path);
}

KMD_EXPORT enum kmd_status kmd_set_value(struct kmd *kmd, const char *key, uint64_t value)
{
	enum kmd_status status = kmd_begin_option(kmd);
	enum kmd_runtime_key found;

	if (status != KMD_OK)
		return status;
	if (!key || !kmd_runtime_key_by_name(key, &found))
		return kmd_usage_error(kmd, "there is no such run-time value");
	kmd->given.has[found] = true;
	kmd->given.values[found] = value;
	return KMD_OK;
}

KMD_EXPORT enum kmd_status kmd_set_complete(struct kmd *kmd, unsigned int sections)
{
	enum kmd_status status = kmd_begin_option(kmd);

	if (status != KMD_OK)
		return status;
	if (sections != KMD_COMPLETE_NONE && (sections & ~(unsigned int)KMD_COMPLETE_ALL))
		return kmd_usage_error(kmd, "unknown section set");
	kmd->complete = sections;
	return KMD_OK;
}

KMD_EXPORT enum kmd_status kmd_set_debuginfod(struct kmd *kmd, bool allowed)
{
	enum kmd_status status = kmd_begin_option(kmd);

	if (status == KMD_OK)
		kmd->vmlinux_options.debuginfod = allowed;
	return status;
}

KMD_EXPORT enum kmd_status kmd_set_limit(struct kmd *kmd, enum kmd_limit limit, uint64_t value)
{
	enum kmd_status status = kmd_begin_option(kmd);

	if (status != KMD_OK)
		return status;
	switch (limit) {
	case KMD_LIMIT_UNPACKED:
		kmd->input_options.unpack_limit = value ? value : DEFAULT_UNPACK_LIMIT;
		kmd->vmlinux_options.unpack_limit = kmd->input_options.unpack_limit;
		return KMD_OK;
	case KMD_LIMIT_RATIO:
		kmd->input_options.ratio_limit = value;
		return KMD_OK;
	case KMD_LIMIT_DEPTH:
		kmd->input_options.depth_limit = value;
		return KMD_OK;
	case KMD_LIMIT_FILES:
		kmd->input_options.files_limit = value;
		return KMD_OK;
	case KMD_LIMIT_KEPT:
		kmd->cache.limit = value;
		return KMD_OK;
	}
	return kmd_usage_error(kmd, "unknown limit");
}

KMD_EXPORT enum kmd_status kmd_set_unpack_limit(struct kmd *kmd, uint64_t bytes)
{
	return kmd_set_limit(kmd, KMD_LIMIT_UNPACKED, bytes);
}

KMD_EXPORT enum kmd_status kmd_set_progress(struct kmd *kmd, kmd_progress_fn progress, void *user)
{
	kmd_begin(kmd);
	kmd->input_options.progress = kmd->image_options.progress = progress;
	kmd->input_options.progress_user = kmd->image_options.progress_user = user;
	kmd->diag.progress = progress;
	kmd->diag.progress_user = user;
	return KMD_OK;
}
