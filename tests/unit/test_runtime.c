/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_runtime.c - the values of one boot, with evidence that agrees and that does not. */
#include "evidence_kit.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------- x86_64 */

START_TEST(x86_all)
{
	struct kmd_region_entry *row;

	make_x86();
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, X86_PHYS, X86_KASLR);
	add_image("Kinit_uts21", AT_UTS, 400, X86_PHYS, X86_KASLR);
	add_image("Kjiffies_10", AT_JIFFIES, 8, X86_PHYS, X86_KASLR);
	add_image("Knr_irqs13", AT_NR_IRQS, 4, X86_PHYS, X86_KASLR);
	add_image("Kdata", AT_PHYS_BASE, 0x2800, X86_PHYS, X86_KASLR);
	row = add_row(&regions, "Kmemsect", 0x7bf7c000, noise(64, 1), 64);
	row->pub.virt = 0x7bf7c000 + X86_MAP;
	row->pub.has_virt = true;
	infer();
	expect_value(KMD_RUNTIME_KASLR, X86_KASLR, 4,
		     "names of regions, linux_banner, pointers in the image, phys_base in memory");
	expect_value(KMD_RUNTIME_PHYS_BASE, X86_BASE, 3,
		     "regions of the image, place of the image, phys_base in memory");
	expect_value(KMD_RUNTIME_PAGE_OFFSET, X86_MAP, 2,
		     "regions by linear address, page_offset_base in memory");
	expect_value(KMD_RUNTIME_L5, 0, 3,
		     "regions by linear address, __pgtable_l5_enabled in memory, "
		     "page_offset_base in memory");
	expect_value(KMD_RUNTIME_SME_MASK, 0, 1, "sme_me_mask in memory");
	expect_unknown(KMD_RUNTIME_KIMAGE_VOFFSET);
	expect_unknown(KMD_RUNTIME_PAC_MASK);
	expect_no_messages();
	done();
}
END_TEST

/* The dump has all of the image as one region, and other RAM, without names or virtual addresses.
 */
START_TEST(x86_ram)
{
	make_x86();
	add_row(&regions, "ram", X86_PHYS, fake.memory, FAKE_SIZE);
	add_row(&regions, "more", X86_PHYS + 0x800000, noise(0x10000, 3), 0x10000);
	infer();
	expect_value(KMD_RUNTIME_KASLR, X86_KASLR, 2, "pointers in the image, phys_base in memory");
	expect_value(KMD_RUNTIME_PHYS_BASE, X86_BASE, 2, "place of the image, phys_base in memory");
	expect_value(KMD_RUNTIME_PAGE_OFFSET, X86_MAP, 1, "page_offset_base in memory");
	expect_no_messages();
	done();
}
END_TEST

/* Only virtual addresses are known. */
START_TEST(x86_virtual_only)
{
	make_x86();
	add_virtual_row(&regions, "Klinux_ba11", X86_TEXT + AT_BANNER + X86_KASLR,
			fake.memory + AT_BANNER, sizeof(BANNER) + 1);
	add_virtual_row(&regions, "data", X86_TEXT + AT_PHYS_BASE + X86_KASLR,
			fake.memory + AT_PHYS_BASE, 0x2800);
	infer();
	expect_value(KMD_RUNTIME_KASLR, X86_KASLR, 3,
		     "names of regions, linux_banner, pointers in the image");
	expect_value(KMD_RUNTIME_PHYS_BASE, X86_BASE, 1, "phys_base in memory");
	done();
}
END_TEST

/* Words of code that look like pointers into the image do not move: they are no evidence. */
START_TEST(words_of_code)
{
	make_x86();
	for (size_t at = FAKE_CODE; at < FAKE_SIZE; at += 8)
		fake_word(&fake, at, X86_TEXT + at);
	kmd_vmlinux_deinit(&vmlinux);
	fake_open(&fake, &vmlinux);
	add_row(&regions, "text", X86_PHYS + FAKE_CODE, fake.memory + FAKE_CODE,
		FAKE_SIZE - FAKE_CODE);
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, X86_PHYS, X86_KASLR);
	infer();
	expect_value(KMD_RUNTIME_KASLR, X86_KASLR, 2, "names of regions, linux_banner");
	expect_no_messages();
	done();
}
END_TEST

