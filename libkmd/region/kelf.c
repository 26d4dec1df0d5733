/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * KELF: the ELF header that the kernel keeps in a region of its own and updates as
 * regions come and go; and ELF cores as input, which have the same tables.
 *
 * Two dialects: kmemdump/meminspect (program headers and notes) and downstream
 * msm_minidump (section headers with names as well, no notes).  Notes are never
 * trusted: the kernel writes them past the end of its allocation.
 */
#include "region/kelf.h"

#include "base/checked.h"
#include "region/cat.h"
#include "region/core_bytes.h"
#include "region/kcore.h"
#include "region/moved.h"
#include "region/pairs.h"
#include "source/cursor.h"

#include <elf.h>
#include <inttypes.h>
#include <kmemdump/minidump.h>
#include <stdlib.h>
#include <string.h>

#define PHDRS_MAX   (1u << 20)
#define SHDRS_MAX   (1u << 20)
#define NAME_SEARCH 64

/* Where fields lie, by class. */
struct fields {
	size_t e_phoff, e_shoff, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
	size_t phdr_size, p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz;
	size_t shdr_size, sh_name, sh_type, sh_addr, sh_offset, sh_size, sh_info;
};

/* Versions of clang-format lay out macros with braces in different ways. */
/* clang-format off */
#define FIELDS(E, P, S) {                                                                      \
	offsetof(E, e_phoff), offsetof(E, e_shoff), offsetof(E, e_phentsize),                  \
	offsetof(E, e_phnum), offsetof(E, e_shentsize), offsetof(E, e_shnum),                  \
	offsetof(E, e_shstrndx), sizeof(P), offsetof(P, p_type),                               \
	offsetof(P, p_offset), offsetof(P, p_vaddr), offsetof(P, p_paddr),                     \
	offsetof(P, p_filesz), offsetof(P, p_memsz), sizeof(S),                                \
	offsetof(S, sh_name), offsetof(S, sh_type), offsetof(S, sh_addr),                      \
	offsetof(S, sh_offset), offsetof(S, sh_size), offsetof(S, sh_info) }
/* clang-format on */

static const struct fields fields32 = FIELDS(Elf32_Ehdr, Elf32_Phdr, Elf32_Shdr);
static const struct fields fields64 = FIELDS(Elf64_Ehdr, Elf64_Phdr, Elf64_Shdr);

/* A KELF header to read: its bytes, and whether the regions' bytes follow in them. */
struct kelf {
	struct kmd_cursor cursor;
	const struct fields *fields;
	bool whole;         /* a core file: p_offset leads to bytes */
	size_t blob;        /* of a core file */
	uint64_t table_end; /* after the program headers */
	uint64_t phoff, shoff, names_at, names_size;
	uint32_t phnum, shnum;
	bool phnum_damaged;    /* the count is impossible, which was reported */
	uint32_t next_section; /* where to go on looking for a name */
	uint32_t filtered;     /* segments of which a tool left out pages */
};

struct phdr {
	uint32_t type;
	uint64_t offset, vaddr, paddr, filesz, memsz;
	struct kmd_place place;
};

struct shdr {
	uint32_t name, type;
	uint64_t addr, offset, size;
};

bool kmd_is_kelf(const struct kmd_source *source, uint64_t offset, uint64_t size,
		 struct kmd_diag *diag)
{
	struct kmd_cursor cursor;
	unsigned char ident[EI_NIDENT];

	kmd_cursor_init(&cursor, source, offset, size, diag);
	if (!kmd_cursor_is(&cursor, 0, ELFMAG, SELFMAG) ||
	    !kmd_cursor_has(&cursor, 0, sizeof(Elf32_Ehdr)))
		return false;
	kmd_cursor_bytes(&cursor, 0, ident, sizeof(ident));
	cursor.big_endian = ident[EI_DATA] == ELFDATA2MSB;
	return (ident[EI_CLASS] == ELFCLASS64 || ident[EI_CLASS] == ELFCLASS32) &&
	       kmd_cursor_u16(&cursor, EI_NIDENT) == ET_CORE;
}

