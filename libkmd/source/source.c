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

static struct kmd_source *source_new(const char *name)
{
	struct kmd_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->fd = -1;
	source->name = kmd_text_name_dup(name, strlen(name));
	if (!source->name) {
		free(source);
		return NULL;
	}
	return source;
}

enum kmd_status kmd_source_from_fd(struct kmd_diag *diag, int fd, const char *name,
				   struct kmd_source **out)
{
	struct kmd_source *source = source_new(name);
	off_t end;

	if (!source)
		return kmd_fail_memory(diag);
	/* Not st_size, which is 0 for a block device: /dev/disk/by-partlabel/rawdump. */
	end = lseek(fd, 0, SEEK_END);
	if (end < 0) {
		int error = errno;

		kmd_source_free(source);
		return kmd_fail_errno(diag, kmd_in(name), "cannot find its size", error);
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

void kmd_source_free(struct kmd_source *source)
{
	if (!source)
		return;
	if (source->fd >= 0)
		close(source->fd);
	free(source->name);
	free(source);
}

static enum kmd_status read_fd(const struct kmd_source *source, uint64_t offset, void *buffer,
			       uint64_t length, struct kmd_diag *diag)
{
	unsigned char *to = buffer;

	while (length) {
		size_t part = length > (1u << 30) ? (1u << 30) : (size_t)length;
		ssize_t got = pread(source->fd, to, part, (off_t)offset);

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

enum kmd_status kmd_source_read(const struct kmd_source *source, uint64_t offset, void *buffer,
				uint64_t length, struct kmd_diag *diag)
{
	if (!kmd_inside(offset, length, source->size))
		return kmd_fail(diag, KMD_ERR_IO, kmd_at(source->name, offset),
				"%" PRIu64 " bytes are not there", length);
	if (source->fd >= 0)
		return read_fd(source, offset, buffer, length, diag);
	if (length)
		memcpy(buffer, source->data + offset, (size_t)length);
	return KMD_OK;
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
