/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* report.h - what the command prints about a dump. */
#ifndef KMD_ASSEMBLE_REPORT_H
#define KMD_ASSEMBLE_REPORT_H

#include "options.h"

#include <kmemdump/kmd.h>
#include <stdio.h>

/* The region table, a row a region. */
void report_list(FILE *out, const struct kmd *kmd);

/* Names of enum kmd_origin, with commas between them. */
void report_origins(unsigned int set, char *out, size_t size);

/* Findings from number @first on: damage always, notes if asked for. */
void report_findings(FILE *out, const struct kmd *kmd, size_t first, bool notes);

/* The commands to type next; kmd_check() has been called. */
void report_next(FILE *out, const struct kmd *kmd, const struct options *options);

/* A few lines at the end: regions, kernel, what was written, what to type next. */
void report_end(FILE *out, const struct kmd *kmd, const struct options *options);

#endif
