/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Memory, regions and debuggers of the page. */
#include "html.h"

#include "markup.h"
#include "stems.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the table of names. */
#define STEMS 12

static void print_stems(FILE *out, const struct stem *stems, size_t n)
{
	struct stem rest = { 0 };

	fputs("<table class=\"stems\"><thead><tr><th>Captured, by name<th class=\"n\">Regions"
	      "<th class=\"n\">Size</thead><tbody>\n",
	      out);
	for (size_t i = 0; i < n; i++) {
		if (i >= STEMS) {
			rest.captured_regions += stems[i].captured_regions;
			rest.captured += stems[i].captured;
			continue;
		}
		fputs("<tr><td>", out);
		markup_text(out, stems[i].name, stems[i].length);
		markup(out, "<td class=\"n\">%zu<td class=\"n\">", stems[i].captured_regions);
		html_size(out, stems[i].captured);
	}
	if (rest.captured_regions) {
		markup(out,
		       "<tr><td class=\"dim\">%zu other names<td class=\"n\">%zu<td class=\"n\">",
		       n - STEMS, rest.captured_regions);
		html_size(out, rest.captured);
	}
	fputs("</tbody></table>\n", out);
}

bool html_memory(FILE *out, const struct kmd *kmd)
{
	struct stems stems;
	bool good;

	if (!stems_make(kmd, &stems))
		return false;
	fputs("<section id=\"memory\">\n<h2>Physical memory</h2>\n", out);
	good = html_map(out, kmd);
	stems_sort_by_size(&stems);
	while (stems.n && !stems.items[stems.n - 1].captured)
		stems.n--;
	if (stems.n)
		print_stems(out, stems.items, stems.n);
	fputs("</section>\n", out);
	free(stems.items);
	return good;
}

/* ----- regions */

static void print_address(FILE *out, bool known, uint64_t value)
{
	if (known)
		markup(out, "<td class=\"n\"><code>0x%" PRIx64 "</code>", value);
	else
		fputs("<td class=\"n dim\">-", out);
}

/* Captured whole, or not expected to be. */
static bool is_whole(const struct kmd_region *region)
{
	return region->state == KMD_REGION_OK || region->state == KMD_REGION_AUXILIARY ||
	       region->state == KMD_REGION_OTHER_VM || region->state == KMD_REGION_EMPTY;
}

static void print_region(FILE *out, const struct kmd_region *region)
{
	markup(out, "<tr><td>%s<td class=\"%s\">%s", *region->name ? region->name : "-",
	       is_whole(region) ? "" : "bad", kmd_region_state_name(region->state));
	print_address(out, region->has_phys, region->phys);
	print_address(out, region->has_virt, region->virt);
	markup(out, "<td class=\"n\">%" PRIu64 "<td class=\"n%s\">%" PRIu64 "\n", region->size,
	       region->captured == region->size ? "" : " bad", region->captured);
}

/* Those that were not captured whole come first, and are not folded away. */
static void print_table(FILE *out, const struct kmd *kmd, bool whole)
{
	fputs("<div class=\"scroll\"><table class=\"regions\"><thead><tr><th>Name<th>State"
	      "<th class=\"n\">Physical<th class=\"n\">Virtual<th class=\"n\">Size"
	      "<th class=\"n\">Captured</thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < kmd_region_count(kmd); i++)
		if (is_whole(kmd_region_get(kmd, i)) == whole)
			print_region(out, kmd_region_get(kmd, i));
	fputs("</tbody></table></div>\n", out);
}

void html_regions(FILE *out, const struct kmd *kmd)
{
	size_t n = kmd_region_count(kmd), whole = 0;

	for (size_t i = 0; i < n; i++)
		whole += is_whole(kmd_region_get(kmd, i));
	markup(out, "<section id=\"regions\">\n<h2>Regions <small>%zu</small></h2>\n", n);
	html_filter(out, "regions", "name, state or address");
	fputs("<output></output></form>\n<div id=\"regions-list\">\n", out);
	if (whole < n) {
		markup(out, "<h3>Not captured whole <small>%zu</small></h3>\n", n - whole);
		print_table(out, kmd, false);
	}
	if (whole) {
		markup(out, "<details%s><summary>Captured whole <small>%zu</small></summary>\n",
		       whole <= 40 ? " open" : "", whole);
		print_table(out, kmd, true);
		fputs("</details>\n", out);
	}
	fputs("</div>\n</section>\n", out);
}

/* ----- debuggers */

static void print_row(FILE *out, const struct kmd_readiness *row, bool starts, bool vmlinux)
{
	static const char *const words[] = { "works", "partly", "not known", "fails" };
	static const char *const classes[] = { "yes", "part", "unknown", "no" };
	unsigned int state = row->state & 3;

	markup(out, "<li class=\"%s\"><b>%s</b> <span>%s</span>", classes[state], row->ability,
	       words[state]);
	/* What lacks a vmlinux is said once, above. */
	if (state == KMD_READY_WORKS || (state == KMD_READY_UNKNOWN && !vmlinux))
		;
	else if (!starts && strcmp(row->ability, "start") != 0)
		fputs("<p>it does not start</p>", out);
	else
		markup(out, "<p>%s</p>", row->missing);
	fputs("</li>\n", out);
}

void html_tools(FILE *out, struct kmd *kmd, bool vmlinux)
{
	enum kmd_status status = kmd_check(kmd);
	const struct kmd_readiness *row, *last = NULL;
	bool starts = true;

	fputs("<section id=\"tools\">\n<h2>What debuggers can do with the core</h2>\n", out);
	if (status != KMD_OK)
		markup(out, "<p class=\"absent\">Not known: %s.</p>\n", kmd_error(kmd));
	else if (!vmlinux)
		fputs("<p class=\"absent\">Most of it can only be checked with a vmlinux "
		      "(<code>-x FILE</code>).</p>\n",
		      out);
	fputs("<div class=\"tools\">\n", out);
	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++) {
		if (!last || strcmp(last->consumer, row->consumer) != 0) {
			fputs(last ? "</ul></article>\n" : "", out);
			markup(out, "<article><h3>%s</h3><ul>\n", row->consumer);
			starts = true;
		}
		last = row;
		if (!strcmp(row->ability, "start"))
			starts = row->state != KMD_READY_FAILS;
		print_row(out, row, starts, vmlinux);
	}
	fputs(last ? "</ul></article>\n</div>\n</section>\n" : "</div>\n</section>\n", out);
}
