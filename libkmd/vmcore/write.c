/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The core goes out front to back through one buffer: page data is read straight
 * into it and written in large blocks.  Pages of zeroes become holes where the
 * output is a regular file.
 */
#include "vmcore/write.h"

#include "base/checked.h"
#include "vmcore/headers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Larger blocks fall out of the processor's cache between read and write. */
#define BLOCK    (256u << 10)
#define PAGE     4096u
#define HOLE_MIN (64u << 10)

struct writer {
	const struct kmd_plan *plan;
	const struct kmd_write_options *options;
	struct kmd_diag *diag;
	const char *name;
	int fd;
	bool sparse;
	off_t base;  /* of the core in a regular file */
	uint64_t at; /* in the core, after the buffer */
	size_t used;
	unsigned char *buffer;
};

static enum kmd_status fail_write(struct writer *writer, int error)
{
	return kmd_fail_errno(writer->diag, kmd_in(writer->name), "cannot write", error);
}

static enum kmd_status put(struct writer *writer, const unsigned char *bytes, size_t length,
			   uint64_t at)
{
	while (length) {
		ssize_t done = writer->sparse
				       ? pwrite(writer->fd, bytes, length, writer->base + (off_t)at)
				       : write(writer->fd, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		/* Nothing written and no reason given would be for ever. */
		if (done <= 0)
			return fail_write(writer, done ? errno : EIO);
		bytes += done;
		at += (uint64_t)done;
		length -= (size_t)done;
	}
	return KMD_OK;
}

static bool all_zero(const unsigned char *bytes, size_t length)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, length - 1);
}

/* Length of the pages of zeroes at the start of @bytes; the last page may be a part of one. */
static size_t zeroes(const unsigned char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length && all_zero(bytes + at, (size_t)kmd_min_u64(PAGE, length - at)))
		at += (size_t)kmd_min_u64(PAGE, length - at);
	return at;
}

/* Write the buffer but for its long runs of zeroes: short ones cost more than they save. */
static enum kmd_status put_sparse(struct writer *writer, uint64_t start)
{
	size_t from = 0, at = 0;
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK && at < writer->used) {
		size_t hole = zeroes(writer->buffer + at, writer->used - at);

		if (hole < HOLE_MIN) {
			at += hole ? hole : (size_t)kmd_min_u64(PAGE, writer->used - at);
			continue;
		}
		status = put(writer, writer->buffer + from, at - from, start + from);
		from = at += hole;
	}
	return status == KMD_OK ? put(writer, writer->buffer + from, at - from, start + from)
				: status;
}

static enum kmd_status flush(struct writer *writer)
{
	uint64_t start = writer->at - writer->used;
	enum kmd_status status;

	if (!writer->used)
		return KMD_OK;
	status = writer->sparse ? put_sparse(writer, start)
				: put(writer, writer->buffer, writer->used, start);
	writer->used = 0;
	if (status == KMD_OK && writer->options->progress &&
	    writer->options->progress(writer->options->progress_user, KMD_PHASE_WRITE, writer->at,
				      writer->plan->file_size))
		return kmd_fail(writer->diag, KMD_ERR_CANCELED, kmd_in(writer->name), "canceled");
	return status;
}

/* Room in the buffer for at most @wanted bytes; counts them as used. */
static enum kmd_status reserve(struct writer *writer, uint64_t wanted, unsigned char **room,
			       size_t *length)
{
	enum kmd_status status = writer->used == BLOCK ? flush(writer) : KMD_OK;

	*room = writer->buffer + writer->used;
	*length = (size_t)kmd_min_u64(wanted, BLOCK - writer->used);
	writer->used += *length;
	writer->at += *length;
	return status;
}

static enum kmd_status write_bytes(struct writer *writer, const unsigned char *bytes,
				   uint64_t length)
{
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK && length) {
		unsigned char *room;
		size_t part;

		status = reserve(writer, length, &room, &part);
		memcpy(room, bytes, part);
		bytes += part;
		length -= part;
	}
	return status;
}

static enum kmd_status write_zeroes(struct writer *writer, uint64_t until)
{
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK && writer->at < until) {
		unsigned char *room;
		size_t part;

		status = reserve(writer, until - writer->at, &room, &part);
		memset(room, 0, part);
	}
	return status;
}

/* What is a hole in the dump's file becomes one in the core, and is not read. */
static enum kmd_status skip_hole(struct writer *writer, const struct kmd_chunk *chunk,
				 uint64_t *done)
{
	uint64_t from = chunk->from + *done, to;
	enum kmd_status status;

	if (!writer->sparse)
		return KMD_OK;
	to = kmd_source_skip_hole(chunk->source, from, chunk->from + chunk->size);
	if (to - from < HOLE_MIN)
		return KMD_OK;
	status = flush(writer);
	writer->at += to - from;
	*done += to - from;
	return status;
}

static enum kmd_status write_chunk(struct writer *writer, const struct kmd_chunk *chunk)
{
	enum kmd_status status = write_zeroes(writer, chunk->offset);

	for (uint64_t done = 0; status == KMD_OK && done < chunk->size;) {
		unsigned char *room;
		size_t part;

		status = skip_hole(writer, chunk, &done);
		if (status != KMD_OK || done == chunk->size)
			break;
		status = reserve(writer, chunk->size - done, &room, &part);
		if (status == KMD_OK)
			status = kmd_source_read(chunk->source, chunk->from + done, room, part,
						 writer->diag);
		done += part;
	}
	return status;
}

static enum kmd_status write_core(struct writer *writer)
{
	const struct kmd_plan *plan = writer->plan;
	unsigned char *headers;
	enum kmd_status status = kmd_headers_build(plan, writer->diag, &headers);

	if (status != KMD_OK)
		return status;
	status = write_bytes(writer, headers, plan->headers_size);
	free(headers);
	if (status == KMD_OK)
		status = write_bytes(writer, plan->notes, plan->notes_size);
	for (size_t i = 0; status == KMD_OK && i < plan->n_chunks; i++)
		status = write_chunk(writer, &plan->chunks[i]);
	if (status == KMD_OK)
		status = write_zeroes(writer, plan->file_size);
	return status == KMD_OK ? flush(writer) : status;
}

/* Holes need a file that can be positioned and is not opened for appending. */
static bool can_be_sparse(struct writer *writer)
{
	int flags = fcntl(writer->fd, F_GETFL);
	struct stat st;

	writer->base = lseek(writer->fd, 0, SEEK_CUR);
	/* pwrite() to an appending descriptor ignores the offset. */
	return flags >= 0 && !(flags & O_APPEND) && !fstat(writer->fd, &st) &&
	       S_ISREG(st.st_mode) && writer->base >= 0 && st.st_size <= writer->base;
}

enum kmd_status kmd_write_fd(const struct kmd_plan *plan, const struct kmd_write_options *options,
			     int fd, const char *name, struct kmd_diag *diag)
{
	struct writer writer = { .plan = plan,
				 .options = options,
				 .diag = diag,
				 .name = name,
				 .fd = fd,
				 .buffer = malloc(BLOCK) };
	enum kmd_status status;

	if (!writer.buffer)
		return kmd_fail_memory(diag);
	writer.sparse = can_be_sparse(&writer);
	status = write_core(&writer);
	if (status == KMD_OK && writer.sparse) {
		off_t end = writer.base + (off_t)plan->file_size;

		if (ftruncate(fd, end) < 0 || lseek(fd, end, SEEK_SET) < 0)
			status = fail_write(&writer, errno);
	}
	free(writer.buffer);
	return status;
}
