/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_boot.c - the values of one boot, from witnesses that are there, lie, or contradict. */
#include "fake_kit.h"

#include "linux/boot/boot.h"
#include "linux/boot/build.h"
#include "linux/boot/names.h"
#include "memory/scan.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BANNER    "Linux version 6.1.0-kit (me@here) (gcc) #1 SMP"
#define X86_TEXT  UINT64_C(0xffffffff81000000)
#define X86_KASLR UINT64_C(0x1c400000)
#define X86_PHYS  UINT64_C(0x0b600000)               /* of _text */
#define X86_BASE  (X86_PHYS - 0x1000000 - X86_KASLR) /* phys_base */
#define X86_MAP   UINT64_C(0xffff8a3d40000000)       /* page_offset_base */

#define ARM_TEXT  UINT64_C(0xffff800080000000)
#define ARM_KASLR UINT64_C(0x4b7d4ce10000)
#define ARM_PHYS  UINT64_C(0x40210000)
#define ARM_VOFF  (ARM_TEXT + ARM_KASLR - ARM_PHYS)

static struct fake fake;
static struct kmd_vmlinux vmlinux;
static struct kmd_regions regions;
static struct kmd_memory memory;
static struct kmd_vmcoreinfo info;
static struct kmd_boot_given given;
static struct kmd_boot boot;

static void done(void)
{
	kmd_boot_deinit(&boot);
	kmd_vmcoreinfo_deinit(&info);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
	kmd_vmlinux_deinit(&vmlinux);
	memset(&given, 0, sizeof(given));
}

static void infer(void)
{
	kmd_memory_deinit(&memory);
	kmd_boot_deinit(&boot);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(
		kmd_boot_infer(&memory, &info, vmlinux.n ? &vmlinux : NULL, &given, &diag, &boot));
}

/* Register @size bytes of the image, @offset into it. */
static struct kmd_row *add_image(const char *name, size_t offset, size_t size, uint64_t phys,
				 uint64_t kaslr)
{
	struct kmd_row *row = add_row(&regions, name, phys + offset, fake.memory + offset, size);

	row->pub.virt = fake.text + offset + kaslr;
	row->pub.has_virt = true;
	return row;
}

static void expect_value(enum kmd_boot_key key, uint64_t value, size_t witnesses, const char *who)
{
	const struct kmd_boot_value *found = &boot.values[key];

	ck_assert_msg(found->known, "%s is not known", kmd_boot_key_name(key));
	ck_assert_uint_eq(found->value, value);
	ck_assert_uint_eq(found->witnesses, witnesses);
	ck_assert_str_eq(found->witnessed, who);
}

static void expect_unknown(enum kmd_boot_key key)
{
	ck_assert_msg(!boot.values[key].known, "%s is known", kmd_boot_key_name(key));
	ck_assert_uint_eq(boot.values[key].witnesses, 0);
}

/* ------------------------------------------------------------------- x86_64 */

enum {
	AT_BANNER = 0x100,
	AT_UTS = 0x1000,
	AT_PHYS_BASE = 0x2000,
	AT_POINTERS = 0x3000,
	AT_L5 = 0x4000,
	AT_OFFSET_BASE = 0x4010,
	AT_SME = 0x4020,
	AT_JIFFIES = 0x5000,
	AT_NR_IRQS = 0x6000
};

static void make_x86(void)
{
	fake_init(&fake, EM_X86_64, X86_TEXT);
	fake_symbol(&fake, "linux_banner", AT_BANNER);
	fake_text(&fake, AT_BANNER, BANNER "\n");
	fake_symbol(&fake, "init_uts_ns", AT_UTS);
	fake_symbol(&fake, "phys_base", AT_PHYS_BASE);
	fake_symbol(&fake, "__pgtable_l5_enabled", AT_L5);
	fake_symbol(&fake, "page_offset_base", AT_OFFSET_BASE);
	fake_symbol(&fake, "sme_me_mask", AT_SME);
	fake_symbol(&fake, "jiffies_64", AT_JIFFIES);
	fake_symbol(&fake, "nr_irqs", AT_NR_IRQS);
	for (size_t i = 0; i < 16; i++)
		fake_pointer(&fake, AT_POINTERS + 16 * i, 64 * i, X86_KASLR);
	/* Words that were changed at run time, and one that only looks like a pointer. */
	fake_pointer(&fake, AT_POINTERS + 8, 0x10, 0x12340);
	fake_word(&fake, AT_POINTERS + 24, 0x1234);
	fake_set(&fake, AT_PHYS_BASE, X86_BASE, 8);
	fake_set(&fake, AT_OFFSET_BASE, X86_MAP, 8);
	fake_open(&fake, &vmlinux);
}

