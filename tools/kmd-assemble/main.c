/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kmd-assemble: a kernel minidump to an ELF core. */
#include "check.h"
#include "common/color.h"
#include "common/json.h"
#include "common/progress.h"
#include "dmesg.h"
#include "json.h"
#include "options.h"
#include "recipe.h"
#include "report.h"
#include "symbols.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char program_name[] = "kmd-assemble";

static int fail(const struct kmd *kmd, enum kmd_status status)
{
	progress_clear();
	message_begin(COLOR_BAD);
	fprintf(stderr, "%s\n", kmd_error(kmd) ? kmd_error(kmd) : "out of memory");
	return status == KMD_ERR_MISMATCH ? EXIT_MISMATCH : EXIT_FAILED;
}

static enum kmd_status write_output(struct kmd *kmd, const struct options *options)
{
	if (!options->output)
		return KMD_OK;
	if (!strcmp(options->output, "-"))
		return kmd_assemble_fd(kmd, STDOUT_FILENO);
	return kmd_assemble_path(kmd, options->output, options->force ? KMD_OVERWRITE : 0);
}

/* The core, and the folder of region files. */
static enum kmd_status write_outputs(struct kmd *kmd, const struct options *options)
{
	enum kmd_status status = write_output(kmd, options);

	if (status == KMD_OK && options->extract)
		status = kmd_extract_path(kmd, options->extract, NULL,
					  options->force ? KMD_OVERWRITE : 0);
	return status;
}

/* List and report go to standard output, unless the core does. */
static FILE *report_stream(const struct options *options)
{
	return options->output && !strcmp(options->output, "-") ? stderr : stdout;
}

/* The table if it is asked for; the end report has a shorter form. */
static enum kmd_status check(FILE *out, struct kmd *kmd, const struct options *options)
{
	enum kmd_status status;

	if (!options->check && ((options->quiet && !options->json) || !options->output))
		return KMD_OK;
	status = kmd_check(kmd);
	if (status == KMD_OK && options->check && !options->json) {
		check_print(out, kmd, options->in.vmlinux);
		if (!options->output)
			report_next(out, kmd, options);
	}
	return status;
}

static enum kmd_status print_log(FILE *out, struct kmd *kmd, const struct options *options)
{
	return options->json ? kmd_log_load(kmd) : dmesg_print(out, kmd, options->verbose);
}

static int run(struct kmd *kmd, const struct options *options)
{
	FILE *out = report_stream(options);
	enum kmd_status status;
	size_t reported;

	kmd_set_complete(kmd, options->complete);
	kmd_set_only(kmd, options->only);
	kmd_set_exclude(kmd, options->exclude);
	kmd_set_redact(kmd, options->redact);
	if (!input_set_options(kmd, &options->in,
			       (options->no_registers ? KMD_NO_REGISTERS : 0u) |
				       (options->captured_only ? KMD_CAPTURED_ONLY : 0u)))
		return EXIT_USAGE;
	progress_install(kmd, options->quiet);
	status = input_open(kmd, &options->in);
	progress_clear();
	if (!options->quiet)
		report_findings(stderr, kmd, 0, options->verbose);
	if (status != KMD_OK && options->json)
		json_print_error(out, KMD_ASSEMBLE_SCHEMA, kmd, &options->in);
	if (status != KMD_OK)
		return fail(kmd, status);
	reported = kmd_finding_count(kmd);
	if (options->list && !options->json)
		report_list(out, kmd);
	if (options->dmesg && (status = print_log(out, kmd, options)) != KMD_OK)
		return fail(kmd, status);
	status = write_outputs(kmd, options);
	progress_clear();
	if (!options->quiet)
		report_findings(stderr, kmd, reported, options->verbose);
	if (status != KMD_OK)
		return fail(kmd, status);
	if (options->recipe)
		recipe_print(out, kmd, options);
	if (options->symbols && !symbols_write(kmd, options))
		return EXIT_FAILED;
	if ((status = check(out, kmd, options)) != KMD_OK)
		return fail(kmd, status);
	if (options->json && !report_json(out, kmd, options))
		perror("kmd-assemble: standard output");
	else if (!options->json && !options->quiet && options->output)
		report_end(out, kmd, options);
	if (fflush(out) || ferror(out)) {
		perror("kmd-assemble: standard output");
		/* The core, if one was asked for, was written nevertheless. */
		if (!options->output)
			return EXIT_FAILED;
	}
	return kmd_is_degraded(kmd) ? EXIT_DEGRADED : EXIT_COMPLETE;
}

int main(int argc, char **argv)
{
	struct options options;
	struct kmd *kmd;
	int code;

	if (!options_parse(argc, argv, &options, &code))
		return code;
	if (options.output && !strcmp(options.output, "-") && isatty(STDOUT_FILENO)) {
		fputs("kmd-assemble: refusing to write a core to a terminal; redirect standard "
		      "output\n",
		      stderr);
		return EXIT_USAGE;
	}
	kmd = kmd_new();
	if (!kmd) {
		fputs("kmd-assemble: out of memory\n", stderr);
		return EXIT_FAILED;
	}
	code = run(kmd, &options);
	kmd_free(kmd);
	return progress_exit(code);
}
