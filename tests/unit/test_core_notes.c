/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_core_notes.c - the notes that are taken over from a finished core. */
#include "kit.h"

#include "cpu/core_notes.h"

#include <elf.h>
#include <string.h>

#define PRSTATUS_SIZE 392 /* of arm64 */
#define PR_PID        32

static struct bytes notes;
static struct kmd_claims claims;
static struct kmd_core_notes carried;

static void note(const char *name, uint32_t type, const void *desc, size_t size)
{
	bytes_number(&notes, strlen(name) + 1, 4);
	bytes_number(&notes, size, 4);
	bytes_number(&notes, type, 4);
	bytes_add(&notes, name, strlen(name) + 1);
	bytes_zero_until(&notes, (notes.size + 3) & ~(size_t)3);
	bytes_add(&notes, desc, size);
	bytes_zero_until(&notes, (notes.size + 3) & ~(size_t)3);
}

static void registers(uint32_t pid, unsigned char value)
{
	struct bytes desc = { .big_endian = notes.big_endian };

	bytes_zero_until(&desc, PRSTATUS_SIZE);
	bytes_set(&desc, PR_PID, pid, 4);
	memset(desc.at + 112, value, 31 * 8);
	note("CORE", NT_PRSTATUS, desc.at, desc.size);
	bytes_free(&desc);
}

static void carry(void)
{
	claims.notes = source_of("core", notes.at, notes.size);
	claims.notes_size = notes.size;
	claims.notes_trusted = true;
	claims.elf_class = ELFCLASS64;
	claims.big_endian = notes.big_endian;
	kmd_core_notes_deinit(&carried);
	expect_ok(kmd_core_notes_read(&claims, true, &diag, &carried));
}

static void done(void)
{
	bytes_free(&notes);
	kmd_core_notes_deinit(&carried);
	memset(&claims, 0, sizeof(claims));
}

