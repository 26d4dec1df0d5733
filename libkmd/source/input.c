/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/input.h"

#include "base/text.h"
#include "source/archive.h"
#include "source/disk.h"
#include "source/folder.h"
#include "source/parts.h"
#include "source/packing/unpack.h"
#include "source/zip_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNPACK_LIMIT_DEFAULT (64ull << 30)

void kmd_input_deinit(struct kmd_input *input)
{
	for (size_t i = 0; i < input->n_members; i++) {
		free(input->members[i].file_name);
		kmd_source_free(input->members[i].source);
	}
	while (input->n_kept)
		kmd_source_free(input->kept[--input->n_kept]);
	free(input->kept);
	if (input->has_folder_fd)
		close(input->folder_fd);
	kmd_scratch_close(&input->scratch);
	free(input->members);
	free(input->name);
	memset(input, 0, sizeof(*input));
}

/*
 * Unpack *@source once.  It becomes NULL if it was a folder, whose files @out then has.  *@again
 * becomes false if it was not packed after all.
 */
static enum kmd_status unpack(struct kmd_diag *diag, const struct kmd_input_options *options,
			      enum kmd_packing kind, struct kmd_source **source, char **file_name,
			      struct kmd_input *out, bool *again)
{
	char *inner = NULL;
	enum kmd_status status;

	if (kind == KMD_PACKING_DISK)
		return kmd_disk_choose(diag, options, out, source, file_name, again);
	if (kind != KMD_PACKING_ARCHIVE) {
		size_t length = strlen(*file_name);

		(*file_name)[kmd_unpack_name_length(*file_name, length)] = '\0';
		return kmd_unpack_filter(diag, options, &out->scratch, source);
	}
	status = kmd_archive_unpack(diag, options, out, source, &inner);
	if (inner) {
		free(*file_name);
		*file_name = inner;
	}
	return status;
}

/* A joined file may be compressed, as files of a folder may. */
static enum kmd_status unpack_members(struct kmd_diag *diag,
				      const struct kmd_input_options *options,
				      struct kmd_input *out)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < out->n_members; i++) {
		struct kmd_member *member = &out->members[i];
		size_t length = strlen(member->file_name);

		if (!member->source->n_pieces ||
		    !kmd_unpack_is_filter(kmd_unpack_kind(member->source, diag)))
			continue;
		member->file_name[kmd_unpack_name_length(member->file_name, length)] = '\0';
		status = kmd_unpack_filter(diag, options, &out->scratch, &member->source);
	}
	return status;
}

/*
 * Of a folder's files: join parts.  If then only one is left that is no document, and it is
 * packed, *@source is that one and nothing else counts.
 */
static enum kmd_status narrow(struct kmd_diag *diag, const struct kmd_input_options *options,
			      struct kmd_input *out, struct kmd_source **source, char **file_name)
{
	size_t joined = 0, n = 0, which = 0;
	enum kmd_status status = kmd_parts_join_members(diag, out, &joined);
	struct kmd_member *member;

	if (status == KMD_OK)
		status = kmd_zip_parts_join_members(diag, out, &joined);

	for (size_t i = 0; status == KMD_OK && i < out->n_members; i++) {
		if (kmd_is_document(out->members[i].file_name))
			continue;
		which = i;
		n++;
	}
	if (status != KMD_OK)
		return status;
	member = n == 1 ? &out->members[which] : NULL;
	if (!member || (!joined && kmd_unpack_kind(member->source, diag) == KMD_PACKING_NONE))
		return joined ? unpack_members(diag, options, out) : KMD_OK;
	*source = member->source;
	free(*file_name);
	*file_name = member->file_name;
	for (size_t i = 0; i < out->n_members; i++) {
		if (i == which)
			continue;
		kmd_source_free(out->members[i].source);
		free(out->members[i].file_name);
	}
	out->n_members = 0;
	out->folder = false;
	return KMD_OK;
}

/* Unpack *@source as often as it is packed. */
static enum kmd_status unpack_all(struct kmd_diag *diag, const struct kmd_input_options *options,
				  struct kmd_source **source, char **file_name,
				  struct kmd_input *out)
{
	enum kmd_status status = KMD_OK;
	bool again = true;

