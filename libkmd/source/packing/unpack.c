/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* unpack.c - how a source is packed, and single compressed files. */
#include "source/packing/unpack.h"

#include "base/checked.h"
#include "base/text.h"
#include "source/packing/android_sparse.h"
#include "source/packing/avml.h"
#include "source/packing/filter.h"
#include "source/packing/flattened.h"
#include "source/packing/kdump.h"
#include "source/disk.h"
#include "source/packing/gzip.h"
#include "source/packing/zstd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const suffixes[] = { ".zst", ".zstd", ".gz", ".xz", ".bz2",
					".lz4", ".lzma", ".lz", ".Z" };

enum kmd_packing kmd_unpack_kind(const struct kmd_source *source, struct kmd_diag *diag)
{
	enum kmd_packing kind = kmd_packing_of(source, diag);

	if (kind == KMD_PACKING_NONE && kmd_disk_is(source, diag))
		return KMD_PACKING_DISK;
	return kind;
}

size_t kmd_unpack_name_length(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (length > strlen(suffixes[i]) &&
		    kmd_text_has_suffix(name + (length - strlen(suffixes[i])), suffixes[i]))
			return length - strlen(suffixes[i]);
	return length;
}

enum kmd_status kmd_unpack_name(struct kmd_source *unpacked, const struct kmd_source *packed,
				struct kmd_diag *diag)
{
	char *name;

	if (asprintf(&name, "%s (unpacked)", packed->name) < 0)
		return kmd_fail_memory(diag);
	free(unpacked->name);
	unpacked->name = name;
	return KMD_OK;
}

/* Each chunk of a split image leaves out the blocks of the others. */
static enum kmd_status unpack_sparse(const struct kmd_source *packed,
				     const struct kmd_input_options *options, struct kmd_diag *diag,
				     struct kmd_unpack_target *target)
{
	enum kmd_status status = KMD_OK;
	uint64_t size = 0;

	if (packed->n_pieces < 2)
		return kmd_android_sparse_unpack(packed, options, diag, target);
	for (size_t i = 0; status == KMD_OK && i < packed->n_pieces; i++) {
		status = kmd_android_sparse_unpack(packed->pieces[i].source, options, diag, target);
		size = kmd_max_u64(size, target->size);
	}
	target->size = size;
	return status;
}

static enum kmd_status (*const unpackers[])(const struct kmd_source *source,
					    const struct kmd_input_options *options,
					    struct kmd_diag *diag,
					    struct kmd_unpack_target *target) = {
	[KMD_PACKING_ZSTD] = kmd_zstd_unpack,           [KMD_PACKING_SPARSE] = unpack_sparse,
	[KMD_PACKING_FLATTENED] = kmd_flattened_unpack, [KMD_PACKING_AVML] = kmd_avml_unpack,
	[KMD_PACKING_KDUMP] = kmd_kdump_unpack,         [KMD_PACKING_GZIP] = kmd_gzip_unpack,
	[KMD_PACKING_FILTER] = kmd_filter_unpack,       [KMD_PACKING_ZLIB] = kmd_zlib_unpack,
};

enum kmd_status kmd_unpack_filter(struct kmd_diag *diag, const struct kmd_input_options *options,
				  struct kmd_scratch *scratch, struct kmd_source **source)
{
	struct kmd_source *packed = *source, *unpacked;
	enum kmd_packing kind = kmd_unpack_kind(packed, diag);
	struct kmd_unpack_target target;
	enum kmd_status status = kmd_scratch_begin(scratch, packed->name, diag, &target);

	if (status != KMD_OK)
		return status;
	status = unpackers[kind](packed, options, diag, &target);
	if (status == KMD_OK)
		status = kmd_scratch_end(scratch, packed->name, diag, &target, &unpacked);
	if (status != KMD_OK)
		return status;
	*source = unpacked;
	status = kmd_unpack_name(unpacked, packed, diag);
	kmd_source_free(packed);
	return status;
}
