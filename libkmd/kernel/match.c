/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "kernel/match.h"

#include "base/checked.h"
#include "kernel/banner.h"
#include "memory/scan.h"
#include "arch/image_reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define BANNER_START "Linux version "
#define ID_BYTES_MAX 64
/* The text has 30 bytes and more; how many are read where the symbol has no size. */
#define VERMAGIC_MIN 64
#define VERMAGIC_MAX 256

enum match { UNKNOWN, SAME, OTHER };

/*
 * CONFIG_RANDSTRUCT orders members of structures by a seed, of which modules must have the
 * same: the kernel's own vermagic has a hash of it.
 */
static bool has_random_layouts(const struct kmd_vmlinux *vmlinux)
{
	const struct kmd_elf_symbol *symbol = kmd_vmlinux_find(vmlinux, "vermagic");
	char text[VERMAGIC_MAX + 1] = "";
	size_t size;

	if (!symbol)
		return false;
	size = symbol->size ? (size_t)kmd_min_u64(symbol->size, VERMAGIC_MAX) : VERMAGIC_MIN;
	return kmd_vmlinux_bytes(vmlinux, symbol->value, text, size) &&
	       strstr(text, " RANDSTRUCT_");
}

/* What else is wrong if this is the vmlinux of another build. */
static const char *if_other(const struct kmd_vmlinux *vmlinux)
{
	if (!has_random_layouts(vmlinux))
		return "";
	return " (it has RANDSTRUCT: structures of another build have another layout)";
}

static enum kmd_status refuse(const struct kmd_vmlinux *vmlinux, const char *path, const char *what,
			      bool accept, struct kmd_diag *diag)
{
	if (accept)
		return kmd_report(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(path),
				  "not the dumped kernel's vmlinux: %s%s", what, if_other(vmlinux));
	return kmd_fail(diag, KMD_ERR_MISMATCH, kmd_in(path),
			"not the dumped kernel's vmlinux: %s; use --accept=vmlinux to use it",
			what);
}

/* A stable kernel's number: 6.6.57 -> 6, 6, 57. */
static bool stable_between(const char *release, unsigned int major, unsigned int minor,
			   unsigned int low, unsigned int high)
{
	unsigned int a, b, c;

	return sscanf(release, "%u.%u.%u", &a, &b, &c) == 3 && a == major && b == minor &&
	       c >= low && c <= high;
}

/*
 * Kernels that wrote other bytes than their build-id into VMCOREINFO: a backport used
 * what it was not given yet (drgn keeps the same list).
 */
static bool writes_garbage(const struct kmd_vmcoreinfo *info)
{
	const char *value;
	char release[32];
	size_t length;

	if (!kmd_vmcoreinfo_get(info, "OSRELEASE", &value, &length))
		return false;
	snprintf(release, sizeof(release), "%.*s", length < 31 ? (int)length : 31, value);
	return stable_between(release, 6, 11, 3, 9) || stable_between(release, 6, 6, 55, 62) ||
	       stable_between(release, 6, 1, 113, 118) ||
	       stable_between(release, 5, 15, 168, 173) ||
	       stable_between(release, 5, 10, 227, 230) || stable_between(release, 5, 4, 285, 286);
}

static enum match by_build_id(const struct kmd_vmlinux *vmlinux, const struct kmd_vmcoreinfo *info)
{
	const char *build_id;
	size_t length;

	if (!info->text || !vmlinux->build_id[0] ||
	    !kmd_vmcoreinfo_get(info, "BUILD-ID", &build_id, &length))
		return UNKNOWN;
	if (length == strlen(vmlinux->build_id) && !memcmp(build_id, vmlinux->build_id, length))
		return SAME;
	return writes_garbage(info) ? UNKNOWN : OTHER;
}

/* The release of VMCOREINFO follows "Linux version " in the banner. */
static enum match by_release(const struct kmd_vmlinux *vmlinux, const struct kmd_vmcoreinfo *info)
{
	const size_t start = sizeof(BANNER_START) - 1;
	const char *release;
	size_t length;

	if (!info->text || !vmlinux->banner || strncmp(vmlinux->banner, BANNER_START, start) != 0 ||
	    !kmd_vmcoreinfo_get(info, "OSRELEASE", &release, &length))
		return UNKNOWN;
	if (strncmp(vmlinux->banner + start, release, length) != 0 ||
	    vmlinux->banner[start + length] != ' ')
		return OTHER;
	return UNKNOWN;
}

/* "Linux version 6.1.0 (builder) ...", not the format that has %s there. */
static bool is_banner(const struct kmd_hit *hit)
{
	return isdigit((unsigned char)hit->after[0]) && strstr(hit->after, " (") &&
	       !strchr(hit->after, '%');
}

