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
	"them, a RAM image with an SMEM area, or an ELF core; found by content, compressed,\n"
	"Android sparse, in an archive or not; ARCHIVE:PATH is a file or folder in an archive,\n"
	"- standard input.\n"
	"FILE@ADDR[,FILE@ADDR]... are RAM images with their physical addresses, all of each.\n"
	"\n"
	"Output:\n"
	"  -o, --output=FILE     write the core to FILE; - is standard output\n"
	"  -f, --force           replace FILE if it exists\n"
	"  -l, --list            list the regions: state, addresses, size, origin, name\n"
	"      --dmesg           print the kernel log; needs no vmlinux\n"
	"      --check           list what crash, drgn, gdb and makedumpfile can do with the core\n"
	"      --captured-only   put nothing into the core that was not captured\n"
	"      --no-registers    omit CPU registers (workaround for drgn 0.0.22 and older)\n"
	"\n"
	"Input:\n"
	"      --accept=LIST     use a dump that is otherwise refused: invalid (its mark or valid\n"
	"                        bit is missing), order (a cat of files in the wrong order),\n"
	"                        vmlinux (of another kernel)\n"
	"      --strict          fail if the dump is damaged, instead of omitting what is damaged\n"
	"      --smem=ADDR       physical address of the SMEM area in a RAM image\n"
	"      --ram-base=ADDR   physical address of a RAM image's first byte\n"
	"      --all-memory      all of a RAM image, not only the regions that its SMEM lists\n"
	"      --unpack-limit=N  maximum size of decompressed input, with K, M, G or T (64G)\n"
	"\n"
	"Kernel:\n"
	"  -x, --vmlinux=FILE    vmlinux of the dumped kernel; may be compressed, or split from\n"
	"                        its debug file\n"
	"  -i, --vmcoreinfo=FILE VMCOREINFO text, for a dump that has none\n"
	"      --registers=FILE  CPU registers, as QEMU prints them for 'info registers -a'\n"
	"      --complete=LIST   add sections of the vmlinux that were not captured: rodata, "
	"text,\n"
	"                        orc, btf, all; or none\n"
	"  -m, --machdep=KEY=N   set a run-time value: kaslr, kimage_voffset, phys_offset,\n"
	"                        vabits_actual, phys_base\n"
	"      --kaslr-offset=N  the same as --machdep=kaslr=N, with N in hexadecimal\n"
	"\n"
	"Messages:\n"
	"  -q, --quiet           print errors only\n"
	"  -v, --verbose         print notes as well\n"
	"  -h, --help            print this text\n"
	"  -V, --version         print the version\n"
	"\n"
	"Exit codes: 0 complete, 1 failed, 2 vmlinux of another kernel, 3 assembled but degraded,\n"
	"64 usage.\n";

enum {
	OPT_STRICT = 256,
	OPT_ACCEPT,
	OPT_SMEM,
	OPT_RAM_BASE,
	OPT_UNPACK_LIMIT,
	OPT_ALL_MEMORY,
	OPT_DMESG,
	OPT_CHECK,
	OPT_REGISTERS,
	OPT_NO_REGISTERS,
	OPT_CAPTURED_ONLY,
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
	{ "captured-only", no_argument, NULL, OPT_CAPTURED_ONLY },
	{ "no-registers", no_argument, NULL, OPT_NO_REGISTERS },
	{ "kaslr-offset", required_argument, NULL, OPT_KASLR_OFFSET },
	{ "complete", required_argument, NULL, OPT_COMPLETE },
	{ "machdep", required_argument, NULL, 'm' },
	{ "force", no_argument, NULL, 'f' },
	{ "accept", required_argument, NULL, OPT_ACCEPT },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "smem", required_argument, NULL, OPT_SMEM },
	{ "ram-base", required_argument, NULL, OPT_RAM_BASE },
	{ "all-memory", no_argument, NULL, OPT_ALL_MEMORY },
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
	fprintf(stderr, "kmd-assemble: --%s: invalid address '%s'\n", option, text);
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
	fprintf(stderr, "kmd-assemble: --%s: invalid size '%s'\n", option, text);
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
	fprintf(stderr, "kmd-assemble: --machdep: invalid value '%s' (KEY=NUMBER)\n", text);
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

struct named_bits {
	const char *name;
	unsigned int bits;
};

/* Or the bits of names with commas between them into *@out. */
static bool parse_list(const char *option, const char *list, const struct named_bits *names,
		       size_t n, unsigned int *out)
{
	const char *at = list;
	size_t length, i;

	for (;; at += length + 1) {
		length = strcspn(at, ",");
		for (i = 0; i < n; i++)
			if (strlen(names[i].name) == length && !memcmp(at, names[i].name, length))
				break;
		if (i == n)
			break;
		*out |= names[i].bits;
		if (!at[length])
			return true;
	}
	fprintf(stderr, "kmd-assemble: --%s: invalid list '%s' (", option, list);
	for (i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i ? ", " : "", names[i].name);
	fputs(")\n", stderr);
	return false;
}

static bool parse_accept(const char *list, unsigned int *out)
{
	static const struct named_bits names[] = {
		{ "invalid", KMD_ACCEPT_INVALID },
		{ "order", KMD_ACCEPT_ORDER },
		{ "vmlinux", KMD_ACCEPT_VMLINUX },
	};

	return parse_list("accept", list, names, sizeof(names) / sizeof(names[0]), out);
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

/* Apply one option; false if it is bad. */
static bool apply(int option, struct options *options)
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
	case OPT_ACCEPT:
		return parse_accept(optarg, &options->accept);
	case OPT_STRICT:
		return options->strict = true;
	case OPT_SMEM:
		options->has_smem = true;
		return parse_address("smem", optarg, &options->smem);
	case OPT_RAM_BASE:
		options->has_ram_base = true;
		return parse_address("ram-base", optarg, &options->ram_base);
	case OPT_ALL_MEMORY:
		return options->all_memory = true;
	case OPT_UNPACK_LIMIT:
		options->has_unpack_limit = true;
		return parse_size("unpack-limit", optarg, &options->unpack_limit);
	default:
		return false;
	}
}

static bool read_input(int argc, char **argv, struct options *options)
{
	if (optind == argc) {
		fputs("kmd-assemble: no input given\n", stderr);
		return false;
	}
	if (argc - optind > 1) {
		fprintf(stderr, "kmd-assemble: unexpected argument '%s'\n", argv[optind + 1]);
		return false;
	}
	options->input = argv[optind];
	if (!*options->input || (options->output && !*options->output)) {
		fputs("kmd-assemble: a file name is empty\n", stderr);
		return false;
	}
	if (!options->output && !options->list && !options->dmesg && !options->check) {
		fputs("kmd-assemble: no output given: -o FILE, --list, --dmesg or --check\n",
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
		if (!apply(option, options))
			return usage(exit_code);
	}
	if (options->complete && options->complete != KMD_COMPLETE_NONE && !options->vmlinux) {
		fputs("kmd-assemble: --complete requires a vmlinux (-x FILE)\n", stderr);
		return usage(exit_code);
	}
	return read_input(argc, argv, options) || usage(exit_code);
}
