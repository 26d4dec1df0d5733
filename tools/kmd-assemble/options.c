/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "options.h"

#include "common/help.h"

#include <kmemdump/kmd.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: kmd-assemble [OPTION]... INPUT... -o VMCORE\n"
	"       kmd-assemble [OPTION]... INPUT... --list | --dmesg | --check\n"
	"       kmd-assemble [OPTION]... INPUT... --extract=FOLDER [--only=GLOB,...]\n"
	"Assemble the ELF core of a kernel from a minidump (Qualcomm Minidump; kernel side:\n"
	"kmemdump, meminspect) for crash, gdb and drgn.\n"
	"\n"
	"INPUT is a raw dump partition image, a folder of md_*.BIN files, a file made by cat of\n"
	"them, a RAM image, a LiME, AVML or kdump dump, or an ELF core; found by content,\n"
	"compressed, in an archive or not; - is standard input.  --help=inputs lists all forms.\n"
	"FILE@ADDR[,FILE@ADDR]... are RAM images with their physical addresses, all of each.\n"
	"Several INPUTs are files of one dump: DDRCS*.BIN with dump_info.txt, FILE@ADDR, ...\n"
	"\n"
	"Output:\n"
	"  -o, --output=FILE     write the core to FILE; - is standard output\n"
	"  -f, --force           replace FILE if it exists\n"
	"      --extract=FOLDER  write the regions to files of FOLDER\n"
	"      --only=GLOB,...   use only these regions\n"
	"      --exclude=GLOB,...  leave these regions out, and all memory that they hold\n"
	"      --symbols=FILE    write the symbols that the dump itself has as an ELF file\n"
	"      --redact=LIST     overwrite SYMBOL, SYMBOL+SIZE, 0xADDRESS+SIZE or user-data with "
	"'X'\n"
	"  -l, --list            list the regions: state, addresses, size, origin, name\n"
	"      --dmesg           print the kernel log; needs no vmlinux\n"
	"      --check           list what crash, drgn, gdb and makedumpfile can do with the core\n"
	"      --recipe          print a recipe for kmd-mkimage: the regions without their memory\n"
	"      --json            print what these options would print as JSON (docs/json.md)\n"
	"      --complete=LIST   add sections of the vmlinux that were not captured: rodata, "
	"text,\n"
	"                        orc, btf, all; or none\n"
	"      --captured-only   put nothing into the core that was not captured\n"
	"      --no-registers    omit CPU registers (workaround for drgn 0.0.22 and older)\n"
	"\n"
	"%s\n"
	"Messages:\n"
	"  -q, --quiet           print errors only\n"
	"  -v, --verbose         print notes as well\n"
	"      --color=WHEN      colours: auto (on a terminal; not with NO_COLOR), always, never\n"
	"  -h, --help[=TOPIC]    print this text, or one topic: inputs, output, input,\n"
	"                        kernel, messages, exit\n"
	"  -V, --version         print the version, and what this build can read\n"
	"\n"
	"Exit codes: 0 complete, 1 failed, 2 vmlinux of another kernel, 3 assembled but degraded,\n"
	"64 usage.\n";

enum {
	OPT_DMESG = 256,
	OPT_CHECK,
	OPT_NO_REGISTERS,
	OPT_CAPTURED_ONLY,
	OPT_COMPLETE,
	OPT_EXTRACT,
	OPT_ONLY,
	OPT_EXCLUDE,
	OPT_REDACT,
	OPT_JSON,
	OPT_SYMBOLS,
	OPT_RECIPE,
};

