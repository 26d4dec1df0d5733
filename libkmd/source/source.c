/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/source.h"

#include "base/checked.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOLE_MIN 65536

static struct kmd_source *source_new(const char *name)
{
	struct kmd_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->fd = -1;
	source->shared_fd = -1;
	source->name = kmd_text_name_dup(name, strlen(name));
	if (!source->name) {
		free(source);
		return NULL;
	}
	return source;
}

/* A block device (/dev/disk/by-partlabel/rawdump) has no st_size. */
static off_t device_size(int fd)
{
	off_t at = lseek(fd, 0, SEEK_CUR), end = lseek(fd, 0, SEEK_END);

	/* The file offset is the caller's as well where the descriptor was duplicated. */
	if (at >= 0)
		lseek(fd, at, SEEK_SET);
	return end;
}

enum kmd_status kmd_source_from_fd(struct kmd_diag *diag, int fd, const char *name,
				   struct kmd_source **out)
{
	struct kmd_source *source = source_new(name);
	enum kmd_status status;
	struct stat st;
	off_t end = -1;

	if (!source)
		return kmd_fail_memory(diag);
	if (!fstat(fd, &st)) {
		source->device = st.st_dev;
		source->inode = st.st_ino;
		end = S_ISREG(st.st_mode) ? st.st_size : device_size(fd);
	}
	if (end < 0) {
		status = kmd_fail_errno(diag, kmd_in(source->name), "cannot find its size", errno);
		kmd_source_free(source);
		return status;
	}
	source->fd = fd;
	source->size = (uint64_t)end;
	*out = source;
	return KMD_OK;
}

enum kmd_status kmd_source_from_memory(struct kmd_diag *diag, const void *data, uint64_t size,
				       const char *name, struct kmd_source **out)
{
	struct kmd_source *source = source_new(name);

	if (!source)
		return kmd_fail_memory(diag);
	source->data = data;
	source->size = size;
	*out = source;
	return KMD_OK;
}