	for (uint64_t depth = 0; status == KMD_OK && *source && again; depth++) {
		enum kmd_packing kind = kmd_unpack_kind(*source, diag);

		if (kind == KMD_PACKING_NONE)
			return KMD_OK;
		if (depth == options->depth_limit)
			return kmd_fail(diag, KMD_ERR_LIMIT, kmd_in((*source)->name),
					"packed more than %" PRIu64
					" times (--limit=depth=N): unpack it first",
					options->depth_limit);
		status = unpack(diag, options, kind, source, file_name, out, &again);
		if (status == KMD_OK && !*source)
			status = narrow(diag, options, out, source, file_name);
	}
	return status;
}

/* The option .member is for archives. */
static enum kmd_status check_member(struct kmd_diag *diag, const struct kmd_input_options *options,
				    const struct kmd_input *out)
{
	if (!options->member || out->member_used)
		return KMD_OK;
	return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(out->name),
			"not an archive: it has no files inside");
}

/* @source and @file_name are taken in any case; @file_name may be NULL for want of memory. */
static enum kmd_status continue_single(struct kmd_diag *diag,
				       const struct kmd_input_options *options,
				       struct kmd_source *source, char *file_name,
				       struct kmd_input *out)
{
	enum kmd_status status = file_name ? unpack_all(diag, options, &source, &file_name, out)
					   : kmd_fail_memory(diag);

	if (status == KMD_OK)
		status = check_member(diag, options, out);
	if (status != KMD_OK)
		kmd_source_free(source);
	else if (source)
		status = kmd_input_add(diag, out, file_name, strlen(file_name), source);
	free(file_name);
	return status;
}

/* The input is this one source, which is taken in any case. */
static enum kmd_status single(struct kmd_diag *diag, const struct kmd_input_options *options,
			      const char *name, struct kmd_source *source, struct kmd_input *out)
{
	const char *slash = strrchr(name, '/');

	return continue_single(diag, options, source, strdup(slash ? slash + 1 : name), out);
}

static enum kmd_status spool(struct kmd_diag *diag, const struct kmd_input_options *options,
			     int stream, const char *name, const char *printable,
			     struct kmd_scratch *scratch, struct kmd_source **out)
{
	struct kmd_unpack_target target;
	enum kmd_status status;

	status = kmd_scratch_begin(scratch, printable, diag, &target);
	if (status == KMD_OK)
		status = kmd_sink_stream(stream, printable, options, diag, &target);
	if (status == KMD_OK)
		status = kmd_scratch_end(scratch, name, diag, &target, out);
	return status;
}

/* The source is freed on an error. */
static enum kmd_status join_parts(struct kmd_diag *diag, const char *path,
				  struct kmd_source **source)
{
	enum kmd_status status = kmd_zip_parts_join(diag, path, source);

	if (status == KMD_OK)
		status = kmd_parts_join(diag, path, source);
	if (status != KMD_OK)
		kmd_source_free(*source);
	return status;
}

/* @fd is taken in any case. */
static enum kmd_status from_file(struct kmd_diag *diag, const struct kmd_input_options *options,
				 int fd, mode_t mode, const char *name, struct kmd_input *out)
{
	struct kmd_source *source;
	enum kmd_status status;

	if (S_ISREG(mode) || S_ISBLK(mode)) {
		status = kmd_source_from_fd(diag, fd, name, &source);
		if (status == KMD_OK && S_ISREG(mode) && options->parts)
			status = join_parts(diag, name, &source);
		else if (status != KMD_OK)
			close(fd);
		return status == KMD_OK ? single(diag, options, name, source, out) : status;
	} else if (S_ISFIFO(mode) || S_ISSOCK(mode)) {
		status = spool(diag, options, fd, name, out->name, &out->scratch, &source);
		if (status == KMD_OK)
			status = single(diag, options, name, source, out);
	} else {
		status = kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(out->name),
				  "a character device: give a file, a folder, a block device or "
				  "a pipe");
	}
	close(fd);
	return status;
}

static enum kmd_status input_init(struct kmd_diag *diag, const char *name, struct kmd_input *out,
				  const struct kmd_input_options *options,
				  struct kmd_input_options *effective)
{
	memset(out, 0, sizeof(*out));
	*effective = *options;
	if (!effective->unpack_limit)
		effective->unpack_limit = UNPACK_LIMIT_DEFAULT;
	if (!effective->ratio_limit)
		effective->ratio_limit = KMD_RATIO_LIMIT;
	if (!effective->depth_limit)
		effective->depth_limit = KMD_DEPTH_LIMIT;
	if (!effective->files_limit)
		effective->files_limit = KMD_FILES_LIMIT;
	out->scratch.limit = effective->unpack_limit;
	out->name = kmd_text_name_dup(name, strlen(name));
	return out->name ? KMD_OK : kmd_fail_memory(diag);
}

