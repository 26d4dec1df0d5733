/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "supply_kit.h"

#include "arch/build.h"

#include <string.h>

uint64_t base, kaslr;
unsigned char image[IMAGE_SIZE], running[IMAGE_SIZE];
struct elf_section sections[16];
size_t n_sections;
struct bytes file;
struct kmd_vmlinux vmlinux;
struct kmd_regions regions;
struct kmd_memory memory;
struct kmd_runtime runtime;
struct kmd_supply supply;
struct kmd_completion completion;
struct kmd_core_memory core;

static uint16_t kernel_machine;
static struct bytes symbols, names;

void set_file(size_t at, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		image[at + i] = (unsigned char)(value >> 8 * i);
}

void set_running(size_t at, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		running[at + i] = (unsigned char)(value >> 8 * i);
}

void set_both(size_t at, uint64_t value, size_t width)
{
	set_file(at, value, width);
	set_running(at, value, width);
}

void pointer(size_t at, size_t to)
{
	set_file(at, base + to, 8);
	set_running(at, base + to + kaslr, 8);
}

void symbol(const char *name, uint64_t value)
{
	elf_symbol(&symbols, (uint32_t)names.size, 0x10, 1, value, 0);
	bytes_add(&names, name, strlen(name) + 1);
}

static void section(const char *name, uint32_t type, uint64_t flags, size_t at, size_t size)
{
	sections[n_sections++] =
		(struct elf_section){ name, type, flags, base + at, image + at, size, 0, 0 };
}

void add_section(const char *name, uint32_t type, uint64_t flags, const struct bytes *data,
		 uint32_t link, uint64_t entsize)
{
	sections[n_sections++] =
		(struct elf_section){ name, type, flags, 0, data->at, data->size, link, entsize };
}

uint32_t section_number(const char *name)
{
	for (size_t i = 0; i < n_sections; i++)
		if (!strcmp(sections[i].name, name))
			return (uint32_t)i + 1;
	ck_abort_msg("no section %s", name);
}

