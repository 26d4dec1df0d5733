/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ELF header, program headers and section 0, in either class and byte order.
 * Source: the ELF gABI; PN_XNUM as Linux fs/binfmt_elf.c writes it.
 */
#include "vmcore/headers.h"

#include "base/bytes.h"

#include <elf.h>
#include <stdlib.h>

/* Fields are written one after another. */
struct writer {
	unsigned char *at;
	size_t word; /* size of an address: 4 or 8 */
	bool big_endian;
};

static void put(struct writer *writer, size_t width, uint64_t value)
{
	kmd_put(writer->at, width, value, writer->big_endian);
	writer->at += width;
}

static void put_word(struct writer *writer, uint64_t value)
{
	put(writer, writer->word, value);
}

static void put_ehdr(struct writer *writer, const struct kmd_plan *plan)
{
	bool is_64 = plan->elf_class == ELFCLASS64, many = plan->n_loads + 1 >= PN_XNUM;
	const unsigned char ident[EI_NIDENT] = {
		ELFMAG0,   ELFMAG1,         ELFMAG2,
		ELFMAG3,   plan->elf_class, plan->big_endian ? ELFDATA2MSB : ELFDATA2LSB,
		EV_CURRENT
	};
	size_t ehdr = is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	size_t phdr = is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t shdr = is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

	for (size_t i = 0; i < EI_NIDENT; i++)
		put(writer, 1, ident[i]);
	put(writer, 2, ET_CORE);
	put(writer, 2, plan->machine);
	put(writer, 4, EV_CURRENT);
	put_word(writer, 0);
	put_word(writer, ehdr);
	put_word(writer, many ? plan->headers_size - shdr : 0);
	put(writer, 4, 0);
	put(writer, 2, ehdr);
	put(writer, 2, phdr);
	put(writer, 2, many ? PN_XNUM : plan->n_loads + 1);
	put(writer, 2, many ? shdr : 0);
	put(writer, 2, many);
	put(writer, 2, 0);
}

static void put_phdr(struct writer *writer, uint32_t type, uint32_t flags,
		     const struct kmd_load *load)
{
	bool is_64 = writer->word == 8;

	put(writer, 4, type);
	if (is_64)
		put(writer, 4, flags);
	put_word(writer, load->offset);
	put_word(writer, load->virt);
	put_word(writer, load->phys);
	put_word(writer, load->size);
	put_word(writer, type == PT_NOTE ? 0 : load->size);
	if (!is_64)
		put(writer, 4, flags);
	put_word(writer, 0);
}

/* Section 0 holds the count of program headers that does not fit into the header. */
static void put_section_0(struct writer *writer, const struct kmd_plan *plan)
{
	put(writer, 4, 0);
	put(writer, 4, SHT_NULL);
	for (size_t i = 0; i < 4; i++)
		put_word(writer, 0);
	put(writer, 4, 0);
	put(writer, 4, plan->n_loads + 1);
	put_word(writer, 0);
	put_word(writer, 0);
}

enum kmd_status kmd_headers_build(const struct kmd_plan *plan, struct kmd_diag *diag,
				  unsigned char **bytes)
{
	const struct kmd_load notes = { .offset = plan->notes_at, .size = plan->notes_size };
	struct writer writer = { .at = calloc(1, (size_t)plan->headers_size),
				 .word = plan->elf_class == ELFCLASS64 ? 8 : 4,
				 .big_endian = plan->big_endian };

	*bytes = writer.at;
	if (!*bytes)
		return kmd_fail_memory(diag);
	put_ehdr(&writer, plan);
	put_phdr(&writer, PT_NOTE, 0, &notes);
	for (size_t i = 0; i < plan->n_loads; i++)
		put_phdr(&writer, PT_LOAD, PF_R | PF_W | PF_X, &plan->loads[i]);
	if (plan->n_loads + 1 >= PN_XNUM)
		put_section_0(&writer, plan);
	return KMD_OK;
}
