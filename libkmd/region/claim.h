/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * claim.h - descriptions of regions: the rows of the dump's tables.
 *
 * A claim is one row of one table (SMEM region array, KELF program headers,
 * dump_info.txt, load.cmm) as it stands there, checked for shape only.  join.c
 * makes regions of claims and blobs.
 *
 * One description = one file = one row in readers[] (readers.c).
 */
#ifndef KMD_REGION_CLAIM_H
#define KMD_REGION_CLAIM_H

#include "image/image.h"

struct kmd_claim {
	enum kmd_origin origin;
	char *name; /* region name, raw; "" = the table has none */
	char *file; /* file or section it is kept in, raw; "" = not recorded */
	uint64_t phys, virt, size;
	bool has_phys, has_virt, has_size;
	/* Bytes, where the table itself knows where they are: */
	bool has_bytes;
	size_t blob;
	uint64_t offset;        /* in the blob */
	uint64_t captured;      /* <= size */
	bool invalid;           /* the table marks it as not valid */
	bool conflict;          /* the row contradicts its table: not to be used */
	struct kmd_place place; /* of the row; .source belongs to the blob's source */
};

struct kmd_claims {
	struct kmd_claim *items;
	size_t n, cap;
	struct kmd_subsystem *subsystems; /* of SMEM's Minidump table, by number */
	size_t n_subsystems, cap_subsystems;
	/* Of the KELF header or core file that was used, if any: */
	bool has_kelf;
	uint16_t machine;        /* e_machine, 0 = not known */
	unsigned char elf_class; /* EI_CLASS, 0 = not known */
	bool big_endian;
	bool two_boots; /* its addresses are not of VMCOREINFO's boot, which was reported */
	/* PT_NOTE bytes of an input that is a core; may hold VMCOREINFO. */
	const struct kmd_source *notes; /* NULL = none */
	uint64_t notes_at, notes_size;
	bool notes_trusted; /* not those of a KELF file */
};

/* Collect every description in @image. */
enum kmd_status kmd_claims_read(const struct kmd_image *image, struct kmd_diag *diag,
				struct kmd_claims *claims);
void kmd_claims_deinit(struct kmd_claims *claims);

/* Append a zeroed claim of @origin; NULL when memory is short.  name and file are NULL. */
struct kmd_claim *kmd_claims_add(struct kmd_claims *claims, enum kmd_origin origin);

/* One reader per description; each looks through @image for what it knows. */
struct kmd_claim_reader {
	enum kmd_origin origin;
	enum kmd_status (*read)(const struct kmd_image *image, struct kmd_diag *diag,
				struct kmd_claims *claims);
};

extern const struct kmd_claim_reader kmd_claims_smem;
extern const struct kmd_claim_reader kmd_claims_kelf;
extern const struct kmd_claim_reader kmd_claims_dump_info;
extern const struct kmd_claim_reader kmd_claims_load_cmm;

/* True if the bytes are an ELF core's header: a KELF region, or a file with one in front. */
bool kmd_is_kelf(const struct kmd_source *source, uint64_t offset, uint64_t size,
		 struct kmd_diag *diag);

/* True if the blob's bytes are such a description (and so not memory to place). */
bool kmd_is_dump_info(const struct kmd_blob *blob, struct kmd_diag *diag);
bool kmd_is_load_cmm(const struct kmd_blob *blob, struct kmd_diag *diag);

#endif
