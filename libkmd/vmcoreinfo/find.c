/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where VMCOREINFO may be: a region of its own, the notes of a core, or somewhere
 * inside captured memory.  A text counts only if it reads like one from its first
 * line to its last.
 */
#include "vmcoreinfo/vmcoreinfo.h"

#include "base/checked.h"
#include "base/text.h"
#include "region/file_name.h"
#include "vmcoreinfo/follow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEARCH_BLOCK (1u << 20)
#define RELEASE_MAX  128

static const char start[] = "OSRELEASE=";
#define START_LENGTH (sizeof(start) - 1)

/* The first lines, by which a text is known, fit into this. */
#define HEAD         512

/* From the start of the kernel's note to the text: its header and name. */
#define NOTE_TEXT    24

/* One boot, as the texts of the dump's files have it. */
struct boot_text {
	bool known;
	uint64_t kaslr;
	char origin[128];
};

struct finder {
	struct kmd_diag *diag;
	struct kmd_vmcoreinfo *info; /* the best text so far */
	const char *what;            /* for people: is being searched */
	struct kmd_scan *others;     /* other texts that are looked for in all of memory, or NULL */
	bool cut;                    /* it ends in the middle of a line */
	bool tie;                    /* and one of them is as long */
	bool rival;                  /* another one differs */
	bool files;                  /* each text is a file or section of its own */
	uint64_t done, total;        /* bytes searched, and to be searched; 0 = do not tell */
	char vm[KMD_VM_MAX];         /* of the first text, and its release: */
	char release[RELEASE_MAX];
	struct boot_text low, high; /* the lowest and the highest KASLR offset of these */
};

static enum kmd_status keep(struct finder *finder, const struct kmd_run *place, char *text,
			    size_t length, bool cut)
{
	char name[128];

	kmd_vmcoreinfo_deinit(finder->info);
	kmd_text_name(name, sizeof(name), place->name, strlen(place->name));
	if (asprintf(&finder->info->origin, *name ? "%s \"%s\"" : "%s", finder->what, name) < 0) {
		finder->info->origin = NULL;
		free(text);
		return kmd_fail_memory(finder->diag);
	}
	finder->info->text = text;
	finder->info->length = length;
	finder->cut = cut;
	return KMD_OK;
}

static bool starts_here(const struct finder *finder, const struct kmd_run *place)
{
	char bytes[START_LENGTH];

	return place->size >= START_LENGTH &&
	       kmd_source_read(place->source, place->offset, bytes, START_LENGTH, finder->diag) ==
		       KMD_OK &&
	       !memcmp(bytes, start, START_LENGTH);
}

static bool differs(const struct kmd_vmcoreinfo *info, const char *text, size_t length)
{
	return length != info->length || memcmp(text, info->text, length) != 0;
}

/*
 * Texts of one release in files of one machine: their KASLR offsets differ only if the files
 * are of different boots.
 */
static void note_boot(struct finder *finder, const struct kmd_run *place, char *text, size_t length)
{
	const struct kmd_vmcoreinfo info = { .text = text, .length = length };
	struct boot_text boot = { .known = true };
	char vm[KMD_VM_MAX], release[RELEASE_MAX];
	const char *value;
	size_t size;

	if (!kmd_vmcoreinfo_kaslr(&info, &boot.kaslr) ||
	    !kmd_vmcoreinfo_get(&info, "OSRELEASE", &value, &size))
		return;
	kmd_text_name(release, sizeof(release), value, size);
	kmd_text_name(boot.origin, sizeof(boot.origin), place->name, strlen(place->name));
	kmd_vm_prefix(place->name, vm);
	if (!finder->low.known) {
		memcpy(finder->vm, vm, sizeof(vm));
		memcpy(finder->release, release, sizeof(release));
		finder->low = finder->high = boot;
	}
	if (strcmp(finder->vm, vm) != 0 || strcmp(finder->release, release) != 0)
		return;
	if (boot.kaslr < finder->low.kaslr)
		finder->low = boot;
	if (boot.kaslr > finder->high.kaslr)
		finder->high = boot;
}

/* Read a text at the start of @place, and keep it if it is the longest yet. */
static enum kmd_status try_text(struct finder *finder, const struct kmd_run *place,
				size_t *measured)
{
	size_t size = (size_t)kmd_min_u64(place->size, KMD_VMCOREINFO_MAX), length;
	enum kmd_status status;
	char *text;
	bool cut;

	*measured = 0;
	if (!starts_here(finder, place))
		return KMD_OK;
	text = malloc(size);
	if (!text)
		return kmd_fail_memory(finder->diag);
	status = kmd_source_read(place->source, place->offset, text, size, finder->diag);
	if (status != KMD_OK) {
		free(text);
		return status;
	}
	length = *measured = kmd_vmcoreinfo_measure(text, size);
	/* And the byte after it, which tells whether it is cut. */
	if (length)
		kmd_source_mark(place->source, place->offset, kmd_min_u64(length + 1, size),
				finder->diag);
	/* Up to three bytes after it belong to the rounding of its size. */
	cut = length && size - length > 3 && text[length] != '\0';
	if (length && finder->files)
		note_boot(finder, place, text, length);
	if (length && finder->info->text && differs(finder->info, text, length)) {
		finder->rival = true;
		finder->tie |= length == finder->info->length;
	}
	if (length > finder->info->length || (length && length == finder->info->length &&
					      memcmp(text, finder->info->text, length) < 0))
		return keep(finder, place, text, length, cut);
	free(text);
	return KMD_OK;
}

