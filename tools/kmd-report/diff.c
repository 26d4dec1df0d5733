/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What differs between two dumps: facts, regions and modules. */
#include "diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ----- facts */

/* A copy; a text that is not known stays NULL. */
static bool copy(const char *text, char **out)
{
	*out = text ? strdup(text) : NULL;
	return !text || *out;
}

static bool add_fact(struct diff *diff, const char *name, const char *a, const char *b)
{
	struct diff_fact *fact = &diff->facts[diff->n_facts];

	if (!a && !b)
		return true;
	fact->name = name;
	fact->differs = !a || !b || strcmp(a, b) != 0;
	diff->n_facts++;
	return copy(a, &fact->text[0]) && copy(b, &fact->text[1]);
}

/* "CPU 1, task init (pid 1)" */
static bool place_of(const struct kmd_kernel *kernel, char **out)
{
	char cpu[24] = "", pid[24] = "";

	*out = NULL;
	if (!kernel->has_panic_cpu && !kernel->panic_task && !kernel->has_panic_pid)
		return true;
	if (kernel->has_panic_cpu)
		snprintf(cpu, sizeof(cpu), "CPU %" PRIu32, kernel->panic_cpu);
	if (kernel->has_panic_pid)
		snprintf(pid, sizeof(pid), " (pid %" PRIu32 ")", kernel->panic_pid);
	return asprintf(out, "%s%s%s%s", cpu, *cpu ? ", task " : "task ",
			kernel->panic_task ? kernel->panic_task : "?", pid) >= 0;
}

static bool uptime_of(const struct facts *facts, char **out)
{
	*out = NULL;
	return !facts->has_uptime ||
	       asprintf(out, "%" PRIu64 ".%03" PRIu64 " s", facts->uptime / 1000000000,
			facts->uptime / 1000000 % 1000) >= 0;
}

/* The functions of a signature, "a < b < c". */
static bool chain_of(const struct kmd_signature *signature, char **out)
{
	size_t size = 1;

	for (size_t i = 0; i < signature->n; i++)
		size += strlen(signature->frames[i]) + 3;
	*out = calloc(1, size);
	for (size_t i = 0; *out && i < signature->n; i++) {
		strcat(*out, i ? " < " : "");
		strcat(*out, signature->frames[i]);
	}
	return *out;
}

static bool add_signature(struct diff *diff)
{
	const char *keys[SIDES] = { NULL };
	char *chains[SIDES] = { NULL };
	bool good = true;

	for (int i = 0; i < SIDES; i++) {
		const struct kmd_signature *signature;

		if (kmd_signature_get(diff->sides[i].kmd, &signature) != KMD_OK)
			continue;
		keys[i] = signature->key;
		good = good && chain_of(signature, &chains[i]);
	}
	good = good && add_fact(diff, "signature", keys[0], keys[1]) &&
	       add_fact(diff, "functions", chains[0], chains[1]);
	free(chains[0]);
	free(chains[1]);
	return good;
}

static bool add_made(struct diff *diff, const char *name, bool good, char *a, char *b)
{
	good = good && add_fact(diff, name, a, b);
	free(a);
	free(b);
	return good;
}

static bool add_facts(struct diff *diff)
{
	const struct diff_side *a = &diff->sides[0], *b = &diff->sides[1];
	const struct kmd_kernel *x = kmd_kernel_get(a->kmd), *y = kmd_kernel_get(b->kmd);
	char *place[SIDES] = { NULL }, *uptime[SIDES] = { NULL };
	bool good;

	good = add_fact(diff, "kernel", x->release, y->release) &&
	       add_fact(diff, "machine", x->machine, y->machine) &&
	       add_fact(diff, "build-id", x->build_id, y->build_id) &&
	       add_fact(diff, "version", x->banner, y->banner) &&
	       add_fact(diff, "hardware", a->facts.hardware, b->facts.hardware) &&
	       add_fact(diff, "form", kmd_input_form(a->kmd), kmd_input_form(b->kmd)) &&
	       add_fact(diff, "reason", x->panic, y->panic) &&
	       add_fact(diff, "event", x->panic_event, y->panic_event);
	good = good && place_of(x, &place[0]) && place_of(y, &place[1]);
	good = add_made(diff, "where", good, place[0], place[1]);
	good = good && add_signature(diff) &&
	       add_fact(diff, "taint", a->facts.taint, b->facts.taint);
	good = good && uptime_of(&a->facts, &uptime[0]) && uptime_of(&b->facts, &uptime[1]);
	return add_made(diff, "uptime", good, uptime[0], uptime[1]);
}

/* ----- regions */

static bool is_equal(const struct stem *a, const struct stem *b)
{
	return a->regions == b->regions && a->captured_regions == b->captured_regions &&
	       a->size == b->size && a->captured == b->captured;
}

