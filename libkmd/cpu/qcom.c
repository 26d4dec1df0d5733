/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * CPU contexts that Qualcomm's firmware saves (secure watchdog, or its debug image).
 *
 * Downstream kernels provide 2 KiB for each CPU, registered as KCPU_CTX and the CPU's number
 * (configure_bark_dump() of their watchdog driver, msm_dump_data_add_minidump()).  The bytes
 * have no magic and no version of their own.  Of the layout is used what all versions share
 * that Qualcomm's own reader knows (linux-ramdump-parser-v2, watchdog_v2.py: default, 1.3
 * and 1.4), and only if it looks like a CPU in a kernel.  Regions named c0_context and the
 * like have other numbers for CPUs, or another layout (2.0), and are left alone.
 */
#include "cpu/find.h"

#include "base/checked.h"
#include "base/text.h"

#include <elf.h>
#include <string.h>

#define NAME_PREFIX  "KCPU_CTX"
#define CONTEXT_SIZE 2048
#define REGS_AT      16 /* after four words of status */
#define WORDS_READ   44

/* Indexes of words. */
#define PC           31
#define CURRENT_EL   32
#define SP_EL2       36
#define SP_EL1       39
#define STATE_0      43 /* of version 1.4: 1 = the program counter is not valid */

#define EL2          2
#define PSTATE_EL1H  5
#define PSTATE_EL2H  9
#define ARM64_SP     31
#define ARM64_PC     32
#define ARM64_PSTATE 33

static uint64_t get_u64(const unsigned char *bytes)
{
	uint64_t value = 0;

	for (size_t i = 8; i--;)
		value = value << 8 | bytes[i];
	return value;
}

/* In the half of the address space that is the kernel's, with up to 52 bits. */
static bool is_kernel(uint64_t address)
{
	return address >> 52 == 0xfff;
}

/* The register itself has the level in bits 2 and 3; some firmware saves it shifted down. */
static bool is_el2(uint64_t current_el)
{
	return current_el == EL2 || current_el == EL2 << 2;
}

static bool from_context(const unsigned char *bytes, struct kmd_cpu *cpu)
{
	uint64_t words[WORDS_READ], sp;
	bool el2;

	for (size_t i = 0; i < WORDS_READ; i++)
		words[i] = get_u64(bytes + REGS_AT + 8 * i);
	el2 = is_el2(words[CURRENT_EL]);
	sp = words[el2 ? SP_EL2 : SP_EL1];
	if (!is_kernel(words[PC]) || words[PC] % 4 || !is_kernel(sp) || sp % 16 ||
	    words[STATE_0] == 1)
		return false;
	memset(cpu, 0, sizeof(*cpu));
	memcpy(cpu->words, words, PC * sizeof(words[0]));
	cpu->words[ARM64_PC] = words[PC];
	cpu->words[ARM64_SP] = sp;
	/* Flags are not recorded; the addresses show that it ran the kernel. */
	cpu->words[ARM64_PSTATE] = el2 ? PSTATE_EL2H : PSTATE_EL1H;
	return true;
}

static bool is_context(const struct kmd_region_entry *row, uint64_t *cpu)
{
	const char *name = row->pub.name;
	size_t prefix = strlen(NAME_PREFIX);

	return !strncmp(name, NAME_PREFIX, prefix) && row->pub.size == CONTEXT_SIZE &&
	       kmd_region_entry_is_used(row) && row->pub.captured >= REGS_AT + 8 * WORDS_READ &&
	       kmd_text_u64(name + prefix, strlen(name + prefix), 10, cpu) && *cpu < KMD_CPUS_MAX;
}

enum kmd_status kmd_cpus_from_contexts(const struct kmd_memory *memory, uint16_t machine,
				       struct kmd_diag *diag, struct kmd_cpus *cpus)
{
	unsigned char bytes[REGS_AT + 8 * WORDS_READ];
	enum kmd_status status = KMD_OK;
	struct kmd_cpu cpu;
	uint64_t number;

	if (machine != EM_AARCH64)
		return KMD_OK;
	for (size_t i = 0; status == KMD_OK && i < memory->regions->n; i++) {
		const struct kmd_region_entry *row = &memory->regions->rows[i];

		if (!is_context(row, &number) ||
		    kmd_source_read(row->source, row->offset, bytes, sizeof(bytes), diag) !=
			    KMD_OK ||
		    !from_context(bytes, &cpu))
			continue;
		cpu.cpu = (uint32_t)number;
		cpu.source = KMD_CPU_FROM_CONTEXT;
		status = kmd_cpus_add(cpus, &cpu, diag);
	}
	return status;
}
