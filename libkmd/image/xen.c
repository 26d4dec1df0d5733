/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * xen.c - the core of a Xen guest, as "xl dump-core" writes it (docs/misc/dump-core-format.txt).
 *
 * An ELF file of class 64 with sections and no segments: .xen_pages has the pages, .xen_pfn (or
 * .xen_p2m, with two numbers each) the frame number of every one, in any order.  Pages whose
 * frames follow each other are one region.
 */
#include "image/image.h"

#include "base/checked.h"
#include "source/cursor.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTIONS_MAX 64
#define RUNS_MAX     (1u << 20)
#define NOTE_HEADER  0x2000001 /* XEN_ELFNOTE_DUMPCORE_HEADER */
#define MAGIC_PV     0xf00febed
#define PAGE_USUAL   4096
/* The number of a page that a live guest gave back meanwhile: it has no content. */
#define NO_FRAME     UINT64_MAX
/* There are three notes, of some hundred bytes. */
#define NOTES_MAX    65536
/* Of the note: after its head of 12 bytes and the name "Xen". */
#define NOTE_DESC    16

struct section {
	uint64_t offset, size;
};

struct xen {
	struct kmd_cursor cursor;
	struct section pages, numbers, notes, names;
	uint64_t step; /* of .numbers: 8, or 16 if it is .xen_p2m */
	uint64_t shoff, shnum, shstrndx;
	uint64_t page_size;
	bool paravirtual;
};

static uint64_t header_at(const struct xen *xen, uint64_t i)
{
	return xen->shoff + i * sizeof(Elf64_Shdr);
}

static struct section section_at(struct xen *xen, uint64_t i)
{
	uint64_t at = header_at(xen, i);

	return (struct section){ kmd_cursor_u64(&xen->cursor, at + offsetof(Elf64_Shdr, sh_offset)),
				 kmd_cursor_u64(&xen->cursor, at + offsetof(Elf64_Shdr, sh_size)) };
}

static bool is_named(struct xen *xen, uint64_t i, const char *name)
{
	uint32_t at = kmd_cursor_u32(&xen->cursor, header_at(xen, i));

	return at < xen->names.size &&
	       kmd_cursor_is(&xen->cursor, xen->names.offset + at, name, strlen(name) + 1);
}

/* True if it has Xen's sections. */
static bool find_sections(struct xen *xen)
{
	for (uint64_t i = 1; i < xen->shnum; i++) {
		struct section section = section_at(xen, i);

		if (is_named(xen, i, ".xen_pages"))
			xen->pages = section;
		else if (is_named(xen, i, ".note.Xen"))
			xen->notes = section;
		else if (is_named(xen, i, ".xen_pfn") || is_named(xen, i, ".xen_p2m")) {
			xen->numbers = section;
			xen->step = is_named(xen, i, ".xen_p2m") ? 16 : 8;
		}
	}
	return xen->pages.offset && xen->numbers.offset;
}

static bool open_file(struct xen *xen, const struct kmd_source *source, struct kmd_diag *diag)
{
	unsigned char ident[EI_NIDENT];

	memset(xen, 0, sizeof(*xen));
	kmd_cursor_init(&xen->cursor, source, 0, source->size, diag);
	if (!kmd_cursor_is(&xen->cursor, 0, ELFMAG, SELFMAG) ||
	    !kmd_cursor_bytes(&xen->cursor, 0, ident, sizeof(ident)) ||
	    ident[EI_CLASS] != ELFCLASS64 || !kmd_cursor_has(&xen->cursor, 0, sizeof(Elf64_Ehdr)))
		return false;
	xen->cursor.big_endian = ident[EI_DATA] == ELFDATA2MSB;
	xen->shoff = kmd_cursor_u64(&xen->cursor, offsetof(Elf64_Ehdr, e_shoff));
	xen->shnum = kmd_cursor_u16(&xen->cursor, offsetof(Elf64_Ehdr, e_shnum));
	xen->shstrndx = kmd_cursor_u16(&xen->cursor, offsetof(Elf64_Ehdr, e_shstrndx));
	if (kmd_cursor_u16(&xen->cursor, offsetof(Elf64_Ehdr, e_type)) != ET_CORE ||
	    kmd_cursor_u16(&xen->cursor, offsetof(Elf64_Ehdr, e_phnum)) || !xen->shoff ||
	    xen->shnum > SECTIONS_MAX || xen->shstrndx >= xen->shnum ||
	    !kmd_cursor_has(&xen->cursor, xen->shoff, xen->shnum * sizeof(Elf64_Shdr)))
		return false;
	xen->names = section_at(xen, xen->shstrndx);
	return find_sections(xen);
}

static bool probe(const struct kmd_input *input, const struct kmd_image_options *options,
		  struct kmd_diag *diag)
{
	struct xen xen;

	(void)options;
	return !input->folder && input->n_members == 1 &&
	       open_file(&xen, input->members[0].source, diag);
}

