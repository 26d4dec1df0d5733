// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The kernel log: the ring buffer that prb points to, with its descriptors,
 * infos and text; until 5.9 a buffer of records and indexes into it.  Its structures changed even within a stable series, so their
 * layout is taken from VMCOREINFO, never from a copy of ours.
 */
#include <linux/kernel.h>
#include <linux/version.h>

#include "internal.h"

/* Larger than any kernel's; a wrong size_bits must not wrap around. */
#define MAX_BITS	30

/* A member's address: @va plus the sum of the offsets of a path of members. */
static bool member(unsigned long va, const char * const *path,
		   unsigned long *at)
{
	unsigned long offset;

	for (; *path; path++) {
		if (!kmd_vmcoreinfo_offset(*path, &offset)) {
			kmd_missing(*path);
			return false;
		}
		va += offset;
	}
	*at = va;
	return true;
}

#define PATH(...)	((const char * const []){ __VA_ARGS__, NULL })
#define DESC_RING	"printk_ringbuffer.desc_ring"
#define TEXT_RING	"printk_ringbuffer.text_data_ring"

/* An array: pointer, number as a power of 2, size of one. */
static void add_array(const char *name, unsigned long rb,
		      const char * const *pointer, const char * const *bits,
		      size_t element)
{
	unsigned long at, array, nr_bits;

	if (!member(rb, pointer, &at) || !kmd_read_word(at, &array) ||
	    !member(rb, bits, &at) || !kmd_read_word(at, &nr_bits))
		return;
	nr_bits &= UINT_MAX; /* an unsigned int */
	kmd_want(name, array, nr_bits <= MAX_BITS ? element << nr_bits : 0,
		 KMEMDUMP_PRIO_LOG);
}

static void add_arrays(unsigned long rb)
{
	const char * const *count = PATH(DESC_RING, "prb_desc_ring.count_bits");
	unsigned long desc, info;

	if (!kmd_vmcoreinfo_struct("prb_desc", &desc) ||
	    !kmd_vmcoreinfo_struct("printk_info", &info)) {
		kmd_missing("prb_descs");
		return;
	}
	add_array("prb_descs", rb, PATH(DESC_RING, "prb_desc_ring.descs"),
		  count, desc);
	add_array("prb_infos", rb, PATH(DESC_RING, "prb_desc_ring.infos"),
		  count, info);
	add_array("prb_data", rb, PATH(TEXT_RING, "prb_data_ring.data"),
		  PATH(TEXT_RING, "prb_data_ring.size_bits"), 1);
}

/* A variable that not every kernel has, or that is the same as @not. */
static void add_symbol(const char *symbol, size_t size, unsigned long not)
{
	unsigned long va;

	if (kmd_symbol_quiet(symbol, &va) && va != not)
		kmd_want(symbol, va, size, KMEMDUMP_PRIO_LOG);
}

/* A larger one is not believed: LOG_BUF_SHIFT is 25 at most. */
#define MAX_RECORDS	(1UL << MAX_BITS)

/* Until 5.9; false if the kernel has none. */
static bool add_records(void)
{
	static const char * const indexes[] = { "log_first_idx", "log_next_idx",
						"clear_idx" };
	unsigned long buf, len, records, size;
	int i;

	if (!kmd_symbol_quiet("log_buf", &buf) ||
	    !kmd_symbol_quiet("log_buf_len", &len))
		return false;
	kmd_want("log_buf", buf, sizeof(unsigned long), KMEMDUMP_PRIO_LOG);
	kmd_want("log_buf_len", len, sizeof(u32), KMEMDUMP_PRIO_LOG);
	for (i = 0; i < ARRAY_SIZE(indexes); i++)
		add_symbol(indexes[i], sizeof(u32), 0);
	if (!kmd_read_word(buf, &records) || !kmd_read_word(len, &size))
		return true;
	size &= UINT_MAX; /* a u32 */
	kmd_want("log_records", records, size <= MAX_RECORDS ? size : 0,
		 KMEMDUMP_PRIO_LOG);
	return true;
}

void kmd_log_register(void)
{
	unsigned long prb, rb, size;

	if (LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0) && add_records())
		return;
	if (!kmd_symbol("prb", &prb) || !kmd_read_word(prb, &rb))
		return;
	if (!kmd_vmcoreinfo_struct("printk_ringbuffer", &size)) {
		kmd_missing("printk_ringbuffer");
		return;
	}
	kmd_want("prb", prb, sizeof(unsigned long), KMEMDUMP_PRIO_LOG);
	kmd_want("printk_rb", rb, size, KMEMDUMP_PRIO_LOG);
	add_arrays(rb);
	add_symbol("printk_rb_static", size, rb);
	/* A seqcount_latch and two sequence numbers. */
	add_symbol("clear_seq", 3 * sizeof(u64), 0);
}
