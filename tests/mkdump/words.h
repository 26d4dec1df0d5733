/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* words.h - splits the lines of a recipe into words. */
#ifndef MKDUMP_WORDS_H
#define MKDUMP_WORDS_H

#include "mkdump.h"

/*
 * Split @line at white space into at most WORDS_MAX words.  "..." holds white
 * space together and accepts \n \r \t \\ \" and \xNN; # starts a comment.
 */
unsigned int split_words(const struct recipe *recipe, const char *line, char **words);

/* "key=value" becomes "key", and true. */
bool split_pair(char *word, char **value);

/* attributes.c: the KEY=VALUE words of a region, from words[@from] on. */
void read_attributes(struct recipe *recipe, struct region *region, char **words,
		     unsigned int n_words, unsigned int from);

#endif
