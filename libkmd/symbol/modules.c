/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "symbol/modules.h"

#include "base/array.h"
#include "base/bytes.h"
#include "base/search.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* struct elf64_sym and elf32_sym: their size, and where st_value is. */
#define SYMBOL_SIZE(word)  ((word) == 8 ? 24u : 16u)
#define SYMBOL_VALUE(word) (word)
/* The largest modules have some ten thousand. */
#define SYMBOLS_MAX        (1u << 20)
#define NAME_MAX_          512
/* Of all modules together. */
#define ALL_SYMBOLS_MAX    (4u << 20)
/* Symbols in a row without a usable name. */
#define NAMELESS_MAX       64

/* enum mod_mem_type: text, data, two read-only ones; then those of initialisation. */
#define MEMORY_OF_INIT     4
#define MEMORY_TYPES       7

/* Bytes of all modules together in which notes are searched; some times what a kernel has. */
#define SEARCH_MAX         (UINT64_C(1) << 30)

/* ----- memory of a module */

static void add_range(struct kmd_module_entry *module, uint64_t start, uint64_t size)
{
	if (start && size && module->n_ranges < KMD_MODULE_RANGES)
		module->ranges[module->n_ranges++] = (struct kmd_module_range){ start, size };
}

static void read_range(const struct kmd_target *target, uint64_t virt, enum kmd_target_type base,
		       enum kmd_target_type size_of, struct kmd_module_entry *module)
{
	uint64_t start, size;

	if (kmd_target_member(target, virt, base, KMD_LONG, &start) &&
	    kmd_target_member(target, virt, size_of, 4, &size))
		add_range(module, start, size);
}

/*
 * Since 6.4 an array by type of memory, text first; before, one area.  The memory of
 * initialisation comes last; once that is over, its size is 0.
 */
static void read_ranges(const struct kmd_target *target, struct kmd_module_entry *module)
{
	uint64_t virt = module->pub.address, mem, length;

	if (kmd_target_type(target, KMD_T_MODULE_MEM, &mem) &&
	    kmd_target_type(target, KMD_T_MODULE_MEMORY, &length)) {
		for (uint64_t i = 0; i < MEMORY_TYPES; i++) {
			if (i == MEMORY_OF_INIT)
				module->n_lasting = module->n_ranges;
			read_range(target, virt + mem + i * length, KMD_T_MEM_BASE, KMD_T_MEM_SIZE,
				   module);
		}
	} else {
		read_range(target, virt, KMD_T_CORE_BASE, KMD_T_CORE_SIZE, module);
		module->n_lasting = module->n_ranges;
		read_range(target, virt, KMD_T_INIT_BASE, KMD_T_INIT_SIZE, module);
	}
	if (module->n_lasting) {
		module->pub.base = module->ranges[0].start;
		module->pub.size = module->ranges[0].size;
	}
}

/* ----- symbols of a module */

static int by_value(const void *a, const void *b)
{
	const struct kmd_module_symbol *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static bool is_inside(const struct kmd_module_entry *module, uint64_t virt)
{
	for (size_t i = 0; i < module->n_ranges; i++)
		if (virt - module->ranges[i].start < module->ranges[i].size)
			return true;
	return false;
}

static void take_symbols(const unsigned char *table, size_t n, size_t word,
			 struct kmd_module_entry *module)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char *at = table + i * SYMBOL_SIZE(word);
		struct kmd_module_symbol symbol = {
			.value = kmd_get_le(at + SYMBOL_VALUE(word), word),
			.name_at = (uint32_t)kmd_get_le(at, 4),
			.place = (uint32_t)i,
		};

		if (symbol.name_at && is_inside(module, symbol.value))
			module->symbols[module->n_symbols++] = symbol;
	}
	if (module->n_symbols)
		qsort(module->symbols, module->n_symbols, sizeof(*module->symbols), by_value);
}

/* A table that was captured and is not plausible is a finding. */
static bool note_symbols(const struct kmd_target *target, const struct kmd_module_entry *module,
			 uint64_t table, uint64_t n, const char *wrong)
{
	return kmd_report(target->diag, KMD_FIND_TABLE, KMD_DAMAGE, kmd_in(NULL),
			  "the symbols of module %s (0x%" PRIx64 ", %" PRIu64
			  " of them) are not used: %s",
			  module->name, table, n, wrong) == KMD_OK;
}

/* False on an error.  A table that was not captured whole gives no symbols. */
static bool read_symbols(const struct kmd_target *target, struct kmd_modules *modules,
			 struct kmd_module_entry *module)
{
	size_t word = kmd_target_word(target), size = SYMBOL_SIZE(word);
	uint64_t kallsyms, table, n;
	unsigned char *bytes;
	bool good;

