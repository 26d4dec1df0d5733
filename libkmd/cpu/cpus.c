/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cpu/cpus.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/note.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static const char *const x86_64_names[] = {
	"R15", "R14", "R13", "R12", "RBP", "RBX", "R11", "R10", "R9",
	"R8",  "RAX", "RCX", "RDX", "RSI", "RDI", NULL,  "RIP", "CS",
	"RFL", "RSP", "SS",  "FS.", "GS.", "DS",  "ES",  "FS",  "GS", /* "FS." = its base */
};

static const char *const arm64_names[] = {
	"X00", "X01", "X02", "X03", "X04", "X05", "X06", "X07", "X08", "X09",    "X10", "X11",
	"X12", "X13", "X14", "X15", "X16", "X17", "X18", "X19", "X20", "X21",    "X22", "X23",
	"X24", "X25", "X26", "X27", "X28", "X29", "X30", "SP",  "PC",  "PSTATE",
};

/* QEMU prints "x1/ra"; the name that counts is the one before the slash. */
static const char *const riscv64_names[] = {
	"pc",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
	"x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
	"x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "x31",
};

static const char *const arm_names[] = {
	"R00", "R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08",
	"R09", "R10", "R11", "R12", "R13", "R14", "R15", "PSR", NULL, /* ORIG_r0 */
};

static const struct kmd_cpu_layout layouts[] = {
	{ EM_X86_64, 8, 27, 336, 16, 19, x86_64_names },
	{ EM_AARCH64, 8, 34, 392, 32, 31, arm64_names },
	{ EM_RISCV, 8, 32, 376, 0, 2, riscv64_names },
	{ EM_ARM, 4, 18, 148, 15, 13, arm_names },
};

const struct kmd_cpu_layout *kmd_cpu_layout(uint16_t machine)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].machine == machine)
			return &layouts[i];
	return NULL;
}

enum kmd_status kmd_cpus_add(struct kmd_cpus *cpus, const struct kmd_cpu *cpu,
			     struct kmd_diag *diag)
{
	if (!KMD_ARRAY_RESERVE(cpus->items, cpus->n, cpus->cap))
		return kmd_fail_memory(diag);
	cpus->items[cpus->n++] = *cpu;
	return KMD_OK;
}

static int by_cpu(const void *a, const void *b)
{
	const struct kmd_cpu *x = a, *y = b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return memcmp(x->words, y->words, sizeof(x->words));
}

static void publish(struct kmd_cpu *cpu, const struct kmd_cpu_layout *layout)
{
	static const char *const sources[] = {
		[KMD_CPU_FROM_FILE] = "register file",
		[KMD_CPU_FROM_CORE] = "notes of the input",
		[KMD_CPU_FROM_RECORD] = "panic record",
		[KMD_CPU_FROM_NOTES] = "crash_notes",
		[KMD_CPU_FROM_CONTEXT] = "CPU context of the firmware",
	};

	cpu->pub = (struct kmd_cpu_registers){
		.cpu = cpu->cpu,
		.source = sources[cpu->source],
		.words = cpu->words,
		.n_words = layout->words,
		.pc = cpu->words[layout->pc],
		.sp = cpu->words[layout->sp],
	};
}

void kmd_cpus_sort(struct kmd_cpus *cpus, uint16_t machine)
{
	const struct kmd_cpu_layout *layout = kmd_cpu_layout(machine);
	size_t kept = 0;

	if (!cpus->n || !layout)
		return;
	qsort(cpus->items, cpus->n, sizeof(*cpus->items), by_cpu);
	for (size_t i = 1; i < cpus->n; i++)
		if (cpus->items[i].cpu != cpus->items[kept].cpu)
			cpus->items[++kept] = cpus->items[i];
	cpus->n = kept + 1;
	for (size_t i = 0; i < cpus->n; i++)
		publish(&cpus->items[i], layout);
}

void kmd_cpus_deinit(struct kmd_cpus *cpus)
{
	free(cpus->items);
	memset(cpus, 0, sizeof(*cpus));
}

/* These machines are little-endian wherever their kernel is one that we read. */
static uint64_t get(const unsigned char *bytes, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

bool kmd_cpu_from_desc(const unsigned char *desc, const struct kmd_cpu_layout *layout,
		       struct kmd_cpu *cpu)
{
	bool any = false;

	memset(cpu, 0, sizeof(*cpu));
	for (size_t i = 0; i < layout->words; i++) {
		cpu->words[i] =
			get(desc + kmd_cpu_regs_at(layout) + layout->word * i, layout->word);
		any |= cpu->words[i] != 0;
	}
	return any;
}

bool kmd_cpu_from_note(const unsigned char *bytes, size_t size, size_t desc_at,
		       const struct kmd_cpu_layout *layout, struct kmd_cpu *cpu)
{
	static const char name[] = "CORE";

	if (desc_at < KMD_NOTE_HEADER_SIZE + sizeof(name) ||
	    !kmd_inside(desc_at, layout->desc_size, size) || get(bytes, 4) != sizeof(name) ||
	    get(bytes + 4, 4) != layout->desc_size || get(bytes + 8, 4) != NT_PRSTATUS ||
	    memcmp(bytes + KMD_NOTE_HEADER_SIZE, name, sizeof(name)) != 0)
		return false;
	return kmd_cpu_from_desc(bytes + desc_at, layout, cpu);
}
