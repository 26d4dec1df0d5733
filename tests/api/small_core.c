/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "small_core.h"

#include <elf.h>
#include <endian.h>
#include <string.h>

#define LOADS 3u
#define NOTES (sizeof(Elf64_Ehdr) + (LOADS + 1) * sizeof(Elf64_Phdr))

const char small_info[] = "OSRELEASE=6.1.0-small\nPAGESIZE=4096\nKERNELOFFSET=1000\n";

static const uint64_t places[LOADS] = { 0, SMALL_SIZE, SMALL_FAR };

void little_endian_header(Elf64_Ehdr *header)
{
	header->e_type = htole16(header->e_type);
	header->e_machine = htole16(header->e_machine);
	header->e_version = htole32(header->e_version);
	header->e_phoff = htole64(header->e_phoff);
	header->e_ehsize = htole16(header->e_ehsize);
	header->e_phentsize = htole16(header->e_phentsize);
	header->e_phnum = htole16(header->e_phnum);
}

void little_endian_row(Elf64_Phdr *row)
{
	row->p_type = htole32(row->p_type);
	row->p_flags = htole32(row->p_flags);
	row->p_offset = htole64(row->p_offset);
	row->p_vaddr = htole64(row->p_vaddr);
	row->p_paddr = htole64(row->p_paddr);
	row->p_filesz = htole64(row->p_filesz);
	row->p_memsz = htole64(row->p_memsz);
	row->p_align = htole64(row->p_align);
}

static size_t put_note(unsigned char *to)
{
	Elf64_Nhdr note = { htole32(11), htole32(sizeof(small_info) - 1), 0 };

	memcpy(to, &note, sizeof(note));
	memcpy(to + sizeof(note), "VMCOREINFO\0", 12);
	memcpy(to + sizeof(note) + 12, small_info, sizeof(small_info) - 1);
	return (sizeof(note) + 12 + sizeof(small_info) + 3) & ~(size_t)3;
}

void small_core_build(struct small_core *core)
{
	Elf64_Ehdr ehdr = { .e_ident = ELFMAG,
			    .e_type = ET_CORE,
			    .e_machine = EM_AARCH64,
			    .e_version = EV_CURRENT,
			    .e_phoff = sizeof(ehdr),
			    .e_ehsize = sizeof(ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = LOADS + 1 };
	Elf64_Phdr phdr[LOADS + 1] = { { .p_type = PT_NOTE, .p_offset = NOTES } };

	memset(core, 0, sizeof(*core));
	ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr.e_ident[EI_VERSION] = EV_CURRENT;
	phdr[0].p_filesz = put_note(core->bytes + NOTES);
	core->size = NOTES + (size_t)phdr[0].p_filesz;
	for (unsigned int i = 0; i < LOADS; i++) {
		phdr[i + 1] = (Elf64_Phdr){ .p_type = PT_LOAD,
					    .p_offset = core->size,
					    .p_vaddr = SMALL_VIRT + places[i],
					    .p_paddr = SMALL_PHYS + places[i],
					    .p_filesz = SMALL_SIZE,
					    .p_memsz = SMALL_SIZE };
		memset(core->bytes + core->size, (int)('a' + i), SMALL_SIZE);
		core->size += SMALL_SIZE;
	}
	little_endian_header(&ehdr);
	for (unsigned int i = 0; i <= LOADS; i++)
		little_endian_row(&phdr[i]);
	memcpy(core->bytes, &ehdr, sizeof(ehdr));
	memcpy(core->bytes + sizeof(ehdr), phdr, sizeof(phdr));
}
