/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * image.h - container formats: from sources to named blobs.
 *
 * A blob is a run of bytes that the container sets apart, with a name and an
 * address as far as the container itself has them.  region/ finds
 * out what the bytes mean.
 *
 * One format = one file = one row in formats[] (formats.c).
 */
#ifndef KMD_IMAGE_IMAGE_H
#define KMD_IMAGE_IMAGE_H

#include "source/input.h"

enum kmd_blob_kind {
	KMD_BLOB_REGION, /* bytes of one region, or a text that describes regions */
	KMD_BLOB_FLAT,   /* many regions in one: a RAM image, an ELF file; never a region itself */
	KMD_BLOB_AUXILIARY, /* the container marks it as not memory */
};

struct kmd_blob {
	char *name; /* as recorded, not yet fit for printing; "" = none */
	const struct kmd_source *source;
	uint64_t offset;   /* of the bytes, in the source */
	uint64_t size;     /* bytes there are */
	uint64_t declared; /* bytes that the container promises; >= size */
	uint64_t phys;     /* where has_phys */
	bool has_phys;
	bool invalid;  /* the container marks the blob as not valid */
	bool conflict; /* its table entry contradicts others: the bytes may be another's */
	enum kmd_blob_kind kind;
	enum kmd_origin origin; /* source of these facts */
};

/* An SMEM area, found by its marks or named by an option. */
struct kmd_smem_area {
	bool present;
	bool rockchip;   /* no area but Rockchip's table alone, at this place */
	size_t blob;     /* it lies in this flat blob ... */
	uint64_t offset; /* ... here ... */
	uint64_t size;   /* ... and is so long (0 = not known) */
	uint64_t phys;
	uint32_t subsystem; /* whose regions are wanted */
};

struct kmd_image {
	const char *form; /* for people: "raw dump partition image" */
	struct kmd_blob *blobs;
	size_t n_blobs, cap_blobs;
	struct kmd_smem_area smem;
	/* RAM images of which no address is known: each lies at a chosen one, to be searched. */
	bool unplaced;
	bool hurried; /* a RAM image, of which not all was searched for an SMEM area */
};

struct kmd_image_options {
	bool accept_invalid; /* read it though its mark or validity bit is missing */
	bool all_memory;     /* all of a RAM image, not the regions that its SMEM area lists */
	bool quick;          /* search for an SMEM area only where such areas lie */
	bool has_smem, has_ram_base, has_rockchip;
	uint64_t smem, ram_base;
	uint64_t rockchip;  /* address of Rockchip's table */
	uint32_t subsystem; /* of the SMEM area's table; 0 = Linux's */
	kmd_progress_fn progress;
	void *progress_user;
};

struct kmd_image_format {
	const char *form;
	/* Looks at a few bytes, or as many as it takes; makes no findings. */
	bool (*probe)(const struct kmd_input *input, const struct kmd_image_options *options,
		      struct kmd_diag *diag);
	enum kmd_status (*read)(const struct kmd_input *input,
				const struct kmd_image_options *options, struct kmd_diag *diag,
				struct kmd_image *image);
};

extern const struct kmd_image_format kmd_image_addressed;
extern const struct kmd_image_format kmd_image_folder;
extern const struct kmd_image_format kmd_image_raw_dump;
extern const struct kmd_image_format kmd_image_elf;
extern const struct kmd_image_format kmd_image_lime;
extern const struct kmd_image_format kmd_image_ramoops;
extern const struct kmd_image_format kmd_image_ram;
extern const struct kmd_image_format kmd_image_ranges;
extern const struct kmd_image_format kmd_image_rockchip;
extern const struct kmd_image_format kmd_image_sysdump;
extern const struct kmd_image_format kmd_image_unplaced;
extern const struct kmd_image_format kmd_image_xen;

/* Find the form of @input and read it.  KMD_ERR_FORMAT names what else it is. */
enum kmd_status kmd_image_read(const struct kmd_input *input,
			       const struct kmd_image_options *options, struct kmd_diag *diag,
			       struct kmd_image *image);
void kmd_image_deinit(struct kmd_image *image);

/* Append a zeroed blob; NULL when memory is short.  Valid until the next append. */
struct kmd_blob *kmd_image_add(struct kmd_image *image);
/* Append a file of a folder, whose address others may describe. */
enum kmd_status kmd_image_add_file(struct kmd_image *image, const struct kmd_member *member,
				   struct kmd_diag *diag);
/* Append all of an image of RAM whose first byte lay at @phys, as one region. */
enum kmd_status kmd_image_add_ram(struct kmd_image *image, const struct kmd_member *member,
				  uint64_t phys, struct kmd_diag *diag);

/* Images of all RAM, as download tools name them: DDRCS0_0.BIN, DDRCS0_1.BIN. */
bool kmd_image_is_ddr_name(const char *file_name);
/* The first byte of unplaced image @blob lay at @phys; of the others no address is known. */
void kmd_image_place(struct kmd_image *image, size_t blob, uint64_t phys);

/*
 * What a file that no format wants is, and what to use instead: one sentence
 * part such as "a Windows minidump (MDMP): use minidump-stackwalk or WinDbg".
 * NULL = not known.
 */
const char *kmd_image_foreign(const struct kmd_source *source, struct kmd_diag *diag);
/* The same for what has a mark of its own.  RAM may begin with a page of text or zeroes. */
const char *kmd_image_marked(const struct kmd_source *source, struct kmd_diag *diag);

#endif
