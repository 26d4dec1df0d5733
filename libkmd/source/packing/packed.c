/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/packing/packed.h"

#include "base/checked.h"
#include "base/text.h"
#include "source/packing/prefix.h"
#include "source/packing/rar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK     (256u * 1024)
#define ENCRYPTED "the archive is encrypted: unpack it with its password first"

static la_ssize_t read_block(struct archive *archive, void *user, const void **buffer)
{
	struct kmd_packed *packed = user;
	uint64_t take = kmd_min_u64(BLOCK, packed->end - packed->at);

	*buffer = packed->buffer;
	if (kmd_source_read(packed->source, packed->at, packed->buffer, take, packed->diag) !=
	    KMD_OK) {
		packed->read_failed = true;
		archive_set_error(archive, EIO, "read error");
		return ARCHIVE_FATAL;
	}
	packed->at += take;
	return (la_ssize_t)take;
}

static la_int64_t skip(struct archive *archive, void *user, la_int64_t request)
{
	struct kmd_packed *packed = user;
	uint64_t left = packed->end - packed->at;

	(void)archive;
	if (request < 0)
		return 0;
	left = kmd_min_u64(left, (uint64_t)request);
	packed->at += left;
	return (la_int64_t)left;
}

static la_int64_t seek(struct archive *archive, void *user, la_int64_t offset, int whence)
{
	struct kmd_packed *packed = user;
	int64_t size = (int64_t)(packed->end - packed->start), base = 0;

	if (whence == SEEK_CUR)
		base = (int64_t)(packed->at - packed->start);
	else if (whence == SEEK_END)
		base = size;
	if (__builtin_add_overflow(base, offset, &base) || base < 0 || base > size) {
		archive_set_error(archive, EINVAL, "an offset is outside the file");
		return ARCHIVE_FATAL;
	}
	packed->at = packed->start + (uint64_t)base;
	return base;
}

typedef int (*support)(struct archive *);

/*
 * Only the one by whose mark the source begins: libarchive would also unpack what is inside,
 * without a limit, and then not see where the outer one ends.  A filter that libarchive was built
 * without would run a program, which is left out.
 */
static const struct {
	const char *mark;
	support filter;
} filters[] = {
	{ "\3757zXZ", archive_read_support_filter_xz },
	{ "BZh", archive_read_support_filter_bzip2 },
	{ "LZIP", archive_read_support_filter_lzip },
	{ "\x1f\x9d", archive_read_support_filter_compress },
	{ "\x04\x22\x4d\x18", archive_read_support_filter_lz4 },
	{ "\x02\x21\x4c\x18", archive_read_support_filter_lz4 },
	{ "", archive_read_support_filter_lzma },
};

static const support archives[] = {
	archive_read_support_format_tar,  archive_read_support_format_7zip,
	archive_read_support_format_rar,  archive_read_support_format_rar5,
	archive_read_support_format_cpio, archive_read_support_format_iso9660,
	archive_read_support_format_ar,   archive_read_support_format_cab,
	archive_read_support_format_lha,  NULL,
};

/* libarchive takes any file with a zip archive at its end for one: also an archive that holds it.
 */
static const support zip[] = { archive_read_support_format_zip, NULL };

/* libarchive crashes where it is asked before it knows the format. */
static bool is_encrypted(const struct kmd_packed *packed)
{
	return archive_format(packed->archive) &&
	       archive_read_has_encrypted_entries(packed->archive) > 0;
}

/* The error of libarchive, with its reason. */
static enum kmd_status fail(struct kmd_packed *packed)
{
	const char *why = archive_error_string(packed->archive);
	char text[256];