/* The size of a page and the kind of guest: the note of the header, by its type. */
static void read_notes(struct xen *xen)
{
	uint64_t end;

	xen->page_size = PAGE_USUAL;
	if (!kmd_add_u64(xen->notes.offset, kmd_min_u64(xen->notes.size, NOTES_MAX), &end))
		return;
	for (uint64_t at = xen->notes.offset; at < end && kmd_cursor_has(&xen->cursor, at, 48);) {
		uint64_t desc = at + NOTE_DESC;

		if (kmd_cursor_u32(&xen->cursor, at + 8) == NOTE_HEADER) {
			xen->paravirtual = kmd_cursor_u64(&xen->cursor, desc) == MAGIC_PV;
			xen->page_size = kmd_cursor_u64(&xen->cursor, desc + 24);
		}
		at = desc + kmd_align_up(kmd_cursor_u32(&xen->cursor, at + 4), 4);
	}
}

static enum kmd_status add_run(struct kmd_image *image, const struct xen *xen, uint64_t first,
			       uint64_t pages, uint64_t frame)
{
	struct kmd_blob *blob = kmd_image_add(image);
	uint64_t into = first * xen->page_size, left = xen->cursor.size - xen->pages.offset;

	if (!blob)
		return kmd_fail_memory(xen->cursor.diag);
	if (asprintf(&blob->name, "ram%zu", image->n_blobs - 1) < 0) {
		blob->name = NULL;
		return kmd_fail_memory(xen->cursor.diag);
	}
	blob->source = xen->cursor.source;
	blob->offset = xen->pages.offset + kmd_min_u64(into, left);
	blob->declared = pages * xen->page_size;
	blob->size = into < left ? kmd_min_u64(blob->declared, left - into) : 0;
	blob->phys = frame * xen->page_size;
	blob->has_phys = true;
	blob->kind = KMD_BLOB_REGION;
	blob->origin = KMD_FROM_ADDRESS;
	return KMD_OK;
}

static enum kmd_status damaged(const struct xen *xen, uint64_t at, const char *what)
{
	return kmd_fail(xen->cursor.diag, KMD_ERR_DAMAGED, kmd_at(xen->cursor.source->name, at),
			"core of a Xen guest: %s", what);
}

static enum kmd_status read_runs(struct xen *xen, uint64_t n, struct kmd_image *image)
{
	uint64_t start = 0, first = 0, next = 0;
	enum kmd_status status = KMD_OK;

	for (uint64_t i = 0; status == KMD_OK && i <= n; i++) {
		uint64_t at = xen->numbers.offset + i * xen->step;
		uint64_t frame = i < n ? kmd_cursor_u64(&xen->cursor, at) : 0;

		if (i && i < n && first != NO_FRAME && frame == next) {
			next++;
			continue;
		}
		if (i < n && frame != NO_FRAME && frame >= UINT64_MAX / xen->page_size)
			return damaged(xen, at, "the number of a page frame is impossible");
		if (i && image->n_blobs == RUNS_MAX)
			return damaged(xen, at, "its pages lie in too many places");
		if (i && first != NO_FRAME)
			status = add_run(image, xen, start, i - start, first);
		start = i;
		first = frame;
		next = frame + 1;
	}
	return status == KMD_OK ? kmd_cursor_check(&xen->cursor, "list of page frames") : status;
}

static enum kmd_status read_image(const struct kmd_input *input,
				  const struct kmd_image_options *options, struct kmd_diag *diag,
				  struct kmd_image *image)
{
	const struct kmd_source *source = input->members[0].source;
	enum kmd_status status = KMD_OK;
	struct xen xen;
	uint64_t n;

	(void)options;
	if (!open_file(&xen, source, diag))
		return damaged(&xen, 0, "its section headers cannot be read");
	read_notes(&xen);
	if (xen.page_size < PAGE_USUAL || xen.page_size > 65536 || !kmd_is_pow2(xen.page_size))
		return damaged(&xen, xen.notes.offset, "its page size is impossible");
	n = kmd_min_u64(xen.pages.size / xen.page_size, xen.numbers.size / xen.step);
	if (!n || xen.pages.offset >= source->size ||
	    !kmd_inside(xen.numbers.offset, n * xen.step, source->size))
		return damaged(&xen, xen.numbers.offset, "its pages or their numbers are missing");
	if (xen.paravirtual || xen.step == 16)
		status = kmd_report(diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(source->name),
				    "a paravirtual guest of Xen: its page tables hold addresses of "
				    "the host, which are not followed");
	if (status == KMD_OK && n * xen.page_size > source->size - xen.pages.offset)
		status = kmd_report(
			diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, kmd_at(source->name, source->size),
			"core of a Xen guest: truncated, 0x%" PRIx64 " bytes of pages are "
			"missing",
			n * xen.page_size - (source->size - xen.pages.offset));
	return status == KMD_OK ? read_runs(&xen, n, image) : status;
}

const struct kmd_image_format kmd_image_xen = { "core of a Xen guest", probe, read_image };
