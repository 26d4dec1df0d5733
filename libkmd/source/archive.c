/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * archive.c - the dump inside an archive.
 *
 * 1. List the regular files; hidden ones and __MACOSX are left out.
 * 2. Choose the folder: the one that is named, or the first that holds files on the way down
 *    from the top, as for folders on disk.  Several on one level are an error that lists them.
 * 3. Unpack the files of that folder into the scratch file, and no others.
 */
#include "source/archive.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/text.h"
#include "source/folder.h"
#include "source/packing/packed.h"
#include "source/packing/unpack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTED_MAX   8
#define PADDING_LOOK 4096

struct entry {
	char *path;    /* without leading or double slashes, ".", ".."; NULL = not used */
	size_t base;   /* where the file's name begins */
	bool document; /* left out, unless there is nothing else */
};

struct reading {
	struct kmd_diag *diag;
	const struct kmd_input_options *options;
	struct kmd_input *input;
	const struct kmd_source *source;
	struct entry *entries; /* one for each header of the archive, in its order */
	size_t n, cap;
	char *folder; /* the chosen one, "" or with a slash at the end */
	bool single;  /* one file is chosen: .folder is its whole path */
	size_t n_chosen;
	bool in_place; /* some files are read where they lie in the archive */
	bool damaged;  /* the archive ends early: that was reported */
};

static void reading_deinit(struct reading *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->entries[i].path);
	free(r->entries);
	free(r->folder);
}

/* The components of @path that are names, joined again; @out is as long. */
static void normalise(const char *path, char *out)
{
	char *start = out;
	size_t length;

	*out = '\0';
	for (; *path; path += length + (path[length] == '/')) {
		length = strcspn(path, "/");
		if (!length || (length == 1 && *path == '.') ||
		    (length == 2 && !memcmp(path, "..", 2)))
			continue;
		if (out > start)
			*out++ = '/';
		memcpy(out, path, length);
		out += length;
		*out = '\0';
	}
}

static const char *path_of(struct archive_entry *entry)
{
	const char *path = archive_entry_pathname_utf8(entry);

	return path ? path : archive_entry_pathname(entry);
}

static bool is_hidden(const char *path)
{
	for (const char *at = path; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (*at == '.' || !strncmp(at, "__MACOSX/", 9))
			return true;
	}
	return false;
}

static enum kmd_status report_link(struct reading *r, const char *path)
{
	char name[KMD_SENTENCE_MAX];

	kmd_text_name(name, sizeof(name), path, strlen(path));
	return kmd_report(r->diag, KMD_FIND_UNUSED, KMD_DAMAGE, kmd_in(r->source->name),
			  "\"%s\" is a link: links in archives are not followed", name);
}

/* Every header has an entry, so that the second pass can count along. */
static enum kmd_status add_entry(struct reading *r, struct archive_entry *entry)
{
	const char *path = path_of(entry), *slash;
	struct entry *new;

	if (r->n >= r->options->files_limit)
		return kmd_fail(r->diag, KMD_ERR_LIMIT, kmd_in(r->source->name),
				"more than %" PRIu64 " files in this archive (--limit=files=N)",
				r->options->files_limit);
	if (!KMD_ARRAY_RESERVE(r->entries, r->n, r->cap))
		return kmd_fail_memory(r->diag);
	new = &r->entries[r->n++];
	*new = (struct entry){ 0 };
	if (!path)
		return KMD_OK;
	if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) == AE_IFLNK)
		return report_link(r, path);
	/* What rar reads from its standard input has no type. */
	if (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry))
		return KMD_OK;
	new->path = malloc(strlen(path) + 1);
	if (!new->path)
		return kmd_fail_memory(r->diag);
	normalise(path, new->path);
	slash = strrchr(new->path, '/');
	new->base = slash ? (size_t)(slash - new->path) + 1 : 0;
	if (!*new->path || is_hidden(new->path)) {
		free(new->path);
		new->path = NULL;
	}
	return KMD_OK;
}