	if (packed->read_failed)
		return packed->diag->status;
	if (archive_errno(packed->archive) == ENOMEM)
		return kmd_fail_memory(packed->diag);
	if (!why)
		why = "the archive is damaged";
	if (is_encrypted(packed) || strcasestr(why, "encrypt"))
		return kmd_fail(packed->diag, KMD_ERR_UNSUPPORTED, kmd_in(packed->source->name),
				"%s", ENCRYPTED);
	kmd_text_name(text, sizeof(text), why, strlen(why));
	/* Windows packs files of 2 GiB and more with Deflate64, which unzip and 7z read. */
	if (strcasestr(why, "unsupported") || strcasestr(why, "unknown codec"))
		return kmd_fail(packed->diag, KMD_ERR_DAMAGED, kmd_in(packed->source->name),
				"cannot be unpacked: %s: unpack it first (7z x)", text);
	return kmd_fail(packed->diag, KMD_ERR_DAMAGED, kmd_in(packed->source->name),
			"cannot be unpacked: %s", text);
}

static enum kmd_status open_forms(struct kmd_packed *packed, const struct kmd_source *source,
				  const struct kmd_input_options *options, struct kmd_diag *diag,
				  const support *forms, uint64_t end)
{
	*packed = (struct kmd_packed){
		.source = source, .options = options, .diag = diag, .end = end
	};
	packed->start = packed->at = kmd_min_u64(kmd_prefix_length(source, diag), end);
	packed->archive = archive_read_new();
	packed->buffer = malloc(BLOCK);
	if (!packed->archive || !packed->buffer)
		return kmd_fail_memory(diag);
	for (; *forms; forms++)
		(*forms)(packed->archive);
	archive_read_set_read_callback(packed->archive, read_block);
	archive_read_set_skip_callback(packed->archive, skip);
	archive_read_set_seek_callback(packed->archive, seek);
	archive_read_set_callback_data(packed->archive, packed);
	return archive_read_open1(packed->archive) == ARCHIVE_OK ? KMD_OK : fail(packed);
}

enum kmd_status kmd_packed_open(struct kmd_packed *packed, const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag)
{
	char mark[2] = { 0 };
	uint64_t at = 0;
	bool is_zip = source->size > sizeof(mark) &&
		      kmd_source_read(source, 0, mark, sizeof(mark), diag) == KMD_OK &&
		      (!memcmp(mark, "PK", sizeof(mark)) ||
		       (kmd_prefix_is_program(source, diag, &at) && !at));

	return open_forms(packed, source, options, diag, is_zip ? zip : archives, source->size);
}

static support filter_of(const struct kmd_source *source, struct kmd_diag *diag)
{
	char bytes[8] = { 0 };
	uint64_t at = kmd_prefix_length(source, diag);
	size_t i = 0;

	if (at < source->size)
		kmd_source_read(source, at, bytes, kmd_min_u64(sizeof(bytes), source->size - at),
				diag);
	while (strncmp(bytes, filters[i].mark, strlen(filters[i].mark)) != 0)
		i++;
	return filters[i].filter;
}

enum kmd_status kmd_packed_open_filter(struct kmd_packed *packed, const struct kmd_source *source,
				       const struct kmd_input_options *options,
				       struct kmd_diag *diag, uint64_t end)
{
	const support forms[] = { filter_of(source, diag), archive_read_support_format_raw, NULL };

	return open_forms(packed, source, options, diag, forms, end);
}

uint64_t kmd_packed_position(const struct kmd_packed *packed)
{
	la_int64_t read = packed->archive ? archive_filter_bytes(packed->archive, -1) : 0;

	/* Packed twice alike: the inner one ends before the outer. */
	if (packed->archive && archive_filter_count(packed->archive) > 2)
		return packed->end;
	return packed->start +
	       kmd_min_u64(packed->end - packed->start, read > 0 ? (uint64_t)read : 0);
}

void kmd_packed_close(struct kmd_packed *packed)
{
	archive_read_free(packed->archive);
	free(packed->buffer);
}

enum kmd_status kmd_packed_next(struct kmd_packed *packed, struct archive_entry **entry)
{
	int got = archive_read_next_header(packed->archive, entry);

