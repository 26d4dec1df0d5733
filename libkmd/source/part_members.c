/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* part_members.c - parts of a split file that lie in one folder or archive. */
#include "source/parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static int compare_name(const void *name, const void *member)
{
	return strcmp(name, ((const struct kmd_member *)member)->file_name);
}

/* The member of this name that was not taken; NULL = none. */
static struct kmd_member *find(const struct kmd_input *input, const char *name)
{
	struct kmd_member *member = bsearch(name, input->members, input->n_members,
					    sizeof(*input->members), compare_name);

	return member && member->source ? member : NULL;
}

static void find_hex(const struct kmd_input *input, char *name, struct kmd_part_counter *counter)
{
	char *last = name + counter->at + counter->width - 1, was = *last;

	if (counter->letters || counter->width < 2)
		return;
	*last = 'a';
	counter->hex = find(input, name);
	*last = was;
}

/* Collect the parts that begin with @first; what is taken has no source afterwards. */
static enum kmd_status collect(struct kmd_diag *diag, struct kmd_input *input,
			       struct kmd_member *first, struct kmd_part_counter *counter,
			       struct kmd_parts *parts)
{
	char *name = strdup(first->file_name);
	struct kmd_member *member = first;
	enum kmd_status status = KMD_OK;
	bool added = true;

	if (!name)
		return kmd_fail_memory(diag);
	find_hex(input, name, counter);
	while (status == KMD_OK && member) {
		status = kmd_part_add(diag, parts, counter, member->source, &added);
		if (!added)
			break;
		member->source = NULL;
		member = kmd_part_count_up(name, counter) ? find(input, name) : NULL;
	}
	free(name);
	return status;
}

/* The name without the counter and the mark before it. */
static void shorten(char *name, const struct kmd_part_counter *counter)
{
	size_t length = counter->at;

	while (length > 1 && strchr("._-", name[length - 1]))
		length--;
	name[length] = '\0';
}

static enum kmd_status join(struct kmd_diag *diag, struct kmd_input *input,
			    struct kmd_member *first, struct kmd_part_counter *counter,
			    size_t *joined)
{
	struct kmd_parts parts = { 0 };
	enum kmd_status status = collect(diag, input, first, counter, &parts);

	if (status == KMD_OK && parts.n > 1) {
		status = kmd_parts_use(diag, &parts, parts.items[0].source->name, &first->source);
		if (status == KMD_OK) {
			shorten(first->file_name, counter);
			parts.n = 0;
			++*joined;
		}
	} else if (status == KMD_OK && parts.n) {
		first->source = parts.items[--parts.n].source;
	}
	while (parts.n)
		kmd_source_free(parts.items[--parts.n].source);
	free(parts.items);
	return status;
}

void kmd_parts_drop_taken(struct kmd_input *input)
{
	size_t kept = 0;

	for (size_t i = 0; i < input->n_members; i++) {
		if (input->members[i].source)
			input->members[kept++] = input->members[i];
		else
			free(input->members[i].file_name);
	}
	input->n_members = kept;
}

/* A text of the folder names its files: those whose names have a suffix are images of their own. */
static bool is_listed(const struct kmd_input *input)
{
	for (size_t i = 0; i < input->n_members; i++)
		if (kmd_text_has_prefix(input->members[i].file_name, "dump_info") ||
		    kmd_text_has_suffix(input->members[i].file_name, ".cmm"))
			return true;
	return false;
}

enum kmd_status kmd_parts_join_members(struct kmd_diag *diag, struct kmd_input *input,
				       size_t *joined)
{
	enum kmd_status status = KMD_OK;

	bool listed = is_listed(input);

	*joined = 0;
	for (size_t i = 0; status == KMD_OK && i < input->n_members; i++) {
		struct kmd_member *member = &input->members[i];
		struct kmd_part_counter counter;

		/* Names of region files end in anything. */
		if (member->source && !member->has_phys &&
		    !kmd_text_has_prefix(member->file_name, "md_") &&
		    kmd_part_counter(member->file_name, &counter) &&
		    !(listed && member->file_name[counter.at + counter.width]))
			status = join(diag, input, member, &counter, joined);
	}
	kmd_parts_drop_taken(input);
	kmd_input_sort(input);
	return status;
}
