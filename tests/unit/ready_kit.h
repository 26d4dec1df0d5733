/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* ready_kit.h - a core to be judged: of a kernel made by hand, of which a part was captured. */
#ifndef KMD_TESTS_UNIT_READY_KIT_H
#define KMD_TESTS_UNIT_READY_KIT_H

#include "fake_kit.h"

#include "linux/ready/objects.h"

#define TEXT  UINT64_C(0xffff800080000000)
#define KASLR UINT64_C(0x200000)
#define PHYS  UINT64_C(0x40000000)
#define AT(o) (TEXT + KASLR + (o))
#define PAGE  4096

/* Of the running test. */
extern struct fake fake;
extern struct kmd_kernel_facts facts;
extern struct kmd_vmcoreinfo info;
extern struct kmd_cpus cpus;
extern struct kmd_ready_input input;
extern struct kmd_judging judging;

void ready_setup(void);
void ready_teardown(void);
/* A line of VMCOREINFO. */
void ready_line(const char *text);
/* [from, to) of the image was captured. */
void ready_capture(size_t from, size_t to);
/* The last of the making: memory, views and @input. */
void ready_build(void);
/* The same, and @judging.look. */
void ready_look(void);
/* A type as if the debug information told it. */
void ready_type(enum kmd_look_type which, uint64_t value);
/* A symbol's size; once the vmlinux is open. */
void ready_set_size(const char *name, uint64_t size);
/* What drgn has of an object. */
void expect_verdict(enum kmd_object object, enum kmd_presence presence, const char *names);

#endif
