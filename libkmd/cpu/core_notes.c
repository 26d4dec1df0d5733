/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cpu/core_notes.h"

#include "base/checked.h"
#include "base/note.h"
#include "source/cursor.h"

#include <elf.h>
#include <kmemdump/minidump.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN   32
/* A register set, or what QEMU keeps of a CPU, is far smaller. */
#define DESC_MAX       16384
#define MRDUMP_CPUS    256
#define NOTES_MAX      (UINT64_C(16) << 20)

/* struct elf_prstatus: pr_pid and where pr_reg begins (include/linux/elfcore.h). */
#define PID_OFFSET_64  32
#define REGS_OFFSET_64 112
#define PID_OFFSET_32  24
#define REGS_OFFSET_32 72

struct note {
	uint64_t at, desc_at;
	uint32_t type, desc_size;
	uint64_t size; /* of all of it, padded */
	char name[NAME_MAX_LEN + 1];
};

static bool read_note(struct kmd_cursor *cursor, uint64_t at, struct note *note)
{
	uint32_t name_size = kmd_cursor_u32(cursor, at);

	note->at = at;
	note->desc_size = kmd_cursor_u32(cursor, at + 4);
	note->type = kmd_cursor_u32(cursor, at + 8);
	if (!name_size || name_size > NAME_MAX_LEN || note->desc_size > NOTES_MAX)
		return false;
	memset(note->name, 0, sizeof(note->name));
	kmd_cursor_bytes(cursor, at + KMD_NOTE_HEADER_SIZE, note->name, name_size);
	note->desc_at = at + KMD_NOTE_HEADER_SIZE + kmd_align_up(name_size, 4);
	note->size = note->desc_at + kmd_align_up(note->desc_size, 4) - at;
	return kmd_cursor_has(cursor, at, note->size);
}

static bool is_registers(const struct note *note)
{
	return note->type == NT_PRSTATUS && !strcmp(note->name, "CORE");
}

static bool is_auxv(const struct note *note)
{
	return note->type == NT_AUXV && !strcmp(note->name, "CORE");
}

/* Of a CPU: its registers, its notes that follow, or that it has none. */
static bool is_of_cpu(const struct note *note)
{
	return is_registers(note) || !strcmp(note->name, "LINUX") ||
	       (note->type == NT_PRSTATUS && !strcmp(note->name, KMD_PLACEHOLDER));
}

/* Registers that were not filled in are ignored. */
static bool has_registers(const struct kmd_claims *claims, const unsigned char *desc, size_t size)
{
	size_t at = claims->elf_class == ELFCLASS64 ? REGS_OFFSET_64 : REGS_OFFSET_32;

	for (; at < size; at++)
		if (desc[at])
			return true;
	return false;
}

static enum kmd_status append(struct kmd_cursor *cursor, const struct kmd_claims *claims,
			      const struct note *note, struct kmd_core_notes *notes)
{
	unsigned char *grown = realloc(notes->bytes, notes->size + (size_t)note->size), *to;

	if (!grown)
		return kmd_fail_memory(cursor->diag);
	notes->bytes = grown;
	to = grown + notes->size;
	if (!kmd_cursor_bytes(cursor, note->at, to, (size_t)note->size))
		return kmd_cursor_check(cursor, "note");
	if (is_registers(note)) {
		if (!has_registers(claims, to + (note->desc_at - note->at), note->desc_size))
			return KMD_OK;
		notes->cpus++;
	}
	notes->size += (size_t)note->size;
	return KMD_OK;
}

/* Registers first: consumers map the i-th of them to the i-th CPU. */
enum kind { OF_CPUS, AUXV, QEMU, SUPPLIED };

static bool is_of(const struct note *note, enum kind kind)
{
	if (kind == OF_CPUS)
		return is_of_cpu(note);
	if (kind == SUPPLIED)
		return (note->type == MD_NOTE_SUPPLIED || note->type == MD_NOTE_FILTER) &&
		       !strcmp(note->name, KMD_PLACEHOLDER);
	return kind == AUXV ? is_auxv(note) : !strcmp(note->name, "QEMU");
}

