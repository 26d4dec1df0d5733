/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * disk.c - partition tables, as libblkid reads them.
 *
 * Boot firmware writes a dump to a partition of a fixed name: rawdump (Qualcomm), or one of
 * logdump, minidump and ftm.
 */
#include "source/disk.h"

#include "base/checked.h"
#include "base/text.h"
#include "source/cursor.h"
#include "source/packing/kind.h"
#include "source/packing/lime.h"

#include <kmemdump/minidump.h>

#include <blkid.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECTOR           512
#define BIG_SECTOR       4096
#define GPT_MAGIC        "EFI PART"
#define GPT_OTHER_HEADER 32
#define MBR_MAGIC        "\x55\xaa"
#define MBR_AT           510
#define LISTED_MAX       600
/* Where tables are: at the start, and with a GPT also at the end. */
#define FIRST_BYTES      (UINT64_C(1) << 20)
#define LAST_BYTES       (UINT64_C(64) << 10)

static const char *const dump_names[] = { "rawdump", "minidump", "logdump", "ftm" };

struct partition {
	const char *name; /* of the table; "" = none */
	uint64_t start, size;
};

struct disk {
	struct kmd_diag *diag;
	const struct kmd_source *source;
	blkid_probe probe;
	int fd;
	struct partition *items;
	size_t n;
};

static bool has_gpt(const struct kmd_source *source, uint64_t sector, struct kmd_diag *diag)
{
	struct kmd_cursor cursor;

	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	cursor.sampling = true;
	return kmd_cursor_is(&cursor, sector, GPT_MAGIC, sizeof(GPT_MAGIC) - 1);
}

static bool has_any_gpt(const struct kmd_source *source, struct kmd_diag *diag)
{
	return has_gpt(source, SECTOR, diag) || has_gpt(source, BIG_SECTOR, diag);
}

bool kmd_disk_is(const struct kmd_source *source, struct kmd_diag *diag)
{
	struct kmd_cursor cursor;

	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	cursor.sampling = true;
	return has_any_gpt(source, diag) ||
	       kmd_cursor_is(&cursor, MBR_AT, MBR_MAGIC, sizeof(MBR_MAGIC) - 1);
}

static bool begins_as_dump(const struct disk *disk, const struct partition *partition)
{
	static const char *const marks[] = { MD_RAW_SIGNATURE, MD_RAW_SIGNATURE_SEEN,
					     MD_RAW_SIGNATURE_COPIED };
	struct kmd_cursor cursor;

	kmd_cursor_init(&cursor, disk->source, partition->start, partition->size, disk->diag);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (kmd_cursor_is(&cursor, 0, marks[i], MD_RAW_SIGNATURE_SIZE))
			return true;
	return false;
}

/* A dump of another form, or anything that is packed. */
static bool begins_as_other(const struct disk *disk, const struct partition *partition)
{
	const struct kmd_piece piece = { (struct kmd_source *)disk->source, partition->start,
					 partition->size, true };
	struct kmd_source *part;
	struct kmd_cursor cursor;
	bool found;

	kmd_cursor_init(&cursor, disk->source, partition->start, partition->size, disk->diag);
	cursor.sampling = true;
	if (kmd_cursor_is(&cursor, 0, KMD_LIME_MAGIC, KMD_LIME_MAGIC_SIZE) ||
	    (kmd_cursor_is(&cursor, 0, ELFMAG, SELFMAG) &&
	     (kmd_cursor_is(&cursor, EI_NIDENT, "\4\0", 2) ||
	      kmd_cursor_is(&cursor, EI_NIDENT, "\0\4", 2))))
		return true;
	if (kmd_source_from_pieces(disk->diag, &piece, 1, disk->source->name, &part) != KMD_OK)
		return false;
	found = kmd_packing_of(part, disk->diag) != KMD_PACKING_NONE ||
		has_any_gpt(part, disk->diag);
	kmd_source_free(part);
	return found;
}

static bool is_dump_name(const char *name)
{
	for (size_t i = 0; i < sizeof(dump_names) / sizeof(dump_names[0]); i++)
		if (!strcmp(name, dump_names[i]))
			return true;
	return false;
}