/* A vmlinux without those variables can have only one value. */
START_TEST(x86_without_variables)
{
	fake_init(&fake, EM_X86_64, X86_TEXT);
	fake_symbol(&fake, "linux_banner", AT_BANNER);
	fake_text(&fake, AT_BANNER, BANNER "\n");
	fake_open(&fake, &vmlinux);
	infer();
	expect_value(KMD_RUNTIME_L5, 0, 1, "vmlinux");
	expect_value(KMD_RUNTIME_SME_MASK, 0, 1, "vmlinux");
	expect_value(KMD_RUNTIME_PAGE_OFFSET, 0xffff888000000000, 1, "vmlinux");
	expect_unknown(KMD_RUNTIME_KASLR);
	expect_unknown(KMD_RUNTIME_PHYS_BASE);
	done();
}
END_TEST

START_TEST(x86_5_levels)
{
	struct kmd_region_entry *row;

	make_x86();
	row = add_row(&regions, "Kmemsect", 0x7bf7c000, noise(64, 1), 64);
	row->pub.virt = 0x7bf7c000 + UINT64_C(0xff294f66c0000000);
	row->pub.has_virt = true;
	infer();
	expect_value(KMD_RUNTIME_L5, 1, 1, "regions by linear address");
	expect_value(KMD_RUNTIME_PAGE_OFFSET, 0xff294f66c0000000, 1, "regions by linear address");
	done();
}
END_TEST

/* Impossible values are not used. */
START_TEST(x86_impossible_values)
{
	make_x86();
	fake_set(&fake, AT_PHYS_BASE, 0x1234, 8);
	fake_set(&fake, AT_L5, 7, 4);
	fake_set(&fake, AT_OFFSET_BASE, 0x1000, 8);
	fake_set(&fake, AT_SME, 3, 8);
	add_row(&regions, "ram", X86_PHYS, fake.memory, FAKE_SIZE);
	infer();
	expect_value(KMD_RUNTIME_PHYS_BASE, X86_BASE, 1, "place of the image");
	expect_unknown(KMD_RUNTIME_L5);
	expect_unknown(KMD_RUNTIME_PAGE_OFFSET);
	expect_unknown(KMD_RUNTIME_SME_MASK);
	done();
}
END_TEST

/* -------------------------------------------------------------------- arm64 */

START_TEST(arm64_48_bits)
{
	make_arm(NULL);
	fake_set(&fake, AT_MEMSTART, 0xffffbabf00000000, 8);
	add_row(&regions, "ram", ARM_PHYS, fake.memory, FAKE_SIZE);
	infer();
	expect_value(KMD_RUNTIME_KASLR, ARM_KASLR, 2,
		     "pointers in the image, kimage_voffset in memory");
	expect_value(KMD_RUNTIME_KIMAGE_VOFFSET, ARM_VOFF, 2,
		     "place of the image, kimage_voffset in memory");
	expect_value(KMD_RUNTIME_PHYS_OFFSET, 0xffffbabf00000000, 1, "memstart_addr in memory");
	expect_value(KMD_RUNTIME_VA_BITS, 48, 1, "vmlinux");
	expect_value(KMD_RUNTIME_VABITS_ACTUAL, 48, 1, "vmlinux");
	expect_value(KMD_RUNTIME_PAC_MASK, 0, 1, "CPU capabilities in memory");
	expect_unknown(KMD_RUNTIME_PHYS_BASE);
	expect_no_messages();
	done();
}
END_TEST

/* Built for 52 bits; memstart_addr shows that the processor has 48. */
START_TEST(arm64_52_bits)
{
	make_arm("__p4d_alloc");
	fake_set(&fake, AT_MEMSTART, 0xfff0f6ec40000000, 8);
	fake_set(&fake, AT_CAPS + 8, UINT64_C(1) << (CAPABILITY - 64), 8);
	add_row(&regions, "ram", ARM_PHYS, fake.memory, FAKE_SIZE);
	infer();
	expect_value(KMD_RUNTIME_VA_BITS, 52, 1, "vmlinux");
	expect_value(KMD_RUNTIME_VABITS_ACTUAL, 48, 1, "PHYS_OFFSET's high bits");
	expect_value(KMD_RUNTIME_PAC_MASK, 0xffff000000000000, 1, "CPU capabilities in memory");
	done();
}
END_TEST

