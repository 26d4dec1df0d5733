/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * signature.h - a key that equal crashes have in common.  docs/signature.md is the rule, which
 * others may implement: change both together, and raise the version.
 */
#ifndef KMD_UNWIND_SIGNATURE_H
#define KMD_UNWIND_SIGNATURE_H

#include "log/trace.h"
#include "unwind/stack.h"

#define KMD_SIGNATURE_VERSION 2
/* Frames that the key is made of. */
#define KMD_SIGNATURE_FRAMES  4
#define KMD_SIGNATURE_NAME    128

struct kmd_signature_data {
	struct kmd_signature pub;
	char key[64];
	char names[KMD_SIGNATURE_FRAMES][KMD_SIGNATURE_NAME];
	const char *frames[KMD_SIGNATURE_FRAMES];
};

/*
 * Each replaces what is in @signature; .pub.n is 0 if there were no frames to use.
 * @last_calls: the kernel's traces name a function whose last instruction is the call.
 */
void kmd_signature_from_stack(const struct kmd_log_panic *panic, const struct kmd_stack *stack,
			      bool last_calls, struct kmd_signature_data *signature);
void kmd_signature_from_trace(const struct kmd_log_panic *panic, const struct kmd_trace *trace,
			      struct kmd_signature_data *signature);

/* "panic", "oops", ...: static texts. */
const char *kmd_reason_name(enum kmd_reason kind);

#endif
