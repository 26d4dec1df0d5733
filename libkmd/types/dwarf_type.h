/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * dwarf_type.h - size, members and elements of one type.
 *
 * Debug information is input like any other: chains of types may lead in a circle, and
 * structures may hold each other.
 */
#ifndef KMD_TYPES_DWARF_TYPE_H
#define KMD_TYPES_DWARF_TYPE_H

#include <elfutils/libdw.h>
#include <kmemdump/kmd.h>
#include <stdbool.h>
#include <stdint.h>

/* Sections that names lie in: .debug_info, .debug_str. */
#define KMD_DWARF_TEXTS 2

struct kmd_dwarf_reader {
	/* Entries that may still be looked at; once spent, nothing more is found. */
	uint64_t budget;
	const Elf_Data *texts[KMD_DWARF_TEXTS];
};

/* Name of @die, which need not be terminated; NULL = none. */
const char *kmd_dwarf_name(Dwarf_Die *die, const struct kmd_dwarf_reader *reader, size_t *length);

/* DW_AT_type of @die, or of what it completes. */
bool kmd_dwarf_type_of(Dwarf_Die *die, Dwarf_Die *type);
/* Follow typedefs and qualifiers from @die on; *@out may be @die. */
bool kmd_dwarf_strip_qualifiers(const Dwarf_Die *die, Dwarf_Die *out);
/* A structure or union whose members are there. */
bool kmd_dwarf_is_whole_struct(Dwarf_Die *die);

/* Size in bytes of a type; false where it is incomplete. */
bool kmd_dwarf_size(Dwarf_Die *type, struct kmd_dwarf_reader *reader, uint64_t *size);
/* Number of elements of an array type, of its first dimension. */
bool kmd_dwarf_elements(Dwarf_Die *type, struct kmd_dwarf_reader *reader, uint64_t *elements);
/*
 * The member @path ("a", "a.b") of the structure @type: its offset, and itself.  Members
 * of anonymous structures count as the outer one's.
 */
bool kmd_dwarf_member(Dwarf_Die *type, const char *path, struct kmd_dwarf_reader *reader,
		      uint64_t *offset, Dwarf_Die *member);
/*
 * What number a type is: an integer, a pointer, an enumeration, or a structure whose first member
 * is that and fills it (atomic_t).
 */
bool kmd_dwarf_number(Dwarf_Die *type, struct kmd_dwarf_reader *reader,
		      enum kmd_variable_kind *kind, uint64_t *size);
/* The value of the enumerator @die. */
bool kmd_dwarf_enumerator(Dwarf_Die *die, uint64_t *value);

#endif
