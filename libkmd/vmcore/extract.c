/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The folder appears whole or not at all: it is made under a temporary name beside the target. */
#include "vmcore/extract.h"

#include "base/checked.h"
#include "base/text.h"
#include "vmcore/new_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK           (256u << 10)
/* File systems take 255 bytes. */
#define NAME_MAX_LENGTH 200

struct file {
	const struct kmd_region_entry *row; /* NULL = one of the two tables */
	char *name;
};

struct extract {
	const struct kmd_write_options *options;
	struct kmd_diag *diag;
	const char *folder; /* for messages */
	char *temporary;    /* NULL = not made yet, or renamed */
	int fd;             /* of the temporary folder */
	struct file *files;
	size_t n;
	uint64_t done, total;
	unsigned char *buffer;
};

static enum kmd_status fail(const struct extract *extract, const char *name, int error)
{
	char place[512];

	snprintf(place, sizeof(place), "%s%s%s", extract->folder, name ? "/" : "",
		 name ? name : "");
	return kmd_fail_errno(extract->diag, kmd_in(place), "cannot write", error);
}

/* ----- which files, and their names */

static bool is_table(const char *name)
{
	return kmd_text_has_suffix(name, ".cmm") ||
	       (kmd_text_has_prefix(name, "dump_info") && kmd_text_has_suffix(name, ".txt"));
}

static bool is_wanted(const struct kmd_region_entry *row, const char *globs)
{
	if (!row->has_bytes || !row->pub.captured ||
	    (globs && !kmd_globs_match(globs, row->pub.name)))
		return false;
	switch (row->pub.state) {
	case KMD_REGION_INVALID:
	case KMD_REGION_CONFLICT:
	case KMD_REGION_EXCLUDED:
		return false;
	default:
		return !is_table(row->pub.name);
	}
}

static bool is_safe(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("._-#", c));
}

static char *file_name(const struct kmd_region_entry *row)
{
	/* A file that is no region's must not look like one. */
	bool region = row->pub.state != KMD_REGION_AUXILIARY;
	char *name;

	if (asprintf(&name, "%s%.*s%s", region ? "md_" : "", NAME_MAX_LENGTH,
		     *row->pub.name ? row->pub.name : "unnamed", region ? ".BIN" : "") < 0)
		return NULL;
	for (char *at = name; *at; at++)
		if (!is_safe(*at) || (at == name && *at == '.'))
			*at = '_';
	return name;
}

static int by_name(const void *a, const void *b)
{
	const struct file *x = a, *y = b;
	int order = kmd_text_casecmp(x->name, y->name);

	return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* Give files of one name (case-blind, as on the hosts that get them) numbers. */
static bool number_names(struct file *files, size_t n)
{
	bool again = true;

	/* A number can make a name that is there already: another round. */
	for (unsigned int round = 0; again && round < 100; round++) {
		size_t first = 0;

		again = false;
		qsort(files, n, sizeof(*files), by_name);
		for (size_t i = 1; i < n; i++) {
			char *name;

			if (kmd_text_casecmp(files[i].name, files[first].name) != 0) {
				first = i;
				continue;
			}
			if (asprintf(&name, "md_%zu_%u_%s", i - first, round,
				     files[i].name + 3 * !strncmp(files[i].name, "md_", 3)) < 0)
				return false;
			free(files[i].name);
			files[i].name = name;
			again = true;
		}
	}
	return true;
}

static enum kmd_status choose(struct extract *extract, const struct kmd_regions *regions,
			      const char *globs)
{
	extract->files = calloc(regions->n + 1, sizeof(*extract->files));
	if (!extract->files)
		return kmd_fail_memory(extract->diag);
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region_entry *row = &regions->rows[i];
		char *name;

		if (!is_wanted(row, globs))
			continue;
		name = file_name(row);
		if (!name)
			return kmd_fail_memory(extract->diag);
		extract->files[extract->n++] = (struct file){ row, name };
		extract->total += row->pub.captured;
	}
	if (!extract->n)
		return kmd_fail(extract->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL),
				"no region with bytes is selected");
	return number_names(extract->files, extract->n) ? KMD_OK : kmd_fail_memory(extract->diag);
}

/* ----- writing */

