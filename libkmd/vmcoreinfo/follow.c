/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * follow.c - a kernel's VMCOREINFO in much memory, by the kernel's own pointers.
 *
 * 1. Marks are looked for at steps of 2 MiB, then of 64 KiB: the header of an arm64 or riscv64
 *    Image, which gives the image's size, and the last word of init_stack, which is where .data
 *    begins.
 *    Other stacks have this word too; what follows init_stack are variables of the image, which
 *    point to themselves (lists) by addresses that are not of the linear map.
 * 2. The memory behind a mark is searched for the utsname of the kernel, and in .bss for three
 *    words side by side: vmcoreinfo_note, vmcoreinfo_size, vmcoreinfo_data (or the reverse).  Two
 *    are the addresses of pages in the linear map, which keeps the low bits of physical addresses.
 * 3. The pages with such low bits are looked at: one must begin with a text that has just this
 *    size, one with a note of that name.
 *
 * The kernel whose variables say so has run.  Copies of its text, and texts to which no kernel
 * points, are not seen.  If two kernels are found in this way, or none, nothing is found here.
 *
 * Sources: Linux kernel/vmcore_info.c, include/linux/sched/task_stack.h, include/linux/magic.h,
 * Documentation/arch/arm64/booting.rst, Documentation/arch/riscv/boot-image-header.rst.
 */
#include "vmcoreinfo/follow.h"

#include "base/bytes.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK           (UINT64_C(1) << 20)
#define STEP            (UINT64_C(2) << 20)
#define FINE_STEP       (UINT64_C(64) << 10)
#define PAGE            4096

/* Read behind marks, in all. */
#define BUDGET          (UINT64_C(40) << 20)
/* From a mark to the utsname, and to the end of .bss. */
#define DATA_MAX        (UINT64_C(6) << 20)
#define KERNEL_MAX      (UINT64_C(32) << 20)
/* The end of an image with .data and .bss. */
#define TAIL_MAX        (UINT64_C(16) << 20)

#define STACK_END_MAGIC UINT64_C(0x57ac6e9d)
#define IMAGE_SIZE      16
#define IMAGE_MAGIC     56
#define HEADER          64

/* struct new_utsname: strings of 65 bytes. */
#define UTS_FIELD       65
#define UTS_RELEASE     (2 * UTS_FIELD)
#define UTS_SIZE        (6 * UTS_FIELD)
/* Of pages behind a stack, and the words in them that tell an image (there were 170 to 220). */
#define SAMPLES         16
#define SAMPLE_FIRST    0x8000
#define LISTS_MIN       32

#define UTS_MAX         4

/* The linear map moves memory by a multiple of this; on riscv64, and in a file whose address is
 * not known, by a multiple of STEP. */
#define LINEAR_ALIGN    (UINT64_C(512) << 20)
#define SUSPECTS_MAX    64
/* Pages to be looked at, in all: a kernel has one suspect or two, each in all of memory. */
#define TRIES_MAX       (UINT64_C(4) << 20)

static const char text_start[] = "OSRELEASE=";
static const unsigned char note_start[] = "VMCOREINFO";

/* Three words that may be the kernel's variables. */
struct suspect {
	uint64_t note, size, data;
};

/* What the memory behind one mark holds. */
struct behind {
	char releases[UTS_MAX][UTS_FIELD];
	size_t n_uts;
	struct suspect suspects[SUSPECTS_MAX];
	size_t n_suspects, tried;
};

struct follow {
	const struct kmd_memory *memory;
	struct kmd_diag *diag;
	bool trusting; /* do not look for lists */
	unsigned char *block;
	uint64_t left; /* of BUDGET; 0 also if TRIES_MAX is used up */
	uint64_t tries;
	struct kmd_kernel_site site;
	bool several;
};

