/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "fake_kit.h"

#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

/* Names of sections, and the offset of each in the table. */
static const char section_names[] = "\0.data\0.symtab\0.strtab\0.shstrtab\0.text\0.dynsym";
enum {
	NAME_DATA = 1,
	NAME_SYMTAB = 7,
	NAME_STRTAB = 15,
	NAME_SHSTRTAB = 23,
	NAME_TEXT = 33,
	NAME_DYNSYM = 39
};

void fake_init(struct fake *fake, uint16_t machine, uint64_t text)
{
	memset(fake, 0, sizeof(*fake));
	fake->machine = machine;
	fake->text = text;
	fake_symbol(fake, "_text", 0);
	fake_symbol(fake, "_end", FAKE_SIZE);
}

void fake_absolute(struct fake *fake, const char *name, uint64_t value)
{
	ck_assert_uint_lt(fake->n, FAKE_SYMBOLS);
	fake->symbols[fake->n].name = name;
	fake->symbols[fake->n++].link = value;
}

void fake_symbol(struct fake *fake, const char *name, size_t offset)
{
	fake_absolute(fake, name, fake->text + offset);
}

void fake_text(struct fake *fake, size_t offset, const char *text)
{
	memcpy(fake->image + offset, text, strlen(text) + 1);
	memcpy(fake->memory + offset, text, strlen(text) + 1);
}

static void put(unsigned char *to, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		to[i] = (unsigned char)(value >> 8 * i);
}

void fake_set(struct fake *fake, size_t offset, uint64_t value, size_t width)
{
	put(fake->memory + offset, value, width);
}

void fake_word(struct fake *fake, size_t offset, uint64_t value)
{
	put(fake->image + offset, value, 8);
	put(fake->memory + offset, value, 8);
}

void fake_pointer(struct fake *fake, size_t offset, size_t to, uint64_t kaslr)
{
	put(fake->image + offset, fake->text + to, 8);
	put(fake->memory + offset, fake->text + to + kaslr, 8);
}

static void add_section(Elf *elf, uint32_t name, uint32_t type, uint64_t address, void *bytes,
			size_t size, uint32_t link, uint64_t entry)
{
	Elf_Scn *scn = elf_newscn(elf);
	Elf_Data *data = elf_newdata(scn);
	GElf_Shdr shdr;

	ck_assert_ptr_nonnull(gelf_getshdr(scn, &shdr));
	data->d_buf = bytes;
	data->d_size = size;
	data->d_align = 8;
	data->d_version = EV_CURRENT;
	data->d_type = type == SHT_SYMTAB ? ELF_T_SYM : ELF_T_BYTE;
	shdr.sh_name = name;
	shdr.sh_type = type;
	shdr.sh_addr = address;
	shdr.sh_flags = address ? SHF_ALLOC | SHF_WRITE : 0;
	if (name == NAME_TEXT)
		shdr.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	shdr.sh_link = link;
	shdr.sh_entsize = entry;
	ck_assert(gelf_update_shdr(scn, &shdr));
}

static void write_elf(const struct fake *fake, const char *path)
{
	static unsigned char image[FAKE_SIZE];
	Elf64_Sym symbols[FAKE_SYMBOLS + 1] = { 0 };
	char names[FAKE_SYMBOLS * 40] = "";
	size_t used = 1;
	Elf64_Ehdr *ehdr;
	Elf *elf;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_WRITE, NULL);
	ehdr = elf64_newehdr(elf);
	ehdr->e_type = ET_EXEC;
	ehdr->e_machine = fake->machine;
	ehdr->e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr->e_shstrndx = 4;
	for (size_t i = 0; i < fake->n; i++) {
		symbols[i + 1].st_name = (Elf64_Word)used;
		symbols[i + 1].st_value = fake->symbols[i].link;
		symbols[i + 1].st_shndx = fake->symbols[i].link < 0x10000 ? SHN_ABS : 1;
		symbols[i + 1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
		strcpy(names + used, fake->symbols[i].name);
		used += strlen(fake->symbols[i].name) + 1;
	}
	memcpy(image, fake->image, sizeof(image));
	add_section(elf, fake->data_is_dynsym ? NAME_DYNSYM : NAME_DATA, SHT_PROGBITS, fake->text,
		    image, FAKE_CODE, 0, 0);
	add_section(elf, NAME_SYMTAB, SHT_SYMTAB, 0, symbols, (fake->n + 1) * sizeof(symbols[0]), 3,
		    sizeof(symbols[0]));
	add_section(elf, NAME_STRTAB, SHT_STRTAB, 0, names, used, 0, 0);
	add_section(elf, NAME_SHSTRTAB, SHT_STRTAB, 0, (char *)(uintptr_t)section_names,
		    sizeof(section_names), 0, 0);
	add_section(elf, NAME_TEXT, SHT_PROGBITS, fake->text + FAKE_CODE, image + FAKE_CODE,
		    FAKE_SIZE - FAKE_CODE, 0, 0);
	ck_assert_int_gt(elf_update(elf, ELF_C_WRITE), 0);
	elf_end(elf);
	close(fd);
}

void fake_open(const struct fake *fake, struct kmd_vmlinux *vmlinux)
{
	struct kmd_vmlinux_options options = { 0 };

	write_elf(fake, path_in_folder("vmlinux"));
	expect_ok(kmd_vmlinux_open(path_in_folder("vmlinux"), &options, &diag, vmlinux));
}