	if (got >= ARCHIVE_WARN && got != ARCHIVE_EOF)
		return KMD_OK;
	*entry = NULL;
	return got == ARCHIVE_EOF ? KMD_OK : fail(packed);
}

enum kmd_status kmd_packed_stop(struct kmd_packed *packed, const char *name, uint64_t size)
{
	enum kmd_status status = fail(packed);
	char sentence[KMD_SENTENCE_MAX];

	if (status != KMD_ERR_DAMAGED || !size)
		return status;
	snprintf(sentence, sizeof(sentence), "%s",
		 archive_error_string(packed->archive) ? archive_error_string(packed->archive)
						       : "damaged");
	packed->diag->status = KMD_OK;
	return kmd_report(packed->diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, kmd_in(name),
			  "the packed data is damaged or truncated (%s): only the first %" PRIu64
			  " unpacked bytes are used",
			  sentence, size);
}

/* A wrong checksum, at the end of a file. */
static enum kmd_status report_warning(const struct kmd_sink *sink, struct archive *archive)
{
	const char *why = archive_error_string(archive);

	return kmd_report(sink->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, kmd_in(sink->name),
			  "what was unpacked may be damaged: %s", why ? why : "wrong checksum");
}

static enum kmd_status copy_block(struct kmd_packed *packed, struct kmd_sink *sink, bool *end)
{
	enum kmd_status status;
	const void *bytes;
	int64_t offset;
	size_t size;
	struct archive *archive = packed->archive;
	int got = archive_read_data_block(archive, &bytes, &size, &offset);

	*end = got == ARCHIVE_EOF || got < ARCHIVE_WARN;
	if (got == ARCHIVE_EOF)
		return offset > 0 ? kmd_sink_skip_to(sink, (uint64_t)offset) : KMD_OK;
	if (got < ARCHIVE_WARN)
		return KMD_ERR_DAMAGED;
	if (got == ARCHIVE_RETRY)
		return KMD_OK;
	status = got == ARCHIVE_WARN ? report_warning(sink, archive) : KMD_OK;
	if (status != KMD_OK || !size)
		return status;
	if (offset < 0 || (uint64_t)offset < sink->target->size)
		return KMD_ERR_DAMAGED;
	status = kmd_sink_skip_to(sink, (uint64_t)offset);
	if (status == KMD_OK)
		status = kmd_sink_put(sink, bytes, size);
	if (status == KMD_OK)
		status = kmd_sink_progress(sink, packed->at, packed->source->size);
	return status;
}

enum kmd_status kmd_packed_check(const struct kmd_packed *packed)
{
	int format = archive_format(packed->archive);
	struct kmd_rar rar;

	if (format == ARCHIVE_FORMAT_RAR_V5)
		kmd_rar5_look(packed->source, packed->start, packed->diag, &rar);
	else if (format == ARCHIVE_FORMAT_RAR)
		kmd_rar4_look(packed->source, packed->start, packed->diag, &rar);
	else
		return KMD_OK;
	if (rar.encrypted)
		return kmd_fail(packed->diag, KMD_ERR_UNSUPPORTED, kmd_in(packed->source->name),
				"%s", ENCRYPTED);
	if (rar.volume)
		return kmd_fail(packed->diag, KMD_ERR_UNSUPPORTED, kmd_in(packed->source->name),
				"one of several volumes of a RAR archive: unpack the first of them "
				"(unrar x)");
	return KMD_OK;
}

enum kmd_status kmd_packed_read(struct kmd_packed *packed, struct kmd_sink *sink)
{
	enum kmd_status status = KMD_OK;
	bool end = false;

	while (status == KMD_OK && !end)
		status = copy_block(packed, sink, &end);
	return status;
}

enum kmd_status kmd_packed_copy(struct kmd_packed *packed, const char *name,
				struct kmd_unpack_target *target)
{
	struct kmd_sink sink = { target, packed->options, name, packed->diag, 0 };
	enum kmd_status status = kmd_packed_read(packed, &sink);

