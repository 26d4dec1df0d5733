/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "symbol/variables.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* Where the linker puts what the kernel writes to while it runs. */
static const char *const sections[][2] = {
	{ "_sdata", "_edata" },
	{ "__bss_start", "__bss_stop" },
};

#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

struct span {
	uint64_t start, end;
};

static void find_spans(const struct kmd_vmlinux *vmlinux, struct span spans[SECTIONS])
{
	for (size_t i = 0; i < SECTIONS; i++)
		if (!kmd_vmlinux_symbol(vmlinux, sections[i][0], &spans[i].start) ||
		    !kmd_vmlinux_symbol(vmlinux, sections[i][1], &spans[i].end))
			spans[i] = (struct span){ 0, 0 };
}

static bool is_number(const struct kmd_elf_symbol *symbol, const struct span spans[SECTIONS])
{
	if (symbol->size != 1 && symbol->size != 2 && symbol->size != 4 && symbol->size != 8)
		return false;
	for (size_t i = 0; i < SECTIONS; i++)
		if (symbol->value >= spans[i].start && symbol->value < spans[i].end)
			return true;
	return false;
}

static const struct kmd_elf_symbol *symbol_by_name(const struct kmd_vmlinux *vmlinux, size_t index)
{
	return &vmlinux->symbols[vmlinux->by_name[index]];
}

/* Of a name that is used twice nobody could say which variable is meant. */
static bool is_unique(const struct kmd_vmlinux *vmlinux, size_t index)
{
	const char *name = symbol_by_name(vmlinux, index)->name;

	return (!index || strcmp(symbol_by_name(vmlinux, index - 1)->name, name) != 0) &&
	       (index + 1 == vmlinux->n ||
		strcmp(symbol_by_name(vmlinux, index + 1)->name, name) != 0);
}

static bool add(const struct kmd_target *target, const struct kmd_elf_symbol *symbol,
		struct kmd_variables *variables)
{
	struct kmd_variable variable = { .name = symbol->name,
					 .address = symbol->value + target->kaslr,
					 .size = (uint32_t)symbol->size };

	if (!kmd_target_read_uint(target, KMD_XLATE_ANY, variable.address, variable.size,
				  &variable.value))
		return true;
	if (!KMD_ARRAY_RESERVE(variables->items, variables->n, variables->cap))
		return false;
	variables->items[variables->n++] = variable;
	return true;
}

enum kmd_status kmd_variables_read(const struct kmd_target *target, struct kmd_variables *variables)
{
	const struct kmd_vmlinux *vmlinux = target->vmlinux;
	struct span spans[SECTIONS];

	memset(variables, 0, sizeof(*variables));
	if (!vmlinux || !target->has_symbols)
		return KMD_OK;
	find_spans(vmlinux, spans);
	for (size_t i = 0; i < vmlinux->n; i++) {
		const struct kmd_elf_symbol *symbol = symbol_by_name(vmlinux, i);

		if (is_number(symbol, spans) && is_unique(vmlinux, i) &&
		    !add(target, symbol, variables))
			return kmd_fail_memory(target->diag);
	}
	return KMD_OK;
}

void kmd_variables_deinit(struct kmd_variables *variables)
{
	free(variables->items);
	memset(variables, 0, sizeof(*variables));
}

enum kmd_status kmd_variables_kinds(const struct kmd_target *target,
				    const struct kmd_variables *variables, const size_t *indices,
				    size_t n, enum kmd_variable_kind *kinds)
{
	struct kmd_type_query *queries = calloc(n + 1, sizeof(*queries));
	enum kmd_status status;

	if (!queries)
		return kmd_fail_memory(target->diag);
	for (size_t i = 0; i < n; i++)
		queries[i] = (struct kmd_type_query){ .kind = KMD_TYPE_NUMBER,
						      .type = variables->items[indices[i]].name };
	status = kmd_vmlinux_types(target->vmlinux, queries, n, target->diag);
	for (size_t i = 0; status == KMD_OK && i < n; i++) {
		bool good = queries[i].known &&
			    queries[i].value >> 8 == variables->items[indices[i]].size;

		kinds[i] = good ? (enum kmd_variable_kind)(queries[i].value & 0xff)
				: KMD_VARIABLE_OTHER;
	}
	free(queries);
	return status;
}

const struct kmd_elf_symbol *kmd_image_symbol_at(const struct kmd_target *target, uint64_t virt,
						 uint64_t *offset)
{
	const struct kmd_vmlinux *vmlinux = target->vmlinux;
	uint64_t link = virt - target->kaslr, start, end;
	const struct kmd_elf_symbol *found;
	size_t at;

	if (!vmlinux || !target->has_symbols || !kmd_vmlinux_symbol(vmlinux, "_text", &start) ||
	    !kmd_vmlinux_symbol(vmlinux, "_end", &end) || link < start || link >= end)
		return NULL;
	at = kmd_vmlinux_first_at(vmlinux, link + 1);
	if (!at)
		return NULL;
	found = &vmlinux->symbols[at - 1];
	for (; at && vmlinux->symbols[at - 1].value == found->value; at--)
		if (vmlinux->symbols[at - 1].global)
			found = &vmlinux->symbols[at - 1];
	*offset = link - found->value;
	return found;
}
