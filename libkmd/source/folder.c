/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/folder.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/text.h"
#include "source/packing/unpack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many files stay open; others are opened for each read. */
#define KEEP_OPEN_MAX      256
#define SUB_FOLDERS_LISTED 512

struct names {
	char **items;
	size_t n, cap;
};

struct opening {
	struct kmd_diag *diag;
	const struct kmd_input_options *options;
	struct kmd_input *input;
	struct names names;
	char *folder; /* its path, raw: for messages */
	size_t keep_open;
};

static void names_deinit(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i]);
	free(names->items);
}

static enum kmd_status names_add(struct kmd_diag *diag, struct names *names, const char *name)
{
	char *copy = strdup(name);

	if (!copy || !KMD_ARRAY_RESERVE(names->items, names->n, names->cap)) {
		free(copy);
		return kmd_fail_memory(diag);
	}
	names->items[names->n++] = copy;
	return KMD_OK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "folder/file" for messages, not yet printable. */
static char *path_of(const char *folder, const char *file)
{
	size_t length = strlen(folder);
	char *path;

	while (length > 1 && folder[length - 1] == '/')
		length--;
	if (asprintf(&path, "%.*s%s%s", (int)length, folder,
		     length && folder[length - 1] == '/' ? "" : "/", file) < 0)
		return NULL;
	return path;
}

static enum kmd_status member_errno(const struct opening *o, const char *file, int error)
{
	char name[KMD_SENTENCE_MAX];
	char *path = path_of(o->folder, file);

	if (!path)
		return kmd_fail_memory(o->diag);
	kmd_text_name(name, sizeof(name), path, strlen(path));
	free(path);
	return kmd_fail_errno(o->diag, kmd_in(name), "cannot be opened", error);
}

static enum kmd_status list_errno(const struct opening *o, int error)
{
	return kmd_fail_errno(o->diag, kmd_in(o->input->name), "cannot list the folder", error);
}

/* A stream of its own, as its position must not be shared with the caller's descriptor. */
static DIR *open_list(int fd)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = own < 0 ? NULL : fdopendir(own);

	if (!list && own >= 0)
		close(own);
	return list;
}

/* The next entry that is not hidden; NULL at the end, or with errno. */
static struct dirent *next_entry(DIR *list)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(list);
	} while (entry && entry->d_name[0] == '.');
	return entry;
}

/*
 * One file that cannot be opened (a link that leads nowhere, a missing permission)
 * does not cost the other fifty.  Its region is missed where a table names it.
 */
static enum kmd_status skip_unreadable(struct opening *o)
{
	char sentence[KMD_SENTENCE_MAX];

	if (o->diag->status != KMD_ERR_IO)
		return o->diag->status;
	snprintf(sentence, sizeof(sentence), "%s", o->diag->sentence);
	o->diag->status = KMD_OK;
	return kmd_report(o->diag, KMD_FIND_MISSING, KMD_DAMAGE, kmd_in(""), "%s", sentence);
}

static enum kmd_status list_entry(struct opening *o, DIR *list, const char *file)
{
	struct stat st;

	/* Links to files are followed: users make folders of them. */
	if (fstatat(dirfd(list), file, &st, 0)) {
		member_errno(o, file, errno);
		return skip_unreadable(o);
	}
	if (!S_ISREG(st.st_mode))
		return KMD_OK;
	if (o->names.n >= o->options->files_limit)
		return kmd_fail(o->diag, KMD_ERR_LIMIT, kmd_in(o->input->name),
				"more than %" PRIu64 " files in this folder (--limit=files=N)",
				o->options->files_limit);
	return names_add(o->diag, &o->names, file);
}

/* The names of the folder's regular files, sorted. */
static enum kmd_status list_files(struct opening *o)
{
	enum kmd_status status = KMD_OK;
	struct dirent *entry;
	DIR *list;

	list = open_list(o->input->folder_fd);
	if (!list)
		return list_errno(o, errno);
	while (status == KMD_OK && (entry = next_entry(list)))
		status = list_entry(o, list, entry->d_name);
	if (status == KMD_OK && errno)
		status = list_errno(o, errno);
	closedir(list);
	if (o->names.n)
		qsort(o->names.items, o->names.n, sizeof(o->names.items[0]), compare_names);
	return status;
}

static bool has_files(int fd)
{
	struct dirent *entry;
	bool found = false;
	struct stat st;
	DIR *list = open_list(fd);

	if (!list)
		return false;
	while (!found && (entry = next_entry(list)))
		found = !fstatat(fd, entry->d_name, &st, 0) && S_ISREG(st.st_mode);
	closedir(list);
	return found;
}

/* What cannot be opened (lost+found) is no candidate. */
static bool holds_files(int fd, const char *name)
{
	int own = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	bool found;

	if (own < 0)
		return false;
	found = has_files(own);
	close(own);
	return found;
}

static enum kmd_status list_sub_folders(struct opening *o, struct names *found)
{
	enum kmd_status status = KMD_OK;
	struct dirent *entry;
	DIR *list = open_list(o->input->folder_fd);

