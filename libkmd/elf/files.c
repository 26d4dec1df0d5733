/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "elf/files.h"

#include "elf/debuginfod.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEBUG_ROOT "/usr/lib/debug"
#define CRC_BLOCK  65536

const struct kmd_elf_file *kmd_elf_files_with(const struct kmd_elf_files *files,
					      enum kmd_elf_part part)
{
	for (size_t i = 0; i < files->n; i++)
		if (files->items[i].parts & part)
			return &files->items[i];
	return NULL;
}

static bool lacks(const struct kmd_elf_files *files, unsigned int parts)
{
	for (size_t i = 0; i < files->n; i++)
		parts &= ~files->items[i].parts;
	return parts;
}

/* ------------------------------------------------------------- does it fit */

static uint32_t crc_of(const unsigned char *bytes, size_t size, uint32_t crc)
{
	/* Of the four low bits; reflected polynomial 0xedb88320. */
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

static bool has_crc(const struct kmd_source *source, uint32_t wanted, struct kmd_diag *diag)
{
	unsigned char bytes[CRC_BLOCK];
	uint32_t crc = UINT32_MAX;

	for (uint64_t at = 0; at < source->size; at += sizeof(bytes)) {
		uint64_t left = source->size - at;
		size_t size = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);

		if (kmd_source_read(source, at, bytes, size, diag) != KMD_OK)
			return false;
		crc = crc_of(bytes, size, crc);
	}
	return (crc ^ UINT32_MAX) == wanted;
}

/* A build-id decides; without one on both sides the CRC of a debug link does. */
static bool belongs(const struct kmd_elf_file *given, const struct kmd_elf_file *file, bool linked,
		    struct kmd_diag *diag)
{
	if (given->header.e_machine != file->header.e_machine ||
	    given->header.e_ident[EI_CLASS] != file->header.e_ident[EI_CLASS] ||
	    given->header.e_ident[EI_DATA] != file->header.e_ident[EI_DATA])
		return false;
	if (given->build_id[0] && file->build_id[0])
		return !strcmp(given->build_id, file->build_id);
	return linked && has_crc(file->source, given->debug_crc, diag);
}

/* ------------------------------------------------------------------ search */

struct search {
	struct kmd_elf_files *files;
	const struct kmd_vmlinux_options *options;
	struct kmd_diag *diag;
	const char *root;
};

/* Take the file if it fits and has any of @parts that is still lacking. */
static void try_file(const struct search *search, const char *path, unsigned int parts, bool linked)
{
	struct kmd_elf_files *files = search->files;
	struct kmd_elf_file *file = &files->items[files->n];
	struct kmd_diag ignored;

	if (!lacks(files, parts) || files->n == KMD_ELF_FILES_MAX)
		return;
	kmd_diag_init(&ignored);
	if (kmd_elf_file_open(path, search->options, &ignored, file) == KMD_OK) {
		if (lacks(files, parts & file->parts) &&
		    belongs(&files->items[0], file, linked, &ignored))
			files->n++;
		else
			kmd_elf_file_deinit(file);
	}
	kmd_diag_deinit(&ignored);
}

static enum kmd_status try_printed(const struct search *search, unsigned int parts, bool linked,
				   const char *format, ...) __attribute__((format(printf, 4, 5)));

static enum kmd_status try_printed(const struct search *search, unsigned int parts, bool linked,
				   const char *format, ...)
{
	va_list args;
	char *path;
	int length;

	va_start(args, format);
	length = vasprintf(&path, format, args);
	va_end(args);
	if (length < 0)
		return kmd_fail_memory(search->diag);
	try_file(search, path, parts, linked);
	free(path);
	return KMD_OK;
}

#define DEBUG_PARTS (KMD_ELF_SYMBOLS | KMD_ELF_DWARF)

static enum kmd_status by_build_id(const struct search *search)
{
	const char *id = search->files->items[0].build_id;
	enum kmd_status status;

	if (strlen(id) < 4)
		return KMD_OK;
	status = try_printed(search, DEBUG_PARTS, false, "%s/.build-id/%.2s/%s.debug", search->root,
			     id, id + 2);
	if (status == KMD_OK)
		status = try_printed(search, KMD_ELF_ALL, false, "%s/.build-id/%.2s/%s",
				     search->root, id, id + 2);
	return status;
}

static enum kmd_status by_link(const struct search *search, const char *path)
{
	const char *name = search->files->items[0].debug_link;
	enum kmd_status status = KMD_OK;
	char *folder;

	if (!name || !lacks(search->files, DEBUG_PARTS))
		return KMD_OK;
	folder = realpath(path, NULL);
	if (!folder)
		return KMD_OK;
	/* An absolute path has a slash. */
	*strrchr(folder, '/') = '\0';
	status = try_printed(search, DEBUG_PARTS, true, "%s/%s", folder, name);
	if (status == KMD_OK)
		status = try_printed(search, DEBUG_PARTS, true, "%s/.debug/%s", folder, name);
	if (status == KMD_OK)
		status = try_printed(search, DEBUG_PARTS, true, "%s%s/%s", search->root, folder,
				     name);
	free(folder);
	return status;
}

static enum kmd_status ask_servers(const struct search *search, enum kmd_debuginfod_kind kind,
				   unsigned int parts)
{
	const char *id = search->files->items[0].build_id;
	enum kmd_status status;
	char *path;

	if (!search->options->debuginfod || !id[0] || !lacks(search->files, parts))
		return KMD_OK;
	status = kmd_debuginfod_find(id, kind, search->diag, &path);
	if (path)
		try_file(search, path, parts, false);
	free(path);
	return status;
}

static enum kmd_status complete(const struct search *search, const char *path)
{
	enum kmd_status status = KMD_OK;

	if (lacks(search->files, KMD_ELF_ALL))
		status = by_build_id(search);
	if (status == KMD_OK)
		status = by_link(search, path);
	if (status == KMD_OK)
		status = ask_servers(search, KMD_DEBUGINFOD_DEBUG, DEBUG_PARTS);
	if (status == KMD_OK)
		status = ask_servers(search, KMD_DEBUGINFOD_EXECUTABLE, KMD_ELF_CONTENT);
	return status;
}

enum kmd_status kmd_elf_files_open(const char *path, const struct kmd_vmlinux_options *options,
				   struct kmd_diag *diag, struct kmd_elf_files *files)
{
	const char *root = options->debug_root ? options->debug_root : DEBUG_ROOT;
	struct search search = { files, options, diag, root };
	enum kmd_status status = kmd_elf_file_open(path, options, diag, &files->items[0]);

	if (status != KMD_OK)
		return status;
	files->n = 1;
	return complete(&search, path);
}

void kmd_elf_files_drop_buffers(struct kmd_elf_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		elf_end(files->items[i].elf);
		files->items[i].elf = NULL;
	}
}

void kmd_elf_files_deinit(struct kmd_elf_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		kmd_elf_file_deinit(&files->items[i]);
	kmd_content_deinit(&files->content);
}
