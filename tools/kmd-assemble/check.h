/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* check.h - what consumers will be able to do with the core. */
#ifndef KMD_ASSEMBLE_CHECK_H
#define KMD_ASSEMBLE_CHECK_H

#include <kmemdump/kmd.h>
#include <stdio.h>

/* A row for each ability of each consumer: yes, part, no or ?, and what is missing. */
void check_print(FILE *out, const struct kmd *kmd);
/* The same in a few lines; @vmlinux: there is one, so that more could not be told. */
void check_summary(FILE *out, const struct kmd *kmd, bool vmlinux);
/* How to start crash: with the most of it that is sure to start. */
const char *check_crash(const struct kmd *kmd);

#endif
