/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * symbols.c - an ELF file with a symbol table and no contents.
 *
 * The kernel, and each module, has a section without bytes that covers its symbols: gdb uses a
 * symbol only if a section holds its address.  All addresses are those at run time.
 */
#include "symbols.h"

#include "common/output.h"

#include <ctype.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

/* An absolute symbol below this is no address: offsets of per-CPU variables. */
#define KERNEL_HALF (UINT64_C(1) << 63)
/* The lowest base of a 32-bit kernel. */
#define NARROW_LOW  UINT64_C(0x40000000)

struct bytes {
	char *data;
	size_t size, room;
};

/* A run of symbols of the kernel, or of one module. */
struct group {
	const char *module;
	uint64_t start, end;
	size_t name; /* of its section, in .names */
};

struct writer {
	const struct kmd *kmd;
	Elf *elf;
	struct group *groups;
	size_t n_groups;
	struct bytes names, strings; /* of sections, of symbols */
	GElf_Sym *symbols;
	size_t n_symbols, n_local;
	bool no_memory;
	uint64_t lowest; /* address of the kernel */
};

static size_t add_string(struct writer *w, struct bytes *to, const char *text, const char *more)
{
	size_t length = strlen(text) + strlen(more) + 1, at = to->size;

	if (to->room - to->size < length) {
		size_t room = 2 * to->room + length + 4096;
		char *data = realloc(to->data, room);

		if (!data) {
			w->no_memory = true;
			return 0;
		}
		to->data = data;
		to->room = room;
	}
	to->size += (size_t)sprintf(to->data + at, "%s%s", text, more) + 1;
	return at;
}

static bool is_placed(const struct writer *w, const struct kmd_symbol *symbol)
{
	return symbol->address >= w->lowest;
}

static bool same_group(const struct group *group, const char *module)
{
	if (!group->module || !module)
		return !group->module && !module;
	return !strcmp(group->module, module);
}

static size_t group_of(const struct writer *w, const struct kmd_symbol *symbol)
{
	for (size_t i = 0; i < w->n_groups; i++)
		if (same_group(&w->groups[i], symbol->module))
			return i;
	return w->n_groups;
}

static bool find_groups(struct writer *w)
{
	const struct kmd_symbol *symbol;

	for (size_t i = 0; (symbol = kmd_symbol_get(w->kmd, i)); i++) {
		uint64_t end = symbol->address + (symbol->size ? symbol->size : 1);
		size_t at = group_of(w, symbol);

		if (!is_placed(w, symbol))
			continue;
		if (at == w->n_groups) {
			struct group *groups =
				reallocarray(w->groups, w->n_groups + 1, sizeof(*groups));

			if (!groups)
				return false;
			w->groups = groups;
			groups[w->n_groups++] =
				(struct group){ symbol->module, symbol->address, end, 0 };
		}
		if (end > w->groups[at].end)
			w->groups[at].end = end;
	}
	return w->n_groups > 0;
}

static unsigned char type_of(char type)
{
	switch (tolower((unsigned char)type)) {
	case 't':
	case 'w':
		return STT_FUNC;
	case 'a':
		return STT_NOTYPE;
	default:
		return STT_OBJECT;
	}
}

/* Local symbols come first, as ELF wants it. */
static void add_symbols(struct writer *w, bool local)
{
	const struct kmd_symbol *symbol;

	for (size_t i = 0; (symbol = kmd_symbol_get(w->kmd, i)); i++) {
		bool is_local = islower((unsigned char)symbol->type) && symbol->type != 'w';
		GElf_Sym *out = &w->symbols[w->n_symbols];

		if (!is_placed(w, symbol) || is_local != local)
			continue;
		*out = (GElf_Sym){
			.st_name = (GElf_Word)add_string(w, &w->strings, symbol->name, ""),
			.st_info = (unsigned char)GELF_ST_INFO(local ? STB_LOCAL : STB_GLOBAL,
							       type_of(symbol->type)),
			.st_shndx = (GElf_Section)(group_of(w, symbol) + 1),
			.st_value = symbol->address,
			.st_size = symbol->size,
		};
		w->n_symbols++;
	}
}

static bool collect(struct writer *w)
{
	if (!find_groups(w))
		return false;
	w->symbols = calloc(kmd_symbol_count(w->kmd) + 1, sizeof(*w->symbols));
	if (!w->symbols)
		return false;
	add_string(w, &w->names, "", "");
	add_string(w, &w->strings, "", "");
	w->n_symbols = 1;
	add_symbols(w, true);
	w->n_local = w->n_symbols;
	add_symbols(w, false);
	for (size_t i = 0; i < w->n_groups; i++)
		w->groups[i].name =
			add_string(w, &w->names, w->groups[i].module ? ".text." : ".text",
				   w->groups[i].module ? w->groups[i].module : "");
	return !w->no_memory;
}

/* ----- the file */

static bool add_section(struct writer *w, GElf_Shdr shdr, void *bytes, size_t size, Elf_Type type)
{
	Elf_Scn *section = elf_newscn(w->elf);
	Elf_Data *data = section ? elf_newdata(section) : NULL;
	GElf_Shdr header;

	if (!data || !gelf_getshdr(section, &header))
		return false;
	data->d_buf = bytes;
	data->d_size = size;
	data->d_type = type;
	data->d_align = 8;
	return gelf_update_shdr(section, &shdr);
}