START_TEST(arm64_52_bits_in_use)
{
	make_arm("__p4d_alloc");
	fake_set(&fake, AT_MEMSTART, 0x80000000, 8);
	fake_set(&fake, AT_CAPS + 8, UINT64_C(1) << (CAPABILITY - 64), 8);
	add_row(&regions, "ram", ARM_PHYS, fake.memory, FAKE_SIZE);
	infer();
	expect_value(KMD_RUNTIME_VABITS_ACTUAL, 52, 1, "PHYS_OFFSET's high bits");
	expect_value(KMD_RUNTIME_PAC_MASK, 0xfff0000000000000, 1, "CPU capabilities in memory");
	done();
}
END_TEST

/* RAM by linear address gives PHYS_OFFSET; regions of the image give its distance. */
START_TEST(arm64_pairs)
{
	struct kmd_region_entry *row;

	make_arm(NULL);
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, ARM_PHYS, ARM_KASLR);
	row = add_row(&regions, "Kmemsect4", 0x4fe5d000, noise(64, 1), 64);
	row->pub.virt = 0xffff45414fe5d000;
	row->pub.has_virt = true;
	infer();
	expect_value(KMD_RUNTIME_KASLR, ARM_KASLR, 2, "names of regions, linux_banner");
	expect_value(KMD_RUNTIME_KIMAGE_VOFFSET, ARM_VOFF, 2,
		     "regions of the image, place of the image");
	expect_value(KMD_RUNTIME_PHYS_OFFSET, 0xffffbabf00000000, 1, "regions by linear address");
	done();
}
END_TEST

/* ------------------------------------------------------ agreement and not */

static void set_info(const char *text)
{
	kmd_vmcoreinfo_deinit(&info);
	info.text = strdup(text);
	info.length = strlen(text);
}

START_TEST(vmcoreinfo_goes_first)
{
	make_x86();
	set_info("OSRELEASE=6.1.0-kit\nNUMBER(phys_base)=-4096\nNUMBER(pgtable_l5_enabled)=0\n"
		 "KERNELOFFSET=200000\nNUMBER(sme_mask)=0\n");
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, X86_PHYS, X86_KASLR);
	infer();
	expect_value(KMD_RUNTIME_KASLR, 0x200000, 1, "VMCOREINFO");
	expect_value(KMD_RUNTIME_PHYS_BASE, (uint64_t)-4096, 1, "VMCOREINFO");
	ck_assert_uint_eq(findings_of(KMD_FIND_KERNEL), 2);
	ck_assert(
		has_message("kaslr: using 0x200000 (VMCOREINFO), not 0x1c400000 (names of regions, "
			    "linux_banner"));
	done();
}
END_TEST

START_TEST(arm64_vmcoreinfo)
{
	set_info("OSRELEASE=6.1.0\nNUMBER(VA_BITS)=52\nNUMBER(kimage_voffset)=0xffff800000000000\n"
		 "NUMBER(PHYS_OFFSET)=0x80000000\nNUMBER(TCR_EL1_T1SZ)=0x10\nKERNELOFFSET=0\n"
		 "NUMBER(KERNELPACMASK)=0xffff000000000000\n");
	infer();
	expect_value(KMD_RUNTIME_KASLR, 0, 1, "VMCOREINFO");
	expect_value(KMD_RUNTIME_KIMAGE_VOFFSET, 0xffff800000000000, 1, "VMCOREINFO");
	expect_value(KMD_RUNTIME_PHYS_OFFSET, 0x80000000, 1, "VMCOREINFO");
	expect_value(KMD_RUNTIME_VA_BITS, 52, 1, "VMCOREINFO");
	expect_value(KMD_RUNTIME_VABITS_ACTUAL, 48, 1, "VMCOREINFO");
	expect_value(KMD_RUNTIME_PAC_MASK, 0xffff000000000000, 1, "VMCOREINFO");
	expect_no_messages();
	done();
}
END_TEST

