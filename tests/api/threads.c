/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * threads DUMP... - many handles at once, one for each thread, give what one handle gives.
 *
 * scripts/check builds this with ThreadSanitizer as well: handles share nothing that is written.
 */
#include <kmemdump/kmd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define ROUNDS  1

static char **dumps;
static int n_dumps;
static uint64_t *wanted;

static void add(uint64_t *sum, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size; i++)
		*sum = (*sum ^ at[i]) * UINT64_C(0x100000001b3);
}

static void add_text(uint64_t *sum, const char *text)
{
	if (text)
		add(sum, text, strlen(text));
}

static void add_core(struct kmd *kmd, uint64_t *sum)
{
	static _Thread_local unsigned char buffer[65536];
	uint64_t size = 0, at = 0;

	if (kmd_core_size(kmd, &size) != KMD_OK)
		add_text(sum, kmd_error(kmd));
	for (; at < size; at += sizeof(buffer)) {
		size_t part = size - at < sizeof(buffer) ? (size_t)(size - at) : sizeof(buffer);

		if (kmd_core_read(kmd, at, buffer, part) != KMD_OK ||
		    kmd_core_read(kmd, at, buffer, 8) != KMD_OK)
			add_text(sum, kmd_error(kmd));
		for (size_t i = 0; i < part; i += 64)
			add(sum, buffer + i, 1);
	}
}

/* All that a dump answers, as one number. */
static uint64_t sum_of(const char *path)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	struct kmd *kmd = kmd_new();

	if (!kmd)
		return 0;
	if (kmd_open_path(kmd, path) != KMD_OK) {
		add_text(&sum, kmd_error(kmd));
		kmd_free(kmd);
		return sum;
	}
	for (size_t i = 0; i < kmd_region_count(kmd); i++)
		add_text(&sum, kmd_region_get(kmd, i)->name);
	for (size_t i = 0; i < kmd_finding_count(kmd); i++)
		add_text(&sum, kmd_finding_get(kmd, i)->text);
	if (kmd_log_load(kmd) == KMD_OK)
		for (size_t i = 0; i < kmd_log_count(kmd); i++)
			add(&sum, kmd_log_get(kmd, i)->text, kmd_log_get(kmd, i)->length);
	if (kmd_tasks_load(kmd) == KMD_OK)
		for (size_t i = 0; i < kmd_task_count(kmd); i++)
			add_text(&sum, kmd_task_get(kmd, i)->comm);
	if (kmd_check(kmd) == KMD_OK)
		for (size_t i = 0; i < kmd_readiness_count(kmd); i++)
			add_text(&sum, kmd_readiness_get(kmd, i)->missing);
	add_core(kmd, &sum);
	kmd_free(kmd);
	return sum;
}

static void *work(void *argument)
{
	int first = (int)(intptr_t)argument;
	intptr_t wrong = 0;

	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < n_dumps; i++) {
			int dump = (first + i) % n_dumps;

			if (sum_of(dumps[dump]) != wanted[dump])
				wrong++;
		}
	return (void *)wrong;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int failed = 0;

	dumps = argv + 1;
	n_dumps = argc - 1;
	wanted = calloc((size_t)argc, sizeof(*wanted));
	if (!wanted || !n_dumps)
		return 1;
	for (int i = 0; i < n_dumps; i++)
		wanted[i] = sum_of(dumps[i]);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i))
			return 1;
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		failed += (int)(intptr_t)wrong;
	}
	free(wanted);
	if (failed)
		fprintf(stderr, "threads: %d answers differ\n", failed);
	return failed != 0;
}
