/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * kdump.c - the pages of a kdump-compressed dump become the segments of an ELF core.
 *
 * Headers are written last: only then is known which pages can be unpacked.  Their room is
 * set aside by a count of the bitmap's runs.
 */
#include "source/packing/kdump.h"

#include "base/array.h"
#include "base/checked.h"
#include "source/packing/kdump_header.h"
#include "source/packing/kdump_page.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DESCRIPTOR 24 /* offset u64, size u32, flags u32, page flags u64 */
#define DESC_SIZE  8
#define DESC_FLAGS 12

/* Damaged pages split runs; more of them end the dump. */
#define SPARE_RUNS 4096u
#define NOTES_MAX  (UINT64_C(16) << 20)
#define INFO_NAME  "VMCOREINFO"
#define ALIGN      65536u /* the largest page */

struct run {
	uint64_t phys, offset, size; /* offset: in the core */
};

struct kdump {
	struct kmd_sink sink;
	struct kmd_cursor in, bits, table;
	struct kmd_kdump_header header;
	struct kmd_kdump_pages *pages;
	unsigned char *packed, *page;
	struct run *runs;
	size_t n_runs, cap_runs, max_runs;
	uint64_t notes_at, notes_end; /* in the core */
	uint64_t descriptor;          /* number of the next one */
	uint64_t bad, missing;        /* pages that are damaged, that the file has no bytes of */
	uint64_t bad_at;              /* the descriptor of the first one */
	bool ended;                   /* nothing more can be read, see the finding */
};

/* The next page frame from *@pfn on that was dumped; false = none. */
static bool next_page(struct kdump *k, uint64_t *pfn)
{
	const struct kmd_kdump_header *header = &k->header;

	while (*pfn < header->last) {
		unsigned char byte = 0;

		kmd_cursor_bytes(&k->bits, header->bitmap + *pfn / 8, &byte, 1);
		byte = (unsigned char)(byte >> *pfn % 8);
		if (byte & 1)
			return true;
		*pfn += byte ? 1 : 8 - *pfn % 8;
	}
	return false;
}

/* How many runs of pages the bitmap has, so many that have descriptors. */
static size_t count_runs(struct kdump *k)
{
	uint64_t left = (k->in.size - k->header.descriptors) / DESCRIPTOR, last = UINT64_MAX - 1;
	size_t n = 0;

	for (uint64_t pfn = k->header.first; left && next_page(k, &pfn); pfn++, left--) {
		n += pfn != last + 1;
		last = pfn;
	}
	return n;
}

static enum kmd_status add_page(struct kdump *k, uint64_t pfn)
{
	uint64_t phys = pfn * k->header.page_size, offset = k->sink.target->size;
	struct run *last = k->n_runs ? &k->runs[k->n_runs - 1] : NULL;

	if (!last || last->phys + last->size != phys) {
		if (k->n_runs == k->max_runs) {
			k->ended = true;
			return KMD_OK;
		}
		if (!KMD_ARRAY_RESERVE(k->runs, k->n_runs, k->cap_runs))
			return kmd_fail_memory(k->sink.diag);
		last = &k->runs[k->n_runs++];
		*last = (struct run){ phys, offset, 0 };
	}
	last->size += k->header.page_size;
	return kmd_sink_put(&k->sink, k->page, (size_t)k->header.page_size);
}

