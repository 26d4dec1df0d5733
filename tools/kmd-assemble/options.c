/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <kmemdump/kmd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: kmd-assemble [OPTION]... INPUT -o VMCORE\n"
	"       kmd-assemble [OPTION]... INPUT --list | --dmesg | --check\n"
	"Assemble the ELF core of a kernel from a minidump (Qualcomm Minidump; kernel side:\n"
	"kmemdump, meminspect) for crash, gdb and drgn.\n"
	"\n"
	"INPUT is a raw dump partition image, a folder of md_*.BIN files, a file made by cat of\n"
	"them, a RAM image with an SMEM area, or an ELF core; found by content, zstd-compressed\n"
	"or not; - is standard input.\n"
	"\n"
	"  -o, --output=FILE     write the core to FILE; - is standard output\n"
	"  -l, --list            list the regions: state, addresses, size, origin, name\n"
	"      --dmesg           print the kernel log; needs no vmlinux\n"
	"      --check           tell what crash, drgn, gdb and makedumpfile will be able to do,\n"
	"                        and what is missing for the rest; with -x it can tell more\n"
	"  -x, --vmlinux=FILE    vmlinux of the dumped kernel, compressed or split or not: tells\n"
	"                        its exact extent, makes VMCOREINFO where the dump has none, and\n"
	"                        tells apart region files for which only addresses are recorded\n"
	"  -i, --vmcoreinfo=FILE VMCOREINFO text for a dump that has none\n"
	"      --registers=FILE  CPU registers, as QEMU prints them for 'info registers -a'\n"
	"      --captured-only   nothing in the core that was not captured: no page tables made\n"
	"      --zero-holes      memory that was not captured reads as zero, for consumers that\n"
	"                        insist; they then tell what was not there\n"
	"      --no-registers    no registers in the core, for drgn 0.0.22, which mistakes them\n"
	"      --complete=LIST   supply out of vmlinux what was not captured: rodata, orc, btf,\n"
	"                        text (as it was before the kernel patched it), all; or none,\n"
	"                        not even what comparison proved to be the same\n"
	"      --kaslr-offset=N  run-time minus link-time address of the kernel; only where the\n"
	"                        dump does not tell\n"
	"  -m, --machdep=KEY=N   a value that the dump does not tell, in crash's words: kaslr,\n"
	"                        kimage_voffset, phys_offset, vabits_actual, phys_base\n"
	"  -f, --force           replace FILE; read a dump not marked as valid, or a cat of\n"
	"                        files in a wrong order; take a vmlinux of another build\n"
	"      --strict          fail where the dump is damaged, instead of leaving that out\n"
	"      --smem=ADDR       physical address of the SMEM area in a RAM image\n"
	"      --ram-base=ADDR   physical address of a RAM image's first byte\n"
	"      --unpack-limit=N  most bytes to unpack compressed input to, with K, M, G or T\n"
	"                        (default 64G)\n"
	"  -q, --quiet           print errors only\n"
	"  -v, --verbose         print notes as well\n"
	"  -h, --help            print this\n"
	"  -V, --version         print the version\n"
	"\n"
	"Exit codes: 0 complete, 1 failed, 2 vmlinux of another kernel, 3 assembled but degraded,\n"
	"64 usage.\n";

enum {
	OPT_STRICT = 256,
	OPT_SMEM,
	OPT_RAM_BASE,
	OPT_UNPACK_LIMIT,
	OPT_DMESG,
	OPT_CHECK,
	OPT_REGISTERS,
	OPT_NO_REGISTERS,
	OPT_CAPTURED_ONLY,
	OPT_ZERO_HOLES,
	OPT_KASLR_OFFSET,
	OPT_COMPLETE,
};

static const struct option longs[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "list", no_argument, NULL, 'l' },
	{ "dmesg", no_argument, NULL, OPT_DMESG },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "vmlinux", required_argument, NULL, 'x' },
	{ "vmcoreinfo", required_argument, NULL, 'i' },
	{ "registers", required_argument, NULL, OPT_REGISTERS },
	{ "zero-holes", no_argument, NULL, OPT_ZERO_HOLES },
	{ "captured-only", no_argument, NULL, OPT_CAPTURED_ONLY },
	{ "no-registers", no_argument, NULL, OPT_NO_REGISTERS },
	{ "kaslr-offset", required_argument, NULL, OPT_KASLR_OFFSET },
	{ "complete", required_argument, NULL, OPT_COMPLETE },
	{ "machdep", required_argument, NULL, 'm' },
	{ "force", no_argument, NULL, 'f' },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "smem", required_argument, NULL, OPT_SMEM },
	{ "ram-base", required_argument, NULL, OPT_RAM_BASE },
	{ "unpack-limit", required_argument, NULL, OPT_UNPACK_LIMIT },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static bool usage(int *exit_code)
{
	fputs("Try 'kmd-assemble --help'.\n", stderr);
	*exit_code = EXIT_USAGE;
	return false;
}

/* An address: hexadecimal with or without 0x, as reports and device trees print it. */
static bool parse_address(const char *option, const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 16);
	if (*text && *text != '-' && *text != '+' && !*end && !errno)
		return true;
	fprintf(stderr, "kmd-assemble: --%s: '%s' is no address\n", option, text);
	return false;
}

static bool parse_size(const char *option, const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !errno) {
		if (!*end)
			return true;
		unit = strchr(units, *end);
		if (unit && !end[1] &&
		    !__builtin_mul_overflow(*out, UINT64_C(1) << (10 * (unit - units + 1)), out))
			return true;
	}
	fprintf(stderr, "kmd-assemble: --%s: '%s' is no size\n", option, text);
	return false;
}

