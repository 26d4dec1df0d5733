/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "input.h"

#include "color.h"

#include <errno.h>
#include <locale.h>
#include <kmemdump/kmd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char input_help[] =
	"Input:\n"
	"      --accept=LIST     use a dump that is otherwise refused: invalid (its mark or valid\n"
	"                        bit is missing), order (a cat of files in the wrong order),\n"
	"                        vmlinux (of another kernel)\n"
	"      --strict          fail if the dump is damaged, instead of omitting what is damaged\n"
	"      --smem=ADDR       physical address of the SMEM area in a RAM image\n"
	"      --ram-base=ADDR   physical address of a RAM image's first byte\n"
	"      --rockchip=ADDR   physical address of Rockchip's Minidump table in a RAM image\n"
	"      --subsystem=NAME  whose regions of an SMEM area: apss (Linux, the default), modem,\n"
	"                        adsp, cdsp, cdsp1 or a number; --list shows them\n"
	"      --all-memory      all of a RAM image, not only the regions that its SMEM lists\n"
	"      --unpack-limit=N  maximum size of decompressed input, with K, M, G or T (64G)\n"
	"      --limit=KEY=N,... limits of hostile input: size (64G), ratio (100000), depth (8),\n"
	"                        files (65536)\n"
	"\n"
	"Kernel:\n"
	"  -x, --vmlinux=FILE    vmlinux of the dumped kernel; may be compressed, or split from\n"
	"                        its debug file\n"
	"  -i, --vmcoreinfo=FILE VMCOREINFO text, for a dump that has none\n"
	"      --registers=FILE  CPU registers, as QEMU prints them for 'info registers -a'\n"
	"  -m, --machdep=KEY=N   set a run-time value: kaslr, kimage_voffset, phys_offset,\n"
	"                        vabits_actual, phys_base\n"
	"      --kaslr-offset=N  the same as --machdep=kaslr=N, with N in hexadecimal\n";

/* An address: hexadecimal with or without 0x, as reports and device trees print it. */
bool parse_address(const char *option, const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 16);
	if (*text && *text != '-' && *text != '+' && !*end && !errno)
		return true;
	fprintf(stderr, "%s: --%s: invalid address '%s'\n", program_name, option, text);
	return false;
}

bool parse_size(const char *option, const char *text, uint64_t *out)
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
	fprintf(stderr, "%s: --%s: invalid size '%s'\n", program_name, option, text);
	return false;
}

/* KEY=N; crash takes N in hexadecimal with 0x, in decimal without. */
static bool add_value(struct input_options *options, const char *text)
{
	struct input_value *value = &options->values[options->n_values];
	const char *equals = strchr(text, '=');
	char *end;

	if (options->n_values == INPUT_VALUES) {
		fprintf(stderr, "%s: --machdep: too many values\n", program_name);
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
	fprintf(stderr, "%s: --machdep: invalid value '%s' (KEY=NUMBER)\n", program_name, text);
	return false;
}

static bool add_kaslr(struct input_options *options, const char *text)
{
	struct input_value *value = &options->values[options->n_values];

	if (options->n_values == INPUT_VALUES ||
	    !parse_address("kaslr-offset", text, &value->number))
		return false;
	strcpy(value->key, "kaslr");
	options->n_values++;
	return true;
}

/* Or the bits of names with commas between them into *@out. */
bool parse_list(const char *option, const char *list, const struct named_bits *names, size_t n,
		unsigned int *out)
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
	fprintf(stderr, "%s: --%s: invalid list '%s' (", program_name, option, list);
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

/* "ratio=1000,depth=2" */
static bool parse_limits(const char *list, uint64_t *limits)
{
	static const char *const names[INPUT_LIMITS] = { "size", "ratio", "depth", "files" };
	char number[32];
	size_t length, i;

	for (;; list += length + 1) {
		const char *equals = strchr(list, '=');

		length = strcspn(list, ",");
		for (i = 0; i < INPUT_LIMITS; i++)
			if (equals && strlen(names[i]) == (size_t)(equals - list) &&
			    !strncmp(list, names[i], strlen(names[i])))
				break;
		if (i == INPUT_LIMITS || equals >= list + length ||
		    length - (size_t)(equals + 1 - list) >= sizeof(number))
			break;
		snprintf(number, sizeof(number), "%.*s", (int)(list + length - equals - 1),
			 equals + 1);
		if (!parse_size("limit", number, &limits[i]))
			return false;
		if (!list[length])
			return true;
	}
	fprintf(stderr, "%s: --limit: invalid list '%s' (size=N, ratio=N, depth=N, files=N)\n",
		program_name, list);
	return false;
}

/* Read one option of the input. */
static bool read_option(int option, struct input_options *options)
{
	switch (option) {
	case 'x':
		options->vmlinux = optarg;
		return true;
	case 'i':
		options->vmcoreinfo = optarg;
		return true;
	case 'm':
		return add_value(options, optarg);
	case OPT_REGISTERS:
		options->registers = optarg;
		return true;
	case OPT_KASLR_OFFSET:
		return add_kaslr(options, optarg);
	case OPT_ACCEPT:
		return parse_accept(optarg, &options->flags);
	case OPT_STRICT:
		options->flags |= KMD_STRICT;
		return true;
	case OPT_ALL_MEMORY:
		options->flags |= KMD_ALL_MEMORY;
		return true;
	case OPT_SMEM:
		options->has_smem = true;
		return parse_address("smem", optarg, &options->smem);
	case OPT_RAM_BASE:
		options->has_ram_base = true;
		return parse_address("ram-base", optarg, &options->ram_base);
	case OPT_ROCKCHIP:
		options->has_rockchip = true;
		return parse_address("rockchip", optarg, &options->rockchip);
	case OPT_SUBSYSTEM:
		options->subsystem = optarg;
		return true;
	case OPT_COLOR:
		return color_set(optarg);
	case OPT_UNPACK_LIMIT:
		return parse_size("unpack-limit", optarg, &options->limits[KMD_LIMIT_UNPACKED]);
	case OPT_LIMIT:
		return parse_limits(optarg, options->limits);
	default:
		return false;
	}
}

bool input_is_option(int option)
{
	return option == 'x' || option == 'i' || option == 'm' ||
	       (option >= OPT_INPUT_FIRST && option < OPT_INPUT_END);
}

bool input_option(int option, struct input_options *options)
{
	return input_is_option(option) && read_option(option, options);
}

/* "A, B, C"; three points where it is too long. */
static const char *join_names(const char *const *names, size_t n)
{
	static char text[1024];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		int got =
			snprintf(text + used, sizeof(text) - used, "%s%s", i ? ", " : "", names[i]);

		if (got < 0 || (size_t)got >= sizeof(text) - used) {
			strcpy(text + sizeof(text) - 4, "...");
			break;
		}
		used += (size_t)got;
	}
	return text;
}

