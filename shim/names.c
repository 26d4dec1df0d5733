// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Names that firmware can hold, unique as the files that it makes of them.
 *
 * Firmware files a region as md_<name><seq>.BIN, with no sequence number if
 * that is 0, in 20 bytes.  So name and number share 12 characters, and what
 * must be unique is the two put together: "x1" + 2 is "x" + 12.  The leading
 * K marks kernel regions, as the kmemdump series do.
 */
#include <linux/ctype.h>
#include <linux/hashtable.h>
#include <linux/jhash.h>
#include <linux/string.h>

#include <kmemdump/minidump.h>

#include "registry.h"

#define NAME_HASH_BITS	10
#define NAME_TRIES	8
#define HEADER_NAME	"KELF"

static DEFINE_HASHTABLE(names, NAME_HASH_BITS);
static unsigned int seq_step;

/* Within the budget by construction; the room is what a compiler can see. */
struct filed_name {
	char text[KMEMDUMP_FW_NAME_LEN + sizeof("4294967295")];
};

void kmd_names_init(unsigned int room)
{
	hash_init(names);
	seq_step = room;
}

static unsigned int digits(u32 seq)
{
	unsigned int n;

	for (n = 0; seq; n++)
		seq /= 10;
	return n;
}

static char clean(char c)
{
	return isascii(c) && (isalnum(c) || strchr("_-.#", c)) ? c : '_';
}

static void set_fw_name(struct kmemdump_region *r, u32 seq)
{
	unsigned int room = MD_REGION_NAME_BUDGET - digits(seq);
	unsigned int i;

	memset(r->fw_name, 0, sizeof(r->fw_name));
	r->fw_name[0] = 'K';
	for (i = 1; i < room && r->name[i - 1]; i++)
		r->fw_name[i] = clean(r->name[i - 1]);
	r->seq = seq;
}

static u32 filed(const struct kmemdump_region *r, struct filed_name *name)
{
	if (r->seq)
		snprintf(name->text, sizeof(name->text), "%s%u", r->fw_name,
			 r->seq);
	else
		strscpy(name->text, r->fw_name, sizeof(name->text));
	return jhash(name->text, strlen(name->text), 0);
}

static bool taken(const struct kmemdump_region *r)
{
	struct filed_name mine, other;
	struct kmd_record *rec;
	u32 key = filed(r, &mine);

	/* Whoever reads the dump looks for the header by its name. */
	if (r->prio != KMEMDUMP_PRIO_KELF && !strcmp(mine.text, HEADER_NAME))
		return true;
	hash_for_each_possible(names, rec, by_name, key) {
		filed(&rec->r, &other);
		if (!strcmp(mine.text, other.text))
			return true;
	}
	return false;
}

/**
 * kmd_name_take() - give a record the name under which firmware files it
 * @rec: its region's name is set
 * @index: of the record in the registry; the source of sequence numbers
 *
 * The first of a name has no number, the others that of their record.
 */
bool kmd_name_take(struct kmd_record *rec, unsigned int index)
{
	struct filed_name name;
	u32 seq = 0;
	int try;

	for (try = 0; try < NAME_TRIES; try++) {
		set_fw_name(&rec->r, seq);
		if (!taken(&rec->r)) {
			hash_add(names, &rec->by_name, filed(&rec->r, &name));
			return true;
		}
		seq = index + 1 + try * seq_step;
	}
	return false;
}

void kmd_name_release(struct kmd_record *rec)
{
	hash_del(&rec->by_name);
}
