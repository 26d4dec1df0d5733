/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* color.h - colours on a terminal, and nowhere else unless they are asked for. */
#ifndef KMD_TOOLS_COLOR_H
#define KMD_TOOLS_COLOR_H

#include <stdbool.h>
#include <stdio.h>

enum color {
	COLOR_TITLE, /* names of fields and headings */
	COLOR_GOOD,
	COLOR_WARNING, /* damage that is tolerated */
	COLOR_BAD,     /* errors, and what does not work */
};

/* --color=auto, always or never; false, with a message, for another word. */
bool color_set(const char *when);

/*
 * The bytes that switch a colour on for @out, and all colours off; "" where there are none:
 * @out is no terminal, NO_COLOR is set and not empty, or TERM is dumb.
 */
const char *color_on(FILE *out, enum color color);
const char *color_off(FILE *out);

/* Begin a message of the program on standard error. */
void message_begin(enum color color);

#endif
