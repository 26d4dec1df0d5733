/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "elf/files.h"
#include "elf/symbols.h"

#include "base/checked.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

/* The longest seen have some 250 bytes. */
#define BANNER_MAX 1024
/* Bytes to read if the symbol table has no size. */
#define BANNER_MIN 128

static enum kmd_status read_symbols(const struct kmd_elf_files *files, struct kmd_diag *diag,
				    struct kmd_vmlinux *vmlinux)
{
	const struct kmd_elf_file *file = kmd_elf_files_with(files, KMD_ELF_SYMBOLS);
	const char *name = files->items[0].source->name;
	enum kmd_status status;

	if (!file)
		return kmd_elf_file_unusable(diag, name,
					     "it has no symbol table (stripped?), and no separate "
					     "debug file of it was found");
	status = kmd_symbols_read(file, diag, vmlinux);
	if (status == KMD_OK && !vmlinux->n)
		return kmd_elf_file_unusable(diag, file->source->name,
					     "its symbol table is empty or damaged");
	return status;
}

static enum kmd_status read_content(struct kmd_elf_files *files, struct kmd_diag *diag)
{
	const struct kmd_elf_file *file = kmd_elf_files_with(files, KMD_ELF_CONTENT);

	return file ? kmd_content_init(file, diag, &files->content) : KMD_OK;
}

static enum kmd_status read_banner(struct kmd_diag *diag, struct kmd_vmlinux *vmlinux)
{
	const struct kmd_elf_symbol *symbol = kmd_vmlinux_find(vmlinux, "linux_banner");
	char text[BANNER_MAX + 1];
	size_t size, length;

	if (!symbol)
		return KMD_OK;
	size = symbol->size ? (size_t)kmd_min_u64(symbol->size, BANNER_MAX) : BANNER_MIN;
	if (!kmd_vmlinux_bytes(vmlinux, symbol->value, text, size))
		return KMD_OK;
	text[size] = '\0';
	length = strcspn(text, "\n");
	vmlinux->banner = strndup(text, length);
	return vmlinux->banner ? KMD_OK : kmd_fail_memory(diag);
}

static enum kmd_status open_vmlinux(const char *path, const struct kmd_vmlinux_options *options,
				    struct kmd_diag *diag, struct kmd_vmlinux *vmlinux)
{
	struct kmd_elf_files *files = vmlinux->elf;
	enum kmd_status status = kmd_elf_files_open(path, options, diag, files);
	const struct kmd_elf_file *given = &files->items[0];

	if (status != KMD_OK)
		return status;
	vmlinux->machine = given->header.e_machine;
	vmlinux->position_independent = given->header.e_type == ET_DYN;
	vmlinux->entry = given->header.e_entry;
	vmlinux->elf_class = given->header.e_ident[EI_CLASS];
	vmlinux->big_endian = given->header.e_ident[EI_DATA] == ELFDATA2MSB;
	memcpy(vmlinux->build_id, given->build_id, sizeof(vmlinux->build_id));
	status = read_symbols(files, diag, vmlinux);
	if (status == KMD_OK)
		status = read_content(files, diag);
	if (status == KMD_OK)
		status = read_banner(diag, vmlinux);
	kmd_elf_files_drop_buffers(files);
	return status;
}

enum kmd_status kmd_vmlinux_open(const char *path, const struct kmd_vmlinux_options *options,
				 struct kmd_diag *diag, struct kmd_vmlinux *vmlinux)
{
	enum kmd_status status;

	memset(vmlinux, 0, sizeof(*vmlinux));
	vmlinux->elf = calloc(1, sizeof(*vmlinux->elf));
	status = vmlinux->elf ? open_vmlinux(path, options, diag, vmlinux) : kmd_fail_memory(diag);
	if (status != KMD_OK)
		kmd_vmlinux_deinit(vmlinux);
	return status;
}

void kmd_vmlinux_deinit(struct kmd_vmlinux *vmlinux)
{
	if (vmlinux->elf)
		kmd_elf_files_deinit(vmlinux->elf);
	free(vmlinux->elf);
	free(vmlinux->symbols);
	free(vmlinux->by_name);
	free(vmlinux->names);
	free(vmlinux->banner);
	memset(vmlinux, 0, sizeof(*vmlinux));
}

bool kmd_vmlinux_bytes(const struct kmd_vmlinux *vmlinux, uint64_t link, void *to, size_t size)
{
	const struct kmd_elf_file *file;

	if (!vmlinux->elf)
		return false;
	file = kmd_elf_files_with(vmlinux->elf, KMD_ELF_CONTENT);
	return file && kmd_content_read(&vmlinux->elf->content, file->source, link, to, size);
}

size_t kmd_vmlinux_first_at(const struct kmd_vmlinux *vmlinux, uint64_t value)
{
	return KMD_LOWER_BOUND(vmlinux->n, middle, vmlinux->symbols[middle].value < value);
}
