/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "supply/from_vmlinux.h"

#include "base/array.h"
#include "supply/fill.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Equal bytes that prove a section that is not relocated; others need a quarter of it. */
#define PROOF_BYTES   4096
/* Captured addresses, without exception, after which the others are taken for that too. */
#define LEARNED_WORDS 1024

struct work {
	struct kmd_link_image *image;
	struct kmd_stretch *stretch;
	struct kmd_filler *filler;
	unsigned int wanted;
	struct kmd_diag *diag;
};

const char *kmd_complete_name(enum kmd_complete kind)
{
	switch (kind) {
	case KMD_COMPLETE_RODATA:
		return "rodata";
	case KMD_COMPLETE_TEXT:
		return "text";
	case KMD_COMPLETE_ORC:
		return "orc";
	case KMD_COMPLETE_BTF:
		return "btf";
	default:
		return "?";
	}
}

/* So many bytes that are the same prove the others. */
static bool is_proof(const struct kmd_image_part *part, uint64_t bytes)
{
	bool tables = part->kind == KMD_COMPLETE_ORC || part->kind == KMD_COMPLETE_BTF;

	if (part->kind == KMD_COMPLETE_TEXT || !bytes)
		return false;
	return bytes >= part->size / 4 || (tables && bytes >= PROOF_BYTES);
}

/* In the words that the report has, so that the same stands in both. */
static enum kmd_status say_different(struct work *work, const struct kmd_completed *done)
{
	return kmd_report(work->diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in("vmlinux"),
			  "%s is not supplied: %" PRIu64 " of %" PRIu64
			  " captured words differ, the first at 0x%" PRIx64,
			  done->name, done->differing, done->words, done->first_differing);
}

static enum kmd_status say_similar(struct work *work, const struct kmd_completed *done)
{
	if (!done->words)
		return kmd_report(work->diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in("vmlinux"),
				  "%s is added from the vmlinux without run-time patches; it could "
				  "not be compared",
				  done->name);
	return kmd_report(work->diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in("vmlinux"),
			  "%s is added from the vmlinux without run-time patches: %" PRIu64
			  " of %" PRIu64 " captured words (%" PRIu64 ".%" PRIu64 " %%) differ",
			  done->name, done->differing, done->words,
			  done->differing * 100 / done->words,
			  done->differing * 1000 / done->words % 10);
}

static enum kmd_status fill(struct work *work, const struct kmd_image_part *part, bool learned,
			    struct kmd_completed *done)
{
	enum kmd_status status;

	status = kmd_filler_add(work->filler, part, learned, work->stretch, work->diag,
				&done->supplied, &done->left_out);
	if (status == KMD_OK && part->kind == KMD_COMPLETE_TEXT && done->supplied)
		status = say_similar(work, done);
	return status;
}

static void describe(const struct work *work, const struct kmd_image_part *part,
		     struct kmd_completed *done)
{
	const struct kmd_image_reader *reader = &work->image->reader;
	uint64_t captured = kmd_captured_of_part(work->image, part);

	memset(done, 0, sizeof(*done));
	memcpy(done->name, part->name, strnlen(part->name, sizeof(done->name) - 1));
	done->kind = part->kind;
	done->virt = part->link + reader->kaslr;
	done->phys = part->link - reader->image_delta;
	done->size = part->size;
	done->left_out = part->size - captured;
	if (captured == part->size)
		done->state = KMD_COMPLETED_WHOLE;
	else if (work->wanted & part->kind || is_proof(part, captured))
		done->state = KMD_COMPLETED_SUPPLIED; /* if the comparison bears it out */
	else
		done->state = KMD_COMPLETED_UNASKED;
}

static enum kmd_status compare(struct work *work, const struct kmd_image_part *part, bool *learned,
			       struct kmd_completed *done)
{
	struct kmd_comparison comparison;
	enum kmd_status status = kmd_link_image_prepare(work->image, work->diag);

	*learned = false;
	if (status == KMD_OK)
		status = kmd_compare_part(work->image, part, false, work->stretch, work->diag,
					  &comparison);
	if (status == KMD_OK && work->wanted & part->kind && comparison.moved >= LEARNED_WORDS &&
	    !comparison.unmoved) {
		*learned = true;
		status = kmd_compare_part(work->image, part, true, work->stretch, work->diag,
					  &comparison);
	}
	if (status != KMD_OK)
		return status;
	done->compared = comparison.compared;
	done->words = comparison.words;
	done->differing = comparison.differing;
	if (done->differing)
		done->first_differing = comparison.first_differing + work->image->reader.kaslr;
	return KMD_OK;
}

static enum kmd_status complete_part(struct work *work, const struct kmd_image_part *part,
				     struct kmd_completed *done)
{
	bool asked = work->wanted & part->kind, learned;
	enum kmd_status status;

	describe(work, part, done);
	if (done->state != KMD_COMPLETED_SUPPLIED)
		return KMD_OK;
	status = compare(work, part, &learned, done);
	if (status != KMD_OK)
		return status;
	if (done->differing && part->kind != KMD_COMPLETE_TEXT) {
		done->state = KMD_COMPLETED_DIFFERENT;
		return asked ? say_different(work, done) : KMD_OK;
	}
	if (!asked && !is_proof(part, done->compared)) {
		done->state = KMD_COMPLETED_UNASKED;
		return KMD_OK;
	}
	done->left_out = 0;
	return fill(work, part, learned, done);
}

static enum kmd_status complete_parts(struct work *work, struct kmd_completion *completion)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < work->image->n_parts; i++) {
		if (!KMD_ARRAY_RESERVE(completion->items, completion->n, completion->cap))
			return kmd_fail_memory(work->diag);
		status = complete_part(work, &work->image->parts[i],
				       &completion->items[completion->n]);
		completion->n += status == KMD_OK;
	}
	return status;
}

static enum kmd_status complete(struct work *work, struct kmd_supply *supply,
				struct kmd_completion *completion)
{
	struct kmd_filler filler;
	enum kmd_status status, finished;

	work->stretch = malloc(sizeof(*work->stretch));
	if (!work->stretch)
		return kmd_fail_memory(work->diag);
	kmd_filler_init(work->image, supply, &filler);
	work->filler = &filler;
	status = complete_parts(work, completion);
	finished = kmd_filler_finish(&filler, work->diag);
	free(work->stretch);
	return status == KMD_OK ? finished : status;
}

enum kmd_status kmd_complete_from_vmlinux(const struct kmd_vmlinux *vmlinux,
					  const struct kmd_runtime *runtime,
					  const struct kmd_memory *captured, unsigned int wanted,
					  struct kmd_diag *diag, struct kmd_supply *supply,
					  struct kmd_completion *completion)
{
	struct kmd_link_image image;
	enum kmd_status status;
	const char *why;

	memset(completion, 0, sizeof(*completion));
	if (wanted & KMD_COMPLETE_NONE)
		return KMD_OK;
	status = kmd_link_image_init(vmlinux, runtime, captured, diag, &image, &why);
	if (status != KMD_OK)
		return status;
	if (image.n_parts) {
		struct work work = { .image = &image, .wanted = wanted, .diag = diag };

		status = complete(&work, supply, completion);
	} else if (wanted)
		status = kmd_report(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in("vmlinux"),
				    "nothing is supplied from it: %s", why);
	kmd_link_image_deinit(&image);
	if (status != KMD_OK)
		kmd_completion_deinit(completion);
	return status;
}

void kmd_completion_deinit(struct kmd_completion *completion)
{
	free(completion->items);
	memset(completion, 0, sizeof(*completion));
}
