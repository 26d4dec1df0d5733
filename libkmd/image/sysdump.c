/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sysdump.c - the files that Unisoc's boot firmware writes after a crash: all of RAM.
 *
 * sysdump.core.00 is the header of an ELF core; the others are its segments in turn, whole
 * (sysdump.core.01) or in files of 8 MiB (sysdump.core.01_000).  Newer firmware adds the address,
 * and older the last one and "_dump.lst".  An address in the name wins; without one
 * the header's program headers have it.  So a file that is lost leaves a hole and moves no other,
 * which cat of all files would do.  Source: sysdump.c in Unisoc's (Spreadtrum's) U-Boot.
 */
#include "image/image.h"

#include "base/checked.h"
#include "base/text.h"
#include "source/cursor.h"

#include <ctype.h>
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX     "sysdump.core."
#define CHUNK      (UINT64_C(8) << 20)
#define NUMBER_MAX 9999

struct part {
	uint64_t number, chunk;
	uint64_t phys, last; /* of the name, where it has them */
	bool has_phys, has_last;
};

static bool take_number(const char **at, unsigned int base, uint64_t *value)
{
	size_t length = 0;

	while (base == 16 ? isxdigit((unsigned char)(*at)[length])
			  : isdigit((unsigned char)(*at)[length]))
		length++;
	if (!length || !kmd_text_u64(*at, length, base, value))
		return false;
	*at += length;
	return true;
}

static bool take(const char **at, const char *word)
{
	if (strncasecmp(*at, word, strlen(word)) != 0)
		return false;
	*at += strlen(word);
	return true;
}

static bool parse(const char *name, struct part *part)
{
	const char *before;

	memset(part, 0, sizeof(*part));
	if (!take(&name, PREFIX) || !take_number(&name, 10, &part->number) ||
	    part->number > NUMBER_MAX)
		return false;
	before = name;
	if (!take(&name, "_0x")) {
		if (!take(&name, "_") || !take_number(&name, 10, &part->chunk))
			name = before;
		before = name;
		if (!take(&name, "_0x"))
			return !*name || *name == '_' || *name == '.';
	}
	part->has_phys = take_number(&name, 16, &part->phys);
	before = name;
	if (part->has_phys && take(&name, "-0x"))
		part->has_last = take_number(&name, 16, &part->last);
	return part->has_phys && (!*name || *name == '_' || *name == '.');
}

/* ----- the header */

static const struct kmd_source *find_header(const struct kmd_input *input)
{
	struct part part;

	for (size_t i = 0; i < input->n_members; i++)
		if (parse(input->members[i].file_name, &part) && !part.number && !part.has_phys)
			return input->members[i].source;
	return NULL;
}

static bool open_header(const struct kmd_source *source, struct kmd_diag *diag,
			struct kmd_cursor *cursor, bool *elf64)
{
	unsigned char ident[EI_NIDENT];

	if (!source)
		return false;
	kmd_cursor_init(cursor, source, 0, source->size, diag);
	if (!kmd_cursor_is(cursor, 0, ELFMAG, SELFMAG) ||
	    !kmd_cursor_has(cursor, 0, sizeof(Elf32_Ehdr)) ||
	    !kmd_cursor_bytes(cursor, 0, ident, sizeof(ident)))
		return false;
	cursor->big_endian = ident[EI_DATA] == ELFDATA2MSB;
	*elf64 = ident[EI_CLASS] == ELFCLASS64;
	return kmd_cursor_u16(cursor, EI_NIDENT) == ET_CORE;
}

struct load {
	uint64_t phys, size, offset;
};

static bool read_load(struct kmd_cursor *cursor, bool elf64, uint64_t at, struct load *load)
{
	if (!kmd_cursor_has(cursor, at, elf64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) ||
	    kmd_cursor_u32(cursor, at) != PT_LOAD)
		return false;
	if (elf64) {
		load->phys = kmd_cursor_u64(cursor, at + offsetof(Elf64_Phdr, p_paddr));
		load->size = kmd_cursor_u64(cursor, at + offsetof(Elf64_Phdr, p_filesz));
		load->offset = kmd_cursor_u64(cursor, at + offsetof(Elf64_Phdr, p_offset));
	} else {
		load->phys = kmd_cursor_u32(cursor, at + offsetof(Elf32_Phdr, p_paddr));
		load->size = kmd_cursor_u32(cursor, at + offsetof(Elf32_Phdr, p_filesz));
		load->offset = kmd_cursor_u32(cursor, at + offsetof(Elf32_Phdr, p_offset));
	}
	return true;
}

/* The segment of file @number, from 1. */
static bool find_load(const struct kmd_source *header, uint64_t number, struct kmd_diag *diag,
		      struct load *load)
{
	struct kmd_cursor cursor;
	uint64_t at, entry;
	uint16_t n;
	bool elf64;

