/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* check.h - what consumers can do with the core; kmd_check() must have been called. */
#ifndef KMD_ASSEMBLE_CHECK_H
#define KMD_ASSEMBLE_CHECK_H

#include <kmemdump/kmd.h>
#include <stdio.h>

/*
 * A row for each ability of each consumer: yes, part, no or ?, and what is missing.  Without
 * a vmlinux the unknown ones are only counted.
 */
void check_print(FILE *out, const struct kmd *kmd, bool vmlinux);
/* The same in a few lines. */
void check_summary(FILE *out, const struct kmd *kmd, bool vmlinux);
/* The state of the consumer's row "start"; KMD_READY_FAILS if it has none. */
enum kmd_ready_state check_start(const struct kmd *kmd, const char *consumer);
/* The command line that starts crash with most abilities, or NULL if none is known to start. */
const char *check_crash(const struct kmd *kmd);
/* The least that a consumer which does not start lacks; "" if all start. */
const char *check_start_lacks(const struct kmd *kmd);

#endif
