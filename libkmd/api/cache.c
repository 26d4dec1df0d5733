/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Programs follow pointers: they read words, many from one place.  Without a cache each word is a
 * system call.
 *
 * Each block has one slot.  A block is read as a whole when it is asked for the second time, so
 * that single reads all over memory cost no more than they would.  A block that is in use stays.
 */
#include "api/cache.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK     16384
#define PAGE      4096
#define SLOTS     16384 /* 256 MiB, if so much is read */
#define SMALL_MAX 512

struct kmd_cached_block {
	uint64_t key;        /* its address and space; all ones = none */
	uint64_t wanted;     /* the one that was asked for last, and is not here */
	uint32_t start, end; /* what of the block is here */
	bool used;           /* since another one was asked for */
	unsigned char *bytes;
};

static bool make_slots(struct kmd_cache *cache)
{
	if (cache->blocks)
		return true;
	cache->blocks = calloc(SLOTS, sizeof(*cache->blocks));
	for (size_t i = 0; cache->blocks && i < SLOTS; i++)
		cache->blocks[i].key = cache->blocks[i].wanted = UINT64_MAX;
	return cache->blocks;
}

/* Read the block, or the page where not all of the block is captured. */
static bool fill(struct kmd *kmd, struct kmd_cached_block *block, uint64_t key, kmd_read_fn *read,
		 uint64_t base, uint32_t into)
{
	uint32_t page = into - into % PAGE;
	uint64_t missing;

	block->key = UINT64_MAX;
	if (!block->bytes)
		block->bytes = malloc(BLOCK);
	if (!block->bytes)
		return false;
	block->start = 0;
	block->end = BLOCK;
	if (read(kmd, base, block->bytes, BLOCK, &missing) != KMD_OK) {
		if (read(kmd, base + page, block->bytes + page, PAGE, &missing) != KMD_OK)
			return false;
		block->start = page;
		block->end = page + PAGE;
	}
	block->key = key;
	return true;
}

/* True if the block is to be read now. */
static bool is_due(struct kmd_cached_block *block, uint64_t key)
{
	if (block->key == key)
		return true;
	if (block->wanted != key) {
		block->wanted = key;
		return false;
	}
	if (block->key != UINT64_MAX && block->used) {
		block->used = false;
		return false;
	}
	return true;
}

enum kmd_status kmd_cached_read(struct kmd *kmd, struct kmd_cache *cache, enum kmd_space space,
				kmd_read_fn *read, uint64_t address, void *buffer, uint64_t length,
				uint64_t *missing)
{
	uint32_t into = (uint32_t)(address % BLOCK);
	uint64_t base = address - into, key = base | space;
	struct kmd_cached_block *block;

	if (!length || length > SMALL_MAX || length > PAGE - into % PAGE || !make_slots(cache))
		return read(kmd, address, buffer, length, missing);
	block = &cache->blocks[(base / BLOCK + space * (SLOTS / 3)) % SLOTS];
	if (block->key != key || into < block->start || into + length > block->end)
		if (!is_due(block, key) || !fill(kmd, block, key, read, base, into))
			return read(kmd, address, buffer, length, missing);
	block->used = true;
	memcpy(buffer, block->bytes + into, (size_t)length);
	return KMD_OK;
}

void kmd_cache_deinit(struct kmd_cache *cache)
{
	for (size_t i = 0; cache->blocks && i < SLOTS; i++)
		free(cache->blocks[i].bytes);
	free(cache->blocks);
	cache->blocks = NULL;
}