START_TEST(x86_all)
{
	struct kmd_row *row;

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
	expect_value(KMD_BOOT_KASLR, X86_KASLR, 4,
		     "names of regions, linux_banner, pointers in the image, phys_base in memory");
	expect_value(KMD_BOOT_PHYS_BASE, X86_BASE, 3,
		     "regions of the image, place of the image, phys_base in memory");
	expect_value(KMD_BOOT_PAGE_OFFSET, X86_MAP, 2,
		     "regions by linear address, page_offset_base in memory");
	expect_value(KMD_BOOT_L5, 0, 3,
		     "regions by linear address, __pgtable_l5_enabled in memory, "
		     "page_offset_base in memory");
	expect_value(KMD_BOOT_SME_MASK, 0, 1, "sme_me_mask in memory");
	expect_unknown(KMD_BOOT_KIMAGE_VOFFSET);
	expect_unknown(KMD_BOOT_PAC_MASK);
	expect_silence();
	done();
}
END_TEST

/* No names and no virtual addresses: all of the image as one piece of RAM, and other RAM. */
START_TEST(x86_ram)
{
	make_x86();
	add_row(&regions, "ram", X86_PHYS, fake.memory, FAKE_SIZE);
	add_row(&regions, "more", X86_PHYS + 0x800000, noise(0x10000, 3), 0x10000);
	infer();
	expect_value(KMD_BOOT_KASLR, X86_KASLR, 2, "pointers in the image, phys_base in memory");
	expect_value(KMD_BOOT_PHYS_BASE, X86_BASE, 2, "place of the image, phys_base in memory");
	expect_value(KMD_BOOT_PAGE_OFFSET, X86_MAP, 1, "page_offset_base in memory");
	expect_silence();
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
	expect_value(KMD_BOOT_KASLR, X86_KASLR, 3,
		     "names of regions, linux_banner, pointers in the image");
	expect_value(KMD_BOOT_PHYS_BASE, X86_BASE, 1, "phys_base in memory");
	done();
}
END_TEST

/* A vmlinux without those variables has no choice. */
START_TEST(x86_without_variables)
{
	fake_init(&fake, EM_X86_64, X86_TEXT);
	fake_symbol(&fake, "linux_banner", AT_BANNER);
	fake_text(&fake, AT_BANNER, BANNER "\n");
	fake_open(&fake, &vmlinux);
	infer();
	expect_value(KMD_BOOT_L5, 0, 1, "vmlinux");
	expect_value(KMD_BOOT_SME_MASK, 0, 1, "vmlinux");
	expect_value(KMD_BOOT_PAGE_OFFSET, 0xffff888000000000, 1, "vmlinux");
	expect_unknown(KMD_BOOT_KASLR);
	expect_unknown(KMD_BOOT_PHYS_BASE);
	done();
}
END_TEST

START_TEST(x86_5_levels)
{
	struct kmd_row *row;

	make_x86();
	row = add_row(&regions, "Kmemsect", 0x7bf7c000, noise(64, 1), 64);
	row->pub.virt = 0x7bf7c000 + UINT64_C(0xff294f66c0000000);
	row->pub.has_virt = true;
	infer();
	expect_value(KMD_BOOT_L5, 1, 1, "regions by linear address");
	expect_value(KMD_BOOT_PAGE_OFFSET, 0xff294f66c0000000, 1, "regions by linear address");
	done();
}
END_TEST

/* Values that no kernel has are not taken. */
START_TEST(x86_impossible_values)
{
	make_x86();
	fake_set(&fake, AT_PHYS_BASE, 0x1234, 8);
	fake_set(&fake, AT_L5, 7, 4);
	fake_set(&fake, AT_OFFSET_BASE, 0x1000, 8);
	fake_set(&fake, AT_SME, 3, 8);
	add_row(&regions, "ram", X86_PHYS, fake.memory, FAKE_SIZE);
	infer();
	expect_value(KMD_BOOT_PHYS_BASE, X86_BASE, 1, "place of the image");
	expect_unknown(KMD_BOOT_L5);
	expect_unknown(KMD_BOOT_PAGE_OFFSET);
	expect_unknown(KMD_BOOT_SME_MASK);
	done();
}
END_TEST

