/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "elf/relocs.h"

#include "base/array.h"
#include "base/checked.h"

#include <string.h>

#ifndef SHT_RELR
#define SHT_RELR 19
#endif

#define WORD      8
/* Ten times what any kernel has; a bitmap of 8 bytes stands for 63 words. */
#define RELR_MAX  (1u << 22)
#define RELR_BITS 63

/* What the relocations of one section refer to. */
struct target {
	const Elf_Data *symbols;
	size_t percpu; /* number of .data..percpu, where it is linked at 0; else 0 */
};

static bool add_move(uint64_t at, enum kmd_reloc_kind kind, struct kmd_vmlinux_layout *layout)
{
	if (!KMD_ARRAY_RESERVE(layout->relocs, layout->n_relocs, layout->cap_relocs))
		return false;
	layout->relocs[layout->n_relocs++] = (struct kmd_reloc){ at, kind };
	return true;
}

static size_t entries(const GElf_Shdr *shdr)
{
	uint64_t n = shdr->sh_entsize ? shdr->sh_size / shdr->sh_entsize : 0;

	return (size_t)kmd_min_u64(n, INT32_MAX);
}

/* ----- of an image that moves itself: RELATIVE ones only, others the kernel leaves alone */

static bool is_relative(uint16_t machine, uint64_t type)
{
	switch (machine) {
	case EM_AARCH64:
		return type == R_AARCH64_RELATIVE;
	case EM_RISCV:
		return type == R_RISCV_RELATIVE;
	default:
		return machine == EM_X86_64 && type == R_X86_64_RELATIVE;
	}
}

static bool add_rela(uint16_t machine, Elf_Scn *scn, const GElf_Shdr *shdr,
		     struct kmd_vmlinux_layout *layout)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = entries(shdr);
	GElf_Rela rela;

	for (size_t i = 0; data && i < n; i++)
		if (gelf_getrela(data, (int)i, &rela) &&
		    is_relative(machine, GELF_R_TYPE(rela.r_info)) &&
		    !add_move(rela.r_offset, KMD_RELOC_ADD64, layout))
			return false;
	return true;
}

static uint64_t word_at(const unsigned char *bytes, bool big_endian)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < WORD; i++)
		value = value << 8 | bytes[big_endian ? i : WORD - 1 - i];
	return value;
}

/* An even word is an address; an odd one is a bitmap of the 63 words that follow. */
static bool add_relr(Elf_Scn *scn, bool big_endian, struct kmd_vmlinux_layout *layout)
{
	Elf_Data *data = elf_rawdata(scn, NULL);
	uint64_t at = 0, seen = 0;

	for (size_t i = 0; data && i + WORD <= data->d_size; i += WORD) {
		uint64_t word = word_at((const unsigned char *)data->d_buf + i, big_endian);
		uint64_t bits = word & 1 ? word >> 1 : 1;

		if (!(word & 1))
			at = word;
		for (uint64_t next = at; bits; bits >>= 1, next += WORD) {
			if (seen++ == RELR_MAX) {
				layout->relocs_complete = false;
				return true;
			}
			if (bits & 1 && !add_move(next, KMD_RELOC_ADD64, layout))
				return false;
		}
		at += word & 1 ? RELR_BITS * WORD : WORD;
	}
	return true;
}

static enum kmd_status read_dynamic(const GElf_Ehdr *header, Elf *elf, struct kmd_diag *diag,
				    struct kmd_vmlinux_layout *layout)
{
	bool big_endian = header->e_ident[EI_DATA] == ELFDATA2MSB, ok = true;
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t n = 0;

	layout->relocs_complete = true;
	while (ok && (scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &shdr) || !(shdr.sh_flags & SHF_ALLOC))
			continue;
		n += shdr.sh_type == SHT_RELA || shdr.sh_type == SHT_RELR;
		if (shdr.sh_type == SHT_RELA)
			ok = add_rela(header->e_machine, scn, &shdr, layout);
		else if (shdr.sh_type == SHT_RELR)
			ok = add_relr(scn, big_endian, layout);
	}
	layout->relocs_complete = layout->relocs_complete && n;
	return ok ? KMD_OK : kmd_fail_memory(diag);
}

/* ----- of an image that its boot code moves: what ld --emit-relocs left */

/* References to per-CPU variables at [0, size) move the other way: these stay where they are. */
static bool add_static(const GElf_Rela *rela, const struct target *target,
		       struct kmd_vmlinux_layout *layout)
{
	bool percpu;
	GElf_Sym sym;

	if (!gelf_getsym((Elf_Data *)(uintptr_t)target->symbols, (int)GELF_R_SYM(rela->r_info),
			 &sym))
		return true;
	percpu = target->percpu && sym.st_shndx == target->percpu;
	switch (GELF_R_TYPE(rela->r_info)) {
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		return !percpu || add_move(rela->r_offset, KMD_RELOC_SUB32, layout);
	case R_X86_64_64:
		return percpu || sym.st_shndx == SHN_ABS ||
		       add_move(rela->r_offset, KMD_RELOC_ADD64, layout);
	case R_X86_64_32:
	case R_X86_64_32S:
		return percpu || sym.st_shndx == SHN_ABS ||
		       add_move(rela->r_offset, KMD_RELOC_ADD32, layout);
	default:
		return true;
	}
}

static bool add_statics(Elf *elf, Elf_Scn *scn, const GElf_Shdr *shdr, size_t percpu,
			struct kmd_vmlinux_layout *layout)
{
	struct target target = { elf_getdata(elf_getscn(elf, shdr->sh_link), NULL), percpu };
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = entries(shdr);
	GElf_Rela rela;

	for (size_t i = 0; data && target.symbols && i < n; i++)
		if (gelf_getrela(data, (int)i, &rela) && !add_static(&rela, &target, layout))
			return false;
	return true;
}

static size_t find_percpu(Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return 0;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_addr || !(shdr.sh_flags & SHF_ALLOC))
			continue;
		name = elf_strptr(elf, names, shdr.sh_name);
		if (name && !strcmp(name, ".data..percpu"))
			return elf_ndxscn(scn);
	}
	return 0;
}

/*
 * All are there if those of code are.  .notes has some as well, which kernels since 6.8
 * and their stable branches do not follow: see linux/complete/.
 */
static enum kmd_status read_static(Elf *elf, struct kmd_diag *diag,
				   struct kmd_vmlinux_layout *layout)
{
	size_t percpu = layout->percpu_size ? find_percpu(elf) : 0;
	GElf_Shdr shdr, target;
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_RELA ||
		    shdr.sh_flags & SHF_ALLOC ||
		    !gelf_getshdr(elf_getscn(elf, shdr.sh_info), &target) ||
		    !(target.sh_flags & SHF_ALLOC))
			continue;
		if ((target.sh_flags & SHF_EXECINSTR) && shdr.sh_size)
			layout->relocs_complete = true;
		if (!add_statics(elf, scn, &shdr, percpu, layout))
			return kmd_fail_memory(diag);
	}
	return KMD_OK;
}

enum kmd_status kmd_relocs_read(const GElf_Ehdr *header, Elf *elf, struct kmd_diag *diag,
				struct kmd_vmlinux_layout *layout)
{
	layout->dynamic = header->e_type == ET_DYN;
	if (layout->dynamic)
		return read_dynamic(header, elf, diag, layout);
	if (header->e_machine == EM_X86_64)
		return read_static(elf, diag, layout);
	return KMD_OK;
}