/* Not captured, or not readable: there is nothing to be found. */
static bool read_at(const struct follow *follow, uint64_t phys, void *to, uint64_t length)
{
	uint64_t missing;

	return kmd_memory_read(follow->memory, phys, to, length, &missing, follow->diag) == KMD_OK;
}

/* ----- step 3: from the variables to the text */

static bool is_note(const struct follow *follow, uint64_t phys)
{
	unsigned char head[12 + sizeof(note_start)];

	return read_at(follow, phys, head, sizeof(head)) &&
	       kmd_get_le(head, 4) == sizeof(note_start) && !kmd_get_le(head + 8, 4) &&
	       !memcmp(head + 12, note_start, sizeof(note_start));
}

static bool is_text(const struct follow *follow, uint64_t phys, uint64_t size)
{
	char *text = malloc((size_t)size + 1);
	bool is;

	if (!text)
		return false;
	is = read_at(follow, phys, text, size) &&
	     kmd_vmcoreinfo_measure(text, (size_t)size) == size;
	free(text);
	return is;
}

/* The release that the text begins with is in one of the utsnames. */
static bool is_release(const struct follow *follow, const struct behind *behind, uint64_t phys)
{
	char line[sizeof(text_start) + UTS_FIELD] = { 0 }, *end;

	if (!read_at(follow, phys, line, sizeof(line) - 1))
		return false;
	end = strchr(line, '\n');
	if (!end)
		return false;
	*end = '\0';
	for (size_t i = 0; i < behind->n_uts; i++)
		if (!strcmp(line + sizeof(text_start) - 1, behind->releases[i]))
			return true;
	return false;
}

static bool is_found(const struct follow *follow, const struct behind *behind,
		     const struct suspect *suspect, uint64_t data)
{
	uint64_t note = data - suspect->data + suspect->note;
	char start[sizeof(text_start) - 1];

	return read_at(follow, data, start, sizeof(start)) &&
	       !memcmp(start, text_start, sizeof(start)) && is_note(follow, note) &&
	       is_text(follow, data, suspect->size) && is_release(follow, behind, data);
}

static bool may_try(struct follow *follow)
{
	if (++follow->tries > TRIES_MAX)
		follow->left = 0;
	return follow->left;
}

/* Try all pages whose addresses have the low bits that the variable has. */
static bool try_pages(struct follow *follow, const struct behind *behind,
		      const struct suspect *suspect, uint64_t align, uint64_t *data)
{
	for (size_t i = 0; i < follow->memory->n_phys && may_try(follow); i++) {
		const struct kmd_interval *piece = &follow->memory->phys[i];
		uint64_t into = (suspect->data - piece->start) & (align - 1);

		for (; into < piece->end - piece->start && may_try(follow); into += align) {
			*data = piece->start + into;
			if (is_found(follow, behind, suspect, *data))
				return true;
			if (into > UINT64_MAX - align)
				break;
		}
	}
	return false;
}

static bool try_suspects(struct follow *follow, struct behind *behind, uint64_t align, size_t from,
			 struct kmd_kernel_site *site)
{
	for (size_t i = from; behind->n_uts && i < behind->n_suspects && follow->left; i++) {
		struct suspect one = behind->suspects[i];
		struct suspect other = { .note = one.data, .size = one.size, .data = one.note };

		if (try_pages(follow, behind, &one, align, &site->text)) {
			site->note = site->text - one.data + one.note;
			return true;
		}
		if (try_pages(follow, behind, &other, align, &site->text)) {
			site->note = site->text - other.data + other.note;
			return true;
		}
	}
	return false;
}

/* ----- step 2: what lies behind a mark */

static void note_utsnames(const struct follow *follow, size_t size, struct behind *behind)
{
	static const char sysname[] = "Linux";
	const unsigned char *hit = follow->block, *end = hit + size;

	while ((hit = memmem(hit, (size_t)(end - hit), sysname, sizeof(sysname))) &&
	       (size_t)(end - hit) >= UTS_SIZE && behind->n_uts < UTS_MAX) {
		const char *release = (const char *)hit + UTS_RELEASE;

		if (*release >= '0' && *release <= '9' && memchr(release, '\0', UTS_FIELD))
			memcpy(behind->releases[behind->n_uts++], release, UTS_FIELD);
		hit++;
	}
}