	if (!number || !open_header(header, diag, &cursor, &elf64))
		return false;
	entry = elf64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	at = elf64 ? kmd_cursor_u64(&cursor, offsetof(Elf64_Ehdr, e_phoff))
		   : kmd_cursor_u32(&cursor, offsetof(Elf32_Ehdr, e_phoff));
	n = kmd_cursor_u16(&cursor,
			   elf64 ? offsetof(Elf64_Ehdr, e_phnum) : offsetof(Elf32_Ehdr, e_phnum));
	for (uint16_t i = 0; i < n && at < header->size; i++, at += entry)
		if (read_load(&cursor, elf64, at, load) && !--number)
			return true;
	return false;
}

/* The number of segments, and where the first of them would lie in a file that has all. */
static uint64_t count_loads(const struct kmd_source *header, struct kmd_diag *diag, uint64_t *first)
{
	struct kmd_cursor cursor;
	struct load load;
	uint64_t n = 0;
	bool elf64;

	*first = 0;
	if (!open_header(header, diag, &cursor, &elf64))
		return 0;
	while (n < NUMBER_MAX && find_load(header, n + 1, diag, &load)) {
		if (!n++)
			*first = load.offset;
	}
	return n;
}

/* ----- the files */

/* A header whose segments are in other files. */
static bool is_header_alone(const struct kmd_input *input, struct kmd_diag *diag)
{
	const struct kmd_source *header = find_header(input);
	uint64_t first;

	return header && count_loads(header, diag, &first) && header->size <= first;
}

static bool probe(const struct kmd_input *input, const struct kmd_image_options *options,
		  struct kmd_diag *diag)
{
	struct kmd_cursor cursor;
	struct part part;
	bool elf64, header;

	if (!input->folder && (options->has_ram_base || input->n_members != 1))
		return false;
	header = open_header(find_header(input), diag, &cursor, &elf64);
	for (size_t i = 0; i < input->n_members; i++)
		if (parse(input->members[i].file_name, &part) &&
		    (part.has_phys || (header && part.number)))
			return true;
	return is_header_alone(input, diag);
}

static enum kmd_status fail_alone(const struct kmd_input *input, struct kmd_diag *diag)
{
	uint64_t first, n = count_loads(find_header(input), diag, &first);

	return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(input->name),
			"only the header of a Unisoc sysdump, which has %" PRIu64
			" areas of memory in files beside it: give the folder or archive that "
			"holds all, " PREFIX "01 to " PREFIX "%02" PRIu64
			" (each perhaps in parts _000, _001, ...)",
			n, n);
}

static enum kmd_status fail_name(const struct kmd_source *source, struct kmd_diag *diag)
{
	return kmd_report(diag, KMD_FIND_NO_ADDRESS, KMD_DAMAGE, kmd_in(source->name),
			  "neither the name nor the header of this set (sysdump.core.00) shows the "
			  "address of these 0x%" PRIx64 " bytes: they are not used",
			  source->size);
}

static enum kmd_status check_size(const struct kmd_source *source, uint64_t expected,
				  struct kmd_diag *diag)
{
	if (source->size == expected)
		return KMD_OK;
	return kmd_report(diag, KMD_FIND_SHORT, KMD_DAMAGE, kmd_in(source->name),
			  "has 0x%" PRIx64 " bytes, but should have 0x%" PRIx64, source->size,
			  expected);
}

static enum kmd_status add_part(struct kmd_image *image, const struct kmd_member *member,
				const struct kmd_source *header, struct part *part,
				struct kmd_diag *diag)
{
	const struct kmd_source *source = member->source;
	struct load load = { 0 };
	enum kmd_status status = KMD_OK;

	if (!part->has_phys) {
		if (!find_load(header, part->number, diag, &load) ||
		    !kmd_inside(part->chunk * CHUNK, source->size, load.size) ||
		    !kmd_add_u64(load.phys, part->chunk * CHUNK, &part->phys))
			return fail_name(source, diag);
		status = check_size(source,
				    source->size == CHUNK || part->chunk
					    ? kmd_min_u64(CHUNK, load.size - part->chunk * CHUNK)
					    : load.size,
				    diag);
	} else if (part->has_last && part->last >= part->phys) {
		status = check_size(source, part->last - part->phys + 1, diag);
	}
	if (status != KMD_OK || !source->size)
		return status;
	return kmd_image_add_ram(image, member, part->phys, diag);
}

static bool has_parts(const struct kmd_input *input)
{
	struct part part;

	for (size_t i = 0; i < input->n_members; i++)
		if (parse(input->members[i].file_name, &part) && (part.number || part.has_phys))
			return true;
	return false;
}

static enum kmd_status read_image(const struct kmd_input *input,
				  const struct kmd_image_options *options, struct kmd_diag *diag,
				  struct kmd_image *image)
{
	const struct kmd_source *header = find_header(input);
	enum kmd_status status = KMD_OK;
	struct part part;

	(void)options;
	if (is_header_alone(input, diag) && !has_parts(input))
		return fail_alone(input, diag);
	for (size_t i = 0; i < input->n_members && status == KMD_OK; i++)
		if (input->members[i].source != header && parse(input->members[i].file_name, &part))
			status = add_part(image, &input->members[i], header, &part, diag);
	return status;
}

const struct kmd_image_format kmd_image_sysdump = {
	.form = "Unisoc sysdump",
	.probe = probe,
	.read = read_image,
};
