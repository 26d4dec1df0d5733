/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "kernel/generate.h"

#include "base/array.h"
#include "kernel/generate_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every key of every machine, and then some; the kernel itself has room for one page. */
#define LINE_MAX_SIZE 160

struct text {
	char *bytes;
	size_t length, cap;
	char missing[256]; /* keys that a consumer needs */
};

/* ----- queries */

static bool applies(const struct kmd_generator *generator, const struct kmd_generate_key *key)
{
	unsigned int version = generator->build.version;
	bool negated = key->if_symbol && *key->if_symbol == '!';

	if ((key->since && version < key->since) || (key->until && version > key->until))
		return false;
	return !key->if_symbol || kmd_generate_has(generator, key->if_symbol + negated) != negated;
}

static bool kind_of_query(const struct kmd_generate_key *key, enum kmd_type_kind *kind)
{
	switch (key->kind) {
	case KMD_KEY_SIZE:
		*kind = KMD_TYPE_SIZE;
		return true;
	case KMD_KEY_OFFSET:
		*kind = KMD_TYPE_OFFSET;
		return true;
	case KMD_KEY_LENGTH:
		*kind = KMD_TYPE_LENGTH;
		return true;
	case KMD_KEY_ELEMENTS:
		*kind = KMD_TYPE_ELEMENTS;
		return true;
	case KMD_KEY_ENUMERATOR:
		*kind = KMD_TYPE_ENUMERATOR;
		return true;
	default:
		return false;
	}
}

static void add_queries(struct kmd_generator *generator, const struct kmd_generate_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++) {
		struct kmd_type_query *query = &generator->queries[generator->n_queries];

		if (!applies(generator, &keys->items[i]) ||
		    !kind_of_query(&keys->items[i], &query->kind))
			continue;
		query->type = keys->items[i].name;
		query->member = keys->items[i].member;
		generator->n_queries++;
	}
}

static enum kmd_status run_queries(struct kmd_generator *generator,
				   const struct kmd_generate_keys *own)
{
	generator->queries = calloc(kmd_n_generate_facts + kmd_keys_common.n + own->n,
				    sizeof(*generator->queries));
	if (!generator->queries)
		return kmd_fail_memory(generator->diag);
	memcpy(generator->queries, kmd_generate_facts,
	       kmd_n_generate_facts * sizeof(*generator->queries));
	generator->n_queries = kmd_n_generate_facts;
	add_queries(generator, &kmd_keys_common);
	add_queries(generator, own);
	return kmd_vmlinux_types(generator->vmlinux, generator->queries, generator->n_queries,
				 generator->diag);
}

/* ----- values */

static bool answer_of(const struct kmd_generator *generator, const struct kmd_generate_key *key,
		      uint64_t *value)
{
	enum kmd_type_kind kind;

	if (!kind_of_query(key, &kind))
		return false;
	for (size_t i = 0; i < generator->n_queries; i++) {
		const struct kmd_type_query *query = &generator->queries[i];

		if (query->kind != kind || strcmp(query->type, key->name) != 0 ||
		    !query->member != !key->member ||
		    (key->member && strcmp(query->member, key->member) != 0))
			continue;
		*value = query->value;
		return query->known;
	}
	return false;
}

/* "SIZE(page)": what stands before the equals sign. */
static void name_key(const struct kmd_generate_key *key, char name[LINE_MAX_SIZE])
{
	static const char *const functions[] = {
		[KMD_KEY_SYMBOL] = "SYMBOL",   [KMD_KEY_SIZE] = "SIZE",
		[KMD_KEY_OFFSET] = "OFFSET",   [KMD_KEY_LENGTH] = "LENGTH",
		[KMD_KEY_ELEMENTS] = "LENGTH", [KMD_KEY_ENUMERATOR] = "NUMBER",
	};

	if (key->kind == KMD_KEY_VALUE || key->kind == KMD_KEY_TEXT)
		snprintf(name, LINE_MAX_SIZE, "%s", key->name);
	else if (key->label)
		snprintf(name, LINE_MAX_SIZE, "%s(%s)", functions[key->kind], key->label);
	else
		snprintf(name, LINE_MAX_SIZE, "%s(%s%s%s)", functions[key->kind], key->name,
			 key->member ? "." : "", key->member ? key->member : "");
}

