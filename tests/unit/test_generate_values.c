/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * test_generate_values.c - values of VMCOREINFO that are computed.  The numbers are those
 * that real kernels wrote (tests/fixtures/real/), or of the kernel's headers.
 */
#include "fake_kit.h"

#include "kernel/generate_keys.h"
#include "kernel/generate.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake fake;
static struct kmd_vmlinux vmlinux;
static struct kmd_regions regions;
static struct kmd_memory memory;
static struct kmd_runtime runtime;

static void done(void)
{
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
	kmd_vmlinux_deinit(&vmlinux);
	memset(&runtime, 0, sizeof(runtime));
}

static void set_value(enum kmd_runtime_key key, uint64_t value)
{
	runtime.values[key].known = true;
	runtime.values[key].value = value;
}

/* ---------------------------------------------------------- computed values */

/* Values of a build and a boot, without a vmlinux. */
struct answers {
	struct kmd_type_query queries[24];
	struct kmd_generator generator;
};

static void begin(struct answers *answers, uint16_t machine, unsigned int version)
{
	memset(answers, 0, sizeof(*answers));
	fake_init(&fake, machine, 0xffff800080000000);
	fake_open(&fake, &vmlinux);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	answers->generator = (struct kmd_generator){ .vmlinux = &vmlinux,
						     .runtime = &runtime,
						     .queries = answers->queries,
						     .n_queries = kmd_n_generate_facts,
						     .diag = &diag };
	ck_assert_uint_le(kmd_n_generate_facts, 24);
	memcpy(answers->queries, kmd_generate_facts,
	       kmd_n_generate_facts * sizeof(kmd_generate_facts[0]));
	answers->generator.build.machine = machine;
	answers->generator.build.arch = kmd_arch_by_machine(machine);
	answers->generator.build.version = version;
	answers->generator.reader.memory = &memory;
}

static void answer(struct answers *answers, enum kmd_type_kind kind, const char *type,
		   uint64_t value)
{
	for (size_t i = 0; i < kmd_n_generate_facts; i++)
		if (answers->queries[i].kind == kind && !strcmp(answers->queries[i].type, type)) {
			answers->queries[i].known = true;
			answers->queries[i].value = value;
			return;
		}
	ck_abort_msg("nobody asks for %s", type);
}

/* The function of a key in the table of the machine. */
static kmd_generate_value *value_of(const struct answers *answers, const char *name)
{
	const struct kmd_arch_vmcoreinfo *own = answers->generator.build.arch->vmcoreinfo;

	for (size_t i = 0; i < own->n_keys; i++)
		if (!strcmp(own->keys[i].name, name))
			return own->keys[i].value;
	ck_abort_msg("no key %s", name);
}

static void expect_computed(const struct answers *answers, kmd_generate_value *value,
			    uint64_t expected)
{
	uint64_t number = 0;

	ck_assert(value(&answers->generator, &number));
	ck_assert_msg(number == expected, "%llx, not %llx", (unsigned long long)number,
		      (unsigned long long)expected);
}

static void expect_none(const struct answers *answers, kmd_generate_value *value)
{
	uint64_t number;

	ck_assert(!value(&answers->generator, &number));
}

static void arm64(struct answers *answers, unsigned int version, uint64_t page_size, uint64_t text,
		  unsigned int va_bits, unsigned int va_bits_min)
{
	begin(answers, EM_AARCH64, version);
	answers->generator.build.page_size = page_size;
	answers->generator.build.text = text;
	answers->generator.build.va_bits_min = va_bits_min;
	set_value(KMD_RUNTIME_VA_BITS, va_bits);
	answer(answers, KMD_TYPE_SIZE, "page", 64);
	answer(answers, KMD_TYPE_SIZE, "mem_section", 16);
	answer(answers, KMD_TYPE_VARIABLE, "mem_section", 8);
}

/* arm64-6.1-rfc */
START_TEST(arm64_6_1)
{
	struct answers answers;

	arm64(&answers, 0x601, 4096, 0xffff800008000000, 48, 48);
	set_value(KMD_RUNTIME_VABITS_ACTUAL, 48);
	set_value(KMD_RUNTIME_PHYS_OFFSET, 0xffff9254c0000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(MODULES_VADDR)"), 0xffff800000000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(MODULES_END)"), 0xffff800008000000);
	expect_computed(&answers, kmd_generate_vmalloc_start, 0xffff800008000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(VMALLOC_END)"), 0xfffffbfff0000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(VMEMMAP_START)"), 0xfffffc0000000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(VMEMMAP_END)"), 0xfffffe0000000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(TCR_EL1_T1SZ)"), 16);
	expect_computed(&answers, kmd_generate_physmem_bits, 48);
	expect_computed(&answers, kmd_generate_section_bits, 27);
	expect_computed(&answers, kmd_generate_section_roots, 8192);
	done();
}
END_TEST

