/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "arch/image_reader.h"

#include <string.h>

void kmd_image_reader_init(const struct kmd_memory *memory, const struct kmd_vmlinux *vmlinux,
			   const struct kmd_build *build, const struct kmd_runtime *runtime,
			   struct kmd_diag *diag, struct kmd_image_reader *reader)
{
	const struct kmd_runtime_value *kaslr = &runtime->values[KMD_RUNTIME_KASLR];
	const struct kmd_arch *arch = build->arch;

	memset(reader, 0, sizeof(*reader));
	reader->memory = memory;
	reader->vmlinux = vmlinux;
	reader->diag = diag;
	reader->has_kaslr = kaslr->known;
	reader->kaslr = kaslr->value;
	if (!arch || !arch->has_image_key || !kaslr->known ||
	    !runtime->values[arch->image_key].known)
		return;
	reader->has_image_delta = true;
	reader->image_delta =
		kmd_arch_image_delta(arch, runtime->values[arch->image_key].value) - kaslr->value;
}

bool kmd_image_reader_read(const struct kmd_image_reader *reader, uint64_t link, void *to,
			   size_t size)
{
	uint64_t missing;

	if (reader->has_image_delta && kmd_memory_read(reader->memory, link - reader->image_delta,
						       to, size, &missing, reader->diag) == KMD_OK)
		return true;
	return reader->has_kaslr && kmd_memory_read_virt(reader->memory, link + reader->kaslr, to,
							 size, &missing, reader->diag) == KMD_OK;
}

bool kmd_image_reader_variable(const struct kmd_image_reader *reader, const char *symbol,
			       size_t size, uint64_t *value)
{
	unsigned char bytes[8];
	uint64_t link;

	if (!reader->vmlinux || size > sizeof(bytes) ||
	    !kmd_vmlinux_symbol(reader->vmlinux, symbol, &link) ||
	    !kmd_image_reader_read(reader, link, bytes, size))
		return false;
	*value = kmd_get_le(bytes, size);
	return true;
}
