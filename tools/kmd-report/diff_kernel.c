/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Variables that differ. */
#include "diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool diff_keep_error(const struct kmd *kmd, char **out)
{
	*out = strdup(kmd_error(kmd) ? kmd_error(kmd) : "not known");
	return *out;
}

/* Linear map, vmalloc and the rest of the upper half, but no small negative number. */
static bool is_kernel_address(uint64_t value)
{
	return value >> 48 == 0xffff && value < UINT64_C(0xffffffffff000000);
}

static bool is_pointer(enum kmd_variable_kind kind, const struct kmd_variable *a,
		       const struct kmd_variable *b)
{
	return kind == KMD_VARIABLE_POINTER ||
	       (kind != KMD_VARIABLE_BOOL && a->size == 8 && is_kernel_address(a->value) &&
		is_kernel_address(b->value));
}

/* "NULL", a symbol of the image, or an address; *@known is false for the last. */
static char *pointer_text(struct kmd *kmd, uint64_t value, bool *known)
{
	const char *name;
	uint64_t offset;
	char *text;

	*known = true;
	if (!value)
		return strdup("NULL");
	if (kmd_symbol_at(kmd, value, &name, &offset) != KMD_OK) {
		*known = false;
		return asprintf(&text, "0x%" PRIx64, value) < 0 ? NULL : text;
	}
	if (!offset)
		return strdup(name);
	return asprintf(&text, "%s+0x%" PRIx64, name, offset) < 0 ? NULL : text;
}

static char *number_text(enum kmd_variable_kind kind, const struct kmd_variable *variable)
{
	uint64_t sign = UINT64_C(1) << (8 * variable->size - 1), value = variable->value;
	char *text;
	int length;

	if (kind == KMD_VARIABLE_BOOL && value <= 1)
		return strdup(value ? "true" : "false");
	if (kind == KMD_VARIABLE_SIGNED)
		length = asprintf(&text, "%" PRId64, (int64_t)((value ^ sign) - sign));
	else
		length = asprintf(&text, value < 0x10000 ? "%" PRIu64 : "0x%" PRIx64, value);
	return length < 0 ? NULL : text;
}

/* Add the variable if it differs in a way that two boots do not always have. */
static bool add_variable(struct diff *diff, enum kmd_variable_kind kind,
			 const struct kmd_variable *a, const struct kmd_variable *b)
{
	struct diff_variable *row = &diff->variables[diff->n_variables];
	bool known[SIDES] = { true, true };

	*row = (struct diff_variable){ .name = a->name, .kind = kind };
	if (is_pointer(kind, a, b)) {
		row->kind = KMD_VARIABLE_POINTER;
		row->text[0] = pointer_text(diff->sides[0].kmd, a->value, &known[0]);
		row->text[1] = pointer_text(diff->sides[1].kmd, b->value, &known[1]);
	} else {
		row->text[0] = number_text(kind, a);
		row->text[1] = number_text(kind, b);
	}
	if (row->text[0] && row->text[1] && (known[0] || known[1]) &&
	    strcmp(row->text[0], row->text[1]) != 0) {
		diff->n_variables++;
		return true;
	}
	known[0] = row->text[0] && row->text[1];
	free(row->text[0]);
	free(row->text[1]);
	return known[0];
}

struct pairs {
	size_t *index[SIDES];
	enum kmd_variable_kind *kinds;
	size_t n;
};

/* Variables that both have, with other bytes.  Both lists are in order of name. */
static void find_pairs(struct diff *diff, struct pairs *pairs)
{
	const struct kmd *a = diff->sides[0].kmd, *b = diff->sides[1].kmd;
	size_t n = kmd_variable_count(a), m = kmd_variable_count(b);

	for (size_t i = 0, k = 0; i < n && k < m;) {
		const struct kmd_variable *x = kmd_variable_get(a, i), *y = kmd_variable_get(b, k);
		int order = strcmp(x->name, y->name);

		if (!order && x->size == y->size) {
			diff->n_compared++;
			if (x->value != y->value) {
				pairs->index[0][pairs->n] = i;
				pairs->index[1][pairs->n++] = k;
			}
		}
		i += order <= 0;
		k += order >= 0;
	}
}

static bool add_pairs(struct diff *diff, const struct pairs *pairs)
{
	struct diff_side *a = &diff->sides[0], *b = &diff->sides[1];

	if (pairs->n &&
	    kmd_variable_kinds(a->kmd, pairs->index[0], pairs->n, pairs->kinds) != KMD_OK)
		return diff_keep_error(a->kmd, &a->no_variables);
	for (size_t i = 0; i < pairs->n; i++)
		if (pairs->kinds[i] != KMD_VARIABLE_OTHER &&
		    !add_variable(diff, pairs->kinds[i],
				  kmd_variable_get(a->kmd, pairs->index[0][i]),
				  kmd_variable_get(b->kmd, pairs->index[1][i])))
			return false;
	return true;
}

bool diff_add_variables(struct diff *diff)
{
	struct pairs pairs = { 0 };
	bool both = true, good;
	size_t n;

	for (int i = 0; i < SIDES; i++) {
		struct diff_side *side = &diff->sides[i];

		if (kmd_variables_load(side->kmd) == KMD_OK)
			continue;
		both = false;
		if (!diff_keep_error(side->kmd, &side->no_variables))
			return false;
	}
	if (!both)
		return true;
	n = kmd_variable_count(diff->sides[0].kmd) + 1;
	pairs.index[0] = calloc(n, sizeof(size_t));
	pairs.index[1] = calloc(n, sizeof(size_t));
	pairs.kinds = calloc(n, sizeof(*pairs.kinds));
	diff->variables = calloc(n, sizeof(*diff->variables));
	good = pairs.index[0] && pairs.index[1] && pairs.kinds && diff->variables;
	if (good) {
		find_pairs(diff, &pairs);
		good = add_pairs(diff, &pairs);
	}
	free(pairs.index[0]);
	free(pairs.index[1]);
	free(pairs.kinds);
	return good;
}
