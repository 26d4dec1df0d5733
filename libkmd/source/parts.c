/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/parts.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/text.h"
#include "source/packing/android_sparse.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS_MAX      10000
#define MARK           8
#define SUFFIX_MAX     8
#define PAGE           4096u
/* Bytes of so many values are code or data, not a fill. */
#define PAGE_KINDS     48
#define PAGES_COMPARED 8192

/* The length of @path without what split --additional-suffix appends: ".img", ".bin". */
static size_t without_suffix(const char *path)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
	size_t length = strlen(path), n;

	if (!dot || !dot[1] || strlen(dot) > SUFFIX_MAX)
		return length;
	for (n = 1; isalpha((unsigned char)dot[n]); n++)
		;
	return dot[n] ? length : (size_t)(dot - path);
}

static bool follows(const char *path, size_t at, const char *word)
{
	size_t length = strlen(word);

	return at > length && !strncasecmp(path + at - length, word, length);
}

/*
 * ".0", ".00", "_000": from 0.  ".001", ".01", "part1": from 1, but not ".1", which is what
 * rotation of logs makes.  "aa": as split(1) does.
 */
static bool find_counter(const char *path, size_t length, struct kmd_part_counter *counter)
{
	size_t at = length;

	while (at && path[at - 1] >= '0' && path[at - 1] <= '9')
		at--;
	counter->at = at;
	counter->width = length - at;
	counter->letters = counter->hex = false;
	if (counter->width && at > 1 &&
	    (path[at - 1] == '.' || path[at - 1] == '_' || follows(path, at, "part"))) {
		size_t zeroes = strspn(path + at, "0");

		return zeroes >= counter->width ||
		       ((counter->width >= 2 || follows(path, at, "part")) &&
			zeroes == counter->width - 1 && path[length - 1] == '1');
	}
	for (at = length; at && path[at - 1] == 'a';)
		at--;
	counter->at = at;
	counter->width = length - at;
	counter->letters = true;
	return counter->width >= 2 && at;
}

/*
 * Before a suffix there must be two digits, or "part": DDRCS0_0.BIN and DDRCS0_1.BIN are images of
 * their own, and so are the volumes x.part1.rar of an archive.
 */
static bool find_before_suffix(const char *path, size_t length, struct kmd_part_counter *counter)
{
	if (!path[length] || !strcasecmp(path + length, ".rar") ||
	    !find_counter(path, length, counter))
		return false;
	if (counter->letters)
		return strchr("._-", path[counter->at - 1]);
	return counter->width > 1 || follows(path, counter->at, "part");
}

/* Unisoc's sysdump.core.00 is a header: image/sysdump.c puts the files together. */
bool kmd_part_counter(const char *path, struct kmd_part_counter *counter)
{
	bool found = find_counter(path, strlen(path), counter) ||
		     find_before_suffix(path, without_suffix(path), counter);

	return found && !follows(path, counter->at, "sysdump.core.") &&
	       strncasecmp(path, "sysdump.core.", 13) != 0;
}

/* The digit or letter after @c; \0 after the last. */
static char digit_after(char c, const struct kmd_part_counter *counter)
{
	if (counter->letters)
		return (char)(c == 'z' ? 0 : c + 1);
	if (counter->hex && c == '9')
		return 'a';
	return (char)(c == (counter->hex ? 'f' : '9') ? 0 : c + 1);
}

bool kmd_part_count_up(char *path, const struct kmd_part_counter *counter)
{
	for (size_t i = counter->at + counter->width; i-- > counter->at;) {
		char next = digit_after(path[i], counter);

		if (next) {
			path[i] = next;
			return true;
		}
		path[i] = counter->letters ? 'a' : '0';
	}
	return false;
}

enum kmd_status kmd_part_open(struct kmd_diag *diag, const char *path, struct kmd_source **out)
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

static bool is_zero(const unsigned char *bytes, size_t length)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, length - 1);
}

/* Both begin with the same mark, which is not zero. */
static bool same_mark(const struct kmd_source *first, const struct kmd_source *next,
		      struct kmd_diag *diag)
{
	unsigned char a[MARK], b[MARK];

	return first->size >= MARK && next->size >= MARK &&
	       kmd_source_read(first, 0, a, MARK, diag) == KMD_OK &&
	       kmd_source_read(next, 0, b, MARK, diag) == KMD_OK && !memcmp(a, b, MARK) &&
	       !is_zero(a, MARK);
}

static bool both_begin_with_zero(const struct kmd_source *first, const struct kmd_source *next,
				 struct kmd_diag *diag)
{
	unsigned char a[MARK], b[MARK];

	return first->size >= MARK && next->size >= MARK &&
	       kmd_source_read(first, 0, a, MARK, diag) == KMD_OK &&
	       kmd_source_read(next, 0, b, MARK, diag) == KMD_OK && is_zero(a, MARK) &&
	       is_zero(b, MARK);
}

/* All bytes differ little: a fill, or a table of small numbers. */
static bool is_plain(const unsigned char *page)
{
	bool seen[256] = { false };
	size_t kinds = 0;

	for (size_t i = 0; i < PAGE; i++) {
		kinds += !seen[page[i]];
		seen[page[i]] = true;
	}
	return kinds < PAGE_KINDS;
}

