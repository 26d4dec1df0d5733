/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* span.h - an array of the dumped kernel, of which parts may not have been captured. */
#ifndef KMD_LOG_SPAN_H
#define KMD_LOG_SPAN_H

#include "target/views.h"

/* No array of the log is larger: log_buf_len= ends at 2 GiB. */
#define KMD_SPAN_MAX (UINT64_C(1) << 31)

/* Bytes [start, end) of the array, at @at of what was captured. */
struct kmd_span_part {
	uint64_t start, end;
	size_t at;
};

struct kmd_span {
	unsigned char *bytes;        /* captured ones only: never more than the dump has */
	struct kmd_span_part *parts; /* sorted; no two touch */
	size_t n, cap;
	uint64_t size; /* of the array */
};

/* What was captured of [virt, virt + size); @span->n is 0 if nothing was. */
enum kmd_status kmd_span_read(struct kmd_span *span, const struct kmd_views *views,
			      const struct kmd_memory *memory, uint64_t virt, uint64_t size,
			      struct kmd_diag *diag);
/* The bytes of a region, however it is addressed. */
enum kmd_status kmd_span_read_row(struct kmd_span *span, const struct kmd_region_entry *row,
				  struct kmd_diag *diag);
/* @length bytes at @offset of the array; NULL if one of them was not captured. */
const unsigned char *kmd_span_at(const struct kmd_span *span, uint64_t offset, uint64_t length);
/* The first captured offset from @offset on; the array's size if there is none. */
uint64_t kmd_span_next(const struct kmd_span *span, uint64_t offset);
void kmd_span_deinit(struct kmd_span *span);

#endif
