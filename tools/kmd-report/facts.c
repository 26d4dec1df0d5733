/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 2000
#define MODULES  "Modules linked in: "
#define BANNER   "Linux version "

/* A printable copy of the bytes up to the end of the line. */
static char *copy_line(const char *from, const char *end)
{
	const char *newline = memchr(from, '\n', (size_t)(end - from));
	size_t length = (size_t)((newline ? newline : end) - from);
	char *copy;

	if (length > TEXT_MAX)
		length = TEXT_MAX;
	copy = strndup(from, length);
	for (size_t i = 0; copy && i < length; i++)
		if ((unsigned char)copy[i] < ' ' || (unsigned char)copy[i] >= 0x7f)
			copy[i] = '?';
	return copy;
}

/* Replace *@text by what follows @mark in the record, if it is there. */
static bool take(const struct kmd_log_record *record, const char *mark, char **text)
{
	const char *end = record->text + record->length;
	const char *at = memmem(record->text, record->length, mark, strlen(mark));

	if (!at)
		return true;
	free(*text);
	*text = copy_line(at + strlen(mark), end);
	return *text != NULL;
}

/* "Tainted: G           OE      6.1.0-56 #1": the letters, without the release. */
static void trim_taint(char *taint, const char *release)
{
	char *end = release ? strstr(taint, release) : NULL, *from, *to = taint;

	/* The release begins with a digit, which no letter of a taint is. */
	if (!end)
		end = strpbrk(taint, "0123456789");
	if (end)
		*end = '\0';
	for (from = taint; *from; from++)
		if (*from != ' ' || (to > taint && to[-1] != ' '))
			*to++ = *from;
	while (to > taint && to[-1] == ' ')
		to--;
	*to = '\0';
}

/* The kernel's own lines only: facility 0. */
static bool read_record(const struct kmd_log_record *record, const char *panic, size_t i,
			struct facts *facts)
{
	if (record->has_time) {
		facts->uptime = record->time;
		facts->has_uptime = true;
	}
	if (record->facility)
		return true;
	if (panic && memmem(record->text, record->length, panic, strlen(panic)) &&
	    !memmem(record->text, record->length, "---[ end", 8))
		facts->reason = i;
	if (memmem(record->text, record->length, MODULES, sizeof(MODULES) - 1))
		facts->modules_at = i;
	/* Since 6.10 another line explains some of the letters: "Tainted: [O]=OOT_MODULE". */
	if (!memmem(record->text, record->length, "Tainted: [", 10) &&
	    !take(record, "Tainted: ", &facts->taint))
		return false;
	if (!facts->version && record->length > sizeof(BANNER) &&
	    !memcmp(record->text, BANNER, sizeof(BANNER) - 1) &&
	    !(facts->version = copy_line(record->text, record->text + record->length)))
		return false;
	return take(record, "Hardware name: ", &facts->hardware) &&
	       take(record, MODULES, &facts->modules);
}

/* What the letters mean (Documentation/admin-guide/tainted-kernels.rst). */
static bool explain_taint(struct facts *facts)
{
	static const struct {
		char letter;
		const char *words;
	} flags[] = {
		{ 'P', "proprietary module" },
		{ 'F', "module loaded by force" },
		{ 'S', "processor or system out of specification" },
		{ 'R', "module unloaded by force" },
		{ 'M', "machine check" },
		{ 'B', "bad page" },
		{ 'U', "set by user space" },
		{ 'D', "died before" },
		{ 'A', "ACPI table replaced" },
		{ 'W', "warning before" },
		{ 'C', "staging driver" },
		{ 'I', "workaround for firmware" },
		{ 'O', "out-of-tree module" },
		{ 'E', "unsigned module" },
		{ 'L', "soft lockup before" },
		{ 'K', "live patch" },
		{ 'T', "structures in random layout" },
		{ 'N', "test" },
	};
	char text[sizeof(flags) / sizeof(flags[0]) * 48];
	size_t n = 0;

	for (size_t i = 0; facts->taint && i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strchr(facts->taint, flags[i].letter))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? ", " : "",
					      flags[i].words);
	facts->taint_words = n ? strdup(text) : NULL;
	return !n || facts->taint_words;
}

/* linux_banner, if not the log: as the library found it, else by the kernel's own symbols. */
static bool read_version(struct kmd *kmd, struct facts *facts)
{
	const char *banner = kmd_kernel_get(kmd)->banner;
	char text[512];
	uint64_t virt;

	if (facts->version)
		return true;
	if (banner) {
		facts->version = strdup(banner);
		return facts->version != NULL;
	}
	if (kmd_symbol_address(kmd, "linux_banner", &virt) != KMD_OK ||
	    kmd_read_virt(kmd, virt, text, sizeof(text)) != KMD_OK ||
	    memcmp(text, BANNER, sizeof(BANNER) - 1) != 0)
		return true;
	facts->version = copy_line(text, text + strnlen(text, sizeof(text)));
	return facts->version != NULL;
}

