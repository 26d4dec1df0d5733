/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "vmcore/notes.h"

#include "base/checked.h"

#include <elf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "VMCOREINFO";

enum kmd_status kmd_notes_build(const struct kmd_vmcoreinfo *info, bool big_endian,
				struct kmd_diag *diag, struct kmd_plan *plan)
{
	Elf32_Nhdr header = { sizeof(name), (Elf32_Word)info->length, 0 };
	size_t name_size = (size_t)kmd_align_up(sizeof(name), 4);
	size_t desc_size = (size_t)kmd_align_up(info->length, 4);
	Elf_Data in = { .d_buf = &header, .d_type = ELF_T_NHDR, .d_version = EV_CURRENT,
			.d_size = sizeof(header) };
	Elf_Data out = in;

	if (!info->text)
		return KMD_OK;
	plan->notes_size = sizeof(header) + name_size + desc_size;
	plan->notes = calloc(1, (size_t)plan->notes_size);
	if (!plan->notes)
		return kmd_fail_memory(diag);
	elf_version(EV_CURRENT);
	out.d_buf = plan->notes;
	if (!elf32_xlatetof(&out, &in, big_endian ? ELFDATA2MSB : ELFDATA2LSB))
		return kmd_fail(diag, KMD_ERR_MEMORY, kmd_in(NULL), "libelf: %s", elf_errmsg(-1));
	memcpy(plan->notes + sizeof(header), name, sizeof(name));
	memcpy(plan->notes + sizeof(header) + name_size, info->text, info->length);
	return KMD_OK;
}
