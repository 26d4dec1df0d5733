/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Kernel memory and VMCOREINFO text to log records, and the panic line among them.
 *
 * The input: flags (one byte: 1 = big-endian, 2 = 32-bit), length of the text (two bytes, low
 * one first), the text; then regions: length of the name (one byte), virtual address (eight
 * bytes), size (three bytes), name, bytes; all cut at the end of the input.
 */
#include "fuzz.h"

#include "base/array.h"
#include "log/log.h"
#include "log/panic.h"

#include <stdlib.h>
#include <string.h>

#define REGIONS_MAX 16
#define FRAME_SIZE  12

struct stages {
	struct kmd_diag diag;
	struct kmd_regions regions;
	struct kmd_source *sources[REGIONS_MAX];
	struct kmd_memory memory;
	struct kmd_views views;
	struct kmd_vmcoreinfo info;
	struct kmd_log log;
	struct kmd_log_panic panic;
};

static uint64_t number(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static bool add_region(struct stages *s, struct fuzz_rest *rest)
{
	size_t frame_size = FRAME_SIZE, name_length, size, i = s->regions.n;
	const uint8_t *frame = fuzz_take(rest, &frame_size), *name, *bytes;
	struct kmd_region_entry *row;

	if (frame_size < FRAME_SIZE || i == REGIONS_MAX ||
	    !KMD_ARRAY_RESERVE(s->regions.rows, s->regions.n, s->regions.cap))
		return false;
	name_length = frame[0];
	size = (size_t)number(frame + 9, 3);
	name = fuzz_take(rest, &name_length);
	bytes = fuzz_take(rest, &size);
	if (kmd_source_from_memory(&s->diag, bytes, size, "region", &s->sources[i]) != KMD_OK)
		return false;
	row = &s->regions.rows[s->regions.n++];
	memset(row, 0, sizeof(*row));
	row->pub.name = strndup((const char *)name, name_length);
	row->pub.virt = number(frame + 1, 8);
	row->pub.has_virt = true;
	row->pub.size = row->pub.captured = size;
	row->pub.state = size ? KMD_REGION_OK : KMD_REGION_EMPTY;
	row->has_bytes = true;
	row->source = s->sources[i];
	return true;
}

/* Every byte is read, so that a sanitizer finds one that is not part of the log. */
static void check_records(const struct kmd_log *log, size_t size)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < log->n; i++) {
		const struct kmd_log_record *record = &log->items[i];

		FUZZ_CHECK(record->text != NULL);
		FUZZ_CHECK(record->length <= size);
		FUZZ_CHECK(record->level < 8);
		for (size_t j = 0; j < record->length; j++)
			sum += (unsigned char)record->text[j];
	}
	FUZZ_CHECK(sum || !sum);
	/* Each record needs a descriptor, a head or a line of its own. */
	FUZZ_CHECK(log->n <= size);
	FUZZ_CHECK(log->form != NULL);
}

static bool printable(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static void check_panic(const struct kmd_log_panic *panic)
{
	FUZZ_CHECK(!panic->reason || printable(panic->reason));
	FUZZ_CHECK(!panic->task || printable(panic->task));
	FUZZ_CHECK(panic->reason || (!panic->task && !panic->has_cpu && !panic->has_pid));
	FUZZ_CHECK(!panic->task || (panic->has_cpu && panic->has_pid));
}

static enum kmd_status run(struct stages *s, uint8_t flags, size_t size)
{
	struct kmd_kernel_facts facts = { .elf_class = flags & 2 ? 1 : 2, .big_endian = flags & 1 };
	struct kmd_target target;
	enum kmd_status status = kmd_memory_build(&s->regions, &s->diag, &s->memory);

	if (status == KMD_OK)
		status = kmd_views_build(&s->memory, &facts, &s->diag, &s->views);
	if (status == KMD_OK)
		kmd_target_init(&target, &s->memory, &s->views, &facts, &s->info, NULL, NULL,
				&s->diag);
	if (status == KMD_OK)
		status = kmd_log_read(&target, &s->log);
	if (status != KMD_OK) {
		FUZZ_CHECK(!s->log.items && !s->log.text && !s->log.n);
		return status;
	}
	check_records(&s->log, size);
	status = kmd_log_panic(&s->log, &s->diag, &s->panic);
	if (status == KMD_OK)
		check_panic(&s->panic);
	return status;
}

static void deinit(struct stages *s)
{
	kmd_log_panic_deinit(&s->panic);
	kmd_log_deinit(&s->log);
	kmd_views_deinit(&s->views);
	kmd_memory_deinit(&s->memory);
	kmd_regions_deinit(&s->regions);
	kmd_vmcoreinfo_deinit(&s->info);
	for (size_t i = 0; i < REGIONS_MAX; i++)
		if (s->sources[i])
			kmd_source_free(s->sources[i]);
	kmd_diag_deinit(&s->diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_rest rest = { data, size };
	struct stages stages;
	size_t length = 3;
	const uint8_t *head = fuzz_take(&rest, &length), *text;

	if (length < 3)
		return 0;
	memset(&stages, 0, sizeof(stages));
	kmd_diag_init(&stages.diag);
	length = (size_t)number(head + 1, 2);
	text = fuzz_take(&rest, &length);
	if (length) {
		stages.info.text = malloc(length);
		if (stages.info.text)
			memcpy(stages.info.text, text, length);
		stages.info.length = length;
	}
	while (add_region(&stages, &rest))
		;
	if (run(&stages, head[0], size) != KMD_OK)
		FUZZ_CHECK(stages.diag.status != KMD_OK && stages.diag.sentence[0]);
	deinit(&stages);
	return 0;
}
