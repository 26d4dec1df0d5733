/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Texts in captured memory: linux_banner, and what a panic writes into the log.
 *
 * Sources: arch/x86/kernel/setup.c and arch/arm64/kernel/setup.c (dump_kernel_offset(),
 * arm64_panic_block_dump()).
 */
#include "kernel/banner.h"
#include "kernel/evidence.h"
#include "memory/scan.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define WHO_BANNER "linux_banner"
#define WHO_PANIC  "panic text"

/* After the texts of panics. */
enum { NEEDLE_BANNER = KMD_PANIC_TEXTS, NEEDLES };

/*
 * In the kernel's own buffer printk() leaves the end of a text twice: it moved the text
 * down over its two bytes of level, and the newline is not counted.  A text there stands
 * after the id of its descriptor, whose highest byte is 0, or 0x3f since ids begin below the
 * end of their range.
 */
static void cut_leftover(struct kmd_hit *hit)
{
	char *end = strchr(hit->after, '\n');
	size_t length = end ? (size_t)(end - hit->after) : 0;

	if ((!hit->before || hit->before == 0x3f) && length >= 4 && !memcmp(end - 2, end - 4, 2))
		end[-2] = '\0';
}

/* The hexadecimal number at *@text, which is moved past it. */
static bool take_hex(const char **text, uint64_t *value)
{
	size_t length = 0;

	while (isxdigit((unsigned char)(*text)[length]))
		length++;
	if (!length || !kmd_text_u64(*text, length, 16, value))
		return false;
	*text += length;
	return true;
}

/* "Kernel Offset: 0x%lx from 0x%lx": a log of another kernel may lie about, too. */
static void add_offset(struct kmd_evidence *evidence, const struct kmd_hit *hit)
{
	static const char from[] = " from 0x";
	const char *text = hit->after;
	uint64_t kaslr, link;

	if (!take_hex(&text, &kaslr) || strncmp(text, from, sizeof(from) - 1) != 0)
		return;
	text += sizeof(from) - 1;
	if (!take_hex(&text, &link))
		return;
	if (evidence->vmlinux && evidence->build.text &&
	    (link != evidence->build.text || !kmd_build_kaslr_ok(&evidence->build, kaslr)))
		return;
	kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_KASLR, kaslr, WHO_PANIC,
			   KMD_WEIGHT_PLAIN);
}

static void add_phys_offset(struct kmd_evidence *evidence, const struct kmd_hit *hit)
{
	const char *text = hit->after;
	uint64_t value;

	if (take_hex(&text, &value) && !(value & (kmd_build_align(&evidence->build) - 1)))
		kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_PHYS_OFFSET, value, WHO_PANIC,
				   KMD_WEIGHT_PLAIN);
}

/* A bitmap as %*pb prints it: groups of 32 bits, the highest first. */
static void read_features(struct kmd_evidence *evidence, const struct kmd_hit *hit)
{
	uint64_t groups[2 * KMD_CPU_FEATURE_WORDS], words[KMD_CPU_FEATURE_WORDS] = { 0 };
	const char *text = hit->after;
	size_t n = 0;

	do {
		text += n > 0;
		if (n == 2 * KMD_CPU_FEATURE_WORDS || !take_hex(&text, &groups[n]) ||
		    groups[n] > UINT32_MAX)
			return;
		n++;
	} while (*text == ',');
	for (size_t i = 0; i < n; i++)
		words[i / 2] |= groups[n - 1 - i] << 32 * (i % 2);
	memcpy(evidence->features, words, sizeof(words));
	evidence->n_features = (n + 1) / 2;
}

/* The banner's own place; the log, and a KELF header, hold copies of it elsewhere. */
static void add_banner(struct kmd_evidence *evidence, const struct kmd_hit *hit)
{
	const struct kmd_regions *regions = evidence->memory->regions;
	const struct kmd_build *build = &evidence->build;
	uint64_t link;

	if (!kmd_vmlinux_symbol(evidence->vmlinux, "linux_banner", &link))
		return;
	if (!hit->physical) {
		if (kmd_build_is_image(build, hit->address) &&
		    kmd_build_kaslr_ok(build, hit->address - link))
			kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_KASLR,
					   hit->address - link, WHO_BANNER, KMD_WEIGHT_PLAIN);
		return;
	}
	if (!kmd_build_image_delta_ok(build, link - hit->address))
		return;
	kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_IMAGE_DELTA, link - hit->address,
			   WHO_BANNER, KMD_WEIGHT_PLAIN);
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		uint64_t virt = region->virt + (hit->address - region->phys);

		if (region->has_phys && region->has_virt && hit->address >= region->phys &&
		    hit->address - region->phys < region->captured &&
		    kmd_build_is_image(build, virt) && kmd_build_kaslr_ok(build, virt - link))
			kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_KASLR, virt - link,
					   WHO_BANNER, KMD_WEIGHT_PLAIN);
	}
}

static void find_evidence(struct kmd_evidence *evidence, const struct kmd_hit *found)
{
	struct kmd_hit copy = *found, *hit = &copy;

	cut_leftover(hit);
	switch (hit->needle) {
	case KMD_PANIC_OFFSET:
		add_offset(evidence, hit);
		break;
	case KMD_PANIC_PHYS:
		add_phys_offset(evidence, hit);
		break;
	case KMD_PANIC_FEATURES:
		read_features(evidence, hit);
		break;
	default:
		add_banner(evidence, hit);
	}
}

/* Of much memory the banner is enough, as long as other sources then give what panics print. */
static bool find_banners(struct kmd_evidence *evidence)
{
	uint64_t found[KMD_BANNERS_MAX];
	size_t n;

	if (!evidence->vmlinux || !evidence->build.text)
		return false;
	n = kmd_banner_find(evidence->memory, evidence->vmlinux, evidence->diag, found);
	for (size_t i = 0; i < n; i++) {
		struct kmd_hit hit = { .address = found[i], .physical = true };

		add_banner(evidence, &hit);
	}
	evidence->hurried = n;
	return n;
}

static enum kmd_status search(struct kmd_evidence *evidence)
{
	const char *needles[NEEDLES];
	size_t n = NEEDLE_BANNER;
	struct kmd_hits hits;
	enum kmd_status status;

	memcpy(needles, kmd_panic_texts, sizeof(kmd_panic_texts));
	if (evidence->vmlinux && evidence->build.text && evidence->vmlinux->banner &&
	    *evidence->vmlinux->banner)
		needles[n++] = evidence->vmlinux->banner;
	status = kmd_scan(evidence->memory, needles, n, evidence->diag, &hits);
	if (status != KMD_OK)
		return status;
	for (size_t i = 0; i < hits.n; i++)
		find_evidence(evidence, &hits.items[i]);
	kmd_hits_deinit(&hits);
	return KMD_OK;
}

enum kmd_status kmd_evidence_from_text(struct kmd_evidence *evidence)
{
	const struct kmd_vmcoreinfo *info = evidence->info;

	/* All of memory is read for that: only where the dump's own word is not enough. */
	if (info->text && !evidence->vmlinux)
		return KMD_OK;
	if (!evidence->thorough && find_banners(evidence))
		return KMD_OK;
	if (!info->searched || evidence->vmlinux)
		return search(evidence);
	for (size_t i = 0; i < info->panic_texts.n; i++)
		find_evidence(evidence, &info->panic_texts.items[i]);
	return KMD_OK;
}