bool input_arguments(int argc, char **argv, struct input_options *options)
{
	if (optind == argc) {
		fprintf(stderr, "%s: no input given: name a dump, or - for standard input\n",
			program_name);
		return false;
	}
	options->inputs = (const char *const *)&argv[optind];
	options->n_inputs = (size_t)(argc - optind);
	for (size_t i = 0; i < options->n_inputs; i++) {
		if (!*options->inputs[i]) {
			fprintf(stderr, "%s: a file name is empty\n", program_name);
			return false;
		}
		if (options->n_inputs > 1 && !strcmp(options->inputs[i], "-")) {
			fprintf(stderr, "%s: standard input must be the only input\n",
				program_name);
			return false;
		}
	}
	options->input = options->n_inputs == 1 ? options->inputs[0]
						: join_names(options->inputs, options->n_inputs);
	return true;
}

bool input_set_options(struct kmd *kmd, const struct input_options *options, unsigned int flags)
{
	const char *servers = getenv("DEBUGINFOD_URLS");

	kmd_set_flags(kmd, options->flags | flags);
	if (options->has_smem)
		kmd_set_smem_address(kmd, options->smem);
	if (options->has_ram_base)
		kmd_set_ram_base(kmd, options->ram_base);
	if (options->has_rockchip)
		kmd_set_rockchip_table(kmd, options->rockchip);
	if (options->subsystem && kmd_set_subsystem(kmd, options->subsystem) != KMD_OK) {
		fprintf(stderr, "%s: %s\n", program_name, kmd_error(kmd));
		return false;
	}
	for (int i = 0; i < INPUT_LIMITS; i++)
		kmd_set_limit(kmd, (enum kmd_limit)i, options->limits[i]);
	kmd_set_vmlinux(kmd, options->vmlinux);
	kmd_set_vmcoreinfo(kmd, options->vmcoreinfo);
	kmd_set_registers(kmd, options->registers);
	kmd_set_debuginfod(kmd, servers && *servers);
	for (size_t i = 0; i < options->n_values; i++)
		if (kmd_set_value(kmd, options->values[i].key, options->values[i].number) !=
		    KMD_OK) {
			fprintf(stderr, "%s: --machdep: %s: '%s'\n", program_name, kmd_error(kmd),
				options->values[i].key);
			return false;
		}
	return true;
}

enum kmd_status input_open(struct kmd *kmd, const struct input_options *options)
{
	if (!strcmp(options->input, "-"))
		return kmd_open_fd(kmd, STDIN_FILENO, "standard input");
	/* libarchive converts names in zip and 7z to the character set of the locale. */
	setlocale(LC_CTYPE, "C.UTF-8");
	return kmd_open_paths(kmd, options->inputs, options->n_inputs);
}
