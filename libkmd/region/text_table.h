/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* text_table.h - what dump_info.txt and load.cmm have in common: a text of lines. */
#ifndef KMD_REGION_TEXT_TABLE_H
#define KMD_REGION_TEXT_TABLE_H

#include "region/claim.h"

#define KMD_TEXT_TABLE_MAX (16u << 20)

struct kmd_line {
	const char *text; /* not terminated */
	size_t length;    /* without blanks at its ends, and without CR LF */
	uint64_t offset;  /* in the source */
	bool cut;         /* the text ends before the line does */
};

struct kmd_field {
	const char *text;
	size_t length;
};

enum kmd_line_kind {
	KMD_LINE_OTHER, /* nothing to report: blank, comment, heading, another command */
	KMD_LINE_BAD,   /* should be a row of the table, but cannot be read */
	KMD_LINE_ROW,
};

struct kmd_text_row {
	struct kmd_field file; /* without folders and quotes */
	uint64_t phys, size;
	bool has_size;
	bool whole; /* where the line is cut: its numbers are not */
};

/* A description that is a text; one constant for each. */
struct kmd_text_table {
	const char *what; /* for messages: "dump_info.txt" */
	enum kmd_origin origin;
	bool (*named)(const char *name); /* the usual name, which is only a hint */
	enum kmd_line_kind (*parse)(const struct kmd_line *line, struct kmd_text_row *row);
};

/* True if the blob is such a text: by its name, or because most of its lines are rows. */
bool kmd_text_table_is(const struct kmd_text_table *table, const struct kmd_blob *blob,
		       struct kmd_diag *diag);

/*
 * Claims for the rows of all such texts in @image.  Where several rows name the
 * same file with different addresses the first one stands, with a finding;
 * unless the image holds as many files of that name: then all stand.
 */
enum kmd_status kmd_text_table_read(const struct kmd_text_table *table,
				    const struct kmd_image *image, struct kmd_diag *diag,
				    struct kmd_claims *claims);

/* True for a blank line, a comment, and a ruler that a tool prints under a heading. */
bool kmd_line_is_empty(const struct kmd_line *line);

/* Take the next field off the line: up to a blank, or quoted; false at its end. */
bool kmd_line_field(struct kmd_line *line, struct kmd_field *field);

/* The last part of a path of either kind of host, and without quotes. */
struct kmd_field kmd_field_base_name(struct kmd_field path);

#endif
