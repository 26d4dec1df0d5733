/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_core.c - the core as written, read back with libelf. */
#include "core_kit.h"

#include "vmcore/write.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PHYS   UINT64_C(0x40000000)
#define LINEAR UINT64_C(0xffff000000000000)

static struct kmd_region_entry *add(uint64_t phys, uint64_t virt, const void *bytes, size_t size)
{
	struct kmd_region_entry *row = add_row(&regions, "r", phys, bytes, size);

	row->pub.virt = virt;
	row->pub.has_virt = virt != 0;
	return row;
}

static void two_regions(void)
{
	add(PHYS + 0x10, LINEAR + 0x10, noise(0x2000, 1), 0x2000);
	add(PHYS + 0x8000, 0, "lonely", 6);
	set_vmcoreinfo("OSRELEASE=6.1.0\nA=1\n");
}

static GElf_Phdr phdr_of(Elf *elf, size_t index)
{
	GElf_Phdr phdr;

	ck_assert_ptr_nonnull(gelf_getphdr(elf, (int)index, &phdr));
	return phdr;
}

static void expect_load(Elf *elf, size_t index, uint64_t virt, uint64_t phys, const void *bytes,
			size_t size)
{
	GElf_Phdr phdr = phdr_of(elf, index);
	unsigned char *got = malloc(size);

	ck_assert_uint_eq(phdr.p_type, PT_LOAD);
	ck_assert_uint_eq(phdr.p_align, 0);
	ck_assert_uint_eq(phdr.p_vaddr, virt);
	ck_assert_uint_eq(phdr.p_paddr, phys);
	ck_assert_uint_eq(phdr.p_filesz, size);
	ck_assert_uint_eq(phdr.p_memsz, size);
	read_core(phdr.p_offset, got, size);
	ck_assert_mem_eq(got, bytes, size);
	free(got);
}

START_TEST(elf64)
{
	size_t phnum;
	GElf_Ehdr ehdr;
	Elf *elf;

	two_regions();
	expect_ok(plan_core());
	elf = written_core();
	ck_assert_ptr_nonnull(gelf_getehdr(elf, &ehdr));
	ck_assert_uint_eq(ehdr.e_type, ET_CORE);
	ck_assert_uint_eq(ehdr.e_machine, EM_AARCH64);
	ck_assert_uint_eq(ehdr.e_ident[EI_CLASS], ELFCLASS64);
	ck_assert_uint_eq(ehdr.e_ident[EI_DATA], ELFDATA2LSB);
	ck_assert_uint_eq(ehdr.e_phoff, 64);
	ck_assert_int_eq(elf_getphdrnum(elf, &phnum), 0);
	ck_assert_uint_eq(phnum, 3);
	/* The one note segment is first, and its bytes precede all data. */
	ck_assert_uint_eq(phdr_of(elf, 0).p_type, PT_NOTE);
	ck_assert_uint_lt(phdr_of(elf, 0).p_offset, phdr_of(elf, 1).p_offset);
	expect_load(elf, 1, LINEAR + 0x10, PHYS + 0x10, noise(0x2000, 1), 0x2000);
	expect_load(elf, 2, 0, PHYS + 0x8000, "lonely", 6);
}
END_TEST

static Elf_Data *notes_of(Elf *elf)
{
	GElf_Phdr phdr = phdr_of(elf, 0);
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)phdr.p_offset, (size_t)phdr.p_filesz,
					      ELF_T_NHDR);

	ck_assert_uint_eq(phdr.p_type, PT_NOTE);
	ck_assert_ptr_nonnull(data);
	return data;
}

static uint64_t word_at(const unsigned char *bytes, size_t width, bool big_endian)
{
	uint64_t word = 0;

	for (size_t i = 0; i < width; i++)
		word = word << 8 | bytes[big_endian ? i : width - 1 - i];
	return word;
}

/*
 * Check the first note, which maps one byte of a file where no Linux has memory; returns its end.
 * Its last word is behind the end of the file, so that no consumer reads from it.
 */
