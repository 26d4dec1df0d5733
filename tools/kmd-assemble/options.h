/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* options.h - the command line. */
#ifndef KMD_ASSEMBLE_OPTIONS_H
#define KMD_ASSEMBLE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes; part of the interface, see the man page. */
enum {
	EXIT_COMPLETE = 0,
	EXIT_FAILED = 1,
	EXIT_MISMATCH = 2,
	EXIT_DEGRADED = 3,
	EXIT_USAGE = 64,
};

#define OPTIONS_VALUES 16

/* A run-time value that the user gives. */
struct value {
	char key[32];
	uint64_t number;
};

struct options {
	const char *input;  /* "-" = standard input */
	const char *output; /* NULL = none, "-" = standard output */
	const char *vmlinux, *vmcoreinfo, *registers;
	struct value values[OPTIONS_VALUES];
	size_t n_values;
	uint64_t smem, ram_base, unpack_limit;
	unsigned int complete; /* enum kmd_complete, or-ed */
	unsigned int accept;   /* enum kmd_flag, or-ed */
	bool has_smem, has_ram_base, has_unpack_limit;
	bool list, dmesg, check, no_registers, captured_only, all_memory, strict, force, quiet,
		verbose;
};

/* True to go on; else exit with *@exit_code. */
bool options_parse(int argc, char **argv, struct options *options, int *exit_code);

#endif
