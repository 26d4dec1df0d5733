/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The text and its keys; vmcoreinfo_find.c knows where to look for it. */
#include "vmcoreinfo/vmcoreinfo.h"

#include "base/checked.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Fewer lines are another string of the kernel, not its VMCOREINFO. */
#define LINES_MIN 3

void kmd_vmcoreinfo_deinit(struct kmd_vmcoreinfo *info)
{
	free(info->text);
	free(info->origin);
	kmd_hits_deinit(&info->panic_texts);
	memset(info, 0, sizeof(*info));
}

/* Length of a line "KEY=VALUE\n", 0 if there is none. */
static size_t measure_line(const char *bytes, size_t size)
{
	bool equals = false;

	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\n')
			return equals ? i + 1 : 0;
		/* A format string of the kernel looks alike, but for its conversions. */
		if (c < 0x20 || c >= 0x7f || (c == '%' && equals))
			return 0;
		equals |= c == '=' && i;
	}
	return 0;
}

size_t kmd_vmcoreinfo_measure(const char *bytes, size_t size)
{
	static const char start[] = "OSRELEASE=";
	size_t length = 0, lines = 0;

	if (size < sizeof(start) || memcmp(bytes, start, sizeof(start) - 1) != 0)
		return 0;
	for (;;) {
		size_t line = measure_line(bytes + length, size - length);

		if (!line)
			return lines < LINES_MIN ? 0 : length;
		length += line;
		lines++;
	}
}

bool kmd_vmcoreinfo_get(const struct kmd_vmcoreinfo *info, const char *key, const char **value,
			size_t *length)
{
	const char *line = info->text, *end = info->text + info->length;
	size_t key_length = strlen(key);

	while (line && line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		if (!stop)
			return false;
		if ((size_t)(stop - line) > key_length && line[key_length] == '=' &&
		    !memcmp(line, key, key_length)) {
			*value = line + key_length + 1;
			*length = (size_t)(stop - *value);
			return true;
		}
		line = stop + 1;
	}
	return false;
}

bool kmd_vmcoreinfo_number(const struct kmd_vmcoreinfo *info, const char *key, uint64_t *number)
{
	const char *value;
	size_t length;
	bool negative, ok;

	if (!kmd_vmcoreinfo_get(info, key, &value, &length) || !length)
		return false;
	negative = *value == '-';
	value += negative;
	length -= negative;
	if (length > 2 && value[0] == '0' && value[1] == 'x')
		ok = kmd_text_u64(value, length, 16, number);
	else
		ok = kmd_text_u64(value, length, 10, number);
	if (ok && negative)
		*number = 0 - *number;
	return ok;
}

bool kmd_vmcoreinfo_hex(const struct kmd_vmcoreinfo *info, const char *key, uint64_t *number)
{
	const char *value;
	size_t length;

	return kmd_vmcoreinfo_get(info, key, &value, &length) &&
	       kmd_text_u64(value, length, 16, number);
}

/*
 * riscv64 has no KERNELOFFSET: modules end where the image starts (asm/pgtable.h).  The image
 * starts at a multiple of 2 MiB, with _stext in its first ones.
 */
static bool riscv64_start(const struct kmd_vmcoreinfo *info, uint64_t *start)
{
	uint64_t delta;

	if (kmd_vmcoreinfo_number(info, "NUMBER(MODULES_END)", start))
		return true;
	if (!kmd_vmcoreinfo_number(info, "NUMBER(va_kernel_pa_offset)", &delta) ||
	    !kmd_vmcoreinfo_hex(info, "SYMBOL(_stext)", start))
		return false;
	*start &= ~((UINT64_C(2) << 20) - 1);
	return true;
}

bool kmd_vmcoreinfo_kaslr(const struct kmd_vmcoreinfo *info, uint64_t *kaslr)
{
	const uint64_t link_of_all = UINT64_C(0xffffffff80000000);
	uint64_t link, start, other;

	if (kmd_vmcoreinfo_hex(info, "KERNELOFFSET", kaslr))
		return true;
	if (!riscv64_start(info, &start))
		return false;
	if (!kmd_vmcoreinfo_number(info, "NUMBER(KERNEL_LINK_ADDR)", &link)) {
		if (!kmd_vmcoreinfo_number(info, "NUMBER(phys_ram_base)", &other) &&
		    !kmd_vmcoreinfo_number(info, "NUMBER(va_kernel_pa_offset)", &other))
			return false;
		link = link_of_all;
	}
	*kaslr = start - link;
	return start >= link;
}

/* One "SYMBOL(name)=value" line between @line and @stop. */
static bool symbol_of_line(const char *line, const char *stop, const char **name, size_t *length,
			   uint64_t *virt)
{
	static const char start[] = "SYMBOL(";
	const char *close = memmem(line, (size_t)(stop - line), ")=", 2);

	if (!close || (size_t)(stop - line) <= sizeof(start) ||
	    memcmp(line, start, sizeof(start) - 1) != 0)
		return false;
	*name = line + sizeof(start) - 1;
	*length = (size_t)(close - *name);
	return kmd_text_u64(close + 2, (size_t)(stop - close - 2), 16, virt);
}

uint64_t kmd_vmcoreinfo_top_symbol(const struct kmd_vmcoreinfo *info, uint64_t low, uint64_t high)
{
	const char *line = info->text, *end = info->text + info->length, *stop, *name;
	uint64_t virt, top = 0;
	size_t length;

	for (; line && line < end; line = stop + 1) {
		stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop)
			break;
		if (symbol_of_line(line, stop, &name, &length, &virt) && virt >= low &&
		    virt < high && virt > top)
			top = virt;
	}
	return top;
}

enum kmd_status kmd_vmcoreinfo_hints(const struct kmd_vmcoreinfo *info, struct kmd_diag *diag,
				     struct kmd_hints *hints)
{
	const char *line = info->text, *end = info->text + info->length, *stop, *name;
	enum kmd_status status = KMD_OK;
	uint64_t virt;
	size_t length;

	for (; status == KMD_OK && line && line < end; line = stop + 1) {
		stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop)
			break;
		if (symbol_of_line(line, stop, &name, &length, &virt))
			status = kmd_hints_add(hints, diag, virt, name, length);
	}
	return status;
}

unsigned int kmd_release_version(const char *release)
{
	unsigned long major, minor = 0;
	char *rest;

	major = strtoul(release, &rest, 10);
	if (*rest == '.')
		minor = strtoul(rest + 1, NULL, 10);
	return major < 256 && minor < 256 ? (unsigned int)(major << 8 | minor) : 0;
}

unsigned int kmd_kernel_version(const struct kmd_vmcoreinfo *info)
{
	const char *value;
	char text[32];
	size_t length;

	if (!info->text || !kmd_vmcoreinfo_get(info, "OSRELEASE", &value, &length))
		return 0;
	if (length > sizeof(text) - 1)
		length = sizeof(text) - 1;
	memcpy(text, value, length);
	text[length] = '\0';
	return kmd_release_version(text);
}
