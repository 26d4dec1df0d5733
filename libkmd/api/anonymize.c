/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The dump without anybody's data.  Files are made of holes; what describes the dump is written
 * into them.  A temporary folder beside the target holds them until all are complete.
 */
#include "api/handle.h"
#include "base/checked.h"
#include "base/text.h"
#include "vmcore/new_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (64u << 10)

struct copy {
	struct kmd *kmd;
	const char *path;
	char *temporary; /* folder; NULL = not made yet, or renamed */
	int folder;
	int fd; /* of the file at hand */
	unsigned char *own, *other;
	struct kmd_marks *more; /* while marks are added */
};

static enum kmd_status fail(const struct copy *copy, int error)
{
	return kmd_fail_errno(&copy->kmd->diag, kmd_in(copy->path), "cannot write", error);
}

static enum kmd_status write_at(const struct copy *copy, uint64_t offset, const void *bytes,
				uint64_t length)
{
	const unsigned char *from = bytes;

	while (length) {
		ssize_t done = pwrite(copy->fd, from, (size_t)length, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return fail(copy, done ? errno : EIO);
		from += done;
		offset += (uint64_t)done;
		length -= (uint64_t)done;
	}
	return KMD_OK;
}

/* ----- what stays */

static void mark_regions(struct kmd *kmd, const char *globs)
{
	for (size_t i = 0; globs && i < kmd->regions.n; i++) {
		const struct kmd_region_entry *row = &kmd->regions.rows[i];

		if (row->has_bytes && kmd_globs_match(globs, row->pub.name))
			kmd_marks_add(&kmd->marks, row->source, row->offset, row->pub.captured);
	}
}

static enum kmd_status copy_marks(const struct copy *copy, const struct kmd_source *source)
{
	const struct kmd_marks *marks = &copy->kmd->marks;
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; i < marks->n; i++) {
		const struct kmd_mark *mark = &marks->items[i];
		uint64_t end = kmd_min_u64(mark->end, source->size), part;

		for (uint64_t at = mark->start;
		     mark->source == source && status == KMD_OK && at < end; at += part) {
			part = kmd_min_u64(BLOCK, end - at);
			status = kmd_source_read(source, at, copy->own, part, &copy->kmd->diag);
			if (status == KMD_OK)
				status = write_at(copy, at, copy->own, part);
		}
	}
	return status;
}

/* ----- bytes of two regions at one address */

/* Bytes of a region that is not the one that is used there, and those of the one that is. */
struct pair {
	const struct kmd_source *own, *used;
	uint64_t own_at, used_at, length;
};

typedef enum kmd_status pair_fn(const struct copy *copy, const struct pair *pair);

static enum kmd_status with_pairs(const struct copy *copy, size_t index, pair_fn *work)
{
	const struct kmd_memory *memory = &copy->kmd->memory;
	const struct kmd_region_entry *row = &copy->kmd->regions.rows[index];
	uint64_t at = row->pub.phys, end = at + row->pub.captured;
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK && at < end) {
		size_t found = kmd_intervals_find(memory->phys, memory->n_phys, at);
		const struct kmd_interval *piece = &memory->phys[found];
		struct pair pair = { .own = row->source,
				     .own_at = row->offset + (at - row->pub.phys) };

		if (found == memory->n_phys || piece->start > at)
			break;
		pair.length = kmd_min_u64(kmd_min_u64(piece->end, end) - at, BLOCK);
		pair.used = kmd_memory_bytes(memory, piece, true, at, &pair.used_at);
		if (piece->owner != index)
			status = work(copy, &pair);
		at += pair.length;
	}
	return status;
}

static enum kmd_status with_all_pairs(const struct copy *copy, const struct kmd_source *source,
				      pair_fn *work)
{
	const struct kmd_regions *regions = &copy->kmd->regions;
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && copy->kmd->memory.regions && i < regions->n; i++)
		if ((!source || regions->rows[i].source == source) &&
		    regions->rows[i].pub.has_phys && kmd_region_entry_is_used(&regions->rows[i]))
			status = with_pairs(copy, i, work);
	return status;
}

