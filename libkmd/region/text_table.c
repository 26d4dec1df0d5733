/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/text_table.h"

#include "base/checked.h"
#include "base/text.h"
#include "region/file_name.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SNIFF_BYTES 4096
/* Rows of all texts of one kind together; no folder holds more files. */
#define ROWS_MAX    131072

/* ------------------------------------------------------------------- lines */

struct text {
	char *bytes;
	size_t size, at;
	uint64_t offset; /* of the bytes, in the source */
};

static bool is_blank(char c)
{
	/* The last is what ends a text of DOS. */
	return c == ' ' || c == '\t' || c == '\r' || c == '\0' || c == '\x1a';
}

static void trim(struct kmd_line *line)
{
	while (line->length && is_blank(line->text[line->length - 1]))
		line->length--;
	while (line->length && is_blank(line->text[0])) {
		line->text++;
		line->length--;
	}
}

static bool next_line(struct text *text, struct kmd_line *line)
{
	const char *start = text->bytes + text->at, *end;

	if (text->at >= text->size)
		return false;
	end = memchr(start, '\n', text->size - text->at);
	line->text = start;
	line->length = end ? (size_t)(end - start) : text->size - text->at;
	line->offset = text->offset + text->at;
	line->cut = !end;
	text->at += line->length + (end ? 1 : 0);
	trim(line);
	return true;
}

bool kmd_line_field(struct kmd_line *line, struct kmd_field *field)
{
	size_t skip = 0;

	trim(line);
	if (!line->length)
		return false;
	field->text = line->text;
	field->length = 0;
	if (line->text[0] == '"') {
		const char *end = memchr(line->text + 1, '"', line->length - 1);

		field->text++;
		field->length = end ? (size_t)(end - field->text) : line->length - 1;
		skip = end ? 2 : 1;
	} else {
		while (field->length < line->length && !is_blank(line->text[field->length]))
			field->length++;
	}
	line->text += field->length + skip;
	line->length -= field->length + skip;
	trim(line);
	return true;
}

struct kmd_field kmd_field_base_name(struct kmd_field path)
{
	while (path.length && path.text[path.length - 1] == '"')
		path.length--;
	for (size_t i = path.length; i > 0; i--) {
		if (!memchr("/\\\"", path.text[i - 1], 3))
			continue;
		path.text += i;
		path.length -= i;
		break;
	}
	return path;
}

/* ------------------------------------------------------------- recognition */

/* A few invalid bytes may be damage, or names; padding after the text is neither. */
static bool is_text(const unsigned char *bytes, size_t length)
{
	size_t odd = 0;

	while (length && !bytes[length - 1])
		length--;
	for (size_t i = 0; i < length; i++)
		odd += bytes[i] < 0x20 ? !memchr("\n\r\t\x1a", bytes[i], 4) : bytes[i] >= 0x7f;
	return length && odd <= length / 20;
}

bool kmd_line_is_empty(const struct kmd_line *line)
{
	if (!line->length || memchr(";#/", line->text[0], 3))
		return true;
	for (size_t i = 0; i < line->length; i++)
		if (!is_blank(line->text[i]) && !memchr("-=_+|*~.:", line->text[i], 9))
			return false;
	return true;
}

/* True if at least half of the whole lines are rows. */
static bool mostly_rows(const struct kmd_text_table *table, struct text *text, bool whole)
{
	size_t lines = 0, rows = 0;
	struct kmd_line line;

	while (next_line(text, &line)) {
		struct kmd_text_row row = { 0 };

		if (kmd_line_is_empty(&line) || (line.cut && !whole))
			continue;
		lines++;
		rows += table->parse(&line, &row) == KMD_LINE_ROW;
	}
	return rows && rows >= lines - rows;
}

bool kmd_text_table_is(const struct kmd_text_table *table, const struct kmd_blob *blob,
		       struct kmd_diag *diag)
{
	char head[SNIFF_BYTES];
	struct text text = { head, (size_t)kmd_min_u64(blob->size, sizeof(head)), 0, 0 };

	if (blob->kind != KMD_BLOB_REGION || blob->invalid || blob->conflict ||
	    blob->size > KMD_TEXT_TABLE_MAX ||
	    kmd_source_read(blob->source, blob->offset, head, text.size, diag) != KMD_OK ||
	    !is_text((unsigned char *)head, text.size))
		return false;
	return table->named(blob->name) || mostly_rows(table, &text, text.size == blob->size);
}

/* ----------------------------------------------------------------- reading */

/* The names of the blobs, sorted, to look up many. */
struct names {
	const char **items;
	size_t n;
};

static int compare_names(const void *a, const void *b)
{
	return kmd_text_casecmp(*(const char *const *)a, *(const char *const *)b);
}