/* -------------------------------------------------------------------- arm64 */

enum {
	AT_VOFFSET = 0x2000,
	AT_MEMSTART = 0x2008,
	AT_CAPS = 0x2100,
	AT_FEATURES = 0x8000,
	AT_METACAP = 0x9000,
	CAPABILITY = 77
};

static void make_arm(const char *levels)
{
	fake_init(&fake, EM_AARCH64, ARM_TEXT);
	fake_absolute(&fake, "_kernel_flags_le_lo32", 0xa);
	fake_symbol(&fake, "__pmd_alloc", 0x10);
	fake_symbol(&fake, "__pud_alloc", 0x20);
	if (levels)
		fake_symbol(&fake, levels, 0x30);
	fake_symbol(&fake, "linux_banner", AT_BANNER);
	fake_text(&fake, AT_BANNER, BANNER "\n");
	fake_symbol(&fake, "kimage_voffset", AT_VOFFSET);
	fake_symbol(&fake, "memstart_addr", AT_MEMSTART);
	fake_symbol(&fake, "system_cpucaps", AT_CAPS);
	fake_symbol(&fake, "arm64_features", AT_FEATURES);
	fake_symbol(&fake, "has_address_auth_metacap", AT_METACAP);
	/* The second entry of the table: desc, capability and type, matches. */
	fake_word(&fake, AT_FEATURES + 96, 0x10000 | CAPABILITY);
	fake_pointer(&fake, AT_FEATURES + 104, AT_METACAP, ARM_KASLR);
	for (size_t i = 0; i < 16; i++)
		fake_pointer(&fake, AT_POINTERS + 16 * i, 64 * i, ARM_KASLR);
	fake_set(&fake, AT_VOFFSET, ARM_VOFF, 8);
	fake_set(&fake, AT_CAPS, 1, 8);
	fake_open(&fake, &vmlinux);
}

START_TEST(arm64_48_bits)
{
	make_arm(NULL);
	fake_set(&fake, AT_MEMSTART, 0xffffbabf00000000, 8);
	add_row(&regions, "ram", ARM_PHYS, fake.memory, FAKE_SIZE);
	infer();
	expect_value(KMD_BOOT_KASLR, ARM_KASLR, 2,
		     "pointers in the image, kimage_voffset in memory");
	expect_value(KMD_BOOT_KIMAGE_VOFFSET, ARM_VOFF, 2,
		     "place of the image, kimage_voffset in memory");
	expect_value(KMD_BOOT_PHYS_OFFSET, 0xffffbabf00000000, 1, "memstart_addr in memory");
	expect_value(KMD_BOOT_VA_BITS, 48, 1, "vmlinux");
	expect_value(KMD_BOOT_VABITS_ACTUAL, 48, 1, "vmlinux");
	expect_value(KMD_BOOT_PAC_MASK, 0, 1, "CPU capabilities in memory");
	expect_unknown(KMD_BOOT_PHYS_BASE);
	expect_silence();
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
	expect_value(KMD_BOOT_VA_BITS, 52, 1, "vmlinux");
	expect_value(KMD_BOOT_VABITS_ACTUAL, 48, 1, "PHYS_OFFSET's high bits");
	expect_value(KMD_BOOT_PAC_MASK, 0xffff000000000000, 1, "CPU capabilities in memory");
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
	expect_value(KMD_BOOT_VABITS_ACTUAL, 52, 1, "PHYS_OFFSET's high bits");
	expect_value(KMD_BOOT_PAC_MASK, 0xfff0000000000000, 1, "CPU capabilities in memory");
	done();
}
END_TEST

/* RAM by linear address gives PHYS_OFFSET; the image's regions its distance. */
START_TEST(arm64_pairs)
{
	struct kmd_row *row;

	make_arm(NULL);
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, ARM_PHYS, ARM_KASLR);
	row = add_row(&regions, "Kmemsect4", 0x4fe5d000, noise(64, 1), 64);
	row->pub.virt = 0xffff45414fe5d000;
	row->pub.has_virt = true;
	infer();
	expect_value(KMD_BOOT_KASLR, ARM_KASLR, 2, "names of regions, linux_banner");
	expect_value(KMD_BOOT_KIMAGE_VOFFSET, ARM_VOFF, 2,
		     "regions of the image, place of the image");
	expect_value(KMD_BOOT_PHYS_OFFSET, 0xffffbabf00000000, 1, "regions by linear address");
	done();
}
END_TEST

