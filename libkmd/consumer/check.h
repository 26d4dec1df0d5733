/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * check.h - what each consumer can do with the core, and what it lacks.
 *
 * Which objects a consumer reads for which command was found by tracing it and by taking
 * objects away; the table of it is table.c.  An object that this kernel does not have is not
 * needed.
 */
#ifndef KMD_CONSUMER_CHECK_H
#define KMD_CONSUMER_CHECK_H

#include "cpu/cpus.h"
#include "target/target.h"

#define KMD_CONSUMER_MISSING 384

struct kmd_consumer_row {
	struct kmd_readiness pub;
	char missing[KMD_CONSUMER_MISSING];
};

struct kmd_consumer_report {
	struct kmd_consumer_row *rows;
	size_t n;
};

/*
 * Check each ability of each consumer on @target, whose memory includes what is supplied and
 * whose types were read.  @cpus are those whose registers are known.
 */
enum kmd_status kmd_consumers_check(const struct kmd_target *target, const struct kmd_cpus *cpus,
				    struct kmd_diag *diag, struct kmd_consumer_report *report);
/*
 * The same of a core whose objects are there, but for those that @missing names: an array by
 * enum kmd_object.  Those that the machine does not have are not missing.
 */
enum kmd_status kmd_consumers_predict(const char *const *missing, uint16_t machine,
				      struct kmd_diag *diag, struct kmd_consumer_report *report);
void kmd_consumer_report_deinit(struct kmd_consumer_report *report);

#endif