/* Offsets, addresses and sizes have the width of the class. */
static uint64_t word(struct kelf *kelf, uint64_t at)
{
	return kelf->fields == &fields64 ? kmd_cursor_u64(&kelf->cursor, at)
					 : kmd_cursor_u32(&kelf->cursor, at);
}

/* An all-ones address of 32 bits means the same as one of 64. */
static uint64_t address(struct kelf *kelf, uint64_t at)
{
	uint64_t value = word(kelf, at);

	return kelf->fields == &fields32 && value == UINT32_MAX ? UINT64_MAX : value;
}

static void read_phdr(struct kelf *kelf, uint32_t index, struct phdr *phdr)
{
	const struct fields *f = kelf->fields;
	uint64_t at = kelf->phoff + (uint64_t)index * f->phdr_size;

	phdr->type = kmd_cursor_u32(&kelf->cursor, at + f->p_type);
	phdr->offset = word(kelf, at + f->p_offset);
	phdr->vaddr = word(kelf, at + f->p_vaddr);
	phdr->paddr = address(kelf, at + f->p_paddr);
	phdr->filesz = word(kelf, at + f->p_filesz);
	phdr->memsz = word(kelf, at + f->p_memsz);
	phdr->place = kmd_at(kelf->cursor.source->name, kelf->cursor.start + at);
}

static void read_shdr(struct kelf *kelf, uint32_t index, struct shdr *shdr)
{
	const struct fields *f = kelf->fields;
	uint64_t at = kelf->shoff + (uint64_t)index * f->shdr_size;

	shdr->name = kmd_cursor_u32(&kelf->cursor, at + f->sh_name);
	shdr->type = kmd_cursor_u32(&kelf->cursor, at + f->sh_type);
	shdr->addr = word(kelf, at + f->sh_addr);
	shdr->offset = word(kelf, at + f->sh_offset);
	shdr->size = word(kelf, at + f->sh_size);
}

/* @n entries of @size bytes at @at, cut back to what the bytes hold. */
static enum kmd_status bound_table(struct kelf *kelf, const char *what, uint64_t at, size_t size,
				   uint32_t limit, uint32_t *n)
{
	uint64_t room = at <= kelf->cursor.size ? (kelf->cursor.size - at) / size : 0;
	uint32_t fit = (uint32_t)kmd_min_u64(kmd_min_u64(room, limit), *n);
	uint32_t recorded = *n;

	*n = fit;
	if (fit == recorded)
		return KMD_OK;
	return kmd_report(kelf->cursor.diag, KMD_FIND_TABLE, KMD_DAMAGE,
			  kmd_at(kelf->cursor.source->name, kelf->cursor.start),
			  "the ELF header counts %" PRIu32 " %s, there is room for %" PRIu32,
			  recorded, what, fit);
}

/* Names are in the section that e_shstrndx names; a damaged one only costs the names. */
static void find_names(struct kelf *kelf, uint32_t index)
{
	struct shdr shdr;

	if (index == SHN_UNDEF || index >= kelf->shnum)
		return;
	read_shdr(kelf, index, &shdr);
	if (!kmd_cursor_has(&kelf->cursor, shdr.offset, shdr.size))
		return;
	kelf->names_at = shdr.offset;
	kelf->names_size = shdr.size;
}

static enum kmd_status read_header(struct kelf *kelf, struct kmd_claims *claims)
{
	struct kmd_cursor *cursor = &kelf->cursor;
	unsigned char ident[EI_NIDENT];
	enum kmd_status status;
	const struct fields *f;
	uint32_t strndx, counted;