	if (!list)
		return list_errno(o, errno);
	while (status == KMD_OK && (entry = next_entry(list)))
		if (holds_files(o->input->folder_fd, entry->d_name))
			status = names_add(o->diag, found, entry->d_name);
	closedir(list);
	if (found->n)
		qsort(found->items, found->n, sizeof(found->items[0]), compare_names);
	return status;
}

static enum kmd_status fail_several(const struct opening *o, const struct names *found)
{
	char list[SUB_FOLDERS_LISTED] = "", name[128];
	size_t used = 0;

	for (size_t i = 0; i < found->n; i++) {
		kmd_text_name(name, sizeof(name), found->items[i], strlen(found->items[i]));
		if (used + strlen(name) + 8 > sizeof(list)) {
			snprintf(list + used, sizeof(list) - used, ", ...");
			break;
		}
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 name);
	}
	return kmd_fail(o->diag, KMD_ERR_FORMAT, kmd_in(o->input->name),
			"no dump in this folder, but files in several below it; give one of those: "
			"%s",
			list);
}

/*
 * Without a file at the top but documents, the only sub-folder with files is meant: an
 * archive of a folder was unpacked, and its parent given.  *@name stays NULL if there is none.
 */
static enum kmd_status find_sub_folder(struct opening *o, char **name)
{
	struct names found = { 0 };
	enum kmd_status status = list_sub_folders(o, &found);

	*name = NULL;
	if (status == KMD_OK && found.n > 1)
		status = fail_several(o, &found);
	if (status == KMD_OK && found.n) {
		*name = found.items[0];
		found.n = 0;
	}
	names_deinit(&found);
	return status;
}

/* True if "x" is there as well as "x.zst". */
static bool has_plain_twin(const struct names *names, const char *packed, size_t length)
{
	char *plain = strndup(packed, length);
	bool found = plain && bsearch(&plain, names->items, names->n, sizeof(names->items[0]),
				      compare_names);

	free(plain);
	return found;
}

static enum kmd_status open_member(struct opening *o, const char *file, bool keep_open)
{
	size_t length = kmd_unpack_name_length(file, strlen(file));
	char *path = path_of(o->folder, file);
	struct kmd_source *source;
	enum kmd_status status;
	enum kmd_packing kind;

	if (!path)
		return kmd_fail_memory(o->diag);
	status = kmd_source_from_member(o->diag, o->input->folder_fd, file, path, keep_open,
					&source);
	free(path);
	if (status != KMD_OK)
		return skip_unreadable(o);
	kind = kmd_unpack_kind(source, o->diag);
	if (!file[length] || !kmd_unpack_is_filter(kind))
		return kmd_input_add(o->diag, o->input, file, strlen(file), source);
	if (has_plain_twin(&o->names, file, length)) {
		status = kmd_report(o->diag, KMD_FIND_UNUSED, KMD_NOTE, kmd_in(source->name),
				    "not used: the same file exists uncompressed");
		kmd_source_free(source);
		return status;
	}
	status = kmd_unpack_filter(o->diag, o->options, &o->input->scratch, &source);
	if (status == KMD_OK)
		return kmd_input_add(o->diag, o->input, file, length, source);
	kmd_source_free(source);
	return status;
}

static enum kmd_status open_members(struct opening *o)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; i < o->names.n && status == KMD_OK; i++)
		status = open_member(o, o->names.items[i], i < o->keep_open);
	kmd_input_sort(o->input);
	return status;
}

static bool all_documents(const struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (!kmd_is_document(names->items[i]))
			return false;
	return true;
}

/* Go on in the folder @name below, and keep its descriptor. */
static enum kmd_status enter(struct opening *o, const char *name)
{
	int fd = openat(o->input->folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	char *below;

	if (fd < 0)
		return member_errno(o, name, errno);
	close(o->input->folder_fd);
	o->input->folder_fd = fd;
	below = path_of(o->folder, name);
	if (!below)
		return kmd_fail_memory(o->diag);
	free(o->folder);
	o->folder = below;
	names_deinit(&o->names);
	o->names = (struct names){ 0 };
	return list_files(o);
}

/* Look into the folder, or the one below it. */
static enum kmd_status choose_folder(struct opening *o)
{
	enum kmd_status status = list_files(o);
	char *name;

	if (status != KMD_OK || !all_documents(&o->names))
		return status;
	status = find_sub_folder(o, &name);
	if (status == KMD_OK && name)
		status = enter(o, name);
	free(name);
	return status;
}

/* A quarter of what the process may open is more than enough for one handle. */
static size_t keep_open_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur / 4 > KEEP_OPEN_MAX)
		return KEEP_OPEN_MAX;
	return (size_t)(limit.rlim_cur / 4);
}

enum kmd_status kmd_folder_open(struct kmd_diag *diag, const struct kmd_input_options *options,
				int fd, const char *name, struct kmd_input *out)
{
	struct opening o = { .diag = diag, .options = options, .input = out };
	enum kmd_status status;

	o.keep_open = keep_open_limit();
	o.folder = strdup(name);
	out->folder = true;
	out->folder_fd = fd;
	out->has_folder_fd = true;
	status = o.folder ? choose_folder(&o) : kmd_fail_memory(diag);
	if (status == KMD_OK)
		status = open_members(&o);
	names_deinit(&o.names);
	free(o.folder);
	return status;
}
