/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* dmesg.h - the kernel log on a terminal or in a pipe. */
#ifndef KMD_ASSEMBLE_DMESG_H
#define KMD_ASSEMBLE_DMESG_H

#include <kmemdump/kmd.h>

#include <stdbool.h>
#include <stdio.h>

/*
 * Print the log: "[    1.234567] text" for each line, as the kernel's console does; with
 * @callers "[    1.234567] [    T1] text", T a thread and C a CPU.  Control characters become
 * \xNN.
 */
enum kmd_status dmesg_print(FILE *out, struct kmd *kmd, bool callers);

#endif
