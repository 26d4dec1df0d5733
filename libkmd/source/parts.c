/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/parts.h"

#include "base/array.h"
#include "base/text.h"
#include "source/android_sparse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS_MAX 10000
#define MARK      8

/* How the parts are counted: the last @width characters of the name. */
struct counter {
	size_t at, width;
	bool letters;
};

/*
 * ".0", ".00", "_000": from 0.  ".001": from 1, with three digits or more, since ".1" is what
 * rotation of logs makes.  "aa": as split(1) does.
 */
static bool find_counter(const char *path, struct counter *counter)
{
	size_t length = strlen(path), at = length;

	while (at && path[at - 1] >= '0' && path[at - 1] <= '9')
		at--;
	counter->at = at;
	counter->width = length - at;
	counter->letters = false;
	if (counter->width && at > 1 && (path[at - 1] == '.' || path[at - 1] == '_')) {
		size_t zeroes = strspn(path + at, "0");

		return zeroes == counter->width ||
		       (counter->width >= 3 && zeroes == counter->width - 1 &&
			path[length - 1] == '1');
	}
	while (at && path[at - 1] == 'a')
		at--;
	counter->at = at;
	counter->width = length - at;
	counter->letters = true;
	return counter->width >= 2 && at;
}

/* The name of the next part, in place; false after the last. */
static bool count_up(char *path, const struct counter *counter)
{
	for (size_t i = counter->at + counter->width; i-- > counter->at;) {
		if (path[i] != (counter->letters ? 'z' : '9')) {
			path[i]++;
			return true;
		}
		path[i] = counter->letters ? 'a' : '0';
	}
	return false;
}

static enum kmd_status open_part(struct kmd_diag *diag, const char *path, struct kmd_source **out)
{
	enum kmd_status status;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*out = NULL;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return KMD_OK;
	if (fd < 0)
		return kmd_fail_errno(diag, kmd_in(path), "the next part cannot be opened", errno);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return KMD_OK;
	}
	status = kmd_source_from_fd(diag, fd, path, out);
	if (status != KMD_OK)
		close(fd);
	return status;
}

static bool is_sparse(const struct kmd_source *source, struct kmd_diag *diag)
{
	char mark[sizeof(KMD_ANDROID_SPARSE_MAGIC) - 1];

	return source->size >= sizeof(mark) &&
	       kmd_source_read(source, 0, mark, sizeof(mark), diag) == KMD_OK &&
	       !memcmp(mark, KMD_ANDROID_SPARSE_MAGIC, sizeof(mark));
}

/* All parts have the size of the first, but for the last, which may be smaller. */
static bool fits(const struct kmd_piece *pieces, size_t n, const struct kmd_source *next)
{
	return pieces[n - 1].size == pieces[0].size && next->size <= pieces[0].size;
}

static bool same_mark(const struct kmd_source *first, const struct kmd_source *next,
		      struct kmd_diag *diag)
{
	static const char zeroes[MARK];
	char a[MARK], b[MARK];

	return first->size >= MARK && next->size >= MARK &&
	       kmd_source_read(first, 0, a, MARK, diag) == KMD_OK &&
	       kmd_source_read(next, 0, b, MARK, diag) == KMD_OK && !memcmp(a, b, MARK) &&
	       memcmp(a, zeroes, MARK) != 0;
}

struct parts {
	struct kmd_piece *items;
	size_t n, cap;
};

/* Append the parts that follow the first. */
static enum kmd_status collect(struct kmd_diag *diag, char *path, const struct counter *counter,
			       struct parts *parts)
{
	bool sparse = is_sparse(parts->items[0].source, diag);
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK && parts->n < PARTS_MAX && count_up(path, counter)) {
		struct kmd_source *next;

		status = open_part(diag, path, &next);
		if (status != KMD_OK || !next)
			break;
		if (!sparse && (!fits(parts->items, parts->n, next) ||
				(parts->n == 1 && same_mark(parts->items[0].source, next, diag)))) {
			kmd_source_free(next);
			break;
		}
		if (!KMD_ARRAY_RESERVE(parts->items, parts->n, parts->cap)) {
			kmd_source_free(next);
			return kmd_fail_memory(diag);
		}
		parts->items[parts->n++] = (struct kmd_piece){ next, 0, next->size, false };
	}
	return status;
}

enum kmd_status kmd_parts_join(struct kmd_diag *diag, const char *path, struct kmd_source **source)
{
	struct parts parts = { 0 };
	struct counter counter;
	enum kmd_status status;
	char *next;

	if (!find_counter(path, &counter))
		return KMD_OK;
	next = strdup(path);
	if (!next || !KMD_ARRAY_RESERVE(parts.items, parts.n, parts.cap)) {
		free(next);
		return kmd_fail_memory(diag);
	}
	parts.items[parts.n++] = (struct kmd_piece){ *source, 0, (*source)->size, false };
	status = collect(diag, next, &counter, &parts);
	free(next);
	if (status == KMD_OK && parts.n > 1)
		status = kmd_report(diag, KMD_FIND_UNUSED, KMD_NOTE, kmd_in((*source)->name),
				    "the first of %zu parts of a split file, which are joined",
				    parts.n);
	if (status == KMD_OK && parts.n > 1)
		status = kmd_source_from_pieces(diag, parts.items, parts.n, path, source);
	if (status != KMD_OK)
		for (size_t i = 1; i < parts.n; i++)
			kmd_source_free(parts.items[i].source);
	free(parts.items);
	return status;
}
