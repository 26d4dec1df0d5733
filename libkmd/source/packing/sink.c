/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/packing/sink.h"

#include "base/checked.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SINK_BLOCK    4096u
#define HOLE_MIN      32768u
#define STREAM_BUFFER (256u * 1024)
#define PROGRESS_STEP (4u << 20)
#define POLL_MS       200

static enum kmd_status report_progress(const struct kmd_sink *sink, uint64_t done, uint64_t total)
{
	const struct kmd_input_options *options = sink->options;

	if (!options->progress ||
	    !options->progress(options->progress_user, KMD_PHASE_UNPACK, done, total))
		return KMD_OK;
	return kmd_fail(sink->diag, KMD_ERR_CANCELED, kmd_in(sink->name), "canceled");
}

enum kmd_status kmd_sink_over_limit(const struct kmd_sink *sink)
{
	uint64_t all = sink->options->unpack_limit;

	if (sink->target->limit < all)
		return kmd_fail(sink->diag, KMD_ERR_LIMIT, kmd_in(sink->name),
				"unpacks to more than the %" PRIu64 " bytes that are left of the "
				"limit of %" PRIu64 " (--limit=size=N)",
				sink->target->limit, all);
	return kmd_fail(sink->diag, KMD_ERR_LIMIT, kmd_in(sink->name),
			"unpacks to more than the limit of %" PRIu64 " bytes (--limit=size=N)",
			all);
}

bool kmd_all_zero(const unsigned char *bytes, size_t length)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, length - 1);
}