/* --------------------------------------------------------------- panic text */

/* Records of the kernel's ring: an id, the text, and its last bytes once more. */
static void add_log(uint64_t phys, const char *offset, const char *phys_offset)
{
	struct bytes log = { 0 };

	bytes_number(&log, 0xfffff0fd, 8);
	bytes_add(&log, offset, strlen(offset));
	bytes_zero_until(&log, 128);
	bytes_number(&log, 0xfffff0fe, 8);
	bytes_add(&log, phys_offset, strlen(phys_offset));
	bytes_zero_until(&log, 512);
	add_row(&regions, "Kprb_data", phys, log.at, log.size);
	bytes_free(&log);
}

START_TEST(panic_text)
{
	make_arm(NULL);
	add_log(0x43000000, "Kernel Offset: 0x410511200000 from 0xffff80008000000000\n",
		"PHYS_OFFSET: 0xffffd73e0000000000\n");
	infer();
	expect_value(KMD_BOOT_KASLR, 0x410511200000, 1, "panic text");
	expect_value(KMD_BOOT_PHYS_OFFSET, 0xffffd73e00000000, 1, "panic text");
	expect_silence();
	done();
}
END_TEST

/* As a console or pstore has it there is nothing twice. */
START_TEST(panic_text_plain)
{
	make_arm(NULL);
	add_log(0x43000000, "[    3.0] Kernel Offset: 0x410511200000 from 0xffff800080000000\n",
		"[    3.0] PHYS_OFFSET: 0x40000000\n");
	infer();
	expect_value(KMD_BOOT_KASLR, 0x410511200000, 1, "panic text");
	expect_value(KMD_BOOT_PHYS_OFFSET, 0x40000000, 1, "panic text");
	done();
}
END_TEST

START_TEST(panic_text_features)
{
	make_arm(NULL);
	/* Bit 77 is bit 13 of the third group from the right. */
	add_log(0x43000000, "CPU features: 0x0002000,00000000,0000421b1b\n", "");
	infer();
	expect_value(KMD_BOOT_PAC_MASK, 0xffff000000000000, 1, "panic text");
	done();
	make_arm(NULL);
	add_log(0x43000000, "CPU features: 0x0000000,00000000,0000421b1b\n", "");
	infer();
	expect_value(KMD_BOOT_PAC_MASK, 0, 1, "panic text");
	done();
	/* Too short to tell. */
	make_arm(NULL);
	add_log(0x43000000, "CPU features: 0x00000000,0000421b1b\n", "");
	infer();
	expect_unknown(KMD_BOOT_PAC_MASK);
	done();
}
END_TEST

START_TEST(panic_text_of_others)
{
	static const char *const texts[] = {
		/* of another kernel, not a multiple, not hexadecimal, too long, cut */
		"Kernel Offset: 0x410511200000 from 0xffff80000800000000\n",
		"Kernel Offset: 0x410511201000 from 0xffff80008000000000\n",
		"Kernel Offset: 0x%lx from 0x%lx\n",
		"Kernel Offset: 0x410511200000410511200000 from 0xffff80008000000000\n",
		"Kernel Offset: 0x410511200000 from 0x",
		"Kernel Offset: 0x",
		"Kernel Offset: disabled\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		make_arm(NULL);
		add_log(0x43000000, texts[i], "PHYS_OFFSET: 0x1234\n");
		infer();
		expect_unknown(KMD_BOOT_KASLR);
		expect_unknown(KMD_BOOT_PHYS_OFFSET);
		done();
	}
}
END_TEST

/* Without vmlinux the log is all there is. */
START_TEST(panic_text_alone)
{
	add_log(0x43000000, "Kernel Offset: 0x410511200000 from 0xffff80008000000000\n", "");
	infer();
	expect_value(KMD_BOOT_KASLR, 0x410511200000, 1, "panic text");
	expect_unknown(KMD_BOOT_KIMAGE_VOFFSET);
	done();
}
END_TEST

/* ------------------------------------------------------------------ records */

