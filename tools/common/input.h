/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* input.h - options of the input and the kernel, which all tools share. */
#ifndef KMD_TOOLS_INPUT_H
#define KMD_TOOLS_INPUT_H

#include <getopt.h>
#include <kmemdump/kmd.h>

/* Exit codes; part of the interface, see the man pages. */
enum {
	EXIT_COMPLETE = 0,
	EXIT_FAILED = 1,
	EXIT_MISMATCH = 2,
	EXIT_DEGRADED = 3,
	EXIT_USAGE = 64,
};

/* Long options without a letter; those of a tool itself begin at 256. */
enum {
	OPT_INPUT_FIRST = 512,
	OPT_STRICT = OPT_INPUT_FIRST,
	OPT_ACCEPT,
	OPT_SMEM,
	OPT_RAM_BASE,
	OPT_ROCKCHIP,
	OPT_SUBSYSTEM,
	OPT_UNPACK_LIMIT,
	OPT_LIMIT,
	OPT_ALL_MEMORY,
	OPT_REGISTERS,
	OPT_KASLR_OFFSET,
	OPT_COLOR,
	OPT_INPUT_END,
};

/* For the tool's array of struct option, and its string of letters. */
#define INPUT_LONG_OPTIONS                                                                         \
	{ "vmlinux", required_argument, NULL, 'x' },                                               \
		{ "vmcoreinfo", required_argument, NULL, 'i' },                                    \
		{ "registers", required_argument, NULL, OPT_REGISTERS },                           \
		{ "kaslr-offset", required_argument, NULL, OPT_KASLR_OFFSET },                     \
		{ "machdep", required_argument, NULL, 'm' },                                       \
		{ "accept", required_argument, NULL, OPT_ACCEPT },                                 \
		{ "color", required_argument, NULL, OPT_COLOR },                                   \
		{ "strict", no_argument, NULL, OPT_STRICT },                                       \
		{ "smem", required_argument, NULL, OPT_SMEM },                                     \
		{ "subsystem", required_argument, NULL, OPT_SUBSYSTEM },                           \
		{ "rockchip", required_argument, NULL, OPT_ROCKCHIP },                             \
		{ "ram-base", required_argument, NULL, OPT_RAM_BASE },                             \
		{ "all-memory", no_argument, NULL, OPT_ALL_MEMORY },                               \
		{ "limit", required_argument, NULL, OPT_LIMIT },                                   \
	{                                                                                          \
		"unpack-limit", required_argument, NULL, OPT_UNPACK_LIMIT                          \
	}
#define INPUT_LETTERS "x:i:m:"

#define INPUT_VALUES  16
#define INPUT_LIMITS  4

/* A run-time value that the user gives. */
struct input_value {
	char key[32];
	uint64_t number;
};

struct input_options {
	const char *const *inputs; /* "-" = standard input */
	size_t n_inputs;
	const char *input; /* all of them, for people */
	const char *vmlinux, *vmcoreinfo, *registers;
	struct input_value values[INPUT_VALUES];
	size_t n_values;
	const char *subsystem;
	uint64_t smem, ram_base, rockchip;
	bool has_smem, has_ram_base, has_rockchip;
	uint64_t limits[INPUT_LIMITS]; /* by enum kmd_limit; 0 = the default */
	unsigned int flags;            /* enum kmd_flag, or-ed */
};

/* Name of the tool, for messages; each tool defines it. */
extern const char program_name[];

/* The lines of --help. */
extern const char input_help[];

/* Whether getopt_long() returned an option of the input; and read it: false if it is bad. */
bool input_is_option(int option);
bool input_option(int option, struct input_options *options);
/* The arguments that are no options; false, with a message, if there is none. */
bool input_arguments(int argc, char **argv, struct input_options *options);

/* Set all of them, and @flags as well; false, with a message, if a value has an unknown key. */
bool input_set_options(struct kmd *kmd, const struct input_options *options, unsigned int flags);
enum kmd_status input_open(struct kmd *kmd, const struct input_options *options);

/* Values of options: each prints a message and returns false if the text is invalid. */

/* An address: hexadecimal with or without 0x, as reports and device trees print it. */
bool parse_address(const char *option, const char *text, uint64_t *out);
/* A number of bytes, perhaps with K, M, G or T. */
bool parse_size(const char *option, const char *text, uint64_t *out);

struct named_bits {
	const char *name;
	unsigned int bits;
};

/* Or the bits of names with commas between them into *@out. */
bool parse_list(const char *option, const char *list, const struct named_bits *names, size_t n,
		unsigned int *out);

#endif