	kmd_cursor_bytes(cursor, 0, ident, sizeof(ident));
	cursor->big_endian = ident[EI_DATA] == ELFDATA2MSB;
	f = kelf->fields = ident[EI_CLASS] == ELFCLASS64 ? &fields64 : &fields32;
	kelf->phoff = word(kelf, f->e_phoff);
	kelf->shoff = word(kelf, f->e_shoff);
	kelf->phnum = kmd_cursor_u16(cursor, f->e_phnum);
	kelf->shnum = kelf->shoff ? kmd_cursor_u16(cursor, f->e_shnum) : 0;
	strndx = kmd_cursor_u16(cursor, f->e_shstrndx);
	claims->machine = kmd_cursor_u16(cursor, EI_NIDENT + 2);
	claims->elf_class = ident[EI_CLASS];
	claims->big_endian = cursor->big_endian;
	if (kelf->phnum == PN_XNUM && kelf->shoff)
		kelf->phnum = kmd_cursor_u32(cursor, kelf->shoff + f->sh_info);
	status = kmd_cursor_check(cursor, "ELF header");
	counted = kelf->phnum;
	if (status == KMD_OK)
		status = bound_table(kelf, "program headers", kelf->phoff, f->phdr_size, PHDRS_MAX,
				     &kelf->phnum);
	if (status == KMD_OK)
		status = bound_table(kelf, "section headers", kelf->shoff, f->shdr_size, SHDRS_MAX,
				     &kelf->shnum);
	kelf->phnum_damaged = kelf->phnum < counted;
	kelf->table_end = kelf->phoff + (uint64_t)kelf->phnum * f->phdr_size;
	if (status == KMD_OK)
		find_names(kelf, strndx);
	return status;
}

/*
 * Downstream: the section of the same address and offset has the name.  Both
 * tables run alike, a few base sections apart, so the search is a short one.
 */
static char *name_of(struct kelf *kelf, const struct phdr *phdr)
{
	struct shdr shdr;

	for (uint32_t tried = 0; kelf->names_size && tried < kelf->shnum && tried < NAME_SEARCH;
	     tried++) {
		uint32_t index = (kelf->next_section + tried) % kelf->shnum;

		read_shdr(kelf, index, &shdr);
		if (shdr.type != SHT_PROGBITS || shdr.addr != phdr->vaddr ||
		    shdr.offset != phdr->offset || shdr.name >= kelf->names_size)
			continue;
		kelf->next_section = index + 1;
		return kmd_cursor_name(&kelf->cursor, kelf->names_at + shdr.name,
				       (size_t)kmd_min_u64(kelf->names_size - shdr.name, 256));
	}
	return strdup("");
}

/*
 * A kernel virtual address has its top bit set on every 64-bit machine.  QEMU's dumps with
 * paging set the upper 16 bits of user addresses of x86_64 too, which leaves bit 47 clear.
 */
static bool kernel_virt(const struct kelf *kelf, const struct kmd_claims *claims, uint64_t virt,
			uint64_t phys)
{
	if (kelf->fields == &fields64 && claims->machine == EM_X86_64 && virt >> 47 == 0x1fffe)
		return false;
	if (kelf->fields == &fields64)
		return virt >> 63;
	return virt && virt != phys;
}

/* Bytes of a load: in a core file at p_offset; of a KELF header only the banner's, inside it. */
static void find_bytes(struct kelf *kelf, const struct phdr *phdr, struct kmd_claim *claim)
{
	uint64_t size = kelf->cursor.size;
	uint64_t bytes = kmd_min_u64(phdr->filesz, claim->size);

	if (phdr->offset < kelf->table_end && bytes) {
		claim->conflict = kelf->whole;
		return;
	}
	if (!kelf->whole && !kmd_inside(phdr->offset, bytes, size))
		return;
	claim->has_bytes = true;
	claim->blob = kelf->blob;
	claim->offset = phdr->offset;
	claim->captured = phdr->offset < size ? kmd_min_u64(bytes, size - phdr->offset) : 0;
}

/* In a core, memory beyond p_filesz was left out on purpose (makedumpfile -d). */
static uint64_t segment_size(struct kelf *kelf, const struct phdr *phdr)
{
	if (!kelf->whole || phdr->filesz >= phdr->memsz)
		return kmd_max_u64(phdr->filesz, phdr->memsz);
	kelf->filtered++;
	return phdr->filesz;
}

