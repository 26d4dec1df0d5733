/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The kernel log of an open dump; read when it is first asked for. */
#include "api/handle.h"

#include "linux/printk/log.h"

static enum kmd_status read_log(struct kmd *kmd)
{
	const struct kmd_log_space space = {
		.views = &kmd->views,
		.memory = &kmd->memory,
		.regions = &kmd->regions,
		.info = &kmd->info,
		.big_endian = kmd->facts.big_endian,
		.diag = &kmd->diag,
	};
	enum kmd_status status = kmd_log_read(&space, &kmd->log);

	kmd->log_read = status == KMD_OK;
	return status;
}

KMD_EXPORT enum kmd_status kmd_log_load(struct kmd *kmd, size_t *count)
{
	enum kmd_status status = kmd_begin_ready(kmd);

	if (status == KMD_OK && !kmd->log_read)
		status = read_log(kmd);
	if (status == KMD_OK)
		*count = kmd->log.n;
	return status;
}

KMD_EXPORT const struct kmd_log_record *kmd_log_get(const struct kmd *kmd, size_t index)
{
	return kmd->log_read && index < kmd->log.n ? &kmd->log.items[index] : NULL;
}

KMD_EXPORT size_t kmd_log_damaged(const struct kmd *kmd)
{
	return kmd->log_read ? kmd->log.damaged : 0;
}
