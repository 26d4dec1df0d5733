/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/kallsyms.h"

#include "base/search.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

bool kmd_kallsyms_length(const struct kmd_kallsyms *table, size_t *at, size_t *length)
{
	if (*at >= table->size)
		return false;
	*length = table->bytes[(*at)++];
	if (*length & 0x80) {
		if (*at >= table->size)
			return false;
		*length = (*length & 0x7f) | (size_t)table->bytes[(*at)++] << 7;
	}
	return *length && *length <= table->size - *at;
}

void kmd_kallsyms_deinit(struct kmd_kallsyms *table)
{
	for (size_t i = 0; table->names && i < table->n; i++)
		free(table->names[i]);
	free(table->names);
	free(table->hashes);
	free(table->buckets);
	free(table->next);
	free(table->symbols);
	free(table->bytes);
	free(table->tokens);
	memset(table, 0, sizeof(*table));
}

/* The expanded name without the letter of its type; returns its length. */
static size_t expand(const struct kmd_kallsyms *table, size_t index,
		     char name[KMD_KALLSYMS_NAME + 1])
{
	size_t at = table->symbols[index].name_at, length, n = 0;
	bool type = true;

	if (!kmd_kallsyms_length(table, &at, &length))
		return 0;
	for (size_t i = 0; i < length && n < KMD_KALLSYMS_NAME; i++) {
		size_t token = table->token_at[table->bytes[at + i]];

		for (; token < table->tokens_size && table->tokens[token] && n < KMD_KALLSYMS_NAME;
		     token++) {
			if (!type)
				name[n++] = (char)table->tokens[token];
			type = false;
		}
	}
	name[n] = '\0';
	return n;
}

/* FNV-1a, 32 bits. */
static uint32_t hash(const char *text)
{
	uint32_t value = UINT32_C(0x811c9dc5);

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * UINT32_C(0x01000193);
	return value;
}

/* Symbols of one hash that a kernel has; a damaged table may have no other. */
#define SAME_MAX 4096

bool kmd_kallsyms_hash(struct kmd_kallsyms *table)
{
	char text[KMD_KALLSYMS_NAME + 1];

	for (table->n_buckets = 1; table->n_buckets < table->n;)
		table->n_buckets *= 2;
	table->buckets = malloc(table->n_buckets * sizeof(*table->buckets));
	table->next = malloc((table->n + 1) * sizeof(*table->next));
	table->hashes = malloc((table->n + 1) * sizeof(*table->hashes));
	if (!table->buckets || !table->next || !table->hashes)
		return false;
	for (size_t i = 0; i < table->n_buckets; i++)
		table->buckets[i] = (uint32_t)table->n;
	/* From the last on, so that the first is found first. */
	for (size_t i = table->n; i--;) {
		uint32_t *head;

		table->hashes[i] = hash(expand(table, i, text) ? text : "");
		head = &table->buckets[table->hashes[i] & (table->n_buckets - 1)];
		table->next[i] = *head;
		*head = (uint32_t)i;
	}
	return true;
}

bool kmd_kallsyms_address(const struct kmd_kallsyms *table, const char *name, uint64_t *address)
{
	char text[KMD_KALLSYMS_NAME + 1];
	uint32_t wanted = hash(name);
	size_t same = 0;
	bool found = false;

	if (!table->n)
		return false;
	for (size_t i = table->buckets[wanted & (table->n_buckets - 1)]; i < table->n;
	     i = table->next[i]) {
		if (table->hashes[i] != wanted)
			continue;
		if (++same > SAME_MAX)
			return false;
		if (!expand(table, i, text) || strcmp(text, name) != 0)
			continue;
		if (found && table->symbols[i].address != *address)
			return false;
		*address = table->symbols[i].address;
		found = true;
	}
	return found;
}

size_t kmd_kallsyms_above(const struct kmd_kallsyms *table, uint64_t address)
{
	return KMD_LOWER_BOUND(table->n, middle, table->symbols[middle].address <= address);
}

size_t kmd_kallsyms_find(const struct kmd_kallsyms *table, uint64_t address)
{
	size_t i = kmd_kallsyms_above(table, address);

	if (!i)
		return table->n;
	/* Of several at one address the first. */
	address = table->symbols[i - 1].address;
	return KMD_LOWER_BOUND(i, middle, table->symbols[middle].address < address);
}

const char *kmd_kallsyms_name(struct kmd_kallsyms *table, size_t index)
{
	char text[KMD_KALLSYMS_NAME + 1];

	if (!table->names[index])
		table->names[index] = kmd_text_name_dup(text, expand(table, index, text));
	return table->names[index];
}

char kmd_kallsyms_type(const struct kmd_kallsyms *table, size_t index)
{
	size_t at = table->symbols[index].name_at, length, token;

	if (!kmd_kallsyms_length(table, &at, &length))
		return '?';
	token = table->token_at[table->bytes[at]];
	return token < table->tokens_size ? (char)table->tokens[token] : '?';
}
