/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kmd-report: why a kernel died, from its minidump, as a text, as JSON or as a page. */
#include "common/color.h"
#include "common/help.h"
#include "common/json.h"
#include "common/output.h"
#include "common/progress.h"
#include "diff.h"

#include <string.h>

const char program_name[] = "kmd-report";

static const char help[] =
	"Usage: kmd-report [OPTION]... INPUT...\n"
	"       kmd-report --diff [OPTION]... A B\n"
	"Report why a kernel died: reason, signature, registers and backtraces of the CPUs, tasks\n"
	"that are blocked, and the end of the log.\n"
	"\n"
	"INPUT is any dump that kmd-assemble opens, or a core that it wrote; - is standard input.\n"
	"\n"
	"Report:\n"
	"      --full            all tasks with their backtraces, and the whole log\n"
	"      --json            print JSON, as docs/json.md describes it\n"
	"      --html=FILE       write a page for a browser to FILE; - is standard output\n"
	"  -f, --force           replace FILE if it exists\n"
	"      --diff            compare two dumps, as a text or as JSON; with -x, also variables\n"
	"\n"
	"%s\n"
	"Messages:\n"
	"  -q, --quiet           print errors only\n"
	"  -v, --verbose         print notes as well\n"
	"      --color=WHEN      colours: auto (on a terminal; not with NO_COLOR), always, never\n"
	"  -h, --help[=TOPIC]    print this text, or one topic: inputs, report, input,\n"
	"                        kernel, messages, exit\n"
	"  -V, --version         print the version, and what this build can read\n"
	"\n"
	"Exit codes: 0 complete, 1 failed, 2 vmlinux of another kernel, 3 the dump is damaged,\n"
	"64 usage.\n";

enum {
	OPT_FULL = 256,
	OPT_JSON,
	OPT_HTML,
	OPT_DIFF,
};

static const struct option longs[] = {
	INPUT_LONG_OPTIONS,
	{ "full", no_argument, NULL, OPT_FULL },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "html", required_argument, NULL, OPT_HTML },
	{ "diff", no_argument, NULL, OPT_DIFF },
	{ "force", no_argument, NULL, 'f' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", optional_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static bool apply(int option, struct report_options *options)
{
	switch (option) {
	case OPT_FULL:
		return options->full = true;
	case OPT_JSON:
		return options->json = true;
	case OPT_HTML:
		options->html = optarg;
		return true;
	case OPT_DIFF:
		return options->diff = true;
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

static bool is_consistent(const struct report_options *options)
{
	const char *wrong = NULL;

	if (options->json && options->html && !strcmp(options->html, "-"))
		wrong = "--json and --html=- both need standard output";
	else if (options->html && !*options->html)
		wrong = "a file name is empty";
	else if (options->diff && options->in.n_inputs != 2)
		wrong = "--diff needs two inputs";
	else if (options->diff && options->html)
		wrong = "--diff has no page";
	else if (options->diff && options->in.registers)
		wrong = "--registers cannot be those of two dumps";
	if (wrong)
		fprintf(stderr, "kmd-report: %s\n", wrong);
	return !wrong;
}

/* True to go on; else exit with *@exit_code. */
static bool parse(int argc, char **argv, struct report_options *options, int *exit_code)
{
	bool good = true;
	int option;

	memset(options, 0, sizeof(*options));
	*exit_code = EXIT_COMPLETE;
	while (good &&
	       (option = getopt_long(argc, argv, INPUT_LETTERS "fqvhV", longs, NULL)) != -1) {
		if (option == 'V')
			version_print();
		if (option == 'V' || (option == 'h' && help_print(help, optarg)))
			return false;
		good = apply(option, options);
	}
	if (good && input_arguments(argc, argv, &options->in) && is_consistent(options))
		return true;
	fputs("Try 'kmd-report --help'.\n", stderr);
	*exit_code = EXIT_USAGE;
	return false;
}

static int fail(const struct kmd *kmd, enum kmd_status status)
{
	progress_clear();
	message_begin(COLOR_BAD);
	fprintf(stderr, "%s\n", kmd_error(kmd) ? kmd_error(kmd) : "out of memory");
	return status == KMD_ERR_MISMATCH ? EXIT_MISMATCH : EXIT_FAILED;
}

struct page {
	struct kmd *kmd;
	const struct report_options *options;
};

static bool write_page(FILE *out, void *user)
{
	const struct page *page = user;

	return report_html(out, page->kmd, page->options);
}

/* The page takes the place of the text, not that of JSON. */
static int print(struct kmd *kmd, const struct report_options *options)
{
	struct page page = { kmd, options };
	bool good = true;

	if (options->html &&
	    !output_write(options->html, options->force, &options->in, write_page, &page))
		return EXIT_FAILED;
	if (options->json)
		good = report_json(stdout, kmd, options);
	else if (!options->html)
		good = report_text(stdout, kmd, options);
	if (!good)
		return fail(NULL, KMD_ERR_MEMORY);
	if (fflush(stdout) || ferror(stdout)) {
		perror("kmd-report: standard output");
		return EXIT_FAILED;
	}
	return kmd_is_degraded(kmd) ? EXIT_DEGRADED : EXIT_COMPLETE;
}

static int run(struct kmd *kmd, const struct report_options *options)
{
	enum kmd_status status;

	if (!input_set_options(kmd, &options->in, 0))
		return EXIT_USAGE;
	progress_install(kmd, options->quiet);
	status = input_open(kmd, &options->in);
	if (status != KMD_OK) {
		if (options->json)
			json_print_error(stdout, KMD_REPORT_SCHEMA, kmd, &options->in);
		return fail(kmd, status);
	}
	/* What is missing is missing from the report. */
	kmd_log_load(kmd);
	kmd_tasks_load(kmd);
	progress_clear();
	return print(kmd, options);
}

int main(int argc, char **argv)
{
	struct report_options options;
	struct kmd *kmd;
	int code;

	if (!parse(argc, argv, &options, &code))
		return code;
	if (options.diff)
		return progress_exit(diff_run(&options));
	kmd = kmd_new();
	code = kmd ? run(kmd, &options) : fail(NULL, KMD_ERR_MEMORY);
	kmd_free(kmd);
	return progress_exit(code);
}