/* Nothing but zeroes is left, as at the end of a partition. */
static bool is_padding(const struct reading *r, const struct kmd_packed *packed)
{
	unsigned char bytes[PADDING_LOOK];
	uint64_t at = kmd_packed_position(packed);
	size_t length = (size_t)kmd_min_u64(sizeof(bytes), r->source->size - at);

	return length && kmd_source_read(r->source, at, bytes, length, r->diag) == KMD_OK &&
	       kmd_all_zero(bytes, length);
}

/* A damaged archive is read as far as it goes. */
static enum kmd_status ends_early(struct reading *r, const struct kmd_packed *packed)
{
	char sentence[KMD_SENTENCE_MAX];

	if (r->diag->status != KMD_ERR_DAMAGED || !r->n)
		return r->diag->status;
	r->diag->status = KMD_OK;
	if (is_padding(r, packed))
		return KMD_OK;
	snprintf(sentence, sizeof(sentence), "%s", r->diag->sentence);
	r->damaged = true;
	return kmd_report(r->diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, kmd_in(""),
			  "%s: only its first %zu entries are used", sentence, r->n);
}

/*
 * Without its end record (PKWARE APPNOTE 4.3.16: 22 bytes and a comment of at most 65535), a zip
 * archive is read from the front, and files that were cut off are not missed.
 */
static enum kmd_status check_zip_end(struct reading *r)
{
	size_t size = (size_t)kmd_min_u64(r->source->size, 22 + 65535);
	unsigned char *tail = malloc(size);
	enum kmd_status status;
	bool found;

	if (!tail)
		return kmd_fail_memory(r->diag);
	status = kmd_source_read(r->source, r->source->size - size, tail, size, r->diag);
	found = status == KMD_OK && memmem(tail, size, "PK\5\6", 4);
	free(tail);
	if (status != KMD_OK || found || r->damaged)
		return status;
	r->damaged = true;
	return kmd_report(r->diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, kmd_in(r->source->name),
			  "the zip archive has no end record: it is truncated, and files may be "
			  "missing");
}

static bool is_zip(struct archive *archive)
{
	return (archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP;
}

static enum kmd_status list(struct reading *r)
{
	struct archive_entry *entry = NULL;
	struct kmd_packed packed;
	enum kmd_status status = kmd_packed_open(&packed, r->source, r->options, r->diag);

	while (status == KMD_OK) {
		status = kmd_packed_next(&packed, &entry);
		if (status != KMD_OK)
			status = ends_early(r, &packed);
		else if (entry && !r->n && kmd_packed_check(&packed) != KMD_OK)
			status = r->diag->status;
		else if (entry)
			status = add_entry(r, entry);
		if (!entry)
			break;
	}
	/* A later volume has no file that begins in it. */
	if (status == KMD_OK && !r->n)
		status = kmd_packed_check(&packed);
	if (status == KMD_OK && is_zip(packed.archive))
		status = check_zip_end(r);
	kmd_packed_close(&packed);
	return status;
}

/* ----- choosing */

static bool is_below(const struct entry *entry, const char *folder)
{
	return entry->path && !strncmp(entry->path, folder, strlen(folder));
}

static bool is_chosen(const struct reading *r, const struct entry *entry)
{
	if (r->single)
		return entry->path && !strcmp(entry->path, r->folder);
	return is_below(entry, r->folder) && entry->base == strlen(r->folder) && !entry->document;
}

static bool set_folder(struct reading *r, const char *path, size_t length)
{
	free(r->folder);
	r->folder = strndup(path, length);
	return r->folder;
}

/* What the user may name instead, in the order of the archive. */
static enum kmd_status fail_choice(struct reading *r, const char *why)
{
	char names[512] = "", name[128];
	size_t listed = 0, used = 0;

	for (size_t i = 0; i < r->n && listed < LISTED_MAX; i++) {
		const struct entry *entry = &r->entries[i];
		size_t length;

		if (!entry->path || !is_below(entry, r->folder))
			continue;
		length = entry->base ? entry->base - 1 : strlen(entry->path);
		kmd_text_name(name, sizeof(name), entry->path, length);
		if (strstr(names, name) || used + strlen(name) + 3 > sizeof(names))
			continue;
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 listed ? ", " : "", name);
		listed++;
	}
	return kmd_fail(r->diag, KMD_ERR_FORMAT, kmd_in(r->source->name), "%s: %s%s", why, names,
			listed == LISTED_MAX ? ", ..." : "");
}

