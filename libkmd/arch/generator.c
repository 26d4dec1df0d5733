/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "arch/generator.h"

#include <string.h>

const struct kmd_type_query kmd_generate_facts[] = {
	{ .kind = KMD_TYPE_SIZE, .type = "page" },
	{ .kind = KMD_TYPE_SIZE, .type = "mem_section" },
	{ .kind = KMD_TYPE_SIZE, .type = "nodemask_t" },
	{ .kind = KMD_TYPE_VARIABLE, .type = "mem_section" },
	{ .kind = KMD_TYPE_ELEMENTS, .type = "mem_section" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "N_ONLINE" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PG_head" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PG_slab" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PG_buddy" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PG_offline" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PG_hugetlb" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PGTY_slab" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PGTY_buddy" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PGTY_offline" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PGTY_hugetlb" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PGTY_unaccepted" },
};

const size_t kmd_n_generate_facts = sizeof(kmd_generate_facts) / sizeof(kmd_generate_facts[0]);

bool kmd_generate_fact(const struct kmd_generator *generator, enum kmd_type_kind kind,
		       const char *type, uint64_t *value)
{
	for (size_t i = 0; i < kmd_n_generate_facts && i < generator->n_queries; i++)
		if (generator->queries[i].kind == kind &&
		    !strcmp(generator->queries[i].type, type)) {
			*value = generator->queries[i].value;
			return generator->queries[i].known;
		}
	return false;
}

bool kmd_generate_boot(const struct kmd_generator *generator, enum kmd_runtime_key key,
		       uint64_t *value)
{
	return kmd_runtime_get(generator->runtime, key, value);
}

bool kmd_generate_has(const struct kmd_generator *generator, const char *symbol)
{
	uint64_t link;

	return kmd_vmlinux_symbol(generator->vmlinux, symbol, &link);
}

bool kmd_generate_address(const struct kmd_generator *generator, const char *symbol,
			  uint64_t *value)
{
	uint64_t kaslr;

	if (!kmd_generate_boot(generator, KMD_RUNTIME_KASLR, &kaslr) ||
	    !kmd_vmlinux_symbol(generator->vmlinux, symbol, value))
		return false;
	*value += kaslr;
	return true;
}

bool kmd_generate_kaslr(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_KASLR, value);
}

bool kmd_generate_is_extreme(const struct kmd_generator *generator)
{
	uint64_t size;

	return kmd_generate_fact(generator, KMD_TYPE_VARIABLE, "mem_section", &size) && size == 8;
}

bool kmd_generate_mem_section(const struct kmd_generator *generator, uint64_t *value)
{
	if (kmd_generate_is_extreme(generator))
		return kmd_image_reader_variable(&generator->reader, "mem_section", 8, value) &&
		       *value;
	return kmd_generate_address(generator, "mem_section", value);
}
