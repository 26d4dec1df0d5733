/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* output.h - a file that appears whole or not at all. */
#ifndef KMD_TOOLS_OUTPUT_H
#define KMD_TOOLS_OUTPUT_H

#include "input.h"

#include <stdio.h>

/* Writes the content; false if it cannot, without a message: then memory is short. */
typedef bool (*output_fn)(FILE *out, void *user);

/*
 * Write @path with @write: to a temporary file beside it (mode 0600), which is renamed when it is
 * complete.  "-" is standard output; a device or FIFO is written to.  An existing file is replaced
 * only with @force, and a file of the input never.  False, with a message, if it fails.
 */
bool output_write(const char *path, bool force, const struct input_options *input, output_fn write,
		  void *user);

#endif