/* arm64-6.12-rfc: built for 52 bits, on a processor that has 48. */
START_TEST(arm64_6_12)
{
	struct answers answers;

	arm64(&answers, 0x60c, 4096, 0xffff800080000000, 52, 48);
	set_value(KMD_RUNTIME_VABITS_ACTUAL, 48);
	set_value(KMD_RUNTIME_PHYS_OFFSET, 0xfff0f6ec40000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(VMALLOC_END)"), 0xfffffdffbf800000);
	expect_computed(&answers, value_of(&answers, "NUMBER(VMEMMAP_START)"), 0xffffc1ffc0000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(VMEMMAP_END)"), 0xffffffffc0000000);
	expect_computed(&answers, kmd_generate_vmemmap, 0xfffffe240f000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(TCR_EL1_T1SZ)"), 16);
	expect_computed(&answers, kmd_generate_physmem_bits, 48);
	done();
}
END_TEST

/* arm64-6.12-16k: all 52 in use. */
START_TEST(arm64_16k)
{
	struct answers answers;

	arm64(&answers, 0x60c, 16384, 0xffffc00080000000, 52, 47);
	answer(&answers, KMD_TYPE_SIZE, "mem_section", 32);
	set_value(KMD_RUNTIME_VABITS_ACTUAL, 52);
	set_value(KMD_RUNTIME_PHYS_OFFSET, 0x40000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(MODULES_VADDR)"), 0xffffc00000000000);
	expect_computed(&answers, value_of(&answers, "NUMBER(VMALLOC_END)"), 0xfffff03fbf800000);
	expect_computed(&answers, value_of(&answers, "NUMBER(VMEMMAP_START)"), 0xfffff03fc0000000);
	expect_computed(&answers, kmd_generate_vmemmap, 0xfffff03fbfc00000 - 0x0);
	expect_computed(&answers, value_of(&answers, "NUMBER(TCR_EL1_T1SZ)"), 12);
	expect_computed(&answers, kmd_generate_physmem_bits, 52);
	expect_computed(&answers, kmd_generate_section_roots, 65536);
	done();
}
END_TEST

/* The length of mem_section's region shows CONFIG_ARM64_PA_BITS. */
START_TEST(arm64_physmem_bits)
{
	uint64_t pointer = 0xffff6dab8bf7c380, phys = 0x4bf7c380;
	struct answers answers;

	fake_init(&fake, EM_AARCH64, 0xffff800080000000);
	fake_set(&fake, 0x100, pointer, 8);
	add_row(&regions, "mem_section", 0x40200100, fake.memory + 0x100, 8);
	add_row(&regions, "Kmemsect4", phys, noise(131072 * 8, 5), 131072 * 8);
	arm64(&answers, 0x601, 65536, 0xffff800008000000, 48, 48);
	set_value(KMD_RUNTIME_PHYS_OFFSET, 0xffff9254c0000000);
	fake_symbol(&fake, "mem_section", 0x100);
	kmd_vmlinux_deinit(&vmlinux);
	fake_open(&fake, &vmlinux);
	answers.generator.reader.vmlinux = &vmlinux;
	answers.generator.reader.has_image_delta = true;
	answers.generator.reader.image_delta = 0xffff800080000000 - 0x40200000;
	answers.generator.reader.diag = &diag;
	expect_computed(&answers, kmd_generate_mem_section, pointer);
	/* Sections of 2^29, and 4096 of 16 bytes in a page of 64 KiB: 2^17 roots mean neither 48
	 * nor 52. */
	expect_computed(&answers, kmd_generate_physmem_bits, 48);
	answer(&answers, KMD_TYPE_SIZE, "mem_section", 1024);
	expect_computed(&answers, kmd_generate_physmem_bits, 52);
	done();
}
END_TEST

START_TEST(arm64_without_values)
{
	struct answers answers;

	begin(&answers, EM_AARCH64, 0x60c);
	answers.generator.build.page_size = 4096;
	expect_none(&answers, value_of(&answers, "NUMBER(VA_BITS)"));
	expect_none(&answers, value_of(&answers, "NUMBER(TCR_EL1_T1SZ)"));
	expect_none(&answers, value_of(&answers, "NUMBER(VMEMMAP_START)"));
	expect_none(&answers, value_of(&answers, "NUMBER(VMEMMAP_END)"));
	expect_none(&answers, value_of(&answers, "NUMBER(VMALLOC_END)"));
	expect_none(&answers, kmd_generate_vmemmap);
	expect_none(&answers, value_of(&answers, "NUMBER(MODULES_VADDR)"));
	expect_none(&answers, kmd_generate_physmem_bits);
	/* No kernel has 200 bits. */
	set_value(KMD_RUNTIME_VA_BITS, 200);
	set_value(KMD_RUNTIME_VABITS_ACTUAL, 200);
	answer(&answers, KMD_TYPE_SIZE, "page", 1 << 20);
	answers.generator.build.va_bits_min = 48;
	expect_none(&answers, value_of(&answers, "NUMBER(VA_BITS)"));
	expect_none(&answers, value_of(&answers, "NUMBER(TCR_EL1_T1SZ)"));
	expect_none(&answers, value_of(&answers, "NUMBER(VMALLOC_END)"));
	done();
}
END_TEST

START_TEST(sections_before_5_12)
{
	struct answers answers;

	arm64(&answers, 0x50a, 4096, 0xffff800010000000, 48, 48);
	set_value(KMD_RUNTIME_VABITS_ACTUAL, 48);
	expect_computed(&answers, kmd_generate_section_bits, 30);
	done();
}
END_TEST

START_TEST(x86_sections)
{
	struct answers answers;

	begin(&answers, EM_X86_64, 0x60c);
	answers.generator.build.page_size = 4096;
	expect_none(&answers, kmd_generate_physmem_bits);
	set_value(KMD_RUNTIME_L5, 1);
	answer(&answers, KMD_TYPE_SIZE, "mem_section", 16);
	answer(&answers, KMD_TYPE_VARIABLE, "mem_section", 8);
	expect_computed(&answers, kmd_generate_physmem_bits, 52);
	expect_computed(&answers, kmd_generate_section_roots, 131072);
	set_value(KMD_RUNTIME_L5, 0);
	expect_computed(&answers, kmd_generate_section_roots, 2048);
	/* Without SPARSEMEM_EXTREME, the array is a variable of the kernel. */
	answer(&answers, KMD_TYPE_VARIABLE, "mem_section", 4096);
	expect_none(&answers, kmd_generate_section_roots);
	answer(&answers, KMD_TYPE_ELEMENTS, "mem_section", 256);
	expect_computed(&answers, kmd_generate_section_roots, 256);
	/* A structure larger than a page. */
	answer(&answers, KMD_TYPE_VARIABLE, "mem_section", 8);
	answer(&answers, KMD_TYPE_SIZE, "mem_section", 8192);
	expect_none(&answers, kmd_generate_section_roots);
	expect_computed(&answers, value_of(&answers, "NUMBER(KERNEL_IMAGE_SIZE)"), 512 << 20);
	set_value(KMD_RUNTIME_KASLR, 0x200000);
	expect_computed(&answers, value_of(&answers, "NUMBER(KERNEL_IMAGE_SIZE)"), 1 << 30);
	done();
}
END_TEST

/* Types of pages: macros, then bits that are enumerators, then values. */
START_TEST(page_types)
{
	struct answers answers;

	begin(&answers, EM_X86_64, 0x601);
	expect_computed(&answers, kmd_generate_buddy_type, (uint64_t)-129);
	expect_none(&answers, kmd_generate_offline_type); /* no hugetlb */
	done();
	begin(&answers, EM_X86_64, 0x60a);
	expect_computed(&answers, kmd_generate_offline_type, (uint64_t)-257);
	expect_computed(&answers, kmd_generate_slab_type, (uint64_t)-4097);
	expect_computed(&answers, kmd_generate_hugetlb_type, (uint64_t)-2049);
	done();
	begin(&answers, EM_X86_64, 0x606);
	answer(&answers, KMD_TYPE_ENUMERATOR, "PG_hugetlb", 8);
	expect_none(&answers, kmd_generate_hugetlb_type);
	done();
	begin(&answers, EM_X86_64, 0x60b);
	expect_none(&answers, kmd_generate_buddy_type);
	answer(&answers, KMD_TYPE_ENUMERATOR, "PG_buddy", 0x40000000);
	expect_computed(&answers, kmd_generate_buddy_type, (uint64_t)-0x40000001);
	done();
	begin(&answers, EM_X86_64, 0x60c);
	answer(&answers, KMD_TYPE_ENUMERATOR, "PGTY_slab", 0xf5);
	answer(&answers, KMD_TYPE_ENUMERATOR, "PGTY_buddy", 0xf0);
	expect_computed(&answers, kmd_generate_slab_type, (uint64_t)-184549376);
	expect_computed(&answers, kmd_generate_buddy_type, (uint64_t)-268435456);
	expect_none(&answers, kmd_generate_unaccepted_type);
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, arm64_6_1);
	tcase_add_test(tcase, arm64_6_12);
	tcase_add_test(tcase, arm64_16k);
	tcase_add_test(tcase, arm64_physmem_bits);
	tcase_add_test(tcase, arm64_without_values);
	tcase_add_test(tcase, sections_before_5_12);
	tcase_add_test(tcase, x86_sections);
	tcase_add_test(tcase, page_types);
	return kit_run("synth-values", tcase);
}
