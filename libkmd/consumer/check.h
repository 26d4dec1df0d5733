/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ready.h - what each consumer will be able to do with the core, and what it lacks.
 *
 * Which objects a consumer reads for which command was found by tracing it and by taking
 * objects away; the table of it is table.c.  An object that this kernel does not have is not
 * needed.
 */
#ifndef KMD_CONSUMER_CHECK_H
#define KMD_CONSUMER_CHECK_H

#include "cpu/cpus.h"
#include "target/views.h"

/* What the core will hold and what is known of the kernel. */
struct kmd_consumer_input {
	const struct kmd_memory *memory; /* with what is supplied */
	const struct kmd_views *views;
	const struct kmd_kernel_facts *facts;
	const struct kmd_vmcoreinfo *info;
	const struct kmd_runtime *runtime;
	const struct kmd_vmlinux *vmlinux; /* NULL: only what VMCOREINFO tells can be judged */
	const struct kmd_cpus *cpus;       /* whose registers are known */
};

#define KMD_CONSUMER_MISSING 384

struct kmd_consumer_row {
	struct kmd_readiness pub;
	char missing[KMD_CONSUMER_MISSING];
};

struct kmd_consumer_report {
	struct kmd_consumer_row *rows;
	size_t n;
};

/* Judge each ability of each consumer.  Reads debug information where there is some. */
enum kmd_status kmd_consumers_check(const struct kmd_consumer_input *input, struct kmd_diag *diag,
				    struct kmd_consumer_report *ready);
void kmd_consumer_report_deinit(struct kmd_consumer_report *ready);

#endif
