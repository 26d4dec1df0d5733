/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_evidence.c - the single sources of evidence: log, records, names, searches. */
#include "evidence_kit.h"

#include "arch/build.h"
#include "kernel/symbol_names.h"
#include "memory/scan.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------- panic text */

START_TEST(panic_text)
{
	make_arm(NULL);
	add_log(0x43000000, "Kernel Offset: 0x410511200000 from 0xffff80008000000000\n",
		"PHYS_OFFSET: 0xffffd73e0000000000\n");
	infer();
	expect_value(KMD_RUNTIME_KASLR, 0x410511200000, 1, "panic text");
	expect_value(KMD_RUNTIME_PHYS_OFFSET, 0xffffd73e00000000, 1, "panic text");
	expect_no_messages();
	done();
}
END_TEST

/* In the text of a console or of pstore no bytes are repeated. */
START_TEST(panic_text_plain)
{
	make_arm(NULL);
	add_log(0x43000000, "[    3.0] Kernel Offset: 0x410511200000 from 0xffff800080000000\n",
		"[    3.0] PHYS_OFFSET: 0x40000000\n");
	infer();
	expect_value(KMD_RUNTIME_KASLR, 0x410511200000, 1, "panic text");
	expect_value(KMD_RUNTIME_PHYS_OFFSET, 0x40000000, 1, "panic text");
	done();
}
END_TEST

START_TEST(panic_text_features)
{
	make_arm(NULL);
	/* Bit 77 is bit 13 of the third group from the right. */
	add_log(0x43000000, "CPU features: 0x0002000,00000000,0000421b1b\n", "");
	infer();
	expect_value(KMD_RUNTIME_PAC_MASK, 0xffff000000000000, 1, "panic text");
	done();
	make_arm(NULL);
	add_log(0x43000000, "CPU features: 0x0000000,00000000,0000421b1b\n", "");
	infer();
	expect_value(KMD_RUNTIME_PAC_MASK, 0, 1, "panic text");
	done();
	/* Too short to be recognised. */
	make_arm(NULL);
	add_log(0x43000000, "CPU features: 0x00000000,0000421b1b\n", "");
	infer();
	expect_unknown(KMD_RUNTIME_PAC_MASK);
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
		expect_unknown(KMD_RUNTIME_KASLR);
		expect_unknown(KMD_RUNTIME_PHYS_OFFSET);
		done();
	}
}
END_TEST

/* Without vmlinux, the log is the only source. */
START_TEST(panic_text_alone)
{
	add_log(0x43000000, "Kernel Offset: 0x410511200000 from 0xffff80008000000000\n", "");
	infer();
	expect_value(KMD_RUNTIME_KASLR, 0x410511200000, 1, "panic text");
	expect_unknown(KMD_RUNTIME_KIMAGE_VOFFSET);
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
		/* It shows where the image is, and the pointers of the image show the rest. */
		add_row(&regions, "pointers", ARM_PHYS + AT_POINTERS, fake.memory + AT_POINTERS,
			0x1000);
		infer();
		expect_value(KMD_RUNTIME_KASLR, ARM_KASLR, 1, "pointers in the image");
		expect_value(KMD_RUNTIME_KIMAGE_VOFFSET, ARM_VOFF, 1, "place of the image");
		done();
	}
}
END_TEST

/* riscv64's vmlinux has .dynsym in memory, whose addresses KASLR does not move: they say nothing.
 */
START_TEST(dynsym_is_no_pointer)
{
	make_arm(NULL);
	kmd_vmlinux_deinit(&vmlinux);
	fake.data_is_dynsym = true;
	add_kinfo(208, true);
	add_row(&regions, "pointers", ARM_PHYS + AT_POINTERS, fake.memory + AT_POINTERS, 0x1000);
	infer();
	expect_unknown(KMD_RUNTIME_KASLR);
	done();
}
END_TEST