	if (!kmd_target_member(target, module->pub.address, KMD_T_MODULE_KALLSYMS, KMD_LONG,
			       &kallsyms) ||
	    !kmd_target_member(target, kallsyms, KMD_T_KALLSYMS_SYMTAB, KMD_LONG, &table) ||
	    !kmd_target_member(target, kallsyms, KMD_T_KALLSYMS_NUM, 4, &n) ||
	    !kmd_target_member(target, kallsyms, KMD_T_KALLSYMS_STRTAB, KMD_LONG,
			       &module->strings) ||
	    !n)
		return true;
	if (n > SYMBOLS_MAX || n > modules->symbols_left)
		return note_symbols(target, module, table, n, "there are too many");
	modules->symbols_left -= n;
	bytes = malloc((size_t)n * size);
	module->symbols = calloc((size_t)n, sizeof(*module->symbols));
	good = bytes && module->symbols;
	if (good && kmd_target_read(target, KMD_XLATE_ANY, table, bytes, n * size)) {
		take_symbols(bytes, (size_t)n, word, module);
		/* The first entry of a symbol table is empty. */
		if (!module->n_symbols && n > 1 && module->n_ranges)
			good = note_symbols(target, module, table, n,
					    "none is in the module's memory");
	} else if (!good) {
		kmd_fail_memory(target->diag);
	}
	free(bytes);
	return good;
}

static char *read_name(const struct kmd_target *target, uint64_t virt)
{
	char text[NAME_MAX_], name[NAME_MAX_];
	/* The table may end where captured memory ends. */
	uint64_t have = kmd_target_available(target, KMD_XLATE_ANY, virt, sizeof(text));
	size_t n;

	if (!have || !kmd_target_read(target, KMD_XLATE_ANY, virt, text, have))
		return NULL;
	n = strnlen(text, (size_t)have);
	/* Mapping symbols ($x, $d), labels of the compiler (.LC0) and of riscv64's assembler (L0)
	 * name no object. */
	if (!n || n == have || text[0] == '$' || (text[0] == '.' && text[1] == 'L') ||
	    (text[0] == 'L' && text[1] == '0'))
		return NULL;
	kmd_text_name(name, sizeof(name), text, n);
	return strdup(name);
}

const char *kmd_module_symbol_name(const struct kmd_target *target, struct kmd_module_entry *module,
				   size_t index)
{
	struct kmd_module_symbol *symbol = &module->symbols[index];

	if (!symbol->name && !symbol->is_nameless)
		symbol->name = read_name(target, module->strings + symbol->name_at);
	symbol->is_nameless = !symbol->name;
	return symbol->name;
}

/* Whether a function begins at @virt; @i: the first symbol from there on. */
static bool begins_at(const struct kmd_target *target, struct kmd_module_entry *module, size_t i,
		      uint64_t virt)
{
	for (size_t tries = 0;
	     i < module->n_symbols && module->symbols[i].value == virt && tries < NAMELESS_MAX;
	     i++, tries++)
		if (kmd_module_symbol_name(target, module, i))
			return true;
	return false;
}

const struct kmd_module_symbol *kmd_module_symbol_at(const struct kmd_target *target,
						     struct kmd_module_entry *module, uint64_t virt,
						     uint64_t after, bool *next)
{
	struct kmd_module_symbol *symbols = module->symbols, *best = NULL;
	size_t i = KMD_LOWER_BOUND(module->n_symbols, middle, symbols[middle].value <= virt);

	*next = begins_at(target, module, i, after);
	/* Of several names the kernel prints the first of its table. */
	for (size_t tries = 0; i && tries < NAMELESS_MAX; i--, tries++) {
		if (best && symbols[i - 1].value != best->value)
			break;
		if (kmd_module_symbol_name(target, module, i - 1))
			best = &symbols[i - 1];
	}
	return best;
}

/* ----- the list of modules */

static void read_orc(const struct kmd_target *target, struct kmd_module_entry *module)
{
	if (!kmd_target_member(target, module->pub.address, KMD_T_MODULE_ORC_N, 4,
			       &module->n_orc) ||
	    !kmd_target_member(target, module->pub.address, KMD_T_MODULE_ORC_IPS, KMD_LONG,
			       &module->orc_ips) ||
	    !kmd_target_member(target, module->pub.address, KMD_T_MODULE_ORC_ROWS, KMD_LONG,
			       &module->orc_rows))
		module->n_orc = 0;
}

/* False if this is no module that was captured. */
static bool read_module(const struct kmd_target *target, uint64_t *budget,
			struct kmd_module_entry *module)
{
	char name[KMD_MODULE_NAME];
	size_t length = sizeof(name) - kmd_target_word(target);
	uint64_t at, size;

	/* MODULE_NAME_LEN is 64 - sizeof(unsigned long). */
	if (!kmd_target_type(target, KMD_T_MODULE_NAME, &at) ||
	    !kmd_target_type(target, KMD_T_MODULE, &size) ||
	    !kmd_target_read(target, KMD_XLATE_ANY, module->pub.address + at, name, length))
		return false;
	kmd_text_name(module->name, sizeof(module->name), name, length);
	read_ranges(target, module);
	read_orc(target, module);
	kmd_module_identify(target, budget, module);
	return *module->name != '\0';
}