/* Open the source's member and see that it is the regular file that it was. */
static enum kmd_status open_member(const struct kmd_source *source, bool first,
				   struct kmd_diag *diag, struct stat *st, int *out)
{
	/* O_NONBLOCK: a FIFO put in its place must not make us wait. */
	int fd = openat(source->shared_fd, source->member,
			O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return kmd_fail_errno(diag, kmd_in(source->name), "cannot be opened", errno);
	if (fstat(fd, st) || !S_ISREG(st->st_mode) ||
	    (!first && (st->st_dev != source->device || st->st_ino != source->inode))) {
		close(fd);
		return kmd_fail(diag, KMD_ERR_IO, kmd_in(source->name),
				"the file was replaced while it was read");
	}
	*out = fd;
	return KMD_OK;
}

static enum kmd_status init_member(struct kmd_source *source, int folder_fd, const char *member,
				   bool keep_open, struct kmd_diag *diag)
{
	enum kmd_status status;
	struct stat st;
	int fd;

	source->shared_fd = folder_fd;
	source->member = strdup(member);
	if (!source->member)
		return kmd_fail_memory(diag);
	status = open_member(source, true, diag, &st, &fd);
	if (status != KMD_OK)
		return status;
	source->size = (uint64_t)st.st_size;
	source->device = st.st_dev;
	source->inode = st.st_ino;
	if (keep_open)
		source->fd = fd;
	else
		close(fd);
	return KMD_OK;
}

enum kmd_status kmd_source_from_member(struct kmd_diag *diag, int folder_fd, const char *member,
				       const char *name, bool keep_open, struct kmd_source **out)
{
	struct kmd_source *source = source_new(name);
	enum kmd_status status;

	if (!source)
		return kmd_fail_memory(diag);
	status = init_member(source, folder_fd, member, keep_open, diag);
	if (status == KMD_OK)
		*out = source;
	else
		kmd_source_free(source);
	return status;
}

enum kmd_status kmd_source_from_part(struct kmd_diag *diag, int fd, uint64_t start, uint64_t size,
				     const char *name, struct kmd_source **out)
{
	struct kmd_source *source = source_new(name);

	if (!source)
		return kmd_fail_memory(diag);
	source->shared_fd = fd;
	source->start = start;
	source->size = size;
	*out = source;
	return KMD_OK;
}

enum kmd_status kmd_source_from_pieces(struct kmd_diag *diag, const struct kmd_piece *pieces,
				       size_t n, const char *name, struct kmd_source **out)
{
	struct kmd_source *source = source_new(name);

	if (source)
		source->pieces = malloc(n * sizeof(*pieces));
	if (!source || !source->pieces) {
		kmd_source_free(source);
		return kmd_fail_memory(diag);
	}
	for (size_t i = 0; i < n; i++)
		if (!kmd_add_u64(source->size, pieces[i].size, &source->size)) {
			kmd_source_free(source);
			return kmd_fail(diag, KMD_ERR_LIMIT, kmd_in(name), "too many bytes");
		}
	memcpy(source->pieces, pieces, n * sizeof(*pieces));
	source->n_pieces = n;
	*out = source;
	return KMD_OK;
}

enum kmd_status kmd_source_masked(struct kmd_diag *diag, const struct kmd_source *source,
				  uint64_t offset, uint64_t size, const struct kmd_span *spans,
				  size_t n, struct kmd_source **out)
{
	struct kmd_source *masked = source_new(source->name);

	if (masked)
		masked->spans = malloc(n ? n * sizeof(*spans) : 1);
	if (!masked || !masked->spans) {
		kmd_source_free(masked);
		return kmd_fail_memory(diag);
	}
	memcpy(masked->spans, spans, n * sizeof(*spans));
	masked->n_spans = n;
	masked->masked = source;
	masked->start = offset;
	masked->size = size;
	*out = masked;
	return KMD_OK;
}

void kmd_source_free(struct kmd_source *source)
{
	if (!source)
		return;
	for (size_t i = 0; i < source->n_pieces; i++)
		if (!source->pieces[i].borrowed)
			kmd_source_free(source->pieces[i].source);
	free(source->pieces);
	free(source->spans);
	if (source->fd >= 0)
		close(source->fd);
	free(source->member);
	free(source->name);
	free(source);
}

static enum kmd_status read_fd(const struct kmd_source *source, int fd, uint64_t offset,
			       void *buffer, uint64_t length, struct kmd_diag *diag)
{
	unsigned char *to = buffer;

	while (length) {
		size_t part = length > (1u << 30) ? (1u << 30) : (size_t)length;
		ssize_t got = pread(fd, to, part, (off_t)(source->start + offset));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return kmd_fail_errno(diag, kmd_at(source->name, offset), "cannot read",
					      errno);
		if (!got)
			return kmd_fail(diag, KMD_ERR_IO, kmd_at(source->name, offset),
					"the file has become shorter while it was read");
		to += got;
		offset += (uint64_t)got;
		length -= (uint64_t)got;
	}
	return KMD_OK;
}

static enum kmd_status read_member(const struct kmd_source *source, uint64_t offset, void *buffer,
				   uint64_t length, struct kmd_diag *diag)
{
	enum kmd_status status;
	struct stat st;
	int fd;

	status = open_member(source, false, diag, &st, &fd);
	if (status != KMD_OK)
		return status;
	status = read_fd(source, fd, offset, buffer, length, diag);
	close(fd);
	return status;
}

static enum kmd_status read_pieces(const struct kmd_source *source, uint64_t offset, void *buffer,
				   uint64_t length, struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;
	unsigned char *to = buffer;

	for (size_t i = 0; status == KMD_OK && length && i < source->n_pieces; i++) {
		const struct kmd_piece *piece = &source->pieces[i];
		uint64_t part;

		if (offset >= piece->size) {
			offset -= piece->size;
			continue;
		}
		part = kmd_min_u64(length, piece->size - offset);
		status = kmd_source_read(piece->source, piece->offset + offset, to, part, diag);
		to += part;
		length -= part;
		offset = 0;
	}
	return status;
}

/* The first span that ends behind @offset. */
static size_t span_at(const struct kmd_source *source, uint64_t offset)
{
	size_t low = 0, high = source->n_spans;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (source->spans[middle].end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* makedumpfile overwrites with the same letter. */
static enum kmd_status read_masked(const struct kmd_source *source, uint64_t offset, void *buffer,
				   uint64_t length, struct kmd_diag *diag)
{
	unsigned char *to = buffer;
	enum kmd_status status;

	status = kmd_source_read(source->masked, source->start + offset, buffer, length, diag);
	for (size_t i = span_at(source, offset); status == KMD_OK && i < source->n_spans; i++) {
		uint64_t from = kmd_max_u64(source->spans[i].start, offset);
		uint64_t end = kmd_min_u64(source->spans[i].end, offset + length);

		if (from >= end)
			break;
		memset(to + (from - offset), 'X', (size_t)(end - from));
	}
	return status;
}

enum kmd_status kmd_source_read(const struct kmd_source *source, uint64_t offset, void *buffer,
				uint64_t length, struct kmd_diag *diag)
{
	if (!kmd_inside(offset, length, source->size))
		return kmd_fail(diag, KMD_ERR_IO, kmd_at(source->name, offset),
				"%" PRIu64 " bytes are missing", length);
	if (!length)
		return KMD_OK;
	if (source->masked)
		return read_masked(source, offset, buffer, length, diag);
	if (source->n_pieces)
		return read_pieces(source, offset, buffer, length, diag);
	if (source->fd >= 0)
		return read_fd(source, source->fd, offset, buffer, length, diag);
	if (source->member)
		return read_member(source, offset, buffer, length, diag);
	if (source->shared_fd >= 0)
		return read_fd(source, source->shared_fd, offset, buffer, length, diag);
	memcpy(buffer, source->data + offset, (size_t)length);
	return KMD_OK;
}

void kmd_source_mark(const struct kmd_source *source, uint64_t offset, uint64_t length,
		     struct kmd_diag *diag)
{
	if (diag->marks)
		kmd_marks_add(diag->marks, source, offset, length);
}

/* Within the piece that holds @offset. */
static uint64_t skip_hole_of_piece(const struct kmd_source *source, uint64_t offset, uint64_t end)
{
	uint64_t before = 0;

	for (size_t i = 0; i < source->n_pieces; before += source->pieces[i++].size) {
		const struct kmd_piece *piece = &source->pieces[i];
		uint64_t from = piece->offset + offset - before, to;

		if (offset - before >= piece->size)
			continue;
		to = piece->offset + kmd_min_u64(piece->size, end - before);
		return offset + kmd_source_skip_hole(piece->source, from, to) - from;
	}
	return offset;
}

uint64_t kmd_source_skip_hole(const struct kmd_source *source, uint64_t offset, uint64_t end)
{
	int fd = source->fd >= 0 || source->member ? source->fd : source->shared_fd;
	off_t was, data;

	if (source->masked && offset < end)
		return kmd_min_u64(kmd_source_skip_hole(source->masked, source->start + offset,
							source->start + end) -
					   source->start,
				   end);
	if (source->n_pieces && offset < end)
		return skip_hole_of_piece(source, offset, end);
	/* To ask costs as much as to read that little, and a dump may have a million such pieces.
	 */
	if (fd < 0 || offset >= end || end - offset <= HOLE_MIN)
		return offset;
	was = lseek(fd, 0, SEEK_CUR);
	data = lseek(fd, (off_t)(source->start + offset), SEEK_DATA);
	/* ENXIO: only a hole is left.  Other errors: the file system does not know. */
	if (data < 0 && errno == ENXIO)
		return end;
	/* The file offset is the caller's as well where the descriptor was duplicated. */
	if (was >= 0 && data >= 0)
		lseek(fd, was, SEEK_SET);
	if (data < 0 || (uint64_t)data < source->start + offset)
		return offset;
	return kmd_min_u64((uint64_t)data - source->start, end);
}

int kmd_source_scratch(void)
{
	const char *folder = secure_getenv("TMPDIR");
	char path[4096];
	int fd;

	if (!folder || !*folder)
		folder = "/var/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	if (snprintf(path, sizeof(path), "%s/kmd-XXXXXX", folder) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

bool kmd_source_is_file(const struct kmd_source *source)
{
	return source->fd >= 0 || source->member;
}

bool kmd_source_holds(const struct kmd_source *source, const struct stat *file)
{
	if (source->inode && file->st_dev == source->device && file->st_ino == source->inode)
		return true;
	if (source->masked && kmd_source_holds(source->masked, file))
		return true;
	for (size_t i = 0; i < source->n_pieces; i++)
		if (kmd_source_holds(source->pieces[i].source, file))
			return true;
	return false;
}
