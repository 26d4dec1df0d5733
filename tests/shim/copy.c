/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The shim's copy.c and found.c, as a program: a machine that dies is reset at every moment of
 * the copy, and every word of what lies in memory is damaged.  What is offered must be right.
 */
#include "shim.h"

#include <setjmp.h>

enum {
	BASE = 0x40000000,
	AREA = 0x40000,
	RAM = 0x80000000,
	RAM_SIZE = 0x40000,
	ROWS = 24,
	START = 0x11000,
};

static u8 *area;
static u8 ram[RAM_SIZE], saved[AREA];
static struct kmd_md_region rows[ROWS];
static struct kmd_md_subsystem subsystem;
static struct kmd_toc test_toc = { .backend.max_regions = ROWS,
				   .subsystem = &subsystem,
				   .regions = rows };
static u8 prio[ROWS];
static long resets_in = -1, barriers;
static jmp_buf machine;
static u64 unreadable;

#define check(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #what);                          \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

void wmb(void)
{
	barriers++;
	if (resets_in >= 0 && resets_in-- == 0)
		longjmp(machine, 1);
}

void *__va(u64 pa)
{
	return (void *)(uintptr_t)pa;
}

bool virt_addr_valid(const void *va)
{
	return (uintptr_t)va - RAM < RAM_SIZE;
}

int copy_from_kernel_nofault(void *to, const void *from, size_t size)
{
	uintptr_t at = (uintptr_t)from - RAM;

	if (unreadable && at <= unreadable - RAM && unreadable - RAM < at + size)
		return -EFAULT;
	memcpy(to, &ram[at], size);
	return 0;
}

int printk(const char *format, ...)
{
	(void)format;
	return 0;
}

/* The less important ones first in the table; one has no room. */
static void set_up(void)
{
	u64 at = RAM;

	for (size_t i = 0; i < RAM_SIZE; i++)
		ram[i] = (u8)(i * 31 + (i >> 8) * 7);
	for (u32 i = 0; i < ROWS; i++) {
		u64 size = i == 3 ? 2 * AREA : 4 + i * 212;

		snprintf(rows[i].name, sizeof(rows[i].name), "K%u", i);
		rows[i].seq = i % 3;
		rows[i].valid = i == 5 ? MD_INVALID : MD_VALID;
		rows[i].address = at;
		rows[i].size = size;
		at += i == 3 ? 0 : size;
		prio[i] = (u8)(i < 8 ? 12 - i : i % 13);
	}
	subsystem.region_count = ROWS;
	kmd_crc_init();
}

static void panic_now(long reset)
{
	struct kmd_copy with = { .area = area,
				 .base = BASE,
				 .start = START,
				 .size = AREA,
				 .toc = &test_toc,
				 .prio = prio };

	copying.n = 0;
	resets_in = reset;
	barriers = 0;
	if (!setjmp(machine)) {
		check(!kmd_copy_start(&with));
		panic_notifier_list->notifier_call(panic_notifier_list, 0, NULL);
	}
	resets_in = -1;
	kmd_copy_stop();
}

/* Reads all as a program reads the file. */
static u8 *read_all(size_t *size)
{
	u8 *image = malloc(found.image_size + 1);
	ssize_t got;

	*size = 0;
	while ((got = read_dump(NULL, NULL, NULL, (char *)image + *size, (loff_t)*size,
				min_t(size_t, 777, found.image_size + 1 - *size))) > 0)
		*size += (size_t)got;
	check(*size == found.image_size);
	return image;
}

/* Every section that counts has the name and the bytes of a region, each once.  Their number. */
static unsigned int offered_sections(void)
{
	unsigned int n = 0, seen[ROWS] = { 0 };
	size_t size;
	u8 *image = read_all(&size);
	const struct kmd_raw_header *header = (const void *)image;

	check(size >= sizeof(*header) && !memcmp(image, MD_RAW_SIGNATURE, 8));
	check(header->size == size && sizeof(*header) + header->sections * 64ull <= size);
	for (u32 i = 0; i < header->sections; i++) {
		const struct kmd_raw_section *s = (const void *)(image + 56 + 64ull * i);
		u32 row = 0;

		if (s->flags != MD_RAW_VALID)
			continue;
		while (row < ROWS && rows[row].address != s->info)
			row++;
		if (row == 3)
			row++;
		check(row < ROWS && !seen[row]++ && rows[row].valid == MD_VALID);
		check(s->length == rows[row].size && s->offset + s->length <= size);
		check(!memcmp(image + s->offset, &ram[s->info - RAM], s->length));
		n++;
	}
	free(image);
	check(n == found.whole);
	return n;
}

static unsigned int look(void)
{
	unsigned int n;

	memset(&found, 0, sizeof(found));
	check(!kmd_found_look(area, BASE, AREA));
	check(found.nr || found.why_not);
	check(kmd_found_start() <= AREA && kmd_found_start() >= KMD_SMEM_SIZE);
	n = found.nr ? offered_sections() : 0;
	kmd_found_withdraw();
	return n;
}

static void test_resets(void)
{
	unsigned int before = 0, n;

	for (long at = 0;; at++) {
		memset(area, 0xa5, AREA);
		panic_now(at);
		if (barriers <= at)
			break;
		n = look();
		check(n >= before && n <= before + 1);
		before = n;
	}
	check(before == ROWS - 2);
}

