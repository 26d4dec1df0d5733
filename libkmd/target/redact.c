/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/redact.h"

#include "base/array.h"
#include "base/checked.h"
#include "target/user_ranges.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_ 256
#define WORD      "user-data"

/* [start, end) of a region, to be overwritten. */
struct mark {
	size_t row;
	struct kmd_span span;
};

struct redactor {
	const struct kmd_target *target;
	struct kmd_regions *regions;
	struct kmd_redaction *out;
	struct mark *marks;
	size_t n_marks, cap_marks;
	bool found; /* some byte of the present range */
};

static enum kmd_status keep(struct redactor *r, struct kmd_source *source)
{
	if (!KMD_ARRAY_RESERVE(r->out->sources, r->out->n, r->out->cap)) {
		kmd_source_free(source);
		return kmd_fail_memory(r->target->diag);
	}
	r->out->sources[r->out->n++] = source;
	return KMD_OK;
}

/* Spans are from the start of @row. */
static enum kmd_status overwrite(struct redactor *r, struct kmd_region_entry *row,
				 const struct kmd_span *spans, size_t n)
{
	struct kmd_source *source;
	enum kmd_status status;

	status = kmd_source_masked(r->target->diag, row->source, row->offset, row->pub.captured,
				   spans, n, &source);
	if (status == KMD_OK)
		status = keep(r, source);
	if (status != KMD_OK)
		return status;
	row->source = source;
	row->offset = 0;
	/* The file has the bytes still. */
	row->pub.file = NULL;
	return KMD_OK;
}

static enum kmd_status mark(struct redactor *r, size_t row, uint64_t start, uint64_t end)
{
	if (!KMD_ARRAY_RESERVE(r->marks, r->n_marks, r->cap_marks))
		return kmd_fail_memory(r->target->diag);
	r->marks[r->n_marks++] = (struct mark){ row, { start, end } };
	r->found = true;
	return KMD_OK;
}

static int by_place(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return x->span.start < y->span.start ? -1 : x->span.start > y->span.start;
}

/*
 * Overwrite what is marked: once for each region, since virtual memory may have many pages in one,
 * and each overwriting is one more step for all reads.
 */
static enum kmd_status overwrite_marked(struct redactor *r)
{
	struct kmd_span *spans = malloc((r->n_marks ? r->n_marks : 1) * sizeof(*spans));
	enum kmd_status status = spans ? KMD_OK : kmd_fail_memory(r->target->diag);
	size_t i = 0;

	if (r->n_marks)
		qsort(r->marks, r->n_marks, sizeof(*r->marks), by_place);
	while (status == KMD_OK && i < r->n_marks) {
		size_t row = r->marks[i].row, n = 0;

		for (; i < r->n_marks && r->marks[i].row == row; i++) {
			const struct kmd_span *span = &r->marks[i].span;

			if (n && span->start <= spans[n - 1].end)
				spans[n - 1].end = kmd_max_u64(spans[n - 1].end, span->end);
			else
				spans[n++] = *span;
		}
		status = overwrite(r, &r->regions->rows[row], spans, n);
	}
	r->n_marks = 0;
	free(spans);
	return status;
}

/* In each region that holds some of [@start, @start + @size). */
static enum kmd_status redact_rows(struct redactor *r, bool physical, uint64_t start, uint64_t size)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < r->regions->n; i++) {
		struct kmd_region_entry *row = &r->regions->rows[i];
		uint64_t base = physical ? row->pub.phys : row->pub.virt, from, to;

		if (!row->has_bytes || !row->pub.captured ||
		    !(physical ? row->pub.has_phys : row->pub.has_virt && !row->pub.has_phys))
			continue;
		from = kmd_max_u64(start, base);
		to = kmd_min_u64(start + size, base + row->pub.captured);
		if (from < to)
			status = mark(r, i, from - base, to - base);
	}
	return status;
}

/* Each captured page of [@virt, @virt + @size), by its physical address. */
static enum kmd_status redact_virtual(struct redactor *r, uint64_t virt, uint64_t size)
{
	const struct kmd_views *views = r->target->views;
	enum kmd_status status = redact_rows(r, false, virt, size);

	for (size_t i = 0; status == KMD_OK && i < views->n; i++) {
		const struct kmd_view *view = &views->items[i];
		uint64_t from = kmd_max_u64(virt, view->virt);
		uint64_t to = kmd_min_u64(virt + size, view->virt + view->size);

		if (from < to && view->kind != KMD_VIEW_VIRTUAL)
			status = redact_rows(r, true, view->phys + (from - view->virt), to - from);
	}
	return status;
}

/* ----- what is named */

struct range {
	char name[NAME_MAX_];
	uint64_t start, size;
};

static enum kmd_status bad_spec(const struct redactor *r, const char *spec, size_t length)
{
	char text[NAME_MAX_];

	kmd_text_name(text, sizeof(text), spec, length);
	return kmd_fail(r->target->diag, KMD_ERR_USAGE, kmd_in(""),
			"\"%s\" is nothing that can be redacted: " WORD ", SYMBOL, SYMBOL+SIZE or "
			"0xADDRESS+SIZE",
			text);
}

static enum kmd_status find_symbol(const struct redactor *r, struct range *range)
{
	uint64_t size = 0;