static const struct option longs[] = {
	INPUT_LONG_OPTIONS,
	{ "output", required_argument, NULL, 'o' },
	{ "list", no_argument, NULL, 'l' },
	{ "dmesg", no_argument, NULL, OPT_DMESG },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "captured-only", no_argument, NULL, OPT_CAPTURED_ONLY },
	{ "no-registers", no_argument, NULL, OPT_NO_REGISTERS },
	{ "complete", required_argument, NULL, OPT_COMPLETE },
	{ "extract", required_argument, NULL, OPT_EXTRACT },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "exclude", required_argument, NULL, OPT_EXCLUDE },
	{ "redact", required_argument, NULL, OPT_REDACT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "symbols", required_argument, NULL, OPT_SYMBOLS },
	{ "recipe", no_argument, NULL, OPT_RECIPE },
	{ "force", no_argument, NULL, 'f' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", optional_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static bool usage(int *exit_code)
{
	fputs("Try 'kmd-assemble --help'.\n", stderr);
	*exit_code = EXIT_USAGE;
	return false;
}

static bool parse_complete(const char *list, unsigned int *out)
{
	static const struct named_bits names[] = {
		{ "rodata", KMD_COMPLETE_RODATA }, { "text", KMD_COMPLETE_TEXT },
		{ "orc", KMD_COMPLETE_ORC },       { "btf", KMD_COMPLETE_BTF },
		{ "all", KMD_COMPLETE_ALL },       { "none", KMD_COMPLETE_NONE },
	};

	*out = 0;
	if (!parse_list("complete", list, names, sizeof(names) / sizeof(names[0]), out))
		return false;
	if (!(*out & KMD_COMPLETE_NONE) || *out == KMD_COMPLETE_NONE)
		return true;
	fputs("kmd-assemble: --complete: 'none' stands alone\n", stderr);
	return false;
}

/* An empty word is a variable of a script that is not set: it must not select all, or nothing. */
static bool is_list(const char *option)
{
	if (!*optarg)
		fprintf(stderr, "kmd-assemble: --%s: the list is empty\n", option);
	return *optarg;
}

/* Apply one option; false if it is bad. */
static bool apply(int option, struct options *options)
{
	switch (option) {
	case 'o':
		options->output = optarg;
		return true;
	case 'l':
		return options->list = true;
	case OPT_DMESG:
		return options->dmesg = true;
	case OPT_CHECK:
		return options->check = true;
	case OPT_CAPTURED_ONLY:
		return options->captured_only = true;
	case OPT_NO_REGISTERS:
		return options->no_registers = true;
	case OPT_COMPLETE:
		return parse_complete(optarg, &options->complete);
	case OPT_EXTRACT:
		options->extract = optarg;
		return true;
	case OPT_ONLY:
		options->only = optarg;
		return is_list("only");
	case OPT_REDACT:
		options->redact = optarg;
		return is_list("redact");
	case OPT_EXCLUDE:
		options->exclude = optarg;
		return is_list("exclude");
	case OPT_RECIPE:
		return options->recipe = true;
	case OPT_SYMBOLS:
		options->symbols = optarg;
		return true;
	case OPT_JSON:
		return options->json = true;
	case 'f':
		return options->force = true;
	case 'q':
		return options->quiet = true;
	case 'v':
		return options->verbose = true;
	default:
		return input_option(option, &options->in);
	}
}

static bool read_input(int argc, char **argv, struct options *options)
{
	if (!input_arguments(argc, argv, &options->in))
		return false;
	if ((options->output && !*options->output) || (options->extract && !*options->extract) ||
	    (options->symbols && !*options->symbols)) {
		fputs("kmd-assemble: a file name is empty\n", stderr);
		return false;
	}
	if (!options->output && !options->list && !options->dmesg && !options->check &&
	    !options->extract && !options->json && !options->symbols && !options->recipe) {
		fputs("kmd-assemble: no output given: -o FILE, --extract, --symbols, --list, "
		      "--dmesg, --check, --json or --recipe\n",
		      stderr);
		return false;
	}
	return true;
}

bool options_parse(int argc, char **argv, struct options *options, int *exit_code)
{
	int option;

	memset(options, 0, sizeof(*options));
	*exit_code = EXIT_COMPLETE;
	while ((option = getopt_long(argc, argv, INPUT_LETTERS "o:lfqvhV", longs, NULL)) != -1) {
		if (option == 'h')
			return help_print(help, optarg) ? false : usage(exit_code);
		if (option == 'V') {
			version_print();
			return false;
		}
		if (!apply(option, options))
			return usage(exit_code);
	}
	if (options->complete && options->complete != KMD_COMPLETE_NONE && !options->in.vmlinux) {
		fputs("kmd-assemble: --complete requires a vmlinux (-x FILE)\n", stderr);
		return usage(exit_code);
	}
	return read_input(argc, argv, options) || usage(exit_code);
}
