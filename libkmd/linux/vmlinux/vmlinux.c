/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "linux/vmlinux/vmlinux.h"

#include "base/array.h"
#include "base/checked.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Many times what any kernel registers; headers that repeat an address must not add up. */
#define HINTS_MAX 65536

static enum kmd_status fail_elf(struct kmd_diag *diag, const char *path, const char *what)
{
	return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(path), "not a usable vmlinux: %s", what);
}

/* The build-id note among the notes of @data. */
static void read_build_id(Elf_Data *data, struct kmd_vmlinux *vmlinux)
{
	size_t at = 0, name_at, desc_at;
	GElf_Nhdr note;

	while ((at = gelf_getnote(data, at, &note, &name_at, &desc_at)) > 0) {
		const unsigned char *bytes = (const unsigned char *)data->d_buf;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp(bytes + name_at, "GNU", 4) != 0 ||
		    note.n_descsz * 2 >= sizeof(vmlinux->build_id))
			continue;
		for (size_t i = 0; i < note.n_descsz; i++)
			snprintf(vmlinux->build_id + 2 * i, 3, "%02x", bytes[desc_at + i]);
	}
}

/* Names are copied: the ELF file is not kept open. */
static bool read_symbols(Elf *elf, const GElf_Shdr *shdr, Elf_Data *data,
			 struct kmd_vmlinux *vmlinux)
{
	Elf_Scn *scn = elf_getscn(elf, shdr->sh_link);
	Elf_Data *strings = scn ? elf_getdata(scn, NULL) : NULL;
	size_t count = shdr->sh_entsize ? (size_t)(shdr->sh_size / shdr->sh_entsize) : 0;

	if (!strings || !strings->d_size || vmlinux->names ||
	    ((const char *)strings->d_buf)[strings->d_size - 1])
		return true;
	vmlinux->names = malloc(strings->d_size);
	if (!vmlinux->names)
		return false;
	memcpy(vmlinux->names, strings->d_buf, strings->d_size);
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF ||
		    symbol.st_name >= strings->d_size || !vmlinux->names[symbol.st_name])
			continue;
		if (!KMD_ARRAY_RESERVE(vmlinux->symbols, vmlinux->n, vmlinux->cap))
			return false;
		vmlinux->symbols[vmlinux->n++] =
			(struct kmd_symbol){ symbol.st_value, vmlinux->names + symbol.st_name };
	}
	return true;
}

static int by_value(const void *a, const void *b)
{
	const struct kmd_symbol *x = a, *y = b;
	int order = kmd_cmp_u64(x->value, y->value);

	return order ? order : strcmp(x->name, y->name);
}

static enum kmd_status read_elf(Elf *elf, const char *path, struct kmd_diag *diag,
				struct kmd_vmlinux *vmlinux)
{
	Elf_Scn *scn = NULL;
	GElf_Ehdr ehdr;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &ehdr))
		return fail_elf(diag, path, "it is no ELF file");
	if (ehdr.e_type != ET_EXEC && ehdr.e_type != ET_DYN)
		return fail_elf(diag, path, "it is no executable");
	vmlinux->machine = ehdr.e_machine;
	vmlinux->elf_class = ehdr.e_ident[EI_CLASS];
	vmlinux->big_endian = ehdr.e_ident[EI_DATA] == ELFDATA2MSB;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &shdr) ||
		    (shdr.sh_type != SHT_NOTE && shdr.sh_type != SHT_SYMTAB))
			continue;
		data = elf_getdata(scn, NULL);
		if (data && shdr.sh_type == SHT_NOTE)
			read_build_id(data, vmlinux);
		else if (data && !read_symbols(elf, &shdr, data, vmlinux))
			return kmd_fail_memory(diag);
	}
	if (!vmlinux->n)
		return fail_elf(diag, path, "it has no symbol table (stripped?)");
	qsort(vmlinux->symbols, vmlinux->n, sizeof(*vmlinux->symbols), by_value);
	return KMD_OK;
}

enum kmd_status kmd_vmlinux_open(const char *path, const struct kmd_vmlinux_options *options,
				 struct kmd_diag *diag, struct kmd_vmlinux *vmlinux)
{
	enum kmd_status status;
	Elf *elf;
	int fd;

	(void)options;
	memset(vmlinux, 0, sizeof(*vmlinux));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kmd_fail_errno(diag, kmd_in(path), "cannot open", errno);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	status = elf ? read_elf(elf, path, diag, vmlinux) : fail_elf(diag, path, elf_errmsg(-1));
	elf_end(elf);
	close(fd);
	if (status != KMD_OK)
		kmd_vmlinux_deinit(vmlinux);
	return status;
}

void kmd_vmlinux_deinit(struct kmd_vmlinux *vmlinux)
{
	free(vmlinux->symbols);
	free(vmlinux->names);
	memset(vmlinux, 0, sizeof(*vmlinux));
}

bool kmd_vmlinux_symbol(const struct kmd_vmlinux *vmlinux, const char *name, uint64_t *value)
{
	for (size_t i = 0; i < vmlinux->n; i++)
		if (!strcmp(vmlinux->symbols[i].name, name)) {
			*value = vmlinux->symbols[i].value;
			return true;
		}
	return false;
}

static size_t first_at(const struct kmd_vmlinux *vmlinux, uint64_t value)
{
	size_t low = 0, high = vmlinux->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (vmlinux->symbols[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum kmd_status kmd_vmlinux_hints(const struct kmd_vmlinux *vmlinux,
				  const struct kmd_claims *claims, uint64_t kaslr,
				  struct kmd_diag *diag, struct kmd_hints *hints)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < claims->n; i++) {
		const struct kmd_claim *claim = &claims->items[i];
		uint64_t link = claim->virt - kaslr;

		if (claim->origin != KMD_FROM_KELF || !claim->has_virt || hints->n > HINTS_MAX)
			continue;
		for (size_t at = first_at(vmlinux, link);
		     status == KMD_OK && at < vmlinux->n && vmlinux->symbols[at].value == link;
		     at++)
			status = kmd_hints_add(hints, diag, claim->virt, vmlinux->symbols[at].name,
					       strlen(vmlinux->symbols[at].name));
	}
	return status;
}
