/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "report.h"

#include "common/color.h"

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
	{ KMD_FROM_LOAD_CMM, "load.cmm" }, { KMD_FROM_ADDRESS, "address" },
};

void report_origins(unsigned int set, char *out, size_t size)
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
	const char *state = kmd_region_state_name(region->state);
	char phys[32], virt[32], from[80];

	address(phys, sizeof(phys), region->has_phys, region->phys);
	address(virt, sizeof(virt), region->has_virt, region->virt);
	report_origins(region->origins, from, sizeof(from));
	if (region->encrypted && region->state == KMD_REGION_OK)
		state = "encrypted";
	fprintf(out, "%-10s %-18s %-18s %10" PRIu64 " %10" PRIu64 " %-21s %s\n", state, phys, virt,
		region->size, region->captured, from, *region->name ? region->name : "-");
}

/* Other processors that registered regions, if there are any. */
static void list_subsystems(FILE *out, const struct kmd *kmd)
{
	size_t n = kmd_subsystem_count(kmd);

	if (n < 2)
		return;
	fprintf(out, "\n%-10s %-18s %8s %s\n", "SUBSYSTEM", "ARRAY", "REGIONS", "STATE");
	for (size_t i = 0; i < n; i++) {
		const struct kmd_subsystem *ss = kmd_subsystem_get(kmd, i);

		fprintf(out, "%2" PRIu32 " %-7s 0x%016" PRIx64 " %8" PRIu32 " %s%s%s%s\n",
			ss->number, ss->name, ss->array, ss->n_regions,
			ss->enabled ? "enabled" : "not enabled", ss->ready ? "" : ", not ready",
			ss->encrypted ? ", encrypted" : "", ss->selected ? ", selected" : "");
	}
}

void report_list(FILE *out, const struct kmd *kmd)
{
	fprintf(out, "%-10s %-18s %-18s %10s %10s %-21s %s\n", "STATE", "PHYSICAL", "VIRTUAL",
		"SIZE", "CAPTURED", "FROM", "NAME");
	for (size_t i = 0; i < kmd_region_count(kmd); i++)
		list_row(out, kmd_region_get(kmd, i));
	list_subsystems(out, kmd);
}

/* ----- findings */

void report_findings(FILE *out, const struct kmd *kmd, size_t first, bool notes)
{
	for (size_t i = first; i < kmd_finding_count(kmd); i++) {
		const struct kmd_finding *finding = kmd_finding_get(kmd, i);

		if (finding->severity == KMD_DAMAGE || notes)
			fprintf(out, "%skmd-assemble:%s %s%s\n",
				finding->severity == KMD_NOTE ? "" : color_on(out, COLOR_WARNING),
				finding->severity == KMD_NOTE ? "" : color_off(out),
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
			i == KMD_REGION_OK ? "captured" : kmd_region_state_name(i));
		between = ", ";
	}
	fprintf(out, " (%" PRIu64 " bytes)\n", bytes);
}

/*
 * The KASLR offset with its sources: a wrong one makes every symbol wrong.  The other run-time
 * values if asked for, or where they do not come from the dump's own VMCOREINFO.
 */
