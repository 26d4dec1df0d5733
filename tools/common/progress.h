/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* progress.h - a line on a terminal, and the way out for SIGINT. */
#ifndef KMD_TOOLS_PROGRESS_H
#define KMD_TOOLS_PROGRESS_H

#include <kmemdump/kmd.h>

/* Let the library clean up on SIGINT, SIGTERM and SIGHUP; show long work on a terminal. */
void progress_install(struct kmd *kmd, bool quiet);

/* Take the line away before something else is printed. */
void progress_clear(void);

/*
 * The exit code of a program that ends with @code.  If a signal made it fail, it ends by that
 * signal: the caller must see it.
 */
int progress_exit(int code);

#endif
