/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* anonymize.h - a dump of the same structure without its memory. */
#ifndef KMD_MKIMAGE_ANONYMIZE_H
#define KMD_MKIMAGE_ANONYMIZE_H

#include "common/input.h"

struct anonymize_options {
	struct input_options in;
	const char *output, *keep;
	bool force, quiet;
};

/* Write it, and compare what the library says of both.  The exit code. */
int anonymize(const struct anonymize_options *options);

/* Findings and regions of a dump and of its copy; prints what differs.  True if nothing does. */
bool same_dump(struct kmd *dump, size_t n_findings, struct kmd *copy,
	       const struct anonymize_options *options);

#endif
