/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* json.h - members that the report and the difference have. */
#ifndef KMD_REPORT_JSON_H
#define KMD_REPORT_JSON_H

#include "common/json.h"
#include "report.h"

json_t *report_json_kernel(const struct kmd *kmd, const struct facts *facts);
/* NULL where there is none. */
json_t *report_json_signature(struct kmd *kmd);

#endif
