/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_arch.c - the virtual memory of each machine, from VMCOREINFO and from regions. */
#include "kit.h"

#include "arch/paging.h"
#include "kernel/kernel.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kmd_vmcoreinfo info;
static struct kmd_regions regions;
static struct kmd_memory memory;
static struct kmd_layout layout;

static void done(void)
{
	kmd_vmcoreinfo_deinit(&info);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
	memset(&layout, 0, sizeof(layout));
}

static void lay_out(const struct kmd_arch *arch, const char *text)
{
	kmd_vmcoreinfo_deinit(&info);
	kmd_memory_deinit(&memory);
	memset(&layout, 0, sizeof(layout));
	if (text) {
		info.text = strdup(text);
		info.length = strlen(text);
		ck_assert_ptr_eq(kmd_arch_by_vmcoreinfo(&info), arch);
	}
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	arch->layout(&info, NULL, &memory, &layout);
}

static void add(uint64_t phys, uint64_t virt, size_t size)
{
	struct kmd_region_entry *row =
		add_row(&regions, "r", phys, noise(size, (uint32_t)phys), size);

	row->pub.virt = virt;
	row->pub.has_virt = virt != 0;
}

static void expect_map(const struct kmd_map *map, uint64_t low, uint64_t high, uint64_t phys)
{
	ck_assert(map->known);
	ck_assert_uint_eq(map->low, low);
	ck_assert_uint_eq(map->high, high);
	/* @low is the virtual address of physical @phys. */
	ck_assert_uint_eq(phys + map->delta, low);
}

/* -------------------------------------------------------------------- arm64 */

#define ARM64                                                                                      \
	"SYMBOL(_stext)=ffffbd5232a10000\n"                                                        \
	"NUMBER(kimage_voffset)=0xffffbd51f2800000\n"                                              \
	"NUMBER(TCR_EL1_T1SZ)=0x10\n"

START_TEST(arm64)
{
	lay_out(&kmd_arch_arm64,
		"OSRELEASE=6.1.0\n" ARM64 "NUMBER(VA_BITS)=48\nNUMBER(PHYS_OFFSET)=0x40000000\n");
	expect_map(&layout.linear, 0xffff000000000000, 0xffff800000000000, 0x40000000);
	ck_assert(layout.image.known);
	ck_assert_uint_eq(layout.image.delta, 0xffffbd51f2800000);
	/* _text is at most 2 MiB before _stext. */
	ck_assert_uint_le(layout.image.low, 0xffffbd5232a00000);
	ck_assert_uint_ge(layout.image.low, 0xffffbd5232800000);
	ck_assert_uint_ge(layout.image.high, 0xffffbd5234000000);
	done();
}
END_TEST

/* The linear map was the upper half until 5.4. */
START_TEST(arm64_before_5_4)
{
	lay_out(&kmd_arch_arm64, "OSRELEASE=4.19.157-perf+\n" ARM64
				 "NUMBER(VA_BITS)=39\nNUMBER(PHYS_OFFSET)=0x80000000\n");
	expect_map(&layout.linear, 0xffffffc000000000, UINT64_MAX, 0x80000000);
	lay_out(&kmd_arch_arm64,
		"OSRELEASE=5.3.18\n" ARM64 "NUMBER(VA_BITS)=48\nNUMBER(PHYS_OFFSET)=0x80000000\n");
	expect_map(&layout.linear, 0xffff800000000000, UINT64_MAX, 0x80000000);
	lay_out(&kmd_arch_arm64,
		"OSRELEASE=5.4.0\n" ARM64 "NUMBER(VA_BITS)=48\nNUMBER(PHYS_OFFSET)=0x80000000\n");
	expect_map(&layout.linear, 0xffff000000000000, 0xffff800000000000, 0x80000000);
	done();
}
END_TEST

START_TEST(arm64_52_bits)
{
	lay_out(&kmd_arch_arm64,
		"OSRELEASE=6.12.0\n" ARM64 "NUMBER(VA_BITS)=52\nNUMBER(PHYS_OFFSET)=0x80000000\n");
	/* Its end is that for 48 bits, because PAGE_END depends on VA_BITS_MIN. */
	expect_map(&layout.linear, 0xfff0000000000000, 0xffff800000000000, 0x80000000);
	done();
}
END_TEST

