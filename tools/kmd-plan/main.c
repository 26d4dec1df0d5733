/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kmd-plan VMLINUX NAME=NUMBER...: what kmd-collect --plan prints. */
#include "common/help.h"
#include "common/input.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <kmemdump/kmd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char program_name[] = "kmd-plan";

static const char help[] =
	"Usage: kmd-plan VMLINUX NAME=NUMBER...\n"
	"Print which answers a dump within limits has.  kmd-collect --plan runs it, and its man\n"
	"page has what the limits mean.\n"
	"\n"
	"Limits:\n"
	"  bytes, slots          of what firmware saves\n"
	"  cpus, ram, tasks, modules, log\n"
	"                        of the machine\n"
	"  driver-regions, driver-bytes\n"
	"                        of what drivers register\n"
	"\n"
	"Messages:\n"
	"  -h, --help[=TOPIC]    print this text, or one topic: limits, messages, exit\n"
	"  -V, --version         print the version, and what this build can read\n"
	"\n"
	"Exit codes: 0 complete, 1 failed, 64 usage.\n";

static const struct option longs[] = {
	{ "help", optional_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

struct field {
	const char *name;
	uint64_t *to;
};

static int parse(const struct field *fields, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(fields[i].name);
		char *end;

		if (strncmp(word, fields[i].name, length) != 0 || word[length] != '=')
			continue;
		errno = 0;
		*fields[i].to = strtoull(word + length + 1, &end, 0);
		return !errno && end != word + length + 1 && !*end;
	}
	return 0;
}

static void print_parts(const struct kmd_budget *budget)
{
	printf("%-22s %8s %12s\n", "PART, AT MOST", "SLOTS", "BYTES");
	for (size_t i = 0; i < KMD_BUDGET_PARTS; i++) {
		const struct kmd_budget_part *part = &budget->parts[i];

		printf("%-22s %8" PRIu64 " %12" PRIu64 "  %s\n", part->name, part->slots,
		       part->bytes, part->fits ? "fits" : "-");
	}
}

static void print_answers(const struct kmd *kmd)
{
	const struct kmd_readiness *row;

	printf("\n%-26s %-15s %-5s %s\n", "CONSUMER", "ABILITY", "WORKS", "WITHOUT");
	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++)
		printf("%-26s %-15s %-5s %s\n", row->consumer, row->ability,
		       row->state == KMD_READY_WORKS    ? "yes"
		       : row->state == KMD_READY_PARTLY ? "part"
		       : row->state == KMD_READY_FAILS  ? "no"
							: "?",
		       row->state == KMD_READY_WORKS ? "-" : row->missing);
}

static void print_next(const struct kmd_budget *budget)
{
	printf("\nload     kmemdump-load -l %s -M %" PRIu64 " -b BACKEND -r %" PRIu64 "\n",
	       budget->level, budget->bytes, budget->slots);
	printf("or       modprobe kmemdump level=%s max_bytes=%" PRIu64
	       ", and the backend with max_regions=%" PRIu64 " (kmemdump_reserved: regions=)\n",
	       budget->level, budget->bytes, budget->slots);
	printf("left     %" PRIu64 " bytes\n", budget->bytes_free);
}

static int fail(struct kmd *kmd, const char *vmlinux)
{
	const char *error = kmd_error(kmd);

	/* Some sentences begin with the file. */
	if (error && strstr(error, vmlinux))
		fprintf(stderr, "kmd-collect: %s\n", error);
	else
		fprintf(stderr, "kmd-collect: %s: %s\n", vmlinux, error ? error : "out of memory");
	return EXIT_FAILED;
}

static int usage(void)
{
	fputs("Try 'kmd-plan --help'.\n", stderr);
	return EXIT_USAGE;
}

static int plan(const char *vmlinux, const struct kmd_limits *limits)
{
	struct kmd *kmd = kmd_new();
	struct kmd_budget budget;
	int code = EXIT_COMPLETE;

	if (!kmd || kmd_set_vmlinux(kmd, vmlinux) != KMD_OK ||
	    kmd_budget(kmd, limits, &budget) != KMD_OK) {
		code = kmd ? fail(kmd, vmlinux) : EXIT_FAILED;
	} else {
		print_parts(&budget);
		print_answers(kmd);
		print_next(&budget);
		if (fflush(stdout) || ferror(stdout)) {
			perror("kmd-collect: standard output");
			code = EXIT_FAILED;
		}
	}
	kmd_free(kmd);
	return code;
}

/* False if a word is no limit. */
static bool parse_limits(int argc, char **argv, struct kmd_limits *limits)
{
	const struct field fields[] = {
		{ "bytes", &limits->bytes },
		{ "slots", &limits->slots },
		{ "cpus", &limits->cpus },
		{ "ram", &limits->ram },
		{ "tasks", &limits->tasks },
		{ "modules", &limits->modules },
		{ "log", &limits->log },
		{ "driver-regions", &limits->driver_regions },
		{ "driver-bytes", &limits->driver_bytes },
	};

	for (int i = 1; i < argc; i++)
		if (!parse(fields, sizeof(fields) / sizeof(fields[0]), argv[i])) {
			fprintf(stderr, "kmd-plan: '%s' is no limit with its number\n", argv[i]);
			return false;
		}
	return true;
}

int main(int argc, char **argv)
{
	struct kmd_limits limits = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "hV", longs, NULL)) != -1) {
		if (option == 'h')
			return help_print(help, optarg) ? EXIT_COMPLETE : usage();
		if (option != 'V')
			return usage();
		version_print();
		return EXIT_COMPLETE;
	}
	if (optind == argc) {
		fputs("kmd-plan: a vmlinux is needed\n", stderr);
		return usage();
	}
	if (!parse_limits(argc - optind, argv + optind, &limits))
		return usage();
	return plan(argv[optind], &limits);
}
