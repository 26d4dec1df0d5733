/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* table.h - which objects each consumer needs for what. */
#ifndef KMD_CONSUMER_TABLE_H
#define KMD_CONSUMER_TABLE_H

#include "consumer/objects.h"

struct kmd_requirement {
	const char *consumer, *ability;
	enum kmd_xlate mode;
	/* Sets of objects, bit n being object n.  Where one of .needs is absent it fails, where one
	 * of .wants is it shows less; with one of .doubts it is not known whether it fails. */
	uint64_t needs, wants, doubts;
};

/* The first row of each consumer is "start", on which its others depend. */
extern const struct kmd_requirement kmd_requirements[];
extern const size_t kmd_n_requirements;

#endif