static enum kmd_status write_at(const struct kmd_sink *sink, const unsigned char *bytes,
				size_t length, uint64_t at)
{
	while (length) {
		ssize_t put = pwrite(sink->target->fd, bytes, length, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return kmd_fail_errno(
				sink->diag, kmd_in(sink->name),
				"cannot write a temporary file in $TMPDIR or /var/tmp",
				put ? errno : EIO);
		bytes += put;
		length -= (size_t)put;
		at += (uint64_t)put;
	}
	return KMD_OK;
}

/* A block that ends where blocks of the file end; *@zero if it is whole and all zero. */
static size_t next_block(const unsigned char *bytes, size_t length, uint64_t at, bool *zero)
{
	size_t block = SINK_BLOCK - (size_t)(at % SINK_BLOCK);

	if (block > length)
		block = length;
	*zero = block == SINK_BLOCK && kmd_all_zero(bytes, block);
	return block;
}

/*
 * The length of the first run of @bytes that is all data, or a hole.  Few zeroes among data are
 * written with it: many small writes cost more than they save.
 */
static size_t run_length(const unsigned char *bytes, size_t length, uint64_t at, bool *hole)
{
	size_t run = 0, zeroes = 0;
	bool zero;

	while (run < length) {
		size_t block = next_block(bytes + run, length - run, at + run, &zero);

		/* The run is a hole as long as it is zero; data ends before a hole. */
		if (!zero && zeroes == run && run >= HOLE_MIN)
			break;
		zeroes = zero ? zeroes + block : 0;
		run += block;
		if (zeroes >= HOLE_MIN && zeroes < run)
			break;
	}
	*hole = zeroes == run;
	return *hole ? run : run - zeroes;
}

enum kmd_status kmd_sink_put(struct kmd_sink *sink, const unsigned char *bytes, size_t length)
{
	struct kmd_unpack_target *target = sink->target;
	enum kmd_status status = KMD_OK;

	if (length > target->limit - target->size)
		return kmd_sink_over_limit(sink);
	while (length && status == KMD_OK) {
		bool hole = false;
		size_t run = run_length(bytes, length, target->size, &hole);

		if (!hole)
			status = write_at(sink, bytes, run, target->start + target->size);
		target->size += run;
		bytes += run;
		length -= run;
	}
	return status;
}

enum kmd_status kmd_sink_put_at(struct kmd_sink *sink, uint64_t offset, const unsigned char *bytes,
				size_t length)
{
	struct kmd_unpack_target *target = sink->target;

	if (offset > target->limit || length > target->limit - offset)
		return kmd_sink_over_limit(sink);
	target->size = kmd_max_u64(target->size, offset + length);
	return write_at(sink, bytes, length, target->start + offset);
}

enum kmd_status kmd_sink_skip_to(struct kmd_sink *sink, uint64_t size)
{
	if (size > sink->target->limit)
		return kmd_sink_over_limit(sink);
	if (size > sink->target->size)
		sink->target->size = size;
	return KMD_OK;
}

/* Give the file its length where it ends in a hole. */
enum kmd_status kmd_sink_end(struct kmd_sink *sink)
{
	if (ftruncate(sink->target->fd, (off_t)(sink->target->start + sink->target->size)))
		return kmd_fail_errno(sink->diag, kmd_in(sink->name),
				      "cannot extend a temporary file in $TMPDIR or /var/tmp",
				      errno);
	return KMD_OK;
}

enum kmd_status kmd_sink_report_tail(const struct kmd_sink *sink, const struct kmd_source *source,
				     uint64_t at, const char *form)
{
	unsigned char bytes[SINK_BLOCK];
	size_t length = (size_t)kmd_min_u64(sizeof(bytes), source->size - at);
	enum kmd_status status;

	if (!length)
		return KMD_OK;
	status = kmd_source_read(source, at, bytes, length, sink->diag);
	if (status != KMD_OK)
		return status;
	return kmd_report(sink->diag, KMD_FIND_UNUSED,
			  kmd_all_zero(bytes, length) ? KMD_NOTE : KMD_DAMAGE,
			  kmd_at(sink->name, at), "%" PRIu64 " bytes after the %s are ignored",
			  source->size - at, form);
}

/* Zeroes of RAM pack well, so little data is not looked at. */
#define RATIO_FROM (UINT64_C(1) << 30)

static enum kmd_status check_ratio(const struct kmd_sink *sink, uint64_t packed)
{
	uint64_t limit = sink->options->ratio_limit ? sink->options->ratio_limit : KMD_RATIO_LIMIT;

	if (sink->target->size < RATIO_FROM || sink->target->size / limit <= packed)
		return KMD_OK;
	return kmd_fail(sink->diag, KMD_ERR_LIMIT, kmd_in(sink->name),
			"unpacks to more than %" PRIu64
			" bytes for each packed one (--limit=ratio=N)",
			limit);
}

enum kmd_status kmd_sink_progress(struct kmd_sink *sink, uint64_t done, uint64_t total)
{
	enum kmd_status status = check_ratio(sink, done);

	if (status != KMD_OK)
		return status;
	if (sink->target->size < sink->next_progress)
		return KMD_OK;
	sink->next_progress = sink->target->size + PROGRESS_STEP;
	return report_progress(sink, done, total);
}

/* ------------------------------------------------------------------ stream */

/* Wait for bytes or the end; a FIFO without a writer waits as well. */
static enum kmd_status wait_stream(int stream, struct kmd_sink *sink)
{
	struct pollfd wait = { .fd = stream, .events = POLLIN };
	enum kmd_status status;
	int ready;

	for (;;) {
		ready = poll(&wait, 1, POLL_MS);
		if (ready > 0)
			return KMD_OK;
		if (ready < 0 && errno != EINTR)
			return kmd_fail_errno(sink->diag, kmd_in(sink->name),
					      "cannot wait for its data", errno);
		status = report_progress(sink, sink->target->size, 0);
		if (status != KMD_OK)
			return status;
	}
}

static enum kmd_status copy_stream(int stream, struct kmd_sink *sink, unsigned char *buffer)
{
	enum kmd_status status;

	for (;;) {
		ssize_t got;

		status = wait_stream(stream, sink);
		if (status != KMD_OK)
			return status;
		got = read(stream, buffer, STREAM_BUFFER);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return kmd_fail_errno(sink->diag, kmd_in(sink->name), "cannot read", errno);
		if (!got)
			return kmd_sink_end(sink);
		status = kmd_sink_put(sink, buffer, (size_t)got);
		if (status == KMD_OK)
			status = kmd_sink_progress(sink, sink->target->size, 0);
		if (status != KMD_OK)
			return status;
	}
}

enum kmd_status kmd_sink_stream(int stream, const char *name,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target)
{
	struct kmd_sink sink = { target, options, name, diag, 0 };
	unsigned char *buffer = malloc(STREAM_BUFFER);
	enum kmd_status status;

	if (!buffer)
		return kmd_fail_memory(diag);
	target->size = 0;
	status = copy_stream(stream, &sink, buffer);
	free(buffer);
	return status;
}

/* ----------------------------------------------------------------- scratch */

enum kmd_status kmd_scratch_begin(struct kmd_scratch *scratch, const char *name,
				  struct kmd_diag *diag, struct kmd_unpack_target *target)
{
	if (!scratch->is_open) {
		scratch->fd = kmd_source_scratch();
		if (scratch->fd < 0)
			return kmd_fail_errno(diag, kmd_in(name),
					      "cannot make a temporary file in $TMPDIR or /var/tmp",
					      errno);
		scratch->is_open = true;
	}
	*target = (struct kmd_unpack_target){ scratch->fd, scratch->end,
					      scratch->limit - scratch->used, 0 };
	return KMD_OK;
}

enum kmd_status kmd_scratch_end(struct kmd_scratch *scratch, const char *name,
				struct kmd_diag *diag, const struct kmd_unpack_target *target,
				struct kmd_source **out)
{
	scratch->used += target->size;
	scratch->end = kmd_align_up(target->start + target->size, SINK_BLOCK);
	return kmd_source_from_part(diag, target->fd, target->start, target->size, name, out);
}

void kmd_scratch_close(struct kmd_scratch *scratch)
{
	if (scratch->is_open)
		close(scratch->fd);
	scratch->is_open = false;
}
