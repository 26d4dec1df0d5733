/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * input.h - what the user handed over: one source, or a folder of them.
 *
 * Compression and packing end here: the stages to the right see plain bytes.
 */
#ifndef KMD_SOURCE_INPUT_H
#define KMD_SOURCE_INPUT_H

#include "source/source.h"

#include <sys/stat.h>

struct kmd_member {
	char *file_name; /* raw bytes of the name, without folder and .zst, .gz, ... */
	struct kmd_source *source;
	bool has_phys; /* the user gave the physical address of its first byte */
	uint64_t phys;
	dev_t device; /* of its own file, if several files were given */
	ino_t inode;
};

/* One unnamed temporary file for everything that is unpacked, one after another. */
struct kmd_scratch {
	bool is_open;
	int fd;
	uint64_t end;         /* where the next part begins */
	uint64_t limit, used; /* bytes, of all parts together */
};

struct kmd_input {
	char *name; /* as the user gave it, printable */
	bool folder;
	struct kmd_member *members; /* sorted by name; exactly one if not a folder */
	size_t n_members, cap_members;
	dev_t device; /* of the file or folder that was opened */
	ino_t inode;
	struct kmd_scratch scratch;
	bool member_used;         /* the option .member has chosen something */
	struct kmd_source **kept; /* archives that members are read in */
	size_t n_kept, cap_kept;
	bool has_folder_fd;
	int folder_fd; /* members are opened there */
};

#define KMD_RATIO_LIMIT 100000
#define KMD_DEPTH_LIMIT 8
#define KMD_FILES_LIMIT 65536

struct kmd_input_options {
	uint64_t unpack_limit; /* bytes, of all members together */
	/* As enum kmd_limit has them; 0 = the default. */
	uint64_t ratio_limit, depth_limit, files_limit;
	bool parts;         /* the name is a path: look for more parts of a split file */
	const char *member; /* file or folder inside an archive; NULL = the only one */
	kmd_progress_fn progress;
	void *progress_user;
};

/*
 * @path is a file or folder, "ARCHIVE:PATH", or a list of RAM images with their hexadecimal
 * addresses, "FILE@ADDR,FILE@ADDR".
 */
enum kmd_status kmd_input_from_path(struct kmd_diag *diag, const struct kmd_input_options *options,
				    const char *path, struct kmd_input *out);
/* @n of them, at least one: together they are what a folder with these files would be. */
enum kmd_status kmd_input_from_paths(struct kmd_diag *diag, const struct kmd_input_options *options,
				     const char *const *paths, size_t n, struct kmd_input *out);
/* Takes a duplicate of @fd. */
enum kmd_status kmd_input_from_fd(struct kmd_diag *diag, const struct kmd_input_options *options,
				  int fd, const char *name, struct kmd_input *out);
enum kmd_status kmd_input_from_memory(struct kmd_diag *diag,
				      const struct kmd_input_options *options, const void *data,
				      uint64_t size, const char *name, struct kmd_input *out);
/* Append a member.  @source becomes the input's, also on an error. */
enum kmd_status kmd_input_add(struct kmd_diag *diag, struct kmd_input *input, const char *file_name,
			      size_t length, struct kmd_source *source);
/* Keep @source, which becomes the input's also on an error, as long as the members. */
enum kmd_status kmd_input_keep(struct kmd_diag *diag, struct kmd_input *input,
			       struct kmd_source *source);
/* What people put beside a dump, by its name: a README, a log, checksums. */
bool kmd_is_document(const char *name);
/* Sort the members by name, when all are there: names without .zst sort differently. */
void kmd_input_sort(struct kmd_input *input);
/* True if @file is one of the files that the input was opened from. */
bool kmd_input_holds(const struct kmd_input *input, const struct stat *file);
void kmd_input_deinit(struct kmd_input *input);

#endif
