/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "symbol/list.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* Of all names together; some ten times what kernels have. */
#define NAME_BYTES_MAX (64u << 20)

static bool add(struct kmd_symbol_list *list, char *name, uint64_t address, char type,
		const char *module)
{
	list->name_bytes += name ? strlen(name) : 0;
	if (!name || list->name_bytes > NAME_BYTES_MAX ||
	    !KMD_ARRAY_RESERVE(list->items, list->n, list->cap)) {
		free(name);
		return false;
	}
	list->items[list->n++] = (struct kmd_symbol){
		.name = name, .address = address, .type = type, .module = module
	};
	return true;
}

static bool add_kernel(struct kmd_symbol_list *list, struct kmd_kallsyms *kallsyms)
{
	for (size_t i = 0; i < kallsyms->n; i++) {
		const char *name = kmd_kallsyms_name(kallsyms, i);

		if (!name || (*name && !add(list, strdup(name), kallsyms->symbols[i].address,
					    kmd_kallsyms_type(kallsyms, i), NULL)))
			return false;
	}
	return true;
}

static bool add_modules(const struct kmd_target *target, struct kmd_modules *modules,
			struct kmd_symbol_list *list)
{
	for (size_t i = 0; i < modules->n; i++) {
		struct kmd_module_entry *module = &modules->items[i];

		for (size_t j = 0; j < module->n_symbols; j++) {
			const char *name = kmd_module_symbol_name(target, module, j);
			uint64_t value = module->symbols[j].value;
			bool text = value - module->pub.base < module->pub.size;

			if (name && !add(list, strdup(name), value, text ? 't' : 'd', module->name))
				return false;
		}
	}
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct kmd_symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool same_module(const struct kmd_symbol *a, const struct kmd_symbol *b)
{
	return a->module == b->module;
}

/* No table has sizes: a symbol reaches to the next of the same module. */
static void find_sizes(const struct kmd_modules *modules, struct kmd_symbol_list *list)
{
	size_t next = list->n; /* the first one behind those at this address */

	for (size_t i = list->n; i--;) {
		struct kmd_symbol *symbol = &list->items[i];

		if (i + 1 < list->n && list->items[i + 1].address != symbol->address)
			next = i + 1;
		if (next < list->n && same_module(symbol, &list->items[next]))
			symbol->size = list->items[next].address - symbol->address;
		else if (symbol->module)
			symbol->size = kmd_modules_room(modules, symbol->address);
	}
}

enum kmd_status kmd_symbol_list_read(const struct kmd_target *target, struct kmd_kallsyms *kallsyms,
				     struct kmd_modules *modules, struct kmd_symbol_list *list)
{
	memset(list, 0, sizeof(*list));
	if (!add_kernel(list, kallsyms) || !add_modules(target, modules, list)) {
		bool too_long = list->name_bytes > NAME_BYTES_MAX;

		kmd_symbol_list_deinit(list);
		return too_long
			       ? kmd_fail(target->diag, KMD_ERR_LIMIT, kmd_in(NULL),
					  "the names of all symbols have more than %u MiB, so that "
					  "their tables are damaged",
					  NAME_BYTES_MAX >> 20)
			       : kmd_fail_memory(target->diag);
	}
	if (list->n)
		qsort(list->items, list->n, sizeof(*list->items), by_address);
	find_sizes(modules, list);
	return KMD_OK;
}

void kmd_symbol_list_deinit(struct kmd_symbol_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free((char *)list->items[i].name);
	free(list->items);
	memset(list, 0, sizeof(*list));
}
