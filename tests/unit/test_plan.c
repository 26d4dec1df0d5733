/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_plan.c - the layout of the core: segments, page slots, classes. */
#include "core_kit.h"

#include <elf.h>
#include <string.h>

#define PHYS   UINT64_C(0x40000000)
#define LINEAR UINT64_C(0xffff000000000000)
#define IMAGE  UINT64_C(0xffff800008000000)

static struct kmd_region_entry *add(uint64_t phys, uint64_t virt, size_t size)
{
	struct kmd_region_entry *row =
		add_row(&regions, "r", phys, noise(size, (uint32_t)phys), size);

	row->pub.virt = virt;
	row->pub.has_virt = virt != 0;
	return row;
}

static void expect_load(size_t index, uint64_t virt, uint64_t phys, uint64_t size)
{
	ck_assert_uint_lt(index, plan.n_loads);
	ck_assert_uint_eq(plan.loads[index].virt, virt);
	ck_assert_uint_eq(plan.loads[index].phys, phys);
	ck_assert_uint_eq(plan.loads[index].size, size);
}

/* Rules for every plan: each page of the file belongs to one page of memory. */
static void expect_sound(void)
{
	uint64_t page = facts.pub.page_size, end = plan.notes_at + plan.notes_size;

	ck_assert_uint_ge(plan.n_loads, 2);
	ck_assert_uint_le(plan.headers_size, plan.notes_at);
	for (size_t i = 0; i < plan.n_chunks; i++) {
		ck_assert_uint_ge(plan.chunks[i].offset, end);
		end = plan.chunks[i].offset + plan.chunks[i].size;
		ck_assert_uint_le(end, plan.file_size);
	}
	for (size_t i = 0; i < plan.n_loads; i++) {
		const struct kmd_load *load = &plan.loads[i];

		ck_assert_uint_ge(load->offset, plan.notes_at + plan.notes_size);
		ck_assert_uint_le(load->offset + load->size, plan.file_size);
		if (load->phys != KMD_NO_PHYS)
			ck_assert_uint_eq((load->offset - load->phys) % page, 0);
		if (load->virt)
			ck_assert_uint_eq((load->offset - load->virt) % page, 0);
	}
	/* The file ends with a whole page, because crash reads to the end of a page. */
	ck_assert_uint_eq(plan.file_size % page, 0);
}

/* ------------------------------------------------------------------- slots */

START_TEST(exact_extents)
{
	add(PHYS + 0x10, LINEAR + 0x10, 0x20);
	add(PHYS + 0x100, LINEAR + 0x100, 0x20);
	add(PHYS + 0x5ff0, LINEAR + 0x5ff0, 0x20);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.n_loads, 3);
	expect_load(0, LINEAR + 0x10, PHYS + 0x10, 0x20);
	expect_load(1, LINEAR + 0x100, PHYS + 0x100, 0x20);
	expect_load(2, LINEAR + 0x5ff0, PHYS + 0x5ff0, 0x20);
	/* The first two are in one page; the third is in two pages. */
	ck_assert_uint_eq(plan.loads[1].offset - plan.loads[0].offset, 0xf0);
	ck_assert_uint_eq(plan.file_size, 0x1000 + 0x1000 + 0x2000);
}
END_TEST

/* Adjacent pages are adjacent in the file, so that one segment can cover them. */
START_TEST(neighbours)
{
	add(PHYS + 0xffc, LINEAR + 0xffc, 4);
	add(PHYS + 0x1000, LINEAR + 0x1000, 4);
	add(PHYS + 0x3000, LINEAR + 0x3000, 4);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.n_loads, 2);
	expect_load(0, LINEAR + 0xffc, PHYS + 0xffc, 8);
	ck_assert_uint_eq(plan.file_size, 4 * 0x1000);
}
END_TEST

START_TEST(large_pages)
{
	facts.pub.page_size = 65536;
	add(PHYS + 0x1000, LINEAR + 0x1000, 16);
	add(PHYS + 0xf000, LINEAR + 0xf000, 16);
	add(PHYS + 0x10000, LINEAR + 0x10000, 16);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.file_size, 3 * 65536);
	ck_assert_uint_eq(plan.loads[0].offset, 65536 + 0x1000);
}
END_TEST

