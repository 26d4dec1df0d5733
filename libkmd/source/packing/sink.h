/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sink.h - where unpacked bytes go: a scratch file of limited size, in which whole blocks of
 * zeroes are holes.
 */
#ifndef KMD_SOURCE_PACKING_SINK_H
#define KMD_SOURCE_PACKING_SINK_H

#include "source/input.h"

struct kmd_unpack_target {
	int fd;
	uint64_t start; /* a multiple of 4096; bytes go to @fd from here on */
	uint64_t limit; /* most bytes */
	uint64_t size;  /* what was unpacked */
};

struct kmd_sink {
	struct kmd_unpack_target *target;
	const struct kmd_input_options *options;
	const char *name;
	struct kmd_diag *diag;
	uint64_t next_progress;
};

/* Append bytes.  KMD_ERR_LIMIT, KMD_ERR_IO. */
enum kmd_status kmd_sink_put(struct kmd_sink *sink, const unsigned char *bytes, size_t length);
/* Write bytes anywhere, over what is there. */
enum kmd_status kmd_sink_put_at(struct kmd_sink *sink, uint64_t offset, const unsigned char *bytes,
				size_t length);
/* Append zeroes up to the size @size, as a hole. */
enum kmd_status kmd_sink_skip_to(struct kmd_sink *sink, uint64_t size);
/* Give the file its length if it ends in a hole. */
enum kmd_status kmd_sink_end(struct kmd_sink *sink);
/* The error of a size above the limit. */
enum kmd_status kmd_sink_over_limit(const struct kmd_sink *sink);
/*
 * Report that the bytes of @source from @at on are no part of the packed data; none is fine.
 * Zeroes, as at the end of a partition or a tape block, are a note.  @form: "gzip data".
 */
enum kmd_status kmd_sink_report_tail(const struct kmd_sink *sink, const struct kmd_source *source,
				     uint64_t at, const char *form);
/* Call the progress call-back now and then; KMD_ERR_CANCELED if it cancels. */
enum kmd_status kmd_sink_progress(struct kmd_sink *sink, uint64_t done, uint64_t total);

/* Read the pipe or socket @stream to its end.  @name stands in messages. */
enum kmd_status kmd_sink_stream(int stream, const char *name,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target);

/*
 * The next part of the scratch file.  kmd_scratch_end() makes a source of what was put there;
 * the source needs the scratch file as long as it lives.
 */
enum kmd_status kmd_scratch_begin(struct kmd_scratch *scratch, const char *name,
				  struct kmd_diag *diag, struct kmd_unpack_target *target);
enum kmd_status kmd_scratch_end(struct kmd_scratch *scratch, const char *name,
				struct kmd_diag *diag, const struct kmd_unpack_target *target,
				struct kmd_source **out);
void kmd_scratch_close(struct kmd_scratch *scratch);

bool kmd_all_zero(const unsigned char *bytes, size_t length);

#endif