/* @fd is taken in any case. */
static enum kmd_status from_folder(struct kmd_diag *diag, const struct kmd_input_options *options,
				   int fd, const char *name, struct kmd_input *out)
{
	enum kmd_status status = kmd_folder_open(diag, options, fd, name, out);
	struct kmd_source *source = NULL;
	char *file_name = NULL;

	if (status == KMD_OK)
		status = narrow(diag, options, out, &source, &file_name);
	if (status == KMD_OK && source)
		status = continue_single(diag, options, source, file_name, out);
	return status;
}

/* @fd is taken in any case. */
static enum kmd_status from_descriptor(struct kmd_diag *diag,
				       const struct kmd_input_options *options, int fd,
				       const char *name, struct kmd_input *out)
{
	struct stat st;

	if (fstat(fd, &st)) {
		enum kmd_status status = kmd_fail_errno(diag, kmd_in(out->name),
							"cannot read its kind and size", errno);

		close(fd);
		return status;
	}
	out->device = st.st_dev;
	out->inode = st.st_ino;
	if (S_ISDIR(st.st_mode) && options->member) {
		close(fd);
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(out->name),
				"a folder, not an archive: use / instead of :");
	}
	if (S_ISDIR(st.st_mode))
		return from_folder(diag, options, fd, name, out);
	return from_file(diag, options, fd, st.st_mode, name, out);
}

bool kmd_input_holds(const struct kmd_input *input, const struct stat *file)
{
	if (input->inode && file->st_dev == input->device && file->st_ino == input->inode)
		return true;
	for (size_t i = 0; i < input->n_members; i++) {
		const struct kmd_member *member = &input->members[i];
		const struct kmd_source *source = member->source;

		if (member->inode && file->st_dev == member->device &&
		    file->st_ino == member->inode)
			return true;
		if (kmd_source_holds(source, file))
			return true;
	}
	return false;
}

/* O_NONBLOCK: opening a FIFO waits for its writer otherwise, and cannot be canceled. */
static int open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Open @path, or ARCHIVE of "ARCHIVE:PATH"; *@archive is then its name (allocated). */
static int open_or_archive(const char *path, char **archive, const char **member)
{
	int fd = open_file(path), error = errno;
	const char *colon = path;

	while (fd < 0 && (error == ENOENT || error == ENOTDIR) && (colon = strchr(colon, ':'))) {
		free(*archive);
		*archive = strndup(path, (size_t)(colon++ - path));
		fd = *archive && **archive ? open_file(*archive) : -1;
		*member = colon;
	}
	errno = error;
	return fd;
}

static enum kmd_status open_one(struct kmd_diag *diag, const struct kmd_input_options *options,
				const char *path, struct kmd_input *out)
{
	struct kmd_input_options effective = *options;
	enum kmd_status status;
	char *archive = NULL;
	int fd;

	out->member_used = false;
	effective.parts = true;
	fd = open_or_archive(path, &archive, &effective.member);
	if (fd >= 0) {
		status = from_descriptor(diag, &effective, fd, archive ? archive : path, out);
	} else {
		char *name = kmd_text_name_dup(path, strlen(path));

		status = name ? kmd_fail_errno(diag, kmd_in(name), "cannot be opened", errno)
			      : kmd_fail_memory(diag);
		free(name);
	}
	free(archive);
	return status;
}

/* The length of the first "FILE@ADDR" of @list, up to a comma or the end; 0 = it is none. */
static size_t list_item(const char *list, size_t *file_length, uint64_t *phys)
{
	for (const char *at = strchr(list, '@'); at; at = strchr(at + 1, '@')) {
		size_t digits = strcspn(at + 1, ",");

		if (at == list || !kmd_text_u64(at + 1, digits, 16, phys))
			continue;
		*file_length = (size_t)(at - list);
		return *file_length + 1 + digits;
	}
	return 0;
}

static bool is_list(const char *path)
{
	struct stat st;

	if (!stat(path, &st))
		return false;
	while (*path) {
		size_t file_length, length;
		uint64_t phys;

		length = list_item(path, &file_length, &phys);
		if (!length)
			return false;
		path += length;
		if (*path == ',' && !*++path)
			return false;
	}
	return true;
}