START_TEST(user_wins)
{
	make_x86();
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, X86_PHYS, X86_KASLR);
	given.has[KMD_RUNTIME_KASLR] = true;
	given.values[KMD_RUNTIME_KASLR] = X86_KASLR;
	infer();
	expect_value(KMD_RUNTIME_KASLR, X86_KASLR, 3,
		     "given by the user, names of regions, linux_banner");
	expect_no_messages();
	given.values[KMD_RUNTIME_KASLR] = 0x400000;
	infer();
	expect_value(KMD_RUNTIME_KASLR, 0x400000, 1, "given by the user");
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE,
		       "kaslr: using 0x400000 (given by the user), not 0x1c400000");
	done();
}
END_TEST

/* Two sources contradict each other, so neither is used: no offset is better than a wrong one. */
START_TEST(undecided)
{
	make_arm(NULL);
	add_log(0x43000000, "Kernel Offset: 0x410511200000 from 0xffff80008000000000\n", "");
	add_log(0x43100000, "Kernel Offset: 0x410511300000 from 0xffff80008000000000\n", "");
	infer();
	expect_unknown(KMD_RUNTIME_KASLR);
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE,
		       "kaslr: 0x410511200000 (panic text); 0x410511300000 (panic text); none");
	/* Other evidence that agrees with one of them decides. */
	done();
	make_arm(NULL);
	add_log(0x43000000, "Kernel Offset: 0x410511200000 from 0xffff80008000000000\n", "");
	add_log(0x43100000, "Kernel Offset: 0x4b7d4ce10000 from 0xffff80008000000000\n", "");
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, ARM_PHYS, ARM_KASLR);
	infer();
	expect_value(KMD_RUNTIME_KASLR, ARM_KASLR, 3, "names of regions, linux_banner, panic text");
	ck_assert(has_message("not 0x410511200000 (panic text)"));
	done();
}
END_TEST

START_TEST(nothing_at_all)
{
	infer();
	for (size_t i = 0; i < KMD_N_RUNTIME_KEYS; i++)
		expect_unknown((enum kmd_runtime_key)i);
	make_x86();
	add_row(&regions, "noise", 0x1000, noise(0x20000, 9), 0x20000);
	infer();
	expect_unknown(KMD_RUNTIME_KASLR);
	expect_unknown(KMD_RUNTIME_PHYS_BASE);
	expect_no_messages();
	done();
}
END_TEST

START_TEST(keys_by_name)
{
	enum kmd_runtime_key key;

	for (size_t i = 0; i < KMD_N_RUNTIME_KEYS; i++)
		ck_assert_ptr_nonnull(kmd_runtime_key_name((enum kmd_runtime_key)i));
	ck_assert(kmd_runtime_key_by_name("vabits_actual", &key));
	ck_assert_int_eq(key, KMD_RUNTIME_VABITS_ACTUAL);
	ck_assert(kmd_runtime_key_by_name("kaslr", &key) && key == KMD_RUNTIME_KASLR);
	ck_assert(!kmd_runtime_key_by_name("sme_mask", &key));
	ck_assert(!kmd_runtime_key_by_name("", &key));
	ck_assert(!kmd_runtime_get(NULL, KMD_RUNTIME_KASLR, &(uint64_t){ 0 }));
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, x86_all);
	tcase_add_test(tcase, x86_ram);
	tcase_add_test(tcase, words_of_code);
	tcase_add_test(tcase, x86_virtual_only);
	tcase_add_test(tcase, x86_without_variables);
	tcase_add_test(tcase, x86_5_levels);
	tcase_add_test(tcase, x86_impossible_values);
	tcase_add_test(tcase, arm64_48_bits);
	tcase_add_test(tcase, arm64_52_bits);
	tcase_add_test(tcase, arm64_52_bits_in_use);
	tcase_add_test(tcase, arm64_pairs);
	tcase_add_test(tcase, vmcoreinfo_goes_first);
	tcase_add_test(tcase, arm64_vmcoreinfo);
	tcase_add_test(tcase, user_wins);
	tcase_add_test(tcase, undecided);
	tcase_add_test(tcase, nothing_at_all);
	tcase_add_test(tcase, keys_by_name);
	return kit_run("boot", tcase);
}