static void print_values(FILE *out, const struct kmd *kmd, bool all)
{
	for (size_t i = 0; i < kmd_value_count(kmd); i++) {
		const struct kmd_value *value = kmd_value_get(kmd, i);

		if (!all && strcmp(value->key, "kaslr") != 0)
			continue;
		fprintf(out, "%-8s %s 0x%" PRIx64, i ? "" : "values", value->key, value->value);
		if (value->n_sources)
			fprintf(out, " (from %s)\n", value->sources);
		else
			fprintf(out, " (not confirmed%s%s)\n", *value->sources ? ": " : "",
				value->sources);
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

/* "CPUs 0-3 (panic record), 5 (crash_notes)" */
static void print_registers(FILE *out, const struct kmd *kmd)
{
	const struct kmd_cpu_registers *cpu, *next;
	uint32_t first = 0;
	size_t n = kmd_cpu_count(kmd), run = 0;

	if (!n)
		fputs("no CPU registers", out);
	else
		fprintf(out, "registers of CPU%s", n > 1 ? "s" : "");
	for (size_t i = 0; (cpu = kmd_cpu_get(kmd, i)); i++) {
		bool same_source;

		first = run++ ? first : cpu->cpu;
		next = kmd_cpu_get(kmd, i + 1);
		same_source = next && !strcmp(next->source, cpu->source);
		if (same_source && next->cpu == cpu->cpu + 1)
			continue;
		fprintf(out, " %" PRIu32, first);
		if (run > 1)
			fprintf(out, "-%" PRIu32, cpu->cpu);
		if (!same_source)
			fprintf(out, " (%s)", cpu->source);
		if (next)
			fputc(',', out);
		run = 0;
	}
	fputc('\n', out);
}

static void print_kernel(FILE *out, const struct kmd *kmd, bool verbose)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);

	fprintf(out, "kernel   %s, %s", kernel->release ? kernel->release : "release unknown",
		kernel->machine ? kernel->machine : "machine unknown");
	if (kernel->build_id)
		fprintf(out, ", build-id %s", kernel->build_id);
	fputc('\n', out);
	print_values(out, kmd, verbose || kernel->vmcoreinfo_generated);
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
		const struct kmd_supplied *range = kmd_supplied_get(kmd, i), *next;

		ranges++;
		bytes += range->size;
		next = kmd_supplied_get(kmd, i + 1);
		if (next && !strcmp(next->what, range->what))
			continue;
		fprintf(out, "%-8s %s: %zu range%s, %" PRIu64 " bytes\n",
			i + 1 == ranges ? "supplied" : "", range->what, ranges,
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
	fprintf(out, "findings %zu problem%s, %zu note%s%s\n", damage, damage == 1 ? "" : "s",
		notes, notes == 1 ? "" : "s", notes ? " (-v shows them)" : "");
}

/* A word as a shell reads it; quoted only where that is needed. */
static void print_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=./,:@%";

	if (*word && strspn(word, plain) == strlen(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){ *word, '\0' }, out);
	fputc('\'', out);
}

/* A file name; one that begins with a dash would be read as an option. */
static void print_file(FILE *out, const char *name)
{
	if (*name == '-')
		fputs("./", out);
	print_word(out, name);
}

/*
 * gdb does not relocate an x86_64 vmlinux for a core.  -iex runs before the core is opened.
 * gdb splits the command as a shell would: so the file name is quoted twice.
 */
static void print_symbol_file(FILE *out, const char *vmlinux, uint64_t offset)
{
	size_t length;
	char *command;
	FILE *text = open_memstream(&command, &length);

	if (!text)
		return;
	fputs("symbol-file \"", text);
	for (; *vmlinux; vmlinux++) {
		if (*vmlinux == '"' || *vmlinux == '\\')
			fputc('\\', text);
		fputc(*vmlinux, text);
	}
	fprintf(text, "\" -o 0x%" PRIx64, offset);
	if (fclose(text))
		return;
	fputs(" -iex ", out);
	print_word(out, command);
	free(command);
}

static void print_gdb(FILE *out, const struct kmd_kernel *kernel, const char *vmlinux,
		      const char *core)
{
	fputs("gdb", out);
	if (kernel->has_kaslr_offset && kernel->kaslr_offset && !kernel->gdb_relocates) {
		print_symbol_file(out, vmlinux, kernel->kaslr_offset);
		fputs(" -c ", out);
	} else {
		fputc(' ', out);
		print_file(out, vmlinux);
		fputc(' ', out);
	}
	print_file(out, core);
	fputc('\n', out);
}

/* True if crash can read this region's memory out of its file. */
static bool is_ram_file(const struct kmd_region *region)
{
	return region->state == KMD_REGION_OK && region->has_phys && region->file &&
	       (region->origins & KMD_FROM_ADDRESS) && !strpbrk(region->file, ",@\\");
}

static const struct kmd_value *value_of(const struct kmd *kmd, const char *key)
{
	const struct kmd_value *value;

	for (size_t i = 0; (value = kmd_value_get(kmd, i)); i++)
		if (!strcmp(value->key, key))
			return value;
	return NULL;
}

