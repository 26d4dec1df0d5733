/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The report as a page: one file, no network, readable without scripts. */
#include "html.h"

#include "markup.h"
#include "page.h"

#include <inttypes.h>
#include <string.h>

static void print_head(FILE *out, const struct kmd_kernel *kernel)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
	markup(out,
	       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	       "img-src data:; style-src '%s'; script-src '%s'; base-uri 'none'; "
	       "form-action 'none'\">\n",
	       page_css.hash, page_js.hash);
	fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n",
	      out);
	markup(out, "<meta name=\"generator\" content=\"kmd-report %s\">\n<title>%s (%s)</title>\n",
	       kmd_version(), kernel->panic ? kernel->panic : "No reason in the log",
	       kernel->release ? kernel->release : "kernel unknown");
	fputs("<style>", out);
	fwrite(page_css.bytes, 1, page_css.size, out);
	fputs("</style>\n</head>\n<body>\n", out);
}

static void print_navigation(FILE *out)
{
	fputs("<nav aria-label=\"Sections\"><a href=\"#reason\">Reason</a>"
	      "<a href=\"#cpus\">CPUs</a><a href=\"#tasks\">Tasks</a><a href=\"#log\">Log</a>"
	      "<a href=\"#memory\">Memory</a><a href=\"#regions\">Regions</a>"
	      "<a href=\"#tools\">Debuggers</a><a href=\"#kernel\">Kernel</a>"
	      "<a href=\"#findings\">Findings</a></nav>\n<main>\n",
	      out);
}

/* ----- the reason */

static void print_place(FILE *out, const struct kmd_kernel *kernel)
{
	if (!kernel->has_panic_cpu && !kernel->has_panic_pid && !kernel->panic_task)
		return;
	fputs("<p class=\"where\">", out);
	if (kernel->has_panic_cpu)
		markup(out, "<span>CPU <b>%u</b></span>", kernel->panic_cpu);
	if (kernel->panic_task)
		markup(out, "<span>task <b>%s</b></span>", kernel->panic_task);
	if (kernel->has_panic_pid)
		markup(out, "<span>pid <b>%u</b></span>", kernel->panic_pid);
	fputs("</p>\n", out);
}

static void print_signature(FILE *out, struct kmd *kmd, const char *input)
{
	const struct kmd_signature *signature;

	if (kmd_signature_get(kmd, &signature) != KMD_OK) {
		markup(out, "<p class=\"absent\">No signature: %s.</p>\n",
		       report_error(kmd_error(kmd), input));
		return;
	}
	markup(out,
	       "<div class=\"signature\"><p><span class=\"label\">Signature</span> <code>%s</code> "
	       "<span class=\"dim\">from the %s; equal crashes have the same</span></p>\n"
	       "<ol class=\"chain\">",
	       signature->key, signature->source);
	for (size_t i = 0; i < signature->n; i++)
		markup(out, "<li><code>%s</code></li>", signature->frames[i]);
	fputs("</ol></div>\n", out);
}

static void print_damage(FILE *out, const struct kmd *kmd)
{
	size_t damage = 0;

	for (size_t i = 0; i < kmd_finding_count(kmd); i++)
		damage += kmd_finding_get(kmd, i)->severity == KMD_DAMAGE;
	if (damage)
		markup(out,
		       "<p class=\"notice\">The dump is not whole: <a href=\"#findings\">%zu "
		       "finding%s</a>.</p>\n",
		       damage, damage == 1 ? "" : "s");
}

static void print_fact(FILE *out, const char *name, const char *text)
{
	if (text)
		markup(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, text);
}

static void print_facts(FILE *out, const struct kmd_kernel *kernel, const struct facts *facts)
{
	fputs("<dl class=\"facts\">\n", out);
	print_fact(out, "Kernel", kernel->release);
	print_fact(out, "Machine", kernel->machine);
	if (facts->has_uptime)
		markup(out, "<div><dt>Uptime</dt><dd>%" PRIu64 ".%03" PRIu64 " s</dd></div>\n",
		       facts->uptime / 1000000000, facts->uptime / 1000000 % 1000);
	if (facts->has_memory)
		markup(out,
		       "<div><dt>Memory</dt><dd>%" PRIu64 " MiB, %" PRIu64 " MiB free</dd></div>\n",
		       facts->memory >> 20, facts->unused >> 20);
	print_fact(out, "Hardware", facts->hardware);
	if (facts->taint)
		markup(out, "<div><dt>Taint</dt><dd>%s%s%s%s</dd></div>\n", facts->taint,
		       facts->taint_words ? " (" : "", facts->taint_words ? facts->taint_words : "",
		       facts->taint_words ? ")" : "");
	fputs("</dl>\n", out);
}

static void print_reason(FILE *out, struct kmd *kmd, const struct facts *facts, const char *input)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);

	fputs("<header id=\"reason\">\n<p class=\"label\">Why the kernel died</p>\n", out);
	markup(out, "<h1>%s</h1>\n",
	       kernel->panic        ? kernel->panic
	       : kmd_log_count(kmd) ? "No reason in the log: a hang, or a reset by the watchdog or "
				      "by hardware"
				    : "Not known: no log was found");
	if (kernel->panic_event)
		markup(out, "<p class=\"event\">%s</p>\n", kernel->panic_event);
	print_place(out, kernel);
	print_damage(out, kmd);
	if (kernel->panic)
		print_signature(out, kmd, input);
	print_facts(out, kernel, facts);
	fputs("</header>\n", out);
}

