/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "report.h"

#include "check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ----- the list */

static const struct {
	enum kmd_origin origin;
	const char *name;
} origins[] = {
	{ KMD_FROM_SECTION, "section" },   { KMD_FROM_FILE, "file" },
	{ KMD_FROM_KELF, "kelf" },         { KMD_FROM_CORE, "core" },
	{ KMD_FROM_SMEM, "smem" },         { KMD_FROM_DUMP_INFO, "dump_info" },
	{ KMD_FROM_LOAD_CMM, "load.cmm" },
};

static void origin_names(unsigned int set, char *out, size_t size)
{
	*out = '\0';
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		size_t used = strlen(out);

		if (set & origins[i].origin)
			snprintf(out + used, size - used, "%s%s", used ? "," : "", origins[i].name);
	}
}

static void address(char *out, size_t size, bool known, uint64_t value)
{
	if (known)
		snprintf(out, size, "0x%016" PRIx64, value);
	else
		snprintf(out, size, "-");
}

static void list_row(FILE *out, const struct kmd_region *region)
{
	char phys[32], virt[32], from[80];

	address(phys, sizeof(phys), region->has_phys, region->phys);
	address(virt, sizeof(virt), region->has_virt, region->virt);
	origin_names(region->origins, from, sizeof(from));
	fprintf(out, "%-10s %-18s %-18s %10" PRIu64 " %10" PRIu64 " %-21s %s\n",
		kmd_region_state_name(region->state), phys, virt, region->size, region->captured,
		from, *region->name ? region->name : "-");
}

void report_list(FILE *out, const struct kmd *kmd)
{
	fprintf(out, "%-10s %-18s %-18s %10s %10s %-21s %s\n", "STATE", "PHYSICAL", "VIRTUAL",
		"SIZE", "CAPTURED", "FROM", "NAME");
	for (size_t i = 0; i < kmd_region_count(kmd); i++)
		list_row(out, kmd_region_get(kmd, i));
}

/* ----- findings */

void report_findings(FILE *out, const struct kmd *kmd, size_t first, bool notes)
{
	for (size_t i = first; i < kmd_finding_count(kmd); i++) {
		const struct kmd_finding *finding = kmd_finding_get(kmd, i);

		if (finding->severity == KMD_DAMAGE || notes)
			fprintf(out, "kmd-assemble: %s%s\n",
				finding->severity == KMD_NOTE ? "note: " : "", finding->text);
	}
}

/* ----- the end */

static void print_regions(FILE *out, const struct kmd *kmd)
{
	size_t states[16] = { 0 }, total = kmd_region_count(kmd);
	const char *between = ": ";
	uint64_t bytes = 0;

	for (size_t i = 0; i < total; i++) {
		const struct kmd_region *region = kmd_region_get(kmd, i);

		states[region->state & 15]++;
		if (region->state == KMD_REGION_OK || region->state == KMD_REGION_CUT)
			bytes += region->captured;
	}
	fprintf(out, "regions  %zu", total);
	for (unsigned int i = 0; i < 16; i++) {
		if (!states[i])
			continue;
		fprintf(out, "%s%zu %s", between, states[i],
			i == KMD_REGION_OK ? "used" : kmd_region_state_name(i));
		between = ", ";
	}
	fprintf(out, " (%" PRIu64 " bytes in them)\n", bytes);
}

/*
 * The KASLR offset and who vouches for it: a wrong one makes every symbol wrong.  The
 * other values of this boot where the dump itself does not say them, or if asked for.
 */
static void print_values(FILE *out, const struct kmd *kmd, bool all)
{
	for (size_t i = 0; i < kmd_value_count(kmd); i++) {
		const struct kmd_value *value = kmd_value_get(kmd, i);

		if (!all && strcmp(value->key, "kaslr") != 0)
			continue;
		fprintf(out, "%-8s %s 0x%" PRIx64, i ? "" : "values", value->key, value->value);
		if (value->witnesses)
			fprintf(out, " by %zu witness%s: %s\n", value->witnesses,
				value->witnesses == 1 ? "" : "es", value->witnessed);
		else
			fprintf(out, ", not confirmed%s%s\n", *value->witnessed ? ": " : "",
				value->witnessed);
	}
}

/* gdb's number of a CPU's thread; 0 where its registers are not there. */
static size_t thread_of(const struct kmd *kmd, uint32_t cpu)
{
	for (size_t i = 0; i < kmd_cpu_count(kmd); i++)
		if (kmd_cpu_get(kmd, i)->cpu == cpu)
			return i + 1;
	return 0;
}

static void print_panic(FILE *out, const struct kmd *kmd, const struct kmd_kernel *kernel)
{
	size_t thread = kernel->has_panic_cpu ? thread_of(kmd, kernel->panic_cpu) : 0;

	if (kernel->panic)
		fprintf(out, "panic    %s\n", kernel->panic);
	if (!kernel->has_panic_cpu && !kernel->has_panic_pid)
		return;
	fputs("         on", out);
	if (kernel->has_panic_cpu)
		fprintf(out, " CPU %" PRIu32, kernel->panic_cpu);
	if (thread)
		fprintf(out, " (gdb: thread %zu)", thread);
	if (kernel->has_panic_pid)
		fprintf(out, " in task %" PRIu32, kernel->panic_pid);
	if (kernel->panic_task)
		fprintf(out, " \"%s\"", kernel->panic_task);
	fputc('\n', out);
}