static size_t expect_files(Elf *elf, size_t width, bool big_endian)
{
	Elf_Data *data = notes_of(elf);
	size_t name, desc, next;
	const unsigned char *words;
	uint64_t got[5];
	GElf_Nhdr note;

	next = gelf_getnote(data, 0, &note, &name, &desc);
	ck_assert_uint_gt(next, 0);
	ck_assert_str_eq((char *)data->d_buf + name, "CORE");
	ck_assert_uint_eq(note.n_type, NT_FILE);
	words = (unsigned char *)data->d_buf + desc;
	for (size_t i = 0; i < 5; i++)
		got[i] = word_at(words + i * width, width, big_endian);
	ck_assert_uint_eq(got[0], 1);
	ck_assert_uint_eq(got[1], 1);
	ck_assert_uint_eq(got[2], (width == 4 ? UINT32_MAX : UINT64_MAX) - 4095);
	ck_assert_uint_eq(got[3], got[2] + 1);
	ck_assert_uint_ge(got[4], 4096);
	ck_assert_uint_eq(note.n_descsz, 5 * width + sizeof("/proc/version"));
	ck_assert_str_eq((const char *)words + 5 * width, "/proc/version");
	return next;
}

/* VMCOREINFO is the last note. */
static void expect_vmcoreinfo(Elf *elf, size_t at)
{
	Elf_Data *data = notes_of(elf);
	size_t name, desc;
	GElf_Nhdr note;

	ck_assert_uint_eq(gelf_getnote(data, at, &note, &name, &desc), data->d_size);
	ck_assert_uint_eq(note.n_namesz, 11);
	ck_assert_uint_eq(note.n_type, 0);
	ck_assert_str_eq((char *)data->d_buf + name, "VMCOREINFO");
	ck_assert_uint_eq(note.n_descsz, info.length);
	ck_assert_mem_eq((char *)data->d_buf + desc, info.text, info.length);
}

START_TEST(vmcoreinfo_note)
{
	Elf *elf;

	two_regions();
	expect_ok(plan_core());
	elf = written_core();
	expect_vmcoreinfo(elf, expect_files(elf, 8, false));
}
END_TEST

START_TEST(no_vmcoreinfo)
{
	Elf *elf;

	add(PHYS, LINEAR, "1234", 4);
	expect_ok(plan_core());
	elf = written_core();
	ck_assert_uint_eq(expect_files(elf, 8, false), phdr_of(elf, 0).p_filesz);
}
END_TEST

/* Bytes of a captured page that were not captured are zero in the file and in no segment. */
START_TEST(pages_are_padded)
{
	unsigned char page[4096], zeroes[4096] = { 0 };
	GElf_Phdr phdr;
	Elf *elf;

	two_regions();
	expect_ok(plan_core());
	elf = written_core();
	phdr = phdr_of(elf, 2);
	ck_assert_uint_eq(phdr.p_offset % 4096, 0);
	read_core(phdr.p_offset, page, sizeof(page));
	ck_assert_mem_eq(page + 6, zeroes, sizeof(page) - 6);
	phdr = phdr_of(elf, 1);
	read_core(phdr.p_offset - 0x10, page, 0x10);
	ck_assert_mem_eq(page, zeroes, 0x10);
}
END_TEST

START_TEST(elf32)
{
	GElf_Ehdr ehdr;
	Elf *elf;

	facts.machine = EM_ARM;
	facts.elf_class = ELFCLASS32;
	facts.big_endian = true;
	add(0x80001000, 0xc0001000, "1234", 4);
	add_virtual_row(&regions, "v", 0xf0000000, "5678", 4);
	set_vmcoreinfo("OSRELEASE=6.1.0\nA=1\n");
	expect_ok(plan_core());
	elf = written_core();
	ck_assert_ptr_nonnull(gelf_getehdr(elf, &ehdr));
	ck_assert_uint_eq(ehdr.e_ident[EI_CLASS], ELFCLASS32);
	ck_assert_uint_eq(ehdr.e_ident[EI_DATA], ELFDATA2MSB);
	ck_assert_uint_eq(ehdr.e_phoff, 52);
	expect_vmcoreinfo(elf, expect_files(elf, 4, true));
	expect_load(elf, 1, 0xc0001000, 0x80001000, "1234", 4);
	expect_load(elf, 2, 0xf0000000, UINT32_MAX, "5678", 4);
}
END_TEST

