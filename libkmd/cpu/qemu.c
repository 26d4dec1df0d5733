/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Registers as QEMU's monitor prints them: "CPU#N", then NAME=HEX pairs in lines.
 * On x86 a segment register's line has its selector and then its base.  A CPU that is in a
 * 32-bit mode, as x86 CPUs are before they are started, has registers of other names.
 * A 32-bit arm CPU has the names that an arm64 one has while it runs 32-bit programs.
 * On riscv64 a pair is NAME HEX, or NAME/ALIAS HEX, with blanks between them.
 */
#include "cpu/cpus.h"

#include "base/checked.h"
#include "base/text.h"
#include "source/source.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
	unsigned char begun[KMD_CPUS_MAX / 8]; /* CPUs that were there */
	uint64_t seen;                         /* a bit for each word */
	bool open;                             /* a CPU was begun ... */
	uint64_t open_line;                    /* ... in this line */
	bool narrow;                           /* it is in a 32-bit mode */
	uint64_t line;
};

static enum kmd_status fail(const struct reader *reader, uint64_t line, const char *name,
			    const char *what)
{
	return kmd_fail(reader->diag, KMD_ERR_FORMAT, kmd_in(reader->name),
			"line %" PRIu64
			": %s%s; expected: the output of QEMU's \"info registers -a\"",
			line, name, what);
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

/* A hexadecimal number at @at; the place after it, or NULL. */
static const char *read_hex(const char *at, const char *end, uint64_t *value)
{
	const char *first = at;

	while (at < end && is_hex(*at))
		at++;
	return kmd_text_u64(first, (size_t)(at - first), 16, value) ? at : NULL;
}

/* The word that QEMU prints under @name, or SIZE_MAX. */
static size_t word_named(const struct kmd_cpu_layout *layout, const char *name)
{
	for (size_t i = 0; i < layout->words; i++)
		if (layout->names[i] && !strcmp(layout->names[i], name))
			return i;
	return SIZE_MAX;
}

static enum kmd_status set_word(struct reader *reader, size_t word, uint64_t value)
{
	uint64_t bit = UINT64_C(1) << word;

	if (reader->seen & bit)
		return fail(reader, reader->line, reader->layout->names[word],
			    ": duplicate register of one CPU");
	reader->cpu.words[word] = value;
	reader->seen |= bit;
	return KMD_OK;
}

/* FS and GS have a base that is a register by itself: "GS =0000 ffff89288b800000 ...". */
static enum kmd_status set_base(struct reader *reader, const char *name, const char *at,
				const char *end)
{
	char base[] = { name[0], 'S', '.', '\0' };
	size_t word = word_named(reader->layout, base);
	uint64_t value;

	if (word == SIZE_MAX || strlen(name) != 2 || name[1] != 'S' || at >= end || *at != ' ' ||
	    !read_hex(skip_blanks(at, end), end, &value))
		return KMD_OK;
	return set_word(reader, word, value);
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

/* Program counters of 32-bit modes: x86's, and what AArch32 has in its place. */
static bool is_narrow(const char *name)
{
	return !strcmp(name, "EIP") || !strcmp(name, "R15");
}

static enum kmd_status read_pair(struct reader *reader, const char *name, const char **at,
				 const char *end)
{
	size_t word = word_named(reader->layout, name);
	enum kmd_status status;
	const char *behind;
	uint64_t value;

	if (word == SIZE_MAX) {
		reader->narrow |= is_narrow(name);
		return KMD_OK;
	}
	behind = read_hex(*at, end, &value);
	if (!behind)
		return fail(reader, reader->line, name, ": unreadable value");
	*at = behind;
	status = set_word(reader, word, value);
	return status == KMD_OK ? set_base(reader, name, behind, end) : status;
}

static enum kmd_status read_pairs(struct reader *reader, const char *line, const char *end)
{
	const char *at = line, *equals;
	enum kmd_status status = KMD_OK;
	char name[NAME_SIZE];

	while (status == KMD_OK && (equals = memchr(at, '=', (size_t)(end - at)))) {
		at = equals + 1;
		if (name_before(line, equals, name))
			status = read_pair(reader, name, &at, end);
	}
	return status;
}

/* riscv64: words with blanks between them, a name and a number. */
static enum kmd_status read_words(struct reader *reader, const char *line, const char *end)
{
	const char *at = skip_blanks(line, end);
	enum kmd_status status = KMD_OK;
	char name[NAME_SIZE];

	while (status == KMD_OK && at < end) {
		const char *start = at;
		size_t length = 0;

		for (; at < end && *at != ' '; at++)
			if (*at == '/' && !length)
				length = (size_t)(at - start);
		length = length ? length : (size_t)(at - start);
		at = skip_blanks(at, end);
		if (length >= NAME_SIZE)
			continue;
		memcpy(name, start, length);
		name[length] = '\0';
		status = read_pair(reader, name, &at, end);
	}
	return status;
}

/* A CPU that was never started has zeroes where others have a program. */
static bool is_running(const struct reader *reader)
{
	const struct kmd_cpu_layout *layout = reader->layout;

	return reader->cpu.words[layout->pc] || reader->cpu.words[layout->sp];
}

static enum kmd_status close_cpu(struct reader *reader)
{
	uint64_t pc = UINT64_C(1) << reader->layout->pc, sp = UINT64_C(1) << reader->layout->sp;

	if (!reader->open)
		return KMD_OK;
	reader->open = false;
	if (!(reader->seen & pc) && reader->narrow)
		return KMD_OK;
	if (!(reader->seen & pc) || !(reader->seen & sp))
		return fail(reader, reader->open_line, "",
			    "this CPU has no program counter or stack pointer");
	return is_running(reader) ? kmd_cpus_add(reader->cpus, &reader->cpu, reader->diag) : KMD_OK;
}

/* A list of 8192 CPUs is still short. */
static bool is_known(const struct reader *reader, uint64_t cpu)
{
	return reader->begun[cpu / 8] & 1u << cpu % 8;
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
		return fail(reader, reader->line, "", "no number of a CPU");
	if (is_known(reader, cpu))
		return fail(reader, reader->line, "", "duplicate CPU");
	reader->begun[cpu / 8] |= (unsigned char)(1u << cpu % 8);
	memset(&reader->cpu, 0, sizeof(reader->cpu));
	reader->cpu.cpu = (uint32_t)cpu;
	reader->cpu.source = KMD_CPU_FROM_FILE;
	reader->seen = 0;
	reader->narrow = false;
	reader->open = true;
	reader->open_line = reader->line;
	return KMD_OK;
}

static enum kmd_status read_line(struct reader *reader, const char *line, const char *end)
{
	static const char mark[] = "CPU#";

	reader->line++;
	line = skip_blanks(line, end);
	if ((size_t)(end - line) > strlen(mark) && !memcmp(line, mark, strlen(mark)))
		return open_cpu(reader, line + strlen(mark), end);
	if (!reader->open)
		return KMD_OK;
	return reader->layout->machine == EM_RISCV ? read_words(reader, line, end)
						   : read_pairs(reader, line, end);
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
				"the registers of this machine are not supported");
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
		status = fail(&reader, reader.line, "",
			      "no CPU that runs code of this kernel's width was found up to here");
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