/*
 * Try the text that may begin at @hit, of which @left bytes are at hand, @at bytes into
 * @place; *@seen of them need no further look.  Memory full of beginnings must not cost
 * its square.
 */
static enum kmd_status try_hit(struct finder *finder, const struct kmd_run *place, uint64_t at,
			       const char *hit, size_t left, size_t *seen)
{
	struct kmd_run found = *place;
	enum kmd_status status;
	size_t measured;

	*seen = START_LENGTH;
	if (left >= HEAD && !kmd_vmcoreinfo_measure(hit, HEAD))
		return KMD_OK;
	found.offset += at;
	found.size -= at;
	status = try_text(finder, &found, &measured);
	*seen = (size_t)kmd_min_u64(left, kmd_max_u64(START_LENGTH, measured));
	return status;
}

/* Try every place in the first @fresh of @size bytes, @at bytes into @place. */
static enum kmd_status search_block(struct finder *finder, const struct kmd_run *place, uint64_t at,
				    const char *block, size_t size, size_t fresh)
{
	const char *hit = block, *end = block + size;
	enum kmd_status status = KMD_OK;
	size_t seen = 0;

	while (status == KMD_OK && (hit = memmem(hit, (size_t)(end - hit), start, START_LENGTH)) &&
	       (size_t)(hit - block) < fresh) {
		status = try_hit(finder, place, at + (uint64_t)(hit - block), hit,
				 (size_t)(end - hit), &seen);
		hit += seen;
	}
	if (status == KMD_OK && finder->others)
		status = kmd_scan_block(finder->others, place, at, block, size, fresh);
	return status;
}

/* Try every place inside @place where a text may begin. */
static enum kmd_status search(struct finder *finder, const struct kmd_run *place)
{
	size_t more = finder->others ? finder->others->longest : START_LENGTH;
	char *block = malloc(SEARCH_BLOCK + more);
	enum kmd_status status = block ? KMD_OK : kmd_fail_memory(finder->diag);

	for (uint64_t at = 0; status == KMD_OK && at < place->size; at += SEARCH_BLOCK) {
		size_t fresh, size;

		at = kmd_source_skip_hole(place->source, place->offset + at,
					  place->offset + place->size) -
		     place->offset;
		fresh = (size_t)kmd_min_u64(SEARCH_BLOCK, place->size - at);
		size = (size_t)kmd_min_u64(SEARCH_BLOCK + more, place->size - at);
		status = kmd_source_read(place->source, place->offset + at, block, size,
					 finder->diag);
		if (status == KMD_OK)
			status = search_block(finder, place, at, block, size, fresh);
		if (status == KMD_OK && finder->total)
			status = kmd_searched(finder->diag, finder->done + at, finder->total);
	}
	finder->done += place->size;
	free(block);
	return status;
}

enum kmd_status kmd_vmcoreinfo_say(const struct kmd_vmcoreinfo *info, struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;

	if (info->text && info->cut)
		status = kmd_report(
			diag, KMD_FIND_VMCOREINFO, KMD_DAMAGE, kmd_in(info->origin),
			"VMCOREINFO is truncated in the middle of a line; its last keys are lost");
	if (status == KMD_OK && info->rival)
		status = kmd_report(
			diag, KMD_FIND_VMCOREINFO, KMD_NOTE, kmd_in(info->origin),
			"several VMCOREINFO texts were captured; using this one, the longest");
	return status;
}

static enum kmd_status conclude(const struct finder *finder)
{
	bool two_boots = finder->low.kaslr != finder->high.kaslr;
	enum kmd_status status;

	finder->info->cut = finder->cut;
	finder->info->rival = finder->rival && !two_boots;
	status = kmd_vmcoreinfo_say(finder->info, finder->diag);
	if (status != KMD_OK || !two_boots)
		return status;
	return kmd_report(finder->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, kmd_in(NULL),
			  "files of two different boots: the KASLR offset is 0x%" PRIx64
			  " in the VMCOREINFO of \"%s\" and 0x%" PRIx64
			  " in that of \"%s\"; taking %s; assemble the files of each boot from a "
			  "folder of their own",
			  finder->low.kaslr, finder->low.origin, finder->high.kaslr,
			  finder->high.origin, finder->info->origin);
}

enum kmd_status kmd_vmcoreinfo_from_claims(const struct kmd_image *image,
					   const struct kmd_claims *claims, struct kmd_diag *diag,
					   struct kmd_vmcoreinfo *info)
{
	struct finder finder = { .diag = diag, .info = info, .what = "region", .files = true };
	enum kmd_status status = KMD_OK;
	size_t measured;