/* The values that crash must be given of a kernel without notes; false if one is not known. */
static bool print_machdep(FILE *out, const struct kmd *kmd)
{
	static const char *const arm64[] = { "kimage_voffset", "phys_offset", "vabits_actual",
					     NULL };
	static const char *const x86_64[] = { "phys_base", NULL };
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	const char *const *keys;

	if (!kernel->machine || !kernel->has_kaslr_offset)
		return false;
	if (!strcmp(kernel->machine, "aarch64"))
		keys = arm64;
	else if (!strcmp(kernel->machine, "x86_64"))
		keys = x86_64;
	else
		return false;
	for (size_t i = 0; keys[i]; i++) {
		const struct kmd_value *value = value_of(kmd, keys[i]);

		if (!value)
			return false;
		/* crash takes the number of bits in decimal only. */
		if (!strcmp(value->key, "vabits_actual"))
			fprintf(out, " -m %s=%" PRIu64, value->key, value->value);
		else
			fprintf(out, " -m %s=0x%" PRIx64, value->key, value->value);
	}
	fprintf(out, " --kaslr=0x%" PRIx64, kernel->kaslr_offset);
	return true;
}

/*
 * RAM images are as good for crash as the core, and need no copy: FILE@ADDR.  Only if all
 * memory of the dump is in such files.
 */
static void print_without_copy(FILE *out, const struct kmd *kmd, const char *vmlinux)
{
	const struct kmd_region *region;
	const char *between = " ";
	size_t length, n = 0;
	char *line;
	FILE *text = open_memstream(&line, &length);
	bool good;

	if (!text)
		return;
	good = print_machdep(text, kmd);
	for (size_t i = 0; (region = kmd_region_get(kmd, i)); i++) {
		if (is_ram_file(region)) {
			fputs(between, text);
			print_file(text, region->file);
			fprintf(text, "@0x%" PRIx64, region->phys);
			between = ",";
			n++;
		} else if (region->captured && region->state == KMD_REGION_OK) {
			good = false;
		}
	}
	if (!fclose(text) && good && n) {
		fputs("no copy  crash ", out);
		print_file(out, vmlinux ? vmlinux : "vmlinux");
		fprintf(out, "%s\n", line);
	}
	free(line);
}

/* The command lines of stock tools that open the core; only of those that start. */
void report_next(FILE *out, const struct kmd *kmd, const struct options *options)
{
	const char *core = options->output ? options->output : "VMCORE";
	const char *vmlinux = options->in.vmlinux ? options->in.vmlinux : "vmlinux";
	const char *crash = check_crash(kmd), *title = "next     ";

	if (!strcmp(core, "-"))
		return;
	if (crash) {
		fprintf(out, "%s%s ", title, crash);
		print_file(out, vmlinux);
		fputc(' ', out);
		print_file(out, core);
		fputc('\n', out);
		title = "         ";
	}
	if (check_start(kmd, "drgn") <= KMD_READY_PARTLY) {
		fprintf(out, "%sdrgn -c ", title);
		print_file(out, core);
		fputs(" -s ", out);
		print_file(out, vmlinux);
		fputc('\n', out);
		title = "         ";
	}
	if (check_start(kmd, "gdb") <= KMD_READY_PARTLY) {
		fputs(title, out);
		print_gdb(out, kmd_kernel_get(kmd), vmlinux, core);
		title = "         ";
	}
	if (!strncmp(title, "next", 4))
		fprintf(out, "next     no tool can open this core: it lacks %s\n",
			check_start_lacks(kmd));
	print_without_copy(out, kmd, options->in.vmlinux);
}

void report_end(FILE *out, const struct kmd *kmd, const struct options *options)
{
	fprintf(out, "input    %s, %s\n", options->in.input, kmd_input_form(kmd));
	print_regions(out, kmd);
	print_kernel(out, kmd, options->verbose);
	print_findings(out, kmd);
	if (!options->output)
		return;
	fprintf(out, "core     %s (%s)\n",
		strcmp(options->output, "-") ? options->output : "standard output",
		kmd_is_degraded(kmd) ? "degraded" : "complete");
	print_supplied(out, kmd);
	check_summary(out, kmd, options->in.vmlinux);
	report_next(out, kmd, options);
}
