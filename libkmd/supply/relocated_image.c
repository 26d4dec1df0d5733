/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "supply/relocated_image.h"

#include "base/array.h"
#include "base/checked.h"
#include "supply/orc_lookup.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Written while the kernel starts, or freed after it. */
static const char *const holes[][2] = {
	{ "__init_begin", "__init_end" },
	{ "__start_ro_after_init", "__end_ro_after_init" },
	/* arm64 patches these in place. */
	{ "vdso_start", "vdso_end" },
	{ "vdso32_start", "vdso32_end" },
	{ "__hyp_rodata_start", "__hyp_rodata_end" },
	{ "__per_cpu_start", "__per_cpu_end" },
};

_Static_assert(sizeof(holes) / sizeof(holes[0]) <= KMD_IMAGE_HOLES, "room for all");

/* Read-only tables that crash reads: of strings, of {mask, string}, of functions. */
static const char *const tables[] = { "task_state_array", "pageflag_names", "sys_call_table" };

_Static_assert(sizeof(tables) / sizeof(tables[0]) <= KMD_IMAGE_TABLES, "room for all");

static bool symbols(const struct kmd_vmlinux *vmlinux, const char *start, const char *end,
		    struct kmd_link_range *range)
{
	return kmd_vmlinux_symbol(vmlinux, start, &range->start) &&
	       kmd_vmlinux_symbol(vmlinux, end, &range->end) && range->start < range->end;
}

static void find_holes(struct kmd_link_image *image)
{
	for (size_t i = 0; i < sizeof(holes) / sizeof(holes[0]); i++)
		if (symbols(image->vmlinux, holes[i][0], holes[i][1],
			    &image->holes[image->n_holes]))
			image->n_holes++;
}

static void find_tables(struct kmd_link_image *image)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		const struct kmd_elf_symbol *symbol = kmd_vmlinux_find(image->vmlinux, tables[i]);
		struct kmd_link_range *range = &image->tables[image->n_tables];

		if (symbol && kmd_add_u64(symbol->value, symbol->size, &range->end)) {
			range->start = symbol->value;
			image->n_tables++;
		}
	}
}

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* 0 if it is not to be supplied.  .rodata is marked as writable, so flags do not help. */
static unsigned int kind_of(const struct kmd_link_image *image,
			    const struct kmd_vmlinux_section *section,
			    const struct kmd_link_range *rodata, uint64_t stext)
{
	const char *name = section->name;

	if (!section->stored || section->link < image->build.text ||
	    section->link >= image->build.end || section->size > image->build.end - section->link)
		return 0;
	if (!strcmp(name, ".BTF") || !strcmp(name, ".BTF_ids"))
		return KMD_COMPLETE_BTF;
	if (image->build.machine == EM_X86_64 && has_prefix(name, ".orc_"))
		return KMD_COMPLETE_ORC;
	if (section->exec)
		return section->write || !stext || section->link < stext ? 0 : KMD_COMPLETE_TEXT;
	if (section->link < rodata->start || section->link >= rodata->end ||
	    !strcmp(name, ".notes") || has_prefix(name, ".hyp"))
		return 0;
	return KMD_COMPLETE_RODATA;
}

static bool in_hole(const struct kmd_link_image *image, uint64_t link, uint64_t size)
{
	for (size_t i = 0; i < image->n_holes; i++)
		if (link >= image->holes[i].start && link + size <= image->holes[i].end)
			return true;
	return false;
}

static bool add_part(struct kmd_link_image *image, const struct kmd_image_part *part)
{
	if (!KMD_ARRAY_RESERVE(image->parts, image->n_parts, image->cap_parts))
		return false;
	image->parts[image->n_parts++] = *part;
	return true;
}

/*
 * Without the symbols of what is written while the kernel starts, nothing of rodata
 * is safe; without those of .init nothing at all.
 */
static bool find_parts(struct kmd_link_image *image)
{
	struct kmd_link_range rodata = { 0 }, written;
	uint64_t stext = 0;

	if (!symbols(image->vmlinux, "__init_begin", "__init_end", &written))
		return true;
	if (!symbols(image->vmlinux, "__start_rodata", "__end_rodata", &rodata) ||
	    !symbols(image->vmlinux, "__start_ro_after_init", "__end_ro_after_init", &written))
		rodata.start = rodata.end = 0;
	kmd_vmlinux_symbol(image->vmlinux, "_stext", &stext);
	for (size_t i = 0; i < image->layout.n; i++) {
		const struct kmd_vmlinux_section *section = &image->layout.sections[i];
		unsigned int kind = kind_of(image, section, &rodata, stext);
		struct kmd_image_part part = { section->name,   (enum kmd_complete)kind,
					       section->link,   section->size,
					       section->offset, NULL };

		if (kind && !in_hole(image, section->link, section->size) &&
		    !add_part(image, &part))
			return false;
	}
	return true;
}

