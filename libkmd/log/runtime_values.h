/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* hear_log.h - what the log says of values that are known already. */
#ifndef KMD_LOG_RUNTIME_VALUES_H
#define KMD_LOG_RUNTIME_VALUES_H

#include "kernel/runtime.h"
#include "log/log.h"

/* Adds a witness to values that the panic's lines confirm; another number is a finding. */
enum kmd_status kmd_runtime_confirm_from_log(const struct kmd_log *log, struct kmd_diag *diag,
					     struct kmd_runtime *runtime);

#endif
