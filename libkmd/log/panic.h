/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* panic.h - why the kernel died, and the run-time values in the log's panic lines. */
#ifndef KMD_LOG_PANIC_H
#define KMD_LOG_PANIC_H

#include "kernel/runtime.h"
#include "log/records.h"

/* What kind of event the kernel reported; the lower value wins. */
enum kmd_reason {
	KMD_REASON_PANIC,
	KMD_REASON_OOPS,
	KMD_REASON_LOCKUP,
	KMD_REASON_STALL,
	KMD_REASON_HUNG,
};

struct kmd_log_panic {
	enum kmd_reason kind; /* of the event itself, if .reason; that may have caused a panic */
	size_t first;         /* record of the log in which its registers and stack begin */
	uint32_t blocked_pid; /* the task that hung; if has_blocked_pid */
	bool has_blocked_pid;
	char *reason; /* the line, printable; NULL = none found */
	char *event; /* the first line of the event that led to it; NULL = none, or it is .reason */
	size_t begin; /* record of .event, else of .reason */
	char *task;   /* command name of the task, printable; NULL = not known */
	uint32_t cpu, pid;
	bool has_cpu, has_pid;
};

/*
 * The last panic; without one the last oops, lockup, stall or hung task, in that order.  Task and
 * CPU are those of the report that belongs to it.  Lines that user space wrote do not count, nor
 * does an RCU stall that ended: the log goes on for 1000 s without another one.
 */
enum kmd_status kmd_log_panic(const struct kmd_log *log, struct kmd_diag *diag,
			      struct kmd_log_panic *panic);
void kmd_log_panic_deinit(struct kmd_log_panic *panic);

/*
 * The shim's warning that its registry was full (shim/records.c) becomes a finding: what was not
 * registered is missing, and no table of the dump names it.
 */
enum kmd_status kmd_log_report_refusals(const struct kmd_log *log, struct kmd_diag *diag);

/* Add a source to known values that the panic's lines confirm; another number is a finding. */
enum kmd_status kmd_runtime_confirm_from_log(const struct kmd_log *log, struct kmd_diag *diag,
					     struct kmd_runtime *runtime);

#endif
