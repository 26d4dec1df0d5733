/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "core_kit.h"

#include "vmcore/write.h"

#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct kmd_regions regions;
struct kmd_memory memory;
struct kmd_kernel_facts facts;
struct kmd_vmcoreinfo info;
struct kmd_core_notes carried;
struct kmd_views views;
struct kmd_plan plan;

static int core_fd = -1;
static Elf *core_elf;

static void setup(void)
{
	memset(&facts, 0, sizeof(facts));
	facts.machine = EM_AARCH64;
	facts.elf_class = ELFCLASS64;
	facts.pub.page_size = 4096;
}

static void teardown(void)
{
	elf_end(core_elf);
	if (core_fd >= 0)
		close(core_fd);
	core_elf = NULL;
	core_fd = -1;
	kmd_plan_deinit(&plan);
	kmd_views_deinit(&views);
	kmd_memory_deinit(&memory);
	kmd_vmcoreinfo_deinit(&info);
	kmd_core_notes_deinit(&carried);
	kmd_regions_deinit(&regions);
}

TCase *core_tcase(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	return tcase;
}

void set_vmcoreinfo(const char *text)
{
	info.text = strdup(text);
	info.length = strlen(text);
}

enum kmd_status plan_core(void)
{
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_views_build(&memory, &facts, &diag, &views));
	return kmd_plan_build(&memory, &views, &facts, &carried, &info, &diag, &plan);
}

Elf *written_core(void)
{
	static const struct kmd_write_options options;

	core_fd = memfd_create("core", MFD_CLOEXEC);
	ck_assert_int_ge(core_fd, 0);
	expect_ok(kmd_write_fd(&plan, &options, core_fd, "core", &diag));
	ck_assert_uint_eq(core_size(), plan.file_size);
	elf_version(EV_CURRENT);
	core_elf = elf_begin(core_fd, ELF_C_READ, NULL);
	ck_assert_ptr_nonnull(core_elf);
	ck_assert_int_eq(elf_kind(core_elf), ELF_K_ELF);
	return core_elf;
}

void read_core(uint64_t offset, void *to, size_t size)
{
	ck_assert_int_eq(pread(core_fd, to, size, (off_t)offset), (ssize_t)size);
}

uint64_t core_size(void)
{
	struct stat st;

	ck_assert_int_eq(fstat(core_fd, &st), 0);
	return (uint64_t)st.st_size;
}