static void add_kinfo(size_t info_size, bool sound)
{
	static const uint64_t offsets[] = { 0, 0x100, 0x200, 0x300, 0x400, FAKE_SIZE };
	static const char *const names[] = { "_stext", "_etext", "_sinittext", "_einittext" };
	struct bytes bytes = { 0 };
	uint64_t sum = 0;

	for (size_t i = 0; i < 4; i++)
		fake_symbol(&fake, names[i], 0x100 * (i + 1));
	fake_open(&fake, &vmlinux);
	bytes_zero_until(&bytes, 4096);
	bytes_set(&bytes, 0, 0xcceeddff, 4);
	for (size_t i = 0; i < 6; i++)
		bytes_set(&bytes, 8 + 24 + 8 * i, ARM_PHYS + offsets[i], 8);
	bytes_set(&bytes, 8 + info_size - 4, 0x12345678, 4);
	for (size_t at = 8; at < 8 + info_size; at += 4)
		for (size_t i = 0; i < 4; i++)
			sum ^= (uint64_t)bytes.at[at + i] << 8 * i;
	bytes_set(&bytes, 4, sum ^ !sound, 4);
	add_row(&regions, "debug_kinfo", 0x44000000, bytes.at, bytes.size);
	bytes_free(&bytes);
}

START_TEST(kinfo)
{
	static const size_t sizes[] = { 208, 464 };

	for (size_t i = 0; i < 2; i++) {
		make_arm(NULL);
		kmd_vmlinux_deinit(&vmlinux);
		add_kinfo(sizes[i], true);
		/* It tells where the image is: then its pointers tell the rest. */
		add_row(&regions, "pointers", ARM_PHYS + AT_POINTERS, fake.memory + AT_POINTERS,
			0x1000);
		infer();
		expect_value(KMD_BOOT_KASLR, ARM_KASLR, 1, "pointers in the image");
		expect_value(KMD_BOOT_KIMAGE_VOFFSET, ARM_VOFF, 1, "place of the image");
		done();
	}
}
END_TEST

START_TEST(kinfo_damaged)
{
	make_arm(NULL);
	kmd_vmlinux_deinit(&vmlinux);
	add_kinfo(208, false);
	add_row(&regions, "pointers", ARM_PHYS + AT_POINTERS, fake.memory + AT_POINTERS, 0x1000);
	infer();
	expect_unknown(KMD_BOOT_KASLR);
	expect_unknown(KMD_BOOT_KIMAGE_VOFFSET);
	done();
}
END_TEST

static void add_imem(uint64_t kaslr)
{
	struct bytes bytes = { 0 };

	bytes_zero_until(&bytes, 0x1000);
	bytes_set(&bytes, 0x6d0, 0xdead4ead, 4);
	bytes_set(&bytes, 0x6d4, kaslr, 8);
	add_row(&regions, "SHRDIMEM", 0x14680000, bytes.at, bytes.size);
	bytes_free(&bytes);
}

/* A word whose meaning is not certain is no witness where it is alone, and never contradicts. */
START_TEST(imem)
{
	make_arm(NULL);
	add_imem(ARM_KASLR);
	infer();
	expect_value(KMD_BOOT_KASLR, ARM_KASLR, 0, "shared IMEM");
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, ARM_PHYS, ARM_KASLR);
	infer();
	expect_value(KMD_BOOT_KASLR, ARM_KASLR, 3, "names of regions, linux_banner, shared IMEM");
	done();
	make_arm(NULL);
	add_imem(ARM_KASLR + 0x200000);
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, ARM_PHYS, ARM_KASLR);
	infer();
	expect_value(KMD_BOOT_KASLR, ARM_KASLR, 2, "names of regions, linux_banner");
	expect_silence();
	done();
	make_arm(NULL);
	add_imem(ARM_KASLR + 0x1000);
	infer();
	expect_unknown(KMD_BOOT_KASLR);
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
	expect_value(KMD_BOOT_KASLR, 0x200000, 1, "VMCOREINFO");
	expect_value(KMD_BOOT_PHYS_BASE, (uint64_t)-4096, 1, "VMCOREINFO");
	ck_assert_uint_eq(findings_of(KMD_FIND_KERNEL), 2);
	ck_assert(told("kaslr: taking 0x200000 (VMCOREINFO), not 0x1c400000 (names of regions, "
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
	expect_value(KMD_BOOT_KASLR, 0, 1, "VMCOREINFO");
	expect_value(KMD_BOOT_KIMAGE_VOFFSET, 0xffff800000000000, 1, "VMCOREINFO");
	expect_value(KMD_BOOT_PHYS_OFFSET, 0x80000000, 1, "VMCOREINFO");
	expect_value(KMD_BOOT_VA_BITS, 52, 1, "VMCOREINFO");
	expect_value(KMD_BOOT_VABITS_ACTUAL, 48, 1, "VMCOREINFO");
	expect_value(KMD_BOOT_PAC_MASK, 0xffff000000000000, 1, "VMCOREINFO");
	expect_silence();
	done();
}
END_TEST

START_TEST(user_wins)
{
	make_x86();
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, X86_PHYS, X86_KASLR);
	given.has[KMD_BOOT_KASLR] = true;
	given.values[KMD_BOOT_KASLR] = X86_KASLR;
	infer();
	expect_value(KMD_BOOT_KASLR, X86_KASLR, 3,
		     "given by the user, names of regions, linux_banner");
	expect_silence();
	given.values[KMD_BOOT_KASLR] = 0x400000;
	infer();
	expect_value(KMD_BOOT_KASLR, 0x400000, 1, "given by the user");
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE,
		       "kaslr: taking 0x400000 (given by the user), not 0x1c400000");
	done();
}
END_TEST

