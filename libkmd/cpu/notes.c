/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The notes that bring registers to gdb, drgn and crash. */
#include "base/note.h"
#include "cpu/core_notes.h"
#include "cpu/cpus.h"

#include <elf.h>

#define PAC_MASK_SIZE 16
/* Pointer authentication of addresses (arch/arm64/include/uapi/asm/hwcap.h). */
#define HWCAP_PACA    (UINT64_C(1) << 30)

/*
 * QEMU's own record of a CPU (struct QEMUX86CPUState of target/i386/arch_dump.c): version and
 * size, general registers, segments of 24 bytes.
 */
#define QEMU_SIZE     440
#define QEMU_VERSION  1
#define QEMU_REGS_AT  8
#define QEMU_SEGS_AT  152
#define QEMU_SEG_SIZE 24
#define QEMU_BASE_AT  16 /* in a segment, after selector, limit, flags */

#ifndef NT_ARM_PAC_MASK
#define NT_ARM_PAC_MASK 0x406
#endif

struct writer {
	unsigned char **bytes;
	size_t *size;
	bool failed; /* no memory */
	const struct kmd_cpu_layout *layout;
	const struct kmd_cpu_hints *hints;
};

/* Machines whose registers are known here are little-endian. */
static void put(unsigned char *bytes, size_t width, uint64_t value)
{
	kmd_put(bytes, width, value, false);
}

/* A note of zeroes; where its descriptor begins, or NULL. */
static unsigned char *begin_note(struct writer *writer, const char *name, size_t desc_size,
				 uint32_t type)
{
	unsigned char *desc = NULL;

	if (!writer->failed)
		desc = kmd_note_append(writer->bytes, writer->size, name, type, (uint32_t)desc_size,
				       false);
	writer->failed |= !desc;
	return desc;
}

static void put_prstatus(struct writer *writer, const struct kmd_cpu *cpu)
{
	unsigned char *desc = begin_note(writer, "CORE", writer->layout->desc_size, NT_PRSTATUS);

	if (!desc)
		return;
	put(desc + kmd_cpu_pid_at(writer->layout), 4, (uint64_t)cpu->cpu + 1);
	for (size_t i = 0; i < writer->layout->words; i++)
		put(desc + kmd_cpu_regs_at(writer->layout) + writer->layout->word * i,
		    writer->layout->word, cpu->words[i]);
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

static void put_pair(unsigned char **at, size_t word, uint64_t key, uint64_t value)
{
	put(*at, word, key);
	put(*at + word, word, value);
	*at += 2 * word;
}

/*
 * gdb moves a vmlinux that is ET_DYN to its entry's address, and looks at the masks only
 * where the processor has keys.
 */
static void put_auxv(struct writer *writer, bool keys)
{
	const struct kmd_cpu_hints *hints = writer->hints;
	size_t word = writer->layout->word, pairs = (hints->entry ? 1u : 0u) + (keys ? 1u : 0u);
	unsigned char *desc;

	if (!pairs || hints->has_auxv)
		return;
	desc = begin_note(writer, "CORE", 2 * word * (pairs + 1), NT_AUXV);
	if (desc && hints->entry)
		put_pair(&desc, word, AT_ENTRY, hints->entry);
	if (desc && keys)
		put_pair(&desc, word, AT_HWCAP, HWCAP_PACA);
}

/*
 * crash gives the i-th NT_PRSTATUS to CPU i, and counts notes of any name; others look at
 * those named CORE, gdb at those of the right size.  Zeroes where crash would look for
 * registers, counted from the note's end.
 */
static void put_placeholder(struct writer *writer)
{
	begin_note(writer, KMD_PLACEHOLDER, writer->layout->word * (writer->layout->words + 1),
		   NT_PRSTATUS);
}

/* What is known of an x86_64 CPU; the rest, control registers among it, is 0. */
static void fill_qemu(unsigned char *desc, const uint64_t *words)
{
	/* rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, r8 to r15, rip, rflags */
	static const unsigned char regs[] = { 10, 5, 11, 12, 13, 14, 19, 4,  9,
					      8,  7, 6,  3,  2,  1,  0,  16, 18 };
	/* cs, ds, es, fs, gs, ss; the bases of fs and gs */
	static const unsigned char segs[] = { 17, 23, 24, 25, 26, 20 };
	static const unsigned char bases[] = { 0, 0, 0, 21, 22, 0 };

	for (size_t i = 0; i < sizeof(regs); i++)
		put(desc + QEMU_REGS_AT + 8 * i, 8, words[regs[i]]);
	for (size_t i = 0; i < sizeof(segs); i++) {
		unsigned char *seg = desc + QEMU_SEGS_AT + QEMU_SEG_SIZE * i;

		put(seg, 4, words[segs[i]]);
		put(seg + QEMU_BASE_AT, 8, bases[i] ? words[bases[i]] : 0);
	}
}

static void put_qemu(struct writer *writer, const struct kmd_cpu *cpu)
{
	unsigned char *desc = begin_note(writer, "QEMU", QEMU_SIZE, 0);

	if (!desc)
		return;
	put(desc, 4, QEMU_VERSION);
	put(desc + 4, 4, QEMU_SIZE);
	if (cpu)
		fill_qemu(desc, cpu->words);
}

/* arm64 has no such record; crash wants to see one all the same. */
static void put_qemus(struct writer *writer, const struct kmd_cpus *cpus)
{
	uint32_t next = 0;

	if (writer->layout->machine != EM_X86_64) {
		put_qemu(writer, NULL);
		return;
	}
	for (size_t i = 0; i < cpus->n; i++) {
		for (; next < cpus->items[i].cpu; next++)
			put_qemu(writer, NULL);
		put_qemu(writer, &cpus->items[i]);
		next = cpus->items[i].cpu + 1;
	}
}

static void put_all(struct writer *writer, const struct kmd_cpus *cpus)
{
	uint32_t next = 0;

	for (size_t i = 0; i < cpus->n; i++) {
		for (; writer->hints->all_cpus && next < cpus->items[i].cpu; next++)
			put_placeholder(writer);
		put_prstatus(writer, &cpus->items[i]);
		if (writer->hints->pac_mask)
			put_pac_mask(writer);
		next = cpus->items[i].cpu + 1;
	}
	put_auxv(writer, writer->hints->pac_mask && cpus->n);
	if (writer->hints->all_cpus && cpus->n)
		put_qemus(writer, cpus);
}

enum kmd_status kmd_cpus_notes(const struct kmd_cpus *cpus, uint16_t machine,
			       const struct kmd_cpu_hints *hints, struct kmd_diag *diag,
			       unsigned char **bytes, size_t *size)
{
	struct writer writer = {
		.bytes = bytes, .size = size, .layout = kmd_cpu_layout(machine), .hints = hints
	};

	if (writer.layout)
		put_all(&writer, cpus);
	return writer.failed ? kmd_fail_memory(diag) : KMD_OK;
}
