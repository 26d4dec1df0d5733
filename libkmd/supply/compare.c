/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "supply/compare.h"

#include "base/checked.h"

#include <string.h>

#define WORD 8

static uint64_t captured_in(const struct kmd_memory *memory, bool physical, uint64_t start,
			    uint64_t size)
{
	const struct kmd_interval *pieces = physical ? memory->phys : memory->virt;
	size_t n = physical ? memory->n_phys : memory->n_virt;
	uint64_t end, sum = 0;

	if (!kmd_add_u64(start, size, &end))
		return 0;
	for (size_t i = kmd_intervals_find(pieces, n, start); i < n && pieces[i].start < end; i++)
		sum += kmd_min_u64(end, pieces[i].end) - kmd_max_u64(start, pieces[i].start);
	return sum;
}

uint64_t kmd_captured_of_part(const struct kmd_link_image *image, const struct kmd_image_part *part)
{
	const struct kmd_image_reader *reader = &image->reader;
	uint64_t phys =
		captured_in(reader->memory, true, part->link - reader->image_delta, part->size);
	uint64_t virt = captured_in(reader->memory, false, part->link + reader->kaslr, part->size);

	return kmd_max_u64(phys, virt);
}

static enum kmd_status overlay(const struct kmd_memory *memory, bool physical, uint64_t start,
			       struct kmd_stretch *stretch, struct kmd_diag *diag)
{
	const struct kmd_interval *pieces = physical ? memory->phys : memory->virt;
	size_t n = physical ? memory->n_phys : memory->n_virt;
	enum kmd_status status = KMD_OK;
	uint64_t end;

	if (!kmd_add_u64(start, stretch->size, &end))
		return KMD_OK;
	for (size_t i = kmd_intervals_find(pieces, n, start);
	     status == KMD_OK && i < n && pieces[i].start < end; i++) {
		uint64_t from = kmd_max_u64(start, pieces[i].start), offset;
		uint64_t size = kmd_min_u64(end, pieces[i].end) - from;
		const struct kmd_source *source =
			kmd_memory_bytes(memory, &pieces[i], physical, from, &offset);

		status = kmd_source_read(source, offset, stretch->got + (from - start), size, diag);
		memset(stretch->have + (from - start), true, (size_t)size);
	}
	return status;
}

enum kmd_status kmd_stretch_read(const struct kmd_link_image *image,
				 const struct kmd_image_part *part, uint64_t link, bool learned,
				 struct kmd_diag *diag, struct kmd_stretch *stretch)
{
	const struct kmd_image_reader *reader = &image->reader;
	enum kmd_status status;

	stretch->link = link;
	stretch->size = (size_t)kmd_min_u64(KMD_IMAGE_CHUNK, part->link + part->size - link);
	memset(stretch->have, false, stretch->size);
	if (!kmd_link_image_read(image, part, link, stretch->size, learned, stretch->expected,
				 stretch->states))
		return kmd_fail(diag, KMD_ERR_IO, kmd_in("vmlinux"), "%s cannot be read",
				part->name);
	status = overlay(reader->memory, false, link + reader->kaslr, stretch, diag);
	if (status == KMD_OK)
		status = overlay(reader->memory, true, link - reader->image_delta, stretch, diag);
	stretch->whole = !memchr(stretch->have, false, stretch->size);
	stretch->none = !memchr(stretch->have, true, stretch->size);
	return status;
}

static bool has_all(const struct kmd_stretch *stretch, size_t at, size_t size)
{
	return at + size <= stretch->size && !memchr(stretch->have + at, false, size);
}

/* Both are read alike, so the byte order does not matter for equality; little-endian only. */
static void check_pointer(const struct kmd_stretch *stretch, size_t at, uint64_t kaslr,
			  struct kmd_comparison *comparison)
{
	uint64_t expected = kmd_get_le(stretch->expected + at, WORD);

	if (!has_all(stretch, at, WORD))
		return;
	if (kmd_get_le(stretch->got + at, WORD) == expected + kaslr)
		comparison->moved++;
	else
		comparison->unmoved++;
}

/* The bytes [at, at + size) of one word. */
static void check_word(const struct kmd_stretch *stretch, size_t at, size_t size, uint64_t kaslr,
		       struct kmd_comparison *comparison)
{
	uint64_t before = comparison->compared;
	bool differs = false;

	for (size_t i = at; i < at + size; i++) {
		if (!stretch->have[i] || stretch->states[i] != KMD_BYTE_KNOWN)
			continue;
		comparison->compared++;
		differs = differs || stretch->expected[i] != stretch->got[i];
	}
	if (size == WORD && stretch->states[at] == KMD_BYTE_POINTER)
		check_pointer(stretch, at, kaslr, comparison);
	comparison->words += comparison->compared > before;
	if (differs && !comparison->differing++)
		comparison->first_differing = stretch->link + at;
}

static void check_object(const struct kmd_stretch *stretch, uint64_t kaslr,
			 struct kmd_comparison *comparison)
{
	size_t at = 0;

	while (at < stretch->size) {
		size_t size =
			(size_t)kmd_min_u64(WORD - (stretch->link + at) % WORD, stretch->size - at);

		check_word(stretch, at, size, kaslr, comparison);
		at += size;
	}
}

enum kmd_status kmd_compare_part(const struct kmd_link_image *image,
				 const struct kmd_image_part *part, bool learned,
				 struct kmd_stretch *stretch, struct kmd_diag *diag,
				 struct kmd_comparison *comparison)
{
	enum kmd_status status = KMD_OK;

	memset(comparison, 0, sizeof(*comparison));
	for (uint64_t at = 0; status == KMD_OK && at < part->size; at += stretch->size) {
		status = kmd_stretch_read(image, part, part->link + at, learned, diag, stretch);
		if (status == KMD_OK && !stretch->none)
			check_object(stretch, image->reader.kaslr, comparison);
	}
	return status;
}
