/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* report.h - the report in its forms. */
#ifndef KMD_REPORT_REPORT_H
#define KMD_REPORT_REPORT_H

#include "common/input.h"
#include "facts.h"

#include <stdio.h>

#define KMD_REPORT_SCHEMA "kmd-report-1"

struct report_options {
	struct input_options in;
	bool full; /* all tasks, the whole log */
	bool diff; /* compare two dumps */
	bool json, quiet, verbose;
	const char *html; /* where the page goes; NULL = none */
	bool force;       /* replace an existing file */
};

/* Each returns false if memory is short. */
bool report_text(FILE *out, struct kmd *kmd, const struct report_options *options);
bool report_json(FILE *out, struct kmd *kmd, const struct report_options *options);
bool report_html(FILE *out, struct kmd *kmd, const struct report_options *options);

/* A field of the text, wrapped at blanks. */
void report_field(FILE *out, const char *name, const char *text);

#endif