/* -------------------------------------------------------- at least two loads */

START_TEST(one_region)
{
	add(PHYS, LINEAR, 7);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.n_loads, 2);
	expect_load(0, LINEAR, PHYS, 3);
	expect_load(1, LINEAR + 3, PHYS + 3, 4);
	ck_assert_uint_eq(plan.loads[1].offset, plan.loads[0].offset + 3);
}
END_TEST

START_TEST(one_byte)
{
	add(PHYS + 5, 0, 1);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.n_loads, 2);
	expect_load(0, 0, PHYS + 5, 1);
	expect_load(1, 0, PHYS + 5, 0);
}
END_TEST

START_TEST(one_virtual_region)
{
	add_virtual_row(&regions, "v", LINEAR + 0x10, "12345678", 8);
	expect_ok(plan_core());
	expect_sound();
	expect_load(0, LINEAR + 0x10, KMD_NO_PHYS, 4);
	expect_load(1, LINEAR + 0x14, KMD_NO_PHYS, 4);
}
END_TEST

START_TEST(nothing_captured)
{
	expect_error(plan_core(), KMD_ERR_DAMAGED, "no usable region");
}
END_TEST

START_TEST(no_machine)
{
	facts.machine = 0;
	add(PHYS, LINEAR, 7);
	expect_error(plan_core(), KMD_ERR_UNSUPPORTED, "the machine is not known");
}
END_TEST

/* ----------------------------------------------------------------- aliases */

START_TEST(image_is_an_alias)
{
	facts.layout.linear =
		(struct kmd_map){ true, LINEAR - PHYS, LINEAR, LINEAR + (UINT64_C(1) << 47) };
	facts.layout.image = (struct kmd_map){ true, IMAGE - PHYS, IMAGE, IMAGE + 0x100000 };
	add(PHYS + 0x1000, IMAGE + 0x1000, 0x100);
	add(PHYS + 0x200000, 0, 0x100);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.n_loads, 3);
	expect_load(0, LINEAR + 0x1000, PHYS + 0x1000, 0x100);
	expect_load(1, LINEAR + 0x200000, PHYS + 0x200000, 0x100);
	/* The same bytes of the file at their other address. */
	expect_load(2, IMAGE + 0x1000, PHYS + 0x1000, 0x100);
	ck_assert_uint_eq(plan.loads[2].offset, plan.loads[0].offset);
	ck_assert_uint_eq(plan.n_chunks, 2);
}
END_TEST

/* With a physical address, makedumpfile would use it as the linear map. */
START_TEST(vmalloc_has_no_physical_address)
{
	facts.layout.linear =
		(struct kmd_map){ true, LINEAR - PHYS, LINEAR, LINEAR + (UINT64_C(1) << 47) };
	add(PHYS + 0x1000, 0xffff90000000a000, 0x100);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.n_loads, 2);
	expect_load(0, LINEAR + 0x1000, PHYS + 0x1000, 0x100);
	expect_load(1, 0xffff90000000a000, KMD_NO_PHYS, 0x100);
	ck_assert_uint_eq(plan.loads[0].offset, plan.loads[1].offset);
}
END_TEST

/* Physical and virtual memory with equal addresses have separate slots. */
START_TEST(virtual_and_physical_slots)
{
	add(0x1000, 0, 4);
	add_virtual_row(&regions, "v", 0x1000, "virt", 4);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.n_loads, 2);
	ck_assert_uint_ne(plan.loads[0].offset, plan.loads[1].offset);
	ck_assert_uint_eq(plan.file_size, 3 * 0x1000);
}
END_TEST

START_TEST(overlap_is_stored_once)
{
	const unsigned char *bytes = noise(0x100, 1);

	add_row(&regions, "outer", PHYS, bytes, 0x100);
	add_row(&regions, "inner", PHYS + 0x40, bytes + 0x40, 0x10);
	add_row(&regions, "far", PHYS + 0x10000, bytes, 0x10);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.n_loads, 2);
	ck_assert_uint_eq(plan.n_chunks, 2);
}
END_TEST

/* ------------------------------------------------------------------ classes */

static void narrow(void)
{
	facts.machine = EM_ARM;
	facts.elf_class = ELFCLASS32;
}

