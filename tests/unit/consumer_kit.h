/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* consumer_kit.h - a core to check, of a kernel made by hand that was captured in part. */
#ifndef KMD_TESTS_UNIT_CONSUMER_KIT_H
#define KMD_TESTS_UNIT_CONSUMER_KIT_H

#include "fake_kit.h"

#include "consumer/objects.h"

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
extern struct kmd_target target;
extern struct kmd_consumer_check check;

void consumer_setup(void);
void consumer_teardown(void);
/* A line of VMCOREINFO. */
void consumer_line(const char *text);
/* [from, to) of the image was captured. */
void consumer_capture(size_t from, size_t to);
/* The last step: make memory, views and @target. */
void consumer_build(void);
/* The same, with the types. */
void consumer_look(void);
/* Add a type to the debug information. */
void consumer_type(enum kmd_target_type which, uint64_t value);
/* Set the size of a symbol; the vmlinux must be open. */
void consumer_set_size(const char *name, uint64_t size);
/* How much of an object drgn can read. */
void expect_availability(enum kmd_object object, enum kmd_presence presence, const char *names);

#endif
