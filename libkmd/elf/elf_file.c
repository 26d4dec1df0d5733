/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "elf/elf_file.h"

#include "base/checked.h"
#include "source/packing/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_SIZE     0x210
#define LINK_NAME_MAX 4096
#define UNPACK_LIMIT  (64ull << 30)

enum kmd_status kmd_elf_file_unusable(struct kmd_diag *diag, const char *name, const char *what)
{
	return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(name), "not a usable vmlinux: %s", what);
}

/* The build-id note among the notes of @data. */
static void read_build_id(Elf_Data *data, char text[KMD_BUILD_ID_TEXT])
{
	size_t at = 0, name_at, desc_at;
	GElf_Nhdr note;

	while (!text[0] && (at = gelf_getnote(data, at, &note, &name_at, &desc_at)) > 0) {
		const unsigned char *bytes = (const unsigned char *)data->d_buf;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp(bytes + name_at, "GNU", 4) != 0 ||
		    note.n_descsz >= KMD_BUILD_ID_TEXT / 2)
			continue;
		for (size_t i = 0; i < note.n_descsz; i++)
			snprintf(text + 2 * i, 3, "%02x", bytes[desc_at + i]);
	}
}

/* A file name, its terminator, padding to 4, and the CRC in the file's byte order. */
static bool read_debug_link(Elf_Data *data, struct kmd_elf_file *file)
{
	const unsigned char *bytes = data->d_buf, *crc;
	size_t length = data->d_size ? strnlen(data->d_buf, data->d_size) : 0;
	uint64_t crc_at = kmd_align_up(length + 1, 4);

	if (!length || length > LINK_NAME_MAX || file->debug_link ||
	    !kmd_inside(crc_at, 4, data->d_size) || memchr(bytes, '/', length))
		return true;
	crc = bytes + crc_at;
	for (int i = 0; i < 4; i++)
		file->debug_crc |=
			(uint32_t)crc[file->header.e_ident[EI_DATA] == ELFDATA2MSB ? 3 - i : i]
			<< 8 * i;
	file->debug_link = strndup(data->d_buf, length);
	return file->debug_link;
}

/* The linker's own sections may lie past the end of a truncated file. */
static bool is_whole(const struct kmd_elf_file *file, const GElf_Shdr *shdr)
{
	return shdr->sh_type == SHT_NOBITS || shdr->sh_type == SHT_NULL ||
	       kmd_inside(shdr->sh_offset, shdr->sh_size, file->source->size);
}

static enum kmd_status learn_section(struct kmd_elf_file *file, Elf_Scn *scn, const GElf_Shdr *shdr,
				     const char *name, struct kmd_diag *diag)
{
	Elf_Data *data;

	if (shdr->sh_type == SHT_NOBITS || !shdr->sh_size)
		return KMD_OK;
	if (shdr->sh_type == SHT_SYMTAB)
		file->parts |= KMD_ELF_SYMBOLS;
	else if ((shdr->sh_flags & (SHF_ALLOC | SHF_EXECINSTR)) == (SHF_ALLOC | SHF_EXECINSTR))
		file->parts |= KMD_ELF_CONTENT;
	else if (!strcmp(name, ".debug_info") || !strcmp(name, ".zdebug_info"))
		file->parts |= KMD_ELF_DWARF;
	else if (shdr->sh_type == SHT_NOTE && (data = elf_getdata(scn, NULL)))
		read_build_id(data, file->build_id);
	else if (!strcmp(name, ".gnu_debuglink") && (data = elf_getdata(scn, NULL)) &&
		 !read_debug_link(data, file))
		return kmd_fail_memory(diag);
	return KMD_OK;
}

static enum kmd_status learn_sections(struct kmd_elf_file *file, struct kmd_diag *diag)
{
	const char *path = file->source->name;
	enum kmd_status status = KMD_OK;
	Elf_Scn *scn = NULL;
	size_t names, n;

	if (file->header.e_shoff && file->header.e_shoff >= file->source->size)
		return kmd_elf_file_unusable(diag, path,
					     "the file is truncated: its section table is missing");
	if (elf_getshdrnum(file->elf, &n) || elf_getshdrstrndx(file->elf, &names) || n < 2)
		return kmd_elf_file_unusable(diag, path, "it has no sections");
	while (status == KMD_OK && (scn = elf_nextscn(file->elf, scn))) {
		const char *name;
		GElf_Shdr shdr;

		if (!gelf_getshdr(scn, &shdr))
			return kmd_elf_file_unusable(diag, path, "its section table is damaged");
		if (!is_whole(file, &shdr))
			return kmd_elf_file_unusable(
				diag, path,
				"it is truncated or damaged: a section lies past its end");
		name = elf_strptr(file->elf, names, shdr.sh_name);
		status = learn_section(file, scn, &shdr, name ? name : "", diag);
	}
	return status;
}

