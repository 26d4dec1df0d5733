/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * cpus.h - the general registers of each CPU, from whoever recorded them.
 *
 * Kept in the order of the machine's user_regs structure, so that an NT_PRSTATUS
 * is a header and these words.  Sources of the layouts: Linux
 * arch/x86/include/asm/user_64.h, arch/arm64/include/uapi/asm/ptrace.h,
 * include/linux/elfcore.h.
 */
#ifndef KMD_LINUX_REGISTERS_CPUS_H
#define KMD_LINUX_REGISTERS_CPUS_H

#include "base/diag.h"

#define KMD_CPU_WORDS_MAX 34
/* No Linux has more. */
#define KMD_CPUS_MAX      8192

/* Who recorded them; the lower wins where two know one CPU. */
enum kmd_cpu_source {
	KMD_CPU_FROM_FILE,   /* what the user gave: seen from outside */
	KMD_CPU_FROM_RECORD, /* the shim's record of the CPU that panicked */
	KMD_CPU_FROM_NOTES,  /* the kernel's crash_notes */
};

struct kmd_cpu {
	uint32_t cpu;
	enum kmd_cpu_source source;
	uint64_t words[KMD_CPU_WORDS_MAX];
};

struct kmd_cpus {
	struct kmd_cpu *items; /* once kmd_cpus_sort() was called: by CPU, each once */
	size_t n, cap;
};

/* How a machine's NT_PRSTATUS is built. */
struct kmd_cpu_layout {
	uint16_t machine;         /* e_machine */
	size_t words;             /* of 8 bytes, in user_regs */
	size_t desc_size;         /* of the whole NT_PRSTATUS */
	size_t pc, sp;            /* indexes of words */
	const char *const *names; /* of the words, as QEMU prints them; NULL = not printed */
};

/* NULL for machines whose registers are not known here. */
const struct kmd_cpu_layout *kmd_cpu_layout(uint16_t machine);

enum kmd_status kmd_cpus_add(struct kmd_cpus *cpus, const struct kmd_cpu *cpu,
			     struct kmd_diag *diag);
/* By CPU; of two that know one CPU the better source stays. */
void kmd_cpus_sort(struct kmd_cpus *cpus);
void kmd_cpus_deinit(struct kmd_cpus *cpus);

/*
 * What QEMU's monitor prints for `info registers -a`, of x86_64 and arm64.
 * KMD_ERR_FORMAT with the line if a CPU's program counter or stack pointer is
 * not there or a number cannot be read.
 */
enum kmd_status kmd_cpus_from_file(const char *path, uint16_t machine, struct kmd_diag *diag,
				   struct kmd_cpus *cpus);
enum kmd_status kmd_cpus_from_text(const char *text, size_t length, const char *name,
				   uint16_t machine, struct kmd_diag *diag, struct kmd_cpus *cpus);

/*
 * One NT_PRSTATUS of a kernel as it lies in memory: crash_notes of a CPU.  False if
 * these bytes are none or all registers are 0.
 */
bool kmd_cpu_from_note(const unsigned char *bytes, size_t size, uint16_t machine,
		       struct kmd_cpu *cpu);

/*
 * The notes of a core: NT_PRSTATUS of each CPU in CPU order, pr_pid = CPU + 1, and
 * behind each NT_ARM_PAC_MASK where @pac_mask is not 0.  Appended to *@bytes.
 */
enum kmd_status kmd_cpus_notes(const struct kmd_cpus *cpus, uint16_t machine, uint64_t pac_mask,
			       struct kmd_diag *diag, unsigned char **bytes, size_t *size);

#endif
