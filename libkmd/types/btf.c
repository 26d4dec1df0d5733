/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "types/btf.h"

#include "base/array.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC       0xeb9f
#define HEADER_SIZE 24
#define TYPE_SIZE   12
/* Typedefs and anonymous members inside each other. */
#define DEPTH_MAX   32
/* Members to look at for all queries; many times what a kernel needs. */
#define BUDGET      (1ull << 26)

enum {
	KIND_INT = 1,
	KIND_PTR,
	KIND_ARRAY,
	KIND_STRUCT,
	KIND_UNION,
	KIND_ENUM,
	KIND_FWD,
	KIND_TYPEDEF,
	KIND_VOLATILE,
	KIND_CONST,
	KIND_RESTRICT,
	KIND_FUNC,
	KIND_FUNC_PROTO,
	KIND_VAR,
	KIND_DATASEC,
	KIND_FLOAT,
	KIND_DECL_TAG,
	KIND_TYPE_TAG,
	KIND_ENUM64,
};

struct btf {
	const unsigned char *bytes; /* of the types */
	const char *strings;
	size_t size, strings_size;
	uint32_t *at; /* offset of each type, from 1 on */
	size_t n, cap;
	bool big_endian;
	const char *wrong; /* what is damaged, at @wrong_at; NULL = nothing was seen */
	size_t wrong_at;
	uint64_t *budget; /* members that may still be looked at */
	/* Of a module: the kernel's types and strings come first.  NULL = this is the kernel's. */
	const struct btf *base;
};

/* A type that was read; its members or values follow at @more. */
struct type {
	const char *name; /* "" = none */
	unsigned int kind, n;
	bool flag;
	uint32_t size; /* or the type that it refers to */
	const unsigned char *more;
};

static uint32_t word(const struct btf *btf, const unsigned char *at)
{
	return (uint32_t)kmd_get(at, 4, btf->big_endian);
}

/* The strings end with a NUL, so that each one ends. */
static const char *string(const struct btf *btf, uint32_t at)
{
	if (btf->base && at < btf->base->strings_size)
		btf = btf->base;
	else if (btf->base)
		at -= (uint32_t)btf->base->strings_size;
	return at < btf->strings_size ? btf->strings + at : "";
}

/* Bytes after the three words of a type; false for a kind that is not known. */
static bool extra_size(unsigned int kind, unsigned int n, size_t *size)
{
	static const struct {
		unsigned char fixed, each;
	} sizes[] = {
		[KIND_INT] = { 4, 0 },        [KIND_PTR] = { 0, 0 },
		[KIND_ARRAY] = { 12, 0 },     [KIND_STRUCT] = { 0, 12 },
		[KIND_UNION] = { 0, 12 },     [KIND_ENUM] = { 0, 8 },
		[KIND_FWD] = { 0, 0 },        [KIND_TYPEDEF] = { 0, 0 },
		[KIND_VOLATILE] = { 0, 0 },   [KIND_CONST] = { 0, 0 },
		[KIND_RESTRICT] = { 0, 0 },   [KIND_FUNC] = { 0, 0 },
		[KIND_FUNC_PROTO] = { 0, 8 }, [KIND_VAR] = { 4, 0 },
		[KIND_DATASEC] = { 0, 12 },   [KIND_FLOAT] = { 0, 0 },
		[KIND_DECL_TAG] = { 4, 0 },   [KIND_TYPE_TAG] = { 0, 0 },
		[KIND_ENUM64] = { 0, 12 },
	};

	if (!kind || kind >= sizeof(sizes) / sizeof(sizes[0]))
		return false;
	*size = sizes[kind].fixed + (size_t)n * sizes[kind].each;
	return true;
}

/* The type at @offset, which index_types() found to be inside. */
static void read_type(const struct btf *btf, size_t offset, struct type *type)
{
	const unsigned char *at = btf->bytes + offset;
	uint32_t info = word(btf, at + 4);

	*type = (struct type){
		.name = string(btf, word(btf, at)),
		.kind = info >> 24 & 31,
		.n = info & 0xffff,
		.flag = info >> 31,
		.size = word(btf, at + 8),
		.more = at + TYPE_SIZE,
	};
}

static bool type_of(const struct btf *btf, uint32_t id, struct type *type)
{
	if (btf->base && id > btf->base->n)
		id -= (uint32_t)btf->base->n;
	else if (btf->base)
		btf = btf->base;
	if (!id || id > btf->n)
		return false;
	read_type(btf, btf->at[id - 1], type);
	return true;
}

/* False only if memory is short.  A type that is damaged is the end. */
static bool index_types(struct btf *btf)
{
	size_t at = 0, extra;
	struct type type;

	while (btf->size - at >= TYPE_SIZE) {
		read_type(btf, at, &type);
		if (!extra_size(type.kind, type.n, &extra) || extra > btf->size - at - TYPE_SIZE) {
			btf->wrong = "a type is damaged; those before it are used";
			btf->wrong_at = at;
			break;
		}
		if (!KMD_ARRAY_RESERVE(btf->at, btf->n, btf->cap))
			return false;
		btf->at[btf->n++] = (uint32_t)at;
		at += TYPE_SIZE + extra;
	}
	return true;
}