static bool add_groups(struct writer *w)
{
	for (size_t i = 0; i < w->n_groups; i++) {
		const struct group *group = &w->groups[i];
		GElf_Shdr shdr = { .sh_name = (GElf_Word)group->name,
				   .sh_type = SHT_NOBITS,
				   .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
				   .sh_addr = group->start,
				   .sh_size = group->end - group->start,
				   .sh_addralign = 1 };

		if (!add_section(w, shdr, NULL, (size_t)(group->end - group->start), ELF_T_BYTE))
			return false;
	}
	return true;
}

/* To the smaller Elf32_Sym, in place; returns the size of all. */
static size_t narrow_symbols(struct writer *w)
{
	Elf32_Sym *narrow = (Elf32_Sym *)w->symbols;

	for (size_t i = 0; i < w->n_symbols; i++) {
		GElf_Sym from = w->symbols[i];

		narrow[i] = (Elf32_Sym){ .st_name = from.st_name,
					 .st_value = (Elf32_Addr)from.st_value,
					 .st_size = (Elf32_Word)from.st_size,
					 .st_info = from.st_info,
					 .st_other = from.st_other,
					 .st_shndx = from.st_shndx };
	}
	return w->n_symbols * sizeof(*narrow);
}

static bool add_tables(struct writer *w)
{
	bool narrow = gelf_getclass(w->elf) == ELFCLASS32;
	/* GElf_Sym has the layout of Elf64_Sym. */
	size_t size = narrow ? narrow_symbols(w) : w->n_symbols * sizeof(*w->symbols);
	size_t strings = w->n_groups + 1;
	GElf_Shdr strtab = { .sh_type = SHT_STRTAB, .sh_addralign = 1 }, names = strtab;
	GElf_Shdr symtab = { .sh_type = SHT_SYMTAB,
			     .sh_link = (GElf_Word)strings,
			     .sh_info = (GElf_Word)w->n_local,
			     .sh_addralign = 8,
			     .sh_entsize = narrow ? sizeof(Elf32_Sym) : sizeof(Elf64_Sym) };

	strtab.sh_name = (GElf_Word)add_string(w, &w->names, ".strtab", "");
	symtab.sh_name = (GElf_Word)add_string(w, &w->names, ".symtab", "");
	names.sh_name = (GElf_Word)add_string(w, &w->names, ".shstrtab", "");
	return !w->no_memory &&
	       add_section(w, strtab, w->strings.data, w->strings.size, ELF_T_BYTE) &&
	       add_section(w, symtab, w->symbols, size, ELF_T_SYM) &&
	       add_section(w, names, w->names.data, w->names.size, ELF_T_BYTE);
}

/* gdb moves a file by the distance of its entry and the core's AT_ENTRY: there must be none. */
static uint64_t entry_of(const struct kmd *kmd)
{
	const struct kmd_symbol *symbol;

	for (size_t i = 0; (symbol = kmd_symbol_get(kmd, i)); i++)
		if (!symbol->module && !strcmp(symbol->name, "_text"))
			return symbol->address;
	return 0;
}

static bool is_narrow(const char *machine)
{
	return machine && (!strcmp(machine, "arm") || !strcmp(machine, "i386"));
}

static bool write_elf(struct writer *w, int fd)
{
	static const struct {
		const char *name;
		GElf_Half machine;
	} machines[] = { { "aarch64", EM_AARCH64 },
			 { "x86_64", EM_X86_64 },
			 { "riscv64", EM_RISCV },
			 { "arm", EM_ARM },
			 { "i386", EM_386 } };
	const char *machine = kmd_kernel_get(w->kmd)->machine;
	GElf_Half number = EM_NONE;
	int elf_class = is_narrow(machine) ? ELFCLASS32 : ELFCLASS64;
	GElf_Ehdr ehdr;
	bool good;

	for (size_t i = 0; machine && i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(machines[i].name, machine))
			number = machines[i].machine;
	elf_version(EV_CURRENT);
	w->elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (!w->elf || !gelf_newehdr(w->elf, elf_class) || !gelf_getehdr(w->elf, &ehdr))
		return false;
	ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr.e_type = ET_EXEC;
	ehdr.e_machine = number;
	ehdr.e_version = EV_CURRENT;
	ehdr.e_entry = entry_of(w->kmd);
	ehdr.e_shstrndx = (GElf_Half)(w->n_groups + 3);
	good = gelf_update_ehdr(w->elf, &ehdr) && add_groups(w) && add_tables(w) &&
	       elf_update(w->elf, ELF_C_WRITE) > 0;
	elf_end(w->elf);
	return good;
}

static bool copy(FILE *from, FILE *to)
{
	char block[1 << 16];
	size_t got;

	rewind(from);
	while ((got = fread(block, 1, sizeof(block), from)) > 0)
		if (fwrite(block, 1, got, to) != got)
			return true; /* the caller asks ferror() */
	return !ferror(from);
}

/* libelf seeks, and the output may be a pipe. */
static bool write_file(FILE *out, void *user)
{
	struct writer w = { .kmd = user };
	const char *machine = kmd_kernel_get(w.kmd)->machine;
	FILE *scratch = tmpfile();
	bool good;

	w.lowest = is_narrow(machine) ? NARROW_LOW : KERNEL_HALF;
	good = scratch && collect(&w) && write_elf(&w, fileno(scratch)) && copy(scratch, out);

	if (scratch)
		fclose(scratch);
	free(w.groups);
	free(w.names.data);
	free(w.strings.data);
	free(w.symbols);
	return good;
}

bool symbols_write(struct kmd *kmd, const struct options *options)
{
	enum kmd_status status = kmd_symbols_load(kmd);

	if (status != KMD_OK) {
		fprintf(stderr, "kmd-assemble: --symbols: %s\n", kmd_error(kmd));
		return false;
	}
	return output_write(options->symbols, options->force, &options->in, write_file, kmd);
}
