/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "evidence_kit.h"

#include <elf.h>
#include <string.h>

struct fake fake;
struct kmd_vmlinux vmlinux;
struct kmd_regions regions;
struct kmd_memory memory;
struct kmd_vmcoreinfo info;
struct kmd_runtime_given given;
struct kmd_runtime runtime;

void done(void)
{
	kmd_runtime_deinit(&runtime);
	kmd_vmcoreinfo_deinit(&info);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
	kmd_vmlinux_deinit(&vmlinux);
	memset(&given, 0, sizeof(given));
}

void infer(void)
{
	kmd_memory_deinit(&memory);
	kmd_runtime_deinit(&runtime);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_runtime_resolve(&memory, &info, vmlinux.n ? &vmlinux : NULL, 0, &given, &diag,
				      &runtime));
}

/* Register @size bytes of the image, @offset into it. */
struct kmd_region_entry *add_image(const char *name, size_t offset, size_t size, uint64_t phys,
				   uint64_t kaslr)
{
	struct kmd_region_entry *row =
		add_row(&regions, name, phys + offset, fake.memory + offset, size);

	row->pub.virt = fake.text + offset + kaslr;
	row->pub.has_virt = true;
	return row;
}

void expect_value(enum kmd_runtime_key key, uint64_t value, size_t n_sources, const char *who)
{
	const struct kmd_runtime_value *found = &runtime.values[key];

	ck_assert_msg(found->known, "%s is not known", kmd_runtime_key_name(key));
	ck_assert_uint_eq(found->value, value);
	ck_assert_uint_eq(found->n_sources, n_sources);
	ck_assert_str_eq(found->sources, who);
}

void expect_unknown(enum kmd_runtime_key key)
{
	ck_assert_msg(!runtime.values[key].known, "%s is known", kmd_runtime_key_name(key));
	ck_assert_uint_eq(runtime.values[key].n_sources, 0);
}

void make_x86(void)
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

void make_arm(const char *levels)
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

/* Records of the kernel's ring: an id, the text, and its last bytes a second time. */
void add_log(uint64_t phys, const char *offset, const char *phys_offset)
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
