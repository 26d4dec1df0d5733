/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kmd-mkimage: dumps, made of a recipe or of another dump. */
#include "anonymize.h"
#include "common/color.h"
#include "common/help.h"
#include "mkdump/make.h"

#include <stdlib.h>
#include <string.h>

const char program_name[] = "kmd-mkimage";

static const char help[] =
	"Usage: kmd-mkimage RECIPE OUTPUT\n"
	"       kmd-mkimage --anonymize [OPTION]... INPUT... OUTPUT\n"
	"Make the dump, good or damaged, that a recipe describes; - is standard input.\n"
	"kmd-assemble --recipe prints the recipe of a dump.  kmd-mkimage(1) has the language.\n"
	"Or make a copy of a dump that holds its structure and damage, but not its memory:\n"
	"it can be attached to a report of an error.\n"
	"\n"
	"Anonymize:\n"
	"  -a, --anonymize       copy the dump INPUT, with zeroes in place of memory\n"
	"      --keep=GLOB,...   but keep the content of these regions\n"
	"  -f, --force           replace OUTPUT if it is a file\n"
	"\n"
	"%s\n"
	"Messages:\n"
	"  -q, --quiet           print only what differs, and errors\n"
	"      --color=WHEN      colours: auto (on a terminal; not with NO_COLOR), always, never\n"
	"  -h, --help[=TOPIC]    print this text, or one topic: inputs, anonymize, input,\n"
	"                        kernel, messages, exit\n"
	"  -V, --version         print the version, and what this build can read\n"
	"\n"
	"Exit codes: 0 complete, 1 failed, 3 the copy does not open with the same findings,\n"
	"64 usage.\n";

enum { OPT_KEEP = 256 };

static const struct option longs[] = {
	INPUT_LONG_OPTIONS,
	{ "anonymize", no_argument, NULL, 'a' },
	{ "keep", required_argument, NULL, OPT_KEEP },
	{ "force", no_argument, NULL, 'f' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", optional_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int usage(const char *what)
{
	if (what)
		fprintf(stderr, "kmd-mkimage: %s\n", what);
	fputs("Try 'kmd-mkimage --help'.\n", stderr);
	return EXIT_USAGE;
}

/* False if the option is bad. */
static bool apply(int option, struct anonymize_options *options, bool *copy)
{
	switch (option) {
	case 'a':
		return *copy = true;
	case OPT_KEEP:
		options->keep = optarg;
		return true;
	case 'f':
		return options->force = true;
	case 'q':
		return options->quiet = true;
	default:
		return input_option(option, &options->in);
	}
}

static int make(int argc, char **argv)
{
	if (argc - optind != 2)
		return usage("a recipe and an output are needed");
	make_dump(argv[optind], argv[optind + 1]);
	return EXIT_COMPLETE;
}

static int copy_dump(int argc, char **argv, struct anonymize_options *options)
{
	if (argc - optind < 2)
		return usage("a dump and an output are needed");
	options->output = argv[argc - 1];
	if (!*options->output)
		return usage("a file name is empty");
	if (!input_arguments(argc - 1, argv, &options->in))
		return usage(NULL);
	return anonymize(options);
}

int main(int argc, char **argv)
{
	struct anonymize_options options = { 0 };
	bool copy = false, other = false;
	int option;

	while ((option = getopt_long(argc, argv, INPUT_LETTERS "afqhV", longs, NULL)) != -1) {
		if (option == 'h')
			return help_print(help, optarg) ? EXIT_COMPLETE : usage(NULL);
		if (option == 'V') {
			version_print();
			return EXIT_COMPLETE;
		}
		if (!apply(option, &options, &copy))
			return usage(NULL);
		other |= option != 'a' && option != OPT_COLOR;
	}
	if (!copy && other)
		return usage("this option needs --anonymize");
	return copy ? copy_dump(argc, argv, &options) : make(argc, argv);
}