/* Partitions that lie outside the disk, as of a read-out that was cut, are cut or left out. */
static enum kmd_status list_partitions(struct disk *disk, blkid_partlist list)
{
	int n = blkid_partlist_numof_partitions(list);

	disk->items = calloc((size_t)(n > 0 ? n : 1), sizeof(*disk->items));
	if (!disk->items)
		return kmd_fail_memory(disk->diag);
	for (int i = 0; i < n; i++) {
		blkid_partition row = blkid_partlist_get_partition(list, i);
		const char *name = row ? blkid_partition_get_name(row) : NULL;
		struct partition *item = &disk->items[disk->n];
		uint64_t start, size;

		if (!row || blkid_partition_is_extended(row))
			continue;
		start = (uint64_t)blkid_partition_get_start(row);
		size = (uint64_t)blkid_partition_get_size(row);
		if (start >= disk->source->size / SECTOR || !size)
			continue;
		item->name = name ? name : "";
		item->start = start * SECTOR;
		item->size = disk->source->size - item->start;
		if (size < item->size / SECTOR)
			item->size = size * SECTOR;
		disk->n++;
	}
	return KMD_OK;
}

/*
 * The size of the whole disk.  libblkid refuses a GPT that names sectors after the end; of a
 * read-out often only the first part is kept.  The header has the address of the other header,
 * in the last sector (UEFI specification 2.10, table 5.5).
 */
static uint64_t size_of_disk(const struct disk *disk, uint64_t sector)
{
	struct kmd_cursor cursor;
	uint64_t last;

	kmd_cursor_init(&cursor, disk->source, 0, disk->source->size, disk->diag);
	last = kmd_cursor_u64(&cursor, sector + GPT_OTHER_HEADER);
	if (!has_gpt(disk->source, sector, disk->diag) || last >= INT64_MAX / sector)
		return disk->source->size;
	return kmd_max_u64((last + 1) * sector, disk->source->size);
}

/* Copy [at, at + size) to the same place of @fd. */
static bool copy_to(const struct disk *disk, int fd, uint64_t at, size_t size)
{
	unsigned char *bytes = malloc(size);
	bool good;

	good = bytes && kmd_source_read(disk->source, at, bytes, size, disk->diag) == KMD_OK &&
	       pwrite(fd, bytes, size, (off_t)at) == (ssize_t)size;
	free(bytes);
	return good;
}

/*
 * libblkid reads a descriptor.  It gets a file with holes, as long as the disk, with the two
 * places in which partition tables are.
 */
static int tables_of(const struct disk *disk, uint64_t size)
{
	uint64_t first = kmd_min_u64(disk->source->size, FIRST_BYTES);
	uint64_t last = kmd_min_u64(disk->source->size, LAST_BYTES);
	int fd = memfd_create("partition tables", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)size) || !copy_to(disk, fd, 0, (size_t)first) ||
	    !copy_to(disk, fd, disk->source->size - last, (size_t)last)) {
		close(fd);
		return -1;
	}
	return fd;
}

static enum kmd_status probe(struct disk *disk)
{
	uint64_t sector = has_gpt(disk->source, SECTOR, disk->diag) ? SECTOR : BIG_SECTOR;
	uint64_t size = size_of_disk(disk, sector);
	blkid_partlist list;

	disk->fd = tables_of(disk, size);
	disk->probe = blkid_new_probe();
	if (disk->fd < 0 || !disk->probe)
		return disk->diag->status == KMD_OK ? kmd_fail_memory(disk->diag)
						    : disk->diag->status;
	if (blkid_probe_set_device(disk->probe, disk->fd, 0, (blkid_loff_t)size))
		return KMD_OK;
	if (has_gpt(disk->source, sector, disk->diag))
		blkid_probe_set_sectorsize(disk->probe, (unsigned int)sector);
	blkid_probe_enable_superblocks(disk->probe, 0);
	blkid_probe_enable_partitions(disk->probe, 1);
	list = blkid_probe_get_partitions(disk->probe);
	return list ? list_partitions(disk, list) : KMD_OK;
}

/* "boot, rawdump, 3": what the user may name. */
static enum kmd_status fail_choice(const struct disk *disk, const char *why)
{
	char names[LISTED_MAX] = "", name[128];
	size_t used = 0;