static enum kmd_status write_all(struct extract *extract, int fd, const char *name,
				 const unsigned char *bytes, size_t length)
{
	while (length) {
		ssize_t done = write(fd, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return fail(extract, name, done ? errno : EIO);
		bytes += done;
		length -= (size_t)done;
	}
	return KMD_OK;
}

static enum kmd_status copy_region(struct extract *extract, const struct file *file, int fd)
{
	const struct kmd_region_entry *row = file->row;
	const struct kmd_write_options *options = extract->options;
	enum kmd_status status = KMD_OK;

	for (uint64_t at = 0; status == KMD_OK && at < row->pub.captured;) {
		size_t part = (size_t)kmd_min_u64(BLOCK, row->pub.captured - at);

		status = kmd_source_read(row->source, row->offset + at, extract->buffer, part,
					 extract->diag);
		if (status == KMD_OK)
			status = write_all(extract, fd, file->name, extract->buffer, part);
		at += part;
		extract->done += part;
		if (status == KMD_OK && options->progress &&
		    options->progress(options->progress_user, KMD_PHASE_WRITE, extract->done,
				      extract->total))
			status = kmd_fail(extract->diag, KMD_ERR_CANCELED, kmd_in(extract->folder),
					  "canceled");
	}
	return status;
}

/* "1 0x80000000 4096 NAME md_NAME.BIN" */
static void print_info(struct kmd_text *out, const struct file *file)
{
	kmd_text_add(out, "1 0x%016" PRIx64 " %" PRIu64 " %s %s\r\n", file->row->pub.phys,
		     file->row->pub.size, file->name, file->name);
}

static void print_cmm(struct kmd_text *out, const struct file *file)
{
	kmd_text_add(out, "d.load.binary %s 0x%" PRIx64 " /noclear\r\n", file->name,
		     file->row->pub.phys);
}

static enum kmd_status write_table(struct extract *extract, int fd, const char *name,
				   void (*print)(struct kmd_text *out, const struct file *file))
{
	struct kmd_text text = { 0 };
	enum kmd_status status;

	for (size_t i = 0; i < extract->n; i++)
		if (extract->files[i].row->pub.has_phys)
			print(&text, &extract->files[i]);
	status = text.failed ? kmd_fail_memory(extract->diag)
			     : write_all(extract, fd, name, (unsigned char *)text.at, text.length);
	free(text.at);
	return status;
}

/* A region's file, or with @print a table. */
static enum kmd_status write_file(struct extract *extract, const struct file *file,
				  void (*print)(struct kmd_text *out, const struct file *file))
{
	int fd = openat(extract->fd, file->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum kmd_status status;

	if (fd < 0)
		return fail(extract, file->name, errno);
	status = print ? write_table(extract, fd, file->name, print)
		       : copy_region(extract, file, fd);
	if (status == KMD_OK && fsync(fd) < 0)
		status = fail(extract, file->name, errno);
	if (close(fd) < 0 && status == KMD_OK)
		status = fail(extract, file->name, errno);
	return status;
}

static const struct file dump_info = { NULL, (char *)"dump_info.txt" },
			 load_cmm = { NULL, (char *)"load.cmm" };

static enum kmd_status write_files(struct extract *extract)
{
	enum kmd_status status = KMD_OK;

	extract->buffer = malloc(BLOCK);
	if (!extract->buffer)
		return kmd_fail_memory(extract->diag);
	for (size_t i = 0; status == KMD_OK && i < extract->n; i++)
		status = write_file(extract, &extract->files[i], NULL);
	if (status == KMD_OK)
		status = write_file(extract, &dump_info, print_info);
	if (status == KMD_OK)
		status = write_file(extract, &load_cmm, print_cmm);
	return status;
}

/* ----- the folder */

/* Into a folder that holds other files. */
static enum kmd_status move_files(struct extract *extract)
{
	int to = open(extract->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum kmd_status status = to < 0 ? fail(extract, NULL, errno) : KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < extract->n + 2; i++) {
		const struct file *file = i < extract->n    ? &extract->files[i]
					  : i == extract->n ? &dump_info
							    : &load_cmm;

		if (renameat(extract->fd, file->name, to, file->name) < 0)
			status = fail(extract, file->name, errno);
	}
	if (to >= 0)
		close(to);
	return status;
}

/* rename() replaces an empty folder, and no other. */
static enum kmd_status publish(struct extract *extract, bool overwrite)
{
	if (!rename(extract->temporary, extract->folder)) {
		free(extract->temporary);
		extract->temporary = NULL;
		return KMD_OK;
	}
	if (errno != ENOTEMPTY && errno != EEXIST)
		return fail(extract, NULL, errno);
	if (!overwrite)
		return kmd_fail(extract->diag, KMD_ERR_EXISTS, kmd_in(extract->folder),
				"the folder is not empty; --force replaces files in it");
	return move_files(extract);
}

/* What could not be published is taken away again. */
static void extract_deinit(struct extract *extract)
{
	for (size_t i = 0; i < extract->n; i++) {
		if (extract->temporary && extract->fd >= 0)
			unlinkat(extract->fd, extract->files[i].name, 0);
		free(extract->files[i].name);
	}
	if (extract->temporary) {
		if (extract->fd >= 0) {
			unlinkat(extract->fd, dump_info.name, 0);
			unlinkat(extract->fd, load_cmm.name, 0);
		}
		rmdir(extract->temporary);
	}
	if (extract->fd >= 0)
		close(extract->fd);
	free(extract->temporary);
	free(extract->files);
	free(extract->buffer);
}

/* Checked early, before files are written that cannot be kept. */
static enum kmd_status check_folder(const struct extract *extract)
{
	struct stat st;

	if (lstat(extract->folder, &st) < 0)
		return KMD_OK;
	if (!S_ISDIR(st.st_mode))
		return kmd_fail(extract->diag, KMD_ERR_EXISTS, kmd_in(extract->folder),
				"it exists and is not a folder");
	return KMD_OK;
}

enum kmd_status kmd_extract(const struct kmd_regions *regions, const char *globs,
			    const struct kmd_write_options *options, const char *folder,
			    bool overwrite, struct kmd_diag *diag)
{
	struct extract extract = { .options = options, .diag = diag, .folder = folder, .fd = -1 };
	enum kmd_status status = check_folder(&extract);

	if (status == KMD_OK)
		status = choose(&extract, regions, globs);
	if (status == KMD_OK)
		status = kmd_new_folder_make(extract.folder, &extract.temporary, &extract.fd,
					     extract.diag);
	if (status == KMD_OK)
		status = write_files(&extract);
	if (status == KMD_OK)
		status = publish(&extract, overwrite);
	extract_deinit(&extract);
	return status;
}
