/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * VMCOREINFO from a file: that of another boot of the same kernel (a note of an older
 * core), or of none (makedumpfile -g).  What is in the image moves with KASLR; what else
 * such a text says of its own boot is replaced, or left out.
 */
#include "kernel/generate.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A note's headers and an editor's remarks may stand before the text. */
#define FILE_MAX_SIZE (2 * KMD_VMCOREINFO_MAX)

/* Symbols of the image lie so far around _stext. */
#define IMAGE_BEFORE  (UINT64_C(2) << 20)
#define IMAGE_BEHIND  (UINT64_C(1) << 30)

enum format { DECIMAL, HEX, BARE_HEX };

/* Values of one boot.  Those of the processor are the same in the next boot. */
static const struct {
	const char *name;
	enum kmd_runtime_key key;
	enum format format;
	bool of_processor;
} run_time[] = {
	{ "KERNELOFFSET", KMD_RUNTIME_KASLR, BARE_HEX, false },
	{ "NUMBER(kimage_voffset)", KMD_RUNTIME_KIMAGE_VOFFSET, HEX, false },
	{ "NUMBER(phys_base)", KMD_RUNTIME_PHYS_BASE, DECIMAL, false },
	{ "NUMBER(PHYS_OFFSET)", KMD_RUNTIME_PHYS_OFFSET, HEX, false },
	{ "NUMBER(VA_BITS)", KMD_RUNTIME_VA_BITS, DECIMAL, true },
	{ "NUMBER(TCR_EL1_T1SZ)", KMD_RUNTIME_VABITS_ACTUAL, HEX, true },
	{ "NUMBER(KERNELPACMASK)", KMD_RUNTIME_PAC_MASK, HEX, true },
	{ "NUMBER(pgtable_l5_enabled)", KMD_RUNTIME_L5, DECIMAL, true },
	{ "NUMBER(sme_mask)", KMD_RUNTIME_SME_MASK, DECIMAL, true },
};

#define N_RUN_TIME (sizeof(run_time) / sizeof(run_time[0]))

struct move {
	const struct kmd_runtime *runtime;
	const struct kmd_vmcoreinfo *from;
	bool other_boot;       /* the text is not that of this boot */
	uint64_t stext, delta; /* _stext in the text; what is added to the image's addresses */
	bool seen[N_RUN_TIME];
	struct kmd_vmcoreinfo *to;
	size_t cap;
	bool no_memory;
};

static enum kmd_status read_file(const char *path, struct kmd_diag *diag, char *bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 1;

	*size = 0;
	if (fd < 0)
		return kmd_fail_errno(diag, kmd_in(path), "cannot open", errno);
	while (got > 0 && *size < FILE_MAX_SIZE) {
		got = read(fd, bytes + *size, FILE_MAX_SIZE - *size);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			*size += (size_t)got;
	}
	if (got < 0) {
		enum kmd_status status = kmd_fail_errno(diag, kmd_in(path), "cannot read", errno);

		close(fd);
		return status;
	}
	close(fd);
	return KMD_OK;
}

/* The text in the file; a last line without its end gets one. */
static enum kmd_status take_text(const char *path, struct kmd_diag *diag,
				 struct kmd_vmcoreinfo *info)
{
	static const char start[] = "OSRELEASE=";
	char *bytes = malloc(FILE_MAX_SIZE + 1), *text;
	enum kmd_status status;
	size_t size, length = 0;

	if (!bytes)
		return kmd_fail_memory(diag);
	status = read_file(path, diag, bytes, &size);
	if (status == KMD_OK) {
		bytes[size++] = '\n';
		text = memmem(bytes, size, start, sizeof(start) - 1);
		if (text)
			length = kmd_vmcoreinfo_measure(text, size - (size_t)(text - bytes));
		if (!length || length > KMD_VMCOREINFO_MAX)
			status = kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(path),
					  "holds no VMCOREINFO text (lines KEY=VALUE, the first "
					  "OSRELEASE=)");
	}
	if (status == KMD_OK) {
		info->text = malloc(length);
		info->length = length;
		status = info->text ? KMD_OK : kmd_fail_memory(diag);
		if (info->text)
			memcpy(info->text, text, length);
	}
	free(bytes);
	return status;
}

static void append(struct move *move, const char *bytes, size_t length)
{
	struct kmd_vmcoreinfo *to = move->to;

	for (size_t i = 0; i < length; i++) {
		if (!KMD_ARRAY_RESERVE(to->text, to->length, move->cap)) {
			move->no_memory = true;
			return;
		}
		to->text[to->length++] = bytes[i];
	}
}

static void append_number(struct move *move, const char *key, size_t length, enum format format,
			  uint64_t value)
{
	char text[32];

	append(move, key, length);
	if (format == DECIMAL)
		snprintf(text, sizeof(text), "=%" PRId64 "\n", (int64_t)value);
	else
		snprintf(text, sizeof(text), "=%s%" PRIx64 "\n", format == HEX ? "0x" : "", value);
	append(move, text, strlen(text));
}