/* A list that leads back into itself is damaged. */
static bool is_known(const struct kmd_modules *modules, uint64_t address)
{
	for (size_t i = 0; i < modules->n; i++)
		if (modules->items[i].pub.address == address)
			return true;
	return false;
}

static bool add(const struct kmd_target *target, uint64_t address, struct kmd_modules *modules)
{
	struct kmd_module_entry *module;

	if (!KMD_ARRAY_RESERVE(modules->items, modules->n, modules->cap)) {
		kmd_fail_memory(target->diag);
		return false;
	}
	module = &modules->items[modules->n];
	memset(module, 0, sizeof(*module));
	module->pub.address = address;
	if (!read_module(target, &modules->to_search, module)) {
		modules->unknown = "a struct module was not captured";
		return true;
	}
	modules->n++;
	return read_symbols(target, modules, module);
}

static bool read_list(const struct kmd_target *target, struct kmd_modules *modules)
{
	uint64_t head, at, next;

	if (!kmd_target_type(target, KMD_T_MODULE_LIST, &at)) {
		modules->unknown = "the layout of struct module is not known";
		return true;
	}
	if (!kmd_target_symbol(target, "modules", &head, NULL))
		return true; /* a kernel without modules */
	next = head;
	for (size_t n = 0; n < KMD_MODULES_MAX; n++) {
		if (!kmd_target_read_uint(target, KMD_XLATE_ANY, next, KMD_LONG, &next)) {
			modules->unknown = "the list of modules was not captured whole";
			return true;
		}
		if (next == head)
			return true;
		if (is_known(modules, next - at))
			break;
		if (!add(target, next - at, modules))
			return false;
	}
	modules->unknown = "the list of modules is damaged";
	return true;
}

/* ----- by address */

struct kmd_module_place {
	uint64_t start, size;
	struct kmd_module_entry *module;
};

static int by_start(const void *a, const void *b)
{
	const struct kmd_module_place *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->module < y->module ? -1 : x->module > y->module;
}

static bool index_places(struct kmd_modules *modules)
{
	size_t n = 0;

	modules->places = calloc(modules->n * KMD_MODULE_RANGES + 1, sizeof(*modules->places));
	if (!modules->places)
		return false;
	for (size_t i = 0; i < modules->n; i++)
		for (size_t j = 0; j < modules->items[i].n_ranges; j++)
			modules->places[n++] = (struct kmd_module_place){
				.start = modules->items[i].ranges[j].start,
				.size = modules->items[i].ranges[j].size,
				.module = &modules->items[i],
			};
	if (n)
		qsort(modules->places, n, sizeof(*modules->places), by_start);
	modules->n_places = n;
	return true;
}

static const struct kmd_module_place *place_of(const struct kmd_modules *modules, uint64_t virt)
{
	const struct kmd_module_place *places = modules->places;
	size_t i = KMD_LOWER_BOUND(modules->n_places, middle, places[middle].start <= virt);

	return i && virt - places[i - 1].start < places[i - 1].size ? &places[i - 1] : NULL;
}

struct kmd_module_entry *kmd_modules_find(const struct kmd_modules *modules, uint64_t virt)
{
	const struct kmd_module_place *place = place_of(modules, virt);

	return place ? place->module : NULL;
}

uint64_t kmd_modules_room(const struct kmd_modules *modules, uint64_t virt)
{
	const struct kmd_module_place *place = place_of(modules, virt);

	return place ? place->size - (virt - place->start) : 0;
}

enum kmd_status kmd_modules_read(const struct kmd_target *target, struct kmd_modules *modules)
{
	memset(modules, 0, sizeof(*modules));
	modules->to_search = SEARCH_MAX;
	modules->symbols_left = ALL_SYMBOLS_MAX;
	if (!read_list(target, modules)) {
		kmd_modules_deinit(modules);
		return target->diag->status;
	}
	if (!kmd_trampolines_read(target, &modules->trampolines) || !index_places(modules)) {
		kmd_modules_deinit(modules);
		return kmd_fail_memory(target->diag);
	}
	/* The array does not move from here on. */
	for (size_t i = 0; i < modules->n; i++) {
		struct kmd_module_entry *module = &modules->items[i];

		module->pub.name = module->name;
		module->pub.build_id = *module->build_id ? module->build_id : NULL;
		module->pub.taint = module->has_taint ? module->taint : NULL;
	}
	return KMD_OK;
}

void kmd_modules_deinit(struct kmd_modules *modules)
{
	for (size_t i = 0; i < modules->n; i++) {
		for (size_t j = 0; j < modules->items[i].n_symbols; j++)
			free(modules->items[i].symbols[j].name);
		free(modules->items[i].symbols);
	}
	free(modules->items);
	free(modules->places);
	kmd_trampolines_deinit(&modules->trampolines);
	memset(modules, 0, sizeof(*modules));
}
