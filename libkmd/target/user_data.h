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

/*
 * The first span that begins at @from or later in @text of @length bytes; false = none.  @host is
 * a word to find as well, or empty.
 */
bool kmd_user_data_find(const unsigned char *text, size_t length, size_t from, const char *host,
			struct kmd_user_span *span);

#endif