static enum kmd_status report_filtered(const struct kelf *kelf)
{
	if (!kelf->filtered)
		return KMD_OK;
	return kmd_report(kelf->cursor.diag, KMD_FIND_SHORT, KMD_NOTE,
			  kmd_at(kelf->cursor.source->name, kelf->cursor.start),
			  "%" PRIu32
			  " segments have fewer bytes in the file than in memory: the tool that "
			  "wrote it left out pages",
			  kelf->filtered);
}

static enum kmd_status add_load(struct kelf *kelf, const struct phdr *phdr,
				struct kmd_claims *claims)
{
	const uint64_t size = segment_size(kelf, phdr);
	struct kmd_claim *claim;

	if (!size && phdr->memsz && kelf->whole)
		return KMD_OK;
	claim = kmd_claims_add(claims, kelf->whole ? KMD_FROM_CORE : KMD_FROM_KELF);
	if (!claim || !(claim->name = name_of(kelf, phdr)) || !(claim->file = strdup("")))
		return kmd_fail_memory(kelf->cursor.diag);
	claim->place = phdr->place;
	claim->size = size;
	claim->has_size = true;
	claim->phys = phdr->paddr;
	claim->has_phys = phdr->paddr != UINT64_MAX;
	claim->virt = claims->machine == EM_AARCH64 ? kmd_without_tag(phdr->vaddr) : phdr->vaddr;
	claim->has_virt = kernel_virt(kelf, claims, claim->virt, phdr->paddr);
	find_bytes(kelf, phdr, claim);
	if (!claim->conflict)
		return KMD_OK;
	return kmd_report(kelf->cursor.diag, KMD_FIND_TABLE, KMD_DAMAGE, phdr->place,
			  "p_offset 0x%" PRIx64
			  " of the segment points into the headers; it is not used",
			  phdr->offset);
}

/*
 * The kernel puts KELF's notes after room for 201 program headers; writers of
 * finished cores put them right after the headers or on the next page.
 */
static bool notes_of_finished_core(const struct kelf *kelf, const struct phdr *phdr)
{
	uint64_t gap = phdr->offset - kelf->table_end;

	return phdr->offset >= kelf->table_end && (gap <= 128 || phdr->offset % 4096 == 0);
}

static void keep_notes(struct kelf *kelf, const struct phdr *phdr, struct kmd_claims *claims)
{
	if (!kelf->whole || claims->notes || phdr->offset >= kelf->cursor.size)
		return;
	claims->notes = kelf->cursor.source;
	claims->notes_at = kelf->cursor.start + phdr->offset;
	claims->notes_size = kmd_min_u64(phdr->filesz, kelf->cursor.size - phdr->offset);
	claims->notes_trusted = notes_of_finished_core(kelf, phdr);
}

/* A segment whose bytes begin after its own program header: where data may start. */
static bool starts_data(const struct kelf *kelf, uint32_t index, const struct phdr *phdr)
{
	uint64_t own_end = kelf->phoff + (index + UINT64_C(1)) * kelf->fields->phdr_size;

	return (phdr->type == PT_LOAD || phdr->type == PT_NOTE) && phdr->filesz &&
	       phdr->offset >= own_end && kmd_inside(phdr->offset, phdr->filesz, kelf->cursor.size);
}

/*
 * A core's data begins after its program headers.  Where it seems to begin among
 * them, the count is wrong if what follows does not read like headers.
 */
static enum kmd_status settle_count(struct kelf *kelf)
{
	uint64_t low = kelf->table_end;
	uint32_t fit, likely = 0, recorded = kelf->phnum;
	struct phdr phdr;

