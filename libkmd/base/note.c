/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/note.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

unsigned char *kmd_note_append(unsigned char **bytes, size_t *size, const char *name, uint32_t type,
			       uint32_t desc_size, bool big_endian)
{
	size_t name_size = strlen(name) + 1;
	size_t desc_at = KMD_NOTE_HEADER_SIZE + (size_t)kmd_align_up(name_size, 4);
	size_t whole = desc_at + (size_t)kmd_align_up(desc_size, 4);
	unsigned char *grown = realloc(*bytes, *size + whole), *note;

	if (!grown)
		return NULL;
	*bytes = grown;
	note = grown + *size;
	*size += whole;
	memset(note, 0, whole);
	kmd_put(note, 4, name_size, big_endian);
	kmd_put(note + 4, 4, desc_size, big_endian);
	kmd_put(note + 8, 4, type, big_endian);
	memcpy(note + KMD_NOTE_HEADER_SIZE, name, name_size);
	return note + desc_at;
}
