/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "kernel/banner.h"

#include "base/checked.h"

#include <string.h>

#define STEP       (UINT64_C(2) << 20)
#define BANNER_MAX 512
/* Places to look at: those of 8 TiB. */
#define TRIES_MAX  (UINT64_C(4) << 20)

static bool is_there(const struct kmd_memory *memory, uint64_t phys, const char *banner,
		     size_t length, struct kmd_diag *diag)
{
	struct kmd_marks *marks = diag->marks;
	char bytes[BANNER_MAX];
	uint64_t missing;
	bool is;

	/* Most places hold other bytes, which describe nothing. */
	diag->marks = NULL;
	is = kmd_memory_read(memory, phys, bytes, length, &missing, diag) == KMD_OK &&
	     !memcmp(bytes, banner, length);
	diag->marks = marks;
	return is && kmd_memory_read(memory, phys, bytes, length, &missing, diag) == KMD_OK;
}

size_t kmd_banner_find(const struct kmd_memory *memory, const struct kmd_vmlinux *vmlinux,
		       struct kmd_diag *diag, uint64_t found[KMD_BANNERS_MAX])
{
	size_t length = vmlinux->banner ? strlen(vmlinux->banner) : 0, n = 0;
	uint64_t link, tries = 0;

	if (!length || length > BANNER_MAX || kmd_memory_size(memory) < KMD_SOURCE_MUCH ||
	    !kmd_vmlinux_symbol(vmlinux, "linux_banner", &link))
		return 0;
	for (size_t i = 0; i < memory->n_phys; i++) {
		uint64_t start = memory->phys[i].start, size = memory->phys[i].end - start;

		for (uint64_t at = (link - start) % STEP;
		     at < size && n < KMD_BANNERS_MAX && tries < TRIES_MAX; at += STEP, tries++)
			if (is_there(memory, start + at, vmlinux->banner, length, diag))
				found[n++] = start + at;
	}
	return n;
}
