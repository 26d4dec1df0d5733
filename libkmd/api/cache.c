/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Programs follow pointers: they read words, many from one place.  Without a cache each word is a
 * system call.
 *
 * A page is read as a whole when it is asked for the second time, and a block of pages when several
 * words of it were not here, so that single reads all over memory cost no more than they would.
 * Pages and blocks have two tables, and each one has a single slot there.  A block that is in use
 * stays.
 */
#include "api/cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE       4096
#define BLOCK      65536
#define USUAL      4096 /* slots of each table: 16 MiB of pages, 256 MiB of blocks */
#define MOST       (1u << 20)
#define SMALL_MAX  512
#define MISSES_MAX 4          /* of words, before the block is read */
#define NEVER      UINT32_MAX /* the block cannot be read as a whole */
/* The kernel gives memory in huge pages if it can: with small ones, 64 KiB cost more to get than to
 * read. */
#define CHUNK      (UINT32_C(2) << 20)

struct kmd_cache_line {
	uint64_t key;    /* its address, and 1 + its space; 0 = none */
	uint64_t wanted; /* the key that was asked for last, and is not here */
	unsigned char *bytes;
	uint32_t misses; /* of a block: of .wanted */
	bool whole;      /* of a page: .bytes are here, else it cannot be read as a whole */
	bool used;       /* of a block: since another one was asked for */
};

/* ----- memory */

/* The most that is kept: no more than a quarter of the machine's memory. */
static uint64_t limit_of(const struct kmd_cache *cache)
{
	uint64_t most = (uint64_t)USUAL * (BLOCK + PAGE);
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	if (cache->limit)
		return cache->limit;
	if (pages > 0 && size > 0 && (uint64_t)pages / 4 * (uint64_t)size < most)
		most = (uint64_t)pages / 4 * (uint64_t)size;
	return most;
}

static bool make_tables(struct kmd_cache *cache)
{
	uint64_t limit;
	size_t n = MOST;

	if (cache->n)
		return cache->pages;
	limit = limit_of(cache);
	while (n > 1 && n * (BLOCK + PAGE) > limit)
		n /= 2;
	cache->n = n;
	if (n * (BLOCK + PAGE) > limit)
		return false;
	cache->pages = calloc(2 * n, sizeof(*cache->pages));
	cache->chunks = calloc(n * (BLOCK + PAGE) / (CHUNK - BLOCK) + 2, sizeof(*cache->chunks));
	if (cache->pages && cache->chunks)
		return true;
	free(cache->pages);
	cache->pages = NULL;
	return false;
}

/* @size divides what is left of a chunk, or the rest of the chunk stays unused. */
static unsigned char *take(struct kmd_cache *cache, uint32_t size)
{
	unsigned char *bytes;

	if (!cache->n_chunks || cache->left < size) {
		bytes = aligned_alloc(CHUNK, CHUNK);
		if (!bytes)
			return NULL;
#ifdef MADV_HUGEPAGE
		/* Only a hint; and most programs need one chunk at most, and little of it. */
		if (cache->n_chunks)
			(void)madvise(bytes, CHUNK, MADV_HUGEPAGE);
#endif
		cache->chunks[cache->n_chunks++] = bytes;
		cache->left = CHUNK;
	}
	bytes = cache->chunks[cache->n_chunks - 1] + (CHUNK - cache->left);
	cache->left -= size;
	return bytes;
}

void kmd_cache_deinit(struct kmd_cache *cache)
{
	for (size_t i = 0; i < cache->n_chunks; i++)
		free(cache->chunks[i]);
	free(cache->chunks);
	free(cache->pages);
	cache->chunks = NULL;
	cache->pages = NULL;
	cache->n = cache->n_chunks = 0;
}

/* ----- reading */

struct request {
	struct kmd *kmd;
	struct kmd_cache *cache;
	enum kmd_space space;
	kmd_read_fn *read;
	uint64_t address;
};

static uint64_t key_of(const struct request *request, uint32_t size)
{
	return (request->address & ~(uint64_t)(size - 1)) | (1 + (uint64_t)request->space);
}

static struct kmd_cache_line *line_of(const struct request *request, uint32_t size)
{
	struct kmd_cache *cache = request->cache;
	size_t at = (size_t)(request->address / size + request->space * (cache->n / 3));

	return &cache->pages[(size == PAGE ? 0 : cache->n) + (at & (cache->n - 1))];
}

/* What cannot be read is left to the read of the word alone. */
static bool fill(const struct request *request, struct kmd_cache_line *line, uint32_t size)
{
	uint64_t missing;

	line->key = 0;
	if (!line->bytes)
		line->bytes = take(request->cache, size);
	if (!line->bytes)
		return false;
	if (request->read(request->kmd, request->address & ~(uint64_t)(size - 1), line->bytes, size,
			  &missing) != KMD_OK)
		return false;
	line->key = key_of(request, size);
	return true;
}

/* Called for each word that is not here.  True if the block is to be read now. */
static bool is_due(struct kmd_cache_line *block, uint64_t key)
{
	if (block->wanted != key) {
		block->wanted = key;
		block->misses = 0;
	}
	if (block->misses == NEVER || ++block->misses < MISSES_MAX)
		return false;
	if (block->key && block->used) {
		block->used = false;
		block->misses = 0;
		return false;
	}
	return true;
}

static const unsigned char *of_block(const struct request *request, struct kmd_cache_line *block)
{
	block->used = true;
	return block->bytes + request->address % BLOCK;
}

static const unsigned char *of_page(const struct request *request,
				    const struct kmd_cache_line *page)
{
	return page->whole ? page->bytes + request->address % PAGE : NULL;
}

/* The bytes from the request's address to the end of its page; NULL if it has to be read. */
static const unsigned char *look(const struct request *request)
{
	struct kmd_cache_line *block = line_of(request, BLOCK), *page = line_of(request, PAGE);
	uint64_t block_key = key_of(request, BLOCK), page_key = key_of(request, PAGE);

	if (block->key == block_key)
		return of_block(request, block);
	if (page->key == page_key)
		return of_page(request, page);
	if (is_due(block, block_key)) {
		if (fill(request, block, BLOCK))
			return of_block(request, block);
		block->misses = NEVER;
	}
	if (page->wanted != page_key) {
		page->wanted = page_key;
		return NULL;
	}
	page->whole = fill(request, page, PAGE);
	page->key = page_key;
	return of_page(request, page);
}

enum kmd_status kmd_cached_read(struct kmd *kmd, struct kmd_cache *cache, enum kmd_space space,
				kmd_read_fn *read, uint64_t address, void *buffer, uint64_t length,
				uint64_t *missing)
{
	struct request request = { kmd, cache, space, read, address };
	const unsigned char *bytes = NULL;

	if (length && length <= SMALL_MAX && length <= PAGE - address % PAGE && make_tables(cache))
		bytes = look(&request);
	if (!bytes)
		return read(kmd, address, buffer, length, missing);
	memcpy(buffer, bytes, (size_t)length);
	return KMD_OK;
}
