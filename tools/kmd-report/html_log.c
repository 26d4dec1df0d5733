/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The log of the page. */
#include "html.h"

#include "markup.h"

#include <inttypes.h>
#include <string.h>

static const char *const levels[8] = { "emerg",   "alert",  "crit", "err",
				       "warning", "notice", "info", "debug" };

/* A page with an element for each record of a longer log takes a browser many seconds to open. */
#define ROWS_MAX  2000
/* Lines of a part; page.js makes rows of it when it comes into view. */
#define PART_SIZE 500

static void print_time(FILE *out, const struct kmd_log_record *record)
{
	if (record->has_time)
		markup(out, "%5" PRIu64 ".%06" PRIu64, record->time / 1000000000,
		       record->time % 1000000000 / 1000);
}

static void print_record(FILE *out, const struct kmd_log_record *record, bool is_reason)
{
	unsigned int level = record->level & 7;

	markup(out, "<li%s class=\"l%u%s\" data-level=\"%u\"><time>",
	       is_reason ? " id=log-reason" : "", level, record->facility ? " user" : "", level);
	print_time(out, record);
	markup(out, "</time><i>%s</i><span>", levels[level]);
	markup_text(out, record->text, record->length);
	fputs("</span></li>\n", out);
}

/* "TIME<tab>LEVEL<tab>TEXT", the level with a star if it is not the kernel's own record. */
static void print_line(FILE *out, const struct kmd_log_record *record)
{
	const char *at = record->text, *end = at + record->length, *newline;

	if (record->has_time)
		print_time(out, record);
	else
		fputc('-', out);
	markup(out, "\t%s%s\t", levels[record->level & 7], record->facility ? "*" : "");
	/* Lines that go on begin with tabs. */
	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		markup_text(out, at, (size_t)(newline - at));
		fputs("\n\t\t", out);
		at = newline + 1;
	}
	markup_text(out, at, (size_t)(end - at));
	fputc('\n', out);
}

static void print_parts(FILE *out, const struct kmd *kmd, size_t n, size_t reason)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		bool is_alone = i == reason;

		if (used && (is_alone || used == PART_SIZE)) {
			fputs("</pre></li>\n", out);
			used = 0;
		}
		if (is_alone) {
			print_record(out, kmd_log_get(kmd, i), true);
			continue;
		}
		/* The first line break behind <pre> is no part of it. */
		if (!used++)
			fputs("<li class=\"part\"><pre>\n", out);
		print_line(out, kmd_log_get(kmd, i));
	}
	if (used)
		fputs("</pre></li>\n", out);
}

static void print_levels(FILE *out, const struct kmd *kmd)
{
	size_t counts[8] = { 0 }, total = 0;

	for (size_t i = 0; i < kmd_log_count(kmd); i++)
		counts[kmd_log_get(kmd, i)->level & 7]++;
	fputs("<select name=\"level\" aria-label=\"Level\"><option value=\"\">all levels", out);
	for (unsigned int i = 0; i < 7; i++) {
		total += counts[i];
		markup(out, "<option value=\"%u\">%s%s (%zu)", i, levels[i], i ? " and worse" : "",
		       total);
	}
	fputs("</select><output></output></form>\n", out);
}

void html_log(FILE *out, struct kmd *kmd, const struct facts *facts, const char *input)
{
	size_t n = kmd_log_count(kmd);

	markup(out, "<section id=\"log\">\n<h2>Log <small>%zu</small></h2>\n", n);
	if (n) {
		html_filter(out, "log", "search the log");
		print_levels(out, kmd);
		if (facts->reason < n)
			fputs("<p class=\"jump\"><a href=\"#log-reason\">Go to the "
			      "reason</a></p>\n",
			      out);
		fputs("<ol class=\"log\" id=\"log-list\" tabindex=\"0\">\n", out);
		if (n > ROWS_MAX)
			print_parts(out, kmd, n, facts->reason);
		for (size_t i = 0; n <= ROWS_MAX && i < n; i++)
			print_record(out, kmd_log_get(kmd, i), i == facts->reason);
		fputs("</ol>\n", out);
	} else {
		markup(out, "<p class=\"absent\">No log: %s.</p>\n",
		       kmd_log_load(kmd) != KMD_OK ? report_error(kmd_error(kmd), input)
						   : "it is empty");
	}
	if (kmd_log_damaged(kmd))
		markup(out, "<p class=\"notice\">%zu records could not be read.</p>\n",
		       kmd_log_damaged(kmd));
	fputs("</section>\n", out);
}