/* One against one: a wrong offset would be worse than none. */
START_TEST(undecided)
{
	make_arm(NULL);
	add_log(0x43000000, "Kernel Offset: 0x410511200000 from 0xffff80008000000000\n", "");
	add_log(0x43100000, "Kernel Offset: 0x410511300000 from 0xffff80008000000000\n", "");
	infer();
	expect_unknown(KMD_BOOT_KASLR);
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE,
		       "kaslr: 0x410511200000 (panic text); 0x410511300000 (panic text); none");
	/* What else agrees with one of them decides. */
	done();
	make_arm(NULL);
	add_log(0x43000000, "Kernel Offset: 0x410511200000 from 0xffff80008000000000\n", "");
	add_log(0x43100000, "Kernel Offset: 0x4b7d4ce10000 from 0xffff80008000000000\n", "");
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, ARM_PHYS, ARM_KASLR);
	infer();
	expect_value(KMD_BOOT_KASLR, ARM_KASLR, 3, "names of regions, linux_banner, panic text");
	ck_assert(told("not 0x410511200000 (panic text)"));
	done();
}
END_TEST

START_TEST(nothing_at_all)
{
	infer();
	for (size_t i = 0; i < KMD_N_BOOT_KEYS; i++)
		expect_unknown((enum kmd_boot_key)i);
	make_x86();
	add_row(&regions, "noise", 0x1000, noise(0x20000, 9), 0x20000);
	infer();
	expect_unknown(KMD_BOOT_KASLR);
	expect_unknown(KMD_BOOT_PHYS_BASE);
	expect_silence();
	done();
}
END_TEST

START_TEST(keys_by_name)
{
	enum kmd_boot_key key;

	for (size_t i = 0; i < KMD_N_BOOT_KEYS; i++)
		ck_assert_ptr_nonnull(kmd_boot_key_name((enum kmd_boot_key)i));
	ck_assert(kmd_boot_key_by_name("vabits_actual", &key));
	ck_assert_int_eq(key, KMD_BOOT_VABITS_ACTUAL);
	ck_assert(kmd_boot_key_by_name("kaslr", &key) && key == KMD_BOOT_KASLR);
	ck_assert(!kmd_boot_key_by_name("sme_mask", &key));
	ck_assert(!kmd_boot_key_by_name("", &key));
	ck_assert(!kmd_boot_get(NULL, KMD_BOOT_KASLR, &(uint64_t){ 0 }));
}
END_TEST

/* -------------------------------------------------------------------- names */

