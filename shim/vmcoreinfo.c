// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Registers the VMCOREINFO text, in the ELF note that a
 * crash kernel would read.  Lines of KEY=VALUE; the text is written at boot and
 * does not change, but for a last line that kexec adds when it crashes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/elf.h>
#include <linux/io.h>
#include <linux/string.h>

#include "compat.h"
#include "internal.h"

#define NOTE_NAME	"VMCOREINFO"
/* The kernel keeps the text in one page, whatever its size. */
#define TEXT_MAX	SZ_64K

static const char *text;
static size_t text_size;
static phys_addr_t text_pa;

#ifdef KMD_HAS_VMCOREINFO
int kmd_vmcoreinfo_init(void)
{
	phys_addr_t pa = paddr_vmcoreinfo_note();
	const struct elf_note *note;
	size_t header;

	if (!pa || !pfn_valid(PHYS_PFN(pa)))
		return -ENODATA;
	note = phys_to_virt(pa);
	if (note->n_namesz != sizeof(NOTE_NAME) ||
	    memcmp(note + 1, NOTE_NAME, sizeof(NOTE_NAME)) ||
	    !note->n_descsz || note->n_descsz > TEXT_MAX)
		return -EBADMSG;
	header = sizeof(*note) + ALIGN(note->n_namesz, 4);
	text = (const char *)note + header;
	text_size = note->n_descsz;
	text_pa = pa + header;
	return 0;
}
#else
/* It stays empty; the log is not registered, since VMCOREINFO has its layout. */
int kmd_vmcoreinfo_init(void)
{
	pr_warn("the kernel has no VMCOREINFO (CONFIG_CRASH_CORE, CONFIG_VMCORE_INFO): "
		"kmd-assemble needs the vmlinux (-x)\n");
	return 0;
}
#endif

phys_addr_t kmd_vmcoreinfo_pa(void)
{
	return text_pa;
}

size_t kmd_vmcoreinfo_size(void)
{
	return text_size;
}

/* The value of "KIND(name)", in a buffer of its own so that it is terminated. */
static bool get_value(const char *kind, const char *name, char *value,
		      size_t size)
{
	const char *line = text, *end = text + text_size, *stop;
	char key[80];
	int len;

	len = snprintf(key, sizeof(key), "%s(%s)=", kind, name);
	if (len >= sizeof(key))
		return false;
	for (; line < end && *line; line = stop + 1) {
		stop = memchr(line, '\n', end - line) ?: end;
		if (stop - line <= len || memcmp(line, key, len))
			continue;
		line += len;
		if (stop - line >= size)
			return false;
		memcpy(value, line, stop - line);
		value[stop - line] = '\0';
		return true;
	}
	return false;
}

static bool get_number(const char *kind, const char *name, int base,
		       unsigned long *number)
{
	char value[24];

	return get_value(kind, name, value, sizeof(value)) &&
	       !kstrtoul(value, base, number);
}

/* SYMBOL(name), an address in hexadecimal. */
bool kmd_vmcoreinfo_symbol(const char *name, unsigned long *va)
{
	return get_number("SYMBOL", name, 16, va);
}

/* OFFSET(type.member) in bytes. */
bool kmd_vmcoreinfo_offset(const char *field, unsigned long *offset)
{
	return get_number("OFFSET", field, 10, offset);
}

/* SIZE(type) in bytes. */
bool kmd_vmcoreinfo_struct(const char *type, unsigned long *size)
{
	return get_number("SIZE", type, 10, size);
}
