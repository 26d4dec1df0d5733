/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "recipe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* As kmd_extract_path() names files. */
#define NAME_MAX_LENGTH 200

struct file_name {
	size_t index; /* of the region */
	char text[NAME_MAX_LENGTH + 40];
};

/* The names that --extract gave, in order of region. */
struct file_names {
	struct file_name *at;
	size_t n;
};

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

static void print_lines(FILE *out, const char *text, size_t length)
{
	const char *end;

	for (; (end = memchr(text, '\n', length)); text = end + 1) {
		fputs("line ", out);
		print_word(out, text, (size_t)(end - text));
		fputc('\n', out);
		length -= (size_t)(end + 1 - text);
	}
}

static void print_vmcoreinfo(FILE *out, struct kmd *kmd, size_t index)
{
	uint64_t size = kmd_region_get(kmd, index)->captured;
	char *text = size <= 1 << 16 ? malloc((size_t)size + 1) : NULL;

	if (text && kmd_read_region(kmd, index, 0, text, (size_t)size) == KMD_OK) {
		text[size] = '\0';
		print_lines(out, text, strlen(text));
	}
	free(text);
}

/* A core has it in a note, and all of RAM somewhere in one region. */
static void print_vmcoreinfo_of_no_region(FILE *out, struct kmd *kmd)
{
	const char *text;
	size_t length;

	for (size_t i = 0; kmd_region_get(kmd, i); i++)
		if (begins_with(kmd, i, "OSRELEASE="))
			return;
	if (kmd_kernel_get(kmd)->vmcoreinfo_generated ||
	    kmd_vmcoreinfo_text(kmd, &text, &length) != KMD_OK)
		return;
	fputs("\nregion \"vmcoreinfo\" vmcoreinfo\n", out);
	print_lines(out, text, length);
}

static bool is_extracted(const struct kmd_region *region)
{
	return region->captured && region->state != KMD_REGION_AUXILIARY &&
	       region->state != KMD_REGION_INVALID && region->state != KMD_REGION_CONFLICT &&
	       region->state != KMD_REGION_EXCLUDED;
}

/* "md_NAME.BIN", with _ in place of what kmd.h does not call safe. */
static void set_name(struct file_name *name, const struct kmd_region *region)
{
	static const char safe[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-#";

	snprintf(name->text, sizeof(name->text), "md_%.*s.BIN", NAME_MAX_LENGTH,
		 *region->name ? region->name : "unnamed");
	for (char *at = name->text; *(at += strspn(at, safe));)
		*at = '_';
}

static int by_text(const void *a, const void *b)
{
	const struct file_name *x = a, *y = b;
	int order = strcasecmp(x->text, y->text);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b)
{
	const struct file_name *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* The second of one name is md_1_0_NAME, and so on. */
static void number_names(struct file_names *names)
{
	char plain[sizeof(names->at->text)], bare[sizeof(plain)];
	size_t first = 0;

	qsort(names->at, names->n, sizeof(*names->at), by_text);
	for (size_t i = 0; i < names->n; i++) {
		struct file_name *name = &names->at[i];

		if (!i || strcasecmp(name->text, plain) != 0) {
			memcpy(plain, name->text, sizeof(plain));
			first = i;
			continue;
		}
		memcpy(bare, name->text + 3, sizeof(bare) - 3);
		bare[sizeof(bare) - 4] = '\0';
		snprintf(name->text, sizeof(name->text), "md_%zu_0_%.*s", i - first,
			 NAME_MAX_LENGTH + 4, bare);
	}
	qsort(names->at, names->n, sizeof(*names->at), by_index);
}

/* Without memory the list stays empty, and the recipe has zeroes. */
static struct file_names name_files(const struct kmd *kmd, const struct options *options)
{
	struct file_names names = { 0 };
	const struct kmd_region *region;

	if (!options->extract)
		return names;
	names.at = calloc(kmd_region_count(kmd) + 1, sizeof(*names.at));
	for (size_t i = 0; names.at && (region = kmd_region_get(kmd, i)); i++) {
		if (!is_extracted(region))
			continue;
		names.at[names.n].index = i;
		set_name(&names.at[names.n++], region);
	}
	if (names.at)
		number_names(&names);
	return names;
}

static const char *name_of(const struct file_names *names, size_t index)
{
	struct file_name key = { .index = index };
	const struct file_name *found =
		names->at ? bsearch(&key, names->at, names->n, sizeof(*names->at), by_index) : NULL;

	return found ? found->text : NULL;
}

/* The bytes: made again, or as they are in the folder of --extract, or zeroes. */
static void print_content(FILE *out, struct kmd *kmd, size_t index, const struct options *options,
			  const char *file)
{
	const struct kmd_region *region = kmd_region_get(kmd, index);
	char path[4096];

	if (begins_with(kmd, index, "OSRELEASE=")) {
		print_vmcoreinfo(out, kmd, index);
	} else if (file) {
		snprintf(path, sizeof(path), "%s/%s", options->extract, file);
		fputs("file ", out);
		print_word(out, path, strlen(path));
		fputc('\n', out);
	} else if (region->captured) {
		fprintf(out, "zero %" PRIu64 "\n", region->captured);
	}
}

static void print_region(FILE *out, struct kmd *kmd, size_t index, const struct options *options,
			 const char *file)
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
		print_content(out, kmd, index, options, file);
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
	struct file_names names = name_files(kmd, options);

	fprintf(out,
		"# A recipe for kmd-mkimage, made by kmd-assemble %s.\n"
		"# %s\n",
		kmd_version(),
		options->extract ? "Its bytes are in the files of --extract."
				 : "It has no memory but the text of VMCOREINFO.");
	fprintf(out, "machine %s\n", kernel->machine ? kernel->machine : "aarch64");
	for (size_t i = 0; kmd_region_get(kmd, i); i++)
		print_region(out, kmd, i, options, name_of(&names, i));
	free(names.at);
	print_vmcoreinfo_of_no_region(out, kmd);
	fputc('\n', out);
	print_texts(out, kmd);
	fprintf(out, "form %s\n", form_of(kmd));
}