START_TEST(names)
{
	static const struct {
		const char *name, *symbol;
		bool fits;
	} rows[] = {
		{ "Kinit_uts21", "init_uts_ns", true },
		{ "Kinit_uts21", "init_task", false },
		{ "Kprb24", "prb", true },
		{ "Kprb24", "prb_descs", false },
		{ "Kprb", "prb", true },
		{ "K_text35", "_text", true },
		{ "K_text35", "_text_end", false },
		{ "Kjiffies_10", "jiffies_64", true },
		{ "Kjiffies_6410", "jiffies_64", true },
		{ "K0vmcorein", "vmcoreinfo_data", true },
		{ "linux_banner1", "linux_banner", true },
		{ "Kcpu24", "cpu2", true },
		{ "Kcpu24", "cpu3", false },
		{ "K12", "x", false },
		{ "K", "", false },
		{ "", "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(kmd_name_is_short_for(rows[i].name, rows[i].symbol) == rows[i].fits,
			      "%s, %s", rows[i].name, rows[i].symbol);
}
END_TEST

static void add_claim(struct kmd_claims *claims, const char *name, uint64_t virt)
{
	struct kmd_claim *claim = kmd_claims_add(claims, KMD_FROM_KELF);

	claim->name = strdup(name);
	claim->file = strdup("");
	claim->virt = virt;
	claim->has_virt = true;
}

START_TEST(kaslr_of_claims)
{
	struct kmd_claims claims = { 0 };
	uint64_t kaslr = 1;

	make_x86();
	ck_assert(!kmd_boot_kaslr_of_claims(&claims, &vmlinux, &kaslr));
	/* kmemdump's headers have addresses and no names; other memory is among them. */
	add_claim(&claims, "", X86_TEXT + AT_BANNER + X86_KASLR);
	add_claim(&claims, "", X86_TEXT + AT_UTS + X86_KASLR);
	add_claim(&claims, "", X86_TEXT + AT_JIFFIES + X86_KASLR);
	add_claim(&claims, "", 0xffff8a3d7bf7c000);
	ck_assert(!kmd_boot_kaslr_of_claims(&claims, &vmlinux, &kaslr));
	add_claim(&claims, "", X86_TEXT + AT_NR_IRQS + X86_KASLR);
	ck_assert(kmd_boot_kaslr_of_claims(&claims, &vmlinux, &kaslr));
	ck_assert_uint_eq(kaslr, X86_KASLR);
	kmd_claims_deinit(&claims);
	/* With names two are enough. */
	add_claim(&claims, "KDATABSS", X86_TEXT + AT_UTS + X86_KASLR);
	add_claim(&claims, "linux_banner", X86_TEXT + AT_BANNER + X86_KASLR);
	ck_assert(!kmd_boot_kaslr_of_claims(&claims, &vmlinux, &kaslr));
	add_claim(&claims, "nr_irqs", X86_TEXT + AT_NR_IRQS + X86_KASLR);
	ck_assert(kmd_boot_kaslr_of_claims(&claims, &vmlinux, &kaslr));
	ck_assert_uint_eq(kaslr, X86_KASLR);
	kmd_claims_deinit(&claims);
	done();
}
END_TEST

/* Names that contradict each other tell nothing. */
START_TEST(names_undecided)
{
	make_x86();
	add_row(&regions, "Kinit_uts21", 0x1000, noise(8, 1), 8)->pub.virt =
		X86_TEXT + AT_UTS + 0x200000;
	regions.rows[0].pub.has_virt = true;
	add_row(&regions, "Knr_irqs13", 0x2000, noise(8, 1), 8)->pub.virt =
		X86_TEXT + AT_NR_IRQS + 0x400000;
	regions.rows[1].pub.has_virt = true;
	infer();
	expect_unknown(KMD_BOOT_KASLR);
	done();
}
END_TEST

/* --------------------------------------------------------------------- scan */

START_TEST(scan)
{
	static const char *const needles[] = { "needle one", "needle two" };
	size_t size = (1u << 20) + 64;
	unsigned char *bytes = calloc(1, size);
	struct kmd_hits hits;

	memcpy(bytes, needles[0], 10);
	/* Across the end of a block, and at the very end. */
	memcpy(bytes + (1u << 20) - 4, "needle two!", 11);
	memcpy(bytes + size - 10, needles[1], 10);
	bytes[(1u << 20) - 5] = 'x';
	add_row(&regions, "a", 0x1000000, bytes, size);
	add_virtual_row(&regions, "b", 0xffff800000000000, "needle one", 10);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_scan(&memory, needles, 2, &diag, &hits));
	ck_assert_uint_eq(hits.n, 4);
	ck_assert_uint_eq(hits.items[0].address, 0x1000000);
	ck_assert_int_eq(hits.items[0].before, 0);
	ck_assert_uint_eq(hits.items[1].address, 0x1000000 + (1u << 20) - 4);
	ck_assert_uint_eq(hits.items[1].needle, 1);
	ck_assert_int_eq(hits.items[1].before, 'x');
	ck_assert_int_eq(hits.items[1].after[0], '!');
	ck_assert_uint_eq(hits.items[2].address, 0x1000000 + size - 10);
	ck_assert_uint_eq(hits.items[2].n_after, 0);
	ck_assert(!hits.items[3].physical);
	ck_assert_uint_eq(hits.items[3].address, 0xffff800000000000);
	kmd_hits_deinit(&hits);
	free(bytes);
	done();
}
END_TEST