/* ----- kernel */

static void print_values(FILE *out, const struct kmd *kmd)
{
	size_t n = kmd_value_count(kmd);

	if (!n)
		return;
	fputs("<h3>Chosen at boot</h3>\n<div class=\"scroll\"><table><thead><tr><th>Value<th "
	      "class=\"n\">Number<th>Known from</thead><tbody>\n",
	      out);
	for (size_t i = 0; i < n; i++) {
		const struct kmd_value *value = kmd_value_get(kmd, i);

		markup(out, "<tr><td>%s<td class=\"n\"><code>0x%" PRIx64 "</code><td>%s%s\n",
		       value->key, value->value, value->n_sources ? "" : "not confirmed ",
		       value->sources ? value->sources : "");
	}
	fputs("</tbody></table></div>\n", out);
}

static void print_names(FILE *out, const char *modules)
{
	const char *at = modules;

	if (!at)
		return;
	fputs("<h3>Modules</h3>\n<p class=\"names\">", out);
	while (*at) {
		size_t length = *at == '[' ? strlen(at) : strcspn(at, " ");

		fputs("<code>", out);
		markup_text(out, at, length);
		fputs("</code> ", out);
		at += length + strspn(at + length, " ");
	}
	fputs("</p>\n", out);
}

/* Out of memory; if their list was not captured, as the log has them. */
static void print_modules(FILE *out, struct kmd *kmd, const char *names)
{
	size_t n = kmd_modules_load(kmd) == KMD_OK ? kmd_module_count(kmd) : 0;

	if (!n) {
		print_names(out, names);
		return;
	}
	fputs("<h3>Modules</h3>\n<div class=\"scroll\"><table><thead><tr><th>Name<th>Address"
	      "<th>Size<th>Taint<th>Build-id</thead><tbody>\n",
	      out);
	for (size_t i = 0; i < n; i++) {
		const struct kmd_module *module = kmd_module_get(kmd, i);

		markup(out, "<tr><td>%s<td>%" PRIx64 "<td>%" PRIx64 "<td>%s<td>%s\n", module->name,
		       module->base, module->size, module->taint ? module->taint : "?",
		       module->build_id ? module->build_id : "not captured");
	}
	fputs("</tbody></table></div>\n", out);
	if (kmd_modules_incomplete(kmd))
		markup(out, "<p class=\"notice\">There may have been more: %s.</p>\n",
		       kmd_modules_incomplete(kmd));
}

static void print_kernel(FILE *out, struct kmd *kmd, const struct facts *facts, const char *input)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);

	fputs("<section id=\"kernel\">\n<h2>Kernel</h2>\n<dl class=\"facts wide\">\n", out);
	print_fact(out, "Version", facts->version);
	print_fact(out, "Build-id", kernel->build_id);
	print_fact(out, "VMCOREINFO", kernel->vmcoreinfo_source);
	print_fact(out, "Input", input);
	print_fact(out, "Form", kmd_input_form(kmd));
	fputs("</dl>\n", out);
	print_values(out, kmd);
	print_modules(out, kmd, facts->modules);
	fputs("</section>\n", out);
}

/* ----- findings */

static void print_findings(FILE *out, const struct kmd *kmd)
{
	size_t n = kmd_finding_count(kmd);

	markup(out, "<section id=\"findings\">\n<h2>Findings <small>%zu</small></h2>\n", n);
	if (!n)
		fputs("<p class=\"absent\">Nothing in the dump is damaged or contradictory.</p>\n",
		      out);
	fputs("<ul class=\"findings\">\n", out);
	for (size_t i = 0; i < n; i++) {
		const struct kmd_finding *finding = kmd_finding_get(kmd, i);
		const char *kind = finding->severity == KMD_DAMAGE ? "damage" : "note";

		markup(out, "<li class=\"%s\"><b>%s</b> %s</li>\n", kind, kind, finding->text);
	}
	fputs("</ul>\n</section>\n", out);
}

bool report_html(FILE *out, struct kmd *kmd, const struct report_options *options)
{
	const char *input = options->in.input ? options->in.input : "";
	struct facts facts;
	bool good;

	if (!facts_read(kmd, &facts))
		return false;
	print_head(out, kmd_kernel_get(kmd));
	print_navigation(out);
	print_reason(out, kmd, &facts, input);
	good = html_cpus(out, kmd, &facts, input);
	good = good && html_tasks(out, kmd, input);
	html_log(out, kmd, &facts, input);
	good = good && html_memory(out, kmd);
	html_regions(out, kmd);
	html_tools(out, kmd, options->in.vmlinux != NULL);
	print_kernel(out, kmd, &facts, input);
	print_findings(out, kmd);
	fprintf(out, "<footer>kmd-report %s</footer>\n</main>\n<script>", kmd_version());
	fwrite(page_js.bytes, 1, page_js.size, out);
	fputs("</script>\n</body>\n</html>\n", out);
	facts_deinit(&facts);
	return good;
}
