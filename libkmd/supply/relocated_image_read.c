/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The bytes of the image as KASLR moved it, or that they are not known. */
#include "supply/relocated_image.h"

#include "base/checked.h"

#include <elf.h>
#include <string.h>

#define WORD       8
#define HALF       4
/* Words that begin before a chunk or end after it are read whole. */
#define MARGIN     WORD
/* Addends of references to a variable, at most. */
#define ADDEND_MAX 64

/* A chunk with the bytes around it, as far as they are of the part. */
struct window {
	const struct kmd_link_image *image;
	uint64_t link;
	size_t size;
	unsigned char bytes[KMD_IMAGE_CHUNK + 2 * MARGIN];
	unsigned char states[KMD_IMAGE_CHUNK + 2 * MARGIN];
	bool learned;
};

static uint64_t get(const struct window *window, size_t at, size_t width)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++)
		value = value << 8 |
			window->bytes[at +
				      (window->image->vmlinux->big_endian ? i : width - 1 - i)];
	return value;
}

static void put(struct window *window, size_t at, size_t width, uint64_t value)
{
	for (size_t i = 0; i < width; i++, value >>= 8)
		window->bytes[at + (window->image->vmlinux->big_endian ? width - 1 - i : i)] =
			(unsigned char)value;
}

static void mark(struct window *window, size_t at, size_t width, enum kmd_byte_state state)
{
	for (size_t i = 0; i < width; i++)
		if (window->states[at + i] != KMD_BYTE_OPEN)
			window->states[at + i] = (unsigned char)state;
}

/* What the relocations move.  A word that begins or ends outside of the window is not in the chunk.
 */
static void move_listed(struct window *window)
{
	const struct kmd_vmlinux_layout *layout = &window->image->layout;
	uint64_t kaslr = window->image->reader.kaslr;

	for (size_t i = kmd_vmlinux_layout_first(layout, window->link);
	     i < layout->n_relocs && layout->relocs[i].at < window->link + window->size; i++) {
		size_t at = (size_t)(layout->relocs[i].at - window->link);
		size_t width = layout->relocs[i].kind == KMD_RELOC_ADD64 ? WORD : HALF;
		uint64_t value;

		if (!kmd_inside(at, width, window->size))
			continue;
		value = get(window, at, width);
		put(window, at, width,
		    layout->relocs[i].kind == KMD_RELOC_SUB32 ? value - kaslr : value + kaslr);
	}
}

/* Any value that can be an address of the image, or close to it. */
static bool may_be_address(const struct kmd_link_image *image, uint64_t value)
{
	if (image->build.arch && image->build.arch->image_max)
		return kmd_build_is_image(&image->build, value);
	return value >= kmd_align_down(image->build.text, UINT64_C(1) << 30) &&
	       value <= image->build.end + (UINT64_C(1) << 24);
}

static bool is_address(const struct window *window, uint64_t link)
{
	const struct kmd_link_image *image = window->image;

	for (size_t i = 0; i < image->n_tables; i++)
		if (link >= image->tables[i].start && link < image->tables[i].end)
			return true;
	return window->learned;
}

/* It is not known which words move; those that cannot move are known. */
static void doubt_addresses(struct window *window)
{
	const struct kmd_build *build = &window->image->build;
	size_t step;

	for (size_t at = 0; at + WORD <= window->size; at += step) {
		uint64_t value = get(window, at, WORD), link = window->link + at;

		step = 1;
		if (!may_be_address(window->image, value))
			continue;
		if (link % WORD || value < build->text || value > build->end) {
			mark(window, at, WORD, KMD_BYTE_OPEN);
		} else if (is_address(window, link)) {
			put(window, at, WORD, value + window->image->reader.kaslr);
			/* What stands there now is no link address, nor what overlaps it. */
			step = WORD;
		} else
			mark(window, at, WORD, KMD_BYTE_POINTER);
	}
}

/* Distances to per-CPU variables at [0, percpu_size), which do not move with the image. */
static void doubt_distances(struct window *window)
{
	uint64_t size = window->image->layout.percpu_size;

	for (size_t at = 0; at + HALF <= window->size; at++) {
		uint64_t distance = get(window, at, HALF);
		uint64_t to = window->link + at + distance -
			      (distance >> 31 ? UINT64_C(1) << 32 : 0) + ADDEND_MAX;

		if (to < size + 2 * ADDEND_MAX)
			mark(window, at, HALF, KMD_BYTE_OPEN);
	}
}

static void leave_out(struct window *window)
{
	for (size_t i = 0; i < window->image->n_holes; i++) {
		const struct kmd_link_range *hole = &window->image->holes[i];
		uint64_t start = kmd_max_u64(hole->start, window->link);
		uint64_t end = kmd_min_u64(hole->end, window->link + window->size);

		if (start < end)
			memset(window->states + (start - window->link), KMD_BYTE_OPEN,
			       (size_t)(end - start));
	}
}

/* Text is approximate anyhow: it is asked for as that, with no holes in it. */
static void relocate(struct window *window, const struct kmd_image_part *part)
{
	const struct kmd_link_image *image = window->image;

	if (image->layout.relocs_complete) {
		move_listed(window);
	} else if (image->layout.dynamic && part->kind == KMD_COMPLETE_RODATA) {
		mark(window, 0, window->size, KMD_BYTE_OPEN);
	} else if (image->reader.kaslr && part->kind == KMD_COMPLETE_RODATA) {
		if (image->layout.percpu_size)
			doubt_distances(window);
		doubt_addresses(window);
	}
}

bool kmd_link_image_read(const struct kmd_link_image *image, const struct kmd_image_part *part,
			 uint64_t link, size_t size, bool learned, unsigned char *bytes,
			 unsigned char *states)
{
	uint64_t into = link - part->link;
	size_t before = (size_t)kmd_min_u64(into, MARGIN);
	size_t behind = (size_t)kmd_min_u64(part->size - into - size, MARGIN);
	struct window window = { .image = image, .learned = learned };

	if (part->made) {
		memcpy(bytes, part->made + into, size);
		memset(states, KMD_BYTE_KNOWN, size);
		return true;
	}
	window.link = link - before;
	window.size = before + size + behind;
	if (!kmd_vmlinux_bytes(image->vmlinux, window.link, window.bytes, window.size))
		return false;
	relocate(&window, part);
	leave_out(&window);
	memcpy(bytes, window.bytes + before, size);
	memcpy(states, window.states + before, size);
	return true;
}

bool kmd_link_image_is_plain(const struct kmd_link_image *image, const struct kmd_image_part *part)
{
	const struct kmd_vmlinux_layout *layout = &image->layout;
	size_t first = kmd_vmlinux_layout_first(layout, part->link);

	if (part->made ||
	    (first < layout->n_relocs && layout->relocs[first].at < part->link + part->size))
		return false;
	return layout->relocs_complete || part->kind != KMD_COMPLETE_RODATA || !image->reader.kaslr;
}
