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

#include <sys/types.h>

struct kmd_source {
	char *name;		/* for messages; printable */
	int fd;			/* -1 for memory */
	const unsigned char *data;
	uint64_t size;
};

/* @fd becomes the source's. On an error it is still the caller's. */
enum kmd_status kmd_source_from_fd(struct kmd_diag *diag, int fd, const char *name,
				   struct kmd_source **out);
/* @data stays the caller's and must outlive the source. */
enum kmd_status kmd_source_from_memory(struct kmd_diag *diag, const void *data, uint64_t size,
				       const char *name, struct kmd_source **out);
void kmd_source_free(struct kmd_source *source);

/*
 * Read exactly @length bytes.  Asking for bytes behind the end is an error as
 * well (KMD_ERR_IO: the file has shrunk), so callers check extents first.
 */
enum kmd_status kmd_source_read(const struct kmd_source *source, uint64_t offset, void *buffer,
				uint64_t length, struct kmd_diag *diag);

/* An unnamed temporary file, or -1 and errno.  For unpacked input. */
int kmd_source_scratch(void);

#endif
