/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "linux/registers/cpus.h"

#include "base/array.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* struct elf_prstatus on 64-bit machines (include/linux/elfcore.h). */
#define PID_AT       32
#define REGS_AT      112

#define NOTE_HEADER  12
#define NAME_PADDED  8 /* "CORE" and "LINUX" with their NUL, rounded up */
#define PAC_MASK_LEN 16

#ifndef NT_ARM_PAC_MASK
#define NT_ARM_PAC_MASK 0x406
#endif

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

static const struct kmd_cpu_layout layouts[] = {
	{ EM_X86_64, 27, 336, 16, 19, x86_64_names },
	{ EM_AARCH64, 34, 392, 32, 31, arm64_names },
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

void kmd_cpus_sort(struct kmd_cpus *cpus)
{
	size_t kept = 0;

	if (!cpus->n)
		return;
	qsort(cpus->items, cpus->n, sizeof(*cpus->items), by_cpu);
	for (size_t i = 1; i < cpus->n; i++)
		if (cpus->items[i].cpu != cpus->items[kept].cpu)
			cpus->items[++kept] = cpus->items[i];
	cpus->n = kept + 1;
}

void kmd_cpus_deinit(struct kmd_cpus *cpus)
{
	free(cpus->items);
	memset(cpus, 0, sizeof(*cpus));
}

/* Both machines are little-endian wherever their kernel is one that we read. */
static uint64_t get(const unsigned char *bytes, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static void put(unsigned char *bytes, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++, value >>= 8)
		bytes[i] = (unsigned char)value;
}

bool kmd_cpu_from_note(const unsigned char *bytes, size_t size, uint16_t machine,
		       struct kmd_cpu *cpu)
{
	const struct kmd_cpu_layout *layout = kmd_cpu_layout(machine);
	const unsigned char *regs = bytes + NOTE_HEADER + NAME_PADDED + REGS_AT;
	bool any = false;

	if (!layout || size < NOTE_HEADER + NAME_PADDED + layout->desc_size || get(bytes, 4) != 5 ||
	    get(bytes + 4, 4) != layout->desc_size || get(bytes + 8, 4) != NT_PRSTATUS ||
	    memcmp(bytes + NOTE_HEADER, "CORE", 5) != 0)
		return false;
	memset(cpu, 0, sizeof(*cpu));
	for (size_t i = 0; i < layout->words; i++) {
		cpu->words[i] = get(regs + 8 * i, 8);
		any |= cpu->words[i] != 0;
	}
	return any;
}

/* Header and name of a note at @to; where its descriptor begins. */
static unsigned char *begin_note(unsigned char *to, const char *name, size_t desc_size,
				 uint32_t type)
{
	put(to, 4, strlen(name) + 1);
	put(to + 4, 4, desc_size);
	put(to + 8, 4, type);
	memcpy(to + NOTE_HEADER, name, strlen(name));
	return to + NOTE_HEADER + NAME_PADDED;
}

static unsigned char *put_prstatus(unsigned char *to, const struct kmd_cpu_layout *layout,
				   const struct kmd_cpu *cpu)
{
	unsigned char *desc = begin_note(to, "CORE", layout->desc_size, NT_PRSTATUS);

	put(desc + PID_AT, 4, (uint64_t)cpu->cpu + 1);
	for (size_t i = 0; i < layout->words; i++)
		put(desc + REGS_AT + 8 * i, 8, cpu->words[i]);
	return desc + layout->desc_size;
}

/* One mask for data, one for instruction pointers; the kernel uses the same. */
static unsigned char *put_pac_mask(unsigned char *to, uint64_t mask)
{
	unsigned char *desc = begin_note(to, "LINUX", PAC_MASK_LEN, NT_ARM_PAC_MASK);

	put(desc, 8, mask);
	put(desc + 8, 8, mask);
	return desc + PAC_MASK_LEN;
}

enum kmd_status kmd_cpus_notes(const struct kmd_cpus *cpus, uint16_t machine, uint64_t pac_mask,
			       struct kmd_diag *diag, unsigned char **bytes, size_t *size)
{
	const struct kmd_cpu_layout *layout = kmd_cpu_layout(machine);
	unsigned char *grown, *to;
	size_t each;

	if (!layout || !cpus->n)
		return KMD_OK;
	each = NOTE_HEADER + NAME_PADDED + layout->desc_size;
	if (pac_mask)
		each += NOTE_HEADER + NAME_PADDED + PAC_MASK_LEN;
	grown = realloc(*bytes, *size + cpus->n * each);
	if (!grown)
		return kmd_fail_memory(diag);
	*bytes = grown;
	to = grown + *size;
	memset(to, 0, cpus->n * each);
	*size += cpus->n * each;
	for (size_t i = 0; i < cpus->n; i++) {
		to = put_prstatus(to, layout, &cpus->items[i]);
		if (pac_mask)
			to = put_pac_mask(to, pac_mask);
	}
	return KMD_OK;
}
