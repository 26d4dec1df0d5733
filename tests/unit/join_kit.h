/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* join_kit.h - an image and its claims made by hand, for the tests of the join. */
#ifndef KMD_TESTS_UNIT_JOIN_KIT_H
#define KMD_TESTS_UNIT_JOIN_KIT_H

#include "kit.h"

extern struct kmd_image image;
extern struct kmd_claims claims;
extern struct kmd_hints hints;
extern struct kmd_regions regions; /* the result of join() */

/* As kit_tcase(); these four are new for each test. */
TCase *join_tcase(void);

/* Blobs of a container.  Valid until the next call. */
struct kmd_blob *section(const char *name, uint64_t phys, const void *bytes, size_t size);
struct kmd_blob *file(const char *name, const void *bytes, size_t size);
struct kmd_blob *flat(uint64_t phys, const void *bytes, size_t size);

/* Claims of descriptions: a program header; a row of load.cmm or dump_info.txt (size 0 = none). */
void kelf(const char *name, uint64_t phys, uint64_t virt, uint64_t size);
void listed(enum kmd_origin origin, const char *name, uint64_t phys, uint64_t size);
void hint(uint64_t virt, const char *symbol);

enum kmd_status join(void);

void expect_state(const char *name, enum kmd_region_state state);
/* Its state, physical address and size. */
void expect_region(const char *name, enum kmd_region_state state, uint64_t phys, uint64_t size);
void expect_virt(const char *name, uint64_t virt);

#endif
