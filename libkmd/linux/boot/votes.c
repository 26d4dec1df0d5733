/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "linux/boot/votes.h"

#include "base/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough for every witness to contradict itself a few times. */
#define VOTES_MAX 256

#define WHO_USER  "given by the user"

void kmd_votes_add(struct kmd_votes *votes, unsigned int key, uint64_t value, const char *who,
		   unsigned int weight)
{
	for (size_t i = 0; i < votes->n; i++)
		if (votes->items[i].key == key && votes->items[i].value == value &&
		    !strcmp(votes->items[i].who, who))
			return;
	if (votes->n >= VOTES_MAX)
		return;
	if (!KMD_ARRAY_RESERVE(votes->items, votes->n, votes->cap)) {
		votes->no_memory = true;
		return;
	}
	votes->items[votes->n++] = (struct kmd_vote){ key, value, weight, who };
}

static unsigned int weight_of(const struct kmd_votes *votes, unsigned int key, uint64_t value)
{
	unsigned int weight = 0;

	for (size_t i = 0; i < votes->n; i++)
		if (votes->items[i].key == key && votes->items[i].value == value)
			weight += votes->items[i].weight;
	return weight;
}

bool kmd_votes_best(const struct kmd_votes *votes, unsigned int key, uint64_t *value)
{
	bool any = false, tie = false;
	unsigned int best = 0;

	for (size_t i = 0; i < votes->n; i++) {
		const struct kmd_vote *vote = &votes->items[i];
		unsigned int weight;

		if (vote->key != key || (any && vote->value == *value))
			continue;
		weight = weight_of(votes, key, vote->value);
		tie = any && (weight == best || (weight < best && tie));
		if (any && weight <= best)
			continue;
		any = true;
		best = weight;
		*value = vote->value;
	}
	return any && !tie;
}

bool kmd_votes_has(const struct kmd_votes *votes, unsigned int key, const char *who)
{
	for (size_t i = 0; i < votes->n; i++)
		if (votes->items[i].key == key && !strcmp(votes->items[i].who, who))
			return true;
	return false;
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

/* The names of those who told @value, and how many. */
static bool list_witnesses(const struct kmd_votes *votes, unsigned int key, uint64_t value,
			   char **list, size_t *count)
{
	unsigned int weight = weight_of(votes, key, value);

	for (size_t i = 0; i < votes->n; i++) {
		const struct kmd_vote *vote = &votes->items[i];

		if (vote->key != key || vote->value != value)
			continue;
		if (!append(list, vote->who, ", "))
			return false;
		/* A mere hint is no witness where it is alone. */
		*count += vote->weight || weight;
	}
	return true;
}

static bool taken(const struct kmd_votes *votes, enum kmd_boot_key key,
		  const struct kmd_boot_given *given, uint64_t *value)
{
	if (given && given->has[key]) {
		*value = given->values[key];
		return true;
	}
	for (size_t i = 0; i < votes->n; i++)
		if (votes->items[i].key == (unsigned int)key &&
		    !strcmp(votes->items[i].who, KMD_WHO_INFO)) {
			*value = votes->items[i].value;
			return true;
		}
	return kmd_votes_best(votes, key, value);
}

/* "0x1 (A, B); 0x2 (C)" of what is not @value, or of all; NULL = nobody dissents. */
static bool list_dissent(const struct kmd_votes *votes, unsigned int key, const uint64_t *value,
			 char **list)
{
	for (size_t i = 0; i < votes->n; i++) {
		const struct kmd_vote *vote = &votes->items[i];
		char *names = NULL, *said = NULL;
		size_t count = 0;
		bool seen = false, ok;

		for (size_t j = 0; j < i; j++)
			seen |= votes->items[j].key == key && votes->items[j].value == vote->value;
		if (vote->key != key || seen || (value && vote->value == *value) ||
		    !weight_of(votes, key, vote->value))
			continue;
		ok = list_witnesses(votes, key, vote->value, &names, &count) &&
		     asprintf(&said, "0x%" PRIx64 " (%s)", vote->value, names) >= 0 &&
		     append(list, said, "; ");
		free(names);
		free(said);
		if (!ok)
			return false;
	}
	return true;
}

static enum kmd_status report(struct kmd_diag *diag, const char *name,
			      const struct kmd_boot_value *value, const char *dissent)
{
	if (!dissent)
		return KMD_OK;
	if (!value->known)
		return kmd_find(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
				"the dump contradicts itself on %s: %s; none is taken", name,
				dissent);
	return kmd_find(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
			"the dump contradicts itself on %s: taking 0x%" PRIx64 " (%s), not %s",
			name, value->value, value->witnessed ? value->witnessed : "derived",
			dissent);
}

enum kmd_status kmd_votes_conclude(const struct kmd_votes *votes, enum kmd_boot_key key,
				   const struct kmd_boot_given *given, struct kmd_diag *diag,
				   struct kmd_boot *boot)
{
	struct kmd_boot_value *value = &boot->values[key];
	enum kmd_status status;
	char *dissent = NULL;
	bool ok = true;

	value->known = taken(votes, key, given, &value->value);
	if (value->known && given && given->has[key]) {
		value->witnesses = 1;
		ok = append(&value->witnessed, WHO_USER, ", ");
	}
	if (value->known)
		ok = ok &&
		     list_witnesses(votes, key, value->value, &value->witnessed, &value->witnesses);
	ok = ok && list_dissent(votes, key, value->known ? &value->value : NULL, &dissent);
	status = ok ? report(diag, kmd_boot_key_name(key), value, dissent) : kmd_fail_memory(diag);
	free(dissent);
	return status;
}

void kmd_votes_deinit(struct kmd_votes *votes)
{
	free(votes->items);
	memset(votes, 0, sizeof(*votes));
}