	if (status == KMD_ERR_DAMAGED)
		status = kmd_packed_stop(packed, name, target->size);
	return status == KMD_OK ? kmd_sink_end(&sink) : status;
}

/* ----- a file that is stored as it is */

#define TAR_BLOCK   512
#define TAR_SIZE    124 /* char[12]: octal, or binary behind a byte 0x80 */
#define TAR_MODE    100 /* char[8], octal */
#define TAR_OWNER   108 /* the same */
#define TAR_GROUP   116
#define TAR_TIME    136 /* char[12], octal */
#define TAR_SUM     148 /* char[8], octal */
#define TAR_TYPE    156
#define TAR_MAGIC   257
#define TAR_NUMBERS 12

static bool tar_octal(const unsigned char *text, size_t length, uint64_t *value)
{
	size_t digits = 0;

	*value = 0;
	while (length && *text == ' ')
		text++, length--;
	for (; digits < length && text[digits] >= '0' && text[digits] <= '7'; digits++)
		*value = *value << 3 | (uint64_t)(text[digits] - '0');
	return digits && (digits == length || !text[digits] || text[digits] == ' ');
}

static bool tar_size(const unsigned char *header, uint64_t *size)
{
	const unsigned char *field = header + TAR_SIZE;

	if (field[0] != 0x80)
		return tar_octal(field, TAR_NUMBERS, size);
	*size = 0;
	for (size_t i = 4; i < TAR_NUMBERS; i++)
		*size = *size << 8 | field[i];
	return !field[1] && !field[2] && !field[3] && !(*size >> 63);
}

static bool tar_sum_fits(const unsigned char *header)
{
	uint64_t sum = 0, recorded;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= TAR_SUM && i < TAR_SUM + 8 ? ' ' : header[i];
	return tar_octal(header + TAR_SUM, 8, &recorded) && recorded == sum;
}

/* Mode, owner, group and time of change. */
static bool has_tar_numbers(const unsigned char *header)
{
	uint64_t value;

	return tar_octal(header + TAR_MODE, 8, &value) &&
	       tar_octal(header + TAR_OWNER, 8, &value) &&
	       tar_octal(header + TAR_GROUP, 8, &value) &&
	       tar_octal(header + TAR_TIME, TAR_NUMBERS, &value);
}

bool kmd_packed_is_old_tar(const struct kmd_source *source, struct kmd_diag *diag)
{
	unsigned char header[TAR_BLOCK];
	uint64_t size;

	return source->size >= TAR_BLOCK &&
	       kmd_source_read(source, 0, header, sizeof(header), diag) == KMD_OK && *header &&
	       tar_sum_fits(header) && tar_size(header, &size) &&
	       (source->size % TAR_BLOCK == 0 || has_tar_numbers(header));
}

bool kmd_packed_is_plain(struct kmd_packed *packed, struct archive_entry *entry, uint64_t *offset,
			 uint64_t *size)
{
	int format = archive_format(packed->archive) & ARCHIVE_FORMAT_BASE_MASK;
	la_int64_t at = archive_filter_bytes(packed->archive, 0);
	unsigned char header[TAR_BLOCK];

	if (format != ARCHIVE_FORMAT_TAR || archive_filter_count(packed->archive) != 1 ||
	    at < TAR_BLOCK || archive_entry_sparse_count(entry) ||
	    !archive_entry_size_is_set(entry))
		return false;
	*offset = (uint64_t)at;
	if (kmd_source_read(packed->source, *offset - TAR_BLOCK, header, sizeof(header),
			    packed->diag) != KMD_OK)
		return false;
	return !memcmp(header + TAR_MAGIC, "ustar", 5) && tar_sum_fits(header) &&
	       (header[TAR_TYPE] == '0' || !header[TAR_TYPE]) && tar_size(header, size) && *size &&
	       *size == (uint64_t)archive_entry_size(entry) &&
	       kmd_inside(*offset, *size, packed->source->size);
}
