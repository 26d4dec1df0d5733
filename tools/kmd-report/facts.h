/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* facts.h - what the log says besides the reason. */
#ifndef KMD_REPORT_FACTS_H
#define KMD_REPORT_FACTS_H

#include <kmemdump/kmd.h>

/* Texts are copies, printable, NULL where the log has none. */
struct facts {
	char *hardware, *taint, *modules;
	uint64_t uptime; /* nanoseconds: time of the last record; if has_uptime */
	bool has_uptime;
	size_t reason; /* record with the reason; kmd_log_count() = none */
};

/* Reads the log; false if memory is short.  facts_deinit() releases the texts. */
bool facts_read(const struct kmd *kmd, struct facts *facts);
void facts_deinit(struct facts *facts);

#endif