START_TEST(kinfo_damaged)
{
	make_arm(NULL);
	kmd_vmlinux_deinit(&vmlinux);
	add_kinfo(208, false);
	add_row(&regions, "pointers", ARM_PHYS + AT_POINTERS, fake.memory + AT_POINTERS, 0x1000);
	infer();
	expect_unknown(KMD_RUNTIME_KASLR);
	expect_unknown(KMD_RUNTIME_KIMAGE_VOFFSET);
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

/* The meaning of this word is not certain: it is no evidence alone, and never contradicts. */
START_TEST(imem)
{
	make_arm(NULL);
	add_imem(ARM_KASLR);
	infer();
	expect_value(KMD_RUNTIME_KASLR, ARM_KASLR, 0, "shared IMEM");
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, ARM_PHYS, ARM_KASLR);
	infer();
	expect_value(KMD_RUNTIME_KASLR, ARM_KASLR, 3,
		     "names of regions, linux_banner, shared IMEM");
	done();
	make_arm(NULL);
	add_imem(ARM_KASLR + 0x200000);
	add_image("Klinux_ba11", AT_BANNER, sizeof(BANNER) + 1, ARM_PHYS, ARM_KASLR);
	infer();
	expect_value(KMD_RUNTIME_KASLR, ARM_KASLR, 2, "names of regions, linux_banner");
	expect_no_messages();
	done();
	make_arm(NULL);
	add_imem(ARM_KASLR + 0x1000);
	infer();
	expect_unknown(KMD_RUNTIME_KASLR);
	done();
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
	ck_assert(!kmd_runtime_kaslr_from_claims(&claims, &vmlinux, &kaslr));
	/* kmemdump's headers have addresses and no names; other memory is among them. */
	add_claim(&claims, "", X86_TEXT + AT_BANNER + X86_KASLR);
	add_claim(&claims, "", X86_TEXT + AT_UTS + X86_KASLR);
	add_claim(&claims, "", X86_TEXT + AT_JIFFIES + X86_KASLR);
	add_claim(&claims, "", 0xffff8a3d7bf7c000);
	ck_assert(!kmd_runtime_kaslr_from_claims(&claims, &vmlinux, &kaslr));
	add_claim(&claims, "", X86_TEXT + AT_NR_IRQS + X86_KASLR);
	ck_assert(kmd_runtime_kaslr_from_claims(&claims, &vmlinux, &kaslr));
	ck_assert_uint_eq(kaslr, X86_KASLR);
	kmd_claims_deinit(&claims);
	/* With names, two regions are enough. */
	add_claim(&claims, "KDATABSS", X86_TEXT + AT_UTS + X86_KASLR);
	add_claim(&claims, "linux_banner", X86_TEXT + AT_BANNER + X86_KASLR);
	ck_assert(!kmd_runtime_kaslr_from_claims(&claims, &vmlinux, &kaslr));
	add_claim(&claims, "nr_irqs", X86_TEXT + AT_NR_IRQS + X86_KASLR);
	ck_assert(kmd_runtime_kaslr_from_claims(&claims, &vmlinux, &kaslr));
	ck_assert_uint_eq(kaslr, X86_KASLR);
	kmd_claims_deinit(&claims);
	done();
}
END_TEST

/* Names that contradict each other are not used. */
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
	expect_unknown(KMD_RUNTIME_KASLR);
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

/* Memory that is full of starts of the pattern. */
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

/* The search for VMCOREINFO finds what panics print, too: memory is not read for it again. */
START_TEST(searched_once)
{
	static const char text[] = "Kernel Offset: 0x410511200000 from 0xffff800080000000\n";
	size_t size = (1u << 20) + 64;
	char *bytes = calloc(1, size);

	memcpy(bytes + (1u << 20) - 8, text, sizeof(text) - 1);
	add_row(&regions, "a", 0x1000000, bytes, size);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_vmcoreinfo_search(&memory, &diag, &info));
	ck_assert_ptr_null(info.text);
	kmd_regions_deinit(&regions);
	infer();
	expect_value(KMD_RUNTIME_KASLR, 0x410511200000, 1, "panic text");
	kmd_vmcoreinfo_deinit(&info);
	infer();
	expect_unknown(KMD_RUNTIME_KASLR);
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
		kmd_build_read(&vmlinux, &out);
		ck_assert_uint_eq(out.va_bits, rows[i].va_bits);
		ck_assert_uint_eq(out.va_bits_min, rows[i].va_bits_min);
		ck_assert_uint_eq(out.page_size, rows[i].flags == 0xa ? 4096 : 16384);
		ck_assert_str_eq(out.release, "6.1.0-kit");
		ck_assert_uint_eq(out.version, 0x601);
		done();
	}
	kmd_build_read(NULL, &out);
	ck_assert(!out.machine && !out.text && !out.version);
}
END_TEST

/* If no symbol has the page size, the header of the image has it. */
START_TEST(build_of_header)
{
	struct kmd_build out;

	fake_init(&fake, EM_AARCH64, ARM_TEXT);
	fake_word(&fake, 24, 0xe);
	fake_word(&fake, 56, 0x644d5241);
	fake_open(&fake, &vmlinux);
	kmd_build_read(&vmlinux, &out);
	ck_assert_uint_eq(out.page_size, 65536);
	ck_assert_uint_eq(out.version, 0);
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, panic_text);
	tcase_add_test(tcase, panic_text_plain);
	tcase_add_test(tcase, panic_text_features);
	tcase_add_test(tcase, panic_text_of_others);
	tcase_add_test(tcase, panic_text_alone);
	tcase_add_test(tcase, searched_once);
	tcase_add_test(tcase, kinfo);
	tcase_add_test(tcase, dynsym_is_no_pointer);
	tcase_add_test(tcase, kinfo_damaged);
	tcase_add_test(tcase, imem);
	tcase_add_test(tcase, names);
	tcase_add_test(tcase, kaslr_of_claims);
	tcase_add_test(tcase, names_undecided);
	tcase_add_test(tcase, scan);
	tcase_add_test(tcase, scan_is_bounded);
	tcase_add_test(tcase, build);
	tcase_add_test(tcase, build_of_header);
	return kit_run("evidence", tcase);
}