static int by_link(const void *a, const void *b)
{
	return kmd_cmp_u64(((const struct kmd_image_part *)a)->link,
			   ((const struct kmd_image_part *)b)->link);
}

/* The index, and the number of its entries, which lies among what is written at the start. */
static bool add_orc_lookup(struct kmd_link_image *image, const struct kmd_image_part *index)
{
	const struct kmd_elf_symbol *symbol = kmd_vmlinux_find(image->vmlinux, "lookup_num_blocks");
	struct kmd_image_part number = {
		"lookup_num_blocks", KMD_COMPLETE_ORC, 0, sizeof(image->orc_entries), 0,
		image->orc_entries
	};
	uint64_t entries = index->size / sizeof(uint32_t);

	if (!add_part(image, index))
		return false;
	if (!symbol || symbol->size != number.size || !in_hole(image, symbol->value, number.size))
		return true;
	number.link = symbol->value;
	for (size_t i = 0; i < sizeof(image->orc_entries); i++, entries >>= 8)
		image->orc_entries[i] = (unsigned char)entries;
	return add_part(image, &number);
}

static enum kmd_status make_orc_lookup(struct kmd_link_image *image, struct kmd_diag *diag)
{
	const struct kmd_vmlinux_section *section =
		kmd_vmlinux_layout_find(&image->layout, ".orc_lookup");
	struct kmd_image_part part = { .kind = KMD_COMPLETE_ORC };
	enum kmd_status status;

	if (image->build.machine != EM_X86_64 || !section || section->stored)
		return KMD_OK;
	status = kmd_orc_lookup_make(image->vmlinux, &image->layout, diag, &part.link, &part.size,
				     &image->orc_lookup);
	if (status != KMD_OK || !image->orc_lookup || part.link < section->link ||
	    part.link - section->link > section->size ||
	    part.size > section->size - (part.link - section->link))
		return status;
	part.name = section->name;
	part.made = image->orc_lookup;
	if (!add_orc_lookup(image, &part))
		return kmd_fail_memory(diag);
	qsort(image->parts, image->n_parts, sizeof(*image->parts), by_link);
	return KMD_OK;
}

enum kmd_status kmd_link_image_init(const struct kmd_vmlinux *vmlinux,
				    const struct kmd_runtime *runtime,
				    const struct kmd_memory *captured, struct kmd_diag *diag,
				    struct kmd_link_image *image, const char **why)
{
	enum kmd_status status;

	memset(image, 0, sizeof(*image));
	*why = NULL;
	image->vmlinux = vmlinux;
	kmd_build_read(vmlinux, &image->build);
	kmd_image_reader_init(captured, vmlinux, &image->build, runtime, diag, &image->reader);
	if (!image->reader.has_image_delta || !image->reader.has_kaslr)
		*why = "the address of the kernel is not known";
	else if (!image->build.text || image->build.end - image->build.text > KMD_IMAGE_MAX)
		*why = "its symbols do not give the extent of the image";
	if (*why)
		return KMD_OK;
	status = kmd_vmlinux_layout_read(vmlinux, diag, &image->layout);
	find_holes(image);
	find_tables(image);
	if (status == KMD_OK && !find_parts(image))
		status = kmd_fail_memory(diag);
	if (status == KMD_OK)
		status = make_orc_lookup(image, diag);
	if (status != KMD_OK)
		kmd_link_image_deinit(image);
	else if (!image->n_parts)
		*why = "it has no such sections (a debug file?), or no symbols that give their "
		       "extent";
	return status;
}

enum kmd_status kmd_link_image_prepare(struct kmd_link_image *image, struct kmd_diag *diag)
{
	if (image->moves_read)
		return KMD_OK;
	image->moves_read = true;
	return kmd_vmlinux_layout_read_relocs(image->vmlinux, diag, &image->layout);
}

void kmd_link_image_deinit(struct kmd_link_image *image)
{
	kmd_vmlinux_layout_deinit(&image->layout);
	free(image->parts);
	free(image->orc_lookup);
	memset(image, 0, sizeof(*image));
}
