/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Written by libelf into a memory file, so that every class, byte order and count is its affair. */
#include "vmcore/headers.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool put_ehdr(Elf *elf, const struct kmd_plan *plan)
{
	GElf_Ehdr ehdr;

	if (!gelf_newehdr(elf, plan->elf_class) || !gelf_getehdr(elf, &ehdr))
		return false;
	ehdr.e_ident[EI_DATA] = plan->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	ehdr.e_type = ET_CORE;
	ehdr.e_machine = plan->machine;
	ehdr.e_version = EV_CURRENT;
	ehdr.e_phoff = gelf_fsize(elf, ELF_T_EHDR, 1, EV_CURRENT);
	if (plan->n_loads + 1 >= PN_XNUM)
		ehdr.e_shoff = plan->headers_size - gelf_fsize(elf, ELF_T_SHDR, 1, EV_CURRENT);
	return gelf_update_ehdr(elf, &ehdr);
}

static bool put_phdrs(Elf *elf, const struct kmd_plan *plan)
{
	GElf_Phdr phdr = { .p_type = PT_NOTE,
			   .p_offset = plan->notes_at,
			   .p_filesz = plan->notes_size };

	/* The count stands in section 0 then, which exists once it was asked for. */
	if (plan->n_loads + 1 >= PN_XNUM && !elf_getscn(elf, 0))
		return false;
	if (!gelf_newphdr(elf, plan->n_loads + 1) || !gelf_update_phdr(elf, 0, &phdr))
		return false;
	for (size_t i = 0; i < plan->n_loads; i++) {
		const struct kmd_load *load = &plan->loads[i];

		phdr = (GElf_Phdr){ .p_type = PT_LOAD,
				    .p_flags = PF_R | PF_W | PF_X,
				    .p_offset = load->offset,
				    .p_vaddr = load->virt,
				    .p_paddr = load->phys,
				    .p_filesz = load->hole ? 0 : load->size,
				    .p_memsz = load->size };
		/* An address that is all ones is so in either class. */
		if (plan->elf_class == ELFCLASS32 && load->phys == KMD_NO_PHYS)
			phdr.p_paddr = UINT32_MAX;
		if (!gelf_update_phdr(elf, (int)(i + 1), &phdr))
			return false;
	}
	return true;
}

static bool put_headers(int fd, const struct kmd_plan *plan)
{
	Elf *elf;
	bool ok;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (!elf)
		return false;
	elf_flagelf(elf, ELF_C_SET, ELF_F_LAYOUT);
	ok = put_ehdr(elf, plan) && put_phdrs(elf, plan) && elf_update(elf, ELF_C_WRITE) >= 0;
	elf_end(elf);
	return ok;
}

enum kmd_status kmd_headers_build(const struct kmd_plan *plan, struct kmd_diag *diag,
				  unsigned char **bytes)
{
	int fd = memfd_create("kmd-headers", MFD_CLOEXEC);
	unsigned char *out = calloc(1, (size_t)plan->headers_size);
	enum kmd_status status = KMD_OK;

	if (!out)
		status = kmd_fail_memory(diag);
	else if (fd < 0)
		status = kmd_fail_errno(diag, kmd_in(NULL), "cannot make a memory file", errno);
	else if (!put_headers(fd, plan))
		status = kmd_fail(diag, KMD_ERR_IO, kmd_in(NULL), "libelf: %s", elf_errmsg(-1));
	else if (pread(fd, out, (size_t)plan->headers_size, 0) < 0)
		status = kmd_fail_errno(diag, kmd_in(NULL), "cannot read a memory file", errno);
	if (fd >= 0)
		close(fd);
	if (status != KMD_OK)
		free(out);
	else
		*bytes = out;
	return status;
}
