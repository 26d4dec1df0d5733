/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "types/types.h"

#include "types/dwarf_type.h"
#include "types/dwarf_names.h"
#include "elf/files.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

/*
 * Units repeat the kernel's structures.  So many without the member, and it is taken as
 * not there: others of that name are private to some file.
 */
#define MISSES_MAX 64
/* Entries inside of types; many times what a kernel needs. */
#define BUDGET     (1ull << 24)

struct pending {
	size_t type; /* word */
	unsigned int misses;
	bool done;
};

struct pass {
	struct kmd_type_query *queries;
	struct pending *pending;
	size_t n, left;
	size_t left_enumerators;
	struct kmd_dwarf_names words;
	struct kmd_dwarf_reader reader;
};

static void finish(struct pass *pass, size_t i)
{
	pass->pending[i].done = true;
	pass->left--;
	if (pass->queries[i].kind == KMD_TYPE_ENUMERATOR)
		pass->left_enumerators--;
}

/* ---------------------------------------------------------------- answers */

/* True if @die answers; it has the name that is asked for. */
static bool answer_member(struct pass *pass, size_t i, Dwarf_Die *die, uint64_t *value)
{
	struct kmd_type_query *run_sources = &pass->queries[i];
	Dwarf_Die whole, member, type;

	if (!kmd_dwarf_strip_qualifiers(die, &whole) || !kmd_dwarf_is_whole_struct(&whole))
		return false;
	if (kmd_dwarf_member(&whole, run_sources->member, &pass->reader, value, &member)) {
		if (run_sources->kind == KMD_TYPE_OFFSET ||
		    (kmd_dwarf_type_of(&member, &type) &&
		     kmd_dwarf_elements(&type, &pass->reader, value)))
			return true;
		finish(pass, i);
		return false;
	}
	if (++pass->pending[i].misses >= MISSES_MAX)
		finish(pass, i);
	return false;
}

static bool answer_variable(struct pass *pass, const struct kmd_type_query *run_sources,
			    Dwarf_Die *die, uint64_t *value)
{
	Dwarf_Die type;

	if (!kmd_dwarf_type_of(die, &type))
		return false;
	if (run_sources->kind == KMD_TYPE_VARIABLE)
		return kmd_dwarf_size(&type, &pass->reader, value);
	if (run_sources->kind == KMD_TYPE_NUMBER) {
		enum kmd_variable_kind kind;
		uint64_t size;

		if (!kmd_dwarf_number(&type, &pass->reader, &kind, &size) || size > 8)
			return false;
		*value = (uint64_t)kind | size << 8;
		return true;
	}
	return kmd_dwarf_elements(&type, &pass->reader, value);
}

static bool answer(struct pass *pass, size_t i, Dwarf_Die *die, int tag, uint64_t *value)
{
	const struct kmd_type_query *run_sources = &pass->queries[i];

	switch (run_sources->kind) {
	case KMD_TYPE_SIZE:
		return tag != DW_TAG_variable && tag != DW_TAG_enumerator &&
		       kmd_dwarf_size(die, &pass->reader, value);
	case KMD_TYPE_OFFSET:
	case KMD_TYPE_LENGTH:
		return tag != DW_TAG_variable && tag != DW_TAG_enumerator &&
		       answer_member(pass, i, die, value);
	case KMD_TYPE_ENUMERATOR:
		return tag == DW_TAG_enumerator && kmd_dwarf_enumerator(die, value);
	default:
		return tag == DW_TAG_variable && answer_variable(pass, run_sources, die, value);
	}
}

/* Whatever is asked of the name of @die. */
static void take_named(struct pass *pass, Dwarf_Die *die, int tag)
{
	size_t length;
	const char *name = kmd_dwarf_name(die, &pass->reader, &length);
	ptrdiff_t word = name ? kmd_dwarf_names_find(&pass->words, name, length) : -1;

	for (size_t i = 0; word >= 0 && i < pass->n; i++) {
		uint64_t value;

		if (pass->pending[i].done || pass->pending[i].type != (size_t)word ||
		    !answer(pass, i, die, tag, &value))
			continue;
		pass->queries[i].known = true;
		pass->queries[i].value = value;
		finish(pass, i);
	}
}

static void take_enumerators(struct pass *pass, Dwarf_Die *enumeration)
{
	Dwarf_Die child;

	if (!pass->left_enumerators || dwarf_child(enumeration, &child))
		return;
	do
		if (dwarf_tag(&child) == DW_TAG_enumerator)
			take_named(pass, &child, DW_TAG_enumerator);
	while (!dwarf_siblingof(&child, &child));
}

