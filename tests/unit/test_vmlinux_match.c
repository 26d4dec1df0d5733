/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_vmlinux_match.c - whether a vmlinux is that of the dumped kernel, by all evidence. */
#include "evidence_kit.h"

#include "kernel/match.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUILD_ID "00112233445566778899aabbccddeeff00112233"
#define OTHER_ID "10112233445566778899aabbccddeeff00112233"
#define AT_ID    0x7000
#define AT_NOTES 0x7100
#define AT_MAGIC 0x7200
#define MAGIC    "6.1.0-kit SMP mod_unload RANDSTRUCT_d3ad"
#define FAR      UINT64_C(0x20000000)

static bool force;

static void setup(void)
{
	make_x86();
	kmd_vmlinux_deinit(&vmlinux);
	fake_symbol(&fake, "vmlinux_build_id", AT_ID);
	fake_symbol(&fake, "__start_notes", AT_NOTES);
	fake_symbol(&fake, "__stop_notes", AT_NOTES + 36);
	fake_open(&fake, &vmlinux);
	strcpy(vmlinux.build_id, BUILD_ID);
	force = false;
}

static void teardown(void)
{
	done();
}

static void set_vmcoreinfo(const char *text)
{
	kmd_vmcoreinfo_deinit(&info);
	info.text = strdup(text);
	info.length = strlen(text);
}

static void add_text(uint64_t phys, const char *text)
{
	add_row(&regions, "text", phys, text, strlen(text) + 1);
}

static enum kmd_status match(uint16_t machine)
{
	kmd_memory_deinit(&memory);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	return kmd_match_vmlinux(&vmlinux, "vmlinux", machine, &info, &memory, force, &diag);
}

static enum kmd_status match_content(void)
{
	infer();
	return kmd_match_content(&vmlinux, "vmlinux", &info, &memory, &runtime, force, &diag);
}

START_TEST(build_id_decides)
{
	/* A banner of another kernel in memory, for example in an older log, is then ignored. */
	add_text(FAR, "Linux version 5.10.0-old (me@there) (gcc) #1 SMP");
	set_vmcoreinfo("OSRELEASE=6.1.0-kit\nBUILD-ID=" BUILD_ID "\n");
	expect_ok(match(EM_X86_64));
	expect_no_messages();
	set_vmcoreinfo("OSRELEASE=6.1.0-kit\nBUILD-ID=" OTHER_ID "\n");
	expect_error(match(EM_X86_64), KMD_ERR_MISMATCH, "build-id differs");
	force = true;
	expect_ok(match(EM_X86_64));
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE, "build-id differs");
}
END_TEST

START_TEST(a_shorter_build_id_is_another)
{
	set_vmcoreinfo("OSRELEASE=6.1.0-kit\nBUILD-ID=001122\n");
	expect_error(match(0), KMD_ERR_MISMATCH, "build-id differs");
}
END_TEST

/* Those kernels wrote other bytes than their build-id, so other evidence is compared. */
START_TEST(garbage_for_a_build_id)
{
	static const struct {
		const char *release;
		bool garbage;
	} kernels[] = { { "6.6.54", false },   { "6.6.55", true },  { "6.6.62-x", true },
			{ "6.6.63", false },   { "6.11.9", true },  { "6.11.10", false },
			{ "6.1.113-1", true }, { "6.10.60", false } };

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		char text[128];

		snprintf(text, sizeof(text), "OSRELEASE=%s\nBUILD-ID=" OTHER_ID "\n",
			 kernels[i].release);
		set_vmcoreinfo(text);
		expect_error(match(0), KMD_ERR_MISMATCH,
			     kernels[i].garbage ? "release differs" : "build-id differs");
	}
}
END_TEST

START_TEST(release_and_machine)
{
	set_vmcoreinfo("OSRELEASE=6.1.0-kit\n");
	add_text(FAR, BANNER);
	expect_ok(match(EM_X86_64));
	set_vmcoreinfo("OSRELEASE=6.1.0-ki\n");
	expect_error(match(EM_X86_64), KMD_ERR_MISMATCH, "release differs");
	set_vmcoreinfo("OSRELEASE=6.1.0-kit2\n");
	expect_error(match(EM_X86_64), KMD_ERR_MISMATCH, "release differs");
	expect_error(match(EM_AARCH64), KMD_ERR_MISMATCH, "its machine differs");
}
END_TEST