static bool value_of(const struct move *move, size_t row, uint64_t *value)
{
	if (!kmd_runtime_get(move->runtime, run_time[row].key, value))
		return false;
	if (run_time[row].key == KMD_RUNTIME_VABITS_ACTUAL)
		*value = 64 - *value;
	return true;
}

/* True if the line is one of those; it was written anew, kept, or left out. */
static bool replace(struct move *move, const char *line, size_t length, size_t key_length)
{
	uint64_t value;

	for (size_t i = 0; i < N_RUN_TIME; i++) {
		if (strlen(run_time[i].name) != key_length ||
		    memcmp(run_time[i].name, line, key_length) != 0)
			continue;
		move->seen[i] = true;
		if (value_of(move, i, &value))
			append_number(move, line, key_length, run_time[i].format, value);
		else if (!move->other_boot || run_time[i].of_processor)
			append(move, line, length);
		return true;
	}
	return false;
}

static bool starts(const char *line, size_t length, const char *start)
{
	return length >= strlen(start) && !memcmp(line, start, strlen(start));
}

/* What another boot allocated, or drew at random, says nothing of this one. */
static bool is_of_its_boot(const struct move *move, const char *line, size_t length)
{
	uint64_t number;

	if (starts(line, length, "CRASHTIME="))
		return true;
	return starts(line, length, "NUMBER(VMALLOC_START)=") &&
	       kmd_vmcoreinfo_hex(move->from, "SYMBOL(init_top_pgt)", &number);
}

static void move_line(struct move *move, const char *line, size_t length)
{
	const char *equals = memchr(line, '=', length);
	size_t key_length = (size_t)(equals - line);
	uint64_t value;

	if (replace(move, line, length, key_length))
		return;
	if (!move->other_boot || !starts(line, length, "SYMBOL(") ||
	    !kmd_text_u64(equals + 1, length - key_length - 2, 16, &value)) {
		if (!move->other_boot || !is_of_its_boot(move, line, length))
			append(move, line, length);
		return;
	}
	if (value >= move->stext - IMAGE_BEFORE &&
	    value - move->stext + IMAGE_BEFORE < IMAGE_BEFORE + IMAGE_BEHIND)
		append_number(move, line, key_length, BARE_HEX, value + move->delta);
}

static void move_text(struct move *move)
{
	const char *line = move->from->text, *end = line + move->from->length, *stop;
	uint64_t value;

	for (; line < end; line = stop + 1) {
		stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop)
			break;
		move_line(move, line, (size_t)(stop - line) + 1);
	}
	for (size_t i = 0; i < N_RUN_TIME; i++)
		if (!move->seen[i] && value_of(move, i, &value))
			append_number(move, run_time[i].name, strlen(run_time[i].name),
				      run_time[i].format, value);
}

/* How the text's boot differs from this one; false if nobody knows. */
static bool compare(struct move *move)
{
	uint64_t kaslr, old = 0;
	bool has_old = kmd_vmcoreinfo_hex(move->from, "KERNELOFFSET", &old);

	if (!kmd_runtime_get(move->runtime, KMD_RUNTIME_KASLR, &kaslr) ||
	    !kmd_vmcoreinfo_hex(move->from, "SYMBOL(_stext)", &move->stext) ||
	    move->stext < IMAGE_BEFORE)
		return false;
	move->delta = kaslr - old;
	move->other_boot = !has_old || move->delta;
	for (size_t i = 0; i < N_RUN_TIME; i++) {
		uint64_t here, there;

		if (!run_time[i].of_processor && run_time[i].format != BARE_HEX &&
		    value_of(move, i, &here) &&
		    kmd_vmcoreinfo_number(move->from, run_time[i].name, &there))
			move->other_boot |= here != there;
	}
	return true;
}

static enum kmd_status move_to_boot(const char *path, const struct kmd_runtime *runtime,
				    struct kmd_diag *diag, struct kmd_vmcoreinfo *info)
{
	struct kmd_vmcoreinfo moved = { 0 };
	struct move move = { .runtime = runtime, .from = info, .to = &moved };

	if (!compare(&move))
		return kmd_report(diag, KMD_FIND_VMCOREINFO, KMD_NOTE, kmd_in(path),
				  "where KASLR put this boot's kernel is not known: VMCOREINFO is "
				  "taken as it stands");
	move_text(&move);
	if (move.no_memory) {
		free(moved.text);
		return kmd_fail_memory(diag);
	}
	free(info->text);
	info->text = moved.text;
	info->length = moved.length;
	return KMD_OK;
}

enum kmd_status kmd_vmcoreinfo_from_file(const char *path, const struct kmd_runtime *runtime,
					 struct kmd_diag *diag, struct kmd_vmcoreinfo *info)
{
	enum kmd_status status;
	char name[256];

	memset(info, 0, sizeof(*info));
	status = take_text(path, diag, info);
	if (status == KMD_OK && runtime)
		status = move_to_boot(path, runtime, diag, info);
	kmd_text_name(name, sizeof(name), path, strlen(path));
	if (status == KMD_OK && asprintf(&info->origin, "file \"%s\"", name) < 0) {
		info->origin = NULL;
		status = kmd_fail_memory(diag);
	}
	if (status != KMD_OK)
		kmd_vmcoreinfo_deinit(info);
	return status;
}
