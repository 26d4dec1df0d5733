/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* help.h - --help by topic, and --version. */
#ifndef KMD_TOOLS_HELP_H
#define KMD_TOOLS_HELP_H

#include <stdbool.h>

/*
 * Print all of @text, or what belongs to @topic: the part that begins with the line "Topic:", up
 * to an empty line.  @text may have one %s, which stands for the options of the input.  The topic
 * "inputs" is the forms of the input.  False, with a message, if there is no such topic.
 */
bool help_print(const char *text, const char *topic);

/* Print the version, and what this build can read. */
void version_print(void);

#endif
