/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* options.h - the command line. */
#ifndef KMD_ASSEMBLE_OPTIONS_H
#define KMD_ASSEMBLE_OPTIONS_H

#include "common/input.h"

struct options {
	struct input_options in;
	const char *output;         /* NULL = none, "-" = standard output */
	const char *only, *exclude; /* globs with commas between them; NULL = none */
	const char *redact;         /* symbols and ranges; NULL = none */
	const char *extract;        /* folder; NULL = none */
	const char *symbols;        /* file for the kernel's own symbols; NULL = none */
	unsigned int complete;      /* enum kmd_complete, or-ed */
	bool list, dmesg, check, json, recipe, no_registers, captured_only, force, quiet, verbose;
};

/* True to go on; else exit with *@exit_code. */
bool options_parse(int argc, char **argv, struct options *options, int *exit_code);

#endif
