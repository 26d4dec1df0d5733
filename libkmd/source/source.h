/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * source.h - bytes at positions: a file or a piece of memory.
 *
 * Files are read positionally and never mapped: a file that shrinks under us
 * must become an error, not a signal.
 */
#ifndef KMD_SOURCE_SOURCE_H
#define KMD_SOURCE_SOURCE_H

#include "base/diag.h"

#include <sys/stat.h>
#include <sys/types.h>

/* So many bytes are read without a thought; of more, only what is needed. */
#define KMD_SOURCE_MUCH (UINT64_C(64) << 20)

/*
 * A folder can hold more files than a process may keep open, so a source has
 * not always a descriptor of its own: see kmd_source_from_member(),
 * kmd_source_from_part() and kmd_source_from_pieces().  kmd_source_read() reads them all alike.
 */
struct kmd_source {
	char *name;                /* for messages; printable */
	int fd;                    /* own file, its offsets are the source's; -1 = none, use
				    * kmd_source_read() */
	const unsigned char *data; /* memory, or NULL */
	uint64_t size;
	/* private to source.c */
	int shared_fd; /* of a folder to open @member in, or of the file that holds
			* [start, start + size); not closed with the source */
	uint64_t start;
	char *member;
	dev_t device; /* of the file when it was first opened */
	ino_t inode;
	struct kmd_piece *pieces; /* one after another: the bytes of other sources */
	size_t n_pieces;
	const struct kmd_source *masked; /* whose bytes from @start on these are, ... */
	struct kmd_span *spans;          /* ... but for some; NULL = none */
	size_t n_spans;
};

/* [start, end) of a source. */
struct kmd_span {
	uint64_t start, end;
};

/* @size bytes of @source, from @offset on. */
struct kmd_piece {
	struct kmd_source *source;
	uint64_t offset, size;
	bool borrowed; /* the source stays another's, and must live longer */
};

/* @fd becomes the source's. On an error it is still the caller's. */
enum kmd_status kmd_source_from_fd(struct kmd_diag *diag, int fd, const char *name,
				   struct kmd_source **out);
/* @data stays the caller's and must outlive the source. */
enum kmd_status kmd_source_from_memory(struct kmd_diag *diag, const void *data, uint64_t size,
				       const char *name, struct kmd_source **out);
/*
 * The regular file @member of an open folder.  Unless @keep_open it is opened
 * again for every read, and must then still be the same file.  @folder_fd stays
 * the caller's and must outlive the source.
 */
enum kmd_status kmd_source_from_member(struct kmd_diag *diag, int folder_fd, const char *member,
				       const char *name, bool keep_open, struct kmd_source **out);
/* A part of a file that others use too.  @fd as @folder_fd above. */
enum kmd_status kmd_source_from_part(struct kmd_diag *diag, int fd, uint64_t start, uint64_t size,
				     const char *name, struct kmd_source **out);
/*
 * The bytes of @n pieces, joined.  Copies @pieces; their sources, each used once, become the new
 * source's unless they are borrowed, or there is an error.
 */
enum kmd_status kmd_source_from_pieces(struct kmd_diag *diag, const struct kmd_piece *pieces,
				       size_t n, const char *name, struct kmd_source **out);
/*
 * @size bytes of @source from @offset on, with the letter X in place of @spans, which are sorted
 * and do not overlap.  Copies @spans; @source stays another's, and must live longer.
 */
enum kmd_status kmd_source_masked(struct kmd_diag *diag, const struct kmd_source *source,
				  uint64_t offset, uint64_t size, const struct kmd_span *spans,
				  size_t n, struct kmd_source **out);
void kmd_source_free(struct kmd_source *source);

/*
 * Read exactly @length bytes.  Asking for bytes past the end is an error as
 * well (KMD_ERR_IO: the file has shrunk), so callers check extents first.
 */
enum kmd_status kmd_source_read(const struct kmd_source *source, uint64_t offset, void *buffer,
				uint64_t length, struct kmd_diag *diag);

/*
 * These bytes describe the dump, or the kernel in it: kmd_anonymize_path() keeps them.  A cursor
 * notes what it reads; bytes that are read in bulk need this call.
 */
void kmd_source_mark(const struct kmd_source *source, uint64_t offset, uint64_t length,
		     struct kmd_diag *diag);

/*
 * The first position in [@offset, @end) at which there may be other bytes than zeroes, or @end:
 * searches pass the holes of a sparse file without reading them.  A short range is not asked for.
 */
uint64_t kmd_source_skip_hole(const struct kmd_source *source, uint64_t offset, uint64_t end);

/* True if the source is a file of the user's as it is: not unpacked, nor a part of another. */
bool kmd_source_is_file(const struct kmd_source *source);

/* True if the source reads the file that @file describes. */
bool kmd_source_holds(const struct kmd_source *source, const struct stat *file);

/* An unnamed temporary file, or -1 and errno.  For unpacked input. */
int kmd_source_scratch(void);

#endif