static enum kmd_status by_banner(const struct kmd_vmlinux *vmlinux, const struct kmd_memory *memory,
				 struct kmd_diag *diag, enum match *match)
{
	const char *const needles[] = { vmlinux->banner, BANNER_START };
	uint64_t found[KMD_BANNERS_MAX];
	enum kmd_status status;
	struct kmd_hits hits;

	if (!memory || !vmlinux->banner || !*vmlinux->banner)
		return KMD_OK;
	if (kmd_banner_find(memory, vmlinux, diag, found)) {
		*match = SAME;
		return KMD_OK;
	}
	status = kmd_scan(memory, needles, 2, diag, &hits);
	for (size_t i = 0; status == KMD_OK && i < hits.n && *match != SAME; i++) {
		if (hits.items[i].needle == 0)
			*match = SAME;
		else if (is_banner(&hits.items[i]))
			*match = OTHER;
	}
	if (status == KMD_OK)
		kmd_hits_deinit(&hits);
	return status;
}

enum kmd_status kmd_match_vmlinux(const struct kmd_vmlinux *vmlinux, const char *path,
				  uint16_t machine, const struct kmd_vmcoreinfo *info,
				  const struct kmd_memory *memory, bool accept,
				  struct kmd_diag *diag)
{
	enum match match = by_build_id(vmlinux, info);
	enum kmd_status status = KMD_OK;

	if (machine && machine != vmlinux->machine)
		return refuse(vmlinux, path, "its machine differs", accept, diag);
	if (match == OTHER)
		return refuse(vmlinux, path, "its build-id differs", accept, diag);
	if (match == SAME)
		return KMD_OK;
	if (by_release(vmlinux, info) == OTHER)
		return refuse(vmlinux, path, "its release differs", accept, diag);
	status = by_banner(vmlinux, memory, diag, &match);
	if (status == KMD_OK && match == OTHER)
		return refuse(vmlinux, path, "its banner differs", accept, diag);
	if (status == KMD_OK && match == UNKNOWN && memory)
		status = kmd_report(
			diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(path),
			"cannot verify the vmlinux: the dump has neither a build-id nor a banner%s",
			if_other(vmlinux));
	return status;
}

/* The build-id of the notes that lie at the same place in memory and file. */
static enum match by_notes(const struct kmd_image_reader *reader)
{
	unsigned char captured[4096], file[sizeof(captured)];
	uint64_t start, stop;
	size_t size;

	if (!kmd_vmlinux_symbol(reader->vmlinux, "__start_notes", &start) ||
	    !kmd_vmlinux_symbol(reader->vmlinux, "__stop_notes", &stop) || stop <= start ||
	    stop - start > sizeof(captured))
		return UNKNOWN;
	size = (size_t)(stop - start);
	if (!kmd_vmlinux_bytes(reader->vmlinux, start, file, size) ||
	    !kmd_image_reader_read(reader, start, captured, size))
		return UNKNOWN;
	return memcmp(file, captured, size) ? OTHER : SAME;
}

/* Since 5.14 the kernel keeps its build-id in a variable as well. */
static enum match by_variable(const struct kmd_image_reader *reader)
{
	unsigned char captured[ID_BYTES_MAX];
	char text[2 * ID_BYTES_MAX + 1];
	uint64_t link;
	size_t size = strlen(reader->vmlinux->build_id) / 2;

	if (!size || size > sizeof(captured) ||
	    !kmd_vmlinux_symbol(reader->vmlinux, "vmlinux_build_id", &link) ||
	    !kmd_image_reader_read(reader, link, captured, size))
		return UNKNOWN;
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", captured[i]);
	return strcmp(text, reader->vmlinux->build_id) ? OTHER : SAME;
}

enum kmd_status kmd_match_content(const struct kmd_vmlinux *vmlinux, const char *path,
				  const struct kmd_vmcoreinfo *info,
				  const struct kmd_memory *memory,
				  const struct kmd_runtime *runtime, bool accept,
				  struct kmd_diag *diag)
{
	enum match notes, variable;
	struct kmd_image_reader reader;
	struct kmd_build build;

	kmd_build_read(vmlinux, &build);
	kmd_image_reader_init(memory, vmlinux, &build, runtime, diag, &reader);
	notes = by_notes(&reader);
	variable = by_variable(&reader);
	if (notes == OTHER || variable == OTHER)
		return refuse(vmlinux, path, "the build-id in its captured image differs", accept,
			      diag);
	if (notes == SAME || variable == SAME || by_build_id(vmlinux, info) == SAME)
		return KMD_OK;
	return kmd_report(diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(path),
			  "no build-id was captured: this may be the vmlinux of another build of "
			  "the same version%s",
			  if_other(vmlinux));
}