static void take(struct pass *pass, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	switch (tag) {
	case DW_TAG_enumeration_type:
		take_enumerators(pass, die);
		/* fall through */
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_typedef:
	case DW_TAG_variable:
		if (!dwarf_hasattr(die, DW_AT_declaration))
			take_named(pass, die, tag);
		break;
	default:
		break;
	}
}

/* ------------------------------------------------------------------ units */

static bool is_worthwhile(struct pass *pass, const struct kmd_dwarf_unit *unit)
{
	kmd_dwarf_names_look(&pass->words, unit);
	for (size_t i = 0; i < pass->n; i++)
		if (!pass->pending[i].done &&
		    kmd_dwarf_names_may_hold(&pass->words, pass->pending[i].type, unit))
			return true;
	return false;
}

static void walk(struct pass *pass, struct kmd_dwarf_unit *unit)
{
	Dwarf_Die die;

	if (dwarf_child(&unit->die, &die))
		return;
	do
		take(pass, &die);
	while (pass->left && !dwarf_siblingof(&die, &die));
}

/* Units come in the order in which the kernel was linked: its core is first. */
static void walk_units(struct pass *pass, Dwarf *dwarf)
{
	struct kmd_dwarf_unit unit = { 0 };
	Dwarf_Off at = 0, next;
	size_t header;

	while (pass->left &&
	       !dwarf_next_unit(dwarf, at, &next, &header, &unit.version, NULL, NULL, NULL, NULL,
				NULL) &&
	       next > at + header) {
		unit.number++;
		unit.size = next - at - header;
		if (dwarf_offdie(dwarf, at + header, &unit.die) && is_worthwhile(pass, &unit))
			walk(pass, &unit);
		at = next;
	}
}

/* --------------------------------------------------------------- the pass */

static bool add_words(struct pass *pass)
{
	for (size_t i = 0; i < pass->n; i++) {
		const struct kmd_type_query *run_sources = &pass->queries[i];

		if (!kmd_dwarf_names_add(&pass->words, run_sources->type,
					 strlen(run_sources->type)))
			return false;
	}
	return true;
}

static void resolve_words(struct pass *pass)
{
	for (size_t i = 0; i < pass->n; i++) {
		const char *type = pass->queries[i].type;

		pass->pending[i].type =
			(size_t)kmd_dwarf_names_find(&pass->words, type, strlen(type));
	}
}

static enum kmd_status run(struct pass *pass, Dwarf *dwarf, const char *name, struct kmd_diag *diag)
{
	pass->pending = calloc(pass->n + 1, sizeof(*pass->pending));
	if (!pass->pending || !add_words(pass) || !kmd_dwarf_names_prepare(&pass->words, dwarf))
		return kmd_fail_memory(diag);
	pass->reader.texts[0] = pass->words.info;
	pass->reader.texts[1] = pass->words.strings;
	resolve_words(pass);
	walk_units(pass, dwarf);
	if (!pass->reader.budget)
		return kmd_fail(diag, KMD_ERR_DAMAGED, kmd_in(name),
				"its debug information is damaged: circular type references");
	return KMD_OK;
}

static enum kmd_status run_sources(const struct kmd_elf_file *file, struct kmd_type_query *queries,
				   size_t n, struct kmd_diag *diag)
{
	struct pass pass = {
		.queries = queries, .n = n, .left = n, .reader = { .budget = BUDGET }
	};
	Elf *elf = elf_begin(file->source->fd, ELF_C_READ, NULL);
	Dwarf *dwarf = elf ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;
	enum kmd_status status;

	for (size_t i = 0; i < n; i++)
		pass.left_enumerators += queries[i].kind == KMD_TYPE_ENUMERATOR;
	if (dwarf)
		status = run(&pass, dwarf, file->source->name, diag);
	else
		status = kmd_fail(diag, KMD_ERR_DAMAGED, kmd_in(file->source->name),
				  "its debug information cannot be read: %s", dwarf_errmsg(-1));
	dwarf_end(dwarf);
	elf_end(elf);
	free(pass.pending);
	kmd_dwarf_names_deinit(&pass.words);
	return status;
}

enum kmd_status kmd_vmlinux_types(const struct kmd_vmlinux *vmlinux, struct kmd_type_query *queries,
				  size_t n, struct kmd_diag *diag)
{
	const struct kmd_elf_file *file = kmd_elf_files_with(vmlinux->elf, KMD_ELF_DWARF);

	for (size_t i = 0; i < n; i++)
		queries[i].known = false;
	if (file)
		return run_sources(file, queries, n, diag);
	return kmd_fail(diag, KMD_ERR_NOT_FOUND, kmd_in(vmlinux->elf->items[0].source->name),
			"it has no debug information (DWARF), and no separate debug file of it "
			"was found");
}
