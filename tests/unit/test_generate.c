/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_generate.c - VMCOREINFO generated from a vmlinux, and read from a file. */
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
static struct kmd_vmcoreinfo info;

static void done(void)
{
	kmd_vmcoreinfo_deinit(&info);
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

static void expect_line(const char *line)
{
	const char *at = info.text ? memmem(info.text, info.length, line, strlen(line)) : NULL;

	ck_assert_msg(at, "no %s in:\n%.*s", line, (int)info.length, info.text);
	ck_assert(at == info.text || at[-1] == '\n');
	ck_assert_int_eq(at[strlen(line)], '\n');
}

static void expect_no_key(const char *key)
{
	const char *value;
	size_t length;

	ck_assert_msg(!kmd_vmcoreinfo_get(&info, key, &value, &length), "%s is there", key);
}

/* ----------------------------------------------------------------- a vmlinux */

/* This program is used as the vmlinux: it has debug information and the symbols below. */
#define KERNEL_OF_TEST "Linux version 6.12.99-self (kit)\n"

/* Of the same size on every machine. */
struct list_head {
	uint64_t next, prev;
};

struct page {
	uint64_t flags;
	union {
		struct list_head lru;
		uint64_t compound_head;
	};
	uint64_t mapping;
	uint64_t private;
	int _mapcount, _refcount;
};

struct free_area {
	struct list_head free_list[5];
};

struct zone {
	uint64_t pad;
	struct free_area free_area[11];
};

struct dev_printk_info {
	char subsystem[16], device[48];
};

enum { PG_lru = 5, PG_head = 6, NR_FREE_PAGES = 0 };
enum { PGTY_buddy = 0xf0, PGTY_slab = 0xf5 };

/* The compiler describes only what is used. */
struct used {
	struct page page;
	struct zone zone;
	struct dev_printk_info info;
};

/* Link-time optimisation keeps them, too. */
#define KEPT __attribute__((used))

extern struct used self_used;
extern const char linux_banner[];
extern char _text[], _stext[], init_top_pgt[], init_uts_ns[], prb[];
KEPT struct used self_used = { .page = { .flags = PG_lru | PG_head | NR_FREE_PAGES | PGTY_buddy |
						  PGTY_slab } };
KEPT const char linux_banner[] = KERNEL_OF_TEST;
KEPT char _text[8] = "text", _stext[8] = "stext", init_top_pgt[8] = "top", init_uts_ns[8] = "uts",
	  prb[8] = "prb";

static enum kmd_status synthesise(void)
{
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	return kmd_vmcoreinfo_generate(&memory, &vmlinux, &runtime, &diag, &info);
}

static void expect_symbol(const char *name, uint64_t kaslr)
{
	uint64_t link;
	char line[128];

	ck_assert(kmd_vmlinux_symbol(&vmlinux, name, &link));
	snprintf(line, sizeof(line), "SYMBOL(%s)=%llx", name, (unsigned long long)(link + kaslr));
	expect_line(line);
}

START_TEST(whole_text)
{
	struct kmd_vmlinux_options options = { 0 };
	static const char start[] = "OSRELEASE=6.12.99-self\n";

	expect_ok(kmd_vmlinux_open("/proc/self/exe", &options, &diag, &vmlinux));
	vmlinux.machine = EM_X86_64;
	set_value(KMD_RUNTIME_KASLR, 0x1c400000);
	set_value(KMD_RUNTIME_PHYS_BASE, (uint64_t)-0x1000000);
	set_value(KMD_RUNTIME_L5, 0);
	expect_ok(synthesise());
	ck_assert(!memcmp(info.text, start, sizeof(start) - 1));
	ck_assert_uint_eq(kmd_vmcoreinfo_measure(info.text, info.length), info.length);
	ck_assert_str_eq(info.origin, "generated from vmlinux");
	expect_line("PAGESIZE=4096");
	expect_symbol("_stext", 0x1c400000);
	expect_symbol("prb", 0x1c400000);
	expect_symbol("init_top_pgt", 0x1c400000);
	expect_line("SIZE(list_head)=16");
	expect_line("SIZE(page)=48");
	expect_line("OFFSET(page.lru)=8");
	expect_line("OFFSET(page.compound_head)=8");
	expect_line("OFFSET(page.mapping)=24");
	expect_line("LENGTH(zone.free_area)=11");
	expect_line("LENGTH(free_area.free_list)=5");
	expect_line("LENGTH(printk_info_device)=48");
	expect_line("NUMBER(PG_lru)=5");
	expect_line("NUMBER(PG_head_mask)=64");
	expect_line("NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376");
	expect_line("NUMBER(phys_base)=-16777216");
	expect_line("NUMBER(pgtable_l5_enabled)=0");
	expect_line("KERNELOFFSET=1c400000");
	/* Keys that this build lacks, that belong to another version, or that nothing provides. */
	expect_no_key("OFFSET(page.compound_dtor)");
	expect_no_key("SYMBOL(mem_section)");
	expect_no_key("NUMBER(PG_slab)");
	expect_no_key("SYMBOL(log_buf)");
	expect_no_key("SYMBOL(vmap_area_list)");
	expect_no_key("NUMBER(sme_mask)");
	expect_no_key("CRASHTIME");
	expect_no_key("NUMBER(VA_BITS)");
	expect_no_messages();
	done();
}
END_TEST

/* A finding names keys that a consumer needs and nothing provides. */
START_TEST(missing_values)
{
	struct kmd_vmlinux_options options = { 0 };

	expect_ok(kmd_vmlinux_open("/proc/self/exe", &options, &diag, &vmlinux));
	vmlinux.machine = EM_X86_64;
	set_value(KMD_RUNTIME_KASLR, 0);
	expect_ok(synthesise());
	expect_no_key("NUMBER(phys_base)");
	expect_finding(KMD_FIND_VMCOREINFO, KMD_DAMAGE,
		       "NUMBER(phys_base), NUMBER(pgtable_l5_enabled)");
	done();
}
END_TEST

static void expect_cannot(const char *why)
{
	expect_error(synthesise(), KMD_ERR_NOT_FOUND, why);
	ck_assert_ptr_null(info.text);
	done();
}

START_TEST(cannot)
{
	fake_init(&fake, EM_PPC64, 0xffff800080000000);
	fake_open(&fake, &vmlinux);
	expect_cannot("x86_64, arm64, riscv64 and arm only");
	fake_init(&fake, EM_X86_64, 0xffffffff81000000);
	fake_open(&fake, &vmlinux);
	expect_cannot("no linux_banner");
	fake_symbol(&fake, "linux_banner", 0x100);
	fake_text(&fake, 0x100, "Linux version 6.1.0-kit (me)\n");
	fake_open(&fake, &vmlinux);
	expect_cannot("the KASLR offset of the dump is not known");
	/* A vmlinux without debug information. */
	fake_open(&fake, &vmlinux);
	set_value(KMD_RUNTIME_KASLR, 0);
	expect_error(synthesise(), KMD_ERR_NOT_FOUND, "debug information");
	ck_assert_ptr_null(info.text);
	done();
}
END_TEST

/* Each row of the tables can be written, and no version has a key twice. */
START_TEST(rows_of_tables)
{
	const struct kmd_arch_vmcoreinfo *x86_64 = kmd_arch_x86_64.vmcoreinfo;
	const struct kmd_arch_vmcoreinfo *arm64 = kmd_arch_arm64.vmcoreinfo;
	const struct kmd_generate_keys tables[] = { kmd_keys_common,
						    { x86_64->keys, x86_64->n_keys },
						    { arm64->keys, arm64->n_keys } };

	for (size_t t = 0; t < 3; t++)
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct kmd_generate_key *key = &tables[t].items[i];

			ck_assert_ptr_nonnull(key->name);
			ck_assert_int_eq(key->kind == KMD_KEY_VALUE, key->value != NULL);
			ck_assert_int_eq(key->kind == KMD_KEY_TEXT, key->text != NULL);
			ck_assert_int_eq(key->kind == KMD_KEY_OFFSET || key->kind == KMD_KEY_LENGTH,
					 key->member != NULL);
			ck_assert(!key->since || !key->until || key->since <= key->until);
		}
}
END_TEST