/* memstart_addr is random and may be negative.  The values are from a real kernel. */
START_TEST(arm64_negative_phys_offset)
{
	lay_out(&kmd_arch_arm64, "OSRELEASE=6.1.0\n" ARM64
				 "NUMBER(VA_BITS)=48\nNUMBER(PHYS_OFFSET)=0xffff9254c0000000\n");
	ck_assert(layout.linear.known);
	/* mem_section of that dump: physical 0x4bf7c380. */
	ck_assert_uint_eq(UINT64_C(0x4bf7c380) + layout.linear.delta, 0xffff6dab8bf7c380);
	done();
}
END_TEST

START_TEST(arm64_without)
{
	lay_out(&kmd_arch_arm64, NULL);
	ck_assert(!layout.linear.known && !layout.image.known);
	lay_out(&kmd_arch_arm64, "OSRELEASE=6.1.0\nNUMBER(TCR_EL1_T1SZ)=0x10\n");
	ck_assert(!layout.linear.known && !layout.image.known);
	/* No kernel has 64 bits. */
	lay_out(&kmd_arch_arm64, "OSRELEASE=6.1.0\nNUMBER(TCR_EL1_T1SZ)=0x10\nNUMBER(VA_BITS)=64\n"
				 "NUMBER(PHYS_OFFSET)=0\n");
	ck_assert(!layout.linear.known);
	/* The start of the image is not known, so its distance maps nothing. */
	lay_out(&kmd_arch_arm64, "OSRELEASE=6.1.0\nNUMBER(kimage_voffset)=0xffff800000000000\n"
				 "SYMBOL(_stext)=fffffffffffffff0\n");
	ck_assert(layout.image.known);
	ck_assert_uint_eq(layout.image.low, layout.image.high);
	done();
}
END_TEST

/* ------------------------------------------------------------------- x86_64 */

#define X86                                                                                        \
	"OSRELEASE=6.1.0\n"                                                                        \
	"SYMBOL(_stext)=ffffffff94400000\n"                                                        \
	"NUMBER(phys_base)=-218103808\n"                                                           \
	"SYMBOL(init_top_pgt)=ffffffff95e10000\n"                                                  \
	"NUMBER(pgtable_l5_enabled)=0\n"                                                           \
	"NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"

START_TEST(x86_64_image)
{
	lay_out(&kmd_arch_x86_64, X86);
	ck_assert(layout.image.known && !layout.linear.known);
	/* phys_base = -0xd000000 */
	ck_assert_uint_eq(UINT64_C(0xffffffff94400000) - layout.image.delta, 0x7400000);
	ck_assert_uint_eq(layout.image.low, 0xffffffff94400000);
	ck_assert_uint_eq(layout.image.high, 0xffffffffc0000000);
	done();
}
END_TEST

/* No key has the base of the linear map.  Regions with both addresses show it. */
START_TEST(x86_64_linear_from_regions)
{
	add(0x7bf7c380, 0xffff8c087bf7c380, 64);
	add(0x7bf7d000, 0xffff8c087bf7d000, 64);
	add(0x8000000, 0xffffffff96000000, 64);
	/* This region is in another mapping. */
	add(0x9000000, 0xffffa00000001000, 64);
	lay_out(&kmd_arch_x86_64, X86);
	ck_assert(layout.linear.known);
	ck_assert_uint_eq(layout.linear.delta, 0xffff8c0800000000 - 0);
	done();
}
END_TEST

START_TEST(x86_64_linear_from_mem_section)
{
	static const char text[] = X86 "SYMBOL(mem_section)=ffff8c080be92000\n"
				       "LENGTH(mem_section)=2048\n";

	add(0xbe92000, 0, 2048 * 8);
	add(0xbe92000 + 0x1000000, 0, 64);
	lay_out(&kmd_arch_x86_64, text);
	ck_assert(layout.linear.known);
	ck_assert_uint_eq(layout.linear.delta, 0xffff8c0800000000);
	/* Two regions match, so it is not known. */
	add(0xbe92000 + (UINT64_C(1) << 30), 0, 2048 * 8);
	lay_out(&kmd_arch_x86_64, text);
	ck_assert(!layout.linear.known);
	done();
}
END_TEST