	for (size_t i = 0; i < disk->n; i++) {
		if (*disk->items[i].name)
			kmd_text_name(name, sizeof(name), disk->items[i].name,
				      strlen(disk->items[i].name));
		else
			snprintf(name, sizeof(name), "%zu", i + 1);
		if (used + strlen(name) + 6 > sizeof(names)) {
			snprintf(names + used, sizeof(names) - used, ", ...");
			break;
		}
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 name);
	}
	return kmd_fail(disk->diag, KMD_ERR_FORMAT, kmd_in(disk->source->name),
			"a whole disk, %s; name a partition as DISK:NAME: %s", why, names);
}

/* The partition named @name, or with that number, counted from 1. */
static const struct partition *by_name(const struct disk *disk, const char *name)
{
	uint64_t number;

	for (size_t i = 0; i < disk->n; i++)
		if (!strcmp(disk->items[i].name, name))
			return &disk->items[i];
	if (kmd_text_u64(name, strlen(name), 10, &number) && number && number <= disk->n)
		return &disk->items[number - 1];
	return NULL;
}

/* What shows that a partition holds a dump, the best first. */
enum evidence { BY_MARK, BY_NAME, BY_CONTENT, EVIDENCE_KINDS };

static bool shows(const struct disk *disk, const struct partition *item, enum evidence evidence)
{
	switch (evidence) {
	case BY_MARK:
		return begins_as_dump(disk, item);
	case BY_NAME:
		return is_dump_name(item->name);
	default:
		return begins_as_other(disk, item);
	}
}

/* The only partition that is one by the best evidence that there is. */
static const struct partition *only_one(const struct disk *disk, size_t *n)
{
	const struct partition *found = NULL;

	*n = 0;
	for (int evidence = 0; evidence < EVIDENCE_KINDS && !*n; evidence++)
		for (size_t i = 0; i < disk->n; i++)
			if (shows(disk, &disk->items[i], (enum evidence)evidence)) {
				found = &disk->items[i];
				++*n;
			}
	return found;
}

static enum kmd_status choose(struct disk *disk, const char *member,
			      const struct partition **chosen)
{
	bool gpt = has_any_gpt(disk->source, disk->diag);
	size_t n = 0;

	*chosen = member ? by_name(disk, member) : only_one(disk, &n);
	if (member && !*chosen && disk->n)
		return fail_choice(disk, "which has no such partition");
	if (n > 1)
		return fail_choice(disk, "with more than one partition that may hold a dump");
	/* RAM may have the two bytes of an MBR by chance. */
	if (!*chosen && gpt)
		return fail_choice(disk, "in which no partition is a dump");
	return KMD_OK;
}

static enum kmd_status use(struct disk *disk, const struct partition *chosen,
			   struct kmd_source **source, char **file_name)
{
	struct kmd_piece piece = { *source, chosen->start, chosen->size, false };
	struct kmd_source *part = NULL;
	enum kmd_status status;
	char *name, *copy = strdup(*chosen->name ? chosen->name : "partition");

	if (!copy || asprintf(&name, "%s:%s", (*source)->name, copy) < 0) {
		free(copy);
		return kmd_fail_memory(disk->diag);
	}
	status = kmd_source_from_pieces(disk->diag, &piece, 1, name, &part);
	free(name);
	if (status != KMD_OK) {
		free(copy);
		return status;
	}
	free(*file_name);
	*file_name = copy;
	*source = part;
	return KMD_OK;
}

enum kmd_status kmd_disk_choose(struct kmd_diag *diag, const struct kmd_input_options *options,
				struct kmd_input *input, struct kmd_source **source,
				char **file_name, bool *found)
{
	struct disk disk = { .diag = diag, .source = *source, .fd = -1 };
	const char *member = input->member_used ? NULL : options->member;
	const struct partition *chosen = NULL;
	enum kmd_status status = probe(&disk);

	*found = false;
	if (status == KMD_OK)
		status = choose(&disk, member, &chosen);
	if (status == KMD_OK && chosen) {
		*found = true;
		input->member_used |= member != NULL;
		status = use(&disk, chosen, source, file_name);
	}
	free(disk.items);
	blkid_free_probe(disk.probe);
	if (disk.fd >= 0)
		close(disk.fd);
	return status;
}
