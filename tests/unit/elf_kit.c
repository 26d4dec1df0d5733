/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "elf_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define EHDR_SIZE    64
#define SHDR_SIZE    64
#define SECTIONS_MAX 16
/* Offset of the first loaded section in the file. */
#define LOADED_AT    0x100

static void put_header(struct bytes *out, uint16_t type, uint16_t machine, size_t n)
{
	unsigned char ident[EI_NIDENT] = {
		0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT
	};

	ident[EI_DATA] = out->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	bytes_add(out, ident, sizeof(ident));
	bytes_number(out, type, 2);
	bytes_number(out, machine, 2);
	bytes_number(out, EV_CURRENT, 4);
	bytes_number(out, 0, 8);
	bytes_number(out, 0, 8);
	bytes_number(out, 0, 8); /* e_shoff, set later */
	bytes_number(out, 0, 4);
	bytes_number(out, EHDR_SIZE, 2);
	bytes_number(out, 56, 2);
	bytes_number(out, 0, 2);
	bytes_number(out, SHDR_SIZE, 2);
	bytes_number(out, n + 2, 2);
	bytes_number(out, n + 1, 2);
}

static void put_section(struct bytes *out, uint32_t name, const struct elf_section *section,
			uint64_t offset)
{
	bytes_number(out, name, 4);
	bytes_number(out, section->type, 4);
	bytes_number(out, section->flags, 8);
	bytes_number(out, section->addr, 8);
	bytes_number(out, offset, 8);
	bytes_number(out, section->size, 8);
	bytes_number(out, section->link, 4);
	bytes_number(out, 0, 4);
	bytes_number(out, section->type == SHT_NOTE ? 4 : 8, 8);
	bytes_number(out, section->entsize, 8);
}

static uint64_t put_data(struct bytes *out, const struct elf_section *section, uint64_t first)
{
	size_t at = (out->size + 7) / 8 * 8;

	if (section->flags & SHF_ALLOC && section->addr >= first)
		at = LOADED_AT + (size_t)(section->addr - first);
	ck_assert_uint_ge(at, out->size);
	bytes_zero_until(out, at);
	if (section->type != SHT_NOBITS)
		bytes_add(out, section->data, section->size);
	return at;
}

void elf_make(struct bytes *out, uint16_t type, uint16_t machine,
	      const struct elf_section *sections, size_t n)
{
	uint64_t offsets[SECTIONS_MAX], first = n ? sections[0].addr : 0;
	struct bytes names = { 0 }, table = { .big_endian = out->big_endian };
	struct elf_section last = { ".shstrtab", SHT_STRTAB, 0, 0, NULL, 0, 0, 0 };

	ck_assert_uint_lt(n, SECTIONS_MAX);
	put_header(out, type, machine, n);
	for (size_t i = 0; i < n; i++)
		offsets[i] = put_data(out, &sections[i], first);
	bytes_number(&names, 0, 1);
	bytes_zero_until(&table, SHDR_SIZE);
	for (size_t i = 0; i < n; i++) {
		put_section(&table, (uint32_t)names.size, &sections[i], offsets[i]);
		bytes_add(&names, sections[i].name, strlen(sections[i].name) + 1);
	}
	last.size = names.size + sizeof(".shstrtab");
	put_section(&table, (uint32_t)names.size, &last, out->size);
	bytes_add(&names, last.name, sizeof(".shstrtab"));
	bytes_add(out, names.at, names.size);
	bytes_zero_until(out, (out->size + 7) / 8 * 8);
	bytes_set(out, 40, out->size, 8);
	bytes_add(out, table.at, table.size);
	bytes_free(&names);
	bytes_free(&table);
}

void elf_symbol(struct bytes *out, uint32_t name, uint8_t info, uint16_t section, uint64_t value,
		uint64_t size)
{
	bytes_number(out, name, 4);
	bytes_number(out, info, 1);
	bytes_number(out, 0, 1);
	bytes_number(out, section, 2);
	bytes_number(out, value, 8);
	bytes_number(out, size, 8);
}