static enum kmd_status take(struct kmd_cursor *cursor, const struct kmd_claims *claims,
			    enum kind kind, struct kmd_core_notes *notes)
{
	enum kmd_status status = KMD_OK;
	struct note note;

	for (uint64_t at = 0; status == KMD_OK && kmd_cursor_has(cursor, at, KMD_NOTE_HEADER_SIZE);
	     at += note.size) {
		if (!read_note(cursor, at, &note))
			break;
		if ((note.desc_size <= DESC_MAX || kind == SUPPLIED) && is_of(&note, kind))
			status = append(cursor, claims, &note, notes);
	}
	return status;
}

/*
 * MediaTek's mrdump_mini names the registers "core2", of CPU 2 when it was stopped, and "ke2",
 * of the CPU that died.  The names of CPUs that it knows nothing of are "NA".
 */
static bool is_mrdump(const struct note *note, size_t *cpu, bool *dying)
{
	const char *digits = note->name;
	char *end;

	*dying = !strncmp(digits, "ke", 2);
	if (note->type != NT_PRSTATUS || (!*dying && strncmp(digits, "core", 4) != 0))
		return false;
	digits += *dying ? 2 : 4;
	*cpu = (size_t)strtoul(digits, &end, 10);
	return *digits >= '0' && *digits <= '9' && !*end && *cpu < MRDUMP_CPUS;
}

/* One note for each CPU, by its number; .size is 0 where there is none. */
static void find_mrdump(struct kmd_cursor *cursor, const struct kmd_claims *claims,
			struct note *found, size_t *n)
{
	unsigned char desc[DESC_MAX];
	bool dying;
	size_t cpu;
	struct note note;

	for (uint64_t at = 0;
	     kmd_cursor_has(cursor, at, KMD_NOTE_HEADER_SIZE) && read_note(cursor, at, &note);
	     at += note.size) {
		if (note.desc_size > DESC_MAX || !is_mrdump(&note, &cpu, &dying) ||
		    !kmd_cursor_bytes(cursor, note.desc_at, desc, note.desc_size) ||
		    !has_registers(claims, desc, note.desc_size) || (found[cpu].size && !dying))
			continue;
		found[cpu] = note;
		*n = *n > cpu ? *n : cpu + 1;
	}
}

/* As the kernel would have written it, or a note that stands for a CPU without registers. */
static enum kmd_status append_mrdump(struct kmd_cursor *cursor, const struct kmd_claims *claims,
				     const struct note *note, uint32_t size, size_t cpu,
				     struct kmd_core_notes *notes)
{
	size_t regs = claims->elf_class == ELFCLASS64 ? REGS_OFFSET_64 : REGS_OFFSET_32;
	size_t pid = claims->elf_class == ELFCLASS64 ? PID_OFFSET_64 : PID_OFFSET_32;
	uint32_t rest = size > regs ? size - (uint32_t)regs : 0;
	unsigned char *desc =
		kmd_note_append(&notes->bytes, &notes->size, note->size ? "CORE" : KMD_PLACEHOLDER,
				NT_PRSTATUS, note->size ? size : rest, claims->big_endian);

	if (!desc)
		return kmd_fail_memory(cursor->diag);
	if (!note->size)
		return KMD_OK;
	if (!kmd_cursor_bytes(cursor, note->desc_at, desc, size))
		return kmd_cursor_check(cursor, "note");
	kmd_put(desc + pid, 4, cpu + 1, claims->big_endian);
	notes->cpus++;
	return KMD_OK;
}

static enum kmd_status take_mrdump(struct kmd_cursor *cursor, const struct kmd_claims *claims,
				   struct kmd_core_notes *notes)
{
	struct note *found = calloc(MRDUMP_CPUS, sizeof(*found));
	enum kmd_status status = KMD_OK;
	size_t n = 0;

	if (!found)
		return kmd_fail_memory(cursor->diag);
	find_mrdump(cursor, claims, found, &n);
	/* All have the size of the last one, which is of the same machine. */
	for (size_t i = 0; i < n && status == KMD_OK; i++) {
		uint32_t size = found[n - 1].desc_size;

		if (found[i].size && found[i].desc_size != size)
			found[i].size = 0;
		status = append_mrdump(cursor, claims, &found[i], size, i, notes);
	}
	free(found);
	return status;
}