START_TEST(x86_64_without)
{
	lay_out(&kmd_arch_x86_64, NULL);
	ck_assert(!layout.linear.known && !layout.image.known);
	add(0x1000, 0xffff888000001000, 64);
	lay_out(&kmd_arch_x86_64, NULL);
	ck_assert(layout.linear.known);
	done();
}
END_TEST

/* ------------------------------------------------------------------ the rest */

START_TEST(riscv64)
{
	lay_out(&kmd_arch_riscv64, "OSRELEASE=6.6.0\n"
				   "NUMBER(VA_BITS)=48\n"
				   "NUMBER(PAGE_OFFSET)=0xffffaf8000000000\n"
				   "NUMBER(phys_ram_base)=0x80000000\n"
				   "NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000\n"
				   "NUMBER(va_kernel_pa_offset)=0xfffffffefff00000\n");
	ck_assert(layout.linear.known && layout.image.known);
	ck_assert_uint_eq(UINT64_C(0x80000000) + layout.linear.delta, 0xffffaf8000000000);
	ck_assert_uint_eq(UINT64_C(0x80100000) + layout.image.delta, 0xffffffff80000000);
	ck_assert_uint_eq(layout.image.low, 0xffffffff80000000);
	ck_assert_uint_eq(layout.image.high, UINT64_MAX);
	done();
	/* Moved by KASLR: modules are below the image. */
	lay_out(&kmd_arch_riscv64, "OSRELEASE=6.12.0\n"
				   "NUMBER(PAGE_OFFSET)=0xffffffd600000000\n"
				   "NUMBER(phys_ram_base)=2147483648\n"
				   "NUMBER(MODULES_VADDR)=0xffffffff21e75000\n"
				   "NUMBER(MODULES_END)=0xffffffffa0000000\n"
				   "NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000\n"
				   "NUMBER(va_kernel_pa_offset)=0xffffffff1fe00000\n");
	ck_assert_uint_eq(layout.image.low, 0xffffffffa0000000);
	ck_assert_uint_eq(layout.image.high, 0xffffffffa1e75000);
	ck_assert_uint_eq(UINT64_C(0x80000000) + layout.linear.delta, 0xffffffd600000000);
	done();
}
END_TEST

/* Without any single key, other keys or regions with both addresses give the same maps. */
START_TEST(riscv64_without_a_key)
{
	static const char *const lines[] = { "SYMBOL(_stext)=ffffffffa0002000\n",
					     "NUMBER(phys_ram_base)=2147483648\n",
					     "NUMBER(PAGE_OFFSET)=0xffffffd600000000\n",
					     "NUMBER(VMALLOC_END)=0xffffffd600000000\n",
					     "NUMBER(VA_BITS)=39\n",
					     "NUMBER(MODULES_VADDR)=0xffffffff21e75000\n",
					     "NUMBER(MODULES_END)=0xffffffffa0000000\n",
					     "NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000\n",
					     "NUMBER(va_kernel_pa_offset)=0xffffffff1fe00000\n" };
	const size_t n = sizeof(lines) / sizeof(lines[0]);
	char text[1024];
	uint64_t kaslr;

	add(0x80400000, 0xffffffd600400000, 64);
	add(0x80500000, 0xffffffd600500000, 64);
	add(0x80900000, 0xffffffc600500000, 64);
	add(0x80200000, 0xffffffffa0000000, 64);
	add(0x80201000, 0xffffffffa0001000, 64);
	for (size_t without = 0; without <= n; without++) {
		struct kmd_paging paging = { .page_shift = 12 };

		strcpy(text, "OSRELEASE=6.12.0\n");
		for (size_t i = 0; i < n; i++)
			strcat(text, i == without ? "" : lines[i]);
		lay_out(&kmd_arch_riscv64, text);
		expect_map(&layout.linear, 0xffffffd600000000, 0xffffffff00000000, 0x80000000);
		expect_map(&layout.image, 0xffffffffa0000000,
			   without == 5 ? UINT64_MAX : 0xffffffffa1e75000, 0x80200000);
		ck_assert(kmd_vmcoreinfo_kaslr(&info, &kaslr));
		ck_assert_uint_eq(kaslr, 0x20000000);
		ck_assert(kmd_arch_riscv64.read_paging(&info, &paging));
		ck_assert_uint_eq(paging.va_bits, 39);
	}
	done();
}
END_TEST