/* The page of the descriptor at @at; false if it is damaged or not in the file. */
static bool read_page(struct kdump *k, uint64_t at, enum kmd_status *status)
{
	uint64_t offset = kmd_cursor_u64(&k->table, at);
	uint32_t size = kmd_cursor_u32(&k->table, at + DESC_SIZE);
	uint32_t flags = kmd_cursor_u32(&k->table, at + DESC_FLAGS);
	const char *lacks = kmd_kdump_page_lacks(flags);

	if (lacks) {
		*status = kmd_fail(k->sink.diag, KMD_ERR_UNSUPPORTED, kmd_in(k->sink.name),
				   "its pages are compressed in a way that libkmd was built "
				   "without (%s)",
				   lacks);
		return false;
	}
	if (!kmd_cursor_has(&k->table, at, DESCRIPTOR) || !offset ||
	    !kmd_cursor_has(&k->in, offset, size)) {
		k->missing++;
		return false;
	}
	/* A page that Snappy or LZO would have made larger is kept as it is. */
	if (size && size <= k->header.page_size &&
	    kmd_cursor_bytes(&k->in, offset, k->packed, size) &&
	    kmd_kdump_page_unpack(k->pages, flags, k->packed, size, k->page))
		return true;
	k->bad++;
	return false;
}

static enum kmd_status copy_pages(struct kdump *k)
{
	enum kmd_status status = KMD_OK;

	for (uint64_t pfn = k->header.first; status == KMD_OK && next_page(k, &pfn); pfn++) {
		uint64_t at = k->header.descriptors + DESCRIPTOR * k->descriptor++;

		/* A bitmap may have more bits than the file has bytes. */
		if (at >= k->in.size || k->ended) {
			k->missing++;
			break;
		}
		if (read_page(k, at, &status))
			status = add_page(k, pfn);
		else if (!k->bad_at)
			k->bad_at = at;
		if (status == KMD_OK)
			status =
				kmd_sink_progress(&k->sink, at - k->header.descriptors, k->in.size);
	}
	if (status == KMD_OK && (k->in.io != KMD_OK || k->bits.io != KMD_OK))
		status = k->sink.diag->status;
	return status;
}

/* ------------------------------------------------------------------- notes */

static enum kmd_status put_bytes(struct kdump *k, uint64_t at, uint64_t size)
{
	enum kmd_status status = KMD_OK;

	for (uint64_t done = 0; status == KMD_OK && done < size;) {
		size_t part = (size_t)kmd_min_u64(k->header.page_size, size - done);

		if (!kmd_cursor_bytes(&k->in, at + done, k->page, part))
			return kmd_cursor_check(&k->in, "notes");
		status = kmd_sink_put(&k->sink, k->page, part);
		done += part;
	}
	return status;
}

static void put_number(const struct kdump *k, unsigned char *to, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		to[k->header.big_endian ? width - 1 - i : i] = (unsigned char)(value >> 8 * i);
}

/* VMCOREINFO as a note of its own, if the notes do not hold it. */
static enum kmd_status put_info(struct kdump *k)
{
	const struct kmd_kdump_header *header = &k->header;
	unsigned char head[24] = { 0 };
	enum kmd_status status;

	if (!header->info_size || header->info_size > NOTES_MAX ||
	    (header->info >= header->notes && header->info < header->notes + header->notes_size))
		return KMD_OK;
	put_number(k, head, sizeof(INFO_NAME), 4);
	put_number(k, head + 4, header->info_size, 4);
	memcpy(head + 12, INFO_NAME, sizeof(INFO_NAME));
	status = kmd_sink_put(&k->sink, head, sizeof(head));
	return status == KMD_OK ? put_bytes(k, header->info, header->info_size) : status;
}

static enum kmd_status put_notes(struct kdump *k)
{
	enum kmd_status status = KMD_OK;

	k->notes_at = k->sink.target->size;
	if (k->header.notes_size <= NOTES_MAX)
		status = put_bytes(k, k->header.notes, k->header.notes_size);
	if (status == KMD_OK)
		status = kmd_sink_skip_to(&k->sink, kmd_align_up(k->sink.target->size, 4));
	if (status == KMD_OK)
		status = put_info(k);
	k->notes_end = k->sink.target->size;
	if (status == KMD_OK)
		status = kmd_sink_skip_to(&k->sink, kmd_align_up(k->sink.target->size, ALIGN));
	return status;
}

/* ----------------------------------------------------------------- headers */

/*
 * Where the members of the headers are.  The notes of a 32-bit machine need an ELF file of class
 * 32, unless its memory lies above 4 GiB (or the file is as long).
 */