/* A long of the kernel that counts pages. */
static bool read_pages(struct kmd *kmd, const char *symbol, uint64_t *bytes)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	uint64_t virt;
	int64_t pages;

	if (!kernel->machine || !strstr(kernel->machine, "64") ||
	    kmd_symbol_address(kmd, symbol, &virt) != KMD_OK ||
	    kmd_read_virt(kmd, virt, &pages, sizeof(pages)) != KMD_OK || pages < 0 ||
	    (uint64_t)pages > UINT64_MAX / kernel->page_size)
		return false;
	*bytes = (uint64_t)pages * kernel->page_size;
	return true;
}

static void read_memory(struct kmd *kmd, struct facts *facts)
{
	/* NR_FREE_PAGES is the first of the counters (include/linux/mmzone.h). */
	facts->has_memory = read_pages(kmd, "_totalram_pages", &facts->memory) && facts->memory &&
			    read_pages(kmd, "vm_zone_stat", &facts->unused) &&
			    facts->unused <= facts->memory;
}

bool facts_read(struct kmd *kmd, struct facts *facts)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	size_t n = kmd_log_count(kmd);

	memset(facts, 0, sizeof(*facts));
	facts->reason = n;
	for (size_t i = 0; i < n; i++)
		if (!read_record(kmd_log_get(kmd, i), kernel->panic, i, facts)) {
			facts_deinit(facts);
			return false;
		}
	if (facts->taint)
		trim_taint(facts->taint, kernel->release);
	if (!explain_taint(facts) || !read_version(kmd, facts)) {
		facts_deinit(facts);
		return false;
	}
	read_memory(kmd, facts);
	return true;
}

void facts_deinit(struct facts *facts)
{
	free(facts->hardware);
	free(facts->taint);
	free(facts->taint_words);
	free(facts->version);
	free(facts->modules);
	memset(facts, 0, sizeof(*facts));
}

size_t report_task_of_cpu(const struct kmd *kmd, uint32_t cpu)
{
	size_t i, n = kmd_task_count(kmd);

	for (i = 0; i < n; i++) {
		const struct kmd_task *task = kmd_task_get(kmd, i);

		if (task->is_running && task->has_cpu && task->cpu == cpu)
			break;
	}
	return i;
}

const char *report_waits_in(const struct kmd_stack *stack)
{
	static const char *const everywhere[] = { "__schedule", "schedule", "context_switch",
						  "__switch_to", "preempt_schedule" };
	size_t k;

	for (size_t i = 0; i < stack->n; i++) {
		const char *name = stack->frames[i].function;

		if (!name || stack->frames[i].flags & KMD_FRAME_INLINE)
			continue;
		for (k = 0; k < sizeof(everywhere) / sizeof(everywhere[0]); k++)
			if (!strncmp(name, everywhere[k], strlen(everywhere[k])))
				break;
		if (k == sizeof(everywhere) / sizeof(everywhere[0]))
			return name;
	}
	return "";
}

bool report_is_blocked(const struct kmd_task *task)
{
	return task->state == 'D';
}

bool report_is_holder(const struct kmd_task *task)
{
	return task->holds_lock && !report_is_blocked(task) && !task->is_running;
}

/* The library sorts them by pid. */
const struct kmd_task *report_task_by_pid(const struct kmd *kmd, uint32_t pid)
{
	size_t low = 0, high = kmd_task_count(kmd);
	const struct kmd_task *task;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (kmd_task_get(kmd, middle)->pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	task = kmd_task_get(kmd, low);
	return task && task->pid == pid ? task : NULL;
}

const char *report_error(const char *text, const char *input)
{
	size_t length = input ? strlen(input) : 0;

	return length && !strncmp(text, input, length) && !strncmp(text + length, ": ", 2)
		       ? text + length + 2
		       : text;
}

int report_digits(const struct kmd *kmd)
{
	const char *machine = kmd_kernel_get(kmd)->machine;

	return machine && !strcmp(machine, "arm") ? 8 : 16;
}

const char *report_register_name(const struct kmd *kmd, size_t word,
				 char buffer[REGISTER_NAME_SIZE])
{
	static const char *const x86_64[] = { "r15", "r14", "r13", "r12", "rbp", "rbx", "r11",
					      "r10", "r9",  "r8",  "rax", "rcx", "rdx", "rsi",
					      "rdi", NULL,  "rip", "cs",  "rfl", "rsp", "ss" };
	static const char *const arm[] = { "r0", "r1",  "r2", "r3", "r4", "r5", "r6", "r7",  "r8",
					   "r9", "r10", "fp", "ip", "sp", "lr", "pc", "cpsr" };
	static const char *const arm64[] = { "sp", "pc", "cpsr" };
	static const char *const riscv64[] = { "pc", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
					       "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
					       "a6", "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
					       "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6" };
	const char *machine = kmd_kernel_get(kmd)->machine;

	if (machine && !strcmp(machine, "aarch64")) {
		if (word < 31) {
			snprintf(buffer, REGISTER_NAME_SIZE, "x%zu", word);
			return buffer;
		}
		return word < 34 ? arm64[word - 31] : NULL;
	}
	if (machine && !strcmp(machine, "arm"))
		return word < sizeof(arm) / sizeof(arm[0]) ? arm[word] : NULL;
	if (machine && !strcmp(machine, "riscv64"))
		return word < sizeof(riscv64) / sizeof(riscv64[0]) ? riscv64[word] : NULL;
	return word < sizeof(x86_64) / sizeof(x86_64[0]) ? x86_64[word] : NULL;
}
