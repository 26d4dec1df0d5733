/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kmd-assemble: a kernel minidump to an ELF core. */
#include "check.h"
#include "dmesg.h"
#include "options.h"
#include "progress.h"
#include "report.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const struct kmd *kmd, enum kmd_status status)
{
	progress_clear();
	fprintf(stderr, "kmd-assemble: %s\n", kmd_error(kmd) ? kmd_error(kmd) : "out of memory");
	return status == KMD_ERR_MISMATCH ? EXIT_MISMATCH : EXIT_FAILED;
}

/* Returns false after printing an error if a key is unknown. */
static bool set_values(struct kmd *kmd, const struct options *options)
{
	for (size_t i = 0; i < options->n_values; i++)
		if (kmd_set_value(kmd, options->values[i].key, options->values[i].number) !=
		    KMD_OK) {
			fprintf(stderr, "kmd-assemble: --machdep: %s: '%s'\n", kmd_error(kmd),
				options->values[i].key);
			return false;
		}
	return true;
}

static void set_options(struct kmd *kmd, const struct options *options)
{
	const char *servers = getenv("DEBUGINFOD_URLS");

	kmd_set_flags(kmd, (options->strict ? KMD_STRICT : 0u) | options->accept |
				   (options->no_registers ? KMD_NO_REGISTERS : 0u) |
				   (options->captured_only ? KMD_CAPTURED_ONLY : 0u) |
				   (options->all_memory ? KMD_ALL_MEMORY : 0u));
	if (options->has_smem)
		kmd_set_smem_address(kmd, options->smem);
	if (options->has_ram_base)
		kmd_set_ram_base(kmd, options->ram_base);
	if (options->has_unpack_limit)
		kmd_set_unpack_limit(kmd, options->unpack_limit);
	kmd_set_vmlinux(kmd, options->vmlinux);
	kmd_set_vmcoreinfo(kmd, options->vmcoreinfo);
	kmd_set_registers(kmd, options->registers);
	kmd_set_complete(kmd, options->complete);
	kmd_set_debuginfod(kmd, servers && *servers);
}

static enum kmd_status open_input(struct kmd *kmd, const struct options *options)
{
	if (!strcmp(options->input, "-"))
		return kmd_open_fd(kmd, STDIN_FILENO, "standard input");
	return kmd_open_path(kmd, options->input);
}

static enum kmd_status write_output(struct kmd *kmd, const struct options *options)
{
	if (!options->output)
		return KMD_OK;
	if (!strcmp(options->output, "-"))
		return kmd_assemble_fd(kmd, STDOUT_FILENO);
	return kmd_assemble_path(kmd, options->output, options->force ? KMD_OVERWRITE : 0);
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

	if (!options->check && (options->quiet || !options->output))
		return KMD_OK;
	status = kmd_check(kmd);
	if (status == KMD_OK && options->check) {
		check_print(out, kmd, options->vmlinux);
		if (!options->output)
			report_next(out, kmd, options);
	}
	return status;
}

static int run(struct kmd *kmd, const struct options *options)
{
	FILE *out = report_stream(options);
	enum kmd_status status;
	size_t reported;

	set_options(kmd, options);
	if (!set_values(kmd, options))
		return EXIT_USAGE;
	progress_install(kmd, options->quiet);
	status = open_input(kmd, options);
	progress_clear();
	if (!options->quiet)
		report_findings(stderr, kmd, 0, options->verbose);
	if (status != KMD_OK)
		return fail(kmd, status);
	reported = kmd_finding_count(kmd);
	if (options->list)
		report_list(out, kmd);
	if (options->dmesg && (status = dmesg_print(out, kmd, options->verbose)) != KMD_OK)
		return fail(kmd, status);
	status = write_output(kmd, options);
	progress_clear();
	if (!options->quiet)
		report_findings(stderr, kmd, reported, options->verbose);
	if (status != KMD_OK)
		return fail(kmd, status);
	if ((status = check(out, kmd, options)) != KMD_OK)
		return fail(kmd, status);
	if (!options->quiet && options->output)
		report_end(out, kmd, options);
	if (fflush(out) || ferror(out)) {
		perror("kmd-assemble: standard output");
		/* The core, if one was asked for, was written nevertheless. */
		if (!options->output)
			return EXIT_FAILED;
	}
	return kmd_is_degraded(kmd) ? EXIT_DEGRADED : EXIT_COMPLETE;
}

/* The caller must see that a signal ended the program. */
static int end_by_signal(int code)
{
	if (progress_signal() && code == EXIT_FAILED) {
		signal(progress_signal(), SIG_DFL);
		raise(progress_signal());
	}
	return code;
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
	return end_by_signal(code);
}
