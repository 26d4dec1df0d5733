/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The file appears whole or not at all, and never in place of another one unasked. */
#include "vmcore/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct output {
	const char *path;
	struct kmd_diag *diag;
	char *folder;    /* that holds @path */
	char *temporary; /* a name that the file has for now; NULL = it has none */
	int fd;
};

static enum kmd_status fail(const struct output *output, const char *doing, int error)
{
	return kmd_fail_errno(output->diag, kmd_in(output->path), doing, error);
}

static enum kmd_status find_folder(struct output *output)
{
	const char *slash = strrchr(output->path, '/');

	if (!slash)
		output->folder = strdup(".");
	else if (slash == output->path)
		output->folder = strdup("/");
	else
		output->folder = strndup(output->path, (size_t)(slash - output->path));
	return output->folder ? KMD_OK : kmd_fail_memory(output->diag);
}

/* A name beside the target; the file is made by the caller. */
static char *temporary_name(const struct output *output)
{
	const char *slash = strrchr(output->path, '/');
	char *name;

	if (asprintf(&name, "%s/.%.200s.XXXXXX", output->folder, slash ? slash + 1 : output->path) <
	    0)
		return NULL;
	return name;
}

/* An unnamed file leaves nothing, even if the process is killed. */
static enum kmd_status open_output(struct output *output)
{
	int error;

	output->fd = open(output->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (output->fd >= 0)
		return KMD_OK;
	error = errno;
	if (error != EOPNOTSUPP && error != EISDIR && error != EINVAL)
		return fail(output, "cannot create it", error);
	output->temporary = temporary_name(output);
	if (!output->temporary)
		return kmd_fail_memory(output->diag);
	output->fd = mkostemp(output->temporary, O_CLOEXEC);
	if (output->fd >= 0)
		return KMD_OK;
	error = errno;
	free(output->temporary);
	output->temporary = NULL;
	return fail(output, "cannot create it", error);
}

static int link_unnamed(const struct output *output, const char *name)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", output->fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* Give the unnamed file a temporary name, to be renamed over the target. */
static enum kmd_status name_unnamed(struct output *output)
{
	for (int tries = 0; tries < 100; tries++) {
		char *name = temporary_name(output);
		int fd;

		if (!name)
			return kmd_fail_memory(output->diag);
		/* Only to find a free name. */
		fd = mkostemp(name, O_CLOEXEC);
		if (fd >= 0) {
			close(fd);
			unlink(name);
			if (!link_unnamed(output, name)) {
				output->temporary = name;
				return KMD_OK;
			}
		}
		free(name);
		if (errno != EEXIST)
			break;
	}
	return fail(output, "cannot create it", errno);
}

static enum kmd_status fail_exists(const struct output *output)
{
	return kmd_fail(output->diag, KMD_ERR_EXISTS, kmd_in(output->path),
			"the file exists; --force replaces it");
}

static enum kmd_status publish(struct output *output, bool overwrite)
{
	if (!output->temporary && !overwrite) {
		if (!link_unnamed(output, output->path))
			return KMD_OK;
		return errno == EEXIST ? fail_exists(output)
				       : fail(output, "cannot create it", errno);
	}
	if (!output->temporary) {
		enum kmd_status status = name_unnamed(output);

		if (status != KMD_OK)
			return status;
	}
	if (overwrite ? rename(output->temporary, output->path)
		      : link(output->temporary, output->path))
		return errno == EEXIST ? fail_exists(output)
				       : fail(output, "cannot rename to it", errno);
	if (!overwrite)
		unlink(output->temporary);
	free(output->temporary);
	output->temporary = NULL;
	return KMD_OK;
}

/* The new name must last as well; not every file system can sync a folder. */
static void sync_folder(const struct output *output)
{
	int fd = open(output->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static enum kmd_status write_output(struct output *output, const struct kmd_plan *plan,
				    const struct kmd_write_options *options, bool overwrite)
{
	enum kmd_status status = find_folder(output);

	/* Checked early, before a core is written that cannot be kept. */
	if (status == KMD_OK && !overwrite && !access(output->path, F_OK))
		status = fail_exists(output);
	if (status == KMD_OK)
		status = open_output(output);
	if (status == KMD_OK)
		status = kmd_write_fd(plan, options, output->fd, output->path, output->diag);
	if (status == KMD_OK && fsync(output->fd) < 0)
		status = fail(output, "cannot write", errno);
	if (status == KMD_OK)
		status = publish(output, overwrite);
	if (status == KMD_OK)
		sync_folder(output);
	return status;
}

/* /dev/null, a FIFO or a terminal is written to, never replaced. */
static enum kmd_status write_special(struct output *output, const struct kmd_plan *plan,
				     const struct kmd_write_options *options)
{
	output->fd = open(output->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (output->fd < 0)
		return fail(output, "cannot open", errno);
	return kmd_write_fd(plan, options, output->fd, output->path, output->diag);
}

static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode));
}

/* A folder, a block device or a socket in its place is never meant. */
static bool is_not_regular(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode);
}

/* What a symbolic link leads to is replaced, not the link (/dev/stdout is one). */
static char *follow(const char *path)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISLNK(st.st_mode))
		return realpath(path, NULL);
	return strdup(path);
}

enum kmd_status kmd_write_path(const struct kmd_plan *plan, const struct kmd_write_options *options,
			       const char *path, bool overwrite, struct kmd_diag *diag)
{
	char *target = is_special(path) ? strdup(path) : follow(path);
	struct output output = { .path = target, .diag = diag, .fd = -1 };
	enum kmd_status status;

	if (!target)
		return kmd_fail_errno(diag, kmd_in(path), "cannot create it", errno);
	if (is_special(path))
		status = write_special(&output, plan, options);
	else if (is_not_regular(path))
		status = kmd_fail(diag, KMD_ERR_EXISTS, kmd_in(path), "not a regular file");
	else
		status = write_output(&output, plan, options, overwrite);
	if (output.fd >= 0 && close(output.fd) < 0 && status == KMD_OK)
		status = fail(&output, "cannot write", errno);
	if (output.temporary)
		unlink(output.temporary);
	free(output.temporary);
	free(output.folder);
	free(target);
	return status;
}
