/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const char *path, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program_name, path, why);
	return false;
}

static bool is_same_file(const struct stat *target, const char *path)
{
	struct stat st;

	return path && !stat(path, &st) && st.st_dev == target->st_dev &&
	       st.st_ino == target->st_ino;
}

/* Whether @target lies in the folder @path, at any depth. */
static bool is_inside(const char *target, const char *path)
{
	char *folder = realpath(path, NULL), *file = realpath(target, NULL);
	size_t length = folder ? strlen(folder) : 0;
	bool inside = folder && file && !strncmp(file, folder, length) && file[length] == '/';

	free(folder);
	free(file);
	return inside;
}

/* An input may be FILE, FILE@ADDR or ARCHIVE:PATH: each part before such a mark is tried. */
static bool is_input(const char *target, const struct stat *st, const char *argument)
{
	char *name = strdup(argument);
	bool found = !name || is_same_file(st, name) || is_inside(target, name);

	for (char *end = name ? name + strlen(name) : NULL; !found && end > name; end--)
		if (*end == '@' || *end == ':') {
			*end = '\0';
			found = is_same_file(st, name);
		}
	free(name);
	return found;
}

static bool is_used(const char *target, const struct input_options *input)
{
	struct stat st;

	if (stat(target, &st))
		return false;
	for (size_t i = 0; i < input->n_inputs; i++)
		if (is_input(target, &st, input->inputs[i]))
			return true;
	return is_same_file(&st, input->vmlinux) || is_same_file(&st, input->vmcoreinfo) ||
	       is_same_file(&st, input->registers);
}

/* Ends the stream; an error that an earlier write met counts as well. */
static bool finish(FILE *out, const char *path, bool good, bool sync)
{
	bool failed = fflush(out) || ferror(out);

	if (!failed && good && sync)
		failed = fsync(fileno(out)) < 0;
	if (failed)
		fail(path, errno ? strerror(errno) : "cannot write");
	else if (!good)
		fail(path, "out of memory");
	return good && !failed;
}

static bool write_special(const char *path, output_fn write, void *user)
{
	FILE *out = fopen(path, "we");
	bool good;

	if (!out)
		return fail(path, strerror(errno));
	good = finish(out, path, write(out, user), false);
	return !fclose(out) && good;
}

/* A file without a name leaves nothing, even if the process is killed.  Not all systems have it. */
static int open_temporary(const char *name, bool *named)
{
	char *folder = strdup(name);
	int fd = -1;

	if (!folder)
		return -1;
	strrchr(folder, '/')[1] = '\0';
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	free(folder);
	*named = fd < 0;
	return fd < 0 ? open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600) : fd;
}

static bool link_unnamed(int fd, const char *name)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return !linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* A link fails if the name is taken, rename() replaces it. */
static bool publish(int fd, const char *temporary, bool *named, const char *path, bool force)
{
	bool good;

	if (!force && !*named) {
		good = link_unnamed(fd, path);
	} else {
		*named = *named || link_unnamed(fd, temporary);
		good = *named && !(force ? rename(temporary, path) : link(temporary, path));
		if (good && force)
			*named = false;
	}
	return good || fail(path, errno == EEXIST ? "the file exists; --force replaces it"
						  : strerror(errno));
}

static bool write_file(const char *path, bool force, output_fn write, void *user)
{
	const char *slash = strrchr(path, '/');
	bool named = false, good;
	char *temporary;
	FILE *out;
	int fd;

	if (asprintf(&temporary, "%.*s.%.200s.%d", slash ? (int)(slash + 1 - path) : 2,
		     slash ? path : "./", slash ? slash + 1 : path, (int)getpid()) < 0)
		return fail(path, "out of memory");
	fd = open_temporary(temporary, &named);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		fail(path, strerror(errno));
		free(temporary);
		return false;
	}
	good = finish(out, path, write(out, user), true) &&
	       publish(fd, temporary, &named, path, force);
	fclose(out);
	if (named)
		unlink(temporary);
	free(temporary);
	return good;
}

static bool write_regular(const char *path, bool force, const struct input_options *input,
			  output_fn write, void *user)
{
	struct stat st;
	char *target;
	bool exists = !stat(path, &st), good;

	if (exists && !S_ISREG(st.st_mode))
		return fail(path, "not a regular file");
	if (exists && !force)
		return fail(path, "the file exists; --force replaces it");
	if (is_used(path, input))
		return fail(path, "is a file of the input");
	/* What a symbolic link leads to is replaced, not the link. */
	target = exists ? realpath(path, NULL) : strdup(path);
	if (!target)
		return fail(path, strerror(errno));
	good = write_file(target, force, write, user);
	free(target);
	return good;
}

bool output_write(const char *path, bool force, const struct input_options *input, output_fn write,
		  void *user)
{
	struct stat st;

	errno = 0;
	if (!strcmp(path, "-"))
		return finish(stdout, "standard output", write(stdout, user), false);
	if (!stat(path, &st) && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)))
		return write_special(path, write, user);
	return write_regular(path, force, input, write, user);
}
