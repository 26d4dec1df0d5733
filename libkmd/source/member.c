/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/input.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

enum kmd_status kmd_input_add(struct kmd_diag *diag, struct kmd_input *input, const char *file_name,
			      size_t length, struct kmd_source *source)
{
	char *copy = strndup(file_name, length);
	struct kmd_member *member;

	if (!copy || !KMD_ARRAY_RESERVE(input->members, input->n_members, input->cap_members)) {
		free(copy);
		kmd_source_free(source);
		return kmd_fail_memory(diag);
	}
	member = &input->members[input->n_members++];
	memset(member, 0, sizeof(*member));
	member->file_name = copy;
	member->source = source;
	return KMD_OK;
}

enum kmd_status kmd_input_keep(struct kmd_diag *diag, struct kmd_input *input,
			       struct kmd_source *source)
{
	if (!KMD_ARRAY_RESERVE(input->kept, input->n_kept, input->cap_kept)) {
		kmd_source_free(source);
		return kmd_fail_memory(diag);
	}
	input->kept[input->n_kept++] = source;
	return KMD_OK;
}

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct kmd_member *)a)->file_name,
		      ((const struct kmd_member *)b)->file_name);
}

void kmd_input_sort(struct kmd_input *input)
{
	if (input->n_members)
		qsort(input->members, input->n_members, sizeof(input->members[0]), compare_members);
}