/* KEY=N; crash takes N in hexadecimal with 0x, in decimal without. */
static bool add_value(struct options *options, const char *text)
{
	struct value *value = &options->values[options->n_values];
	const char *equals = strchr(text, '=');
	char *end;

	if (options->n_values == OPTIONS_VALUES) {
		fputs("kmd-assemble: --machdep: too many values\n", stderr);
		return false;
	}
	if (equals && equals > text && (size_t)(equals - text) < sizeof(value->key)) {
		memcpy(value->key, text, (size_t)(equals - text));
		value->key[equals - text] = '\0';
		errno = 0;
		value->number = strtoull(equals + 1, &end, 0);
		if (equals[1] >= '0' && equals[1] <= '9' && !*end && !errno) {
			options->n_values++;
			return true;
		}
	}
	fprintf(stderr, "kmd-assemble: --machdep: '%s' is no KEY=NUMBER\n", text);
	return false;
}

static bool add_kaslr(struct options *options, const char *text)
{
	struct value *value = &options->values[options->n_values];

	if (options->n_values == OPTIONS_VALUES ||
	    !parse_address("kaslr-offset", text, &value->number))
		return false;
	strcpy(value->key, "kaslr");
	options->n_values++;
	return true;
}

/* Names with commas between them. */
static bool parse_complete(const char *list, unsigned int *out)
{
	static const struct {
		const char *name;
		unsigned int bits;
	} names[] = { { "rodata", KMD_COMPLETE_RODATA }, { "text", KMD_COMPLETE_TEXT },
		      { "orc", KMD_COMPLETE_ORC },       { "btf", KMD_COMPLETE_BTF },
		      { "all", KMD_COMPLETE_ALL },       { "none", KMD_COMPLETE_NONE } };
	const size_t n = sizeof(names) / sizeof(names[0]);
	const char *at = list;
	size_t length, i;

	for (*out = 0;; at += length + 1) {
		length = strcspn(at, ",");
		for (i = 0; i < n; i++)
			if (strlen(names[i].name) == length && !memcmp(at, names[i].name, length))
				break;
		if (i == n || (*out && (*out | names[i].bits) & KMD_COMPLETE_NONE))
			break;
		*out |= names[i].bits;
		if (!at[length])
			return true;
	}
	fprintf(stderr,
		"kmd-assemble: --complete: '%s' is no list of these: rodata, text, orc, "
		"btf; nor all, nor none\n",
		list);
	return false;
}

/* One option; false for a bad one. */
static bool take(int option, struct options *options)
{
	switch (option) {
	case 'o':
		options->output = optarg;
		return true;
	case 'l':
		return options->list = true;
	case 'x':
		options->vmlinux = optarg;
		return true;
	case 'i':
		options->vmcoreinfo = optarg;
		return true;
	case 'm':
		return add_value(options, optarg);
	case OPT_DMESG:
		return options->dmesg = true;
	case OPT_CHECK:
		return options->check = true;
	case OPT_REGISTERS:
		options->registers = optarg;
		return true;
	case OPT_CAPTURED_ONLY:
		return options->captured_only = true;
	case OPT_ZERO_HOLES:
		return options->zero_holes = true;
	case OPT_NO_REGISTERS:
		return options->no_registers = true;
	case OPT_KASLR_OFFSET:
		return add_kaslr(options, optarg);
	case OPT_COMPLETE:
		return parse_complete(optarg, &options->complete);
	case 'f':
		return options->force = true;
	case 'q':
		return options->quiet = true;
	case 'v':
		return options->verbose = true;
	case OPT_STRICT:
		return options->strict = true;
	case OPT_SMEM:
		options->has_smem = true;
		return parse_address("smem", optarg, &options->smem);
	case OPT_RAM_BASE:
		options->has_ram_base = true;
		return parse_address("ram-base", optarg, &options->ram_base);
	case OPT_UNPACK_LIMIT:
		options->has_unpack_limit = true;
		return parse_size("unpack-limit", optarg, &options->unpack_limit);
	default:
		return false;
	}
}

static bool take_input(int argc, char **argv, struct options *options)
{
	if (optind == argc) {
		fputs("kmd-assemble: no input given\n", stderr);
		return false;
	}
	if (argc - optind > 1) {
		fprintf(stderr, "kmd-assemble: one input at a time; what is '%s'?\n",
			argv[optind + 1]);
		return false;
	}
	options->input = argv[optind];
	if (!*options->input || (options->output && !*options->output)) {
		fputs("kmd-assemble: a file name is empty\n", stderr);
		return false;
	}
	if (!options->output && !options->list && !options->dmesg && !options->check) {
		fputs("kmd-assemble: say where to write the core (-o FILE), or --list, "
		      "--dmesg or --check\n",
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
	while ((option = getopt_long(argc, argv, "o:lx:i:m:fqvhV", longs, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return false;
		}
		if (option == 'V') {
			printf("kmd-assemble %s\n", kmd_version());
			return false;
		}
		if (!take(option, options))
			return usage(exit_code);
	}
	if (options->complete && options->complete != KMD_COMPLETE_NONE && !options->vmlinux) {
		fputs("kmd-assemble: --complete takes a vmlinux (-x FILE)\n", stderr);
		return usage(exit_code);
	}
	return take_input(argc, argv, options) || usage(exit_code);
}
