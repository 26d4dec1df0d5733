/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "linux/boot/space.h"

#include <elf.h>
#include <string.h>

void kmd_space_of_boot(const struct kmd_memory *memory, const struct kmd_vmlinux *vmlinux,
		       const struct kmd_build *build, const struct kmd_boot *boot,
		       struct kmd_diag *diag, struct kmd_space *space)
{
	const struct kmd_boot_value *kaslr = &boot->values[KMD_BOOT_KASLR];
	const struct kmd_boot_value *base = &boot->values[KMD_BOOT_PHYS_BASE];
	const struct kmd_boot_value *voffset = &boot->values[KMD_BOOT_KIMAGE_VOFFSET];

	memset(space, 0, sizeof(*space));
	space->memory = memory;
	space->vmlinux = vmlinux;
	space->diag = diag;
	space->has_kaslr = kaslr->known;
	space->kaslr = kaslr->value;
	if (build->machine == EM_X86_64 && kaslr->known && base->known) {
		space->has_place = true;
		space->place = KMD_X86_KERNEL_MAP - base->value - kaslr->value;
	} else if (build->machine == EM_AARCH64 && kaslr->known && voffset->known) {
		space->has_place = true;
		space->place = voffset->value - kaslr->value;
	}
}

bool kmd_space_read(const struct kmd_space *space, uint64_t link, void *to, size_t size)
{
	uint64_t missing;

	if (space->has_place && kmd_memory_read(space->memory, link - space->place, to, size,
						&missing, space->diag) == KMD_OK)
		return true;
	return space->has_kaslr && kmd_memory_read_virt(space->memory, link + space->kaslr, to,
							size, &missing, space->diag) == KMD_OK;
}

uint64_t kmd_space_number(const unsigned char *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

bool kmd_space_variable(const struct kmd_space *space, const char *symbol, size_t size,
			uint64_t *value)
{
	unsigned char bytes[8];
	uint64_t link;

	if (!space->vmlinux || size > sizeof(bytes) ||
	    !kmd_vmlinux_symbol(space->vmlinux, symbol, &link) ||
	    !kmd_space_read(space, link, bytes, size))
		return false;
	*value = kmd_space_number(bytes, size);
	return true;
}
