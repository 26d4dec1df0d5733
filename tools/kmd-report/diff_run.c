/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kmd-report --diff: opens both dumps. */
#include "common/json.h"
#include "common/progress.h"
#include "diff.h"

#include <stdlib.h>
#include <string.h>

static int fail(const struct kmd *kmd, enum kmd_status status)
{
	progress_clear();
	fprintf(stderr, "kmd-report: %s\n", kmd_error(kmd) ? kmd_error(kmd) : "out of memory");
	return status == KMD_ERR_MISMATCH ? EXIT_MISMATCH : EXIT_FAILED;
}

static int fail_side(const struct diff_side *side, enum kmd_status status, bool json)
{
	if (json && side->kmd)
		json_print_error(stdout, DIFF_SCHEMA, side->kmd, &side->in);
	return fail(side->kmd, status);
}

static enum kmd_status open_side(struct diff_side *side, bool quiet)
{
	enum kmd_status status;

	side->kmd = kmd_new();
	if (!side->kmd)
		return KMD_ERR_MEMORY;
	if (!input_set_options(side->kmd, &side->in, 0))
		return KMD_ERR_USAGE;
	progress_install(side->kmd, quiet);
	status = input_open(side->kmd, &side->in);
	if (status != KMD_OK)
		return status;
	/* What is missing is missing from the comparison. */
	kmd_log_load(side->kmd);
	return KMD_OK;
}

/* The vmlinux is that of one of them: the other can be compared without. */
static enum kmd_status open_without(struct diff_side *side, bool quiet)
{
	side->no_vmlinux = strdup(kmd_error(side->kmd));
	if (!side->no_vmlinux)
		return KMD_ERR_MEMORY;
	side->in.vmlinux = NULL;
	kmd_free(side->kmd);
	return open_side(side, quiet);
}

static int open_both(struct diff *diff, const struct report_options *options)
{
	enum kmd_status status[SIDES];

	for (int i = 0; i < SIDES; i++) {
		struct diff_side *side = &diff->sides[i];

		side->in = options->in;
		side->in.inputs = &options->in.inputs[i];
		side->in.n_inputs = 1;
		side->in.input = options->in.inputs[i];
		status[i] = open_side(side, options->quiet);
		if (status[i] == KMD_ERR_USAGE)
			return EXIT_USAGE;
		if (status[i] != KMD_OK && (status[i] != KMD_ERR_MISMATCH || !side->in.vmlinux))
			return fail_side(side, status[i], options->json);
	}
	if (status[0] != KMD_OK && status[1] != KMD_OK)
		return fail_side(&diff->sides[0], status[0], options->json);
	for (int i = 0; i < SIDES; i++) {
		struct diff_side *side = &diff->sides[i];

		if (status[i] == KMD_OK)
			continue;
		status[i] = open_without(side, options->quiet);
		if (status[i] != KMD_OK)
			return fail_side(side, status[i], options->json);
	}
	return EXIT_COMPLETE;
}

static int print(const struct diff *diff, const struct report_options *options)
{
	progress_clear();
	if (!options->json)
		diff_text(stdout, diff, options->full);
	else if (!diff_json(stdout, diff))
		return fail(NULL, KMD_ERR_MEMORY);
	if (fflush(stdout) || ferror(stdout)) {
		perror("kmd-report: standard output");
		return EXIT_FAILED;
	}
	return kmd_is_degraded(diff->sides[0].kmd) || kmd_is_degraded(diff->sides[1].kmd)
		       ? EXIT_DEGRADED
		       : EXIT_COMPLETE;
}

int diff_run(const struct report_options *options)
{
	struct diff diff = { 0 };
	int code = open_both(&diff, options);

	if (code == EXIT_COMPLETE)
		code = diff_make(&diff) ? print(&diff, options) : fail(NULL, KMD_ERR_MEMORY);
	diff_deinit(&diff);
	return code;
}