static bool is_page_address(uint64_t word)
{
	return word >> 56 == 0xff && !(word & (PAGE - 1));
}

static void note_suspects(const struct follow *follow, size_t size, struct behind *behind)
{
	for (size_t at = 0; at + 24 <= size && behind->n_suspects < SUSPECTS_MAX; at += 8) {
		const unsigned char *words = follow->block + at;
		struct suspect suspect = { 0 };

		/* The middle word first: few words are small, and not zero. */
		suspect.size = kmd_get_le(words + 8, 8);
		if (suspect.size < sizeof(text_start) || suspect.size > KMD_VMCOREINFO_MAX)
			continue;
		suspect.note = kmd_get_le(words, 8);
		suspect.data = kmd_get_le(words + 16, 8);
		if (is_page_address(suspect.note) && is_page_address(suspect.data))
			behind->suspects[behind->n_suspects++] = suspect;
	}
}

/* Search [@start, @end) for what leads to the text; true if it does. */
static bool search_behind(struct follow *follow, uint64_t start, uint64_t end,
			  struct kmd_kernel_site *site)
{
	struct behind behind = { .n_uts = 0 };

	for (uint64_t at = start; at < end && follow->left; at += BLOCK) {
		size_t size = (size_t)kmd_min_u64(BLOCK + UTS_SIZE, end - at);
		size_t from = behind.n_suspects;
		bool had_uts = behind.n_uts;

		if (!behind.n_uts && at - start >= DATA_MAX && end - start > TAIL_MAX)
			return false;
		if (!read_at(follow, at, follow->block, size))
			break;
		follow->left -= kmd_min_u64(follow->left, BLOCK);
		note_utsnames(follow, size, &behind);
		note_suspects(follow, size, &behind);
		*site = (struct kmd_kernel_site){ .found = true, .start = start, .end = at + size };
		if (try_suspects(follow, &behind, LINEAR_ALIGN, had_uts ? from : 0, site))
			return true;
	}
	return try_suspects(follow, &behind, STEP, 0, site);
}

/* ----- step 1: marks */

/* The distance by which a word that points to itself does so; false if it does not, or if the
 * linear map has such distances. */
static bool is_own_address(uint64_t word, uint64_t phys, uint64_t *distance)
{
	*distance = word - phys;
	return word >> 56 == 0xff && !(*distance % STEP) &&
	       (*distance % LINEAR_ALIGN || *distance >> 32 == 0xffffffff);
}

/* Whether samples of what follows a stack at @at are full of lists of a kernel image. */
static bool has_lists(struct follow *follow, uint64_t at)
{
	uint64_t of_most = 0, distance;
	size_t n = 0;

	for (size_t i = 0; i < SAMPLES; i++) {
		uint64_t phys = at + SAMPLE_FIRST + i * FINE_STEP;

		if (!read_at(follow, phys, follow->block, PAGE))
			break;
		follow->left -= kmd_min_u64(follow->left, PAGE);
		for (size_t in = 0; in < PAGE; in += 8) {
			if (!is_own_address(kmd_get_le(follow->block + in, 8), phys + in,
					    &distance))
				continue;
			if (!n)
				of_most = distance;
			n += distance == of_most ? 1 : (size_t)-1;
		}
	}
	return n >= LISTS_MIN;
}

