/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_kelf.c - ELF headers as descriptions of regions: both dialects, cores, damage. */
#include "kit.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define VIRT UINT64_C(0xffff800008000000)

/* ----------------------------------------------------------------- a builder */

static struct bytes elf;
static bool wide = true; /* ELF64 */
static struct kmd_image image;
static struct kmd_claims claims;

static size_t header_size(void)
{
	return wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

static size_t phdr_size(void)
{
	return wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static size_t shdr_size(void)
{
	return wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

static void half(unsigned int value)
{
	bytes_number(&elf, value, 2);
}

static void number(uint64_t value)
{
	bytes_number(&elf, value, 4);
}

/* Offsets, addresses, sizes. */
static void word(uint64_t value)
{
	bytes_number(&elf, value, wide ? 8 : 4);
}

static void put_header(bool is_wide, bool big_endian, unsigned int phnum, uint64_t shoff,
		       unsigned int shnum, unsigned int strndx)
{
	unsigned char ident[EI_NIDENT] = ELFMAG;

	bytes_free(&elf);
	wide = is_wide;
	elf.big_endian = big_endian;
	ident[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
	ident[EI_DATA] = big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	ident[EI_VERSION] = EV_CURRENT;
	bytes_add(&elf, ident, sizeof(ident));
	half(ET_CORE);
	half(wide ? EM_AARCH64 : EM_ARM);
	number(EV_CURRENT);
	word(0);
	word(phnum ? header_size() : 0);
	word(shoff);
	number(0);
	half((unsigned int)header_size());
	half((unsigned int)phdr_size());
	half(phnum);
	half((unsigned int)shdr_size());
	half(shnum);
	half(strndx);
	ck_assert_uint_eq(elf.size, header_size());
}

static void put_phdr(uint32_t type, uint64_t offset, uint64_t virt, uint64_t phys, uint64_t size)
{
	number(type);
	if (wide)
		number(PF_R | PF_W);
	word(offset);
	word(virt);
	word(phys);
	word(size);
	word(size);
	if (!wide)
		number(PF_R | PF_W);
	word(0);
}

static void put_shdr(uint32_t name, uint32_t type, uint64_t address, uint64_t offset, uint64_t size,
		     uint32_t info)
{
	number(name);
	number(type);
	word(0);
	word(address);
	word(offset);
	word(size);
	number(0);
	number(info);
	word(0);
	word(0);
}

static void done(void)
{
	kmd_claims_deinit(&claims);
	kmd_image_deinit(&image);
	bytes_free(&elf);
}

static struct kmd_blob *add_blob(const char *name, enum kmd_blob_kind kind)
{
	struct kmd_blob *blob = kmd_image_add(&image);

	blob->name = strdup(name);
	blob->source = source_of(*name ? name : "f", elf.at, elf.size);
	blob->size = blob->declared = elf.size;
	blob->kind = kind;
	return blob;
}

/* Read what was built, as a KELF region or as a core file. */
static enum kmd_status read_named(const char *name, enum kmd_blob_kind kind)
{
	kmd_claims_deinit(&claims);
	kmd_image_deinit(&image);
	kmd_diag_deinit(&diag);
	add_blob(name, kind);
	return kmd_claims_kelf.read(&image, &diag, &claims);
}

static enum kmd_status read_as(enum kmd_blob_kind kind)
{
	return read_named(kind == KMD_BLOB_FLAT ? "" : "md_KELF.BIN", kind);
}

/* ------------------------------------------------------------- both dialects */

/* kmemdump and meminspect: the notes come first; the offsets of regions continue behind the header.
 */
static void build_meminspect(void)
{
	put_header(true, false, 3, 0, 0, 0);
	put_phdr(PT_NOTE, 0x2c40, 0, 0, 0x200);
	put_phdr(PT_LOAD, 0x4000, VIRT, 0x40000000, 0x100);
	put_phdr(PT_LOAD, 0x4100, VIRT + 0x1000, 0x40001000, 8);
	bytes_zero_until(&elf, 0x3000);
}

START_TEST(meminspect)
{
	build_meminspect();
	expect_ok(read_as(KMD_BLOB_REGION));
	expect_no_messages();
	ck_assert(claims.has_kelf && !claims.big_endian);
	ck_assert_uint_eq(claims.machine, EM_AARCH64);
	ck_assert_uint_eq(claims.elf_class, ELFCLASS64);
	/* The notes are behind the memory that the kernel allocated. */
	ck_assert_ptr_null(claims.notes);
	ck_assert_uint_eq(claims.n, 2);
	ck_assert_int_eq(claims.items[1].origin, KMD_FROM_KELF);
	ck_assert_str_eq(claims.items[1].name, "");
	ck_assert(claims.items[1].has_phys && claims.items[1].has_virt && claims.items[1].has_size);
	ck_assert(!claims.items[1].has_bytes);
	ck_assert_uint_eq(claims.items[1].phys, 0x40001000);
	ck_assert_uint_eq(claims.items[1].virt, VIRT + 0x1000);
	ck_assert_uint_eq(claims.items[1].size, 8);
	ck_assert_uint_eq(claims.items[1].place.offset, 64 + 2 * 56);
	done();
}
END_TEST

/* The tag of KASAN (memory tagging) in the top byte is not part of the address. */
START_TEST(tagged_addresses)
{
	put_header(true, false, 3, 0, 0, 0);
	put_phdr(PT_NOTE, 0x2c40, 0, 0, 0x200);
	put_phdr(PT_LOAD, 0x4000, UINT64_C(0xf4ff800080000000), 0x40000000, 0x100);
	put_phdr(PT_LOAD, 0x4100, UINT64_C(0x2bff800080001000), 0x40001000, 8);
	bytes_zero_until(&elf, 0x3000);
	expect_ok(read_as(KMD_BLOB_REGION));
	expect_no_messages();
	ck_assert(claims.items[0].has_virt && claims.items[1].has_virt);
	ck_assert_uint_eq(claims.items[0].virt, UINT64_C(0xffff800080000000));
	ck_assert_uint_eq(claims.items[1].virt, UINT64_C(0xffff800080001000));
	done();
}
END_TEST

/* msm_minidump: section headers in front, with names; the banner inside the header. */
static void build_downstream(void)
{
	static const char names[] = "\0STR_TBL\0linux_banner\0KSTACK0\0KLOGBUF";
	const uint64_t phdrs = 64 + 5 * 64, strings = phdrs + 3 * 56, banner = strings + 80;

	put_header(true, false, 3, 64, 5, 1);
	bytes_set(&elf, offsetof(Elf64_Ehdr, e_phoff), phdrs, 8);
	put_shdr(0, SHT_NULL, 0, 0, 0, 0);
	put_shdr(1, SHT_STRTAB, 0, strings, sizeof(names), 0);
	put_shdr(9, SHT_PROGBITS, VIRT, banner, 16, 0);
	put_shdr(22, SHT_PROGBITS, VIRT + 0x1000, 0x1000, 0x100, 0);
	put_shdr(30, SHT_PROGBITS, VIRT + 0x2000, 0x1100, 0x40, 0);
	put_phdr(PT_LOAD, banner, VIRT, 0x40000000, 16);
	put_phdr(PT_LOAD, 0x1000, VIRT + 0x1000, 0x40001000, 0x100);
	put_phdr(PT_LOAD, 0x1100, VIRT + 0x2000, 0x40002000, 0x40);
	bytes_add(&elf, names, sizeof(names));
	bytes_zero_until(&elf, banner);
	bytes_add(&elf, "Linux version 5\n", 16);
}

START_TEST(downstream)
{
	build_downstream();
	expect_ok(read_as(KMD_BLOB_REGION));
	expect_no_messages();
	ck_assert_uint_eq(claims.n, 3);
	ck_assert_str_eq(claims.items[0].name, "linux_banner");
	ck_assert(claims.items[0].has_bytes);
	ck_assert_uint_eq(claims.items[0].captured, 16);
	ck_assert_mem_eq(elf.at + claims.items[0].offset, "Linux version 5\n", 16);
	ck_assert_str_eq(claims.items[1].name, "KSTACK0");
	ck_assert_str_eq(claims.items[2].name, "KLOGBUF");
	ck_assert(!claims.items[1].has_bytes && !claims.items[2].has_bytes);
	done();
}
END_TEST

/* If the section of names is damaged, only the names are lost. */
START_TEST(downstream_without_names)
{
	build_downstream();
	bytes_set(&elf, 64 + 64 + offsetof(Elf64_Shdr, sh_offset), UINT64_MAX - 8, 8);
	expect_ok(read_as(KMD_BLOB_REGION));
	ck_assert_uint_eq(claims.n, 3);
	ck_assert_str_eq(claims.items[1].name, "");
	build_downstream();
	bytes_set(&elf, offsetof(Elf64_Ehdr, e_shstrndx), 99, 2);
	expect_ok(read_as(KMD_BLOB_REGION));
	ck_assert_str_eq(claims.items[1].name, "");
	build_downstream();
	bytes_set(&elf, 64 + 3 * 64, UINT32_MAX, 4);
	expect_ok(read_as(KMD_BLOB_REGION));
	ck_assert_str_eq(claims.items[1].name, "");
	ck_assert_str_eq(claims.items[2].name, "KLOGBUF");
	done();
}
END_TEST

START_TEST(narrow)
{
	for (int big = 0; big < 2; big++) {
		put_header(false, big, 2, 0, 0, 0);
		put_phdr(PT_LOAD, 0x1000, 0xc0001000, 0x80001000, 0x10);
		put_phdr(PT_LOAD, 0x1010, 0xf0000000, UINT32_MAX, 0x10);
		expect_ok(read_as(KMD_BLOB_REGION));
		ck_assert_uint_eq(claims.machine, EM_ARM);
		ck_assert_uint_eq(claims.elf_class, ELFCLASS32);
		ck_assert(claims.big_endian == big);
		ck_assert_uint_eq(claims.n, 2);
		ck_assert_uint_eq(claims.items[0].virt, 0xc0001000);
		ck_assert_uint_eq(claims.items[0].phys, 0x80001000);
		/* All ones mean no address. */
		ck_assert(!claims.items[1].has_phys && claims.items[1].has_virt);
	}
	done();
}
END_TEST

START_TEST(wide_big_endian)
{
	put_header(true, true, 1, 0, 0, 0);
	put_phdr(PT_LOAD, 0x1000, VIRT, 0x123456789, 0x10);
	expect_ok(read_as(KMD_BLOB_REGION));
	ck_assert(claims.big_endian);
	ck_assert_uint_eq(claims.items[0].phys, UINT64_C(0x123456789));
	done();
}
END_TEST

/* An address without the top bit is not a kernel address. */
START_TEST(no_virtual_address)
{
	put_header(true, false, 2, 0, 0, 0);
	put_phdr(PT_LOAD, 0x1000, 0, 0x40000000, 0x10);
	put_phdr(PT_LOAD, 0x1010, 0x40001000, 0x40001000, 0x10);
	expect_ok(read_as(KMD_BLOB_REGION));
	ck_assert(!claims.items[0].has_virt && !claims.items[1].has_virt);
	done();
}
END_TEST

/* --------------------------------------------------------------------- cores */

static void build_core(void)
{
	put_header(true, false, 3, 0, 0, 0);
	put_phdr(PT_NOTE, 0x100, 0, 0, 0x40);
	put_phdr(PT_LOAD, 0x140, VIRT, 0x40000000, 0x20);
	put_phdr(PT_LOAD, 0x160, VIRT + 0x1000, 0x40001000, 0x20);
	bytes_zero_until(&elf, 0x100);
	bytes_add(&elf, noise(0x80, 3), 0x80);
}

START_TEST(core)
{
	build_core();
	expect_ok(read_as(KMD_BLOB_FLAT));
	expect_no_messages();
	ck_assert_uint_eq(claims.n, 2);
	ck_assert_int_eq(claims.items[0].origin, KMD_FROM_CORE);
	ck_assert(claims.items[1].has_bytes);
	ck_assert_uint_eq(claims.items[1].offset, 0x160);
	ck_assert_uint_eq(claims.items[1].captured, 0x20);
	ck_assert_ptr_nonnull(claims.notes);
	ck_assert_uint_eq(claims.notes_at, 0x100);
	ck_assert_uint_eq(claims.notes_size, 0x40);
	done();
}
END_TEST

START_TEST(core_is_cut)
{
	build_core();
	elf.size -= 0x28;
	expect_ok(read_as(KMD_BLOB_FLAT));
	ck_assert_uint_eq(claims.items[0].captured, 0x18);
	ck_assert_uint_eq(claims.items[0].size, 0x20);
	ck_assert_uint_eq(claims.items[1].captured, 0);
	elf.size = 0x120;
	expect_ok(read_as(KMD_BLOB_FLAT));
	ck_assert_uint_eq(claims.notes_size, 0x20);
	done();
}
END_TEST

/* More program headers than e_phnum can hold. */
START_TEST(core_of_many)
{
	const uint64_t shoff = 64 + 3 * 56;

	build_core();
	bytes_set(&elf, offsetof(Elf64_Ehdr, e_phnum), PN_XNUM, 2);
	bytes_set(&elf, offsetof(Elf64_Ehdr, e_shoff), shoff, 8);
	bytes_set(&elf, offsetof(Elf64_Ehdr, e_shnum), 1, 2);
	bytes_set(&elf, shoff + offsetof(Elf64_Shdr, sh_info), 3, 4);
	bytes_set(&elf, 64 + offsetof(Elf64_Phdr, p_offset), shoff + 64, 8);
	bytes_set(&elf, 64 + offsetof(Elf64_Phdr, p_filesz), 4, 8);
	for (size_t i = 1; i < 3; i++)
		bytes_set(&elf, 64 + i * 56 + offsetof(Elf64_Phdr, p_offset), 0x140 + 0x20 * i, 8);
	bytes_zero_until(&elf, 0x1a0);
	expect_ok(read_as(KMD_BLOB_FLAT));
	expect_no_messages();
	ck_assert_uint_eq(claims.n, 2);
	/* Section 0 is behind the end. */
	bytes_set(&elf, offsetof(Elf64_Ehdr, e_shoff), UINT64_MAX - 60, 8);
	expect_error(read_as(KMD_BLOB_FLAT), KMD_ERR_DAMAGED, "ELF header extends past the end");
	done();
}
END_TEST

/* A remote processor's dump: sections by physical address, no program headers. */
START_TEST(core_of_sections)
{
	for (int is_wide = 0; is_wide < 2; is_wide++) {
		size_t at = is_wide ? 64 : 52;

		put_header(is_wide, false, 0, at, 3, 0);
		put_shdr(0, SHT_NULL, 0, 0, 0, 0);
		put_shdr(0, SHT_PROGBITS, 0x86000000, 0x140, 0x20, 0);
		put_shdr(0, SHT_PROGBITS, 0x87000000, 0x160, 0x20, 0);
		bytes_zero_until(&elf, 0x180);
		expect_ok(read_as(KMD_BLOB_FLAT));
		ck_assert_uint_eq(claims.n, 2);
		ck_assert(claims.items[1].has_phys && !claims.items[1].has_virt);
		ck_assert_uint_eq(claims.items[1].phys, 0x87000000);
		ck_assert_uint_eq(claims.items[1].offset, 0x160);
	}
	done();
}
END_TEST

START_TEST(core_of_a_process)
{
	put_header(true, false, 1, 0, 0, 0);
	put_phdr(PT_LOAD, 0x100, 0x400000, 0, 0x20);
	bytes_zero_until(&elf, 0x120);
	expect_error(read_as(KMD_BLOB_FLAT), KMD_ERR_FORMAT, "user process");
	done();
}
END_TEST

/* -------------------------------------------------------------------- damage */

START_TEST(counts)
{
	build_meminspect();
	elf.size = 64 + 3 * 56 + 10;
	bytes_set(&elf, offsetof(Elf64_Ehdr, e_phnum), 201, 2);
	expect_ok(read_as(KMD_BLOB_REGION));
	ck_assert_uint_eq(claims.n, 2);
	ck_assert(has_message("counts 201 program headers, there is room for 3"));
	bytes_set(&elf, offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX - 10, 8);
	expect_ok(read_as(KMD_BLOB_REGION));
	ck_assert_uint_eq(claims.n, 0);
	ck_assert(has_message("there is room for 0") && diag.degraded);
	build_core();
	bytes_set(&elf, offsetof(Elf64_Ehdr, e_shoff), 0x170, 8);
	bytes_set(&elf, offsetof(Elf64_Ehdr, e_shnum), 60000, 2);
	expect_ok(read_as(KMD_BLOB_FLAT));
	ck_assert(has_message("counts 60000 section headers") && diag.degraded);
	done();
}
END_TEST

/* The kernel was appending to the header when it was copied. */
START_TEST(header_types)
{
	build_meminspect();
	bytes_set(&elf, 64 + 2 * 56, PT_NULL, 4);
	expect_ok(read_as(KMD_BLOB_REGION));
	expect_no_messages();
	ck_assert_uint_eq(claims.n, 1);
	bytes_set(&elf, 64 + 2 * 56, 0x1234567, 4);
	expect_ok(read_as(KMD_BLOB_REGION));
	ck_assert_uint_eq(claims.n, 1);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE,
		       "program header 2 has the unexpected type 0x1234567");
	done();
}
END_TEST

/* The bytes of one address must not appear at another one. */
START_TEST(segments_that_cannot_be)
{
	build_core();
	bytes_set(&elf, 64 + 56 + offsetof(Elf64_Phdr, p_offset), 0x10, 8);
	expect_ok(read_as(KMD_BLOB_FLAT));
	ck_assert(claims.items[0].conflict && !claims.items[1].conflict);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE,
		       "p_offset 0x10 of the segment points into the headers");
	build_core();
	bytes_set(&elf, 64 + 56 + offsetof(Elf64_Phdr, p_offset), 0x168, 8);
	expect_ok(read_as(KMD_BLOB_FLAT));
	ck_assert(claims.items[0].conflict);
	ck_assert(has_message("overlaps the bytes of another address"));
	done();
}
END_TEST

/* Aliases of one place may nest, but must not hide a third segment that is wrong. */
START_TEST(segments_behind_an_alias)
{
	put_header(true, false, 4, 0, 0, 0);
	put_phdr(PT_LOAD, 0x200, VIRT, 0x40000000, 0x100);
	put_phdr(PT_LOAD, 0x210, 0, 0x40000010, 0x10);
	put_phdr(PT_LOAD, 0x300, VIRT + 0x2000, 0x40002000, 0x20);
	put_phdr(PT_LOAD, 0x280, VIRT + 0x3000, 0x40003000, 0x20);
	bytes_zero_until(&elf, 0x340);
	expect_ok(read_as(KMD_BLOB_FLAT));
	ck_assert(!claims.items[0].conflict && !claims.items[1].conflict);
	ck_assert(!claims.items[2].conflict && claims.items[3].conflict);
	done();
}
END_TEST

START_TEST(every_length)
{
	for (int kind = 0; kind < 3; kind++) {
		size_t size;

		kind == 0 ? build_meminspect() : kind == 1 ? build_downstream() : build_core();
		size = elf.size > 0x400 ? 0x400 : elf.size;
		for (elf.size = 0; elf.size <= size; elf.size++) {
			read_as(KMD_BLOB_FLAT);
			read_as(KMD_BLOB_REGION);
			for (size_t i = 0; i < claims.n; i++)
				ck_assert(!claims.items[i].has_bytes ||
					  claims.items[i].offset + claims.items[i].captured <=
						  elf.size);
		}
	}
	done();
}
END_TEST

/* ---------------------------------------------------------------- which one */

static enum kmd_status read_image(void)
{
	kmd_claims_deinit(&claims);
	return kmd_claims_kelf.read(&image, &diag, &claims);
}

START_TEST(the_header_that_is_used)
{
	/* The KELF of another machine, one with another name, and the right one. */
	build_meminspect();
	bytes_set(&elf, 64 + 56 + offsetof(Elf64_Phdr, p_paddr), 0x50000000, 8);
	add_blob("md_2d_KELF.BIN", KMD_BLOB_REGION);
	expect_ok(read_image());
	ck_assert_uint_eq(claims.items[0].phys, 0x50000000);
	build_meminspect();
	bytes_set(&elf, 64 + 56 + offsetof(Elf64_Phdr, p_paddr), 0x60000000, 8);
	add_blob("renamed", KMD_BLOB_REGION);
	expect_ok(read_image());
	ck_assert_uint_eq(claims.items[0].phys, 0x60000000);
	build_meminspect();
	add_blob("md_KELF1.BIN", KMD_BLOB_REGION)->invalid = true;
	expect_ok(read_image());
	ck_assert_uint_eq(claims.items[0].phys, 0x60000000);
	image.blobs[2].invalid = false;
	expect_ok(read_image());
	ck_assert_uint_eq(claims.items[0].phys, 0x40000000);
	done();
}
END_TEST

START_TEST(no_header)
{
	static const char text[] =
		"\177ELF, but only in words, and of no use at all to anybody here";

	bytes_add(&elf, text, sizeof(text));
	expect_ok(read_named("md_Klog.BIN", KMD_BLOB_REGION));
	ck_assert(!claims.has_kelf && !claims.n && !claims.machine);
	expect_no_messages();
	/* By its name, this region should be the header. */
	expect_ok(read_as(KMD_BLOB_REGION));
	ck_assert(!claims.has_kelf && !claims.n);
	ck_assert(has_message("does not begin with an ELF header") && diag.degraded);
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, meminspect);
	tcase_add_test(tcase, tagged_addresses);
	tcase_add_test(tcase, downstream);
	tcase_add_test(tcase, downstream_without_names);
	tcase_add_test(tcase, narrow);
	tcase_add_test(tcase, wide_big_endian);
	tcase_add_test(tcase, no_virtual_address);
	tcase_add_test(tcase, core);
	tcase_add_test(tcase, core_is_cut);
	tcase_add_test(tcase, core_of_many);
	tcase_add_test(tcase, core_of_sections);
	tcase_add_test(tcase, core_of_a_process);
	tcase_add_test(tcase, counts);
	tcase_add_test(tcase, header_types);
	tcase_add_test(tcase, segments_that_cannot_be);
	tcase_add_test(tcase, segments_behind_an_alias);
	tcase_add_test(tcase, every_length);
	tcase_add_test(tcase, the_header_that_is_used);
	tcase_add_test(tcase, no_header);
	return kit_run("kelf", tcase);
}
