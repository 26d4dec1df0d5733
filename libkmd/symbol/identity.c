/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which build a module is of, and what it taints the kernel with.
 *
 * Sources: include/linux/module.h, kernel/panic.c (taint_flags), include/linux/buildid.h.
 */
#include "symbol/modules.h"

#include "base/bytes.h"
#include "base/checked.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a module's memory to search: the largest have some megabytes. */
#define SEARCH_MAX (UINT64_C(16) << 20)
/* namesz, descsz, type, "GNU" */
#define NOTE_HEAD  16

/* By bit; those of a kernel that is newer than this list make the taint unknown. */
static const char letters[] = "PFSRMBUDAWCIOELKXTNJ";

static void read_taint(const struct kmd_target *target, struct kmd_module_entry *module)
{
	uint64_t bits;
	size_t n = 0;

	if (!kmd_target_member(target, module->pub.address, KMD_T_MODULE_TAINTS, KMD_LONG, &bits) ||
	    bits >> (sizeof(letters) - 1))
		return;
	for (size_t i = 0; i < sizeof(letters) - 1; i++)
		if (bits >> i & 1)
			module->taint[n++] = letters[i];
	module->has_taint = true;
}

static bool is_zero(const unsigned char *id)
{
	for (size_t i = 0; i < KMD_MODULE_BUILD_ID; i++)
		if (id[i])
			return false;
	return true;
}

/* The kernel's own copy. */
static bool read_member(const struct kmd_target *target, const struct kmd_module_entry *module,
			unsigned char *id)
{
	uint64_t at;

	return kmd_target_type(target, KMD_T_MODULE_BUILD_ID, &at) &&
	       kmd_target_read(target, KMD_XLATE_ANY, module->pub.address + at, id,
			       KMD_MODULE_BUILD_ID) &&
	       !is_zero(id);
}

static bool is_note(const unsigned char *at)
{
	return kmd_get_le(at, 4) == 4 && kmd_get_le(at + 4, 4) == KMD_MODULE_BUILD_ID &&
	       kmd_get_le(at + 8, 4) == NT_GNU_BUILD_ID && !memcmp(at + 12, "GNU", 4);
}

/* Notes with a build-id in @bytes; the last one is kept. */
static size_t count_notes(const unsigned char *bytes, uint64_t size, unsigned char *id)
{
	size_t n = 0;

	for (uint64_t at = 0; at + NOTE_HEAD + KMD_MODULE_BUILD_ID <= size; at += 4)
		if (is_note(bytes + at)) {
			memcpy(id, bytes + at + NOTE_HEAD, KMD_MODULE_BUILD_ID);
			n++;
		}
	return n;
}

/* All of a range, whose pages need not be adjacent; false = some of it was not captured. */
static bool read_range(const struct kmd_target *target, uint64_t start, unsigned char *bytes,
		       uint64_t size)
{
	uint64_t have;

	for (uint64_t at = 0; at < size; at += have) {
		have = kmd_target_available(target, KMD_XLATE_ANY, start + at, size - at);
		if (!have || !kmd_target_read(target, KMD_XLATE_ANY, start + at, bytes + at, have))
			return false;
	}
	return true;
}

/*
 * The note in the module's memory, if there is one only.  What was not captured may have another
 * one.
 */
static bool find_note(const struct kmd_target *target, const struct kmd_module_entry *module,
		      uint64_t *budget, unsigned char *id)
{
	size_t n = 0;

	for (size_t i = 0; i < module->n_lasting; i++) {
		uint64_t size = kmd_min_u64(module->ranges[i].size, SEARCH_MAX);
		unsigned char *bytes = size <= *budget ? malloc((size_t)size + 1) : NULL;
		bool whole = bytes && read_range(target, module->ranges[i].start, bytes, size);

		if (whole) {
			*budget -= size;
			n += count_notes(bytes, size, id);
		}
		free(bytes);
		if (!whole)
			return false;
	}
	return n == 1;
}

void kmd_module_identify(const struct kmd_target *target, uint64_t *budget,
			 struct kmd_module_entry *module)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char id[KMD_MODULE_BUILD_ID];

	read_taint(target, module);
	if (!read_member(target, module, id) && !find_note(target, module, budget, id))
		return;
	for (size_t i = 0; i < KMD_MODULE_BUILD_ID; i++) {
		module->build_id[2 * i] = digits[id[i] >> 4];
		module->build_id[2 * i + 1] = digits[id[i] & 15];
	}
}