/* "CPUs 0-3, 5 (crash_notes)" */
static void print_registers(FILE *out, const struct kmd *kmd)
{
	size_t n = kmd_cpu_count(kmd);

	if (!n) {
		fputs("no CPU registers\n", out);
		return;
	}
	fprintf(out, "registers of CPU%s", n > 1 ? "s" : "");
	for (size_t i = 0, end; i < n; i = end) {
		uint32_t first = kmd_cpu_get(kmd, i)->cpu, last = first;

		for (end = i + 1; end < n && kmd_cpu_get(kmd, end)->cpu == last + 1; end++)
			last++;
		fprintf(out, "%s %" PRIu32, i ? "," : "", first);
		if (last > first)
			fprintf(out, "-%" PRIu32, last);
	}
	fprintf(out, " (%s)\n", kmd_cpu_get(kmd, 0)->source);
}

static void print_kernel(FILE *out, const struct kmd *kmd, bool verbose)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);

	fprintf(out, "kernel   %s, %s", kernel->release ? kernel->release : "release unknown",
		kernel->machine ? kernel->machine : "machine unknown");
	if (kernel->build_id)
		fprintf(out, ", build-id %s", kernel->build_id);
	fputc('\n', out);
	print_values(out, kmd, verbose || kernel->vmcoreinfo_synthesised);
	print_panic(out, kmd, kernel);
	fprintf(out, "notes    VMCOREINFO %s; ",
		kernel->vmcoreinfo_source ? kernel->vmcoreinfo_source : "not found");
	print_registers(out, kmd);
}

/* What is in the core and was not in the dump, by kind. */
static void print_supplied(FILE *out, const struct kmd *kmd)
{
	size_t n = kmd_supplied_count(kmd), ranges = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		const struct kmd_region *range = kmd_supplied_get(kmd, i), *next;

		ranges++;
		bytes += range->size;
		next = kmd_supplied_get(kmd, i + 1);
		if (next && !strcmp(next->name, range->name))
			continue;
		fprintf(out, "%-8s %s: %zu range%s, %" PRIu64 " bytes\n",
			i + 1 == ranges ? "supplied" : "", range->name, ranges,
			ranges == 1 ? "" : "s", bytes);
		ranges = 0;
		bytes = 0;
	}
}

static void print_findings(FILE *out, const struct kmd *kmd)
{
	size_t damage = 0, notes = 0;

	for (size_t i = 0; i < kmd_finding_count(kmd); i++)
		if (kmd_finding_get(kmd, i)->severity == KMD_DAMAGE)
			damage++;
		else
			notes++;
	fprintf(out, "findings %zu of damage, %zu notes%s\n", damage, notes,
		notes ? " (-v shows them)" : "");
}

/* A file name as a shell takes it; only what needs it is quoted. */
static void print_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=./,:@%";

	if (strspn(word, plain) == strlen(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\'", out);
		fputc(*word, out);
	}
	fputc('\'', out);
}

/* Stock tools, with what KASLR makes necessary: gdb does not relocate vmlinux for a core. */
void report_next(FILE *out, const struct kmd *kmd, const struct options *options)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	const char *core = options->output ? options->output : "VMCORE";
	const char *vmlinux = options->vmlinux ? options->vmlinux : "vmlinux";

	if (!strcmp(core, "-") || !kernel->vmcoreinfo_source)
		return;
	fprintf(out, "next     %s ", check_crash(kmd));
	print_word(out, vmlinux);
	fputc(' ', out);
	print_word(out, core);
	fputs("\n         drgn -c ", out);
	print_word(out, core);
	fputs(" -s ", out);
	print_word(out, vmlinux);
	if (kernel->has_kaslr_offset && kernel->kaslr_offset && !kernel->plain_gdb) {
		fprintf(out,
			"\n         gdb -ex 'symbol-file %s -o 0x%" PRIx64 "' -ex 'core-file %s'\n",
			vmlinux, kernel->kaslr_offset, core);
		return;
	}
	fputs("\n         gdb ", out);
	print_word(out, vmlinux);
	fputc(' ', out);
	print_word(out, core);
	fputc('\n', out);
}

void report_end(FILE *out, const struct kmd *kmd, const struct options *options)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);

	fprintf(out, "input    %s, %s\n", options->input, kernel->form);
	print_regions(out, kmd);
	print_kernel(out, kmd, options->verbose);
	print_findings(out, kmd);
	if (!options->output)
		return;
	fprintf(out, "core     %s (%s)\n",
		strcmp(options->output, "-") ? options->output : "standard output",
		kmd_is_degraded(kmd) ? "degraded" : "complete");
	print_supplied(out, kmd);
	check_summary(out, kmd, options->vmlinux);
	report_next(out, kmd, options);
}
