/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* facts.h - what the forms of the report share: among it, what the log says besides the reason. */
#ifndef KMD_REPORT_FACTS_H
#define KMD_REPORT_FACTS_H

#include <kmemdump/kmd.h>

/* Texts are copies, printable, NULL where the log has none. */
struct facts {
	char *hardware, *taint, *modules;
	char *taint_words; /* what the letters of .taint mean; NULL = nothing but "G" */
	char *version;     /* linux_banner, out of the log or memory */
	uint64_t uptime;   /* nanoseconds: time of the last record; if has_uptime */
	bool has_uptime;
	/* Bytes of RAM that the kernel manages, and of them free ones (which lack those on lists
	 * of the CPUs); if has_memory. */
	uint64_t memory, unused;
	bool has_memory;
	size_t modules_at; /* record of .modules */
	size_t reason;     /* record with the reason; kmd_log_count() = none */
};

/* Reads the log and counters; false if memory is short.  facts_deinit() releases the texts. */
bool facts_read(struct kmd *kmd, struct facts *facts);
void facts_deinit(struct facts *facts);

/* The index of the task that a CPU runs, or kmd_task_count(). */
size_t report_task_of_cpu(const struct kmd *kmd, uint32_t cpu);

/* In uninterruptible sleep. */
bool report_is_blocked(const struct kmd_task *task);
/* It sleeps otherwise, and another task waits for its lock. */
bool report_is_holder(const struct kmd_task *task);
const struct kmd_task *report_task_by_pid(const struct kmd *kmd, uint32_t pid);

/* The function in which a task waits, without those in which every task waits; "" = none. */
const char *report_waits_in(const struct kmd_stack *stack);

/* The last error without the name of the input, which each sentence would repeat. */
const char *report_error(const char *text, const char *input);

#define REGISTER_NAME_SIZE 24

/* Hexadecimal digits of a register. */
int report_digits(const struct kmd *kmd);
/* The name of a word of the general registers; NULL if there is none. */
const char *report_register_name(const struct kmd *kmd, size_t word,
				 char buffer[REGISTER_NAME_SIZE]);

#endif