START_TEST(elf32)
{
	narrow();
	add(0x80001000, 0xc0001000, 16);
	add(0x80003000, 0xc0003000, 16);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.elf_class, ELFCLASS32);
	expect_no_messages();
}
END_TEST

START_TEST(elf32_beyond_4_gib)
{
	narrow();
	add(UINT64_C(0x123456000), 0xc0001000, 16);
	add(0x80003000, 0xc0003000, 16);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.elf_class, ELFCLASS64);
	ck_assert_uint_eq(plan.machine, EM_ARM);
	expect_finding(KMD_FIND_KERNEL, KMD_NOTE, "beyond 4 GiB do not fit an ELF32 core");
}
END_TEST

/* ----------------------------------------------------------------- numbers */

START_TEST(headers_and_notes)
{
	set_vmcoreinfo("OSRELEASE=6.1.0\n");
	add(PHYS, LINEAR, 16);
	expect_ok(plan_core());
	expect_sound();
	ck_assert_uint_eq(plan.headers_size, 64 + 3 * 56);
	ck_assert_uint_eq(plan.notes_at, plan.headers_size);
	/* NT_FILE, VMCOREINFO */
	ck_assert_uint_eq(plan.notes_size, 12 + 8 + 56 + 12 + 12 + 16);
}
END_TEST

/* With random regions, every captured byte is in the plan and has the captured value. */
static uint32_t state;

static uint32_t dice(uint32_t sides)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % sides;
}

static void expect_byte_in_plan(uint64_t phys, unsigned char wanted)
{
	for (size_t i = 0; i < plan.n_loads; i++) {
		const struct kmd_load *load = &plan.loads[i];
		uint64_t offset = load->offset + (phys - load->phys);

		if (load->phys == KMD_NO_PHYS || phys < load->phys ||
		    phys - load->phys >= load->size)
			continue;
		for (size_t c = 0; c < plan.n_chunks; c++) {
			const struct kmd_chunk *chunk = &plan.chunks[c];

			if (offset < chunk->offset || offset - chunk->offset >= chunk->size)
				continue;
			ck_assert_uint_eq(chunk->source->data[chunk->from + offset - chunk->offset],
					  wanted);
			return;
		}
	}
	ck_abort_msg("physical 0x%lx is not in the plan", (unsigned long)phys);
}

START_TEST(every_byte_has_its_place)
{
	const unsigned char *ram = noise(0x8000, 1);

	for (uint32_t i = 0; i < 40; i++) {
		uint32_t at, size = 1 + dice(0x300);

		state += (uint32_t)_i * 77;
		at = dice(0x8000 - size);
		add_row(&regions, "r", PHYS + at, ram + at, size);
		if (dice(2)) {
			regions.rows[i].pub.has_virt = true;
			regions.rows[i].pub.virt = (dice(2) ? LINEAR : IMAGE) + at;
		}
	}
	expect_ok(plan_core());
	expect_sound();
	expect_no_messages();
	for (size_t i = 0; i < regions.n; i++) {
		const struct kmd_region *region = &regions.rows[i].pub;

		for (uint64_t at = 0; at < region->size; at += 13)
			expect_byte_in_plan(region->phys + at, ram[region->phys - PHYS + at]);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = core_tcase();

	tcase_add_test(tcase, exact_extents);
	tcase_add_test(tcase, neighbours);
	tcase_add_test(tcase, large_pages);
	tcase_add_test(tcase, one_region);
	tcase_add_test(tcase, one_byte);
	tcase_add_test(tcase, one_virtual_region);
	tcase_add_test(tcase, nothing_captured);
	tcase_add_test(tcase, no_machine);
	tcase_add_test(tcase, image_is_an_alias);
	tcase_add_test(tcase, vmalloc_has_no_physical_address);
	tcase_add_test(tcase, virtual_and_physical_slots);
	tcase_add_test(tcase, overlap_is_stored_once);
	tcase_add_test(tcase, elf32);
	tcase_add_test(tcase, elf32_beyond_4_gib);
	tcase_add_test(tcase, headers_and_notes);
	tcase_add_loop_test(tcase, every_byte_has_its_place, 1, 20);
	return kit_run("plan", tcase);
}