void elf_rela(struct bytes *out, uint64_t at, uint32_t type, uint64_t addend)
{
	bytes_number(out, at, 8);
	bytes_number(out, type, 8);
	bytes_number(out, addend, 8);
}

void elf_build_id(struct bytes *out, const void *id, size_t size)
{
	bytes_number(out, 4, 4);
	bytes_number(out, size, 4);
	bytes_number(out, NT_GNU_BUILD_ID, 4);
	bytes_add(out, "GNU", 4);
	bytes_add(out, id, size);
	bytes_zero_until(out, (out->size + 3) / 4 * 4);
}

static void put_link(struct bytes *out, const struct kernel_spec *spec)
{
	bytes_add(out, spec->debug_link, strlen(spec->debug_link) + 1);
	bytes_zero_until(out, (out->size + 3) / 4 * 4);
	bytes_number(out, spec->debug_crc, 4);
}

void kernel_make(struct bytes *out, const struct kernel_spec *spec)
{
	static const char text[] = KERNEL_BANNER "\n", names[] = "\0linux_banner\0_text";
	uint32_t kind = spec->content ? SHT_PROGBITS : SHT_NOBITS;
	struct bytes symbols = { 0 }, note = { 0 }, link = { 0 };
	struct elf_section sections[6] = {
		{ ".text", kind, SHF_ALLOC | SHF_EXECINSTR, KERNEL_TEXT, text, sizeof(text), 0, 0 },
	};
	size_t n = 1;

	elf_symbol(&symbols, 0, 0, 0, 0, 0);
	elf_symbol(&symbols, 1, 0x11, 1, KERNEL_TEXT, sizeof(text));
	elf_symbol(&symbols, 14, 0x10, 1, KERNEL_TEXT, 0);
	if (spec->symbols) {
		sections[n++] = (struct elf_section){ ".symtab",  SHT_SYMTAB,   0, 0,
						      symbols.at, symbols.size, 3, 24 };
		sections[n++] = (struct elf_section){ ".strtab", SHT_STRTAB,    0, 0,
						      names,     sizeof(names), 0, 0 };
	}
	if (spec->dwarf)
		sections[n++] = (struct elf_section){
			".debug_info", SHT_PROGBITS, 0, 0, "12345678", 8, 0, 0
		};
	if (spec->build_id) {
		elf_build_id(&note, spec->build_id, strlen(spec->build_id));
		sections[n++] =
			(struct elf_section){ ".notes", SHT_NOTE, 0, 0, note.at, note.size, 0, 0 };
	}
	if (spec->debug_link) {
		put_link(&link, spec);
		sections[n++] = (struct elf_section){ ".gnu_debuglink", SHT_PROGBITS, 0, 0,
						      link.at,          link.size,    0, 0 };
	}
	elf_make(out, ET_EXEC, EM_X86_64, sections, n);
	bytes_free(&symbols);
	bytes_free(&note);
	bytes_free(&link);
}

static void make_folders(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

const char *file_with(const char *name, const void *bytes, size_t size)
{
	const char *path = path_in_folder(name);
	int fd;

	make_folders((char *)path, strlen(temporary_folder()) + 1);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
	return path;
}

const char *vmlinux_fixture(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/vmlinux/%s.zst", KMD_FIXTURES, name);
	return path;
}

void vmlinux_fixture_read(const char *name, struct bytes *out)
{
	static unsigned char packed[1 << 16], whole[1 << 20];
	FILE *file = fopen(vmlinux_fixture(name), "rb");
	size_t size;

	ck_assert_ptr_nonnull(file);
	size = fread(packed, 1, sizeof(packed), file);
	fclose(file);
	size = ZSTD_decompress(whole, sizeof(whole), packed, size);
	ck_assert(!ZSTD_isError(size));
	bytes_add(out, whole, size);
}