static bool read_header(struct btf *btf, const unsigned char *bytes, size_t size)
{
	uint64_t header, types, types_size, strings, strings_size;

	btf->wrong = "its header is damaged";
	if (size < HEADER_SIZE || size > KMD_BTF_MAX || kmd_get(bytes, 2, btf->big_endian) != MAGIC)
		return false;
	header = word(btf, bytes + 4);
	types = header + word(btf, bytes + 8);
	types_size = word(btf, bytes + 12);
	strings = header + word(btf, bytes + 16);
	strings_size = word(btf, bytes + 20);
	if (!kmd_inside(types, types_size, size) || !kmd_inside(strings, strings_size, size) ||
	    (strings_size ? bytes[strings + strings_size - 1] : !btf->base))
		return false;
	btf->bytes = bytes + types;
	btf->size = (size_t)types_size;
	btf->strings = (const char *)bytes + strings;
	btf->strings_size = (size_t)strings_size;
	btf->wrong = NULL;
	return true;
}

/* ----- answers */

/* Follow typedefs and qualifiers. */
static bool resolve(const struct btf *btf, uint32_t id, struct type *type)
{
	for (int depth = 0; depth < DEPTH_MAX && type_of(btf, id, type); depth++) {
		if (type->kind != KIND_TYPEDEF && type->kind != KIND_VOLATILE &&
		    type->kind != KIND_CONST && type->kind != KIND_RESTRICT &&
		    type->kind != KIND_TYPE_TAG)
			return true;
		id = type->size;
	}
	return false;
}

static bool size_of(const struct btf *btf, uint32_t id, uint64_t *size)
{
	uint64_t factor = 1;
	struct type type;

	for (int depth = 0; depth < DEPTH_MAX && resolve(btf, id, &type); depth++) {
		switch (type.kind) {
		case KIND_INT:
		case KIND_STRUCT:
		case KIND_UNION:
		case KIND_ENUM:
		case KIND_ENUM64:
		case KIND_FLOAT:
			return !__builtin_mul_overflow(factor, (uint64_t)type.size, size);
		case KIND_PTR:
			return !__builtin_mul_overflow(factor, UINT64_C(8), size);
		case KIND_ARRAY:
			factor *= word(btf, type.more + 8);
			id = word(btf, type.more);
			break;
		default:
			return false;
		}
	}
	return false;
}

static bool is_struct(const struct type *type)
{
	return type->kind == KIND_STRUCT || type->kind == KIND_UNION;
}

/* The member of that name, also in anonymous members; adds its offset in bits to *@bits. */
static bool find_member(const struct btf *btf, const struct type *type, const char *name,
			size_t length, int depth, uint64_t *bits, uint32_t *member)
{
	for (unsigned int i = 0; i < type->n; i++) {
		const unsigned char *at = type->more + 12 * (size_t)i;
		const char *own = string(btf, word(btf, at));
		uint64_t offset = word(btf, at + 8) & (type->flag ? 0xffffff : UINT32_MAX);
		struct type inner;

		if (!*btf->budget)
			return false;
		--*btf->budget;
		/* A damaged name may be as long as all strings. */
		if (*own && (strncmp(own, name, length) != 0 || own[length]))
			continue;
		*member = word(btf, at + 4);
		if (*own) {
			*bits += offset;
			return true;
		}
		if (depth < DEPTH_MAX && resolve(btf, *member, &inner) && is_struct(&inner) &&
		    find_member(btf, &inner, name, length, depth + 1, bits, member)) {
			*bits += offset;
			return true;
		}
	}
	return false;
}

/* The member @path ("a", "a.b"): its offset in bytes and its type. */
static bool member_at(const struct btf *btf, const struct type *outer, const char *path,
		      uint64_t *offset, uint32_t *member)
{
	struct type type = *outer;
	uint64_t bits = 0;

	for (;;) {
		size_t length = strcspn(path, ".");

		if (!is_struct(&type) || !find_member(btf, &type, path, length, 0, &bits, member))
			return false;
		*offset = bits / 8;
		if (!path[length])
			return true;
		path += length + 1;
		if (!resolve(btf, *member, &type))
			return false;
	}
}

static bool enumerator(const struct btf *btf, const struct type *type, const char *name,
		       uint64_t *value)
{
	size_t each = type->kind == KIND_ENUM64 ? 12 : 8;

	for (unsigned int i = 0; i < type->n; i++) {
		const unsigned char *at = type->more + each * i;

		if (strcmp(string(btf, word(btf, at)), name) != 0)
			continue;
		*value = word(btf, at + 4);
		if (each == 12)
			*value |= (uint64_t)word(btf, at + 8) << 32;
		return true;
	}
	return false;
}

static bool elements(const struct btf *btf, uint32_t id, uint64_t *value)
{
	struct type type;

	if (!resolve(btf, id, &type) || type.kind != KIND_ARRAY)
		return false;
	*value = word(btf, type.more + 8);
	return true;
}