/* More segments than e_phnum can count: 64 in each page. */
START_TEST(pn_xnum)
{
	const size_t n = 66000;
	unsigned char bytes[16];
	GElf_Ehdr ehdr;
	size_t phnum;
	Elf *elf;

	for (size_t i = 0; i < n; i++) {
		memset(bytes, (int)(i % 255) + 1, sizeof(bytes));
		add(PHYS + 64 * i, LINEAR + 64 * i, bytes, sizeof(bytes));
	}
	set_vmcoreinfo("OSRELEASE=6.1.0\nA=1\n");
	expect_ok(plan_core());
	ck_assert_uint_eq(plan.n_loads, n);
	elf = written_core();
	ck_assert_ptr_nonnull(gelf_getehdr(elf, &ehdr));
	ck_assert_uint_eq(ehdr.e_phnum, PN_XNUM);
	ck_assert_int_eq(elf_getphdrnum(elf, &phnum), 0);
	ck_assert_uint_eq(phnum, n + 1);
	expect_vmcoreinfo(elf, expect_files(elf, 8, false));
	for (size_t i = 0; i < n; i += 997) {
		memset(bytes, (int)(i % 255) + 1, sizeof(bytes));
		expect_load(elf, i + 1, LINEAR + 64 * i, PHYS + 64 * i, bytes, sizeof(bytes));
	}
}
END_TEST

/* The last count that e_phnum can hold, and the first that it cannot. */
START_TEST(around_pn_xnum)
{
	const size_t n = PN_XNUM - 2 + (size_t)_i;
	GElf_Ehdr ehdr;
	size_t phnum;
	Elf *elf;

	for (size_t i = 0; i < n; i++)
		add(PHYS + 64 * i, 0, "1", 1);
	expect_ok(plan_core());
	elf = written_core();
	ck_assert_ptr_nonnull(gelf_getehdr(elf, &ehdr));
	ck_assert_uint_eq(ehdr.e_phnum, n + 1 < PN_XNUM ? n + 1 : PN_XNUM);
	ck_assert_int_eq(elf_getphdrnum(elf, &phnum), 0);
	ck_assert_uint_eq(phnum, n + 1);
	expect_load(elf, n, 0, PHYS + 64 * (n - 1), "1", 1);
}
END_TEST

/* ------------------------------------------------------------ destinations */

static unsigned char *bytes_of(int fd, off_t from, size_t *size)
{
	off_t end = lseek(fd, 0, SEEK_END);
	unsigned char *bytes = malloc((size_t)(end - from) + 1);

	*size = (size_t)(end - from);
	ck_assert_int_eq(pread(fd, bytes, *size, from), (ssize_t)*size);
	return bytes;
}

/* The bytes are the same in every way of writing: with and without holes, appended, at an offset.
 */
START_TEST(the_same_bytes_everywhere)
{
	static const struct kmd_write_options options;
	static const int flags[] = { 0, 0, 0, O_APPEND, O_APPEND };
	static const char *const before[] = { "", "something", "stale bytes behind", "", "log\n" };
	unsigned char *wanted = NULL, *got, *zeroes = calloc(1, 0x200000);
	size_t size, wanted_size = 0;

	/* A hole of whole blocks between the pages, and one at the end. */
	add(PHYS, LINEAR, noise(0x1800, 1), 0x1800);
	add(PHYS + 0x2000, LINEAR + 0x2000, zeroes, 0x200000);
	add(PHYS + 0x300000, LINEAR + 0x300000, noise(8, 2), 8);
	expect_ok(plan_core());
	for (size_t i = 0; i < 5; i++) {
		int fd = open(path_in_folder("out"), O_CREAT | O_RDWR | O_TRUNC | flags[i], 0600);
		off_t start = i == 2 ? 3 : (off_t)strlen(before[i]);

		ck_assert_int_eq(write(fd, before[i], strlen(before[i])),
				 (ssize_t)strlen(before[i]));
		ck_assert_int_eq(lseek(fd, i == 3 ? 0 : start, SEEK_SET), i == 3 ? 0 : start);
		expect_ok(kmd_write_fd(&plan, &options, fd, "out", &diag));
		got = bytes_of(fd, start, &size);
		if (!i) {
			wanted = got;
			wanted_size = size;
		} else {
			ck_assert_uint_eq(size, wanted_size);
			ck_assert_mem_eq(got, wanted, size);
			free(got);
		}
		close(fd);
	}
	ck_assert_uint_eq(wanted_size, plan.file_size);
	free(wanted);
	free(zeroes);
}
END_TEST

int main(void)
{
	TCase *tcase = core_tcase();

	tcase_add_test(tcase, elf64);
	tcase_add_test(tcase, vmcoreinfo_note);
	tcase_add_test(tcase, no_vmcoreinfo);
	tcase_add_test(tcase, pages_are_padded);
	tcase_add_test(tcase, elf32);
	tcase_add_test(tcase, pn_xnum);
	tcase_add_loop_test(tcase, around_pn_xnum, 0, 3);
	tcase_add_test(tcase, the_same_bytes_everywhere);
	return kit_run("core", tcase);
}