/* Memory full of beginnings. */
START_TEST(scan_is_bounded)
{
	static const char *const needles[] = { "aa" };
	size_t size = 1u << 20;
	char *bytes = malloc(size);
	struct kmd_hits hits;

	memset(bytes, 'a', size);
	add_row(&regions, "a", 0x1000000, bytes, size);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_scan(&memory, needles, 1, &diag, &hits));
	ck_assert_uint_eq(hits.n, 64);
	kmd_hits_deinit(&hits);
	free(bytes);
	done();
}
END_TEST

/* -------------------------------------------------------------------- build */

START_TEST(build)
{
	static const struct {
		uint64_t text, flags;
		const char *levels;
		unsigned int va_bits, va_bits_min;
	} rows[] = {
		{ 0xffff800008000000, 0xa, NULL, 48, 48 },
		{ 0xffff800080000000, 0xa, "__p4d_alloc", 52, 48 },
		{ 0xffffc00080000000, 0xc, NULL, 52, 47 },
		{ 0xffff800080000000, 0xc, NULL, 48, 48 },
		{ 0xffffffc008000000, 0xa, NULL, 39, 39 },
	};
	struct kmd_build out;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_init(&fake, EM_AARCH64, rows[i].text);
		fake_absolute(&fake, "_kernel_flags_le_lo32", rows[i].flags);
		fake_symbol(&fake, "__pmd_alloc", 0x10);
		fake_symbol(&fake, "__pud_alloc", 0x20);
		if (rows[i].levels)
			fake_symbol(&fake, rows[i].levels, 0x30);
		fake_symbol(&fake, "linux_banner", AT_BANNER);
		fake_text(&fake, AT_BANNER, BANNER "\n");
		fake_open(&fake, &vmlinux);
		kmd_build_learn(&vmlinux, &out);
		ck_assert_uint_eq(out.va_bits, rows[i].va_bits);
		ck_assert_uint_eq(out.va_bits_min, rows[i].va_bits_min);
		ck_assert_uint_eq(out.page_size, rows[i].flags == 0xa ? 4096 : 16384);
		ck_assert_str_eq(out.release, "6.1.0-kit");
		ck_assert_uint_eq(out.version, 0x601);
		done();
	}
	kmd_build_learn(NULL, &out);
	ck_assert(!out.machine && !out.text && !out.version);
}
END_TEST

/* The image's own header says the page size where no symbol does. */
START_TEST(build_of_header)
{
	struct kmd_build out;

	fake_init(&fake, EM_AARCH64, ARM_TEXT);
	fake_word(&fake, 24, 0xe);
	fake_word(&fake, 56, 0x644d5241);
	fake_open(&fake, &vmlinux);
	kmd_build_learn(&vmlinux, &out);
	ck_assert_uint_eq(out.page_size, 65536);
	ck_assert_uint_eq(out.version, 0);
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, x86_all);
	tcase_add_test(tcase, x86_ram);
	tcase_add_test(tcase, x86_virtual_only);
	tcase_add_test(tcase, x86_without_variables);
	tcase_add_test(tcase, x86_5_levels);
	tcase_add_test(tcase, x86_impossible_values);
	tcase_add_test(tcase, arm64_48_bits);
	tcase_add_test(tcase, arm64_52_bits);
	tcase_add_test(tcase, arm64_52_bits_in_use);
	tcase_add_test(tcase, arm64_pairs);
	tcase_add_test(tcase, panic_text);
	tcase_add_test(tcase, panic_text_plain);
	tcase_add_test(tcase, panic_text_features);
	tcase_add_test(tcase, panic_text_of_others);
	tcase_add_test(tcase, panic_text_alone);
	tcase_add_test(tcase, kinfo);
	tcase_add_test(tcase, kinfo_damaged);
	tcase_add_test(tcase, imem);
	tcase_add_test(tcase, vmcoreinfo_goes_first);
	tcase_add_test(tcase, arm64_vmcoreinfo);
	tcase_add_test(tcase, user_wins);
	tcase_add_test(tcase, undecided);
	tcase_add_test(tcase, nothing_at_all);
	tcase_add_test(tcase, keys_by_name);
	tcase_add_test(tcase, names);
	tcase_add_test(tcase, kaslr_of_claims);
	tcase_add_test(tcase, names_undecided);
	tcase_add_test(tcase, scan);
	tcase_add_test(tcase, scan_is_bounded);
	tcase_add_test(tcase, build);
	tcase_add_test(tcase, build_of_header);
	return kit_run("boot", tcase);
}
