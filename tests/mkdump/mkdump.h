/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * mkdump.h - makes minidumps, good and bad, out of text recipes.
 *
 * Written from the description of the formats alone: it shares the numbers of
 * minidump.h with the library and nothing else, so that the two readings check
 * each other.  tests/fixtures/README.md describes the recipe language.
 *
 * Memory is never freed: the program makes one dump and ends.
 */
#ifndef MKDUMP_H
#define MKDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_MAX 64

/* Bytes that grow.  A write behind the end fills the gap with zeroes. */
struct bytes {
	unsigned char *data;
	size_t size, room;
};

/* A field of the finished dump that a recipe can name. */
struct label {
	char *name;
	struct bytes *home;
	uint64_t offset;
	unsigned int width; /* 0 = a place, not a number */
	bool big_endian;
};

/* The tables that list a region; "not=" of a recipe removes some. */
enum listing {
	IN_KELF = 1 << 0,  /* program header of the KELF region */
	IN_TABLE = 1 << 1, /* section of a raw dump, row of the SMEM region array */
	IN_INFO = 1 << 2,  /* dump_info.txt */
	IN_CMM = 1 << 3,   /* load.cmm */
	IN_FILE = 1 << 4,  /* its bytes are present */
};

enum kelf_dialect {
	KELF_NONE,
	KELF_MEMINSPECT,
	KELF_DOWNSTREAM,
};

struct region {
	char *name, *file;
	char *listed; /* the name of the file in the tables */
	uint64_t seq, phys, virt, size, state;
	/* the values in the single tables */
	uint64_t kelf_phys, kelf_size, table_phys, table_size, info_phys, info_size, cmm_phys;
	uint64_t cut;           /* bytes that were kept */
	uint64_t type;          /* of the raw dump section */
	unsigned int listed_in; /* enum listing */
	bool vmcoreinfo;
	struct bytes content;
	/* of the KELF region itself */
	enum kelf_dialect kelf;
	uint64_t capacity, base_sections, banner_phys, banner_virt;
	char *banner;
};

struct file {
	char *name; /* in a folder */
	struct bytes bytes;
};

/* A change of the finished dump: the words of its line. */
struct change {
	unsigned int line, n_words;
	const char *source;
	char *words[WORDS_MAX];
};

struct option {
	char *key, *value;
};

struct recipe {
	/* what the kernel was */
	uint16_t machine;
	bool elf32, big_endian;
	struct region **regions;
	size_t n_regions;
	/* the form of the dump */
	char *form;
	struct option options[WORDS_MAX];
	size_t n_options;
	bool dump_info, load_cmm, lf_only;
	struct change *changes;
	size_t n_changes;
	/* the finished dump */
	struct file **files;
	size_t n_files;
	struct label *labels;
	size_t n_labels;
	/* the place of the reader, for messages */
	const char *source;
	unsigned int line;
};

/* --- bytes.c: bytes, numbers, fields */
void fail(const struct recipe *recipe, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
void *grow(void *items, size_t count, size_t size);
char *copy_text(const char *text);
char *join_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void bytes_write(struct bytes *bytes, uint64_t at, const void *data, size_t size);
void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_number(struct bytes *bytes, uint64_t at, uint64_t value, unsigned int width, bool big);
uint64_t bytes_get(const struct bytes *bytes, uint64_t at, unsigned int width, bool big);
uint64_t round_up(uint64_t value, uint64_t align);

/* --- labels.c: names for places of the dump */
/* Write a number and give its place a name. */
void field(struct recipe *recipe, struct bytes *bytes, uint64_t at, unsigned int width,
	   uint64_t value, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The same in the byte order of the kernel, for ELF. */
void elf_field(struct recipe *recipe, struct bytes *bytes, uint64_t at, unsigned int width,
	       uint64_t value, const char *format, ...) __attribute__((format(printf, 6, 7)));
void name_place(struct recipe *recipe, struct bytes *bytes, uint64_t at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Copy the bytes of a region to @at; labels in them move too. */
void place_region(struct recipe *recipe, struct bytes *home, uint64_t at, struct region *region);

/* --- content.c: the lines that give bytes */
bool content_line(struct recipe *recipe, struct bytes *out, char **words, unsigned int n_words);
uint64_t number(const struct recipe *recipe, const char *text);

/* --- recipe.c: reading */
void recipe_read(struct recipe *recipe, const char *path);
struct region *find_region(const struct recipe *recipe, const char *name);
uint64_t option_number(const struct recipe *recipe, const char *key, uint64_t otherwise);
const char *option_text(const struct recipe *recipe, const char *key, const char *otherwise);
struct region *add_region(struct recipe *recipe, const char *name);
struct file *add_file(struct recipe *recipe, const char *name);
/* Bytes of @region that were kept. */
uint64_t kept_size(const struct region *region);

/* --- kelf.c, core.c, raw.c, folder.c, lime.c, mrdump.c, smem.c: the forms */
void make_kelf(struct recipe *recipe);
void make_core(struct recipe *recipe);
void make_raw(struct recipe *recipe);
void make_folder(struct recipe *recipe);
void make_cat(struct recipe *recipe);
void make_bytes(struct recipe *recipe);
void make_lime(struct recipe *recipe);
void make_mrdump(struct recipe *recipe);
void make_smem(struct recipe *recipe);
void make_ram(struct recipe *recipe);
void make_rockchip(struct recipe *recipe);
/* --- others.c, wrap.c */
void make_avml(struct recipe *recipe);
void make_kdump(struct recipe *recipe);
void make_xen(struct recipe *recipe);
void make_ramoops(struct recipe *recipe);
void make_remoteproc(struct recipe *recipe);
/* Put the only file into what the option in= of the form names. */
void wrap_dump(struct recipe *recipe);
/* The texts that collecting tools leave beside region files. */
void text_dump_info(const struct recipe *recipe, struct bytes *out);
void text_load_cmm(const struct recipe *recipe, struct bytes *out);

/* --- elf.c: what kelf.c and core.c share */
struct elf_sizes {
	unsigned int header, segment, section, word;
	uint64_t prstatus, prpsinfo;
};

struct elf_segment {
	uint64_t type, offset, virt, phys, file_size, memory_size;
};

struct elf_section {
	uint64_t name, type, address, offset, size; /* name: offset in the strings */
};

struct elf_sizes elf_sizes(const struct recipe *recipe);
/* Fields are named LABEL.phnum, LABEL.phdr[INDEX].paddr and so on. */
void elf_header(struct recipe *recipe, struct bytes *out, const char *label, uint64_t segments,
		uint64_t segment_offset);
void elf_section_table(struct recipe *recipe, struct bytes *out, const char *label,
		       uint64_t sections, uint64_t offset);
void elf_segment(struct recipe *recipe, struct bytes *out, uint64_t at,
		 const struct elf_segment *segment, const char *label, uint64_t index);
/* Fields are named LABEL.shdr[INDEX].addr and so on. */
void elf_section(struct recipe *recipe, struct bytes *out, uint64_t at,
		 const struct elf_section *section, const char *label, uint64_t index);
/* Append a note up to its descriptor of @size bytes, which the caller appends. */
void elf_note_head(const struct recipe *recipe, struct bytes *out, const char *name, uint64_t type,
		   uint64_t size);
/* The same with a descriptor of zeroes. */
void elf_note_blank(const struct recipe *recipe, struct bytes *out, const char *name, uint64_t type,
		    uint64_t size);

/* --- change.c */
void apply_changes(struct recipe *recipe);

#endif
