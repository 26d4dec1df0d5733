/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "types/dwarf_type.h"

#include "base/checked.h"

#include <dwarf.h>
#include <string.h>

/* Depth of typedefs and qualifiers, and of nested structures. */
#define CHAIN_MAX 64
#define DEPTH_MAX 16

static bool spend(struct kmd_dwarf_reader *reader)
{
	if (!reader->budget)
		return false;
	reader->budget--;
	return true;
}

/* libdw does not see to it that a name ends before its section does. */
const char *kmd_dwarf_name(Dwarf_Die *die, const struct kmd_dwarf_reader *reader, size_t *length)
{
	Dwarf_Attribute attribute;
	const char *name;

	if (!dwarf_attr_integrate(die, DW_AT_name, &attribute))
		return NULL;
	name = dwarf_formstring(&attribute);
	for (size_t i = 0; name && i < KMD_DWARF_TEXTS; i++) {
		const Elf_Data *text = reader->texts[i];
		size_t at;

		if (!text || !text->d_buf || (uintptr_t)name < (uintptr_t)text->d_buf)
			continue;
		at = (uintptr_t)name - (uintptr_t)text->d_buf;
		if (at >= text->d_size)
			continue;
		*length = strnlen(name, text->d_size - at);
		return name;
	}
	return NULL;
}

bool kmd_dwarf_type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, type);
}

static bool is_qualifier_or_typedef(int tag)
{
	return tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
	       tag == DW_TAG_restrict_type || tag == DW_TAG_atomic_type;
}

bool kmd_dwarf_strip_qualifiers(const Dwarf_Die *die, Dwarf_Die *out)
{
	Dwarf_Die at = *die, inner;

	for (int i = 0; i < CHAIN_MAX; i++) {
		if (!is_qualifier_or_typedef(dwarf_tag(&at))) {
			*out = at;
			return true;
		}
		if (!kmd_dwarf_type_of(&at, &inner))
			return false;
		at = inner;
	}
	return false;
}

static bool is_struct(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type || tag == DW_TAG_class_type;
}

bool kmd_dwarf_is_whole_struct(Dwarf_Die *die)
{
	return is_struct(die) && !dwarf_hasattr(die, DW_AT_declaration);
}

static bool number_of(Dwarf_Die *die, unsigned int name, uint64_t *value)
{
	Dwarf_Attribute attribute;
	Dwarf_Word word;

	if (!dwarf_attr_integrate(die, name, &attribute) || dwarf_formudata(&attribute, &word))
		return false;
	*value = word;
	return true;
}

/* ------------------------------------------------------------------ arrays */

/* The next dimension of an array, from *@range on. */
static bool dimension(Dwarf_Die *range, uint64_t *elements)
{
	if (number_of(range, DW_AT_count, elements))
		return true;
	/* An upper bound of -1 is that of an array of no elements. */
	if (!number_of(range, DW_AT_upper_bound, elements))
		return false;
	++*elements;
	return true;
}

/* Product of the dimensions, of at most @most of them. */
static bool multiply(Dwarf_Die *array, size_t most, struct kmd_dwarf_reader *reader,
		     uint64_t *product)
{
	size_t seen = 0;
	Dwarf_Die child;
	uint64_t n;

	*product = 1;
	if (dwarf_child(array, &child))
		return false;
	do {
		if (dwarf_tag(&child) != DW_TAG_subrange_type)
			continue;
		if (!spend(reader) || !dimension(&child, &n) ||
		    __builtin_mul_overflow(*product, n, product))
			return false;
		seen++;
	} while (seen < most && !dwarf_siblingof(&child, &child));
	return seen;
}

bool kmd_dwarf_elements(Dwarf_Die *type, struct kmd_dwarf_reader *reader, uint64_t *elements)
{
	Dwarf_Die array;

	return kmd_dwarf_strip_qualifiers(type, &array) && dwarf_tag(&array) == DW_TAG_array_type &&
	       multiply(&array, 1, reader, elements);
}

bool kmd_dwarf_size(Dwarf_Die *type, struct kmd_dwarf_reader *reader, uint64_t *size)
{
	uint64_t factor = 1, product;
	Dwarf_Die at = *type, inner;

	for (int depth = 0; depth < DEPTH_MAX && kmd_dwarf_strip_qualifiers(&at, &inner); depth++) {
		uint8_t address_size;
		uint64_t own;

		if (dwarf_hasattr(&inner, DW_AT_declaration))
			return false;
		if (number_of(&inner, DW_AT_byte_size, &own))
			return !__builtin_mul_overflow(factor, own, size);
		if (dwarf_tag(&inner) == DW_TAG_pointer_type)
			return dwarf_cu_die(inner.cu, &at, NULL, NULL, &address_size, NULL, NULL,
					    NULL) &&
			       !__builtin_mul_overflow(factor, (uint64_t)address_size, size);
		if (dwarf_tag(&inner) != DW_TAG_array_type ||
		    !multiply(&inner, SIZE_MAX, reader, &product) ||
		    __builtin_mul_overflow(factor, product, &factor) ||
		    !kmd_dwarf_type_of(&inner, &at))
			return false;
	}
	return false;
}

/* ----------------------------------------------------------------- members */

/* DWARF 2 has an expression where later versions have a number. */
static bool offset_by_expression(Dwarf_Die *member, uint64_t *offset)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t n;

	if (!dwarf_attr(member, DW_AT_data_member_location, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &n) || n != 1 || ops[0].atom != DW_OP_plus_uconst)
		return false;
	*offset = ops[0].number;
	return true;
}

