/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "color.h"

#include "input.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum { AUTO, ALWAYS, NEVER } mode = AUTO;

bool color_set(const char *when)
{
	static const char *const words[] = {
		[AUTO] = "auto", [ALWAYS] = "always", [NEVER] = "never"
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(when, words[i])) {
			mode = i;
			return true;
		}
	fprintf(stderr, "%s: --color: '%s' is not auto, always or never\n", program_name, when);
	return false;
}

static bool is_colored(FILE *out)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

	if (mode != AUTO)
		return mode == ALWAYS;
	return !(none && *none) && terminal && strcmp(terminal, "dumb") != 0 && isatty(fileno(out));
}

const char *color_on(FILE *out, enum color color)
{
	static const char *const codes[] = {
		[COLOR_TITLE] = "\033[1m",
		[COLOR_GOOD] = "\033[32m",
		[COLOR_WARNING] = "\033[33m",
		[COLOR_BAD] = "\033[31m",
	};

	return is_colored(out) ? codes[color] : "";
}

const char *color_off(FILE *out)
{
	return is_colored(out) ? "\033[0m" : "";
}

void message_begin(enum color color)
{
	fprintf(stderr, "%s%s:%s ", color_on(stderr, color), program_name, color_off(stderr));
}
