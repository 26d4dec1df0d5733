/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "vmcore/window.h"

#include "base/checked.h"
#include "base/search.h"

#include <string.h>

/* The part of [start, start + size) that is asked for. */
struct part {
	uint64_t from, to, length;
};

static struct part overlap(uint64_t offset, uint64_t length, uint64_t start, uint64_t size)
{
	uint64_t first = kmd_max_u64(offset, start);
	uint64_t end = kmd_min_u64(offset + length, start + size);

	if (first >= end)
		return (struct part){ 0 };
	return (struct part){ first - start, first - offset, end - first };
}

static void copy(unsigned char *buffer, const struct part *part, const unsigned char *bytes)
{
	if (part->length)
		memcpy(buffer + part->to, bytes + part->from, (size_t)part->length);
}

enum kmd_status kmd_window_read(const struct kmd_plan *plan, const unsigned char *headers,
				uint64_t offset, void *buffer, uint64_t length,
				struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;
	unsigned char *bytes = buffer;
	struct part part;
	size_t i;

	if (!length)
		return KMD_OK;
	memset(bytes, 0, (size_t)length);
	part = overlap(offset, length, 0, plan->headers_size);
	copy(bytes, &part, headers);
	part = overlap(offset, length, plan->notes_at, plan->notes_size);
	copy(bytes, &part, plan->notes);
	i = KMD_LOWER_BOUND(plan->n_chunks, middle,
			    plan->chunks[middle].offset + plan->chunks[middle].size <= offset);
	for (; status == KMD_OK && i < plan->n_chunks; i++) {
		const struct kmd_chunk *chunk = &plan->chunks[i];

		part = overlap(offset, length, chunk->offset, chunk->size);
		if (!part.length)
			break;
		status = kmd_source_read(chunk->source, chunk->from + part.from, bytes + part.to,
					 part.length, diag);
	}
	return status;
}
