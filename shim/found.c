// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What the last kernel has copied when it died, offered in sysfs:
 *
 *	/sys/kernel/kmemdump/dump	the image, if there is one
 *	/sys/kernel/kmemdump/state	what was found, or why nothing
 *	/sys/kernel/kmemdump/taken	write 1: the image is saved, use its memory again
 *
 * Everything in this memory may be damaged.  Header and section table of the image
 * are computed again: a section whose checksum is wrong loses its mark.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kobject.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "copy.h"
#include "smem.h"

static struct {
	void *area;
	phys_addr_t base;
	size_t size;
	struct kmd_copy_control control;
	u8 *head;		/* header and sections, as they are offered */
	size_t head_size;
	size_t image_size;
	unsigned int nr, whole, missing, no_room, damaged;
	u64 bytes;
	const char *why_not;
} found;

static DEFINE_MUTEX(mutex);
static struct kobject *folder;
static bool offered;

static bool control_fits(const struct kmd_copy_control *c, size_t at)
{
	u64 first = le64_to_cpu(c->first), last = le64_to_cpu(c->last);
	u64 checks = le64_to_cpu(c->checks), image = le64_to_cpu(c->image);
	u64 end = le64_to_cpu(c->end), nr = le64_to_cpu(c->sections);

	return le64_to_cpu(c->base) == found.base &&
	       (at == first || at == last) && first > KMD_SMEM_SIZE &&
	       first < checks && checks < image && image < end &&
	       end <= last && last < found.size && nr &&
	       nr <= KMEMDUMP_MAX_SLOTS &&
	       nr * sizeof(struct kmd_copy_check) <= image - checks &&
	       MD_RAW_HEADER_SIZE + nr * MD_RAW_SECTION_SIZE <= end - image &&
	       IS_ALIGNED(first | last | checks | image, KMD_COPY_ALIGN);
}

/* True if there was the mark of one; it is used if it is good. */
static bool try_control(size_t at)
{
	struct kmd_copy_control c;

	if (memcmp(found.area + at, KMD_COPY_MAGIC, KMD_COPY_MAGIC_SIZE))
		return false;
	memcpy(&c, found.area + at, sizeof(c));
	if (le32_to_cpu(c.crc) == kmd_crc(0, (void *)&c + KMD_COPY_CRC_START,
					  KMD_COPY_CRC_SIZE) &&
	    control_fits(&c, at)) {
		found.control = c;
		found.nr = le64_to_cpu(c.sections);
	}
	return true;
}

static void find_control(void)
{
	bool marks = false;
	size_t at;

	found.nr = 0;
	for (at = 0; at < found.size && !found.nr; at += KMD_COPY_ALIGN)
		marks |= try_control(at);
	if (found.nr)
		return;
	if (marks)
		found.why_not = "what describes the dump is damaged, or was made with another size=";
	else
		found.why_not = kmd_smem_last(found.area);
}

/* Checksum of bytes of the area; it may be uncached, so not byte by byte. */
static u32 crc_of(size_t at, size_t size, u8 *buffer)
{
	size_t len;
	u32 crc = 0;

	for (; size; size -= len, at += len) {
		len = min_t(size_t, size, KMD_COPY_ALIGN);
		memcpy(buffer, found.area + at, len);
		crc = kmd_crc(crc, buffer, len);
		cond_resched();
	}
	return crc;
}

enum section_state { WHOLE, MISSING, NO_ROOM, DAMAGED_ENTRY, DAMAGED_DATA };

static enum section_state examine(const struct kmd_raw_section *section,
				  const struct kmd_copy_check *check,
				  u8 *buffer)
{
	u64 image = le64_to_cpu(found.control.image);
	u64 room = le64_to_cpu(found.control.end) - image;
	u64 offset = le64_to_cpu(section->offset);
	u64 length = le64_to_cpu(section->length);

	if (kmd_section_crc(section) != le32_to_cpu(check->entry) ||
	    offset < found.head_size || offset > room || length > room - offset)
		return DAMAGED_ENTRY;
	if (!section->flags)
		return MISSING;
	if (section->flags == cpu_to_le32(MD_RAW_INSUFFICIENT))
		return NO_ROOM;
	if (section->flags != cpu_to_le32(MD_RAW_VALID))
		return DAMAGED_DATA;
	return crc_of(image + offset, length, buffer) ==
	       le32_to_cpu(check->data) ? WHOLE : DAMAGED_DATA;
}

