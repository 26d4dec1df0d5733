/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* parts.h - a file that was split: FILE.00 FILE.01, FILE.aa FILE.ab, FILE_0 FILE_1, FILE.001,
 * FILE.aa.img. */
#ifndef KMD_SOURCE_PARTS_H
#define KMD_SOURCE_PARTS_H

#include "source/input.h"

/*
 * If @path names the first part of a split file and the next part is beside it, replace
 * *@source, which is the first part, by all of them, one after another; a note says so.  A next
 * file that begins with the same mark as the first is a dump of its own, and is not joined; nor is
 * one that is larger than the first, or follows a smaller one.
 * Two files that begin with zeroes are compared page by page.
 * Chunks of an Android sparse image are joined all the same: each describes the whole image.
 */
enum kmd_status kmd_parts_join(struct kmd_diag *diag, const char *path, struct kmd_source **source);

/*
 * The same among the members of a folder or archive, sorted: each set becomes one member, named
 * without the counter.  *@joined is the number of sets.
 */
enum kmd_status kmd_parts_join_members(struct kmd_diag *diag, struct kmd_input *input,
				       size_t *joined);

/* How the parts are counted: @width characters of the name, at @at. */
struct kmd_part_counter {
	size_t at, width;
	bool letters, hex;
};

struct kmd_parts {
	struct kmd_piece *items;
	size_t n, cap;
};

/* Open the file @path; KMD_OK and NULL if there is none.  KMD_ERR_IO. */
enum kmd_status kmd_part_open(struct kmd_diag *diag, const char *path, struct kmd_source **out);
/* True if @path is named as a first part is. */
bool kmd_part_counter(const char *path, struct kmd_part_counter *counter);
/* The name of the next part, in place; false after the last. */
bool kmd_part_count_up(char *path, const struct kmd_part_counter *counter);
/* Append @next if it goes on where @parts ends; the first one does in any case. */
enum kmd_status kmd_part_add(struct kmd_diag *diag, struct kmd_parts *parts,
			     const struct kmd_part_counter *counter, struct kmd_source *next,
			     bool *added);
/* One source of all parts, which it takes. */
enum kmd_status kmd_parts_use(struct kmd_diag *diag, const struct kmd_parts *parts,
			      const char *name, struct kmd_source **out);
/* Remove the members whose sources were taken by others (NULL), and free their names. */
void kmd_parts_drop_taken(struct kmd_input *input);

#endif