static bool value_of(const struct kmd_generator *generator, const struct kmd_generate_key *key,
		     char value[LINE_MAX_SIZE])
{
	enum kmd_key_format format = key->format;
	uint64_t number;

	if (key->kind == KMD_KEY_TEXT) {
		snprintf(value, LINE_MAX_SIZE, "%s", key->text(generator));
		return *value;
	}
	if (key->kind == KMD_KEY_SYMBOL) {
		if (!kmd_vmlinux_symbol(generator->vmlinux, key->name, &number))
			return false;
		number += generator->runtime->values[KMD_RUNTIME_KASLR].value;
		format = KMD_KEY_BARE_HEX;
	} else if (key->kind == KMD_KEY_VALUE ? !key->value(generator, &number)
					      : !answer_of(generator, key, &number)) {
		return false;
	}
	if (format == KMD_KEY_DECIMAL)
		snprintf(value, LINE_MAX_SIZE, "%" PRId64, (int64_t)number);
	else
		snprintf(value, LINE_MAX_SIZE, "%s%" PRIx64, format == KMD_KEY_HEX ? "0x" : "",
			 number);
	return true;
}

static bool append(struct text *text, const char *bytes)
{
	for (; *bytes; bytes++) {
		if (!KMD_ARRAY_RESERVE(text->bytes, text->length, text->cap))
			return false;
		text->bytes[text->length++] = *bytes;
	}
	return true;
}

static enum kmd_status write_key(const struct kmd_generator *generator,
				 const struct kmd_generate_key *key, struct text *text)
{
	char name[LINE_MAX_SIZE], value[LINE_MAX_SIZE];

	name_key(key, name);
	if (value_of(generator, key, value))
		return append(text, name) && append(text, "=") && append(text, value) &&
				       append(text, "\n")
			       ? KMD_OK
			       : kmd_fail_memory(generator->diag);
	if (key->needed) {
		size_t used = strlen(text->missing);

		snprintf(text->missing + used, sizeof(text->missing) - used, "%s%s",
			 used ? ", " : "", name);
	}
	return KMD_OK;
}

static enum kmd_status write_keys(const struct kmd_generator *generator,
				  const struct kmd_generate_keys *keys, struct text *text)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < keys->n; i++)
		if (applies(generator, &keys->items[i]))
			status = write_key(generator, &keys->items[i], text);
	return status;
}

static enum kmd_status write_text(struct kmd_generator *generator,
				  const struct kmd_generate_keys *own, struct kmd_vmcoreinfo *info)
{
	struct text text = { 0 };
	enum kmd_status status = write_keys(generator, &kmd_keys_common, &text);

	if (status == KMD_OK)
		status = write_keys(generator, own, &text);
	if (status == KMD_OK && *text.missing)
		status = kmd_report(generator->diag, KMD_FIND_VMCOREINFO, KMD_DAMAGE, kmd_in(NULL),
				    "VMCOREINFO was generated from the vmlinux, but the dump does "
				    "not have %s: consumers that need it will not work",
				    text.missing);
	if (status == KMD_OK) {
		info->origin = strdup("generated from vmlinux");
		status = info->origin ? KMD_OK : kmd_fail_memory(generator->diag);
	}
	if (status != KMD_OK) {
		free(text.bytes);
		return status;
	}
	info->text = text.bytes;
	info->length = text.length;
	return KMD_OK;
}

static enum kmd_status cannot(const struct kmd_generator *generator, const char *why)
{
	return kmd_fail(generator->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL),
			"VMCOREINFO cannot be generated from vmlinux: %s", why);
}

enum kmd_status kmd_vmcoreinfo_generate(const struct kmd_memory *memory,
					const struct kmd_vmlinux *vmlinux,
					const struct kmd_runtime *runtime, struct kmd_diag *diag,
					struct kmd_vmcoreinfo *info)
{
	struct kmd_generator generator = { .vmlinux = vmlinux, .runtime = runtime, .diag = diag };
	struct kmd_generate_keys own;
	enum kmd_status status;

	memset(info, 0, sizeof(*info));
	kmd_build_read(vmlinux, &generator.build);
	if (!generator.build.arch || !generator.build.arch->vmcoreinfo)
		return cannot(&generator,
			      "this is supported for x86_64, arm64, riscv64 and arm only");
	if (!generator.build.version)
		return cannot(&generator, "it has no linux_banner, so its version is not known");
	if (!runtime->values[KMD_RUNTIME_KASLR].known)
		return cannot(&generator, "the KASLR offset of the dump is not known");
	own = (struct kmd_generate_keys){ generator.build.arch->vmcoreinfo->keys,
					  generator.build.arch->vmcoreinfo->n_keys };
	kmd_image_reader_init(memory, vmlinux, &generator.build, runtime, diag, &generator.reader);
	status = run_queries(&generator, &own);
	if (status == KMD_OK)
		status = write_text(&generator, &own, info);
	free(generator.queries);
	return status;
}
