/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Pieces that several sections of the page have. */
#include "html.h"

#include "markup.h"

void html_size(FILE *out, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double size = (double)bytes;
	size_t unit = 0;

	for (; size >= 1024; size /= 1024)
		unit++;
	fprintf(out, "%.*f %s", unit && size < 100 ? 1 : 0, size, units[unit]);
}

void html_filter(FILE *out, const char *list, const char *hint)
{
	markup(out,
	       "<form class=\"filter\" data-list=\"%s\" hidden>"
	       "<input type=\"search\" name=\"%s\" placeholder=\"%s\" aria-label=\"%s\" "
	       "autocomplete=\"off\" spellcheck=\"false\">",
	       list, list, hint, hint);
}