static void follow_mark(struct follow *follow, const struct kmd_interval *piece, uint64_t at,
			const unsigned char *header)
{
	uint64_t start = at, size = KERNEL_MAX;
	bool stack = kmd_get_le(header, 8) == STACK_END_MAGIC;
	struct kmd_kernel_site site;

	if (follow->site.found && at >= follow->site.start && at < follow->site.end)
		return;
	if (stack && !follow->trusting && !has_lists(follow, at))
		return;
	if (!stack) {
		size = kmd_get_le(header + IMAGE_SIZE, 8);
		if (size < PAGE || size > piece->end - at)
			return;
		start = at + (size > TAIL_MAX ? kmd_align_down(size - TAIL_MAX, PAGE) : 0);
	}
	if (!search_behind(follow, start, at + kmd_min_u64(size, piece->end - at), &site))
		return;
	/* Marks of one kernel may overlap. */
	site.start = kmd_min_u64(at, site.start);
	if (follow->site.found && follow->site.text == site.text) {
		follow->site.start = kmd_min_u64(follow->site.start, site.start);
		follow->site.end = kmd_max_u64(follow->site.end, site.end);
		return;
	}
	follow->several |= follow->site.found;
	follow->site = site;
}

static bool is_mark(const unsigned char *header)
{
	return kmd_get_le(header, 8) == STACK_END_MAGIC ||
	       !memcmp(header + IMAGE_MAGIC, "ARM\x64", 4) ||
	       !memcmp(header + IMAGE_MAGIC, "RSC\x05", 4);
}

static bool is_zero(const unsigned char *header)
{
	for (size_t i = 0; i < HEADER; i++)
		if (header[i])
			return false;
	return true;
}

static enum kmd_status look_at_steps(struct follow *follow, const struct kmd_interval *piece,
				     uint64_t step)
{
	uint64_t at = kmd_align_up(piece->start, step), offset;
	const struct kmd_source *source;
	unsigned char header[HEADER];
	enum kmd_status status = KMD_OK;

	source = kmd_memory_bytes(follow->memory, piece, true, piece->start, &offset);
	for (; at >= piece->start && at < piece->end && piece->end - at >= HEADER; at += step) {
		uint64_t end = offset + piece->end - piece->start, here, next;

		here = offset + at - piece->start;
		status = kmd_source_read(source, here, header, sizeof(header), follow->diag);
		if (status != KMD_OK || !follow->left)
			break;
		if (is_mark(header))
			follow_mark(follow, piece, at, header);
		if (!is_zero(header))
			continue;
		next = kmd_source_skip_hole(source, here, end);
		/* The loop makes the last step. */
		if (next - here > step)
			at += kmd_align_down(next - here, step) - step;
	}
	return status;
}

static enum kmd_status look_at_all(struct follow *follow, uint64_t step)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < follow->memory->n_phys; i++)
		status = look_at_steps(follow, &follow->memory->phys[i], step);
	return status;
}

enum kmd_status kmd_vmcoreinfo_follow(const struct kmd_memory *memory, struct kmd_diag *diag,
				      struct kmd_kernel_site *site)
{
	struct follow follow = { .memory = memory, .diag = diag, .left = BUDGET };
	struct kmd_marks *marks = diag->marks;
	enum kmd_status status;

	memset(site, 0, sizeof(*site));
	if (kmd_memory_size(memory) < KMD_SOURCE_MUCH)
		return KMD_OK;
	follow.block = malloc(BLOCK + UTS_SIZE);
	if (!follow.block)
		return kmd_fail_memory(diag);
	/* Much that it reads is a guess.  The text alone suffices to find it again. */
	diag->marks = NULL;
	status = look_at_all(&follow, STEP);
	if (status == KMD_OK && !follow.site.found)
		status = look_at_all(&follow, FINE_STEP);
	follow.trusting = true;
	if (status == KMD_OK && !follow.site.found)
		status = look_at_all(&follow, STEP);
	free(follow.block);
	diag->marks = marks;
	/* Without more to read, it is not known whether there is another kernel. */
	if (status == KMD_OK && follow.left && !follow.several)
		*site = follow.site;
	return status;
}
