/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/moved.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char stack[] = "KSTACK", task[] = "KTASK";

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* The names of rows that follow the current task of a CPU have its number. */
static bool may_move(const struct kmd_claim *claim)
{
	return (starts_with(claim->name, stack) &&
		isdigit((unsigned char)claim->name[sizeof(stack) - 1])) ||
	       (starts_with(claim->name, task) &&
		isdigit((unsigned char)claim->name[sizeof(task) - 1]));
}

/* CPU and page of KSTACK1_0. */
static bool page_of(const struct kmd_claim *claim, unsigned long *cpu, unsigned long *page)
{
	const char *digits = claim->name + sizeof(stack) - 1;
	char *end;

	if (!may_move(claim) || !starts_with(claim->name, stack))
		return false;
	*cpu = strtoul(digits, &end, 10);
	if (*end != '_' || !isdigit((unsigned char)end[1]))
		return false;
	*page = strtoul(end + 1, &end, 10);
	return !*end;
}

static bool is_next_page(const struct kmd_claim *before, const struct kmd_claim *claim)
{
	unsigned long cpu, page, last_cpu, last_page;

	return page_of(before, &last_cpu, &last_page) && page_of(claim, &cpu, &page) &&
	       cpu == last_cpu && last_page + 1 == page;
}

/* The first row whose page does not follow that of the row before it; claims->n if none. */
static size_t first_torn(const struct kmd_claims *claims, size_t first)
{
	for (size_t i = first + 1; i < claims->n; i++) {
		const struct kmd_claim *before = &claims->items[i - 1], *claim = before + 1;

		if (is_next_page(before, claim) && before->has_virt && claim->has_virt &&
		    claim->virt != before->virt + before->size)
			return i;
	}
	return claims->n;
}

enum kmd_status kmd_moved_check(struct kmd_claims *claims, size_t first, struct kmd_diag *diag)
{
	const size_t torn = first_torn(claims, first);
	size_t from = first;

	if (torn >= claims->n)
		return KMD_OK;
	while (!may_move(&claims->items[from]))
		from++;
	for (size_t i = from; i < claims->n; i++)
		claims->items[i].conflict = true;
	return kmd_report(diag, KMD_FIND_DISAGREE, KMD_DAMAGE, claims->items[torn].place,
			  "%s at virtual 0x%" PRIx64 " does not follow %s at 0x%" PRIx64
			  ": the kernel changed the rows of other regions when a stack moved; %zu "
			  "program headers are not used",
			  claims->items[torn].name, claims->items[torn].virt,
			  claims->items[torn - 1].name, claims->items[torn - 1].virt,
			  claims->n - from);
}
