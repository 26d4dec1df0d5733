/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/zip_parts.h"

#include "base/checked.h"
#include "base/text.h"
#include "source/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PKWARE APPNOTE 4.3.16 and 8.5.4: the end record has the number of its part; a mark is first. */
#define END_SIZE    22
#define COMMENT_MAX 65535
#define END_PART    4
#define MARK        "PK\7\10"
#define MARK_SIZE   4
/* "z01" is the first, "z999" the last that are known. */
#define PARTS_MAX   999

/* The number of parts before this last one; 0 = it is none. */
static unsigned int parts_before(const struct kmd_source *last, struct kmd_diag *diag)
{
	size_t size = (size_t)kmd_min_u64(last->size, END_SIZE + COMMENT_MAX);
	unsigned char *tail = malloc(size + 1), *end = NULL;
	unsigned int n = 0;

	if (tail && size >= END_SIZE &&
	    kmd_source_read(last, last->size - size, tail, size, diag) == KMD_OK)
		for (size_t i = size - END_SIZE + 1; !end && i-- > 0;)
			if (!memcmp(tail + i, "PK\5\6", 4) &&
			    size - i == END_SIZE + (size_t)(tail[i + 20] | tail[i + 21] << 8))
				end = tail + i;
	if (end)
		n = end[END_PART] | (unsigned int)end[END_PART + 1] << 8;
	free(tail);
	return n <= PARTS_MAX ? n : 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	return strlen(name) > strlen(suffix) && kmd_text_has_suffix(name, suffix);
}

/* The name of part @i from 1, or of the last one for 0, next to @name, which is one of them. */
static char *part_name(const char *name, unsigned int i)
{
	int stem = (int)(strrchr(name, '.') - name) + 2;
	char *out;

	/* "z" stays as it is, "Z" too. */
	if (i ? asprintf(&out, "%.*s%02u", stem, name, i) < 0
	      : asprintf(&out, "%.*s%s", stem, name, name[stem - 1] == 'Z' ? "IP" : "ip") < 0)
		return NULL;
	return out;
}

/* Where parts are looked for. */
struct place {
	struct kmd_diag *diag;
	struct kmd_input *members; /* NULL = beside the file */
};

/* KMD_OK and NULL if there is none. */
static enum kmd_status get(const struct place *place, const char *name, struct kmd_source **out)
{
	*out = NULL;
	if (!place->members)
		return kmd_part_open(place->diag, name, out);
	for (size_t i = 0; i < place->members->n_members; i++) {
		struct kmd_member *member = &place->members->members[i];

		if (!strcmp(member->file_name, name)) {
			*out = member->source;
			member->source = NULL;
		}
	}
	return KMD_OK;
}

static enum kmd_status fail_missing(const struct place *place, const char *of, const char *missing)
{
	char name[KMD_SENTENCE_MAX];

	kmd_text_name(name, sizeof(name), missing, strlen(missing));
	return kmd_fail(place->diag, KMD_ERR_FORMAT, kmd_in(of),
			"a part of a split zip archive, of which %s is missing", name);
}

/* The first part begins with a mark that is no part of the archive. */
static struct kmd_piece piece_of(struct kmd_source *part, struct kmd_diag *diag)
{
	unsigned char mark[MARK_SIZE];
	uint64_t at = 0;

	if (part->size > sizeof(mark) &&
	    kmd_source_read(part, 0, mark, sizeof(mark), diag) == KMD_OK &&
	    !memcmp(mark, MARK, sizeof(mark)))
		at = sizeof(mark);
	return (struct kmd_piece){ part, at, part->size - at, false };
}

/* Put the parts together; @part, one of them, is taken if this succeeds. */
static enum kmd_status join(const struct place *place, const char *name, struct kmd_source *part,
			    struct kmd_source *last, unsigned int before, struct kmd_source **out)
{
	struct kmd_parts parts = { .items = calloc(before + 1, sizeof(*parts.items)) };
	enum kmd_status status = parts.items ? KMD_OK : kmd_fail_memory(place->diag);

	for (unsigned int i = 1; status == KMD_OK && i <= before; i++) {
		char *other = part_name(name, i);
		struct kmd_source *source = part;

		if (!other)
			status = kmd_fail_memory(place->diag);
		else if (strcmp(other, name) != 0)
			status = get(place, other, &source);
		if (status == KMD_OK && !source)
			status = fail_missing(place, part->name, other);
		free(other);
		if (status == KMD_OK)
			parts.items[parts.n++] = piece_of(source, place->diag);
	}
	if (status == KMD_OK) {
		parts.items[parts.n++] = (struct kmd_piece){ last, 0, last->size, false };
		status = kmd_parts_use(place->diag, &parts, part->name, out);
	}
	for (size_t i = 0; status != KMD_OK && i < parts.n; i++)
		if (parts.items[i].source != part)
			kmd_source_free(parts.items[i].source);
	if (status != KMD_OK && last != part &&
	    (!parts.n || parts.items[parts.n - 1].source != last))
		kmd_source_free(last);
	free(parts.items);
	return status;
}

/* *@out stays NULL if @part, named @name, is no first or last part. */
static enum kmd_status try_part(const struct place *place, const char *name,
				struct kmd_source *part, struct kmd_source **out)
{
	struct kmd_source *last = part;
	enum kmd_status status = KMD_OK;
	unsigned int before;
	char *other = NULL;

	*out = NULL;
	if (has_suffix(name, ".z01")) {
		other = part_name(name, 0);
		status = other ? get(place, other, &last) : kmd_fail_memory(place->diag);
		if (status == KMD_OK && !last)
			status = fail_missing(place, part->name, other);
		free(other);
	} else if (!has_suffix(name, ".zip")) {
		return KMD_OK;
	}
	if (status != KMD_OK)
		return status;
	before = parts_before(last, place->diag);
	if (before)
		return join(place, name, part, last, before, out);
	if (last != part)
		kmd_source_free(last);
	return KMD_OK;
}

enum kmd_status kmd_zip_parts_join(struct kmd_diag *diag, const char *path,
				   struct kmd_source **source)
{
	const struct place place = { diag, NULL };
	struct kmd_source *joined;
	enum kmd_status status = try_part(&place, path, *source, &joined);

	if (status == KMD_OK && joined)
		*source = joined;
	return status;
}

enum kmd_status kmd_zip_parts_join_members(struct kmd_diag *diag, struct kmd_input *input,
					   size_t *joined)
{
	const struct place place = { diag, input };
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < input->n_members; i++) {
		struct kmd_member *member = &input->members[i];
		struct kmd_source *whole = NULL;

		if (!member->source || member->has_phys || !has_suffix(member->file_name, ".zip"))
			continue;
		status = try_part(&place, member->file_name, member->source, &whole);
		if (status != KMD_OK || !whole)
			continue;
		member->source = whole;
		++*joined;
	}
	kmd_parts_drop_taken(input);
	return status;
}
