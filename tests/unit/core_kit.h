/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* core_kit.h - regions made by hand, planned, written, and read back with libelf. */
#ifndef KMD_TESTS_UNIT_CORE_KIT_H
#define KMD_TESTS_UNIT_CORE_KIT_H

#include "kit.h"
#include "vmcore/plan.h"

#include <gelf.h>

extern struct kmd_regions regions;
extern struct kmd_memory memory;
extern struct kmd_kernel_facts facts; /* aarch64, 4 KiB pages, no maps */
extern struct kmd_vmcoreinfo info;    /* none */
extern struct kmd_core_notes carried; /* none */
extern struct kmd_views views;
extern struct kmd_plan plan;

/* As kit_tcase(); all of these are new for each test. */
TCase *core_tcase(void);

void set_vmcoreinfo(const char *text);
/* Make memory and views from regions and facts, then the plan. */
enum kmd_status plan_core(void);
/* Write the core and open it; the test closes it at its end. */
Elf *written_core(void);
/* Bytes of the written core. */
void read_core(uint64_t offset, void *to, size_t size);
uint64_t core_size(void);

#endif
