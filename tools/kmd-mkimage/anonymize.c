/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "anonymize.h"

#include "common/color.h"
#include "common/progress.h"

#include <stdlib.h>
#include <string.h>

static int fail(const char *sentence)
{
	progress_clear();
	message_begin(COLOR_BAD);
	fprintf(stderr, "%s\n", sentence ? sentence : "out of memory");
	return EXIT_FAILED;
}

/* The same options, but its own file.  The error, or NULL; released by the caller. */
static char *open_dump(struct kmd *kmd, const struct input_options *options, unsigned int flags,
		       bool *good)
{
	enum kmd_status status;

	*good = input_set_options(kmd, options, flags);
	if (!*good)
		return NULL;
	status = input_open(kmd, options);
	progress_clear();
	return status == KMD_OK ? NULL : strdup(kmd_error(kmd));
}

/* A dump that is refused is refused in the copy, too; else its bytes are not those that matter. */
static bool same_error(const char *error, const char *of_copy)
{
	if (error && of_copy) {
		printf("error    as of the dump: %s\n", of_copy);
		return true;
	}
	if (!error && !of_copy)
		return true;
	message_begin(COLOR_WARNING);
	if (error)
		fprintf(stderr, "the dump is refused, and the copy is not: %s\n", error);
	else
		fprintf(stderr, "the copy is refused, and the dump is not: %s\n", of_copy);
	return false;
}

/* The first @n_findings are of the opening. */
static int compare(struct kmd *dump, size_t n_findings, const char *error,
		   const struct anonymize_options *options)
{
	struct input_options in = options->in;
	struct kmd *copy = kmd_new();
	bool good = false, same = false;
	char *of_copy = NULL;

	in.inputs = &options->output;
	in.n_inputs = 1;
	in.input = options->output;
	if (copy)
		of_copy = open_dump(copy, &in, 0, &good);
	if (good)
		same = same_error(error, of_copy) &&
		       (error || same_dump(dump, n_findings, copy, options));
	free(of_copy);
	kmd_free(copy);
	if (!options->quiet)
		printf("next     strings -n 6 %s: look through what is left, then attach it\n",
		       options->output);
	return same ? EXIT_COMPLETE : EXIT_DEGRADED;
}

/* What the copying found, such as a --keep that fits no region; whether there was something. */
static bool print_new(const struct kmd *kmd, size_t n_findings)
{
	const struct kmd_finding *finding;

	for (size_t i = n_findings; (finding = kmd_finding_get(kmd, i)); i++) {
		message_begin(COLOR_WARNING);
		fprintf(stderr, "%s\n", finding->text);
	}
	return kmd_finding_count(kmd) > n_findings;
}

static int run(struct kmd *kmd, const struct anonymize_options *options)
{
	enum kmd_status status;
	size_t n_findings;
	char *error;
	bool good;
	int code;

	progress_install(kmd, options->quiet);
	error = open_dump(kmd, &options->in, KMD_ANONYMIZE, &good);
	if (!good)
		return EXIT_USAGE;
	n_findings = kmd_finding_count(kmd);
	status = kmd_anonymize_path(kmd, options->output, options->keep,
				    options->force ? KMD_OVERWRITE : 0);
	if (status == KMD_OK)
		code = compare(kmd, n_findings, error, options);
	else
		/* Where nothing was read, the reason of that is of more use. */
		code = fail(error && status == KMD_ERR_USAGE ? error : kmd_error(kmd));
	if (status == KMD_OK && print_new(kmd, n_findings))
		code = EXIT_DEGRADED;
	free(error);
	return code;
}

int anonymize(const struct anonymize_options *options)
{
	struct kmd *kmd = kmd_new();
	int code = kmd ? run(kmd, options) : fail(NULL);

	kmd_free(kmd);
	if (fflush(stdout) || ferror(stdout)) {
		perror("kmd-mkimage: standard output");
		code = EXIT_FAILED;
	}
	return progress_exit(code);
}