/* Nonsense is no map. */
START_TEST(riscv64_nonsense)
{
	static const char *const offsets[] = { "0", "0xffffffd600000001", "0x1000000000000000",
					       "0xffffffff80000000", "-1" };
	char text[256];

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct kmd_paging paging = { .page_shift = 12 };

		snprintf(text, sizeof(text),
			 "OSRELEASE=6.12.0\nNUMBER(phys_ram_base)=1\nNUMBER(PAGE_OFFSET)=%s\n",
			 offsets[i]);
		lay_out(&kmd_arch_riscv64, text);
		ck_assert(!layout.linear.known && !layout.image.known);
		ck_assert(!kmd_arch_riscv64.read_paging(&info, &paging));
	}
	lay_out(&kmd_arch_riscv64, NULL);
	ck_assert(!layout.linear.known && !layout.image.known);
	done();
}
END_TEST

START_TEST(arm_linear_from_regions)
{
	add(0x80008000, 0xc0008000, 64);
	add(0x80208000, 0xc0208000, 64);
	add(0x80300000, 0xf0800000, 64);
	lay_out(&kmd_arch_arm, "OSRELEASE=6.1.0\nCONFIG_ARM_LPAE=y\nA=1\n");
	ck_assert(layout.linear.known && !layout.image.known);
	ck_assert_uint_eq(layout.linear.delta, 0x40000000);
	lay_out(&kmd_arch_i386, "OSRELEASE=6.1.0\nCONFIG_X86_PAE=y\nA=1\n");
	ck_assert_uint_eq(layout.linear.delta, 0x40000000);
	done();
}
END_TEST

START_TEST(names_and_machines)
{
	ck_assert_ptr_eq(kmd_arch_by_name("aarch64", 7), &kmd_arch_arm64);
	ck_assert_ptr_eq(kmd_arch_by_name("armv7l", 6), &kmd_arch_arm);
	ck_assert_ptr_eq(kmd_arch_by_name("i686", 4), &kmd_arch_i386);
	ck_assert_ptr_null(kmd_arch_by_name("aarch6", 6));
	ck_assert_ptr_null(kmd_arch_by_name("", 0));
	ck_assert_ptr_eq(kmd_arch_by_machine(EM_RISCV), &kmd_arch_riscv64);
	ck_assert_ptr_null(kmd_arch_by_machine(EM_PPC64));
}
END_TEST

static unsigned int version_of(const char *text)
{
	struct kmd_vmcoreinfo of = { .text = (char *)text, .length = strlen(text) };

	return kmd_kernel_version(&of);
}

START_TEST(versions)
{
	ck_assert_uint_eq(version_of("OSRELEASE=6.1.0-56\n"), 0x601);
	ck_assert_uint_eq(version_of("OSRELEASE=5.10\n"), 0x50a);
	ck_assert_uint_eq(version_of("OSRELEASE=x\n"), 0);
	ck_assert_uint_eq(version_of("OSRELEASE=99999999999999999999.1\n"), 0);
	ck_assert_uint_eq(version_of("PAGESIZE=4096\n"), 0);
}
END_TEST

/* ------------------------------------------------------------ put together */

START_TEST(kernel_facts)
{
	static const char text[] = "OSRELEASE=6.1.0-56\nBUILD-ID=00ff\nPAGESIZE=65536\n" ARM64
				   "KERNELOFFSET=3d522aa00000\n";
	struct kmd_claims claims = { .machine = EM_AARCH64, .elf_class = ELFCLASS64 };
	struct kmd_kernel_facts facts;

	lay_out(&kmd_arch_arm64, text);
	expect_ok(kmd_kernel_read(&claims, &memory, &info, NULL, NULL, false, &diag, &facts));
	ck_assert_str_eq(facts.pub.machine, "aarch64");
	ck_assert_str_eq(facts.pub.release, "6.1.0-56");
	ck_assert_str_eq(facts.pub.build_id, "00ff");
	ck_assert_uint_eq(facts.pub.page_size, 65536);
	ck_assert(facts.pub.has_kaslr_offset);
	ck_assert_uint_eq(facts.pub.kaslr_offset, UINT64_C(0x3d522aa00000));
	ck_assert(facts.layout.image.known);
	expect_no_messages();
	kmd_kernel_deinit(&facts);
	done();
}
END_TEST