/* At most one section is lost by one word; a lost control is there a second time. */
static void test_every_word(size_t from, size_t to, unsigned int most)
{
	static const u32 flips[] = { 1, 0x80000000, 0xffffffff, 2, 0x1000 };

	for (size_t at = from; at < to; at += 4) {
		for (size_t i = 0; i < ARRAY_SIZE(flips); i++) {
			u32 word;

			memcpy(&word, area + at, 4);
			word ^= flips[i];
			memcpy(area + at, &word, 4);
			check(look() + most >= ROWS - 2);
			memcpy(area, saved, AREA);
		}
	}
}

static void test_damage(void)
{
	const struct kmd_copy_control *control = (const void *)(area + START);
	size_t checks = control->checks, image = control->image;

	test_every_word(START, START + 4096, 0);
	test_every_word(AREA - 4096, AREA, 0);
	test_every_word(checks, image, 1);
	test_every_word(image, image + 56 + 64 * (ROWS - 1), 1);
	test_every_word(image + 56 + 64 * (ROWS - 1), image + 0x4000, 1);
}

static void test_random(void)
{
	srandom(1);
	for (int round = 0; round < 3000; round++) {
		long n = 1 + random() % 400;

		/* Most of it where it matters. */
		while (n--)
			area[((random() & 1 ? START : AREA - 4096) + random() % 8192) % AREA] ^=
				(u8)(1 << random() % 8);
		look();
		memcpy(area, saved, AREA);
	}
}

/* What cannot be read is absent; others follow. */
static void test_unreadable(void)
{
	unreadable = rows[9].address + 100;
	panic_now(-1);
	unreadable = 0;
	check(look() == ROWS - 3);
	rows[10].address = 0x1000;
	panic_now(-1);
	rows[10].address = RAM + 0x1000;
	rows[10].size = ~0ull - 3;
	panic_now(-1);
	memset(&found, 0, sizeof(found));
	check(!kmd_found_look(area, BASE, AREA) && found.whole == ROWS - 3 && found.no_room == 2);
	kmd_found_withdraw();
}

/* A panic while a dump is there changes one count, in both controls. */
static void test_later(void)
{
	struct kmd_copy with = { .area = area,
				 .base = BASE,
				 .start = START,
				 .size = AREA,
				 .toc = &test_toc,
				 .prio = prio,
				 .held = true };

	memcpy(area, saved, AREA);
	for (u32 n = 1; n < 3; n++) {
		memset(&found, 0, sizeof(found));
		check(!kmd_found_look(area, BASE, AREA) && found.control.later == n - 1);
		copying.n = 0;
		check(!kmd_copy_start(&with));
		panic_notifier_list->notifier_call(panic_notifier_list, 0, NULL);
		kmd_copy_stop();
		kmd_found_withdraw();
	}
	check(look() == ROWS - 2);
	area[found.control.first] = 0;
	check(look() == ROWS - 2 && found.control.later == 2);
}

/* A dump stays until it is taken; then nothing of it is left. */
static void test_taken(void)
{
	memcpy(area, saved, AREA);
	memset(&found, 0, sizeof(found));
	check(!kmd_found_look(area, BASE, AREA) && kmd_found_any() && kmd_found_start() == START);
	check(!kmd_found_offer() && offered);
	check(taken_store(NULL, NULL, "0", 1) == -EINVAL &&
	      taken_store(NULL, NULL, "x", 1) == -EINVAL);
	check(taken_store(NULL, NULL, "1\n", 2) == 2 && !offered);
	check(taken_store(NULL, NULL, "1\n", 2) == -ENODATA);
	for (size_t at = START; at < AREA; at++)
		check(!area[at] || at >= AREA - 4096 + sizeof(struct kmd_copy_control));
	check(look() == 0);
	kmd_found_withdraw();
}

/* Who cannot look at a dump must not clear its memory. */
static void test_no_memory(void)
{
	memcpy(area, saved, AREA);
	memset(&found, 0, sizeof(found));
	no_memory = true;
	check(kmd_found_look(area, BASE, AREA) == -ENOMEM);
	kmd_found_withdraw();
	check(kmd_found_start() == START);
	no_memory = false;
	check(look() == ROWS - 2);
}

/* A dump where the table would be leaves no slot, so the module could not be loaded again. */
static void test_no_table(void)
{
	struct kmd_copy_control *control = (void *)(area + KMD_SMEM_SIZE);

	memcpy(area, saved, AREA);
	memcpy(control, area + START, sizeof(*control));
	memset(area + START, 0, sizeof(*control));
	memset(area + AREA - 4096, 0, sizeof(*control));
	control->first = KMD_SMEM_SIZE;
	control->crc = kmd_crc(0, (void *)control + KMD_COPY_CRC_START, KMD_COPY_CRC_SIZE);
	check(look() == 0);
	memcpy(area, saved, AREA);
}

int main(void)
{
	check((area = calloc(1, AREA)) != NULL);
	set_up();
	test_resets();
	memcpy(saved, area, AREA);
	check(look() == ROWS - 2);
	test_damage();
	test_random();
	test_later();
	test_taken();
	test_no_memory();
	test_no_table();
	test_unreadable();
	free(area);
	return 0;
}