static const char *wrong_type(uint16_t type)
{
	switch (type) {
	case ET_EXEC:
	case ET_DYN:
		return NULL;
	case ET_REL:
		return "this is a kernel module or an object file";
	case ET_CORE:
		return "this is a core dump; the kernel's own ELF file is needed";
	default:
		return "it is no executable";
	}
}

static enum kmd_status read_elf(struct kmd_elf_file *file, struct kmd_diag *diag)
{
	const char *path = file->source->name, *wrong;

	elf_version(EV_CURRENT);
	/* Read, not mapped: a file that shrinks must become an error, not a signal. */
	file->elf = elf_begin(file->source->fd, ELF_C_READ, NULL);
	if (!file->elf)
		return kmd_elf_file_unusable(diag, path, elf_errmsg(-1));
	if (elf_kind(file->elf) != ELF_K_ELF || !gelf_getehdr(file->elf, &file->header))
		return kmd_elf_file_unusable(diag, path, "it is no ELF file");
	wrong = wrong_type(file->header.e_type);
	if (wrong)
		return kmd_elf_file_unusable(diag, path, wrong);
	return learn_sections(file, diag);
}

/* Sources take a descriptor, and libelf shares it. */
static enum kmd_status open_source(const char *path, struct kmd_diag *diag,
				   struct kmd_source **source)
{
	/* O_NONBLOCK: a FIFO must not make us wait. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum kmd_status status;
	struct stat st;

	if (fd < 0)
		return kmd_fail_errno(diag, kmd_in(path), "cannot open", errno);
	if (fstat(fd, &st))
		status = kmd_fail_errno(diag, kmd_in(path), "cannot read its kind and size", errno);
	else if (!S_ISREG(st.st_mode))
		status = kmd_elf_file_unusable(diag, path, "it is not a regular file");
	else
		status = kmd_source_from_fd(diag, fd, path, source);
	if (status != KMD_OK)
		close(fd);
	return status;
}

static bool is_packed(const struct kmd_source *source, struct kmd_diag *diag)
{
	enum kmd_packing packing = kmd_unpack_kind(source, diag);

	return kmd_unpack_is_filter(packing);
}

/*
 * Replace *@source by what it unpacks to.  A damaged stream leaves a finding and a file that
 * ends early, which is refused for the sections that it lacks.
 */
static enum kmd_status unpack(const struct kmd_vmlinux_options *options, struct kmd_diag *diag,
			      struct kmd_source **source)
{
	uint64_t limit = options->unpack_limit ? options->unpack_limit : UNPACK_LIMIT;
	struct kmd_input_options input = { .unpack_limit = limit };
	struct kmd_scratch scratch = { .limit = limit };
	enum kmd_status status = kmd_unpack_filter(diag, &input, &scratch, source);
	struct kmd_source *whole;

	/* libelf reads a descriptor; the scratch file has nothing else in it. */
	if (status == KMD_OK)
		status = kmd_source_from_fd(diag, scratch.fd, (*source)->name, &whole);
	if (status != KMD_OK) {
		kmd_scratch_close(&scratch);
		return status;
	}
	kmd_source_free(*source);
	*source = whole;
	return KMD_OK;
}

static enum kmd_status read_head(const struct kmd_source *source, struct kmd_diag *diag,
				 unsigned char head[HEAD_SIZE], size_t *size)
{
	*size = (size_t)kmd_min_u64(HEAD_SIZE, source->size);
	return kmd_source_read(source, 0, head, *size, diag);
}

/* Unpack it if it is compressed; report what it is if it is not an ELF file. */
static enum kmd_status check_head(const struct kmd_vmlinux_options *options, struct kmd_diag *diag,
				  struct kmd_source **source)
{
	unsigned char head[HEAD_SIZE];
	enum kmd_status status;
	const char *what;
	size_t size;

	status = read_head(*source, diag, head, &size);
	if (status == KMD_OK && is_packed(*source, diag)) {
		status = unpack(options, diag, source);
		if (status == KMD_OK)
			status = read_head(*source, diag, head, &size);
	}
	if (status != KMD_OK || (size >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG)))
		return status;
	what = size ? kmd_elf_file_foreign(head, size) : "it is empty";
	return kmd_elf_file_unusable(diag, (*source)->name, what ? what : "it is no ELF file");
}

enum kmd_status kmd_elf_file_open(const char *path, const struct kmd_vmlinux_options *options,
				  struct kmd_diag *diag, struct kmd_elf_file *file)
{
	enum kmd_status status;

	memset(file, 0, sizeof(*file));
	status = open_source(path, diag, &file->source);
	if (status == KMD_OK)
		status = check_head(options, diag, &file->source);
	if (status == KMD_OK)
		status = read_elf(file, diag);
	if (status != KMD_OK)
		kmd_elf_file_deinit(file);
	return status;
}

void kmd_elf_file_deinit(struct kmd_elf_file *file)
{
	elf_end(file->elf);
	kmd_source_free(file->source);
	free(file->debug_link);
	memset(file, 0, sizeof(*file));
}