/* The first mark that ends behind @offset of @source, or the first one of another source. */
static size_t mark_at(const struct kmd_marks *marks, const struct kmd_source *source,
		      uint64_t offset)
{
	size_t low = 0, high = marks->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct kmd_mark *mark = &marks->items[middle];

		if ((uintptr_t)mark->source < (uintptr_t)source ||
		    (mark->source == source && mark->end <= offset))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_marked(const struct kmd_marks *marks, const struct kmd_source *source,
		      uint64_t offset)
{
	size_t at = mark_at(marks, source, offset);

	return at < marks->n && marks->items[at].source == source &&
	       marks->items[at].start <= offset;
}

/* What stays in [from, from + length) stays in the other bytes as well. */
static void mark_other(struct kmd_marks *settled, struct kmd_marks *more,
		       const struct kmd_source *source, uint64_t from, uint64_t length,
		       const struct kmd_source *other, uint64_t other_from)
{
	for (size_t i = mark_at(settled, source, from); i < settled->n; i++) {
		const struct kmd_mark *mark = &settled->items[i];
		uint64_t start = kmd_max_u64(mark->start, from);
		uint64_t end = kmd_min_u64(mark->end, from + length);

		if (mark->source != source || start >= end)
			break;
		kmd_marks_add(more, other, other_from + (start - from), end - start);
	}
}

static enum kmd_status mark_pair(const struct copy *copy, const struct pair *pair)
{
	struct kmd_marks *settled = &copy->kmd->marks, *more = copy->more;

	mark_other(settled, more, pair->own, pair->own_at, pair->length, pair->used, pair->used_at);
	mark_other(settled, more, pair->used, pair->used_at, pair->length, pair->own, pair->own_at);
	return KMD_OK;
}

/* Bytes of the same address stay together, or they would differ. */
static void mark_overlaps(struct copy *copy)
{
	struct kmd_marks *marks = &copy->kmd->marks, more = { 0 };

	copy->more = &more;
	with_all_pairs(copy, NULL, mark_pair);
	for (size_t i = 0; i < more.n; i++)
		kmd_marks_add(marks, more.items[i].source, more.items[i].start,
			      more.items[i].end - more.items[i].start);
	marks->failed |= more.failed;
	kmd_marks_deinit(&more);
	kmd_marks_settle(marks);
}

/* Where the bytes differ, those that are not used are 1; the others are 0. */
static enum kmd_status copy_pair(const struct copy *copy, const struct pair *pair)
{
	struct kmd_diag *diag = &copy->kmd->diag;
	enum kmd_status status;

	status = kmd_source_read(pair->own, pair->own_at, copy->own, pair->length, diag);
	if (status == KMD_OK)
		status =
			kmd_source_read(pair->used, pair->used_at, copy->other, pair->length, diag);
	if (status != KMD_OK || !memcmp(copy->own, copy->other, (size_t)pair->length))
		return status;
	for (uint64_t at = 0; status == KMD_OK && at < pair->length; at++)
		if (copy->own[at] != copy->other[at] &&
		    !is_marked(&copy->kmd->marks, pair->own, pair->own_at + at))
			status = write_at(copy, pair->own_at + at, "\1", 1);
	return status;
}

/* ----- files */

/* The name inside a folder: a name that an archive gives may be a path. */
static char *file_name(const struct kmd_member *member)
{
	char *name = strdup(member->file_name);

	for (char *at = name; at && *at; at++)
		if (*at == '/')
			*at = '_';
	if (name && (!*name || !strcmp(name, ".") || !strcmp(name, "..")))
		strcpy(name, *name ? "_" : "");
	return name;
}

static enum kmd_status write_member(struct copy *copy, const struct kmd_member *member)
{
	char *name = file_name(member);
	enum kmd_status status = KMD_OK;

	if (!name)
		return kmd_fail_memory(&copy->kmd->diag);
	copy->fd = openat(copy->folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	free(name);
	if (copy->fd < 0 || ftruncate(copy->fd, (off_t)member->source->size) < 0)
		status = fail(copy, errno);
	if (status == KMD_OK)
		status = copy_marks(copy, member->source);
	if (status == KMD_OK)
		status = with_all_pairs(copy, member->source, copy_pair);
	if (status == KMD_OK && fsync(copy->fd) < 0)
		status = fail(copy, errno);
	if (copy->fd >= 0)
		close(copy->fd);
	return status;
}

static enum kmd_status publish_file(struct copy *copy, bool overwrite)
{
	char *name = file_name(&copy->kmd->input.members[0]);
	bool good = name && !(overwrite ? renameat(copy->folder, name, AT_FDCWD, copy->path)
					: linkat(copy->folder, name, AT_FDCWD, copy->path, 0));

	free(name);
	if (good)
		return KMD_OK;
	return errno == EEXIST ? kmd_fail(&copy->kmd->diag, KMD_ERR_EXISTS, kmd_in(copy->path),
					  "the file exists; --force replaces it")
			       : fail(copy, errno);
}

/* rename() replaces an empty folder, and no other. */
static enum kmd_status publish_folder(struct copy *copy)
{
	if (rename(copy->temporary, copy->path) < 0)
		return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
			       ? kmd_fail(&copy->kmd->diag, KMD_ERR_EXISTS, kmd_in(copy->path),
					  "it exists; give a name that is free")
			       : fail(copy, errno);
	free(copy->temporary);
	copy->temporary = NULL;
	return KMD_OK;
}

static void copy_deinit(struct copy *copy)
{
	for (size_t i = 0; copy->temporary && i < copy->kmd->input.n_members; i++) {
		char *name = file_name(&copy->kmd->input.members[i]);

		if (name && copy->folder >= 0)
			unlinkat(copy->folder, name, 0);
		free(name);
	}
	if (copy->temporary)
		rmdir(copy->temporary);
	if (copy->folder >= 0)
		close(copy->folder);
	free(copy->temporary);
	free(copy->own);
	free(copy->other);
}

/* Checked early, before files are written that cannot be kept. */
static enum kmd_status check_target(const struct copy *copy, bool overwrite)
{
	struct kmd_diag *diag = &copy->kmd->diag;
	struct stat st;

	if (lstat(copy->path, &st) < 0)
		return KMD_OK;
	if (kmd_input_holds(&copy->kmd->input, &st))
		return kmd_fail(diag, KMD_ERR_USAGE, kmd_in(copy->path),
				"the output file is the input dump");
	if (S_ISREG(st.st_mode) && !overwrite)
		return kmd_fail(diag, KMD_ERR_EXISTS, kmd_in(copy->path),
				"the file exists; --force replaces it");
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return kmd_fail(diag, KMD_ERR_EXISTS, kmd_in(copy->path),
				"it exists and is neither a file nor a folder");
	return KMD_OK;
}

static enum kmd_status write_members(struct copy *copy)
{
	const struct kmd_input *input = &copy->kmd->input;
	enum kmd_status status = KMD_OK;

	copy->own = malloc(BLOCK);
	copy->other = malloc(BLOCK);
	if (!copy->own || !copy->other || copy->kmd->marks.failed)
		return kmd_fail_memory(&copy->kmd->diag);
	for (size_t i = 0; status == KMD_OK && i < input->n_members; i++)
		status = write_member(copy, &input->members[i]);
	return status;
}

KMD_EXPORT enum kmd_status kmd_anonymize_path(struct kmd *kmd, const char *path, const char *keep,
					      unsigned int flags)
{
	struct copy copy = { .kmd = kmd, .path = path, .folder = -1 };
	bool overwrite = flags & KMD_OVERWRITE, many;
	enum kmd_status status;

	kmd_begin(kmd);
	if (flags & ~(unsigned int)KMD_OVERWRITE)
		return kmd_usage_error(kmd, "unknown flag");
	if (!path || !*path)
		return kmd_usage_error(kmd, "no path is given");
	if (!(kmd->flags & KMD_ANONYMIZE) || !kmd->input.n_members)
		return kmd_usage_error(kmd, "no dump was read with KMD_ANONYMIZE");
	many = kmd->input.folder || kmd->input.n_members > 1;
	status = kmd_globs_check(&kmd->regions, keep, "kept", &kmd->diag);
	if (status != KMD_OK)
		return status;
	mark_regions(kmd, keep);
	kmd_marks_settle(&kmd->marks);
	mark_overlaps(&copy);
	status = check_target(&copy, overwrite);
	if (status == KMD_OK)
		status = kmd_new_folder_make(path, &copy.temporary, &copy.folder, &kmd->diag);
	if (status == KMD_OK)
		status = write_members(&copy);
	if (status == KMD_OK)
		status = many ? publish_folder(&copy) : publish_file(&copy, overwrite);
	copy_deinit(&copy);
	return status;
}
