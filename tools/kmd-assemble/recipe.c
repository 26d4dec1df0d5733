/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "recipe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A word of a recipe: in quotes, with the escapes that recipes have. */
static void print_word(FILE *out, const char *text, size_t length)
{
	fputc('"', out);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static bool begins_with(struct kmd *kmd, size_t index, const char *mark)
{
	char bytes[16];
	size_t length = strlen(mark);

	return kmd_region_get(kmd, index)->captured >= length &&
	       kmd_read_region(kmd, index, 0, bytes, length) == KMD_OK &&
	       !memcmp(bytes, mark, length);
}

static void print_vmcoreinfo(FILE *out, struct kmd *kmd, size_t index)
{
	uint64_t size = kmd_region_get(kmd, index)->captured;
	char *text = size <= 1 << 16 ? malloc((size_t)size + 1) : NULL, *line, *rest = text;

	if (!text || kmd_read_region(kmd, index, 0, text, (size_t)size) != KMD_OK) {
		free(text);
		return;
	}
	text[size] = '\0';
	while ((line = strsep(&rest, "\n")) && rest) {
		fputs("line ", out);
		print_word(out, line, strlen(line));
		fputc('\n', out);
	}
	free(text);
}

/* The bytes: made again, or as they are in the folder of --extract, or zeroes. */
static void print_content(FILE *out, struct kmd *kmd, size_t index, const struct options *options)
{
	const struct kmd_region *region = kmd_region_get(kmd, index);

	if (begins_with(kmd, index, "OSRELEASE=")) {
		print_vmcoreinfo(out, kmd, index);
	} else if (options->extract && region->captured) {
		fputs("file ", out);
		print_word(out, options->extract, strlen(options->extract));
		fputs("/md_", out);
		fprintf(out, "%s.BIN\n", region->name);
	} else if (region->captured) {
		fprintf(out, "zero %" PRIu64 "\n", region->captured);
	}
}

static void print_region(FILE *out, struct kmd *kmd, size_t index, const struct options *options)
{
	const struct kmd_region *region = kmd_region_get(kmd, index);
	bool kelf = begins_with(kmd, index, "\177ELF");

	if (region->state == KMD_REGION_AUXILIARY || region->state == KMD_REGION_OTHER_VM)
		return;
	fputs("\nregion ", out);
	print_word(out, region->name, strlen(region->name));
	if (region->has_phys)
		fprintf(out, " phys=0x%" PRIx64, region->phys);
	if (region->has_virt)
		fprintf(out, " virt=0x%" PRIx64, region->virt);
	if (!kelf)
		fprintf(out, " size=%" PRIu64, region->size);
	if (region->state == KMD_REGION_CUT)
		fprintf(out, " cut=%" PRIu64, region->captured);
	if (region->state == KMD_REGION_MISSING)
		fputs(" not=file", out);
	if (region->state == KMD_REGION_INVALID)
		fputs(" state=invalid", out);
	if (begins_with(kmd, index, "OSRELEASE="))
		fputs(" vmcoreinfo", out);
	/* Its content depends on the other regions. */
	if (kelf)
		fputs(" kelf=meminspect", out);
	fputc('\n', out);
	if (!kelf)
		print_content(out, kmd, index, options);
}

/* The form that is nearest to the input's. */
static const char *form_of(const struct kmd *kmd)
{
	const char *form = kmd_input_form(kmd);

	if (form && strstr(form, "folder"))
		return "folder";
	return form && strstr(form, "ELF") ? "core" : "raw";
}

/* Texts that other tools left beside the regions. */
static void print_texts(FILE *out, const struct kmd *kmd)
{
	const struct kmd_region *region;
	unsigned int origins = 0;

	for (size_t i = 0; (region = kmd_region_get(kmd, i)); i++)
		origins |= region->origins;
	if (origins & KMD_FROM_LOAD_CMM)
		fputs("load_cmm\n", out);
	if (origins & KMD_FROM_DUMP_INFO)
		fputs("dump_info\n", out);
}

void recipe_print(FILE *out, struct kmd *kmd, const struct options *options)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);

	fprintf(out,
		"# A recipe for kmd-mkimage, made by kmd-assemble %s.\n"
		"# %s\n",
		kmd_version(),
		options->extract ? "Its bytes are in the files of --extract."
				 : "It has no memory but the text of VMCOREINFO.");
	fprintf(out, "machine %s\n", kernel->machine ? kernel->machine : "aarch64");
	for (size_t i = 0; kmd_region_get(kmd, i); i++)
		print_region(out, kmd, i, options);
	fputc('\n', out);
	print_texts(out, kmd);
	fprintf(out, "form %s\n", form_of(kmd));
}
