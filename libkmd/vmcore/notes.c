/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "vmcore/notes.h"

#include "base/checked.h"

#include <elf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "VMCOREINFO";

static size_t vmcoreinfo_size(const struct kmd_vmcoreinfo *info)
{
	if (!info->text)
		return 0;
	return sizeof(Elf32_Nhdr) + (size_t)kmd_align_up(sizeof(name), 4) +
	       (size_t)kmd_align_up(info->length, 4);
}

static bool put_vmcoreinfo(const struct kmd_vmcoreinfo *info, bool big_endian, unsigned char *to)
{
	Elf32_Nhdr header = { sizeof(name), (Elf32_Word)info->length, 0 };
	Elf_Data in = { .d_buf = &header,
			.d_type = ELF_T_NHDR,
			.d_version = EV_CURRENT,
			.d_size = sizeof(header) };
	Elf_Data out = in;

	elf_version(EV_CURRENT);
	out.d_buf = to;
	if (!elf32_xlatetof(&out, &in, big_endian ? ELFDATA2MSB : ELFDATA2LSB))
		return false;
	to += sizeof(header);
	memcpy(to, name, sizeof(name));
	memcpy(to + kmd_align_up(sizeof(name), 4), info->text, info->length);
	return true;
}

enum kmd_status kmd_notes_build(const struct kmd_core_notes *carried,
				const struct kmd_vmcoreinfo *info, bool big_endian,
				struct kmd_diag *diag, struct kmd_plan *plan)
{
	plan->notes_size = carried->size + vmcoreinfo_size(info);
	plan->notes = calloc(1, (size_t)plan->notes_size + 1);
	if (!plan->notes)
		return kmd_fail_memory(diag);
	if (carried->size)
		memcpy(plan->notes, carried->bytes, carried->size);
	if (info->text && !put_vmcoreinfo(info, big_endian, plan->notes + carried->size))
		return kmd_fail(diag, KMD_ERR_MEMORY, kmd_in(NULL), "libelf: %s", elf_errmsg(-1));
	return KMD_OK;
}