START_TEST(page_sizes_that_cannot_be)
{
	static const char *const sizes[] = { "0", "4095", "6000", "1024", "1073741824", "-4096" };
	struct kmd_claims claims = { .machine = EM_AARCH64, .elf_class = ELFCLASS64 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct kmd_kernel_facts facts;
		char text[256];

		snprintf(text, sizeof(text), "OSRELEASE=6.1.0\nPAGESIZE=%s\n" ARM64, sizes[i]);
		lay_out(&kmd_arch_arm64, text);
		expect_ok(
			kmd_kernel_read(&claims, &memory, &info, NULL, NULL, false, &diag, &facts));
		ck_assert_uint_eq(facts.pub.page_size, 4096);
		kmd_kernel_deinit(&facts);
	}
	done();
}
END_TEST

/* Without KELF and VMCOREINFO the kernel's utsname names the machine. */
START_TEST(machine_from_utsname)
{
	char uts[16 + 6 * 65] = { 0 };
	struct kmd_claims claims = { 0 };
	struct kmd_kernel_facts facts;

	strcpy(uts + 4, "Linux");
	strcpy(uts + 4 + 65, "node");
	strcpy(uts + 4 + 130, "6.1.0");
	strcpy(uts + 4 + 4 * 65, "x86_64");
	add_row(&regions, "uts", 0x1000, uts, sizeof(uts));
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_kernel_read(&claims, &memory, &info, NULL, NULL, false, &diag, &facts));
	ck_assert_uint_eq(facts.machine, EM_X86_64);
	expect_finding(KMD_FIND_VMCOREINFO, KMD_DAMAGE, "no VMCOREINFO in this dump");
	kmd_kernel_deinit(&facts);
	done();
}
END_TEST

/* At init_uts_ns there must be the release that VMCOREINFO names. */
START_TEST(release_is_checked)
{
	static const char text[] = "OSRELEASE=6.1.0-56\nOFFSET(uts_namespace.name)=4\n" ARM64
				   "SYMBOL(init_uts_ns)=ffffbd5232b00000\n";
	struct kmd_claims claims = { .machine = EM_AARCH64, .elf_class = ELFCLASS64 };
	char uts[4 + 6 * 65] = { 0 };

	for (int wrong = 0; wrong < 2; wrong++) {
		struct kmd_kernel_facts facts;

		strcpy(uts + 4 + 130, wrong ? "6.1.0-55" : "6.1.0-56");
		add_row(&regions, "uts", 0xffffbd5232b00000 - 0xffffbd51f2800000, uts, sizeof(uts));
		lay_out(&kmd_arch_arm64, text);
		expect_ok(
			kmd_kernel_read(&claims, &memory, &info, NULL, NULL, false, &diag, &facts));
		ck_assert_uint_eq(findings_of(KMD_FIND_KERNEL), (unsigned int)wrong);
		kmd_kernel_deinit(&facts);
		done();
	}
	ck_assert(has_message("does not contain the release"));
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, arm64);
	tcase_add_test(tcase, arm64_before_5_4);
	tcase_add_test(tcase, arm64_52_bits);
	tcase_add_test(tcase, arm64_negative_phys_offset);
	tcase_add_test(tcase, arm64_without);
	tcase_add_test(tcase, x86_64_image);
	tcase_add_test(tcase, x86_64_linear_from_regions);
	tcase_add_test(tcase, x86_64_linear_from_mem_section);
	tcase_add_test(tcase, x86_64_without);
	tcase_add_test(tcase, riscv64);
	tcase_add_test(tcase, riscv64_without_a_key);
	tcase_add_test(tcase, riscv64_nonsense);
	tcase_add_test(tcase, arm_linear_from_regions);
	tcase_add_test(tcase, names_and_machines);
	tcase_add_test(tcase, versions);
	tcase_add_test(tcase, kernel_facts);
	tcase_add_test(tcase, page_sizes_that_cannot_be);
	tcase_add_test(tcase, machine_from_utsname);
	tcase_add_test(tcase, release_is_checked);
	return kit_run("arch", tcase);
}