/* A section that is absent keeps its place if others lie behind it. */
static void check_section(struct kmd_raw_section *section,
			  const struct kmd_copy_check *check, u8 *buffer)
{
	enum section_state state = examine(section, check, buffer);
	u64 end = le64_to_cpu(section->offset) + le64_to_cpu(section->length);

	if (state == WHOLE) {
		found.whole++;
		found.bytes += le64_to_cpu(section->length);
		found.image_size = max_t(u64, found.image_size, end);
		return;
	}
	found.missing += state == MISSING;
	found.no_room += state == NO_ROOM;
	found.damaged += state >= DAMAGED_ENTRY;
	if (state == DAMAGED_ENTRY) {
		memset(section, 0, sizeof(*section));
		section->version = cpu_to_le32(MD_RAW_VERSION_QCOM);
		section->type = cpu_to_le32(MD_RAW_TYPE_SV);
		strscpy(section->name, "(damaged entry)", sizeof(section->name));
	}
	section->flags = state == NO_ROOM ? cpu_to_le32(MD_RAW_INSUFFICIENT) : 0;
}

/* No bytes of those that would end behind the image. */
static void trim(struct kmd_raw_section *section)
{
	if (section->flags != cpu_to_le32(MD_RAW_VALID) &&
	    le64_to_cpu(section->offset) + le64_to_cpu(section->length) >
		    found.image_size)
		section->length = 0;
}

static void make_header(void)
{
	struct kmd_raw_header header = {
		.version = cpu_to_le32(MD_RAW_VERSION_QCOM),
		.flags = cpu_to_le32(MD_RAW_VALID),
		.size = cpu_to_le64(found.image_size),
		.required = cpu_to_le64(found.image_size),
		.sections = cpu_to_le32(found.nr),
	};

	memcpy(header.signature, MD_RAW_SIGNATURE, sizeof(header.signature));
	memcpy(found.head, &header, sizeof(header));
}

static int examine_all(void)
{
	size_t image = le64_to_cpu(found.control.image);
	struct kmd_raw_section *sections;
	struct kmd_copy_check *checks;
	unsigned int i;
	u8 *buffer;

	found.head_size = MD_RAW_HEADER_SIZE +
			  (size_t)found.nr * MD_RAW_SECTION_SIZE;
	found.image_size = found.head_size;
	found.head = kvmalloc(found.head_size, GFP_KERNEL);
	checks = kvmalloc_array(found.nr, sizeof(*checks), GFP_KERNEL);
	buffer = kmalloc(KMD_COPY_ALIGN, GFP_KERNEL);
	if (!found.head || !checks || !buffer) {
		kvfree(checks);
		kfree(buffer);
		return -ENOMEM;
	}
	memcpy(found.head, found.area + image, found.head_size);
	memcpy(checks, found.area + le64_to_cpu(found.control.checks),
	       found.nr * sizeof(*checks));
	sections = (void *)found.head + MD_RAW_HEADER_SIZE;
	for (i = 0; i < found.nr; i++) {
		check_section(&sections[i], &checks[i], buffer);
		cond_resched(); /* there may be no bytes to check */
	}
	for (i = 0; i < found.nr; i++)
		trim(&sections[i]);
	make_header();
	kvfree(checks);
	kfree(buffer);
	return 0;
}

static void forget(const char *why)
{
	kvfree(found.head);
	found.head = NULL;
	found.nr = 0;
	found.why_not = why;
}

bool kmd_found_any(void)
{
	return found.nr;
}

/* What the last kernel left begins here; nothing may be written from there on. */
size_t kmd_found_start(void)
{
	return found.nr ? le64_to_cpu(found.control.first) : found.size;
}

static void count_later(size_t at)
{
	struct kmd_copy_control *control = found.area + at;

	control->later = cpu_to_le32(le32_to_cpu(found.control.later) + 1);
}

/* On panic, if a dump is there that has not been taken. */
void kmd_found_count_later(void)
{
	count_later(le64_to_cpu(found.control.first));
	count_later(le64_to_cpu(found.control.last));
	wmb(); /* the machine may be reset now */
}

/**
 * kmd_found_look() - look for what the last kernel has copied; changes nothing
 * @area: the set-aside memory
 * @base: its physical address
 * @size: its size
 *
 * Return: 0 also if there is nothing; -ENOMEM, and the dump stays where it is.
 */
