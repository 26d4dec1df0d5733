/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "vmcore/notes.h"

#include "base/note.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Count, unit of the offset, and of the one file: start, end, offset. */
#define FILE_WORDS 5

/*
 * A regular file wherever there is Linux, as gdb asks for one; it is not read, as the
 * offset lies past its end.
 */
static const char no_file[] = "/proc/version";
#define NO_FILE_OFFSET (1 << 20)

/*
 * gdb (core_target::xfer_partial() of corelow.c, since 10) asks the files of NT_FILE, if
 * there are any, for what a core lacks, else the vmlinux, whose initial values would pass
 * for the kernel's.  So one byte is mapped, of the page where error pointers lie, at which
 * no Linux has memory.  Layout: fill_files_note() of Linux fs/binfmt_elf.c, in longs.
 */
static bool put_no_files(bool big_endian, size_t width, unsigned char **bytes, size_t *size)
{
	uint64_t start = UINT64_MAX - 4095;
	const uint64_t words[FILE_WORDS] = { 1, 1, start, start + 1, NO_FILE_OFFSET };
	size_t desc_size = FILE_WORDS * width + sizeof(no_file);
	unsigned char *desc =
		kmd_note_append(bytes, size, "CORE", NT_FILE, (uint32_t)desc_size, big_endian);

	if (!desc)
		return false;
	for (size_t i = 0; i < FILE_WORDS; i++)
		kmd_put(desc + i * width, width, words[i], big_endian);
	memcpy(desc + FILE_WORDS * width, no_file, sizeof(no_file));
	return true;
}

static bool put_vmcoreinfo(const struct kmd_vmcoreinfo *info, bool big_endian,
			   unsigned char **bytes, size_t *size)
{
	unsigned char *desc =
		kmd_note_append(bytes, size, "VMCOREINFO", 0, (uint32_t)info->length, big_endian);

	if (desc)
		memcpy(desc, info->text, info->length);
	return desc;
}

enum kmd_status kmd_notes_build(const struct kmd_core_notes *carried,
				const struct kmd_vmcoreinfo *info, struct kmd_diag *diag,
				struct kmd_plan *plan)
{
	/* The kernel's long: a core may become ELF64 later, for the sake of its addresses. */
	size_t width = plan->elf_class == ELFCLASS32 ? 4 : 8;

	plan->notes = malloc(carried->size + 1);
	if (!plan->notes)
		return kmd_fail_memory(diag);
	if (carried->size)
		memcpy(plan->notes, carried->bytes, carried->size);
	plan->notes_size = carried->size;
	if (!put_no_files(plan->big_endian, width, &plan->notes, &plan->notes_size) ||
	    (info->text &&
	     !put_vmcoreinfo(info, plan->big_endian, &plan->notes, &plan->notes_size)))
		return kmd_fail_memory(diag);
	return KMD_OK;
}
