/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "mkdump.h"

#include <elf.h>
#include <string.h>

struct elf_sizes elf_sizes(const struct recipe *recipe)
{
	struct elf_sizes sizes = { 64, 56, 64, 8, 336, 136 };

	if (recipe->elf32)
		sizes = (struct elf_sizes){ 52, 32, 40, 4, 148, 124 };
	if (recipe->machine == EM_AARCH64)
		sizes.prstatus = 392;
	else if (recipe->machine == EM_RISCV)
		sizes.prstatus = 376;
	else if (recipe->machine == EM_PPC64)
		sizes.prstatus = 504;
	else if (recipe->machine == EM_386)
		sizes.prstatus = 144;
	return sizes;
}

void elf_header(struct recipe *recipe, struct bytes *out, const char *label, uint64_t segments,
		uint64_t segment_offset)
{
	const struct elf_sizes sizes = elf_sizes(recipe);
	unsigned char ident[EI_NIDENT] = { 0x7f, 'E', 'L', 'F' };
	const unsigned int word = sizes.word;
	uint64_t at = EI_NIDENT;

	ident[EI_CLASS] = recipe->elf32 ? ELFCLASS32 : ELFCLASS64;
	ident[EI_DATA] = recipe->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	ident[EI_VERSION] = EV_CURRENT;
	bytes_write(out, 0, ident, sizeof(ident));
	name_place(recipe, out, 0, "%s.ident", label);
	elf_field(recipe, out, at, 2, ET_CORE, "%s.type", label);
	elf_field(recipe, out, at + 2, 2, recipe->machine, "%s.machine", label);
	elf_field(recipe, out, at + 4, 4, EV_CURRENT, "%s.version", label);
	at += 8;
	elf_field(recipe, out, at, word, 0, "%s.entry", label);
	elf_field(recipe, out, at + word, word, segment_offset, "%s.phoff", label);
	elf_field(recipe, out, at + 2 * word, word, 0, "%s.shoff", label);
	at += 3 * word;
	elf_field(recipe, out, at, 4, 0, "%s.flags", label);
	elf_field(recipe, out, at + 4, 2, sizes.header, "%s.ehsize", label);
	elf_field(recipe, out, at + 6, 2, sizes.segment, "%s.phentsize", label);
	elf_field(recipe, out, at + 8, 2, segments, "%s.phnum", label);
	elf_field(recipe, out, at + 10, 2, 0, "%s.shentsize", label);
	elf_field(recipe, out, at + 12, 2, 0, "%s.shnum", label);
	elf_field(recipe, out, at + 14, 2, 0, "%s.shstrndx", label);
}

void elf_section_table(struct recipe *recipe, struct bytes *out, const char *label,
		       uint64_t sections, uint64_t offset)
{
	const struct elf_sizes sizes = elf_sizes(recipe);
	const uint64_t words = EI_NIDENT + 8;
	const uint64_t halves = words + 3 * sizes.word;

	elf_field(recipe, out, words + 2 * sizes.word, sizes.word, offset, "%s.shoff", label);
	bytes_number(out, halves + 10, sizes.section, 2, recipe->big_endian);
	bytes_number(out, halves + 12, sections, 2, recipe->big_endian);
	bytes_number(out, halves + 14, 1, 2, recipe->big_endian);
}

void elf_segment(struct recipe *recipe, struct bytes *out, uint64_t at,
		 const struct elf_segment *segment, const char *label, uint64_t index)
{
	const unsigned int word = elf_sizes(recipe).word;
	const unsigned long long i = index;
	const struct {
		const char *name;
		uint64_t value;
	} fields[] = {
		{ "offset", segment->offset },     { "vaddr", segment->virt },
		{ "paddr", segment->phys },        { "filesz", segment->file_size },
		{ "memsz", segment->memory_size },
	};
	const uint64_t flags_at = recipe->elf32 ? at + 4 + 5 * word : at + 4;
	const uint64_t words_at = recipe->elf32 ? at + 4 : at + 8;
	const uint64_t align_at = words_at + 5 * word + (recipe->elf32 ? 4 : 0);

	elf_field(recipe, out, at, 4, segment->type, "%s.phdr[%llu].type", label, i);
	for (unsigned int f = 0; f < 5; f++)
		elf_field(recipe, out, words_at + f * word, word, fields[f].value,
			  "%s.phdr[%llu].%s", label, i, fields[f].name);
	elf_field(recipe, out, flags_at, 4, segment->type == PT_LOAD ? PF_R | PF_W : 0,
		  "%s.phdr[%llu].flags", label, i);
	elf_field(recipe, out, align_at, word, 0, "%s.phdr[%llu].align", label, i);
}

void elf_section(struct recipe *recipe, struct bytes *out, uint64_t at,
		 const struct elf_section *section, const char *label, uint64_t index)
{
	const unsigned int word = elf_sizes(recipe).word;
	const unsigned long long i = index;

	elf_field(recipe, out, at, 4, section->name, "%s.shdr[%llu].name", label, i);
	elf_field(recipe, out, at + 4, 4, section->type, "%s.shdr[%llu].type", label, i);
	elf_field(recipe, out, at + 8 + word, word, section->address, "%s.shdr[%llu].addr", label,
		  i);
	elf_field(recipe, out, at + 8 + 2 * word, word, section->offset, "%s.shdr[%llu].offset",
		  label, i);
	elf_field(recipe, out, at + 8 + 3 * word, word, section->size, "%s.shdr[%llu].size", label,
		  i);
}

void elf_note_head(const struct recipe *recipe, struct bytes *out, const char *name, uint64_t type,
		   uint64_t size)
{
	static const char padding[4];
	const size_t name_size = strlen(name) + 1;
	const bool big = recipe->big_endian;

	bytes_number(out, out->size, name_size, 4, big);
	bytes_number(out, out->size, size, 4, big);
	bytes_number(out, out->size, type, 4, big);
	bytes_add(out, name, name_size);
	bytes_add(out, padding, (size_t)round_up(name_size, 4) - name_size);
}

void elf_note_blank(const struct recipe *recipe, struct bytes *out, const char *name, uint64_t type,
		    uint64_t size)
{
	elf_note_head(recipe, out, name, type, size);
	bytes_write(out, out->size + round_up(size, 4), NULL, 0);
}