/* Open one of several files, and remember which file it is.  @why it must not be a folder. */
static enum kmd_status open_among(struct kmd_diag *diag, const struct kmd_input_options *options,
				  const char *file, const char *why, struct kmd_input *out)
{
	size_t before = out->n_members;
	enum kmd_status status = open_one(diag, options, file, out);
	char *name;

	if (status != KMD_OK)
		return status;
	if (!out->folder && out->n_members == before + 1) {
		out->members[before].device = out->device;
		out->members[before].inode = out->inode;
		return KMD_OK;
	}
	name = kmd_text_name_dup(file, strlen(file));
	status = name ? kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(name), "%s", why)
		      : kmd_fail_memory(diag);
	free(name);
	return status;
}

/* Open one file of a list.  It must be a file: folders have addresses of their own. */
static enum kmd_status open_listed(struct kmd_diag *diag, const struct kmd_input_options *options,
				   const char *file, uint64_t phys, struct kmd_input *out)
{
	size_t before = out->n_members;
	enum kmd_status status =
		open_among(diag, options, file,
			   "an address is given for what is not one file, but a folder", out);

	if (status == KMD_OK) {
		out->members[before].has_phys = true;
		out->members[before].phys = phys;
	}
	return status;
}

static enum kmd_status open_list(struct kmd_diag *diag, const struct kmd_input_options *options,
				 const char *list, struct kmd_input *out)
{
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK && *list) {
		size_t file_length = 0, length;
		uint64_t phys = 0;
		char *file;

		length = list_item(list, &file_length, &phys);
		file = strndup(list, file_length);
		if (!file)
			return kmd_fail_memory(diag);
		status = open_listed(diag, options, file, phys, out);
		free(file);
		list += length;
		list += *list == ',';
	}
	return status;
}

enum kmd_status kmd_input_from_path(struct kmd_diag *diag, const struct kmd_input_options *options,
				    const char *path, struct kmd_input *out)
{
	struct kmd_input_options effective;
	enum kmd_status status;

	status = input_init(diag, path, out, options, &effective);
	if (status != KMD_OK)
		return status;
	if (is_list(path))
		status = open_list(diag, &effective, path, out);
	else
		status = open_one(diag, &effective, path, out);
	if (status != KMD_OK)
		kmd_input_deinit(out);
	return status;
}

enum kmd_status kmd_input_from_paths(struct kmd_diag *diag, const struct kmd_input_options *options,
				     const char *const *paths, size_t n, struct kmd_input *out)
{
	struct kmd_input_options effective;
	enum kmd_status status;

	if (n == 1)
		return kmd_input_from_path(diag, options, paths[0], out);
	status = input_init(diag, paths[0], out, options, &effective);
	for (size_t i = 0; i < n && status == KMD_OK; i++)
		if (is_list(paths[i]))
			status = open_list(diag, &effective, paths[i], out);
		else
			status = open_among(diag, &effective, paths[i],
					    "a folder: only files can be given together", out);
	if (status != KMD_OK) {
		kmd_input_deinit(out);
		return status;
	}
	out->folder = true;
	kmd_input_sort(out);
	return KMD_OK;
}

enum kmd_status kmd_input_from_fd(struct kmd_diag *diag, const struct kmd_input_options *options,
				  int fd, const char *name, struct kmd_input *out)
{
	struct kmd_input_options effective;
	enum kmd_status status;
	int own;

	if (!name)
		name = "input";
	status = input_init(diag, name, out, options, &effective);
	if (status != KMD_OK)
		return status;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (own < 0)
		status =
			kmd_fail_errno(diag, kmd_in(out->name), "cannot use the descriptor", errno);
	else
		status = from_descriptor(diag, &effective, own, name, out);
	if (status != KMD_OK)
		kmd_input_deinit(out);
	return status;
}

enum kmd_status kmd_input_from_memory(struct kmd_diag *diag,
				      const struct kmd_input_options *options, const void *data,
				      uint64_t size, const char *name, struct kmd_input *out)
{
	struct kmd_input_options effective;
	struct kmd_source *source;
	enum kmd_status status;

	if (!name)
		name = "input";
	status = input_init(diag, name, out, options, &effective);
	if (status != KMD_OK)
		return status;
	status = kmd_source_from_memory(diag, data, size, name, &source);
	if (status == KMD_OK)
		status = single(diag, &effective, name, source, out);
	if (status != KMD_OK)
		kmd_input_deinit(out);
	return status;
}