static bool offset_of(Dwarf_Die *member, uint64_t *offset)
{
	uint64_t bits;

	*offset = 0;
	if (dwarf_hasattr(member, DW_AT_data_member_location))
		return number_of(member, DW_AT_data_member_location, offset) ||
		       offset_by_expression(member, offset);
	/* A bit field, or a member of a union. */
	if (number_of(member, DW_AT_data_bit_offset, &bits))
		*offset = bits / 8;
	return true;
}

struct wanted {
	const char *name;
	size_t length;
	struct kmd_dwarf_reader *reader;
};

static bool find(Dwarf_Die *type, const struct wanted *wanted, int depth, uint64_t *offset,
		 Dwarf_Die *member);

/* What @child is, or has inside where it is anonymous. */
static bool try_member(Dwarf_Die *child, const struct wanted *wanted, int depth, uint64_t *offset,
		       Dwarf_Die *member)
{
	Dwarf_Die inner, type;
	const char *name;
	size_t length;
	uint64_t base;

	name = kmd_dwarf_name(child, wanted->reader, &length);
	if (name) {
		if (length != wanted->length || memcmp(name, wanted->name, length) != 0)
			return false;
		*member = *child;
		return offset_of(child, offset);
	}
	return depth < DEPTH_MAX && kmd_dwarf_type_of(child, &inner) &&
	       kmd_dwarf_strip_qualifiers(&inner, &type) && is_struct(&type) &&
	       offset_of(child, &base) && find(&type, wanted, depth + 1, offset, member) &&
	       kmd_add_u64(base, *offset, offset);
}

static bool find(Dwarf_Die *type, const struct wanted *wanted, int depth, uint64_t *offset,
		 Dwarf_Die *member)
{
	Dwarf_Die child;

	if (dwarf_child(type, &child))
		return false;
	do {
		if (!spend(wanted->reader))
			return false;
		if (dwarf_tag(&child) == DW_TAG_member &&
		    try_member(&child, wanted, depth, offset, member))
			return true;
	} while (!dwarf_siblingof(&child, &child));
	return false;
}

bool kmd_dwarf_member(Dwarf_Die *type, const char *path, struct kmd_dwarf_reader *reader,
		      uint64_t *offset, Dwarf_Die *member)
{
	Dwarf_Die at = *type, inner, outer;

	*offset = 0;
	for (;;) {
		struct wanted wanted = { path, strcspn(path, "."), reader };
		uint64_t part;

		if (!kmd_dwarf_strip_qualifiers(&at, &outer) ||
		    !kmd_dwarf_is_whole_struct(&outer) ||
		    !find(&outer, &wanted, 0, &part, member) || !kmd_add_u64(*offset, part, offset))
			return false;
		path += wanted.length;
		if (!*path)
			return true;
		path++;
		if (!kmd_dwarf_type_of(member, &inner))
			return false;
		at = inner;
	}
}

/* ----------------------------------------------------------------- numbers */

static bool kind_of_base(Dwarf_Die *type, enum kmd_variable_kind *kind)
{
	uint64_t encoding;

	if (!number_of(type, DW_AT_encoding, &encoding))
		return false;
	switch (encoding) {
	case DW_ATE_boolean:
		*kind = KMD_VARIABLE_BOOL;
		return true;
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		*kind = KMD_VARIABLE_SIGNED;
		return true;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
		*kind = KMD_VARIABLE_UNSIGNED;
		return true;
	default:
		return false;
	}
}

/* The first member's type, if it fills the structure. */
static bool only_member(Dwarf_Die *type, struct kmd_dwarf_reader *reader, uint64_t size,
			Dwarf_Die *inner)
{
	uint64_t own, offset;
	Dwarf_Die child;

	if (dwarf_child(type, &child))
		return false;
	do {
		if (!spend(reader))
			return false;
		if (dwarf_tag(&child) == DW_TAG_member)
			return offset_of(&child, &offset) && !offset &&
			       kmd_dwarf_type_of(&child, inner) &&
			       kmd_dwarf_size(inner, reader, &own) && own == size;
	} while (!dwarf_siblingof(&child, &child));
	return false;
}

bool kmd_dwarf_number(Dwarf_Die *type, struct kmd_dwarf_reader *reader,
		      enum kmd_variable_kind *kind, uint64_t *size)
{
	Dwarf_Die at = *type, inner;

	if (!kmd_dwarf_size(type, reader, size))
		return false;
	for (int depth = 0; depth < DEPTH_MAX && kmd_dwarf_strip_qualifiers(&at, &inner); depth++)
		switch (dwarf_tag(&inner)) {
		case DW_TAG_base_type:
			return kind_of_base(&inner, kind);
		case DW_TAG_pointer_type:
			*kind = KMD_VARIABLE_POINTER;
			return true;
		case DW_TAG_enumeration_type:
			*kind = KMD_VARIABLE_UNSIGNED;
			if (!kmd_dwarf_type_of(&inner, &at))
				return true;
			break;
		default:
			if (!kmd_dwarf_is_whole_struct(&inner) ||
			    !only_member(&inner, reader, *size, &at))
				return false;
		}
	return false;
}

bool kmd_dwarf_enumerator(Dwarf_Die *die, uint64_t *value)
{
	return number_of(die, DW_AT_const_value, value);
}