/* The file or folder that the user named. */
static enum kmd_status choose_member(struct reading *r)
{
	char *path = malloc(strlen(r->options->member) + 2);
	size_t length;
	bool below = false;

	if (!path)
		return kmd_fail_memory(r->diag);
	normalise(r->options->member, path);
	length = strlen(path);
	for (size_t i = 0; i < r->n; i++)
		if (r->entries[i].path && !strcmp(r->entries[i].path, path))
			r->single = true;
	if (!r->single && length) {
		path[length++] = '/';
		path[length] = '\0';
	}
	for (size_t i = 0; i < r->n; i++)
		below |= is_below(&r->entries[i], path);
	if (!below) {
		free(path);
		return fail_choice(r, "the archive has no such file or folder; it has");
	}
	free(r->folder);
	r->folder = path;
	return KMD_OK;
}

/* One level down, if only one folder holds files. */
static enum kmd_status descend(struct reading *r, bool *done)
{
	size_t top = strlen(r->folder), length = 0;
	const char *first = NULL;

	for (size_t i = 0; i < r->n; i++) {
		const struct entry *entry = &r->entries[i];

		if (!is_below(entry, r->folder) || entry->document)
			continue;
		if (entry->base == top) {
			*done = true;
			return KMD_OK;
		}
		if (!first) {
			first = entry->path;
			length = top + strcspn(first + top, "/") + 1;
		} else if (strncmp(first, entry->path, length) != 0) {
			return fail_choice(r, "several folders of the archive hold files; name one "
					      "as ARCHIVE:FOLDER");
		}
	}
	*done = !first;
	if (first && !set_folder(r, first, length))
		return kmd_fail_memory(r->diag);
	return KMD_OK;
}

/* Documents are no part of a dump, unless there is nothing else. */
static void mark_documents(struct reading *r)
{
	bool others = false;

	for (size_t i = 0; i < r->n; i++) {
		struct entry *entry = &r->entries[i];

		if (!entry->path)
			continue;
		entry->document = kmd_is_document(entry->path + entry->base);
		others |= is_below(entry, r->folder) && !entry->document;
	}
	for (size_t i = 0; !others && i < r->n; i++)
		r->entries[i].document = false;
}

static enum kmd_status choose(struct reading *r)
{
	enum kmd_status status = KMD_OK;
	bool done = false;

	if (!set_folder(r, "", 0))
		return kmd_fail_memory(r->diag);
	if (r->options->member && !r->input->member_used) {
		r->input->member_used = true;
		status = choose_member(r);
	}
	if (status == KMD_OK && !r->single)
		mark_documents(r);
	while (status == KMD_OK && !done && !r->single)
		status = descend(r, &done);
	for (size_t i = 0; i < r->n; i++)
		r->n_chosen += is_chosen(r, &r->entries[i]);
	if (status == KMD_OK && !r->n_chosen)
		status = kmd_fail(r->diag, KMD_ERR_FORMAT, kmd_in(r->source->name),
				  "an archive without files");
	return status;
}

/* ----- unpacking */

/* Of files with one name the last counts, as when tar or unzip writes them. */
static enum kmd_status drop_duplicates(struct reading *r)
{
	struct kmd_input *input = r->input;
	enum kmd_status status = KMD_OK;
	size_t kept = 0;

	kmd_input_sort(input);
	for (size_t i = 0; i < input->n_members; i++) {
		struct kmd_member *member = &input->members[i];

		if (i + 1 < input->n_members &&
		    !strcmp(member->file_name, input->members[i + 1].file_name)) {
			if (status == KMD_OK)
				status = kmd_report(r->diag, KMD_FIND_NAME, KMD_DAMAGE,
						    kmd_in(member->source->name),
						    "the archive holds this file more than once: "
						    "only one of them is used");
			free(member->file_name);
			kmd_source_free(member->source);
			continue;
		}
		input->members[kept++] = *member;
	}
	input->n_members = kept;
	return status;
}

static enum kmd_status unpack_to(struct reading *r, struct kmd_packed *packed, const char *name,
				 struct kmd_source **out)
{
	struct kmd_unpack_target target;
	enum kmd_status status;