/*
 * Two images of the RAM of one kind of machine have the same code at the same place; two halves
 * of one image have not.
 */
static bool share_pages(const struct kmd_source *first, const struct kmd_source *next,
			struct kmd_diag *diag)
{
	uint64_t size = kmd_min_u64(first->size, next->size);
	uint64_t step = kmd_max_u64(PAGE, kmd_align_down(size / PAGES_COMPARED, PAGE));
	unsigned char a[PAGE], b[PAGE];

	for (uint64_t at = 0; size - at >= PAGE; at += kmd_min_u64(step, size - at)) {
		if (kmd_source_read(first, at, a, PAGE, diag) != KMD_OK ||
		    kmd_source_read(next, at, b, PAGE, diag) != KMD_OK)
			return false;
		if (!memcmp(a, b, PAGE) && !is_plain(a))
			return true;
	}
	return false;
}

/*
 * True if the second file is a dump of its own.  Files that begin with zeroes show it by pages that
 * they share.  Without any, ".0" and ".1" of one size may be either: they are not joined then,
 * while names that only split(1) and its like give are.
 */
static bool is_other_dump(const struct kmd_source *first, const struct kmd_source *next,
			  const struct kmd_part_counter *counter, struct kmd_diag *diag,
			  enum kmd_status *status)
{
	if (same_mark(first, next, diag))
		return true;
	if (!both_begin_with_zero(first, next, diag))
		return false;
	if (first->size == next->size && share_pages(first, next, diag))
		return true;
	if (counter->width > 1 || next->size < first->size)
		return false;
	*status = kmd_report(diag, KMD_FIND_AMBIGUOUS, KMD_NOTE, kmd_in(first->name),
			     "%s has the same size and begins with zeroes too: it may be the "
			     "second part of this file, or a dump of its own, and is not used; "
			     "to join them, give the output of cat as -",
			     next->name);
	return true;
}

enum kmd_status kmd_part_add(struct kmd_diag *diag, struct kmd_parts *parts,
			     const struct kmd_part_counter *counter, struct kmd_source *next,
			     bool *added)
{
	bool sparse = parts->n && is_sparse(parts->items[0].source, diag);
	enum kmd_status status = KMD_OK;

	*added = false;
	if (parts->n >= PARTS_MAX || (parts->n && !sparse && !fits(parts->items, parts->n, next)))
		return KMD_OK;
	if (!sparse && parts->n == 1 &&
	    is_other_dump(parts->items[0].source, next, counter, diag, &status))
		return status;
	if (!KMD_ARRAY_RESERVE(parts->items, parts->n, parts->cap))
		return kmd_fail_memory(diag);
	parts->items[parts->n++] = (struct kmd_piece){ next, 0, next->size, false };
	*added = true;
	return KMD_OK;
}

/* split -x: "0a" follows "09".  What is there decides. */
static void find_hex(char *path, struct kmd_part_counter *counter)
{
	char *last = path + counter->at + counter->width - 1, was = *last;
	struct stat st;

	if (counter->letters || counter->width < 2)
		return;
	*last = 'a';
	counter->hex = !stat(path, &st) && S_ISREG(st.st_mode);
	*last = was;
}

/* Append the parts that follow the first. */
static enum kmd_status collect(struct kmd_diag *diag, char *path,
			       const struct kmd_part_counter *counter, struct kmd_parts *parts)
{
	enum kmd_status status = KMD_OK;
	bool added = true;

	while (status == KMD_OK && added && kmd_part_count_up(path, counter)) {
		struct kmd_source *next;

		status = kmd_part_open(diag, path, &next);
		if (status != KMD_OK || !next)
			break;
		status = kmd_part_add(diag, parts, counter, next, &added);
		if (!added)
			kmd_source_free(next);
	}
	return status;
}

enum kmd_status kmd_parts_use(struct kmd_diag *diag, const struct kmd_parts *parts,
			      const char *name, struct kmd_source **out)
{
	enum kmd_status status =
		kmd_report(diag, KMD_FIND_UNUSED, KMD_NOTE, kmd_in(parts->items[0].source->name),
			   "the first of %zu parts of a split file, which are joined", parts->n);

	return status == KMD_OK ? kmd_source_from_pieces(diag, parts->items, parts->n, name, out)
				: status;
}

enum kmd_status kmd_parts_join(struct kmd_diag *diag, const char *path, struct kmd_source **source)
{
	struct kmd_parts parts = { 0 };
	struct kmd_part_counter counter;
	enum kmd_status status;
	char *next;

	if (!kmd_part_counter(path, &counter))
		return KMD_OK;
	next = strdup(path);
	if (!next || !KMD_ARRAY_RESERVE(parts.items, parts.n, parts.cap)) {
		free(next);
		return kmd_fail_memory(diag);
	}
	parts.items[parts.n++] = (struct kmd_piece){ *source, 0, (*source)->size, false };
	find_hex(next, &counter);
	status = collect(diag, next, &counter, &parts);
	free(next);
	if (status == KMD_OK && parts.n > 1)
		status = kmd_parts_use(diag, &parts, path, source);
	if (status != KMD_OK)
		for (size_t i = 1; i < parts.n; i++)
			kmd_source_free(parts.items[i].source);
	free(parts.items);
	return status;
}