/* pr_pid of register note @index; there may be other notes between them. */
static uint32_t pid_of(size_t index)
{
	const unsigned char *at = carried.bytes;

	while (at[12 + 1] != 'O' || index--) {
		const unsigned char *size = at + (claims.big_endian ? 2 : 0);
		unsigned int big = claims.big_endian;

		at += 12 + ((size[big] + 3u) & ~3u) +
		      ((size[4 + big] + 256u * size[4 + !big] + 3) & ~3u);
		ck_assert(at < carried.bytes + carried.size);
	}
	at += 12 + 8 + PR_PID;
	return claims.big_endian ? (uint32_t)at[3] | (uint32_t)at[2] << 8
				 : (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

START_TEST(what_is_carried)
{
	note("VMCOREINFO", 0, "OSRELEASE=6\n", 12);
	note("QEMU", 0, "12345678", 8);
	note("CORE", NT_PRPSINFO, "no", 2);
	registers(7, 1);
	note("CORE", NT_AUXV, "auxv", 4);
	note("LINUX", 0x406, "pacm", 4);
	note("Somebody", 1, "else", 4);
	registers(9, 2);
	carry();
	ck_assert_uint_eq(carried.cpus, 2);
	ck_assert_uint_eq(carried.size, 2 * (20 + PRSTATUS_SIZE) + (20 + 8) + 2 * 24);
	ck_assert_uint_eq(pid_of(0), 7);
	ck_assert_uint_eq(pid_of(1), 9);
	done();
}
END_TEST

/* If the user supplies registers, those of the core and the notes that belong to them are dropped.
 */
START_TEST(without_registers)
{
	registers(7, 1);
	note("LINUX", 0x406, "pacm", 4);
	note("QEMU", 0, "12345678", 8);
	note("CORE", NT_AUXV, "auxv", 4);
	carry();
	kmd_core_notes_deinit(&carried);
	expect_ok(kmd_core_notes_read(&claims, false, &diag, &carried));
	ck_assert_uint_eq(carried.cpus, 0);
	ck_assert_uint_eq(carried.size, 24);
	ck_assert(!memcmp(carried.bytes + 20, "auxv", 4));
	done();
}
END_TEST

/* The notes of a CPU follow its registers; notes without registers keep their place. */
START_TEST(what_belongs_to_a_cpu)
{
	static const char *const order[] = {
		"CORE", "LINUX", "KMD", "CORE", "LINUX", "CORE", "QEMU"
	};
	const unsigned char *at;

	note("QEMU", 0, "12345678", 8);
	note("CORE", NT_AUXV, "auxv", 4);
	registers(0, 1);
	note("LINUX", 0x406, "mask", 4);
	note("KMD", NT_PRSTATUS, "1234", 4);
	note("KMD", NT_PRPSINFO, "1234", 4);
	registers(0, 2);
	note("LINUX", 0x406, "mask", 4);
	carry();
	ck_assert_uint_eq(carried.cpus, 2);
	ck_assert_uint_eq(pid_of(0), 1);
	ck_assert_uint_eq(pid_of(1), 2);
	at = carried.bytes;
	for (size_t i = 0; i < 7; i++) {
		ck_assert_str_eq((const char *)at + 12, order[i]);
		at += 12 + ((at[0] + 3u) & ~3u) + ((at[4] + 256u * at[5] + 3) & ~3u);
	}
	ck_assert_ptr_eq(at, carried.bytes + carried.size);
	done();
}
END_TEST

/* All idle CPUs have pid 0, but gdb does not open a core that has one pid twice. */
START_TEST(pids_are_numbered_anew)
{
	for (int big = 0; big < 2; big++) {
		notes.big_endian = big;
		registers(0, 1);
		registers(1234, 2);
		registers(0, 3);
		carry();
		ck_assert_uint_eq(carried.cpus, 3);
		for (uint32_t i = 0; i < 3; i++)
			ck_assert_uint_eq(pid_of(i), i + 1);
		done();
	}
}
END_TEST

/* Without its NUL a name runs into the descriptor. */
START_TEST(names_without_an_end)
{
	for (size_t i = 0; i < 2; i++) {
		size_t at = notes.size;

		bytes_number(&notes, 4, 4);
		bytes_number(&notes, PRSTATUS_SIZE, 4);
		bytes_number(&notes, NT_PRSTATUS, 4);
		bytes_add(&notes, "CORE", 4);
		bytes_zero_until(&notes, at + 16 + PRSTATUS_SIZE);
		memset(notes.at + at + 16, 0xee, PRSTATUS_SIZE);
	}
	carry();
	ck_assert_uint_eq(carried.cpus, 2);
	ck_assert_uint_eq(carried.bytes[16 + PR_PID], 1);
	ck_assert_uint_eq(carried.bytes[16 + PRSTATUS_SIZE + 16 + PR_PID], 2);
	done();
}
END_TEST

/* Empty registers are not used. */
START_TEST(empty_registers)
{
	registers(1, 0);
	registers(2, 5);
	carry();
	ck_assert_uint_eq(carried.cpus, 1);
	ck_assert_uint_eq(pid_of(0), 2);
	done();
}
END_TEST

START_TEST(notes_that_are_not_trusted)
{
	registers(1, 1);
	carry();
	claims.notes_trusted = false;
	kmd_core_notes_deinit(&carried);
	expect_ok(kmd_core_notes_read(&claims, true, &diag, &carried));
	ck_assert_uint_eq(carried.size, 0);
	claims.notes = NULL;
	claims.notes_trusted = true;
	expect_ok(kmd_core_notes_read(&claims, true, &diag, &carried));
	ck_assert_uint_eq(carried.size, 0);
	done();
}
END_TEST

/* With short notes and any sizes, the result consists of complete notes of existing bytes. */
START_TEST(hostile_sizes)
{
	static const uint64_t values[] = { 0, 1, 33, 0x1000, 0x7fffffff, 0xfffffffc, 0xffffffff };

	for (size_t word = 0; word < 6; word++)
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			registers(1, 1);
			note("QEMU", 0, "12345678", 8);
			bytes_set(&notes, word < 3 ? word * 4 : 20 + PRSTATUS_SIZE + (word - 3) * 4,
				  values[i], 4);
			carry();
			ck_assert_uint_le(carried.size, notes.size);
			done();
		}
	registers(1, 1);
	for (size_t size = notes.size; size; size--) {
		notes.size = size;
		carry();
		ck_assert_uint_eq(carried.cpus, size == 20 + PRSTATUS_SIZE);
	}
	done();
}
END_TEST

START_TEST(registers_too_short_for_a_pid)
{
	note("CORE", NT_PRSTATUS, "1234567890", 10);
	note("CORE", NT_PRSTATUS, "", 0);
	carry();
	ck_assert_uint_eq(carried.cpus, 0);
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, what_is_carried);
	tcase_add_test(tcase, without_registers);
	tcase_add_test(tcase, names_without_an_end);
	tcase_add_test(tcase, what_belongs_to_a_cpu);
	tcase_add_test(tcase, pids_are_numbered_anew);
	tcase_add_test(tcase, empty_registers);
	tcase_add_test(tcase, notes_that_are_not_trusted);
	tcase_add_test(tcase, hostile_sizes);
	tcase_add_test(tcase, registers_too_short_for_a_pid);
	return kit_run("core_notes", tcase);
}
