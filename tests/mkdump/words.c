/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The byte that an escape sequence stands for; *@from is behind the backslash. */
static char escaped(const struct recipe *recipe, const char **from)
{
	char pair[3] = { 0 };
	const char c = *(*from)++;

	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '\\':
	case '"':
		return c;
	case 'x':
		if (isxdigit((unsigned char)(*from)[0]) && isxdigit((unsigned char)(*from)[1])) {
			memcpy(pair, *from, 2);
			*from += 2;
			return (char)strtoul(pair, NULL, 16);
		}
		break;
	}
	fail(recipe, "a backslash that is no escape (backslash, quote, n, xNN)");
}

/* Read one word from *@from on and remove its quotes; it is built in place at @to. */
static char *one_word(const struct recipe *recipe, const char **from, char *to)
{
	bool quoted = false;

	for (; **from && (quoted || !isspace((unsigned char)**from));) {
		const char c = *(*from)++;

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			*to++ = escaped(recipe, from);
		else
			*to++ = c;
	}
	if (quoted)
		fail(recipe, "a quote is not closed");
	*to++ = 0;
	return to;
}

unsigned int split_words(const struct recipe *recipe, const char *line, char **words)
{
	char *store = copy_text(line);
	unsigned int n = 0;

	for (;;) {
		while (isspace((unsigned char)*line))
			line++;
		if (!*line || *line == '#')
			return n;
		if (n == WORDS_MAX)
			fail(recipe, "too many words in one line");
		words[n++] = store;
		store = one_word(recipe, &line, store);
	}
}

bool split_pair(char *word, char **value)
{
	*value = strchr(word, '=');
	if (!*value)
		return false;
	*(*value)++ = 0;
	return true;
}
