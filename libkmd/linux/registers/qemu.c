/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Registers as QEMU's monitor prints them: "CPU#N", then NAME=HEX pairs in lines.
 * On x86 a segment register's line has its selector and then its base.
 */
#include "linux/registers/cpus.h"

#include "base/checked.h"
#include "base/text.h"
#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 8192 CPUs of some 4 KiB; a register file beyond that is something else. */
#define FILE_MAX  (UINT64_C(64) << 20)
#define NAME_SIZE 8

struct reader {
	const char *at, *end;
	const char *name; /* of the file */
	const struct kmd_cpu_layout *layout;
	struct kmd_diag *diag;
	struct kmd_cpus *cpus;
	struct kmd_cpu cpu;
	uint64_t seen; /* a bit for each word */
	bool open;     /* a CPU was begun */
	uint64_t line;
};

static enum kmd_status fail(const struct reader *reader, const char *what)
{
	return kmd_fail(reader->diag, KMD_ERR_FORMAT, kmd_in(reader->name),
			"line %llu: %s; wanted is what QEMU's \"info registers -a\" prints",
			(unsigned long long)reader->line, what);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && *at == ' ')
		at++;
	return at;
}

/* A hexadecimal number at @at; the place behind it, or NULL. */
static const char *read_hex(const char *at, const char *end, uint64_t *value)
{
	const char *first = at;

	while (at < end && is_hex(*at))
		at++;
	return kmd_text_u64(first, (size_t)(at - first), 16, value) ? at : NULL;
}

static void set_word(struct reader *reader, const char *name, uint64_t value)
{
	for (size_t i = 0; i < reader->layout->words; i++)
		if (reader->layout->names[i] && !strcmp(reader->layout->names[i], name)) {
			reader->cpu.words[i] = value;
			reader->seen |= UINT64_C(1) << i;
			return;
		}
}

/* FS and GS have a base that is a register by itself: "GS =0000 ffff89288b800000 ...". */
static void set_base(struct reader *reader, const char *name, const char *at, const char *end)
{
	char base[NAME_SIZE];
	uint64_t value;

	if (strlen(name) != 2 || name[1] != 'S' || at >= end || *at != ' ' ||
	    !read_hex(skip_blanks(at, end), end, &value))
		return;
	memcpy(base, name, 2);
	memcpy(base + 2, ".", 2);
	set_word(reader, base, value);
}

/* The register name that ends before the equals sign at @equals. */
static bool name_before(const char *line, const char *equals, char name[NAME_SIZE])
{
	const char *end = equals, *start;

	while (end > line && end[-1] == ' ')
		end--;
	start = end;
	while (start > line &&
	       ((start[-1] >= 'A' && start[-1] <= 'Z') || (start[-1] >= '0' && start[-1] <= '9')))
		start--;
	if (start == end || (size_t)(end - start) >= NAME_SIZE)
		return false;
	memcpy(name, start, (size_t)(end - start));
	name[end - start] = '\0';
	return true;
}

static void read_pairs(struct reader *reader, const char *line, const char *end)
{
	const char *at = line, *equals, *behind;
	char name[NAME_SIZE];
	uint64_t value;

	while ((equals = memchr(at, '=', (size_t)(end - at)))) {
		at = equals + 1;
		if (!name_before(line, equals, name))
			continue;
		behind = read_hex(at, end, &value);
		if (!behind)
			continue;
		set_word(reader, name, value);
		set_base(reader, name, behind, end);
		at = behind;
	}
}

static enum kmd_status close_cpu(struct reader *reader)
{
	uint64_t needed = UINT64_C(1) << reader->layout->pc | UINT64_C(1) << reader->layout->sp;

	if (!reader->open)
		return KMD_OK;
	reader->open = false;
	if ((reader->seen & needed) != needed)
		return fail(reader, "the CPU before has no program counter or stack pointer");
	return kmd_cpus_add(reader->cpus, &reader->cpu, reader->diag);
}

static enum kmd_status open_cpu(struct reader *reader, const char *number, const char *end)
{
	enum kmd_status status = close_cpu(reader);
	uint64_t cpu;

	while (end > number && (end[-1] == '\r' || end[-1] == ' '))
		end--;
	if (status != KMD_OK)
		return status;
	if (!kmd_text_u64(number, (size_t)(end - number), 10, &cpu) || cpu >= KMD_CPUS_MAX)
		return fail(reader, "no number of a CPU");
	memset(&reader->cpu, 0, sizeof(reader->cpu));
	reader->cpu.cpu = (uint32_t)cpu;
	reader->cpu.source = KMD_CPU_FROM_FILE;
	reader->seen = 0;
	reader->open = true;
	return KMD_OK;
}

static enum kmd_status read_line(struct reader *reader, const char *line, const char *end)
{
	static const char mark[] = "CPU#";

	reader->line++;
	if ((size_t)(end - line) > strlen(mark) && !memcmp(line, mark, strlen(mark)))
		return open_cpu(reader, line + strlen(mark), end);
	if (reader->open)
		read_pairs(reader, line, end);
	return KMD_OK;
}

enum kmd_status kmd_cpus_from_text(const char *text, size_t length, const char *name,
				   uint16_t machine, struct kmd_diag *diag, struct kmd_cpus *cpus)
{
	struct reader reader = { .at = text,
				 .end = text + length,
				 .name = name,
				 .layout = kmd_cpu_layout(machine),
				 .diag = diag,
				 .cpus = cpus };
	enum kmd_status status = KMD_OK;
	size_t before = cpus->n;

	if (!reader.layout)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(name),
				"registers of this machine's CPUs are not known here");
	while (status == KMD_OK && reader.at < reader.end) {
		const char *end = memchr(reader.at, '\n', (size_t)(reader.end - reader.at));

		if (!end)
			end = reader.end;
		status = read_line(&reader, reader.at, end);
		reader.at = end + 1;
	}
	if (status == KMD_OK)
		status = close_cpu(&reader);
	if (status == KMD_OK && cpus->n == before)
		status = fail(&reader, "no \"CPU#0\" up to here");
	return status;
}

static enum kmd_status read_text(const struct kmd_source *source, uint16_t machine,
				 struct kmd_diag *diag, struct kmd_cpus *cpus)
{
	enum kmd_status status;
	char *text;

	if (source->size > FILE_MAX)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(source->name),
				"too large for a list of registers");
	text = malloc((size_t)source->size + 1);
	if (!text)
		return kmd_fail_memory(diag);
	status = kmd_source_read(source, 0, text, source->size, diag);
	if (status == KMD_OK)
		status = kmd_cpus_from_text(text, (size_t)source->size, source->name, machine, diag,
					    cpus);
	free(text);
	return status;
}

enum kmd_status kmd_cpus_from_file(const char *path, uint16_t machine, struct kmd_diag *diag,
				   struct kmd_cpus *cpus)
{
	struct kmd_source *source;
	enum kmd_status status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return kmd_fail_errno(diag, kmd_in(path), "cannot open", errno);
	status = kmd_source_from_fd(diag, fd, path, &source);
	if (status != KMD_OK) {
		close(fd);
		return status;
	}
	status = read_text(source, machine, diag, cpus);
	kmd_source_free(source);
	return status;
}