static bool names_init(struct names *names, const struct kmd_image *image)
{
	names->n = image->n_blobs;
	names->items = calloc(names->n ? names->n : 1, sizeof(names->items[0]));
	if (!names->items)
		return false;
	for (size_t i = 0; i < names->n; i++)
		names->items[i] = image->blobs[i].name;
	qsort(names->items, names->n, sizeof(names->items[0]), compare_names);
	return true;
}

/* How many blobs have this name, in any case of letters; counts to 2. */
static int names_count(const struct names *names, const char *name)
{
	size_t low = 0, high = names->n;
	int count = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (kmd_text_casecmp(names->items[middle], name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low < names->n && count < 2 && !kmd_text_casecmp(names->items[low], name)) {
		low++;
		count++;
	}
	return count;
}

struct reading {
	const struct kmd_text_table *table;
	struct kmd_diag *diag;
	struct kmd_claims *claims;
	size_t first; /* the table's own claims start here */
	struct names names;
};

static enum kmd_status add_claim(struct reading *r, const struct kmd_text_row *row,
				 struct kmd_place place)
{
	struct kmd_claim *claim = kmd_claims_add(r->claims, r->table->origin);

	if (!claim)
		return kmd_fail_memory(r->diag);
	claim->name = strdup("");
	claim->file = strndup(row->file.text, row->file.length);
	if (!claim->name || !claim->file)
		return kmd_fail_memory(r->diag);
	claim->phys = row->phys;
	claim->has_phys = true;
	claim->size = row->size;
	claim->has_size = row->has_size;
	claim->place = place;
	return KMD_OK;
}

static enum kmd_status bad_line(struct reading *r, const struct kmd_line *line,
				struct kmd_place place)
{
	char shown[64];

	kmd_text_name(shown, sizeof(shown), line->text, line->length);
	return kmd_report(r->diag, KMD_FIND_TABLE, KMD_DAMAGE, place,
			  "this line of %s cannot be read: %s", r->table->what, shown);
}

/*
 * Of a line without its newline, only what can be checked is used.
 * @row is NULL where it could not be read at all.
 */
static enum kmd_status cut_line(struct reading *r, const struct kmd_text_row *row,
				struct kmd_place place)
{
	bool known = false;
	char *file;

	if (row && row->whole) {
		file = strndup(row->file.text, row->file.length);
		if (!file)
			return kmd_fail_memory(r->diag);
		known = names_count(&r->names, file) > 0;
		free(file);
	}
	if (known)
		return add_claim(r, row, place);
	return kmd_report(r->diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, place,
			  "%s ends in the middle of this line, which is not used", r->table->what);
}

static enum kmd_status read_line(struct reading *r, const struct kmd_line *line, const char *source)
{
	struct kmd_place place = kmd_at(source, line->offset);
	struct kmd_text_row row = { 0 };
	uint64_t end;

	switch (r->table->parse(line, &row)) {
	case KMD_LINE_OTHER:
		return KMD_OK;
	case KMD_LINE_ROW:
		if (row.has_size && !kmd_add_u64(row.phys, row.size, &end))
			return kmd_report(r->diag, KMD_FIND_TABLE, KMD_DAMAGE, place,
					  "address 0x%" PRIx64 " and size %" PRIu64
					  " reach beyond the address space",
					  row.phys, row.size);
		return line->cut ? cut_line(r, &row, place) : add_claim(r, &row, place);
	default:
		return line->cut ? cut_line(r, NULL, place) : bad_line(r, line, place);
	}
}

static enum kmd_status read_lines(struct reading *r, struct text *text, const char *source)
{
	enum kmd_status status = KMD_OK;
	struct kmd_line line;

	if (text->size >= 3 && !memcmp(text->bytes, "\xef\xbb\xbf", 3))
		text->at = 3;
	while (status == KMD_OK && next_line(text, &line)) {
		if (r->claims->n - r->first >= ROWS_MAX)
			return kmd_report(r->diag, KMD_FIND_TABLE, KMD_DAMAGE,
					  kmd_at(source, line.offset),
					  "more than %d lines; these are not used", ROWS_MAX);
		status = read_line(r, &line, source);
	}
	return status;
}

static enum kmd_status read_blob(struct reading *r, const struct kmd_blob *blob)
{
	struct text text = { NULL, (size_t)blob->size, 0, blob->offset };
	enum kmd_status status;

	text.bytes = malloc(text.size);
	if (!text.bytes)
		return kmd_fail_memory(r->diag);
	status = kmd_source_read(blob->source, blob->offset, text.bytes, text.size, r->diag);
	kmd_source_mark(blob->source, blob->offset, text.size, r->diag);
	while (text.size && !text.bytes[text.size - 1])
		text.size--;
	if (status == KMD_OK)
		status = read_lines(r, &text, blob->source->name);
	free(text.bytes);
	return status;
}

/* -------------------------------------------------------------- duplicates */

static int compare_claims(const void *a, const void *b)
{
	const struct kmd_claim *x = *(struct kmd_claim *const *)a;
	const struct kmd_claim *y = *(struct kmd_claim *const *)b;
	int order = strcmp(x->file, y->file);

	return order ? order : (x > y) - (x < y);
}

static bool same_extent(const struct kmd_claim *a, const struct kmd_claim *b)
{
	return a->phys == b->phys && (!a->has_size || a->size == b->size);
}

/* @later names the same file as @first; it is dropped by freeing its name. */
static enum kmd_status check_twin(struct reading *r, const struct kmd_claim *first,
				  struct kmd_claim *later)
{
	enum kmd_status status = KMD_OK;
	char file[64];

	if (!same_extent(first, later)) {
		if (names_count(&r->names, first->file) > 1)
			return KMD_OK;
		kmd_text_name(file, sizeof(file), first->file, strlen(first->file));
		status = kmd_report(r->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, later->place,
				    "%s puts %s at 0x%" PRIx64 " here and at 0x%" PRIx64
				    " (or with another size) before; the first is used",
				    r->table->what, file, later->phys, first->phys);
	}
	free(later->file);
	later->file = NULL;
	return status;
}

static void drop_marked(struct kmd_claims *claims, size_t first)
{
	size_t kept = first;

	for (size_t i = first; i < claims->n; i++) {
		if (claims->items[i].file)
			claims->items[kept++] = claims->items[i];
		else
			free(claims->items[i].name);
	}
	claims->n = kept;
}

static enum kmd_status drop_twins(struct reading *r)
{
	size_t n = r->claims->n - r->first, leader = 0;
	enum kmd_status status = KMD_OK;
	struct kmd_claim **sorted;

	if (n < 2)
		return KMD_OK;
	sorted = calloc(n, sizeof(sorted[0]));
	if (!sorted)
		return kmd_fail_memory(r->diag);
	for (size_t i = 0; i < n; i++)
		sorted[i] = &r->claims->items[r->first + i];
	qsort(sorted, n, sizeof(sorted[0]), compare_claims);
	for (size_t i = 1; i < n && status == KMD_OK; i++) {
		if (strcmp(sorted[leader]->file, sorted[i]->file))
			leader = i;
		else
			status = check_twin(r, sorted[leader], sorted[i]);
	}
	free(sorted);
	drop_marked(r->claims, r->first);
	return status;
}

/* ----- names for parts of RAM */

/* The image of RAM, whose address the user gave, that holds all of @claim; NULL = none. */
static const struct kmd_blob *image_of(const struct kmd_image *image, const struct kmd_claim *claim)
{
	for (size_t i = 0; i < image->n_blobs; i++) {
		const struct kmd_blob *blob = &image->blobs[i];

		if (blob->has_phys && blob->origin == KMD_FROM_ADDRESS && claim->has_size &&
		    claim->phys >= blob->phys &&
		    kmd_inside(claim->phys - blob->phys, claim->size, blob->size))
			return blob;
	}
	return NULL;
}

/*
 * A row without a file names a part of an image of RAM that lies round it: a map of fixed
 * addresses, as of the debug area of a chip, makes regions of those parts.
 */
static enum kmd_status name_parts(struct reading *r, const struct kmd_image *image)
{
	for (size_t i = r->first; i < r->claims->n; i++) {
		struct kmd_claim *claim = &r->claims->items[i];
		const struct kmd_blob *blob = image_of(image, claim);
		char *name;

		if (!blob || names_count(&r->names, claim->file))
			continue;
		name = kmd_region_name_of_file(claim->file);
		if (!name)
			return kmd_fail_memory(r->diag);
		free(claim->name);
		claim->name = name;
		*claim->file = '\0';
		claim->has_bytes = true;
		claim->blob = (size_t)(blob - image->blobs);
		claim->offset = claim->phys - blob->phys;
		claim->captured = claim->size;
	}
	return KMD_OK;
}

enum kmd_status kmd_text_table_read(const struct kmd_text_table *table,
				    const struct kmd_image *image, struct kmd_diag *diag,
				    struct kmd_claims *claims)
{
	struct reading r = { table, diag, claims, claims->n, { NULL, 0 } };
	enum kmd_status status = KMD_OK;

	if (!names_init(&r.names, image))
		return kmd_fail_memory(diag);
	for (size_t i = 0; i < image->n_blobs && status == KMD_OK; i++) {
		const struct kmd_blob *blob = &image->blobs[i];

		if (kmd_text_table_is(table, blob, diag))
			status = read_blob(&r, blob);
		else if (blob->kind == KMD_BLOB_REGION && !blob->invalid &&
			 table->named(blob->name))
			status = kmd_report(diag, KMD_FIND_TABLE, KMD_DAMAGE,
					    kmd_at(blob->source->name, blob->offset),
					    "is not text; ignored as %s", table->what);
	}
	if (status == KMD_OK)
		status = drop_twins(&r);
	if (status == KMD_OK)
		status = name_parts(&r, image);
	free(r.names.items);
	return status;
}
