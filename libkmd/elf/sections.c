/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "elf/sections.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/text.h"
#include "base/search.h"
#include "elf/files.h"
#include "elf/relocs.h"

#include <stdlib.h>
#include <string.h>

static int by_link(const void *a, const void *b)
{
	const struct kmd_vmlinux_section *x = a, *y = b;
	int order = kmd_cmp_u64(x->link, y->link);

	return order ? order : kmd_cmp_u64(x->offset, y->offset);
}

static int by_at(const void *a, const void *b)
{
	const struct kmd_reloc *x = a, *y = b;
	int order = kmd_cmp_u64(x->at, y->at);

	return order ? order : (int)x->kind - (int)y->kind;
}

static bool add_section(const GElf_Shdr *shdr, const char *name, struct kmd_vmlinux_layout *layout)
{
	struct kmd_vmlinux_section *section;
	uint64_t end;

	if (!(shdr->sh_flags & SHF_ALLOC) || (shdr->sh_flags & SHF_TLS) || !shdr->sh_size ||
	    !kmd_add_u64(shdr->sh_addr, shdr->sh_size, &end))
		return true;
	if (!KMD_ARRAY_RESERVE(layout->sections, layout->n, layout->cap))
		return false;
	section = &layout->sections[layout->n++];
	memset(section, 0, sizeof(*section));
	kmd_text_name(section->name, sizeof(section->name), name, strlen(name));
	section->link = shdr->sh_addr;
	section->size = shdr->sh_size;
	section->offset = shdr->sh_offset;
	section->exec = shdr->sh_flags & SHF_EXECINSTR;
	section->write = shdr->sh_flags & SHF_WRITE;
	section->stored = shdr->sh_type != SHT_NOBITS;
	return true;
}

/* Sections that overlap would be read again and again. */
static void sort_sections(struct kmd_vmlinux_layout *layout)
{
	size_t kept = 0;

	if (layout->n)
		qsort(layout->sections, layout->n, sizeof(*layout->sections), by_link);
	for (size_t i = 0; i < layout->n; i++) {
		const struct kmd_vmlinux_section *last = &layout->sections[kept - 1];

		if (kept && layout->sections[i].link < last->link + last->size)
			continue;
		layout->sections[kept++] = layout->sections[i];
	}
	layout->n = kept;
}

static enum kmd_status read_sections(Elf *elf, struct kmd_diag *diag,
				     struct kmd_vmlinux_layout *layout)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return KMD_OK;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name;
		GElf_Shdr shdr;

		if (!gelf_getshdr(scn, &shdr))
			continue;
		name = elf_strptr(elf, names, shdr.sh_name);
		if (!add_section(&shdr, name ? name : "", layout))
			return kmd_fail_memory(diag);
	}
	sort_sections(layout);
	return KMD_OK;
}

/* A word that is named twice moves once. */
static void sort_moves(struct kmd_vmlinux_layout *layout)
{
	size_t kept = 0;

	if (layout->n_relocs)
		qsort(layout->relocs, layout->n_relocs, sizeof(*layout->relocs), by_at);
	for (size_t i = 0; i < layout->n_relocs; i++)
		if (!kept || layout->relocs[i].at != layout->relocs[kept - 1].at)
			layout->relocs[kept++] = layout->relocs[i];
	layout->n_relocs = kept;
}

/* Sections as libelf reads them again; *@elf is NULL where there are none to look at. */
static enum kmd_status open_elf(const struct kmd_vmlinux *vmlinux, struct kmd_diag *diag,
				const struct kmd_elf_file **file, Elf **elf)
{
	*elf = NULL;
	*file = vmlinux->elf ? kmd_elf_files_with(vmlinux->elf, KMD_ELF_CONTENT) : NULL;
	if (!*file || vmlinux->elf_class != ELFCLASS64)
		return KMD_OK;
	*elf = elf_begin((*file)->source->fd, ELF_C_READ, NULL);
	return *elf ? KMD_OK : kmd_elf_file_unusable(diag, (*file)->source->name, elf_errmsg(-1));
}

enum kmd_status kmd_vmlinux_layout_read(const struct kmd_vmlinux *vmlinux, struct kmd_diag *diag,
					struct kmd_vmlinux_layout *layout)
{
	const struct kmd_vmlinux_section *percpu;
	const struct kmd_elf_file *file;
	enum kmd_status status;
	Elf *elf;

	memset(layout, 0, sizeof(*layout));
	status = open_elf(vmlinux, diag, &file, &elf);
	if (status != KMD_OK || !elf)
		return status;
	status = read_sections(elf, diag, layout);
	elf_end(elf);
	percpu = kmd_vmlinux_layout_find(layout, ".data..percpu");
	if (vmlinux->machine == EM_X86_64 && percpu && !percpu->link)
		layout->percpu_size = percpu->size;
	if (status != KMD_OK)
		kmd_vmlinux_layout_deinit(layout);
	return status;
}

enum kmd_status kmd_vmlinux_layout_read_relocs(const struct kmd_vmlinux *vmlinux,
					       struct kmd_diag *diag,
					       struct kmd_vmlinux_layout *layout)
{
	const struct kmd_elf_file *file;
	enum kmd_status status;
	Elf *elf;

	status = open_elf(vmlinux, diag, &file, &elf);
	if (status != KMD_OK || !elf)
		return status;
	status = kmd_relocs_read(&file->header, elf, diag, layout);
	elf_end(elf);
	sort_moves(layout);
	return status;
}

void kmd_vmlinux_layout_deinit(struct kmd_vmlinux_layout *layout)
{
	free(layout->sections);
	free(layout->relocs);
	memset(layout, 0, sizeof(*layout));
}

const struct kmd_vmlinux_section *kmd_vmlinux_layout_find(const struct kmd_vmlinux_layout *layout,
							  const char *name)
{
	for (size_t i = 0; i < layout->n; i++)
		if (!strcmp(layout->sections[i].name, name))
			return &layout->sections[i];
	return NULL;
}

size_t kmd_vmlinux_layout_first(const struct kmd_vmlinux_layout *layout, uint64_t at)
{
	return KMD_LOWER_BOUND(layout->n_relocs, middle, layout->relocs[middle].at < at);
}