/* True if type number @id answers. */
static bool answer(const struct btf *btf, const struct kmd_type_query *query, uint32_t id,
		   const struct type *type, uint64_t *value)
{
	struct type whole;
	uint32_t member;

	if (query->kind == KMD_TYPE_ENUMERATOR)
		return (type->kind == KIND_ENUM || type->kind == KIND_ENUM64) &&
		       enumerator(btf, type, query->type, value);
	if (strcmp(type->name, query->type) != 0)
		return false;
	switch (query->kind) {
	case KMD_TYPE_SIZE:
		return (is_struct(type) || type->kind == KIND_TYPEDEF) && size_of(btf, id, value);
	case KMD_TYPE_OFFSET:
		return (is_struct(type) || type->kind == KIND_TYPEDEF) &&
		       resolve(btf, id, &whole) &&
		       member_at(btf, &whole, query->member, value, &member);
	case KMD_TYPE_LENGTH:
		return is_struct(type) && member_at(btf, type, query->member, value, &member) &&
		       elements(btf, member, value);
	case KMD_TYPE_VARIABLE:
		return type->kind == KIND_VAR && size_of(btf, type->size, value);
	case KMD_TYPE_ELEMENTS:
		return type->kind == KIND_VAR && elements(btf, type->size, value);
	default:
		return false;
	}
}

/* A question, by the name of its type. */
struct question {
	const char *name;
	struct kmd_type_query *query;
};

static int by_name(const void *a, const void *b)
{
	const struct question *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Ask type number @id the questions in [from, to) that it may answer. */
static void ask(const struct btf *btf, uint32_t id, const struct type *type,
		const struct question *from, const struct question *to)
{
	uint64_t value;

	for (; from < to; from++)
		if (!from->query->known && answer(btf, from->query, id, type, &value)) {
			from->query->known = true;
			from->query->value = value;
		}
}

static void ask_all(const struct btf *btf, const struct question *questions, size_t n)
{
	struct type type;
	uint32_t first = btf->base ? (uint32_t)btf->base->n : 0;

	for (uint32_t own = 0; own < btf->n; own++) {
		size_t from = 0, to = n;

		read_type(btf, btf->at[own], &type);
		if (type.kind != KIND_ENUM && type.kind != KIND_ENUM64) {
			/* Pointers and qualifiers have no name, and are most of all types. */
			if (!*type.name)
				continue;
			from = KMD_LOWER_BOUND(n, middle,
					       strcmp(questions[middle].name, type.name) < 0);
			for (to = from; to < n && !strcmp(questions[to].name, type.name);)
				to++;
		}
		ask(btf, first + own + 1, &type, questions + from, questions + to);
	}
}

/* False only if memory is short.  Most types are no answer to anything. */
static bool answer_all(const struct btf *btf, struct kmd_type_query *queries, size_t n)
{
	struct question *questions = calloc(n + 1, sizeof(*questions));

	if (!questions)
		return false;
	for (size_t i = 0; i < n; i++)
		questions[i] = (struct question){ queries[i].type, &queries[i] };
	qsort(questions, n, sizeof(*questions), by_name);
	ask_all(btf, questions, n);
	free(questions);
	return true;
}

/* False only if memory is short. */
static bool index_section(struct btf *btf, const struct kmd_btf_section *section)
{
	return !read_header(btf, section->bytes, section->size) || index_types(btf);
}

static size_t place_of_damage(const struct btf *btf, const struct kmd_btf_section *section)
{
	return btf->wrong_at +
	       (btf->wrong && btf->bytes ? (size_t)(btf->bytes - section->bytes) : 0);
}

enum kmd_status kmd_btf_types(const unsigned char *bytes, size_t size, bool big_endian,
			      struct kmd_type_query *queries, size_t n, struct kmd_diag *diag,
			      const char **wrong, size_t *at)
{
	const struct kmd_btf_section section = { bytes, size };
	uint64_t budget = BUDGET;
	struct btf btf = { .big_endian = big_endian, .budget = &budget };
	bool good = index_section(&btf, &section);

	good = good && answer_all(&btf, queries, n);
	free(btf.at);
	*wrong = btf.wrong;
	*at = place_of_damage(&btf, &section);
	return good ? KMD_OK : kmd_fail_memory(diag);
}

enum kmd_status kmd_btf_split_types(const struct kmd_btf_section *base,
				    const struct kmd_btf_section *split, bool big_endian,
				    struct kmd_type_query *queries, size_t n, struct kmd_diag *diag,
				    const char **wrong, size_t *at)
{
	uint64_t budget = BUDGET;
	struct btf whole = { .big_endian = big_endian, .budget = &budget };
	struct btf own = { .big_endian = big_endian, .budget = &budget, .base = &whole };
	bool good = index_section(&whole, base);

	*wrong = whole.wrong ? "the kernel's own types, which it needs, are damaged" : NULL;
	*at = 0;
	if (good && !*wrong) {
		good = index_section(&own, split);
		good = good && answer_all(&own, queries, n);
		*wrong = own.wrong;
		*at = place_of_damage(&own, split);
	}
	free(whole.at);
	free(own.at);
	return good ? KMD_OK : kmd_fail_memory(diag);
}