struct elf_layout {
	size_t ehdr, phdr, shdr, word;
	size_t e_phoff, e_shoff, e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, sh_info;
	size_t p_offset, p_paddr, p_filesz, p_memsz;
};

/* Versions of clang-format lay out macros with braces in different ways. */
/* clang-format off */
#define LAYOUT(bits, bytes)                                                                        \
	{                                                                                          \
		sizeof(Elf##bits##_Ehdr), sizeof(Elf##bits##_Phdr), sizeof(Elf##bits##_Shdr),      \
			bytes, offsetof(Elf##bits##_Ehdr, e_phoff),                                \
			offsetof(Elf##bits##_Ehdr, e_shoff), offsetof(Elf##bits##_Ehdr, e_ehsize), \
			offsetof(Elf##bits##_Ehdr, e_phentsize),                                   \
			offsetof(Elf##bits##_Ehdr, e_phnum),                                       \
			offsetof(Elf##bits##_Ehdr, e_shentsize),                                   \
			offsetof(Elf##bits##_Ehdr, e_shnum), offsetof(Elf##bits##_Shdr, sh_info),  \
			offsetof(Elf##bits##_Phdr, p_offset), offsetof(Elf##bits##_Phdr, p_paddr), \
			offsetof(Elf##bits##_Phdr, p_filesz), offsetof(Elf##bits##_Phdr, p_memsz), \
	}
/* clang-format on */

static const struct elf_layout elf32 = LAYOUT(32, 4), elf64 = LAYOUT(64, 8);

static const struct elf_layout *layout_of(const struct kdump *k)
{
	if (k->header.class == KDUMP_64)
		return &elf64;
	for (size_t i = 0; i < k->n_runs; i++)
		if (k->runs[i].phys + k->runs[i].size > UINT32_MAX ||
		    k->runs[i].offset + k->runs[i].size > UINT32_MAX)
			return &elf64;
	return &elf32;
}

static void make_phdr(const struct kdump *k, const struct elf_layout *elf, unsigned char *to,
		      uint32_t type, const struct run *run)
{
	put_number(k, to, type, 4);
	put_number(k, to + elf->p_offset, run->offset, elf->word);
	put_number(k, to + elf->p_paddr, run->phys, elf->word);
	put_number(k, to + elf->p_filesz, run->size, elf->word);
	put_number(k, to + elf->p_memsz, run->size, elf->word);
}

/* One section header follows the ELF header: it counts the program headers if they are many. */
#define PHOFF (sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr))

static enum kmd_status put_ehdr(struct kdump *k, const struct elf_layout *elf)
{
	unsigned char head[PHOFF] = { 0x7f, 'E', 'L', 'F', ELFCLASS64, 0, EV_CURRENT };
	size_t n = k->n_runs + 1;
	bool many = n >= PN_XNUM;

	head[EI_CLASS] = elf == &elf32 ? ELFCLASS32 : ELFCLASS64;
	head[EI_DATA] = k->header.big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	put_number(k, head + offsetof(Elf64_Ehdr, e_type), ET_CORE, 2);
	put_number(k, head + offsetof(Elf64_Ehdr, e_machine), k->header.machine, 2);
	put_number(k, head + offsetof(Elf64_Ehdr, e_version), EV_CURRENT, 4);
	put_number(k, head + elf->e_phoff, PHOFF, elf->word);
	put_number(k, head + elf->e_ehsize, elf->ehdr, 2);
	put_number(k, head + elf->e_phentsize, elf->phdr, 2);
	put_number(k, head + elf->e_phnum, many ? PN_XNUM : n, 2);
	put_number(k, head + elf->e_shentsize, elf->shdr, 2);
	if (many) {
		put_number(k, head + elf->e_shoff, elf->ehdr, elf->word);
		put_number(k, head + elf->e_shnum, 1, 2);
		put_number(k, head + elf->ehdr + elf->sh_info, n, 4);
	}
	return kmd_sink_put_at(&k->sink, 0, head, sizeof(head));
}

static enum kmd_status put_headers(struct kdump *k)
{
	const struct run notes = { 0, k->notes_at, k->notes_end - k->notes_at };
	const struct elf_layout *elf = layout_of(k);
	enum kmd_status status = put_ehdr(k, elf);

	for (size_t i = 0; status == KMD_OK && i <= k->n_runs; i++) {
		unsigned char phdr[sizeof(Elf64_Phdr)] = { 0 };

		make_phdr(k, elf, phdr, i ? PT_LOAD : PT_NOTE, i ? &k->runs[i - 1] : &notes);
		status = kmd_sink_put_at(&k->sink, PHOFF + i * elf->phdr, phdr, elf->phdr);
	}
	return status;
}

/* ------------------------------------------------------------------- whole */

static enum kmd_status report(const struct kdump *k)
{
	struct kmd_diag *diag = k->sink.diag;
	enum kmd_status status = KMD_OK;

	if (!k->n_runs)
		return kmd_fail(diag, KMD_ERR_DAMAGED, kmd_at(k->sink.name, k->bad_at),
				"kdump-compressed dump: none of its pages can be read");
	if (k->bad)
		status = kmd_report(
			diag, KMD_FIND_TABLE, KMD_DAMAGE, kmd_at(k->sink.name, k->bad_at),
			"kdump-compressed dump: %" PRIu64 " pages are damaged; they are omitted",
			k->bad);
	if (k->missing && status == KMD_OK)
		status = kmd_report(diag, KMD_FIND_TRUNCATED, KMD_DAMAGE,
				    kmd_at(k->sink.name, k->bad_at ? k->bad_at : k->in.size),
				    "kdump-compressed dump: truncated or incomplete, the bytes of "
				    "%" PRIu64 " pages or more are missing",
				    k->missing);
	if (status != KMD_OK || (!k->header.first && k->header.last == k->header.n_pages))
		return status;
	return kmd_report(diag, KMD_FIND_MISSING, KMD_DAMAGE,
			  kmd_at(k->sink.name, k->header.page_size),
			  "one file of several that makedumpfile --split wrote: the memory of the "
			  "others is missing");
}

static enum kmd_status unpack(struct kdump *k)
{
	enum kmd_status status = kmd_kdump_header_read(&k->in, &k->header);

	if (status != KMD_OK)
		return status;
	k->bits = k->table = k->in;
	k->pages = kmd_kdump_pages_new((size_t)k->header.page_size);
	k->packed = malloc(2 * (size_t)k->header.page_size);
	if (!k->pages || !k->packed)
		return kmd_fail_memory(k->sink.diag);
	k->page = k->packed + k->header.page_size;
	k->max_runs = count_runs(k) + SPARE_RUNS;
	status = kmd_sink_skip_to(
		&k->sink, kmd_align_up(PHOFF + (k->max_runs + 1) * sizeof(Elf64_Phdr), ALIGN));
	if (status == KMD_OK)
		status = put_notes(k);
	if (status == KMD_OK)
		status = copy_pages(k);
	if (status == KMD_OK)
		status = report(k);
	if (status == KMD_OK)
		status = put_headers(k);
	return status == KMD_OK ? kmd_sink_end(&k->sink) : status;
}

enum kmd_status kmd_kdump_unpack(const struct kmd_source *source,
				 const struct kmd_input_options *options, struct kmd_diag *diag,
				 struct kmd_unpack_target *target)
{
	struct kdump *k = calloc(1, sizeof(*k));
	enum kmd_status status;

	if (!k)
		return kmd_fail_memory(diag);
	target->size = 0;
	k->sink = (struct kmd_sink){ target, options, source->name, diag, 0 };
	kmd_cursor_init(&k->in, source, 0, source->size, diag);
	status = unpack(k);
	kmd_kdump_pages_free(k->pages);
	free(k->packed);
	free(k->runs);
	free(k);
	return status;
}
