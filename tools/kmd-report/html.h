/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* html.h - the parts of the page. */
#ifndef KMD_REPORT_HTML_H
#define KMD_REPORT_HTML_H

#include "report.h"

/* Sections: each prints one, false if memory is short. */
bool html_cpus(FILE *out, struct kmd *kmd, const struct facts *facts, const char *input);
bool html_tasks(FILE *out, struct kmd *kmd, const char *input);
void html_log(FILE *out, struct kmd *kmd, const struct facts *facts, const char *input);
bool html_memory(FILE *out, const struct kmd *kmd);
void html_regions(FILE *out, const struct kmd *kmd);
void html_tools(FILE *out, struct kmd *kmd, bool vmlinux);

/* The drawing of the physical address space. */
bool html_map(FILE *out, const struct kmd *kmd);

/* "1.5 MiB" */
void html_size(FILE *out, uint64_t bytes);

/* A box that filters what @list contains; the page's script shows it. */
void html_filter(FILE *out, const char *list, const char *hint);

#endif
