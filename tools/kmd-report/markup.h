/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * markup.h - writes HTML.  Markup is only in formats; all that a conversion inserts is escaped.
 * So no text of the dump can become markup.
 */
#ifndef KMD_REPORT_MARKUP_H
#define KMD_REPORT_MARKUP_H

#include <stddef.h>
#include <stdio.h>

/*
 * As fprintf(), with the conversions s, c, u, x and d, a width, and the lengths l, ll and z.
 */
void markup(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The bytes as text.  Control characters and what is no UTF-8 become \xNN. */
void markup_text(FILE *out, const char *bytes, size_t length);

#endif
