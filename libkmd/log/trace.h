/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* trace.h - the call trace that the kernel wrote into its log. */
#ifndef KMD_LOG_TRACE_H
#define KMD_LOG_TRACE_H

#include "log/panic.h"

/* A line "function+0x12/0x34 [module]". */
struct kmd_trace_frame {
	const char *function; /* not terminated; in the log's text */
	size_t length;
	const char *module; /* the same; NULL = the kernel itself */
	size_t module_length;
	uint64_t offset, size;
	bool exact; /* a program counter (RIP, pc), not a return address */
};

struct kmd_trace {
	struct kmd_trace_frame *items; /* innermost first */
	size_t n, cap;
	bool by_calls; /* arm: "callee from caller" lines, which may end before the stack does */
};

/*
 * The trace of the event that @panic describes.  Entries that the kernel marks as unreliable
 * ("? function+...") are left out.  There is none if the kernel did not write one.
 */
enum kmd_status kmd_trace_read(const struct kmd_log *log, const struct kmd_log_panic *panic,
			       struct kmd_diag *diag, struct kmd_trace *trace);
void kmd_trace_deinit(struct kmd_trace *trace);

#endif
