/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* handle.h - a dump and what is known of it, and how every public function begins. */
#ifndef KMD_API_HANDLE_H
#define KMD_API_HANDLE_H

#include "supply/prepare.h"
#include "cpu/core_notes.h"
#include "log/panic.h"
#include "region/filter.h"
#include "consumer/check.h"
#include "cpu/cpus.h"
#include "kernel/generate.h"
#include "symbol/list.h"
#include "symbol/variables.h"
#include "target/kallsyms.h"
#include "target/redact.h"
#include "target/views.h"
#include "task/list.h"
#include "unwind/signature.h"
#include "vmcore/plan.h"
#include "api/cache.h"

#define KMD_EXPORT __attribute__((visibility("default")))

struct kmd {
	struct kmd_diag diag;
	struct kmd_marks marks; /* with KMD_ANONYMIZE */
	bool opened;            /* an opening was tried */
	bool ready;             /* ... and succeeded */
	unsigned int flags;
	struct kmd_input_options input_options;
	struct kmd_image_options image_options;
	struct kmd_vmlinux_options vmlinux_options;
	struct kmd_runtime_given given;
	unsigned int complete; /* enum kmd_complete, or-ed */
	char *vmlinux_path, *registers_path, *vmcoreinfo_path;
	struct kmd_filter filter;
	char *redact; /* what to overwrite; NULL = nothing */
	struct kmd_redaction redaction;
	/* One stage after the other, each built from those above it. */
	struct kmd_input input;
	struct kmd_image image;
	struct kmd_claims claims;
	struct kmd_vmlinux vmlinux;
	struct kmd_vmcoreinfo info, found_info; /* the latter of the kernel that places RAM */
	struct kmd_hints hints;
	struct kmd_regions regions;
	struct kmd_memory memory;
	struct kmd_kernel_facts facts;
	struct kmd_runtime runtime;
	struct kmd_core_notes notes;
	struct kmd_mappings mappings;
	struct kmd_views views;
	struct kmd_target target;      /* captured memory */
	struct kmd_prepared prepared;  /* what goes into the core */
	struct kmd_supplied *supplied; /* what of it was not captured */
	size_t n_supplied;
	struct kmd_target core_target;               /* the same with what is supplied */
	struct kmd_value values[KMD_N_RUNTIME_KEYS]; /* of .boot, as handed out */
	size_t n_values;
	struct kmd_cpus cpus;
	struct kmd_log log;
	struct kmd_log_panic panic;
	struct kmd_consumer_report readiness; /* computed on the first request */
	bool vmcoreinfo_generated;            /* .info is not the dump's own */
	bool log_read;                        /* the log is read when it is first asked for */
	/* The same of types, tasks and stacks. */
	bool types_read, tasks_read, modules_read, symbols_read, variables_read;
	struct kmd_target own_target; /* .core_target and .kallsyms; .memory is NULL before */
	struct kmd_kallsyms kallsyms;
	struct kmd_modules modules;
	struct kmd_symbol_list symbols;
	struct kmd_variables variables;
	struct kmd_task_list tasks;
	struct kmd_stacks stacks;
	struct kmd_signature_data signature;
	struct kmd_plan window; /* of kmd_core_read(), once it was asked for */
	unsigned char *window_headers;
	struct kmd_cache cache;
};

/* The sentence of a call that does not fit. */
enum kmd_status kmd_usage_error(struct kmd *kmd, const char *sentence);
/* Steps of the opening: registers of CPUs, why the kernel died. */
enum kmd_status kmd_open_views(struct kmd *kmd);
enum kmd_status kmd_open_cpus(struct kmd *kmd);
enum kmd_status kmd_open_core(struct kmd *kmd);
enum kmd_status kmd_open_panic(struct kmd *kmd);
/* Types of the kernel for the core's target, once. */
enum kmd_status kmd_load_types(struct kmd *kmd);
/* .own_target, once: the core's, and without a vmlinux the symbols and types of the dump itself. */
enum kmd_status kmd_load_own_target(struct kmd *kmd);
/* Where the kernel's own BTF is. */
bool kmd_btf_of_kernel(const struct kmd_target *target, uint64_t *virt, uint64_t *size);
/* The modules of .own_target, once. */
enum kmd_status kmd_load_modules(struct kmd *kmd);
/* Hand out what .boot knows. */
void kmd_publish_values(struct kmd *kmd);
/* Every call that can fail begins with one of these. */
void kmd_begin(struct kmd *kmd);
enum kmd_status kmd_begin_option(struct kmd *kmd);
enum kmd_status kmd_begin_opened(struct kmd *kmd);

#endif