	for (uint32_t i = 0; i < kelf->phnum; i++) {
		read_phdr(kelf, i, &phdr);
		if (starts_data(kelf, i, &phdr))
			low = kmd_min_u64(low, phdr.offset);
	}
	if (low >= kelf->table_end)
		return KMD_OK;
	fit = (uint32_t)((low - kelf->phoff) / kelf->fields->phdr_size);
	for (uint32_t i = fit; i < recorded; i++) {
		read_phdr(kelf, i, &phdr);
		likely += starts_data(kelf, i, &phdr);
	}
	if (likely > (recorded - fit) / 2)
		return KMD_OK;
	kelf->phnum = fit;
	kelf->table_end = kelf->phoff + (uint64_t)fit * kelf->fields->phdr_size;
	if (kelf->phnum_damaged)
		return KMD_OK;
	return kmd_report(kelf->cursor.diag, KMD_FIND_TABLE, KMD_DAMAGE,
			  kmd_at(kelf->cursor.source->name, kelf->cursor.start),
			  "the ELF header counts %" PRIu32
			  " program headers, but data begins after %" PRIu32,
			  recorded, fit);
}

/* A count that is too small leaves further headers whose data follows the last one's. */
static enum kmd_status check_more(struct kelf *kelf, const struct kmd_claims *claims)
{
	struct phdr last, more;

	if (!kelf->phnum || !claims->n ||
	    !kmd_cursor_has(&kelf->cursor, kelf->table_end, kelf->fields->phdr_size))
		return KMD_OK;
	read_phdr(kelf, kelf->phnum - 1, &last);
	read_phdr(kelf, kelf->phnum, &more);
	/* A header that was removed may leave a copy of the last one. */
	if (more.type != PT_LOAD || !more.filesz || more.filesz != more.memsz ||
	    more.offset != last.offset + last.filesz || more.paddr == last.paddr)
		return KMD_OK;
	return kmd_report(kelf->cursor.diag, KMD_FIND_TABLE, KMD_DAMAGE, more.place,
			  "the ELF header counts %" PRIu32
			  " program headers, but another one follows; it is not used",
			  kelf->phnum);
}

static enum kmd_status read_phdrs(struct kelf *kelf, struct kmd_claims *claims)
{
	enum kmd_status status = kelf->whole ? settle_count(kelf) : KMD_OK;

	for (uint32_t i = 0; status == KMD_OK && i < kelf->phnum; i++) {
		struct phdr phdr;

		read_phdr(kelf, i, &phdr);
		if (phdr.type == PT_LOAD)
			status = add_load(kelf, &phdr, claims);
		else if (phdr.type == PT_NOTE)
			keep_notes(kelf, &phdr, claims);
		else if (kelf->phnum_damaged)
			continue; /* past the end of the table */
		else if (phdr.type != PT_NULL || (kelf->whole && phdr.filesz))
			status = kmd_report(kelf->cursor.diag, KMD_FIND_TABLE, KMD_DAMAGE,
					    phdr.place,
					    "program header %" PRIu32
					    " has the unexpected type 0x%" PRIx32 "; it is ignored",
					    i, phdr.type);
	}
	if (status == KMD_OK)
		status = check_more(kelf, claims);
	if (status == KMD_OK)
		status = report_filtered(kelf);
	return status == KMD_OK ? kmd_cursor_check(&kelf->cursor, "program header table") : status;
}

/*
 * A remote processor's dump: sections only, sh_addr is physical
 * (drivers/remoteproc/remoteproc_coredump.c).
 */
static enum kmd_status read_sections(struct kelf *kelf, struct kmd_claims *claims)
{
	size_t first = claims->n;

	for (uint32_t i = 1; i < kelf->shnum; i++) {
		struct kmd_claim *claim;
		struct phdr phdr = { .type = PT_LOAD };
		struct shdr shdr;

		read_shdr(kelf, i, &shdr);
		if (shdr.type != SHT_PROGBITS)
			continue;
		phdr.offset = shdr.offset;
		phdr.vaddr = phdr.paddr = shdr.addr;
		phdr.filesz = phdr.memsz = shdr.size;
		phdr.place = kmd_at(kelf->cursor.source->name,
				    kelf->shoff + (uint64_t)i * kelf->fields->shdr_size);
		if (add_load(kelf, &phdr, claims) != KMD_OK)
			return kelf->cursor.diag->status;
		claim = &claims->items[claims->n - 1];
		claim->has_virt = false;
	}
	if (claims->n > first &&
	    kmd_report(kelf->cursor.diag, KMD_FIND_KERNEL, KMD_NOTE,
		       kmd_at(kelf->cursor.source->name, kelf->cursor.start),
		       "sections and no segments: a remote processor's dump (remoteproc), whose "
		       "regions can be listed and extracted; it holds no Linux kernel") != KMD_OK)
		return kelf->cursor.diag->status;
	return kmd_cursor_check(&kelf->cursor, "section header table");
}