int kmd_found_look(void *area, phys_addr_t base, size_t size)
{
	ktime_t begin = ktime_get();
	int err;

	found.area = area;
	found.base = base;
	found.size = size;
	find_control();
	if (found.nr) {
		err = examine_all();
		if (err)
			return err;
		if (!found.whole)
			forget("a dump without any region that is whole");
	}
	if (!found.nr) {
		pr_info("no dump of an earlier crash: %s\n", found.why_not);
		return 0;
	}
	pr_warn("a dump of an earlier crash: %u of %u regions, %llu KiB (%u not copied, %u without room, %u damaged), checked in %lld ms\n",
		found.whole, found.nr, found.bytes >> 10, found.missing,
		found.no_room, found.damaged,
		ktime_ms_delta(ktime_get(), begin));
	return 0;
}

static ssize_t read_dump(struct file *file, struct kobject *kobj,
			 KMD_BIN_CONST struct bin_attribute *attr, char *to,
			 loff_t at, size_t size)
{
	size_t image = le64_to_cpu(found.control.image);

	if (at >= found.image_size)
		return 0;
	if (at < found.head_size) {
		size = min_t(size_t, size, found.head_size - at);
		memcpy(to, found.head + at, size);
		return size;
	}
	size = min_t(size_t, size, found.image_size - at);
	memcpy(to, found.area + image + at, size);
	return size;
}

static struct bin_attribute dump_file = {
	.attr = { .name = "dump", .mode = 0400 },
	.KMD_BIN_READ = read_dump,
};

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *to)
{
	ssize_t len;

	mutex_lock(&mutex);
	if (found.nr)
		len = scnprintf(to, PAGE_SIZE,
			"found yes\nregions %u\nwhole %u\nnot-copied %u\nno-room %u\ndamaged %u\nfinished %s\nbytes %llu\nsize %zu\ncrashed %llu\nlater %u\n",
			found.nr, found.whole, found.missing, found.no_room,
			found.damaged, found.control.done ? "yes" : "no",
			found.bytes, found.image_size,
			le64_to_cpu(found.control.crashed),
			le32_to_cpu(found.control.later));
	else
		len = scnprintf(to, PAGE_SIZE, "found no\nreason %s\n", found.why_not);
	mutex_unlock(&mutex);
	return len;
}

static void remove_dump(void)
{
	if (offered)
		sysfs_remove_bin_file(folder, &dump_file);
	offered = false;
}

/* The memory of a dead kernel is nobody's business any more. */
static void wipe(void)
{
	size_t first = le64_to_cpu(found.control.first);
	size_t last = le64_to_cpu(found.control.last);

	memset(found.area + first, 0, sizeof(found.control));
	memset(found.area + last, 0, sizeof(found.control));
	wmb(); /* nothing is found any more, before it is incomplete */
	memset(found.area + first, 0, last - first);
	wmb(); /* before a panic copies to it */
}

static ssize_t taken_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *from, size_t size)
{
	bool taken;
	int err = kstrtobool(from, &taken);

	if (err || !taken)
		return err ?: -EINVAL;
	mutex_lock(&mutex);
	if (found.nr) {
		remove_dump();
		wipe();
		forget("it has been taken");
		kmd_copy_release();
		pr_info("the dump has been taken\n");
	} else {
		err = -ENODATA;
	}
	mutex_unlock(&mutex);
	return err ?: size;
}

static struct kobj_attribute state_file = __ATTR(state, 0444, state_show, NULL);
static struct kobj_attribute taken_file = __ATTR(taken, 0200, NULL, taken_store);

static const struct attribute *const files[] = {
	&state_file.attr,
	&taken_file.attr,
	NULL
};

int kmd_found_offer(void)
{
	int err;

	folder = kobject_create_and_add("kmemdump", kernel_kobj);
	if (!folder)
		return -ENOMEM;
	err = sysfs_create_files(folder, (void *)files);
	if (!err && found.nr) {
		dump_file.size = found.image_size;
		sysfs_bin_attr_init(&dump_file);
		err = sysfs_create_bin_file(folder, &dump_file);
		offered = !err;
	}
	if (err) {
		kobject_put(folder);
		folder = NULL;
	}
	return err;
}

void kmd_found_withdraw(void)
{
	if (folder) {
		mutex_lock(&mutex); /* it may be taken just now */
		remove_dump();
		mutex_unlock(&mutex);
		sysfs_remove_files(folder, (void *)files);
		kobject_put(folder);
	}
	folder = NULL;
	kvfree(found.head);
	found.head = NULL;
}
