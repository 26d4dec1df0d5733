/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * user_data.h - text in memory that looks like the data of a person or the name of a machine.
 *
 * The rule, of which the man page has the list: only text of at least six printable characters is
 * looked at, and only what the shape of the text shows is taken.
 */
#ifndef KMD_TARGET_USER_DATA_H
#define KMD_TARGET_USER_DATA_H

#include <stdbool.h>
#include <stddef.h>

/* Longer ones are found only up to this length. */
#define KMD_USER_DATA_MAX 4096

/* [start, end) of a text; names in front of it (SerialNumber:, /home/) are not part of it. */
struct kmd_user_span {
	size_t start, end;
};

/* What is searched; the other members begin as 0. */
struct kmd_user_search {
	const unsigned char *text;
	size_t length;
	const char *host;  /* a word to find as well, or empty */
	size_t from;       /* the end of the last span */
	size_t start, end; /* the run of text that holds it */
};

/* The next span, behind the last one; false = none. */
bool kmd_user_data_next(struct kmd_user_search *search, struct kmd_user_span *span);

#endif