/* Memory of a kernel has a physical or at least a kernel address. */
static enum kmd_status check_kernel(const struct kelf *kelf, const struct kmd_claims *claims,
				    size_t first)
{
	if (!kelf->whole)
		return KMD_OK;
	for (size_t i = first; i < claims->n; i++) {
		const struct kmd_claim *claim = &claims->items[i];

		/* RAM from 0 on, without virtual addresses: no process has anything there. */
		if ((claim->has_phys && (claim->phys || !claim->virt)) ||
		    (claim->has_virt && kelf->fields == &fields64))
			return KMD_OK;
	}
	if (claims->n == first)
		return kmd_fail(kelf->cursor.diag, KMD_ERR_DAMAGED,
				kmd_in(kelf->cursor.source->name),
				"an ELF core without segments or sections that can be used");
	return kmd_fail(kelf->cursor.diag, KMD_ERR_FORMAT, kmd_in(kelf->cursor.source->name),
			"not a kernel minidump: an ELF core of a user process (open it with gdb)");
}

static enum kmd_status read_kelf(struct kelf *kelf, struct kmd_claims *claims)
{
	size_t first = claims->n;
	enum kmd_status status = read_header(kelf, claims);

	claims->has_kelf = true;
	if (status == KMD_OK)
		status = read_phdrs(kelf, claims);
	if (status == KMD_OK && kelf->whole && claims->n == first)
		status = read_sections(kelf, claims);
	if (status == KMD_OK && kelf->whole)
		status = kmd_kcore_settle(claims, first, &kelf->cursor);
	if (status == KMD_OK && kelf->whole)
		status = kmd_core_settle(claims, first, &kelf->cursor, kelf->table_end);
	if (status == KMD_OK && kelf->whole)
		status = kmd_cat_check(claims, first, kelf->cursor.size, kelf->cursor.diag);
	if (status == KMD_OK)
		status = kmd_pairs_check(claims, first, kelf->cursor.diag);
	if (status == KMD_OK)
		status = kmd_moved_check(claims, first, kelf->cursor.diag);
	if (status == KMD_OK)
		status = check_kernel(kelf, claims, first);
	return status;
}

bool kmd_is_finished_core(const struct kmd_source *source, uint64_t offset, uint64_t size,
			  struct kmd_diag *diag)
{
	struct kelf kelf = { 0 };
	struct kmd_claims scratch = { 0 };
	uint32_t inside = 0, loads = 0;
	struct phdr phdr;

	kmd_cursor_init(&kelf.cursor, source, offset, size, diag);
	if (read_header(&kelf, &scratch) != KMD_OK)
		return false;
	for (uint32_t i = 0; i < kelf.phnum; i++) {
		read_phdr(&kelf, i, &phdr);
		loads += phdr.type == PT_LOAD;
		inside += phdr.type == PT_LOAD && phdr.filesz &&
			  kmd_inside(phdr.offset, phdr.filesz, size);
	}
	return inside > loads / 2;
}

enum kmd_status kmd_kelf_read(const struct kmd_kelf_place *place, struct kmd_diag *diag,
			      struct kmd_claims *claims)
{
	struct kelf kelf = { .whole = place->whole, .blob = place->blob };

	kmd_cursor_init(&kelf.cursor, place->source, place->offset, place->size, diag);
	return read_kelf(&kelf, claims);
}