	if (!kmd_target_symbol(r->target, range->name, &range->start, &size))
		return kmd_fail(r->target->diag, KMD_ERR_NOT_FOUND, kmd_in(""),
				"no symbol \"%s\" is known, so it cannot be redacted: give the "
				"vmlinux, or 0xADDRESS+SIZE",
				range->name);
	if (!range->size)
		range->size = size;
	if (!range->size)
		return kmd_fail(r->target->diag, KMD_ERR_NOT_FOUND, kmd_in(""),
				"the size of \"%s\" is not known, so it cannot be redacted: give "
				"the vmlinux, or %s+SIZE",
				range->name, range->name);
	return KMD_OK;
}

static enum kmd_status read_spec(const struct redactor *r, const char *spec, size_t length,
				 struct range *range)
{
	const char *plus = memchr(spec, '+', length);
	size_t name = plus ? (size_t)(plus - spec) : length;
	bool hex = plus && !strncmp(plus + 1, "0x", 2);
	enum kmd_status status = KMD_OK;

	memset(range, 0, sizeof(*range));
	if (!name || name >= sizeof(range->name))
		return bad_spec(r, spec, length);
	memcpy(range->name, spec, name);
	if (plus && (!kmd_text_u64(plus + 1 + 2 * hex, length - name - 1 - 2 * hex, hex ? 16 : 10,
				   &range->size) ||
		     !range->size))
		return bad_spec(r, spec, length);
	if (strncmp(range->name, "0x", 2) != 0)
		status = find_symbol(r, range);
	else if (!plus || !kmd_text_u64(range->name + 2, name - 2, 16, &range->start))
		status = bad_spec(r, spec, length);
	/* A range that wraps would overwrite nothing. */
	if (status == KMD_OK && range->start + range->size < range->start)
		status = bad_spec(r, spec, length);
	return status;
}

static enum kmd_status redact_range(struct redactor *r, const struct range *range)
{
	enum kmd_status status = kmd_target_is_kernel(r->target, range->start)
					 ? redact_virtual(r, range->start, range->size)
					 : redact_rows(r, true, range->start, range->size);

	if (status != KMD_OK)
		return status;
	kmd_text_add(&r->out->text, "erase %s %" PRIu64 "\n", range->name, range->size);
	if (r->found)
		return KMD_OK;
	return kmd_report(r->target->diag, KMD_FIND_UNUSED, KMD_NOTE, kmd_in(NULL),
			  "nothing of \"%s\", which is to be redacted, was captured", range->name);
}

/* ----- user data */

static enum kmd_status mask_rows(struct redactor *r, const struct kmd_user_ranges *ranges)
{
	struct kmd_span *spans = malloc((ranges->n ? ranges->n : 1) * sizeof(*spans));
	enum kmd_status status = spans ? KMD_OK : kmd_fail_memory(r->target->diag);

	for (size_t i = 0; status == KMD_OK && i < r->regions->n; i++) {
		struct kmd_region_entry *row = &r->regions->rows[i];
		size_t n = kmd_user_ranges_of_row(ranges, row, spans);

		if (n)
			status = overwrite(r, row, spans, n);
	}
	free(spans);
	return status;
}

static enum kmd_status redact_user_data(struct redactor *r)
{
	struct kmd_user_ranges ranges;
	enum kmd_status status = overwrite_marked(r);

	if (status == KMD_OK)
		status = kmd_user_ranges_find(r->target, r->regions, &ranges);
	if (status != KMD_OK)
		return status;
	status = mask_rows(r, &ranges);
	if (status == KMD_OK) {
		kmd_text_add(&r->out->text, "erase " WORD " %" PRIu64 "\n", ranges.bytes);
		status = kmd_report(r->target->diag, KMD_FIND_UNUSED, KMD_NOTE, kmd_in(NULL),
				    "%zu texts that look like user data are overwritten (%" PRIu64
				    " bytes); data of programs and files is not looked for%s",
				    ranges.n, ranges.bytes,
				    ranges.has_all_memory ? ", and this dump has much of it" : "");
	}
	kmd_user_ranges_deinit(&ranges);
	return status;
}

enum kmd_status kmd_redact(const struct kmd_target *target, const char *specs,
			   struct kmd_regions *regions, struct kmd_redaction *redaction)
{
	struct redactor r = { .target = target, .regions = regions, .out = redaction };
	enum kmd_status status = KMD_OK;
	struct range range;

	for (size_t length; status == KMD_OK; specs += length + 1) {
		length = strcspn(specs, ",");
		r.found = false;
		if (length == strlen(WORD) && !memcmp(specs, WORD, length)) {
			status = redact_user_data(&r);
		} else {
			status = read_spec(&r, specs, length, &range);
			if (status == KMD_OK)
				status = redact_range(&r, &range);
		}
		if (!specs[length])
			break;
	}
	if (status == KMD_OK)
		status = overwrite_marked(&r);
	free(r.marks);
	if (status == KMD_OK && redaction->text.failed)
		status = kmd_fail_memory(target->diag);
	return status;
}

void kmd_redaction_deinit(struct kmd_redaction *redaction)
{
	while (redaction->n)
		kmd_source_free(redaction->sources[--redaction->n]);
	free(redaction->sources);
	free(redaction->text.at);
	memset(redaction, 0, sizeof(*redaction));
}