static uint32_t get_u32(const unsigned char *bytes, bool big_endian)
{
	uint32_t value = 0;

	for (size_t i = 0; i < 4; i++)
		value = value << 8 | bytes[big_endian ? i : 3 - i];
	return value;
}

/* Where pr_pid of each register note lies; fresh memory. */
static size_t *find_pids(const struct kmd_claims *claims, const struct kmd_core_notes *notes)
{
	size_t *pids = calloc(notes->cpus + 1, sizeof(*pids)), at = 0, found = 0;
	size_t pid_at = claims->elf_class == ELFCLASS64 ? PID_OFFSET_64 : PID_OFFSET_32;

	while (pids && found < notes->cpus && at < notes->size) {
		const unsigned char *note = notes->bytes + at;
		uint32_t named = get_u32(note, claims->big_endian);
		size_t name = (size_t)kmd_align_up(named, 4);
		size_t desc = (size_t)kmd_align_up(get_u32(note + 4, claims->big_endian), 4);

		/* As is_registers() has it: the name may lack its NUL. */
		if (get_u32(note + 8, claims->big_endian) == NT_PRSTATUS &&
		    !strncmp((const char *)note + KMD_NOTE_HEADER_SIZE, "CORE", named))
			pids[found++] = at + KMD_NOTE_HEADER_SIZE + name + pid_at;
		at += KMD_NOTE_HEADER_SIZE + name + desc;
	}
	return pids;
}

static int by_pid(const void *a, const void *b, void *bytes)
{
	return memcmp((unsigned char *)bytes + *(const size_t *)a,
		      (unsigned char *)bytes + *(const size_t *)b, 4);
}

static enum kmd_status number_anew(const struct kmd_claims *claims, struct kmd_diag *diag,
				   struct kmd_core_notes *notes)
{
	size_t *pids = find_pids(claims, notes), *sorted = find_pids(claims, notes);
	bool twice = false;

	if (!pids || !sorted) {
		free(pids);
		free(sorted);
		return kmd_fail_memory(diag);
	}
	qsort_r(sorted, notes->cpus, sizeof(*sorted), by_pid, notes->bytes);
	for (size_t i = 1; i < notes->cpus; i++)
		twice |= !by_pid(&sorted[i], &sorted[i - 1], notes->bytes);
	for (size_t i = 0; twice && i < notes->cpus; i++)
		kmd_put(notes->bytes + pids[i], 4, i + 1, claims->big_endian);
	free(pids);
	free(sorted);
	return KMD_OK;
}

enum kmd_status kmd_core_notes_read(const struct kmd_claims *claims, bool registers,
				    struct kmd_diag *diag, struct kmd_core_notes *notes)
{
	struct kmd_cursor cursor;
	enum kmd_status status = KMD_OK;

	memset(notes, 0, sizeof(*notes));
	if (!claims->notes || !claims->notes_trusted)
		return KMD_OK;
	kmd_cursor_init(&cursor, claims->notes, claims->notes_at,
			kmd_min_u64(claims->notes_size, NOTES_MAX), diag);
	cursor.big_endian = claims->big_endian;
	if (registers)
		status = take(&cursor, claims, OF_CPUS, notes);
	if (status == KMD_OK && registers && !notes->cpus)
		status = take_mrdump(&cursor, claims, notes);
	if (status == KMD_OK)
		status = take(&cursor, claims, AUXV, notes);
	if (status == KMD_OK && registers)
		status = take(&cursor, claims, QEMU, notes);
	/* What was not captured then is not captured now. */
	if (status == KMD_OK)
		status = take(&cursor, claims, SUPPLIED, notes);
	if (status == KMD_OK && notes->cpus)
		status = number_anew(claims, diag, notes);
	if (status != KMD_OK)
		kmd_core_notes_deinit(notes);
	return status;
}

void kmd_core_notes_deinit(struct kmd_core_notes *notes)
{
	free(notes->bytes);
	memset(notes, 0, sizeof(*notes));
}