/* ----------------------------------------------------------------- from a file */

#define X86_FILE                                                                                   \
	"OSRELEASE=6.1.0-kit\n"                                                                    \
	"PAGESIZE=4096\n"                                                                          \
	"SYMBOL(_stext)=ffffffff96400000\n"                                                        \
	"SYMBOL(init_top_pgt)=ffffffff97e10000\n"                                                  \
	"NUMBER(VMALLOC_START)=0xffffcfff40000000\n"                                               \
	"SYMBOL(mem_section)=ffff8a3d4ffb1000\n"                                                   \
	"SIZE(page)=64\n"                                                                          \
	"NUMBER(phys_base)=-266338304\n"                                                           \
	"NUMBER(pgtable_l5_enabled)=1\n"                                                           \
	"KERNELOFFSET=15400000\n"                                                                  \
	"CRASHTIME=1700000000\n"

static enum kmd_status from_file(const char *bytes, size_t size, const struct kmd_runtime *with)
{
	const char *path = path_in_folder("vmcoreinfo.txt");
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	fclose(file);
	kmd_vmcoreinfo_deinit(&info);
	return kmd_vmcoreinfo_from_file(path, with, &diag, &info);
}

START_TEST(file_as_it_stands)
{
	/* The text is in a note, as in a core. */
	static const char note[] = "\13\0\0\0\x10\0\0\0\0\0\0\0VMCOREINFO\0\0" X86_FILE "\0\0\0";

	expect_ok(from_file(X86_FILE, strlen(X86_FILE), NULL));
	ck_assert_uint_eq(info.length, strlen(X86_FILE));
	ck_assert(!memcmp(info.text, X86_FILE, info.length));
	ck_assert(!strncmp(info.origin, "file \"", 6));
	expect_ok(from_file(note, sizeof(note), NULL));
	ck_assert(!memcmp(info.text, X86_FILE, info.length));
	ck_assert_uint_eq(info.length, strlen(X86_FILE));
	/* The last line has no newline. */
	expect_ok(from_file(X86_FILE, strlen(X86_FILE) - 1, NULL));
	ck_assert_uint_eq(info.length, strlen(X86_FILE));
	expect_no_messages();
	done();
}
END_TEST

