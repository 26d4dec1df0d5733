/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * cpus.h - the general registers of each CPU, from any recorder.
 *
 * Kept in the order of the machine's user_regs structure, so that an NT_PRSTATUS
 * is a header and these words.  Sources of the layouts: Linux
 * arch/x86/include/asm/user_64.h, arch/{arm,arm64,riscv}/include/uapi/asm/ptrace.h,
 * include/linux/elfcore.h.
 */
#ifndef KMD_CPU_CPUS_H
#define KMD_CPU_CPUS_H

#include "base/diag.h"

#define KMD_CPU_WORDS_MAX  34
/* No Linux has more. */
#define KMD_CPUS_MAX       8192

/* "CORE" or "LINUX" with its NUL, rounded up. */
#define KMD_NOTE_NAME_SIZE 8

/* Who recorded them; the lower wins where two know one CPU. */
enum kmd_cpu_source {
	KMD_CPU_FROM_FILE,    /* what the user gave: seen from outside */
	KMD_CPU_FROM_CORE,    /* notes of an input that is a core already */
	KMD_CPU_FROM_RECORD,  /* the shim's record of a kernel that panicked */
	KMD_CPU_FROM_NOTES,   /* the kernel's crash_notes */
	KMD_CPU_FROM_CONTEXT, /* what Qualcomm's firmware saved */
};

struct kmd_cpu {
	uint32_t cpu;
	enum kmd_cpu_source source;
	uint64_t words[KMD_CPU_WORDS_MAX];
	struct kmd_cpu_registers pub; /* as handed out, once kmd_cpus_sort() was called */
};

struct kmd_cpus {
	struct kmd_cpu *items; /* once kmd_cpus_sort() was called: by CPU, each once */
	size_t n, cap;
};

/* How a machine's NT_PRSTATUS is built. */
struct kmd_cpu_layout {
	uint16_t machine;         /* e_machine */
	size_t word;              /* bytes of a register */
	size_t words;             /* in user_regs */
	size_t desc_size;         /* of the whole NT_PRSTATUS */
	size_t pc, sp;            /* indexes of words */
	const char *const *names; /* of the words, as QEMU prints them; NULL = not printed */
};

/* struct elf_prstatus: where pr_pid and pr_reg begin (include/linux/elfcore.h). */
static inline size_t kmd_cpu_pid_at(const struct kmd_cpu_layout *layout)
{
	return layout->word == 8 ? 32 : 24;
}

static inline size_t kmd_cpu_regs_at(const struct kmd_cpu_layout *layout)
{
	return layout->word == 8 ? 112 : 72;
}

/* NULL for machines whose registers are not known here. */
const struct kmd_cpu_layout *kmd_cpu_layout(uint16_t machine);

enum kmd_status kmd_cpus_add(struct kmd_cpus *cpus, const struct kmd_cpu *cpu,
			     struct kmd_diag *diag);
/* By CPU; of two that know one CPU the better source stays. */
void kmd_cpus_sort(struct kmd_cpus *cpus, uint16_t machine);
void kmd_cpus_deinit(struct kmd_cpus *cpus);

/*
 * What QEMU's monitor prints for `info registers -a`, words that are not known are
 * passed over.  CPUs that run the code of another width, or were not started, are left out.
 * KMD_ERR_FORMAT with the line if a number cannot be read, a CPU or register comes twice or a CPU
 * has no program counter.
 */
enum kmd_status kmd_cpus_from_file(const char *path, uint16_t machine, struct kmd_diag *diag,
				   struct kmd_cpus *cpus);
enum kmd_status kmd_cpus_from_text(const char *text, size_t length, const char *name,
				   uint16_t machine, struct kmd_diag *diag, struct kmd_cpus *cpus);

/*
 * The words of an NT_PRSTATUS's descriptor.  False if all are 0: it was not filled in.
 * @cpu's other members are zeroed.
 */
bool kmd_cpu_from_desc(const unsigned char *desc, const struct kmd_cpu_layout *layout,
		       struct kmd_cpu *cpu);
/*
 * The same of a whole note, as a kernel keeps one for each CPU; its descriptor at @desc_at.
 * False also if these bytes are no such note of this machine.
 */
bool kmd_cpu_from_note(const unsigned char *bytes, size_t size, size_t desc_at,
		       const struct kmd_cpu_layout *layout, struct kmd_cpu *cpu);

/* What consumers need besides the registers. */
struct kmd_cpu_hints {
	uint64_t pac_mask; /* arm64: KERNELPACMASK; 0 = no pointer authentication */
	uint64_t entry;    /* run-time address of vmlinux's e_entry, where it is ET_DYN; 0 = not */
	bool has_auxv;     /* there is an auxiliary vector already */
	/*
	 * crash is to take these registers for each CPU.  It does so where notes are named QEMU:
	 * on arm64 also for CPUs that it counts as offline (all but one, after a panic), on
	 * x86_64 also for others than the one that panicked.
	 */
	bool all_cpus;
};

/*
 * The notes of a core, appended to *@bytes: NT_PRSTATUS of each CPU in CPU order, pr_pid =
 * CPU + 1, and what the hints ask for.  @cpus is sorted.
 */
enum kmd_status kmd_cpus_notes(const struct kmd_cpus *cpus, uint16_t machine,
			       const struct kmd_cpu_hints *hints, struct kmd_diag *diag,
			       unsigned char **bytes, size_t *size);

#endif