	status = kmd_scratch_begin(&r->input->scratch, name, r->diag, &target);
	if (status == KMD_OK)
		status = kmd_packed_copy(packed, name, &target);
	if (status == KMD_OK)
		status = kmd_scratch_end(&r->input->scratch, name, r->diag, &target, out);
	return status;
}

/* A file of a folder may itself be compressed. */
static enum kmd_status unpack_inner(struct reading *r, const char *name, size_t *length,
				    struct kmd_source **source)
{
	enum kmd_packing kind = kmd_unpack_kind(*source, r->diag);

	if (kmd_unpack_name_length(name, *length) == *length || !kmd_unpack_is_filter(kind))
		return KMD_OK;
	*length = kmd_unpack_name_length(name, *length);
	return kmd_unpack_filter(r->diag, r->options, &r->input->scratch, source);
}

/* The bytes of the archive itself, which must stay until the input is closed. */
static enum kmd_status use_in_place(struct reading *r, const char *name, uint64_t offset,
				    uint64_t size, struct kmd_source **out)
{
	const struct kmd_piece piece = { (struct kmd_source *)r->source, offset, size, true };

	r->in_place = true;
	return kmd_source_from_pieces(r->diag, &piece, 1, name, out);
}

static enum kmd_status unpack_entry(struct reading *r, struct kmd_packed *packed,
				    const struct entry *entry, struct archive_entry *header,
				    struct kmd_source **single, char **file_name)
{
	const char *base = entry->path + entry->base;
	size_t length = strlen(base);
	struct kmd_source *source = NULL;
	enum kmd_status status;
	uint64_t offset, size;
	char *name;

	if (asprintf(&name, "%s:%s", r->source->name, entry->path) < 0)
		return kmd_fail_memory(r->diag);
	if (kmd_packed_is_plain(packed, header, &offset, &size))
		status = use_in_place(r, name, offset, size, &source);
	else
		status = unpack_to(r, packed, name, &source);
	free(name);
	if (status != KMD_OK)
		return status;
	if (r->n_chosen == 1) {
		*single = source;
		*file_name = strdup(base);
		return *file_name ? KMD_OK : kmd_fail_memory(r->diag);
	}
	status = unpack_inner(r, base, &length, &source);
	if (status == KMD_OK)
		return kmd_input_add(r->diag, r->input, base, length, source);
	kmd_source_free(source);
	return status;
}

static enum kmd_status unpack_chosen(struct reading *r, struct kmd_source **single,
				     char **file_name)
{
	struct archive_entry *header = NULL;
	struct kmd_packed packed;
	enum kmd_status status = kmd_packed_open(&packed, r->source, r->options, r->diag);

	for (size_t i = 0; status == KMD_OK && i < r->n; i++) {
		status = kmd_packed_next(&packed, &header);
		if (status != KMD_OK || !header)
			break;
		if (!is_chosen(r, &r->entries[i]))
			continue;
		if (archive_entry_is_encrypted(header))
			status = kmd_fail(r->diag, KMD_ERR_UNSUPPORTED, kmd_in(r->source->name),
					  "the archive is encrypted: unpack it with its password "
					  "first");
		else
			status =
				unpack_entry(r, &packed, &r->entries[i], header, single, file_name);
	}
	kmd_packed_close(&packed);
	return status;
}

enum kmd_status kmd_archive_unpack(struct kmd_diag *diag, const struct kmd_input_options *options,
				   struct kmd_input *input, struct kmd_source **source,
				   char **file_name)
{
	struct reading r = { .diag = diag, .options = options, .input = input, .source = *source };
	struct kmd_source *single = NULL;
	enum kmd_status status = list(&r);

	if (status == KMD_OK)
		status = choose(&r);
	if (status == KMD_OK)
		status = unpack_chosen(&r, &single, file_name);
	if (status == KMD_OK && r.n_chosen > 1) {
		input->folder = true;
		status = drop_duplicates(&r);
	}
	reading_deinit(&r);
	if (status != KMD_OK) {
		kmd_source_free(single);
		return status;
	}
	if (!r.in_place)
		kmd_source_free(*source);
	else
		status = kmd_input_keep(diag, input, *source);
	*source = single;
	return status;
}