START_TEST(banner_in_memory)
{
	add_text(FAR, "Linux version 6.1.0-kit (me@there) (gcc) #2 SMP");
	expect_error(match(0), KMD_ERR_MISMATCH, "banner differs");
	/* The kernel's own banner is present too, so the other one is only text. */
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, X86_PHYS, X86_KASLR);
	expect_ok(match(0));
	expect_no_messages();
}
END_TEST

START_TEST(without_banner)
{
	add_text(FAR, "Linux version %s (%s)");
	add_text(FAR + 0x1000, "Linux version unknown");
	expect_ok(match(0));
	expect_finding(KMD_FIND_KERNEL, KMD_NOTE, "cannot verify the vmlinux");
}
END_TEST

/* The kernel says so in what modules must match. */
static void set_random_layouts(void)
{
	kmd_vmlinux_deinit(&vmlinux);
	fake_symbol(&fake, "vermagic", AT_MAGIC);
	fake_text(&fake, AT_MAGIC, MAGIC);
	fake_open(&fake, &vmlinux);
}

START_TEST(random_layouts_of_an_unknown_build)
{
	set_random_layouts();
	expect_ok(match(0));
	expect_finding(KMD_FIND_KERNEL, KMD_NOTE, "nor a banner (it has RANDSTRUCT:");
}
END_TEST

START_TEST(random_layouts_of_another_build)
{
	set_random_layouts();
	strcpy(vmlinux.build_id, BUILD_ID);
	set_vmcoreinfo("OSRELEASE=6.1.0-kit\nBUILD-ID=" OTHER_ID "\n");
	force = true;
	expect_ok(match(0));
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE, "build-id differs (it has RANDSTRUCT:");
}
END_TEST

/* Add the parts of the image that show its address, but not its build-id. */
static void add_placed(void)
{
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, X86_PHYS, X86_KASLR);
	add_image("Kdata", AT_PHYS_BASE, 0x2800, X86_PHYS, X86_KASLR);
}

START_TEST(equal_banners_may_be_two_builds)
{
	add_placed();
	expect_ok(match_content());
	expect_finding(KMD_FIND_KERNEL, KMD_NOTE, "another build of the same version");
}
END_TEST

START_TEST(build_id_in_the_image)
{
	for (size_t i = 0; i < 20; i++)
		fake.memory[AT_ID + i] = (unsigned char)((i % 16) * 0x11);
	add_placed();
	add_image("Kbuild_id", AT_ID, 20, X86_PHYS, X86_KASLR);
	expect_ok(match_content());
	expect_no_messages();
	strcpy(vmlinux.build_id, OTHER_ID);
	expect_error(match_content(), KMD_ERR_MISMATCH, "captured image differs");
}
END_TEST

START_TEST(notes_in_the_image)
{
	add_placed();
	add_image("Knotes", AT_NOTES, 36, X86_PHYS, X86_KASLR);
	expect_ok(match_content());
	expect_no_messages();
	kmd_regions_deinit(&regions);
	fake.memory[AT_NOTES + 20] ^= 1;
	add_placed();
	add_image("Knotes", AT_NOTES, 36, X86_PHYS, X86_KASLR);
	expect_error(match_content(), KMD_ERR_MISMATCH, "captured image differs");
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, build_id_decides);
	tcase_add_test(tcase, a_shorter_build_id_is_another);
	tcase_add_test(tcase, garbage_for_a_build_id);
	tcase_add_test(tcase, release_and_machine);
	tcase_add_test(tcase, banner_in_memory);
	tcase_add_test(tcase, without_banner);
	tcase_add_test(tcase, random_layouts_of_an_unknown_build);
	tcase_add_test(tcase, random_layouts_of_another_build);
	tcase_add_test(tcase, equal_banners_may_be_two_builds);
	tcase_add_test(tcase, build_id_in_the_image);
	tcase_add_test(tcase, notes_in_the_image);
	return kit_run("vmlinux-match", tcase);
}
