/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/input.h"

#include "base/array.h"
#include "base/text.h"

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

bool kmd_is_document(const char *name)
{
	/* The second line: what crash collectors put beside a dump. */
	static const char *const starts[] = { "readme",       "license",     "copying",
					      "changelog",    "md5sums",     "sha256sums",
					      "vmcore-dmesg", "kexec-dmesg", "dmesg.20",
					      "System.map",   "kexec_cmd",   "kdump_lock",
					      "vmlinux",      "config-" };
	static const char *const ends[] = { ".md",  ".txt",     ".pdf",    ".html",   ".htm",
					    ".md5", ".sha1",    ".sha256", ".sha512", ".asc",
					    ".sig", ".sha1sum", ".log",    ".csv",    ".json",
					    ".png", ".jpg",     ".url" };

	if (kmd_text_has_prefix(name, "dump_info") || kmd_text_has_prefix(name, "md_"))
		return false;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (!strncasecmp(name, starts[i], strlen(starts[i])))
			return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strlen(name) > strlen(ends[i]) &&
		    !strcasecmp(name + strlen(name) - strlen(ends[i]), ends[i]))
			return true;
	return false;
}
