/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/input.h"

#include "base/text.h"
#include "source/folder.h"
#include "source/unpack.h"

#include <errno.h>
#include <fcntl.h>
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
	kmd_folder_close(input);
	free(input->members);
	free(input->name);
	memset(input, 0, sizeof(*input));
}

/* A scratch file becomes a source; the descriptor is taken in any case. */
static enum kmd_status source_from_scratch(struct kmd_diag *diag, int fd, const char *name,
					   struct kmd_source **out)
{
	enum kmd_status status = kmd_source_from_fd(diag, fd, name, out);

	if (status != KMD_OK)
		close(fd);
	return status;
}

static enum kmd_status open_scratch(struct kmd_diag *diag, const char *name, int *fd)
{
	*fd = kmd_source_scratch();
	if (*fd >= 0)
		return KMD_OK;
	return kmd_fail_errno(diag, kmd_in(name),
			      "cannot make a temporary file in $TMPDIR or /var/tmp", errno);
}

/* Replace a compressed *@source by what it unpacks to. */
static enum kmd_status unpack(struct kmd_diag *diag, const struct kmd_input_options *options,
			      struct kmd_source **source)
{
	struct kmd_unpack_target target = { .limit = options->unpack_limit };
	struct kmd_source *packed = *source;
	enum kmd_status status;

	status = open_scratch(diag, packed->name, &target.fd);
	if (status != KMD_OK)
		return status;
	status = kmd_unpack_zstd(packed, options, diag, &target);
	if (status != KMD_OK) {
		close(target.fd);
		return status;
	}
	status = source_from_scratch(diag, target.fd, packed->name, source);
	if (status != KMD_OK)
		return status;
	status = kmd_unpack_name(*source, packed, diag);
	kmd_source_free(packed);
	return status;
}

/* The input is this one source, which is taken in any case. */
static enum kmd_status single(struct kmd_diag *diag, const struct kmd_input_options *options,
			      const char *name, struct kmd_source *source, struct kmd_input *out)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	size_t length = strlen(base);
	enum kmd_status status;

	if (kmd_unpack_is_zstd(source, diag)) {
		status = unpack(diag, options, &source);
		if (status != KMD_OK) {
			kmd_source_free(source);
			return status;
		}
		if (kmd_text_has_suffix(base, ".zst"))
			length -= 4;
		else if (kmd_text_has_suffix(base, ".zstd"))
			length -= 5;
	}
	return kmd_input_add(diag, out, base, length, source);
}

static enum kmd_status spool(struct kmd_diag *diag, const struct kmd_input_options *options,
			     int stream, const char *name, const char *printable,
			     struct kmd_source **out)
{
	struct kmd_unpack_target target = { .limit = options->unpack_limit };
	enum kmd_status status;

	status = open_scratch(diag, printable, &target.fd);
	if (status != KMD_OK)
		return status;
	status = kmd_unpack_stream(stream, printable, options, diag, &target);
	if (status == KMD_OK)
		return source_from_scratch(diag, target.fd, name, out);
	close(target.fd);
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
		if (status == KMD_OK)
			return single(diag, options, name, source, out);
	} else if (S_ISFIFO(mode) || S_ISSOCK(mode)) {
		status = spool(diag, options, fd, name, out->name, &source);
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
	out->name = kmd_text_name_dup(name, strlen(name));
	return out->name ? KMD_OK : kmd_fail_memory(diag);
}

/* @fd is taken in any case. */
static enum kmd_status from_descriptor(struct kmd_diag *diag,
				       const struct kmd_input_options *options, int fd,
				       const char *name, struct kmd_input *out)
{
	struct stat st;

	if (fstat(fd, &st)) {
		enum kmd_status status =
			kmd_fail_errno(diag, kmd_in(out->name), "cannot stat it", errno);

		close(fd);
		return status;
	}
	out->device = st.st_dev;
	out->inode = st.st_ino;
	if (S_ISDIR(st.st_mode))
		return kmd_folder_open(diag, options, fd, name, out);
	return from_file(diag, options, fd, st.st_mode, name, out);
}

bool kmd_input_holds(const struct kmd_input *input, const struct stat *file)
{
	if (input->inode && file->st_dev == input->device && file->st_ino == input->inode)
		return true;
	for (size_t i = 0; i < input->n_members; i++) {
		const struct kmd_source *source = input->members[i].source;

		if (source->member && file->st_dev == source->device &&
		    file->st_ino == source->inode)
			return true;
	}
	return false;
}

enum kmd_status kmd_input_from_path(struct kmd_diag *diag, const struct kmd_input_options *options,
				    const char *path, struct kmd_input *out)
{
	struct kmd_input_options effective;
	enum kmd_status status;
	int fd;

	status = input_init(diag, path, out, options, &effective);
	if (status != KMD_OK)
		return status;
	/* O_NONBLOCK: opening a FIFO waits for its writer otherwise, and cannot be canceled. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		status = kmd_fail_errno(diag, kmd_in(out->name), "cannot be opened", errno);
	else
		status = from_descriptor(diag, &effective, fd, path, out);
	if (status != KMD_OK)
		kmd_input_deinit(out);
	return status;
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
