/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the library says of a dump and of its anonymous copy. */
#include "anonymize.h"

#include "common/color.h"

#include <stdlib.h>
#include <string.h>

/* The sentence without the name of the input that it begins with. */
static const char *sentence(const struct kmd_finding *finding, const char *input)
{
	size_t length = strlen(input);

	return !strncmp(finding->text, input, length) ? finding->text + length : finding->text;
}

static bool has(const struct kmd *kmd, const struct kmd_finding *wanted, const char *input,
		const char *own)
{
	for (size_t i = 0; i < kmd_finding_count(kmd); i++) {
		const struct kmd_finding *finding = kmd_finding_get(kmd, i);

		if (finding->code == wanted->code && finding->severity == wanted->severity &&
		    !strcmp(sentence(finding, own), sentence(wanted, input)))
			return true;
	}
	return false;
}

/* Print the first @count findings of @kmd that the other one has not; their number. */
static size_t print_missing(const struct kmd *kmd, size_t count, const char *input,
			    const struct kmd *other, const char *name, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct kmd_finding *finding = kmd_finding_get(kmd, i);

		if (has(other, finding, input, name))
			continue;
		n++;
		message_begin(COLOR_WARNING);
		fprintf(stderr, "%s: %s\n", what, finding->text);
	}
	return n;
}

static size_t count_regions(const struct kmd *kmd)
{
	size_t n = 0;

	while (kmd_region_get(kmd, n))
		n++;
	return n;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A region without a name has that of its file. */
static bool same_name(const char *name, const char *of_copy,
		      const struct anonymize_options *options)
{
	return !strcmp(name, of_copy) || (!strcmp(name, base_name(options->in.input)) &&
					  !strcmp(of_copy, base_name(options->output)));
}

static bool same_region(const struct kmd_region *a, const struct kmd_region *b)
{
	return a->state == b->state && a->size == b->size && a->captured == b->captured &&
	       a->has_phys == b->has_phys && (!a->has_phys || a->phys == b->phys) &&
	       a->has_virt == b->has_virt && (!a->has_virt || a->virt == b->virt) &&
	       a->origins == b->origins;
}

static bool same_regions(const struct kmd *dump, const struct kmd *copy,
			 const struct anonymize_options *options)
{
	size_t n = count_regions(dump);

	if (n != count_regions(copy))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_region(kmd_region_get(dump, i), kmd_region_get(copy, i)) ||
		    !same_name(kmd_region_get(dump, i)->name, kmd_region_get(copy, i)->name,
			       options))
			return false;
	return true;
}

bool same_dump(struct kmd *dump, size_t n_findings, struct kmd *copy,
	       const struct anonymize_options *options)
{
	const char *own = options->in.input;
	size_t lost = print_missing(dump, n_findings, own, copy, options->output,
				    "not in the copy, it depends on memory that is lost");
	size_t added = print_missing(copy, kmd_finding_count(copy), options->output, dump, own,
				     "in the copy only");
	bool regions = same_regions(dump, copy, options);

	if (!regions) {
		message_begin(COLOR_WARNING);
		fputs("the regions of the copy differ: compare kmd-assemble --list of both\n",
		      stderr);
	}
	if (!options->quiet)
		printf("copy     %s\n"
		       "regions  %zu%s\n"
		       "findings %zu%s\n",
		       options->output, count_regions(dump), regions ? ", as in the dump" : "",
		       kmd_finding_count(copy), !lost && !added ? ", as in the dump" : "");
	return !lost && !added && regions;
}
