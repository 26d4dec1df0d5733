/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "runtime/candidates.h"

#include "base/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough for every source to give several values. */
#define CANDIDATES_MAX 256

#define WHO_USER       "given by the user"

void kmd_candidates_add(struct kmd_candidates *candidates, unsigned int key, uint64_t value,
			const char *who, unsigned int weight)
{
	for (size_t i = 0; i < candidates->n; i++)
		if (candidates->items[i].key == key && candidates->items[i].value == value &&
		    !strcmp(candidates->items[i].who, who))
			return;
	if (candidates->n >= CANDIDATES_MAX)
		return;
	if (!KMD_ARRAY_RESERVE(candidates->items, candidates->n, candidates->cap)) {
		candidates->no_memory = true;
		return;
	}
	candidates->items[candidates->n++] = (struct kmd_candidate){ key, value, weight, who };
}

static unsigned int weight_of(const struct kmd_candidates *candidates, unsigned int key,
			      uint64_t value)
{
	unsigned int weight = 0;

	for (size_t i = 0; i < candidates->n; i++)
		if (candidates->items[i].key == key && candidates->items[i].value == value)
			weight += candidates->items[i].weight;
	return weight;
}

bool kmd_candidates_best(const struct kmd_candidates *candidates, unsigned int key, uint64_t *value)
{
	bool any = false, tie = false;
	unsigned int best = 0;

	for (size_t i = 0; i < candidates->n; i++) {
		const struct kmd_candidate *candidate = &candidates->items[i];
		unsigned int weight;

		if (candidate->key != key || (any && candidate->value == *value))
			continue;
		weight = weight_of(candidates, key, candidate->value);
		tie = any && (weight == best || (weight < best && tie));
		if (any && weight <= best)
			continue;
		any = true;
		best = weight;
		*value = candidate->value;
	}
	return any && !tie;
}

static bool append(char **list, const char *name, const char *between)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", *list ? *list : "", *list ? between : "", name) < 0)
		return false;
	free(*list);
	*list = longer;
	return true;
}

/* The names of the sources that give @value, and their number. */
static bool list_sources(const struct kmd_candidates *candidates, unsigned int key, uint64_t value,
			 char **list, size_t *count)
{
	unsigned int weight = weight_of(candidates, key, value);

	for (size_t i = 0; i < candidates->n; i++) {
		const struct kmd_candidate *candidate = &candidates->items[i];

		if (candidate->key != key || candidate->value != value)
			continue;
		if (!append(list, candidate->who, ", "))
			return false;
		/* A hint alone confirms nothing. */
		*count += candidate->weight || weight;
	}
	return true;
}

static bool selected(const struct kmd_candidates *candidates, enum kmd_runtime_key key,
		     const struct kmd_runtime_given *given, uint64_t *value)
{
	if (given && given->has[key]) {
		*value = given->values[key];
		return true;
	}
	for (size_t i = 0; i < candidates->n; i++)
		if (candidates->items[i].key == (unsigned int)key &&
		    !strcmp(candidates->items[i].who, KMD_WHO_INFO)) {
			*value = candidates->items[i].value;
			return true;
		}
	return kmd_candidates_best(candidates, key, value);
}

/* "0x1 (A, B); 0x2 (C)" of candidates other than @value, or of all; NULL = there are none. */
static bool format_alternatives(const struct kmd_candidates *candidates, unsigned int key,
				const uint64_t *value, char **list)
{
	for (size_t i = 0; i < candidates->n; i++) {
		const struct kmd_candidate *candidate = &candidates->items[i];
		char *names = NULL, *text = NULL;
		size_t count = 0;
		bool seen = false, ok;

		for (size_t j = 0; j < i; j++)
			seen |= candidates->items[j].key == key &&
				candidates->items[j].value == candidate->value;
		if (candidate->key != key || seen || (value && candidate->value == *value) ||
		    !weight_of(candidates, key, candidate->value))
			continue;
		ok = list_sources(candidates, key, candidate->value, &names, &count) &&
		     asprintf(&text, "0x%" PRIx64 " (%s)", candidate->value, names) >= 0 &&
		     append(list, text, "; ");
		free(names);
		free(text);
		if (!ok)
			return false;
	}
	return true;
}

static enum kmd_status report(struct kmd_diag *diag, enum kmd_runtime_key key,
			      const struct kmd_runtime_value *value, const char *alternatives)
{
	const char *name = kmd_runtime_key_name(key), *cause = "";

	if (key == KMD_RUNTIME_KASLR)
		cause = "; the cause may be files of two different boots, or an old log in memory";
	if (!alternatives)
		return KMD_OK;
	if (!value->known)
		return kmd_report(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
				  "conflicting values for %s: %s; none is used%s", name,
				  alternatives, cause);
	return kmd_report(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
			  "conflicting values for %s: using 0x%" PRIx64 " (%s), not %s%s", name,
			  value->value, value->sources ? value->sources : "derived", alternatives,
			  cause);
}

enum kmd_status kmd_candidates_select(const struct kmd_candidates *candidates,
				      enum kmd_runtime_key key,
				      const struct kmd_runtime_given *given, struct kmd_diag *diag,
				      struct kmd_runtime *runtime)
{
	struct kmd_runtime_value *value = &runtime->values[key];
	enum kmd_status status;
	char *alternatives = NULL;
	bool ok = true;

	value->known = selected(candidates, key, given, &value->value);
	if (value->known && given && given->has[key]) {
		value->n_sources = 1;
		ok = append(&value->sources, WHO_USER, ", ");
	}
	if (value->known)
		ok = ok && list_sources(candidates, key, value->value, &value->sources,
					&value->n_sources);
	ok = ok && format_alternatives(candidates, key, value->known ? &value->value : NULL,
				       &alternatives);
	status = ok ? report(diag, key, value, alternatives) : kmd_fail_memory(diag);
	free(alternatives);
	return status;
}

void kmd_candidates_deinit(struct kmd_candidates *candidates)
{
	free(candidates->items);
	memset(candidates, 0, sizeof(*candidates));
}
