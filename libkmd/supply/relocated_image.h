/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* relocated_image.h - the image in memory, computed from vmlinux, and which bytes are known. */
#ifndef KMD_SUPPLY_RELOCATED_IMAGE_H
#define KMD_SUPPLY_RELOCATED_IMAGE_H

#include "arch/build.h"
#include "arch/image_reader.h"
#include "supply/from_vmlinux.h"

/* No kernel is larger; a damaged symbol table must not make us read for hours. */
#define KMD_IMAGE_MAX   (UINT64_C(1) << 30)
/* At one time. */
#define KMD_IMAGE_CHUNK 16384

struct kmd_link_range {
	uint64_t start, end;
};

#define KMD_IMAGE_HOLES  8
#define KMD_IMAGE_TABLES 4

/* What of the image may be supplied. */
struct kmd_image_part {
	const char *name;
	enum kmd_complete kind;
	uint64_t link, size;
	uint64_t offset;           /* in the file, unless .made */
	const unsigned char *made; /* computed; NULL = out of the file */
};

/* How a byte is known. */
enum kmd_byte_state {
	KMD_BYTE_KNOWN,
	KMD_BYTE_OPEN,    /* not at all */
	KMD_BYTE_POINTER, /* in an aligned word that is an address in the image, it seems */
};

struct kmd_link_image {
	const struct kmd_vmlinux *vmlinux;
	struct kmd_build build;
	struct kmd_image_reader reader;
	struct kmd_vmlinux_layout layout;
	struct kmd_link_range holes[KMD_IMAGE_HOLES]; /* never supplied */
	size_t n_holes;
	/* By their source, aligned words in here that can be addresses are that. */
	struct kmd_link_range tables[KMD_IMAGE_TABLES];
	size_t n_tables;
	struct kmd_image_part *parts; /* by address, disjoint */
	size_t n_parts, cap_parts;
	bool moves_read;              /* once they are needed */
	unsigned char *orc_lookup;    /* computed; NULL = none */
	unsigned char orc_entries[4]; /* the number of its entries, as the kernel keeps it */
};

/* *@why is the reason, in words, if nothing can be supplied; then .n_parts is 0. */
enum kmd_status kmd_link_image_init(const struct kmd_vmlinux *vmlinux,
				    const struct kmd_runtime *runtime,
				    const struct kmd_memory *captured, struct kmd_diag *diag,
				    struct kmd_link_image *image, const char **why);
/* Before any part is read. */
enum kmd_status kmd_link_image_prepare(struct kmd_link_image *image, struct kmd_diag *diag);
void kmd_link_image_deinit(struct kmd_link_image *image);

/*
 * @size bytes (up to KMD_IMAGE_CHUNK) of @part from @link on as they run, and of each its
 * enum kmd_byte_state.  With @learned, words that seem to be addresses are taken for that.
 * False if the file cannot be read.
 */
bool kmd_link_image_read(const struct kmd_link_image *image, const struct kmd_image_part *part,
			 uint64_t link, size_t size, bool learned, unsigned char *bytes,
			 unsigned char *states);
/* True if nothing of @part is moved or left out: it is in memory as in the file. */
bool kmd_link_image_is_plain(const struct kmd_link_image *image, const struct kmd_image_part *part);

#endif
