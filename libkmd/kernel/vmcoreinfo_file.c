/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* VMCOREINFO from a file, which must be that of the dumped boot: it is used as it stands. */
#include "kernel/generate.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The headers of a note, or an editor's remarks, may precede the text. */
#define FILE_MAX_SIZE (2 * KMD_VMCOREINFO_MAX)

static enum kmd_status read_file(const char *path, struct kmd_diag *diag, char *bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 1;

	*size = 0;
	if (fd < 0)
		return kmd_fail_errno(diag, kmd_in(path), "cannot open", errno);
	while (got > 0 && *size < FILE_MAX_SIZE) {
		got = read(fd, bytes + *size, FILE_MAX_SIZE - *size);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			*size += (size_t)got;
	}
	if (got < 0) {
		enum kmd_status status = kmd_fail_errno(diag, kmd_in(path), "cannot read", errno);

		close(fd);
		return status;
	}
	close(fd);
	return KMD_OK;
}

/* The text in the file; a last line without its end gets one. */
static enum kmd_status find_text(const char *path, struct kmd_diag *diag,
				 struct kmd_vmcoreinfo *info)
{
	static const char start[] = "OSRELEASE=";
	char *bytes = malloc(FILE_MAX_SIZE + 1), *text;
	enum kmd_status status;
	size_t size, length = 0;

	if (!bytes)
		return kmd_fail_memory(diag);
	status = read_file(path, diag, bytes, &size);
	if (status == KMD_OK) {
		bytes[size++] = '\n';
		text = memmem(bytes, size, start, sizeof(start) - 1);
		if (text)
			length = kmd_vmcoreinfo_measure(text, size - (size_t)(text - bytes));
		if (!length || length > KMD_VMCOREINFO_MAX)
			status = kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(path),
					  "holds no VMCOREINFO text (lines KEY=VALUE, the first "
					  "OSRELEASE=)");
	}
	if (status == KMD_OK) {
		info->text = malloc(length);
		info->length = length;
		status = info->text ? KMD_OK : kmd_fail_memory(diag);
		if (info->text)
			memcpy(info->text, text, length);
	}
	free(bytes);
	return status;
}

/* The text of another boot has wrong addresses for all that KASLR moves. */
static enum kmd_status check_boot(const char *path, const struct kmd_runtime *runtime,
				  struct kmd_diag *diag, const struct kmd_vmcoreinfo *info)
{
	static const struct {
		const char *name;
		enum kmd_runtime_key key;
	} values[] = {
		{ "NUMBER(kimage_voffset)", KMD_RUNTIME_KIMAGE_VOFFSET },
		{ "NUMBER(phys_base)", KMD_RUNTIME_PHYS_BASE },
		{ "NUMBER(PHYS_OFFSET)", KMD_RUNTIME_PHYS_OFFSET },
		{ "NUMBER(va_kernel_pa_offset)", KMD_RUNTIME_KIMAGE_VOFFSET },
		{ "NUMBER(phys_ram_base)", KMD_RUNTIME_PHYS_OFFSET },
	};
	static const char advice[] = "give the vmlinux (-x) instead, from which it is generated";
	uint64_t kaslr, here, there = 0;

	if (!kmd_runtime_get(runtime, KMD_RUNTIME_KASLR, &kaslr))
		return kmd_report(diag, KMD_FIND_VMCOREINFO, KMD_NOTE, kmd_in(path),
				  "the KASLR offset of the dump is not known: VMCOREINFO is used "
				  "unchanged");
	kmd_vmcoreinfo_kaslr(info, &there);
	if (there != kaslr)
		return kmd_fail(diag, KMD_ERR_MISMATCH, kmd_in(path),
				"VMCOREINFO of another boot: KERNELOFFSET is 0x%" PRIx64
				", the KASLR offset of the dump is 0x%" PRIx64 "; %s",
				there, kaslr, advice);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (kmd_runtime_get(runtime, values[i].key, &here) &&
		    kmd_vmcoreinfo_number(info, values[i].name, &there) && here != there)
			return kmd_fail(diag, KMD_ERR_MISMATCH, kmd_in(path),
					"VMCOREINFO of another boot: %s is 0x%" PRIx64
					", in the dump it is 0x%" PRIx64 "; %s",
					values[i].name, there, here, advice);
	return KMD_OK;
}

enum kmd_status kmd_vmcoreinfo_from_file(const char *path, const struct kmd_runtime *runtime,
					 struct kmd_diag *diag, struct kmd_vmcoreinfo *info)
{
	enum kmd_status status;
	char name[256];

	memset(info, 0, sizeof(*info));
	status = find_text(path, diag, info);
	if (status == KMD_OK && runtime)
		status = check_boot(path, runtime, diag, info);
	kmd_text_name(name, sizeof(name), path, strlen(path));
	if (status == KMD_OK && asprintf(&info->origin, "file \"%s\"", name) < 0) {
		info->origin = NULL;
		status = kmd_fail_memory(diag);
	}
	if (status != KMD_OK)
		kmd_vmcoreinfo_deinit(info);
	return status;
}
