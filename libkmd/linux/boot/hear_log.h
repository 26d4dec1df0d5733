/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* hear_log.h - what the log says of values that are known already. */
#ifndef KMD_LINUX_BOOT_HEAR_LOG_H
#define KMD_LINUX_BOOT_HEAR_LOG_H

#include "linux/boot/boot.h"
#include "linux/printk/log.h"

/* Adds a witness to values that the panic's lines confirm; another number is a finding. */
enum kmd_status kmd_boot_hear_log(const struct kmd_log *log, struct kmd_diag *diag,
				  struct kmd_boot *boot);

#endif
