/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The notes that bring registers to gdb, drgn and crash. */
#include "linux/registers/cpus.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* struct elf_prstatus on 64-bit machines (include/linux/elfcore.h). */
#define PID_AT        32
#define REGS_AT       112

#define PAC_MASK_SIZE 16
/* Pointer authentication of addresses (arch/arm64/include/uapi/asm/hwcap.h). */
#define HWCAP_PACA    (UINT64_C(1) << 30)

/* QEMU's own record of a CPU, which crash reads (QEMU target/i386/arch_dump.c). */
#define QEMU_SIZE     440
#define QEMU_VERSION  1

#ifndef NT_ARM_PAC_MASK
#define NT_ARM_PAC_MASK 0x406
#endif

/* A first pass counts, a second one writes. */
struct writer {
	unsigned char *to; /* NULL = count only */
	size_t size;
	const struct kmd_cpu_layout *layout;
	const struct kmd_cpu_hints *hints;
};

static void put(unsigned char *bytes, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++, value >>= 8)
		bytes[i] = (unsigned char)value;
}

/* A note of zeroes; where its descriptor begins, or NULL while counting. */
static unsigned char *begin_note(struct writer *writer, const char *name, size_t desc_size,
				 uint32_t type)
{
	unsigned char *at = writer->to ? writer->to + writer->size : NULL;
	size_t named = (strlen(name) + 1 + 3) & ~(size_t)3;

	writer->size += KMD_NOTE_HEADER_SIZE + named + desc_size;
	if (!at)
		return NULL;
	memset(at, 0, KMD_NOTE_HEADER_SIZE + named + desc_size);
	put(at, 4, strlen(name) + 1);
	put(at + 4, 4, desc_size);
	put(at + 8, 4, type);
	memcpy(at + KMD_NOTE_HEADER_SIZE, name, strlen(name));
	return at + KMD_NOTE_HEADER_SIZE + named;
}

static void put_prstatus(struct writer *writer, const struct kmd_cpu *cpu)
{
	unsigned char *desc = begin_note(writer, "CORE", writer->layout->desc_size, NT_PRSTATUS);

	if (!desc)
		return;
	put(desc + PID_AT, 4, (uint64_t)cpu->cpu + 1);
	for (size_t i = 0; i < writer->layout->words; i++)
		put(desc + REGS_AT + 8 * i, 8, cpu->words[i]);
}

/* One mask for data, one for instruction pointers; the kernel uses the same. */
static void put_pac_mask(struct writer *writer)
{
	unsigned char *desc = begin_note(writer, "LINUX", PAC_MASK_SIZE, NT_ARM_PAC_MASK);

	if (!desc)
		return;
	put(desc, 8, writer->hints->pac_mask);
	put(desc + 8, 8, writer->hints->pac_mask);
}

static void put_pair(unsigned char **at, uint64_t key, uint64_t value)
{
	put(*at, 8, key);
	put(*at + 8, 8, value);
	*at += 16;
}

/*
 * gdb moves a vmlinux that is ET_DYN to its entry's address, and looks at the masks only
 * where the processor has keys.
 */
static void put_auxv(struct writer *writer)
{
	const struct kmd_cpu_hints *hints = writer->hints;
	size_t pairs = (hints->entry ? 1u : 0u) + (hints->pac_mask ? 1u : 0u);
	unsigned char *desc;

	if (!pairs || hints->has_auxv)
		return;
	desc = begin_note(writer, "CORE", 16 * (pairs + 1), NT_AUXV);
	if (desc && hints->entry)
		put_pair(&desc, AT_ENTRY, hints->entry);
	if (desc && hints->pac_mask)
		put_pair(&desc, AT_HWCAP, HWCAP_PACA);
}

/*
 * crash gives the i-th NT_PRSTATUS to CPU i.  It counts notes of any name, others look at
 * those named CORE only.
 */
static void put_placeholder(struct writer *writer)
{
	begin_note(writer, "KMD", 0, NT_PRSTATUS);
}

static void put_qemu(struct writer *writer)
{
	unsigned char *desc = begin_note(writer, "QEMU", QEMU_SIZE, 0);

	if (!desc)
		return;
	put(desc, 4, QEMU_VERSION);
	put(desc + 4, 4, QEMU_SIZE);
}

static void put_all(struct writer *writer, const struct kmd_cpus *cpus)
{
	uint32_t next = 0;

	writer->size = 0;
	for (size_t i = 0; i < cpus->n; i++) {
		for (; writer->hints->all_cpus && next < cpus->items[i].cpu; next++)
			put_placeholder(writer);
		put_prstatus(writer, &cpus->items[i]);
		if (writer->hints->pac_mask)
			put_pac_mask(writer);
		next = cpus->items[i].cpu + 1;
	}
	put_auxv(writer);
	if (writer->hints->all_cpus && cpus->n)
		put_qemu(writer);
}

enum kmd_status kmd_cpus_notes(const struct kmd_cpus *cpus, uint16_t machine,
			       const struct kmd_cpu_hints *hints, struct kmd_diag *diag,
			       unsigned char **bytes, size_t *size)
{
	struct writer writer = { .layout = kmd_cpu_layout(machine), .hints = hints };
	unsigned char *grown;

	if (!writer.layout)
		return KMD_OK;
	put_all(&writer, cpus);
	if (!writer.size)
		return KMD_OK;
	grown = realloc(*bytes, *size + writer.size);
	if (!grown)
		return kmd_fail_memory(diag);
	*bytes = grown;
	writer.to = grown + *size;
	put_all(&writer, cpus);
	*size += writer.size;
	return KMD_OK;
}
