/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* text.h - names and numbers out of untrusted bytes. */
#ifndef KMD_BASE_TEXT_H
#define KMD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copy at most @size bytes of a name up to its first NUL into @out (of
 * @out_size bytes, always terminated).  Bytes that a terminal or a report must
 * not see (controls, DEL, 0x80 and up, backslash) become \xNN, so distinct
 * names stay distinct.
 */
void kmd_text_name(char *out, size_t out_size, const void *bytes, size_t size);

/* kmd_text_name() into fresh memory; NULL when memory is short. */
char *kmd_text_name_dup(const void *bytes, size_t size);

/* Case-blind comparison of ASCII, as file systems of collecting hosts fold it. */
int kmd_text_casecmp(const char *a, const char *b);
bool kmd_text_has_prefix(const char *text, const char *prefix); /* case-blind */
bool kmd_text_has_suffix(const char *text, const char *suffix); /* case-blind */

/* A text that grows; begin with zeroes.  Release .at with free(). */
struct kmd_text {
	char *at; /* terminated; NULL while nothing was added */
	size_t length, cap;
	bool failed; /* memory was short: the text is not whole */
};

void kmd_text_add(struct kmd_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The whole of @text as a number; an optional 0x is allowed for base 16. */
bool kmd_text_u64(const char *text, size_t length, unsigned int base, uint64_t *out);

#endif