static void add_symbols(void)
{
	static const struct {
		const char *name;
		size_t at;
	} all[] = {
		{ "_text", 0 },
		{ "_stext", AT_TEXT },
		{ "_etext", AT_TEXT + TEXT_SIZE },
		{ "__start_rodata", AT_RODATA },
		{ "__end_rodata", AT_BTF + BTF_SIZE },
		{ "vdso_start", AT_VDSO },
		{ "vdso_end", AT_WRITTEN },
		{ "__start_ro_after_init", AT_WRITTEN },
		{ "__end_ro_after_init", AT_RODATA + RODATA_SIZE },
		{ "orc_lookup", AT_LOOKUP },
		{ "orc_lookup_end", AT_LOOKUP + 4 * LOOKUP_N },
		{ "__init_begin", AT_INIT },
		{ "__init_end", AT_INIT + INIT_SIZE },
		{ "_end", IMAGE_SIZE },
	};

	bytes_number(&names, 0, 1);
	elf_symbol(&symbols, 0, 0, 0, 0, 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		symbol(all[i].name, base + all[i].at);
}

void begin(uint16_t machine)
{
	const uint64_t text = SHF_ALLOC | SHF_EXECINSTR, data = SHF_ALLOC | SHF_WRITE;
	bool x86 = machine == EM_X86_64;

	kernel_machine = machine;
	base = x86 ? UINT64_C(0xffffffff81000000) : UINT64_C(0xffff800080000000);
	kaslr = x86 ? X86_KASLR : ARM_KASLR;
	memcpy(image, noise(IMAGE_SIZE, 5), IMAGE_SIZE);
	memcpy(running, image, IMAGE_SIZE);
	section(".head.text", SHT_PROGBITS, text, AT_HEAD, AT_TEXT - AT_HEAD);
	section(".text", SHT_PROGBITS, text, AT_TEXT, TEXT_SIZE);
	section(".rodata", SHT_PROGBITS, data, AT_RODATA, RODATA_SIZE);
	section(".notes", SHT_PROGBITS, SHF_ALLOC, AT_NOTES, NOTES_SIZE);
	section(".BTF", SHT_PROGBITS, SHF_ALLOC, AT_BTF, BTF_SIZE);
	section(".data", SHT_PROGBITS, data, AT_DATA, DATA_SIZE);
	section(".orc_unwind_ip", SHT_PROGBITS, SHF_ALLOC, AT_ORC_IP, 4 * ORC_N);
	section(".orc_unwind", SHT_PROGBITS, SHF_ALLOC, AT_ORC, 6 * ORC_N);
	section(".orc_lookup", SHT_NOBITS, data, AT_LOOKUP, 4 * LOOKUP_N);
	section(".init.text", SHT_PROGBITS, text, AT_INIT, INIT_SIZE);
	add_symbols();
	runtime.values[KMD_RUNTIME_KASLR].known = true;
	runtime.values[KMD_RUNTIME_PHYS_BASE].known = x86;
	runtime.values[KMD_RUNTIME_KIMAGE_VOFFSET].known = !x86;
}

void vmlinux_write(uint16_t type)
{
	uint32_t next = (uint32_t)n_sections + 2;

	add_section(".symtab", SHT_SYMTAB, 0, &symbols, next, 24);
	add_section(".strtab", SHT_STRTAB, 0, &names, 0, 0);
	elf_make(&file, type, kernel_machine, sections, n_sections);
}

static size_t offset_at(size_t at)
{
	size_t offset = 0;

	for (size_t i = 0; i < 8; i++)
		offset |= (size_t)file.at[at + i] << 8 * i;
	return offset;
}

size_t header_of(const char *name)
{
	return offset_at(40) + 64 * section_number(name);
}

size_t symbol_of(const char *name)
{
	size_t i = 1;

	for (size_t at = 1; at < names.size; at += strlen((char *)names.at + at) + 1, i++)
		if (!strcmp((char *)names.at + at, name))
			return offset_at(header_of(".symtab") + 24) + 24 * i;
	ck_abort_msg("no symbol %s", name);
}

void capture(size_t at, size_t size)
{
	add_row(&regions, "captured", PHYS + at, running + at, size);
}

void complete(unsigned int wanted)
{
	const struct kmd_vmlinux_options options = { .debug_root = "/nowhere" };

	if (!file.size)
		vmlinux_write(kernel_machine == EM_X86_64 ? ET_EXEC : ET_DYN);
	if (!vmlinux.elf)
		expect_ok(kmd_vmlinux_open(file_with("vmlinux", file.at, file.size), &options,
					   &diag, &vmlinux));
	runtime.values[KMD_RUNTIME_KASLR].value = kaslr;
	runtime.values[KMD_RUNTIME_PHYS_BASE].value =
		PHYS - (base - kmd_arch_x86_64.image_base) - kaslr;
	runtime.values[KMD_RUNTIME_KIMAGE_VOFFSET].value = base + kaslr - PHYS;
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_complete_from_vmlinux(&vmlinux, &runtime, &memory, wanted, &diag, &supply,
					    &completion));
	expect_ok(kmd_core_memory_build(&memory, &supply, &diag, &core));
}

const struct kmd_completed *part(const char *name)
{
	for (size_t i = 0; i < completion.n; i++)
		if (!strcmp(completion.items[i].name, name))
			return &completion.items[i];
	ck_abort_msg("no part %s", name);
}

uint64_t supplied(size_t at, size_t size)
{
	uint64_t sum = 0, missing;

	for (size_t i = 0; i < core.memory.n_phys; i++) {
		const struct kmd_interval *piece = &core.memory.phys[i];
		const struct kmd_region_entry *row = &core.regions.rows[piece->owner];

		for (uint64_t phys = piece->start; row->supplied && phys < piece->end; phys++) {
			unsigned char byte;

			if (phys < PHYS + at || phys >= PHYS + at + size)
				continue;
			expect_ok(kmd_memory_read(&core.memory, phys, &byte, 1, &missing, &diag));
			ck_assert_msg(byte == running[phys - PHYS], "wrong at +0x%x",
				      (unsigned int)(phys - PHYS));
			sum++;
		}
	}
	return sum;
}

void end(void)
{
	kmd_core_memory_deinit(&core);
	kmd_completion_deinit(&completion);
	kmd_supply_deinit(&supply);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&file);
	bytes_free(&symbols);
	bytes_free(&names);
}