static bool add_regions(struct diff *diff)
{
	const struct stems *a = &diff->stems[0], *b = &diff->stems[1];
	size_t i = 0, k = 0;

	if (!stems_make(diff->sides[0].kmd, &diff->stems[0]) ||
	    !stems_make(diff->sides[1].kmd, &diff->stems[1]))
		return false;
	diff->regions = calloc(a->n + b->n + 1, sizeof(*diff->regions));
	if (!diff->regions)
		return false;
	while (i < a->n || k < b->n) {
		int order = i == a->n   ? 1
			    : k == b->n ? -1
					: stems_compare(&a->items[i], &b->items[k]);
		struct diff_stem *row = &diff->regions[diff->n_regions];

		if (order <= 0)
			row->stem[0] = a->items[i++];
		if (order >= 0)
			row->stem[1] = b->items[k++];
		if (!order && is_equal(&row->stem[0], &row->stem[1]))
			memset(row, 0, sizeof(*row));
		else
			diff->n_regions++;
	}
	return true;
}

/* ----- modules */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_name(const char *name, size_t length, char **names, size_t *n)
{
	names[*n] = strndup(name, length);
	return names[(*n)++];
}

/* Out of "Modules linked in: a(OE) b c [last unloaded: d]". */
static bool names_of_log(const char *text, char **names, size_t *n)
{
	for (const char *at = text; at && *at && *at != '[';) {
		size_t length = strcspn(at, " ");

		if (!add_name(at, strcspn(at, "( "), names, n))
			return false;
		at += length + strspn(at + length, " ");
	}
	return true;
}

/* The modules in memory, else those that the log lists. */
static bool read_names(struct diff *diff, int side)
{
	struct diff_side *from = &diff->sides[side];
	const char *text = from->facts.modules;
	bool loaded = kmd_modules_load(from->kmd) == KMD_OK;
	size_t count = loaded ? kmd_module_count(from->kmd) : 0;
	char **names = calloc(count + (text ? strlen(text) : 0) + 1, sizeof(*names));
	bool good = names != NULL;

	diff->module_names[side] = names;
	if (good && !loaded && !text)
		return copy(kmd_error(from->kmd), &from->no_modules);
	for (size_t i = 0; good && i < count; i++) {
		const char *name = kmd_module_get(from->kmd, i)->name;

		good = add_name(name, strlen(name), names, &diff->n_module_names[side]);
	}
	if (good && !loaded)
		good = names_of_log(text, names, &diff->n_module_names[side]);
	if (good)
		qsort(names, diff->n_module_names[side], sizeof(*names), by_text);
	return good;
}

static bool add_modules(struct diff *diff)
{
	size_t i = 0, k = 0, n, m;
	char **a, **b;

	if (!read_names(diff, 0) || !read_names(diff, 1))
		return false;
	if (diff->sides[0].no_modules || diff->sides[1].no_modules)
		return true;
	a = diff->module_names[0];
	b = diff->module_names[1];
	n = diff->n_module_names[0];
	m = diff->n_module_names[1];
	diff->modules = calloc(n + m + 1, sizeof(*diff->modules));
	while (diff->modules && (i < n || k < m)) {
		int order = i == n ? 1 : k == m ? -1 : strcmp(a[i], b[k]);

		if (order)
			diff->modules[diff->n_modules++].name[order > 0] = order < 0 ? a[i] : b[k];
		i += order <= 0;
		k += order >= 0;
	}
	return diff->modules;
}

bool diff_make(struct diff *diff)
{
	for (int i = 0; i < SIDES; i++)
		if (!facts_read(diff->sides[i].kmd, &diff->sides[i].facts))
			return false;
	return add_facts(diff) && add_regions(diff) && add_modules(diff) && diff_add_tasks(diff) &&
	       diff_add_variables(diff);
}

static void deinit_side(struct diff_side *side)
{
	facts_deinit(&side->facts);
	free(side->no_vmlinux);
	free(side->no_tasks);
	free(side->no_modules);
	free(side->no_variables);
	kmd_free(side->kmd);
}

void diff_deinit(struct diff *diff)
{
	for (size_t i = 0; i < diff->n_facts; i++) {
		free(diff->facts[i].text[0]);
		free(diff->facts[i].text[1]);
	}
	for (size_t i = 0; i < diff->n_variables; i++) {
		free(diff->variables[i].text[0]);
		free(diff->variables[i].text[1]);
	}
	for (int side = 0; side < SIDES; side++) {
		for (size_t i = 0; i < diff->n_module_names[side]; i++)
			free(diff->module_names[side][i]);
		free(diff->module_names[side]);
		free(diff->stems[side].items);
		deinit_side(&diff->sides[side]);
	}
	free(diff->regions);
	free(diff->modules);
	free(diff->tasks);
	free(diff->variables);
}
