/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The kernel log of an open dump; read when it is first asked for. */
#include "api/handle.h"

#include "log/log.h"
#include "log/panic.h"

static enum kmd_status read_log(struct kmd *kmd)
{
	enum kmd_status status = kmd_log_read(&kmd->target, &kmd->log);

	kmd->log_read = status == KMD_OK;
	return status;
}

KMD_EXPORT enum kmd_status kmd_log_load(struct kmd *kmd)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status == KMD_OK && !kmd->log_read)
		status = read_log(kmd);
	return status;
}

KMD_EXPORT size_t kmd_log_count(const struct kmd *kmd)
{
	return kmd->log_read ? kmd->log.n : 0;
}

KMD_EXPORT const struct kmd_log_record *kmd_log_get(const struct kmd *kmd, size_t index)
{
	return index < kmd_log_count(kmd) ? &kmd->log.items[index] : NULL;
}

KMD_EXPORT size_t kmd_log_damaged(const struct kmd *kmd)
{
	return kmd->log_read ? kmd->log.damaged : 0;
}

/* What the log adds to what is known: why it died, and who was at it.  The shim's record of the CPU
 * wins. */
enum kmd_status kmd_open_panic(struct kmd *kmd)
{
	struct kmd_kernel *pub = &kmd->facts.pub;
	enum kmd_status status = read_log(kmd);

	if (status != KMD_OK)
		return status == KMD_ERR_MEMORY || status == KMD_ERR_IO ? status : KMD_OK;
	status = kmd_runtime_confirm_from_log(&kmd->log, &kmd->diag, &kmd->runtime);
	if (status == KMD_OK)
		status = kmd_log_report_refusals(&kmd->log, &kmd->diag);
	if (status == KMD_OK)
		status = kmd_log_panic(&kmd->log, &kmd->diag, &kmd->panic);
	if (status != KMD_OK)
		return status;
	pub->panic = kmd->panic.reason;
	pub->panic_task = kmd->panic.task;
	pub->panic_event = kmd->panic.event;
	pub->panic_record = kmd->panic.reason ? kmd->panic.begin : kmd->log.n;
	pub->has_panic_pid = kmd->panic.has_pid;
	pub->panic_pid = kmd->panic.pid;
	if (!pub->has_panic_cpu && kmd->panic.has_cpu) {
		pub->has_panic_cpu = true;
		pub->panic_cpu = kmd->panic.cpu;
	}
	return KMD_OK;
}
