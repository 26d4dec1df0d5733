/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* json.h - the report as JSON. */
#ifndef KMD_ASSEMBLE_JSON_H
#define KMD_ASSEMBLE_JSON_H

#include "options.h"

#include <stdio.h>

#define KMD_ASSEMBLE_SCHEMA "kmd-assemble-1"

/* All that is known of an open dump, and what was written; false if that failed. */
bool report_json(FILE *out, const struct kmd *kmd, const struct options *options);

#endif
