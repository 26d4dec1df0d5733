/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "elf/content.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

/* Between two sections of one page lies padding, which is loaded as well. */
#define GAP_MAX 4096
#define WORD    8

static int by_start(const void *a, const void *b)
{
	const struct kmd_content_extent *x = a, *y = b;
	int order = kmd_cmp_u64(x->start, y->start);

	return order ? order : kmd_cmp_u64(x->offset, y->offset);
}

static int by_address(const void *a, const void *b)
{
	const struct kmd_content_reloc *x = a, *y = b;
	int order = kmd_cmp_u64(x->at, y->at);

	return order ? order : kmd_cmp_u64(x->value, y->value);
}

static bool add_extent(const GElf_Shdr *shdr, struct kmd_content *content)
{
	uint64_t end;

	if (!shdr->sh_size || (shdr->sh_flags & SHF_TLS) ||
	    !kmd_add_u64(shdr->sh_addr, shdr->sh_size, &end))
		return true;
	if (!KMD_ARRAY_RESERVE(content->extents, content->n, content->cap))
		return false;
	content->extents[content->n++] =
		(struct kmd_content_extent){ shdr->sh_addr, shdr->sh_size, shdr->sh_offset,
					     shdr->sh_type != SHT_NOBITS };
	return true;
}

/* Number of the relocation that adds the load offset to a word; 0 = not known here. */
static uint32_t relative_type(uint16_t machine)
{
	switch (machine) {
	case EM_AARCH64:
		return R_AARCH64_RELATIVE;
	case EM_RISCV:
		return R_RISCV_RELATIVE;
	case EM_X86_64:
		return R_X86_64_RELATIVE;
	default:
		return 0;
	}
}

/*
 * Packed relocations (.relr.dyn) need nothing: their words hold link addresses already.
 * Nor do those of --emit-relocs, which have been applied and are not loaded.
 */
static bool add_relocs(const struct kmd_elf_file *file, Elf_Scn *scn, const GElf_Shdr *shdr,
		       struct kmd_content *content)
{
	size_t count = shdr->sh_entsize ? (size_t)(shdr->sh_size / shdr->sh_entsize) : 0;
	uint32_t type = relative_type(file->header.e_machine);
	Elf_Data *data = elf_getdata(scn, NULL);

	for (size_t i = 0; data && i < count && i < INT32_MAX; i++) {
		GElf_Rela rela;

		if (!gelf_getrela(data, (int)i, &rela) || GELF_R_TYPE(rela.r_info) != type)
			continue;
		if (!KMD_ARRAY_RESERVE(content->relocs, content->n_relocs, content->cap_relocs))
			return false;
		content->relocs[content->n_relocs++] =
			(struct kmd_content_reloc){ rela.r_offset, (uint64_t)rela.r_addend };
	}
	return true;
}

static bool add_section(const struct kmd_elf_file *file, Elf_Scn *scn, struct kmd_content *content)
{
	GElf_Shdr shdr;

	if (!gelf_getshdr(scn, &shdr) || !(shdr.sh_flags & SHF_ALLOC))
		return true;
	if (shdr.sh_type == SHT_RELA && file->header.e_ident[EI_CLASS] == ELFCLASS64 &&
	    relative_type(file->header.e_machine) && !add_relocs(file, scn, &shdr, content))
		return false;
	return add_extent(&shdr, content);
}

static bool follows(const struct kmd_content_extent *last, const struct kmd_content_extent *next)
{
	uint64_t end = last->start + last->size;

	return last->stored && next->stored && next->start >= end && next->start - end < GAP_MAX &&
	       next->offset - last->offset == next->start - last->start;
}

static void join_extents(struct kmd_content *content)
{
	size_t kept = 0;

	for (size_t i = 1; i < content->n; i++) {
		struct kmd_content_extent *last = &content->extents[kept];
		const struct kmd_content_extent *next = &content->extents[i];

		if (follows(last, next))
			last->size = next->start + next->size - last->start;
		else
			content->extents[++kept] = *next;
	}
	if (content->n)
		content->n = kept + 1;
}

enum kmd_status kmd_content_init(const struct kmd_elf_file *file, struct kmd_diag *diag,
				 struct kmd_content *content)
{
	Elf_Scn *scn = NULL;

	memset(content, 0, sizeof(*content));
	content->big_endian = file->header.e_ident[EI_DATA] == ELFDATA2MSB;
	while ((scn = elf_nextscn(file->elf, scn)))
		if (!add_section(file, scn, content)) {
			kmd_content_deinit(content);
			return kmd_fail_memory(diag);
		}
	if (content->n)
		qsort(content->extents, content->n, sizeof(*content->extents), by_start);
	if (content->n_relocs)
		qsort(content->relocs, content->n_relocs, sizeof(*content->relocs), by_address);
	join_extents(content);
	return KMD_OK;
}

void kmd_content_deinit(struct kmd_content *content)
{
	free(content->extents);
	free(content->relocs);
	memset(content, 0, sizeof(*content));
}

/* The last extent that begins at or below @link, or NULL. */
static const struct kmd_content_extent *extent_of(const struct kmd_content *content, uint64_t link)
{
	size_t low = KMD_LOWER_BOUND(content->n, middle, content->extents[middle].start <= link);

	return low ? &content->extents[low - 1] : NULL;
}

static bool read_stored(const struct kmd_content *content, const struct kmd_source *source,
			uint64_t link, unsigned char *to, size_t size, struct kmd_diag *diag)
{
	while (size) {
		const struct kmd_content_extent *extent = extent_of(content, link);
		uint64_t into = extent ? link - extent->start : 0, part;

		if (!extent || !extent->stored || into >= extent->size)
			return false;
		part = kmd_min_u64(extent->size - into, size);
		if (kmd_source_read(source, extent->offset + into, to, part, diag) != KMD_OK)
			return false;
		to += part;
		link += part;
		size -= (size_t)part;
	}
	return true;
}

static size_t first_reloc(const struct kmd_content *content, uint64_t at)
{
	return KMD_LOWER_BOUND(content->n_relocs, middle, content->relocs[middle].at < at);
}

/* A word may begin before @link or end after the last requested byte. */
static void apply(const struct kmd_content_reloc *reloc, bool big_endian, uint64_t link,
		  unsigned char *to, size_t size)
{
	for (unsigned int i = 0; i < WORD; i++) {
		uint64_t into = reloc->at + i - link;
		unsigned int shift = 8 * (big_endian ? WORD - 1 - i : i);

		if (into < size)
			to[into] = (unsigned char)(reloc->value >> shift);
	}
}

bool kmd_content_read(const struct kmd_content *content, const struct kmd_source *source,
		      uint64_t link, void *to, size_t size)
{
	struct kmd_diag ignored;
	uint64_t end;
	bool good;

	if (!kmd_add_u64(link, size, &end))
		return false;
	kmd_diag_init(&ignored);
	good = read_stored(content, source, link, to, size, &ignored);
	kmd_diag_deinit(&ignored);
	if (!good)
		return false;
	for (size_t i = first_reloc(content, link < WORD ? 0 : link - (WORD - 1));
	     i < content->n_relocs && content->relocs[i].at < end; i++)
		apply(&content->relocs[i], content->big_endian, link, to, size);
	return true;
}
