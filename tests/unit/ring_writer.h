/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ring_writer.h - writes the ring buffer as printk does, for any word size and byte order.
 * It was made from the description in kernel/printk/printk_ringbuffer.c, not from our reader.
 */
#ifndef KMD_TESTS_UNIT_RING_WRITER_H
#define KMD_TESTS_UNIT_RING_WRITER_H

#include "kit.h"

struct ring_kind {
	unsigned int word; /* 4 or 8 */
	bool big_endian;
	bool fits_exactly;   /* since 6.18 a block may end at the end of the ring */
	bool ids_of_32_bits; /* on 6.12 and older the first id is below 0 of 32 bits */
	size_t info_size;    /* 88; 112 on 7.2, which also stores the task */
};

enum { DESC_RESERVED, DESC_COMMITTED, DESC_FINALIZED, DESC_REUSABLE };

/* All records, from the first one on. */
struct logged {
	uint64_t id, seq, time;
	uint32_t caller;
	unsigned int level, facility;
	char *text;
};

struct ring_desc {
	uint64_t id, begin, next, seq;
	unsigned int state;
};

struct ring {
	struct ring_kind kind;
	unsigned int count_bits, size_bits;
	uint64_t head_id, tail_id, head_lpos, tail_lpos;
	struct ring_desc *descs;
	struct bytes infos, text;
	struct logged *all;
	size_t n_all, cap_all;
	size_t exact, wrapped; /* blocks that ended at the end, and that moved to the start */
};

void ring_init(struct ring *ring, struct ring_kind kind, unsigned int count_bits,
	       unsigned int size_bits);
void ring_deinit(struct ring *ring);
/* Room for @size bytes of text; the descriptor, in state reserved.  0 bytes are an empty line. */
struct ring_desc *ring_reserve(struct ring *ring, size_t size);
void ring_log(struct ring *ring, uint64_t time, unsigned int facility, unsigned int level,
	      uint32_t caller, const char *text);
/* Whether a reader must find this record. */
bool ring_holds(const struct ring *ring, const struct logged *logged);
/* struct prb_desc[], and struct printk_ringbuffer with these addresses in it. */
void ring_descs(const struct ring *ring, struct bytes *bytes);
void ring_heads(const struct ring *ring, uint64_t descs, uint64_t infos, uint64_t text,
		struct bytes *bytes);
/* Its lines of VMCOREINFO; valid as long as the test. */
const char *ring_vmcoreinfo(const struct ring *ring, uint64_t prb);

#endif
