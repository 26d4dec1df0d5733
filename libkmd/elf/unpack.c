/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "elf/unpack.h"

#include "source/unpack.h"

#include <archive.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define BLOCK         (1u << 18)
#define DEFAULT_LIMIT (64ull << 30)
#define SCRATCH       "a temporary file in $TMPDIR or /var/tmp"

static const struct {
	size_t length;
	const char *bytes;
} magics[] = {
	{ 2, "\x1f\x8b" }, /* gzip */
	{ 6, "\xfd"
	     "7zXZ\0" },           /* xz */
	{ 4, "\x28\xb5\x2f\xfd" }, /* zstd */
	{ 3, "BZh" },              /* bzip2 */
	{ 4, "\x04\x22\x4d\x18" }, /* lz4 */
};

bool kmd_vmlinux_is_packed(const unsigned char *head, size_t size)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (size >= magics[i].length && !memcmp(head, magics[i].bytes, magics[i].length))
			return true;
	return false;
}

struct job {
	struct archive *archive;
	const char *name;
	struct kmd_diag *diag;
	int fd;
	uint64_t limit;
};

static enum kmd_status damaged(const struct job *job)
{
	const char *why = archive_error_string(job->archive);

	return kmd_fail(job->diag, KMD_ERR_DAMAGED, kmd_in(job->name), "cannot be unpacked: %s",
			why ? why : "it is damaged");
}

static enum kmd_status put(const struct job *job, const void *bytes, size_t size, uint64_t at)
{
	const char *from = bytes;

	if (at > job->limit || size > job->limit - at)
		return kmd_fail(job->diag, KMD_ERR_LIMIT, kmd_in(job->name),
				"unpacks to more than the limit of %" PRIu64 " bytes", job->limit);
	while (size) {
		ssize_t got = pwrite(job->fd, from, size, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return kmd_fail_errno(job->diag, kmd_in(job->name), "cannot write " SCRATCH,
					      got ? errno : EIO);
		from += got;
		at += (uint64_t)got;
		size -= (size_t)got;
	}
	return KMD_OK;
}

static enum kmd_status copy(const struct job *job)
{
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK) {
		const void *bytes;
		int64_t at;
		size_t size;
		int got = archive_read_data_block(job->archive, &bytes, &size, &at);

		if (got == ARCHIVE_EOF)
			break;
		if (got < ARCHIVE_WARN)
			return damaged(job);
		if (got != ARCHIVE_RETRY)
			status = put(job, bytes, size, (uint64_t)at);
	}
	return status;
}

/* A filter that libarchive was built without would run a program: leave that out. */
static void add_filters(struct archive *archive)
{
	static int (*const filters[])(struct archive *) = {
		archive_read_support_filter_gzip, archive_read_support_filter_xz,
		archive_read_support_filter_zstd, archive_read_support_filter_bzip2,
		archive_read_support_filter_lz4,
	};

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		filters[i](archive);
	archive_read_support_format_raw(archive);
}

static enum kmd_status unpack(const struct job *job, int packed)
{
	struct archive_entry *entry;

	add_filters(job->archive);
	if (archive_read_open_fd(job->archive, packed, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(job->archive, &entry) < ARCHIVE_WARN)
		return damaged(job);
	return copy(job);
}

static enum kmd_status to_scratch(const struct kmd_source *packed, uint64_t limit,
				  struct kmd_diag *diag, struct kmd_source **out)
{
	struct job job = { archive_read_new(), packed->name, diag, kmd_source_scratch(), limit };
	enum kmd_status status;

	if (!job.archive)
		status = kmd_fail_memory(diag);
	else if (job.fd < 0)
		status = kmd_fail_errno(diag, kmd_in(packed->name), "cannot make " SCRATCH, errno);
	else
		status = unpack(&job, packed->fd);
	archive_read_free(job.archive);
	if (status == KMD_OK)
		status = kmd_source_from_fd(diag, job.fd, packed->name, out);
	if (status != KMD_OK && job.fd >= 0)
		close(job.fd);
	return status;
}

enum kmd_status kmd_vmlinux_unpack(const struct kmd_vmlinux_options *options, struct kmd_diag *diag,
				   struct kmd_source **source)
{
	uint64_t limit = options->unpack_limit ? options->unpack_limit : DEFAULT_LIMIT;
	struct kmd_source *packed = *source, *out;
	enum kmd_status status = to_scratch(packed, limit, diag, &out);

	if (status != KMD_OK)
		return status;
	status = kmd_unpack_name(out, packed, diag);
	kmd_source_free(packed);
	*source = out;
	return status;
}
