/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "elf/symbols.h"

#include "base/array.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

/* Twice what kallsyms takes.  It also bounds what one comparison of names may cost. */
#define NAME_MAX_LENGTH 1024

static bool is_wanted(const GElf_Sym *symbol, const char *name)
{
	unsigned int type = GELF_ST_TYPE(symbol->st_info);

	/* $x and $d only mark code and data. */
	return symbol->st_shndx != SHN_UNDEF && type != STT_FILE && type != STT_SECTION &&
	       name[0] && name[0] != '$' && strnlen(name, NAME_MAX_LENGTH) < NAME_MAX_LENGTH;
}

static bool add_symbols(Elf_Data *data, size_t count, size_t names_size,
			struct kmd_vmlinux *vmlinux)
{
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		const char *name;
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_name >= names_size)
			continue;
		name = vmlinux->names + symbol.st_name;
		if (!is_wanted(&symbol, name))
			continue;
		if (!KMD_ARRAY_RESERVE(vmlinux->symbols, vmlinux->n, vmlinux->cap))
			return false;
		vmlinux->symbols[vmlinux->n++] = (struct kmd_elf_symbol){
			.value = symbol.st_value,
			.size = symbol.st_size,
			.name = name,
			.global = GELF_ST_BIND(symbol.st_info) != STB_LOCAL,
		};
	}
	return true;
}

/* Names are copied, so that the ELF file's own buffers can go. */
static bool read_table(Elf *elf, Elf_Scn *scn, const GElf_Shdr *shdr, struct kmd_vmlinux *vmlinux)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	Elf_Scn *names_scn = elf_getscn(elf, shdr->sh_link);
	Elf_Data *names = names_scn ? elf_getdata(names_scn, NULL) : NULL;
	size_t count = shdr->sh_entsize ? (size_t)(shdr->sh_size / shdr->sh_entsize) : 0;

	if (!data || !names || !names->d_size || !names->d_buf ||
	    ((const char *)names->d_buf)[names->d_size - 1])
		return true;
	vmlinux->names = malloc(names->d_size);
	if (!vmlinux->names)
		return false;
	memcpy(vmlinux->names, names->d_buf, names->d_size);
	return add_symbols(data, count, names->d_size, vmlinux);
}

static int by_value(const void *a, const void *b)
{
	const struct kmd_elf_symbol *x = a, *y = b;
	int order = kmd_cmp_u64(x->value, y->value);

	if (!order)
		order = strcmp(x->name, y->name);
	if (!order)
		order = kmd_cmp_u64(x->size, y->size);
	return order ? order : y->global - x->global;
}

/* Of several of one name the global one is first, then that at the lowest address. */
static int by_name(const void *a, const void *b, void *symbols)
{
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
	const struct kmd_elf_symbol *x = (const struct kmd_elf_symbol *)symbols + first;
	const struct kmd_elf_symbol *y = (const struct kmd_elf_symbol *)symbols + second;
	int order = strcmp(x->name, y->name);

	if (!order)
		order = y->global - x->global;
	return order ? order : (first > second) - (first < second);
}

static bool sort(struct kmd_vmlinux *vmlinux)
{
	if (!vmlinux->n)
		return true;
	vmlinux->by_name = malloc(vmlinux->n * sizeof(*vmlinux->by_name));
	if (!vmlinux->by_name)
		return false;
	qsort(vmlinux->symbols, vmlinux->n, sizeof(*vmlinux->symbols), by_value);
	for (size_t i = 0; i < vmlinux->n; i++)
		vmlinux->by_name[i] = (uint32_t)i;
	qsort_r(vmlinux->by_name, vmlinux->n, sizeof(*vmlinux->by_name), by_name, vmlinux->symbols);
	return true;
}

enum kmd_status kmd_symbols_read(const struct kmd_elf_file *file, struct kmd_diag *diag,
				 struct kmd_vmlinux *vmlinux)
{
	Elf_Scn *scn = NULL;

	while (!vmlinux->names && (scn = elf_nextscn(file->elf, scn))) {
		GElf_Shdr shdr;

		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_SYMTAB &&
		    !read_table(file->elf, scn, &shdr, vmlinux))
			return kmd_fail_memory(diag);
	}
	return sort(vmlinux) ? KMD_OK : kmd_fail_memory(diag);
}

const struct kmd_elf_symbol *kmd_vmlinux_find(const struct kmd_vmlinux *vmlinux, const char *name)
{
	size_t low = 0, high = vmlinux->n;
	const struct kmd_elf_symbol *found;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(vmlinux->symbols[vmlinux->by_name[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == vmlinux->n)
		return NULL;
	found = &vmlinux->symbols[vmlinux->by_name[low]];
	return strcmp(found->name, name) ? NULL : found;
}

bool kmd_vmlinux_symbol(const struct kmd_vmlinux *vmlinux, const char *name, uint64_t *value)
{
	const struct kmd_elf_symbol *found = kmd_vmlinux_find(vmlinux, name);

	if (found)
		*value = found->value;
	return found;
}
