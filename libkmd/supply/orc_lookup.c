/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "supply/orc_lookup.h"

#include "base/checked.h"
#include "arch/image_reader.h"

#include <stdlib.h>

/* Each entry of the index stands for so many bytes of text; the last one for its end. */
#define BLOCK      256
#define INDEX_SIZE 4
#define IP_SIZE    4 /* distance from the entry itself */
#define ORC_SIZE   6
/* Some fifty times what kernels have. */
#define TABLE_MAX  (UINT64_C(64) << 20)

struct tables {
	uint64_t stext, etext;
	uint64_t index, index_end;
	uint64_t ips, n;
	unsigned char *bytes; /* of the distances */
};

static bool find_tables(const struct kmd_vmlinux *vmlinux, const struct kmd_vmlinux_layout *layout,
			struct tables *tables)
{
	const struct kmd_vmlinux_section *ips = kmd_vmlinux_layout_find(layout, ".orc_unwind_ip");
	const struct kmd_vmlinux_section *orcs = kmd_vmlinux_layout_find(layout, ".orc_unwind");

	if (!ips || !orcs || !ips->stored || ips->size % IP_SIZE || ips->size > TABLE_MAX ||
	    orcs->size % ORC_SIZE || ips->size / IP_SIZE != orcs->size / ORC_SIZE ||
	    !kmd_vmlinux_symbol(vmlinux, "_stext", &tables->stext) ||
	    !kmd_vmlinux_symbol(vmlinux, "_etext", &tables->etext) ||
	    !kmd_vmlinux_symbol(vmlinux, "orc_lookup", &tables->index) ||
	    !kmd_vmlinux_symbol(vmlinux, "orc_lookup_end", &tables->index_end))
		return false;
	tables->ips = ips->link;
	tables->n = ips->size / IP_SIZE;
	return tables->stext < tables->etext && tables->index < tables->index_end &&
	       tables->index_end - tables->index <= TABLE_MAX &&
	       !((tables->index_end - tables->index) % INDEX_SIZE);
}

static uint64_t address_of(const struct tables *tables, uint64_t i)
{
	uint64_t distance = kmd_get_le(tables->bytes + i * IP_SIZE, IP_SIZE);

	return tables->ips + i * IP_SIZE + distance - (distance >> 31 ? UINT64_C(1) << 32 : 0);
}

/* They are sorted when the kernel is built, since 5.6; else it does that itself. */
static bool is_sorted(const struct tables *tables)
{
	for (uint64_t i = 1; i < tables->n; i++)
		if (address_of(tables, i) < address_of(tables, i - 1))
			return false;
	return true;
}

static void put(unsigned char *to, uint64_t value)
{
	for (unsigned int i = 0; i < INDEX_SIZE; i++, value >>= 8)
		to[i] = (unsigned char)value;
}

/* For each block the last entry at or below its beginning, or the first of all. */
static void fill_index(const struct tables *tables, uint64_t blocks, unsigned char *bytes)
{
	uint64_t found = 0;

	for (uint64_t i = 0; i < blocks; i++) {
		uint64_t at = i + 1 < blocks ? tables->stext + BLOCK * i : tables->etext;

		/* The end of text may lie below the beginning of the last block but one. */
		while (found && address_of(tables, found) > at)
			found--;
		while (found + 1 < tables->n && address_of(tables, found + 1) <= at)
			found++;
		put(bytes + INDEX_SIZE * i, found);
	}
}

enum kmd_status kmd_orc_lookup_make(const struct kmd_vmlinux *vmlinux,
				    const struct kmd_vmlinux_layout *layout, struct kmd_diag *diag,
				    uint64_t *link, uint64_t *size, unsigned char **bytes)
{
	struct tables tables;

	*bytes = NULL;
	if (!find_tables(vmlinux, layout, &tables))
		return KMD_OK;
	*link = tables.index;
	*size = tables.index_end - tables.index;
	tables.bytes = malloc((size_t)(tables.n * IP_SIZE));
	*bytes = malloc((size_t)*size);
	if (!tables.bytes || !*bytes) {
		free(tables.bytes);
		free(*bytes);
		*bytes = NULL;
		return kmd_fail_memory(diag);
	}
	if (kmd_vmlinux_bytes(vmlinux, tables.ips, tables.bytes, (size_t)(tables.n * IP_SIZE)) &&
	    is_sorted(&tables))
		fill_index(&tables, *size / INDEX_SIZE, *bytes);
	else {
		free(*bytes);
		*bytes = NULL;
	}
	free(tables.bytes);
	return KMD_OK;
}
