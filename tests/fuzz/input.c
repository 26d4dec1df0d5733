/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "fuzz.h"

#include "source/folder.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER_MAGIC "KMDFOLD\n"
#define MAGIC_SIZE   8
#define FRAME_SIZE   4

/* No file system has names that are empty or hold NUL or '/'. */
static void make_name(char name[256], const uint8_t *bytes, size_t length)
{
	memcpy(name, bytes, length);
	name[length] = '\0';
	for (size_t i = 0; i < length; i++)
		if (!name[i] || name[i] == '/')
			name[i] = '_';
	if (!length)
		strcpy(name, "_");
}

static bool add_member(struct fuzz_rest *rest, struct kmd_diag *diag, struct kmd_input *input)
{
	struct kmd_source *source;
	size_t frame_size = FRAME_SIZE, name_length, size;
	const uint8_t *frame = fuzz_take(rest, &frame_size), *bytes;
	char name[256];

	if (frame_size < FRAME_SIZE)
		return false;
	name_length = frame[0];
	size = frame[1] | (size_t)frame[2] << 8 | (size_t)frame[3] << 16;
	bytes = fuzz_take(rest, &name_length);
	make_name(name, bytes, name_length);
	bytes = fuzz_take(rest, &size);
	/* Messages may print a name.  It is made printable here, as in the library's folder reader.
	 */
	return kmd_source_from_memory(diag, bytes, size, "member", &source) == KMD_OK &&
	       kmd_input_add(diag, input, name, strlen(name), source) == KMD_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct kmd_member *)a)->file_name,
		      ((const struct kmd_member *)b)->file_name);
}

static bool make_folder(struct fuzz_rest *rest, struct kmd_diag *diag, struct kmd_input *input)
{
	size_t n = 0;

	memset(input, 0, sizeof(*input));
	input->name = strdup("folder");
	input->folder = true;
	while (add_member(rest, diag, input))
		;
	if (!input->n_members)
		return input->name != NULL;
	qsort(input->members, input->n_members, sizeof(input->members[0]), by_name);
	/* No file system has two files of one name. */
	for (size_t i = 0; i < input->n_members; i++) {
		if (n && !by_name(&input->members[n - 1], &input->members[i])) {
			free(input->members[i].file_name);
			kmd_source_free(input->members[i].source);
			continue;
		}
		input->members[n++] = input->members[i];
	}
	input->n_members = n;
	return input->name != NULL;
}

bool fuzz_input_make(const uint8_t *data, size_t size, struct kmd_diag *diag,
		     struct kmd_input *input)
{
	static const struct kmd_input_options options = { .unpack_limit = 1u << 20 };
	struct fuzz_rest rest = { data, size };

	if (size < MAGIC_SIZE || memcmp(data, FOLDER_MAGIC, MAGIC_SIZE) != 0)
		return kmd_input_from_memory(diag, &options, data, size, "input", input) == KMD_OK;
	rest.at += MAGIC_SIZE;
	rest.size -= MAGIC_SIZE;
	return make_folder(&rest, diag, input);
}