START_TEST(file_of_another_boot)
{
	set_value(KMD_RUNTIME_KASLR, 0x35400000);
	expect_error(from_file(X86_FILE, strlen(X86_FILE), &runtime), KMD_ERR_MISMATCH,
		     "KERNELOFFSET is 0x15400000, the KASLR offset of the dump is 0x35400000");
	done();
	/* The file has the same offset, but another place in physical memory. */
	set_value(KMD_RUNTIME_KASLR, 0x15400000);
	set_value(KMD_RUNTIME_PHYS_BASE, 0x2000000);
	expect_error(from_file(X86_FILE, strlen(X86_FILE), &runtime), KMD_ERR_MISMATCH,
		     "NUMBER(phys_base) is 0xfffffffff0200000, in the dump it is 0x2000000");
	done();
}
END_TEST

START_TEST(file_of_this_boot)
{
	set_value(KMD_RUNTIME_KASLR, 0x15400000);
	set_value(KMD_RUNTIME_PHYS_BASE, (uint64_t)-266338304);
	expect_ok(from_file(X86_FILE, strlen(X86_FILE), &runtime));
	ck_assert_uint_eq(info.length, strlen(X86_FILE));
	ck_assert(!memcmp(info.text, X86_FILE, info.length));
	expect_no_messages();
	done();
}
END_TEST

/* makedumpfile -g makes the file from a vmlinux.  It has link addresses, which KASLR moved. */
START_TEST(file_of_no_boot)
{
	static const char text[] = "OSRELEASE=6.1.0-kit\nPAGESIZE=4096\n"
				   "SYMBOL(_stext)=ffff800080010000\n"
				   "SYMBOL(swapper_pg_dir)=ffff800081892000\nSIZE(page)=64\n";

	set_value(KMD_RUNTIME_KASLR, 0x4b7d4ce00000);
	expect_error(from_file(text, strlen(text), &runtime), KMD_ERR_MISMATCH,
		     "KERNELOFFSET is 0x0");
	set_value(KMD_RUNTIME_KASLR, 0);
	expect_ok(from_file(text, strlen(text), &runtime));
	expect_line("SYMBOL(swapper_pg_dir)=ffff800081892000");
	done();
}
END_TEST

START_TEST(file_without_kaslr)
{
	expect_ok(from_file(X86_FILE, strlen(X86_FILE), &runtime));
	expect_line("SYMBOL(_stext)=ffffffff96400000");
	expect_finding(KMD_FIND_VMCOREINFO, KMD_NOTE, "used unchanged");
	done();
}
END_TEST

START_TEST(files_that_are_none)
{
	static const char *const texts[] = { "", "\n", "OSRELEASE=6.1.0\n", "PAGESIZE=4096\nA=1\n",
					     "OSRELEASE=\1\nPAGESIZE=4096\nA=1\n" };
	char *large = malloc(300000);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		expect_error(from_file(texts[i], strlen(texts[i]), NULL), KMD_ERR_FORMAT,
			     "no VMCOREINFO");
		ck_assert_ptr_null(info.text);
	}
	/* Longer than that of any kernel. */
	for (size_t i = 0; i < 300000; i++)
		large[i] = "OSRELEASE=1\nABC=DEF\n"[i % 20];
	expect_error(from_file(large, 300000, NULL), KMD_ERR_FORMAT, "no VMCOREINFO");
	free(large);
	expect_error(kmd_vmcoreinfo_from_file(path_in_folder("none"), NULL, &diag, &info),
		     KMD_ERR_IO, "none");
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, whole_text);
	tcase_add_test(tcase, missing_values);
	tcase_add_test(tcase, cannot);
	tcase_add_test(tcase, rows_of_tables);
	tcase_add_test(tcase, file_as_it_stands);
	tcase_add_test(tcase, file_of_another_boot);
	tcase_add_test(tcase, file_of_this_boot);
	tcase_add_test(tcase, file_of_no_boot);
	tcase_add_test(tcase, file_without_kaslr);
	tcase_add_test(tcase, files_that_are_none);
	return kit_run("generate", tcase);
}