	memset(info, 0, sizeof(*info));
	for (size_t i = 0; status == KMD_OK && i < image->n_blobs; i++) {
		const struct kmd_blob *blob = &image->blobs[i];
		struct kmd_run place = { .source = blob->source,
					 .offset = blob->offset,
					 .size = blob->size,
					 .name = blob->name };

		if (blob->kind == KMD_BLOB_REGION && !blob->invalid && !blob->conflict)
			status = try_text(&finder, &place, &measured);
	}
	for (size_t i = 0; status == KMD_OK && i < claims->n; i++) {
		const struct kmd_claim *claim = &claims->items[i];
		struct kmd_run place = { .size = claim->captured, .name = claim->name };

		if (!claim->has_bytes || claim->invalid || claim->conflict)
			continue;
		place.source = image->blobs[claim->blob].source;
		place.offset = image->blobs[claim->blob].offset + claim->offset;
		status = try_text(&finder, &place, &measured);
	}
	if (status == KMD_OK && !info->text && claims->notes) {
		struct kmd_run place = { .source = claims->notes,
					 .offset = claims->notes_at,
					 .size = claims->notes_size,
					 .name = "" };

		finder.what = "note of the input";
		status = search(&finder, &place);
	}
	if (status == KMD_OK)
		status = conclude(&finder);
	if (status != KMD_OK)
		kmd_vmcoreinfo_deinit(info);
	return status;
}

/* Pieces, not regions: where many regions share bytes, those are searched once. */
static enum kmd_status search_pieces(struct finder *finder, const struct kmd_memory *memory,
				     bool physical)
{
	size_t n = physical ? memory->n_phys : memory->n_virt;
	enum kmd_status status = KMD_OK;
	struct kmd_run piece;

	for (size_t i = 0; status == KMD_OK && i < n; i++) {
		kmd_run_of(memory, physical, i, &piece);
		status = search(finder, &piece);
	}
	return status;
}

enum kmd_status kmd_vmcoreinfo_search_all(const struct kmd_memory *memory, struct kmd_diag *diag,
					  struct kmd_vmcoreinfo *info)
{
	struct kmd_hits texts;
	struct kmd_scan others;
	struct finder finder = {
		.diag = diag, .info = info, .what = "inside region", .others = &others
	};
	enum kmd_status status;

	memset(info, 0, sizeof(*info));
	kmd_scan_start(&others, kmd_panic_texts, KMD_PANIC_TEXTS, diag, &texts);
	finder.total = kmd_memory_size(memory);
	for (size_t i = 0; i < memory->n_virt; i++)
		finder.total += memory->virt[i].end - memory->virt[i].start;
	status = search_pieces(&finder, memory, true);
	if (status == KMD_OK)
		status = search_pieces(&finder, memory, false);
	if (status == KMD_OK)
		status = conclude(&finder);
	info->searched = true;
	info->panic_texts = texts;
	if (status != KMD_OK)
		kmd_vmcoreinfo_deinit(info);
	return status;
}

/* Try the text at @phys, which is captured. */
static enum kmd_status try_address(struct finder *finder, const struct kmd_memory *memory,
				   uint64_t phys)
{
	size_t at = kmd_intervals_find(memory->phys, memory->n_phys, phys), measured;
	struct kmd_run place = { 0 };
	const struct kmd_interval *piece = &memory->phys[at];

	if (at == memory->n_phys || piece->start > phys)
		return KMD_OK;
	place.source = kmd_memory_bytes(memory, piece, true, phys, &place.offset);
	place.size = piece->end - phys;
	place.name = memory->regions->rows[piece->owner].pub.name;
	return try_text(finder, &place, &measured);
}

enum kmd_status kmd_vmcoreinfo_at_site(const struct kmd_memory *memory,
				       const struct kmd_kernel_site *site, struct kmd_diag *diag,
				       struct kmd_vmcoreinfo *info)
{
	struct finder finder = { .diag = diag, .info = info, .what = "inside region" };
	enum kmd_status status;

	memset(info, 0, sizeof(*info));
	status = try_address(&finder, memory, site->text);
	if (status == KMD_OK)
		status = try_address(&finder, memory, site->note + NOTE_TEXT);
	if (status == KMD_OK)
		status = conclude(&finder);
	if (status != KMD_OK)
		kmd_vmcoreinfo_deinit(info);
	return status;
}

enum kmd_status kmd_vmcoreinfo_search(const struct kmd_memory *memory, struct kmd_diag *diag,
				      struct kmd_vmcoreinfo *info)
{
	struct kmd_kernel_site site;
	enum kmd_status status = kmd_vmcoreinfo_follow(memory, diag, &site);

	memset(info, 0, sizeof(*info));
	if (status == KMD_OK && site.found)
		return kmd_vmcoreinfo_at_site(memory, &site, diag, info);
	return status == KMD_OK ? kmd_vmcoreinfo_search_all(memory, diag, info) : status;
}
