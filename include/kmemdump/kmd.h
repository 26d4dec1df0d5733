/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * kmd.h - libkmd: from a kernel minidump to an ELF core.
 *
 * A minidump holds only the memory regions that a kernel registered beforehand
 * (Qualcomm Minidump; kernel side: kmemdump, now meminspect).  libkmd reads it
 * in whatever form it was kept, rebuilds the address space and writes a core
 * that crash, gdb, drgn and makedumpfile open.  It has nothing to do with
 * Microsoft's minidump (MDMP).
 *
 * Longer than 600 lines because it is the whole interface, with what each call promises.
 *
 *	struct kmd *kmd = kmd_new();
 *	if (kmd && kmd_open_path(kmd, "minidump.bin") == KMD_OK)
 *		kmd_assemble_path(kmd, "vmcore", 0);
 *	if (kmd && kmd_error(kmd))
 *		fprintf(stderr, "%s\n", kmd_error(kmd));
 *	kmd_free(kmd);
 *
 * Conventions
 *   Handle     A struct kmd holds one dump.  Several threads may work at the same
 *              time, each on a handle of its own; one handle serves one thread
 *              at a time.  The library has no global state: handles share nothing
 *              that is written, also of one file (tests/api/threads.c).
 *   States     A handle is new, then open, or its opening failed.  kmd_set_*() may be
 *              called on a new handle only (kmd_set_progress(): always), kmd_open_*()
 *              once.  Everything that reads the dump needs an open handle: functions
 *              that return a status return KMD_ERR_USAGE otherwise, the others 0 or
 *              NULL.  Findings and kmd_error() may be read in every state.
 *   Arguments  The handle comes first, then what is asked for, then where the answer
 *              goes.  Answers are written only if the function returns KMD_OK.  No
 *              pointer may be NULL unless the function allows it.
 *   Lists      kmd_NAME_count() is the length of a list, kmd_NAME_get() its element at
 *              an index from 0, or NULL after the last.  Both are O(1) and do not
 *              fail.  A list that takes work to make has a function that makes it
 *              (kmd_log_load(), kmd_check()) and may be empty before.
 *   Errors     Functions that can fail return an enum kmd_status; kmd_error()
 *              then returns a sentence that names the place (file, offset,
 *              region).  KMD_ERR_MEMORY and KMD_ERR_USAGE can come from any of
 *              them and are not listed each time.
 *   Findings   Damage of the input that can be tolerated is not an error but a
 *              finding: see kmd_finding_get().
 *   Ownership  Whatever a handle hands out belongs to the handle and stays valid
 *              until kmd_free(), or as described at the function.
 *   Stability  Functions, enumerators and members keep name, type and meaning within one
 *              soname (libkmd.so.0); later versions may add some.  The library allocates all
 *              structures, so new members at their end do not break a program; do not
 *              copy one by its size.  Unknown enumerators may be returned by later
 *              versions.  Texts (kmd_error(), findings, names of sources) may change at
 *              any time: do not parse them.
 *   Effects    The library never prints, exits, changes signals, locale, umask or
 *              working directory, nor reads the environment (but TMPDIR, for
 *              where unpacked input is kept; and what libdebuginfod reads, once
 *              kmd_set_debuginfod() allows it).
 *   Units      Addresses, offsets and sizes are in bytes.
 */
#ifndef KMEMDUMP_KMD_H
#define KMEMDUMP_KMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Version of this header: as text, and as a number 0xMMmmpp for #if.  kmd_version() and
 * kmd_version_number() return the library's.
 */
#define KMD_VERSION        "0.2.0"
#define KMD_VERSION_NUMBER 0x000200

/* A dump and all that is known of it. */
struct kmd;

/* What a function returns.  Values are part of the ABI. */
enum kmd_status {
	KMD_OK = 0,
	KMD_ERR_MEMORY = 1,  /* memory is short */
	KMD_ERR_USAGE = 2,   /* the call does not fit the handle's state or the argument is bad */
	KMD_ERR_IO = 3,      /* a system call failed; the sentence holds its reason */
	KMD_ERR_FORMAT = 4,  /* no dump of a known form; the sentence names what it is, if known */
	KMD_ERR_DAMAGED = 5, /* the dump is too damaged to use */
	KMD_ERR_UNSUPPORTED = 6, /* understood, but not handled (encrypted, ...) */
	KMD_ERR_LIMIT = 7,       /* a limit was reached, such as kmd_set_unpack_limit()'s */
	KMD_ERR_STRICT = 8,      /* damage, and KMD_STRICT is set; the sentence is the finding */
	KMD_ERR_EXISTS = 9,      /* the output exists and KMD_OVERWRITE is not given */
	KMD_ERR_CANCELED = 10,   /* the progress call-back asked for it */
	KMD_ERR_NOT_FOUND = 11,  /* no captured memory at this address, or no such key */
	KMD_ERR_MISMATCH = 12,   /* the vmlinux, or VMCOREINFO file, is not the dumped kernel's */
};

/* ------------------------------------------------------------------ handle */

/* A fresh handle, or NULL when memory is short.  Release with kmd_free(). */
struct kmd *kmd_new(void);

/* Release the handle and all that it handed out.  NULL is allowed. */
void kmd_free(struct kmd *kmd);

/* The library's version, "MAJOR.MINOR.PATCH"; a static string. */
const char *kmd_version(void);

/* The library's version as KMD_VERSION_NUMBER has it. */
unsigned int kmd_version_number(void);

/*
 * What this build can read, for people: "+NAME" or "-NAME" for libraries that it was built with or
 * without, and the machines; a static string.
 */
const char *kmd_features(void);

/*
 * The sentence of the last error on this handle, without a newline, or NULL
 * where the last call that can fail succeeded; "out of memory" for a handle of
 * NULL.  Valid until the next call on the handle.
 */
const char *kmd_error(const struct kmd *kmd);

/* ----------------------------------------------- options, before the opening */

enum kmd_flag {
	KMD_STRICT = 1u << 0, /* a finding of damage is an error */
	/* Use a dump that is otherwise refused: */
	KMD_ACCEPT_INVALID = 1u << 1, /* its mark or validity bit is missing */
	KMD_ACCEPT_ORDER = 1u << 5,   /* a cat of files in the wrong order, or with one missing */
	KMD_ACCEPT_VMLINUX = 1u << 6, /* with a vmlinux of another kernel */
	KMD_NO_REGISTERS = 1u << 2,   /* no CPU registers in the core: drgn before 0.0.23 takes
				       * those of CPU n for those of the task whose pid is n + 1 */
	KMD_CAPTURED_ONLY = 1u << 3,  /* nothing in the core that was not captured; see
				       * kmd_supplied_get() */
	KMD_ALL_MEMORY = 1u << 7,     /* all of a RAM image with an SMEM area, not only the
				       * regions that the area lists */
	KMD_ANONYMIZE = 1u << 8,      /* note what describes the dump: kmd_anonymize_path() */
};

/* Set the handle's flags (enum kmd_flag, or-ed).  KMD_ERR_USAGE once a dump is open. */
enum kmd_status kmd_set_flags(struct kmd *kmd, unsigned int flags);

/*
 * Physical address of the SMEM area in a RAM image, where it cannot be found by
 * its own marks.  (Kernel: reserved-memory node "qcom,smem".)
 */
enum kmd_status kmd_set_smem_address(struct kmd *kmd, uint64_t address);

/*
 * Physical address of a RAM image's first byte.  Without it the base comes from
 * the SMEM area, whose info block ("SIII") holds its own physical address.
 */
enum kmd_status kmd_set_ram_base(struct kmd *kmd, uint64_t address);

/*
 * Physical address of Rockchip's Minidump table in RAM images: the dump is then what this table
 * lists.  (Kernel: "smem-region" of the node "rockchip,minidump".)  The image needs its own
 * address: kmd_set_ram_base(), or FILE@ADDR.  What is no such table is an error.
 */
enum kmd_status kmd_set_rockchip_table(struct kmd *kmd, uint64_t address);

/*
 * The subsystem whose regions are read out of a RAM image by its SMEM area: a number, or apss,
 * modem, adsp, cdsp, cdsp1.  NULL is apss, the processor that runs Linux.
 */
enum kmd_status kmd_set_subsystem(struct kmd *kmd, const char *subsystem);

/*
 * The vmlinux of the dumped kernel: an ELF file with its symbol table, compressed (xz,
 * zstd, gzip) or not, or split from its debug file, which is then looked for beside it
 * and under /usr/lib/debug.  Used for the extent of the kernel image, the machine, to
 * identify region files for which only addresses are recorded, for VMCOREINFO where the
 * dump has none, kmd_check() and kmd_set_complete().  The file is read at the opening,
 * which answers KMD_ERR_FORMAT where it is no vmlinux, and KMD_ERR_MISMATCH where its
 * build-id, banner or machine is not the dump's (unless KMD_ACCEPT_VMLINUX is set).
 */
enum kmd_status kmd_set_vmlinux(struct kmd *kmd, const char *path);

/*
 * A file with the VMCOREINFO text of the dumped boot (what the note of /proc/vmcore or of a
 * core holds), for a dump that has none of its own.  The dump's own text wins.  The opening
 * returns KMD_ERR_MISMATCH if the text is that of another boot, as far as the dump shows it.
 */
enum kmd_status kmd_set_vmcoreinfo(struct kmd *kmd, const char *path);

/*
 * A file with the CPUs' registers as QEMU's monitor prints them ("info registers -a"),
 * for x86_64 and arm64.  They win over registers that the dump holds.
 */
enum kmd_status kmd_set_registers(struct kmd *kmd, const char *path);

/*
 * A run-time value of the dumped kernel that is missing or wrong in the dump; it
 * wins over what is found, and a contradiction is a finding.  Keys, as crash's --machdep
 * has them: "kaslr" (KERNELOFFSET), "kimage_voffset", "phys_offset", "vabits_actual"
 * (arm64), "phys_base" (x86_64).  KMD_ERR_USAGE for another key.
 */
enum kmd_status kmd_set_value(struct kmd *kmd, const char *key, uint64_t value);

/* What vmlinux can supply where it was not captured; a set of bits. */
enum kmd_complete {
	KMD_COMPLETE_RODATA = 1u << 0, /* constants, strings, tables of symbols */
	KMD_COMPLETE_TEXT = 1u << 1,   /* code, as it was before the kernel patched it */
	KMD_COMPLETE_ORC = 1u << 2,    /* x86_64: what unwinding the stack takes */
	KMD_COMPLETE_BTF = 1u << 3,    /* types */
	KMD_COMPLETE_ALL = (1u << 4) - 1,
	KMD_COMPLETE_NONE = 1u << 30, /* not even what is proved */
};

/*
 * Complete the core out of the vmlinux with these (enum kmd_complete, or-ed).  All that is
 * supplied has been compared with what was captured, and is named in the core's note "KMD";
 * captured bytes are never changed.  By default, or with 0, only sections are supplied of
 * which enough was captured to prove that all is as in the file.
 */
enum kmd_status kmd_set_complete(struct kmd *kmd, unsigned int sections);

/*
 * Let a vmlinux that is not whole (no DWARF, or no vmlinux at all) be asked for from the
 * servers in $DEBUGINFOD_URLS, by build-id.  Off by default: nothing goes to a network
 * unasked.  libdebuginfod is loaded when it is needed; without it nothing is fetched.
 */
enum kmd_status kmd_set_debuginfod(struct kmd *kmd, bool allowed);

/*
 * Most bytes that compressed input may unpack to, or a stream may bring; 0 restores
 * the default of 64 GiB.  Such input is kept in an unnamed temporary file in $TMPDIR, or
 * /var/tmp.
 */
enum kmd_status kmd_set_unpack_limit(struct kmd *kmd, uint64_t bytes);

/* What bounds the unpacking of hostile input; and memory that is kept. */
enum kmd_limit {
	KMD_LIMIT_UNPACKED = 0, /* bytes of all files together: as kmd_set_unpack_limit() */
	KMD_LIMIT_RATIO = 1,    /* unpacked bytes for each packed one, of one file; looked at from
				 * 1 GiB unpacked bytes on; 100000 */
	KMD_LIMIT_DEPTH = 2,    /* archives and compression around each other; 8 */
	KMD_LIMIT_FILES = 3,    /* files in a folder or an archive; 65536 */
	KMD_LIMIT_KEPT = 4,     /* bytes of memory for what small reads may return to; never an
				 * error; 272 MiB, or a quarter of the machine's memory if that is
				 * less; 1 = none */
};

/*
 * Set a limit; 0 restores its default.  Beyond a limit the opening fails with KMD_ERR_LIMIT.
 * KMD_ERR_USAGE for an unknown limit.
 */
enum kmd_status kmd_set_limit(struct kmd *kmd, enum kmd_limit limit, uint64_t value);

/*
 * Put only these regions into the core, or all but these: names as kmd_region_get() gives them,
 * with * ? [...] as in a shell, and commas between them.  NULL takes it back.  Both may be set:
 * kmd_set_exclude() wins.  Other regions become KMD_REGION_EXCLUDED, and the library goes on as if
 * they had not been captured; the text of VMCOREINFO and the notes of a core stay known.  Memory of
 * a region that kmd_set_exclude() names is left out, even where another region holds it too.  A
 * note of the core (name "KMD") records this.  A name that matches no region is a finding.
 */
enum kmd_status kmd_set_only(struct kmd *kmd, const char *globs);
enum kmd_status kmd_set_exclude(struct kmd *kmd, const char *globs);

/*
 * Overwrite memory with 'X' in all that leaves the library after the opening: core, regions, log,
 * reads.  @specs, with commas between them: "SYMBOL", whose size the vmlinux has; "SYMBOL+SIZE";
 * "user-data", text that looks like it (the rule is in kmd-assemble(1));
 * "0xADDRESS+SIZE", a virtual address if its highest bit is set, else a physical one.  NULL takes
 * it back.  A note of the core (name "ERASEINFO", as of makedumpfile) records it.  Facts that the
 * opening itself read, such as the reason of the panic, stay known.  The opening fails with
 * KMD_ERR_USAGE or KMD_ERR_NOT_FOUND if a text cannot be read or a symbol is not known; memory that
 * was not captured is a note.
 */
enum kmd_status kmd_set_redact(struct kmd *kmd, const char *specs);

/* What is at work when the progress call-back is called. */
enum kmd_phase {
	KMD_PHASE_UNPACK = 1, /* compressed input; total may be 0 = unknown */
	KMD_PHASE_SCAN = 2,   /* searching an image, or memory */
	KMD_PHASE_WRITE = 3,  /* writing the core */
};

/*
 * Called now and then during long work, on the calling thread, with the bytes
 * done and the total.  A non-zero answer cancels the work (KMD_ERR_CANCELED).
 * It must not call the library on the same handle.
 */
typedef int (*kmd_progress_fn)(void *user, enum kmd_phase phase, uint64_t done, uint64_t total);

/* Set or, with NULL, remove the call-back.  @user is handed through. */
enum kmd_status kmd_set_progress(struct kmd *kmd, kmd_progress_fn progress, void *user);

/* ----------------------------------------------------------------- opening */

/*
 * Open a dump: a file (partition image, RAM image, SMEM area, cat of region
 * files, ELF core) or a folder of region files; kmd-assemble(1) lists all forms.  It may be
 * compressed, an Android sparse image, the first part of a split file, or inside an archive or a
 * disk, in any nesting.  If no file has the name @path, "ARCHIVE:PATH" selects a file or folder
 * inside an archive, and "DISK:NAME" a partition.  The form is found by content.  Everything but
 * page data is read and checked here; afterwards regions, findings and memory can be asked for.
 * A handle opens one dump in its life.
 *
 * Errors: KMD_ERR_IO, KMD_ERR_FORMAT, KMD_ERR_DAMAGED, KMD_ERR_UNSUPPORTED,
 * KMD_ERR_LIMIT, KMD_ERR_STRICT, KMD_ERR_CANCELED, KMD_ERR_MISMATCH.
 */
enum kmd_status kmd_open_path(struct kmd *kmd, const char *path);

/*
 * Open a dump that consists of several files, such as RAM images ("FILE@ADDR", with the
 * hexadecimal physical address, or dump_info.txt among the files) and small files beside them.
 * Each path is as for kmd_open_path(), but no folder.  At least one; the order does not matter.
 */
enum kmd_status kmd_open_paths(struct kmd *kmd, const char *const *paths, size_t n);

/*
 * The same from a file descriptor: a regular file, a folder, or a stream (pipe),
 * which is then read to its end into a temporary file.  The descriptor is
 * duplicated: it stays the caller's, its file offset is not used for regular
 * files.  @name stands in messages; NULL = "input".
 */
enum kmd_status kmd_open_fd(struct kmd *kmd, int fd, const char *name);

/*
 * The same from memory.  The bytes are not copied and must stay, unchanged, until
 * kmd_free().
 */
enum kmd_status kmd_open_memory(struct kmd *kmd, const void *data, size_t size, const char *name);

/* ---------------------------------------------------------------- the dump */

/* Where facts about a region came from; a set of bits. */
enum kmd_origin {
	KMD_FROM_SECTION = 1u << 0,   /* section table of a partition image */
	KMD_FROM_FILE = 1u << 1,      /* a file of a folder */
	KMD_FROM_KELF = 1u << 2,      /* program headers of a KELF region */
	KMD_FROM_CORE = 1u << 3,      /* program headers of the input itself, an ELF core */
	KMD_FROM_SMEM = 1u << 4,      /* SMEM item 602, ToC, region array */
	KMD_FROM_DUMP_INFO = 1u << 5, /* dump_info.txt */
	KMD_FROM_LOAD_CMM = 1u << 6,  /* load.cmm */
	KMD_FROM_ADDRESS = 1u << 7,   /* address of a RAM image, given or found */
};

/* What became of a region.  Values are part of the ABI. */
enum kmd_region_state {
	KMD_REGION_OK = 0,         /* captured whole */
	KMD_REGION_CUT = 1,        /* captured in part: [0, captured) */
	KMD_REGION_MISSING = 2,    /* described, but its bytes are not there */
	KMD_REGION_INVALID = 3,    /* the firmware's table marks it as not valid */
	KMD_REGION_NO_ADDRESS = 4, /* captured, but its address is not known */
	KMD_REGION_EMPTY = 5,      /* of zero size */
	KMD_REGION_CONFLICT = 6,   /* not used: its description contradicts others */
	KMD_REGION_AUXILIARY = 7,  /* not memory: dump_info.txt, load.cmm, ... */
	KMD_REGION_OTHER_VM = 8,   /* memory of another virtual machine in the same folder */
	KMD_REGION_EXCLUDED = 9,   /* not used: see kmd_set_only() and kmd_set_exclude() */
};

struct kmd_region {
	const char *name;     /* as recorded, unprintable bytes as \xNN; "" = none recorded */
	uint64_t phys;        /* physical address, if has_phys */
	uint64_t virt;        /* kernel virtual address as registered, if has_virt */
	uint64_t size;        /* as described */
	uint64_t captured;    /* bytes that the dump holds, from the start */
	unsigned int origins; /* enum kmd_origin, or-ed */
	enum kmd_region_state state;
	bool has_phys, has_virt;
	/* The input file whose bytes, from its first, are the captured ones; NULL if they lie
	 * elsewhere in a file, or were unpacked. */
	const char *file;
	bool encrypted; /* its owner asks firmware to encrypt it: the bytes may be unreadable */
};

/* The form of the input: "raw dump partition image", ...; NULL before the opening. */
const char *kmd_input_form(const struct kmd *kmd);

/* Number of regions known; 0 before the opening. */
size_t kmd_region_count(const struct kmd *kmd);

/* Region @index in order of physical address, or NULL after the last. */
const struct kmd_region *kmd_region_get(const struct kmd *kmd, size_t index);

/* Static texts: "ok", "cut", ...; "?" for an unknown value. */
const char *kmd_region_state_name(enum kmd_region_state state);

/* A row of the firmware's table: a processor that may have registered regions. */
struct kmd_subsystem {
	uint32_t number;
	const char *name;   /* static; "" if the number has no known name */
	uint32_t n_regions; /* as recorded */
	uint64_t array;     /* physical address of its region array; 0 = none */
	bool selected;      /* see kmd_set_subsystem() */
	bool enabled;
	bool ready;     /* its rows were not being changed */
	bool encrypted; /* it asks for encryption, so its bytes may be unreadable */
};

/* Subsystems that SMEM's Minidump table describes; 0 if the input has no such table. */
size_t kmd_subsystem_count(const struct kmd *kmd);

/* Subsystem @index in order of number, or NULL after the last. */
const struct kmd_subsystem *kmd_subsystem_get(const struct kmd *kmd, size_t index);

enum kmd_severity {
	KMD_NOTE = 0,   /* worth knowing; the core is complete */
	KMD_DAMAGE = 1, /* something is missing, contradictory or cannot be trusted */
};

/* Kinds of finding.  Values are part of the ABI; new ones may come. */
enum kmd_finding_code {
	KMD_FIND_HEADER = 1,      /* a header field has an invalid value */
	KMD_FIND_TABLE = 2,       /* a table's count or entry is impossible */
	KMD_FIND_TRUNCATED = 3,   /* bytes lie past the end of the dump */
	KMD_FIND_STORAGE = 4,     /* the firmware ran out of storage */
	KMD_FIND_MISSING = 5,     /* a region is described but not there */
	KMD_FIND_SHORT = 6,       /* a region's bytes are fewer, or more, than described */
	KMD_FIND_AMBIGUOUS = 7,   /* files and descriptions cannot be matched */
	KMD_FIND_DISAGREE = 8,    /* two descriptions differ */
	KMD_FIND_OVERLAP = 9,     /* overlapping regions hold different bytes */
	KMD_FIND_NO_ADDRESS = 10, /* no address is known */
	KMD_FIND_UNUSED = 11,     /* something that belongs to the dump is not used */
	KMD_FIND_VMCOREINFO = 12, /* VMCOREINFO is missing, cut or ambiguous */
	KMD_FIND_KERNEL = 13,     /* kernel facts are missing or contradict memory */
	KMD_FIND_ENCRYPTED = 14,  /* a region looks encrypted */
	KMD_FIND_NAME = 15,       /* names collide or contain unprintable characters */
};

struct kmd_finding {
	enum kmd_finding_code code;
	enum kmd_severity severity;
	const char *text;   /* a sentence with its place, without a newline */
	const char *source; /* file, member or region that it is about; NULL = the whole input */
	uint64_t offset;    /* within the source, if has_offset */
	bool has_offset;
};

/* Findings so far; the opening and the assembling add some. */
size_t kmd_finding_count(const struct kmd *kmd);

/* Finding @index in order of appearance, or NULL after the last. */
const struct kmd_finding *kmd_finding_get(const struct kmd *kmd, size_t index);

/*
 * True if a finding of severity KMD_DAMAGE was made: the core is, or will be,
 * degraded.  Exact even where there were more findings than are kept (1000 of
 * each severity), and after KMD_ERR_STRICT.
 */
bool kmd_is_degraded(const struct kmd *kmd);

/* What is known of the dumped kernel.  Strings are NULL where nothing is known. */
struct kmd_kernel {
	const char *machine;           /* "aarch64", "x86_64", "arm", "i386", "riscv64" */
	const char *release;           /* OSRELEASE: as uname -r prints it */
	const char *build_id;          /* hexadecimal */
	const char *vmcoreinfo_source; /* where VMCOREINFO was found; NULL = not found */
	uint64_t page_size;            /* 4096 if it is not known */
	uint64_t kaslr_offset;         /* KERNELOFFSET, if has_kaslr_offset */
	bool has_kaslr_offset;
	bool vmcoreinfo_generated; /* from the vmlinux, or read from a file: not the dump's own */
	const char *banner;        /* linux_banner, without its newline; NULL = not captured */
	const char *panic;         /* the line of the log with the reason; NULL = none found */
	const char *panic_task;    /* command name of the task that panicked */
	uint32_t panic_cpu, panic_pid; /* if has_panic_cpu, has_panic_pid */
	bool has_panic_cpu, has_panic_pid;
	bool gdb_relocates; /* gdb relocates the vmlinux by itself; else symbol-file -o is needed */
	/* The first line of the oops, lockup, stall or hung task that led to the reason: "BUG:
	 * kernel NULL pointer dereference, ..."; NULL = none, or it is .panic itself. */
	const char *panic_event;
	/* The record of the log in which that line is, else that of .panic; if .panic. */
	size_t panic_record;
};

/* The kernel's facts after the opening, or NULL before it. */
const struct kmd_kernel *kmd_kernel_get(const struct kmd *kmd);

/*
 * The VMCOREINFO text (lines "KEY=VALUE\n", not NUL-terminated) and its length.
 * KMD_ERR_NOT_FOUND where the dump holds none.
 */
enum kmd_status kmd_vmcoreinfo_text(struct kmd *kmd, const char **text, size_t *length);

/*
 * The value of a VMCOREINFO key, such as "SYMBOL(prb)" or "PAGESIZE"; not NUL-terminated.
 * KMD_ERR_NOT_FOUND where there is no such key.
 */
enum kmd_status kmd_vmcoreinfo_value(struct kmd *kmd, const char *key, const char **value,
				     size_t *length);

/* A run-time value of the dumped kernel, and its sources. */
struct kmd_value {
	const char *key; /* "kaslr", "kimage_voffset", "phys_base", ...: see kmd_set_value() */
	uint64_t value;
	size_t n_sources;    /* independent sources that give it; 0 = derived, not confirmed */
	const char *sources; /* their names: "VMCOREINFO, linux_banner, ..." */
};

/* Run-time values known after the opening. */
size_t kmd_value_count(const struct kmd *kmd);
const struct kmd_value *kmd_value_get(const struct kmd *kmd, size_t index);

/*
 * The run-time virtual address of a symbol of the kernel: by the vmlinux, if one was
 * given, else by VMCOREINFO, else by the dump's own table of symbols.  KMD_ERR_NOT_FOUND where
 * none of them names it.
 */
enum kmd_status kmd_symbol_address(struct kmd *kmd, const char *name, uint64_t *virt);

/*
 * The symbol of the kernel that @virt belongs to, and how far behind its start that is.
 * KMD_ERR_NOT_FOUND without a vmlinux, or where @virt is not in the kernel's image.
 */
enum kmd_status kmd_symbol_at(struct kmd *kmd, uint64_t virt, const char **name, uint64_t *offset);

/* --------------------------------------------------------------- variables */

/* What kind of number a variable is.  Values are part of the ABI. */
enum kmd_variable_kind {
	KMD_VARIABLE_OTHER = 0, /* no number, or not known */
	KMD_VARIABLE_UNSIGNED = 1,
	KMD_VARIABLE_SIGNED = 2,
	KMD_VARIABLE_BOOL = 3,
	KMD_VARIABLE_POINTER = 4,
};

/* A variable of the kernel of 1, 2, 4 or 8 bytes. */
struct kmd_variable {
	const char *name;
	uint64_t address; /* at run time */
	uint64_t value;   /* its bytes as an unsigned number */
	uint32_t size;
};

/*
 * List the captured variables of the kernel's data by name, out of the vmlinux's symbols; without
 * those whose name is used twice.  Done once; later calls return the same.  KMD_ERR_NOT_FOUND
 * without a vmlinux, or where none was captured.
 */
enum kmd_status kmd_variables_load(struct kmd *kmd);

/* Variables that kmd_variables_load() found, in order of name. */
size_t kmd_variable_count(const struct kmd *kmd);
const struct kmd_variable *kmd_variable_get(const struct kmd *kmd, size_t index);

/*
 * What kinds of number the variables @indices[0..n) are, by the debug information: one pass for
 * all of them.  KMD_ERR_NOT_FOUND if there is none.
 */
enum kmd_status kmd_variable_kinds(struct kmd *kmd, const size_t *indices, size_t n,
				   enum kmd_variable_kind *kinds);

/* --------------------------------------------------------------- registers */

/* The general registers of one CPU. */
struct kmd_cpu_registers {
	uint32_t cpu;          /* number of the CPU, from 0 */
	const char *source;    /* for people: "crash_notes", "panic record", ... */
	const uint64_t *words; /* in the order of the machine's user_regs structure */
	size_t n_words;
	uint64_t pc, sp; /* program counter and stack pointer among them */
};

/* CPUs whose registers are known, in order of number; none for 32-bit machines. */
size_t kmd_cpu_count(const struct kmd *kmd);
const struct kmd_cpu_registers *kmd_cpu_get(const struct kmd *kmd, size_t index);

/* --------------------------------------------------------- tasks and stacks */

/* A task of the kernel: a thread of a process, a kernel thread, or a CPU's idle task. */
struct kmd_task {
	uint64_t address;         /* of its task_struct */
	uint32_t pid;             /* 0 = an idle task */
	uint32_t tgid, ppid, cpu; /* each only if has_NAME */
	const char *comm;         /* printable; NULL if not has_comm */
	char state;               /* as ps writes it: R, S, D, T, t, X, Z, P or I; 0 = not known */
	uint64_t last_run; /* when it began to run last: nanoseconds of the scheduler's clock,
			    * which starts near 0 at boot; if has_last_run */
	bool has_tgid, has_ppid, has_cpu, has_comm, has_last_run, has_is_kernel;
	bool is_kernel;           /* a kernel thread, if has_is_kernel */
	bool is_running, is_idle; /* on its CPU; a CPU's idle task */
	/* It waits for a mutex, an rw_semaphore or an rt_mutex, which the task with the pid @holder
	 * likely holds: the lock names it as its owner.  Readers are no owners, but may be named.
	 */
	bool has_holder;
	uint32_t holder;
	bool holds_lock; /* it is the holder for another task */
};

/*
 * Read the tasks out of captured memory: by the tree of process ids and the run queues.  Done
 * once; later calls return the same.  KMD_ERR_NOT_FOUND where types of the kernel are not known
 * (no vmlinux was given, and the dump has none) or no task was captured.
 */
enum kmd_status kmd_tasks_load(struct kmd *kmd);

/* Number of tasks that kmd_tasks_load() read. */
size_t kmd_task_count(const struct kmd *kmd);

/* Task @index by pid, idle tasks first; NULL after the last or before kmd_tasks_load(). */
const struct kmd_task *kmd_task_get(const struct kmd *kmd, size_t index);

/* Why there may have been more tasks, as a phrase; NULL = these are all. */
const char *kmd_tasks_incomplete(const struct kmd *kmd);

/* A module that was loaded. */
struct kmd_module {
	uint64_t address;     /* of its struct module */
	const char *name;     /* printable */
	uint64_t base, size;  /* of its text, until 6.3 of all its memory; 0 = not known */
	const char *build_id; /* hexadecimal; NULL = not known */
	const char *taint;    /* letters, as the log prints them; "" = none, NULL = not known */
};

/*
 * When the scheduler of CPU number @cpu last read its clock, which each tick and each switch
 * does: nanoseconds, as .last_run of a task.  After kmd_tasks_load(); KMD_ERR_NOT_FOUND if it was
 * not captured.
 */
enum kmd_status kmd_cpu_last_tick(struct kmd *kmd, uint32_t cpu, uint64_t *last_tick);

/*
 * Read the list of modules out of captured memory.  Done once; later calls return the same.
 * KMD_ERR_NOT_FOUND where types of the kernel are not known.
 */
enum kmd_status kmd_modules_load(struct kmd *kmd);

/* Modules that kmd_modules_load() read, the newest first. */
size_t kmd_module_count(const struct kmd *kmd);
const struct kmd_module *kmd_module_get(const struct kmd *kmd, size_t index);

/* Why there may have been more modules, as a phrase; NULL = these are all. */
const char *kmd_modules_incomplete(const struct kmd *kmd);

/* A symbol of the kernel or of a module, out of the dump itself. */
struct kmd_symbol {
	const char *name;   /* printable */
	uint64_t address;   /* at run time */
	uint64_t size;      /* up to the next symbol, since no table has sizes; 0 = not known */
	char type;          /* as nm(1) prints it: 't' and 'T' are code; of a module 't' or 'd' */
	const char *module; /* NULL = the kernel itself */
};

/*
 * Read the kernel's table of symbols (kallsyms) and those of modules out of captured memory, with
 * or without a vmlinux.  Done once; later calls return the same.  KMD_ERR_NOT_FOUND if neither
 * was captured, KMD_ERR_LIMIT if all names together are far longer than those of any kernel.
 */
enum kmd_status kmd_symbols_load(struct kmd *kmd);

/* Symbols that kmd_symbols_load() read, by address. */
size_t kmd_symbol_count(const struct kmd *kmd);
const struct kmd_symbol *kmd_symbol_get(const struct kmd *kmd, size_t index);

/*
 * Types by name: the size of a structure, union or typedef, the offset of a member in one ("a.b"
 * leads into the member a; members without a name are looked into), the value of an enumerator.
 * @module NULL asks for those of the kernel, out of the dump's own BTF, else out of the vmlinux; a
 * name asks for those that this module defines, out of the copy of its BTF that the kernel keeps.
 * KMD_ERR_NOT_FOUND if there is no such type, or the types were not captured; KMD_ERR_DAMAGED if
 * those of the module are damaged.
 */
enum kmd_status kmd_type_size(struct kmd *kmd, const char *module, const char *type,
			      uint64_t *size);
enum kmd_status kmd_type_member(struct kmd *kmd, const char *module, const char *type,
				const char *member, uint64_t *offset);
enum kmd_status kmd_type_enumerator(struct kmd *kmd, const char *module, const char *name,
				    uint64_t *value);

/* A set of bits. */
enum kmd_frame_flag {
	KMD_FRAME_INLINE = 1u << 0, /* inlined: its code is part of the next frame's function */
	KMD_FRAME_EXACT = 1u << 1,  /* .pc was interrupted, or is a CPU's; else a return address */
	KMD_FRAME_GUESS = 1u << 2,  /* found by a frame pointer where no table covers the code */
	/* The last instruction of the function is the call: .pc is past its end, or is it. */
	KMD_FRAME_LAST_CALL = 1u << 3,
};

/* A function on a stack.  Strings are NULL where nothing is known. */
struct kmd_frame {
	uint64_t pc, sp;
	const char *function; /* its name in the debug information, else .symbol */
	const char *symbol;   /* its name in the symbol table; of an inlined one, the outer's */
	uint64_t offset;      /* of .pc in the function's code, if .function is not NULL */
	const char *module;   /* NULL = the kernel itself */
	const char *file;     /* in the kernel's source tree */
	uint32_t line;        /* 0 = not known */
	unsigned int flags;   /* enum kmd_frame_flag, or-ed */
};

struct kmd_stack {
	const struct kmd_frame *frames; /* innermost first */
	size_t n;
	const char *end; /* why it ends early, as a phrase; NULL = it is complete */
};

/*
 * The frames of CPU @index, as kmd_cpu_get() counts, from its registers on.  KMD_ERR_NOT_FOUND
 * where the CPU was in user space; KMD_ERR_LIMIT where all stacks together have millions of
 * frames; KMD_ERR_USAGE if there is no such CPU.
 */
enum kmd_status kmd_stack_of_cpu(struct kmd *kmd, size_t index, const struct kmd_stack **stack);

/*
 * The frames of task @index, as kmd_task_get() counts: of a task that runs, its CPU's.
 * KMD_ERR_NOT_FOUND where the registers of that CPU, or those that were saved when the task was
 * switched out, are not known; KMD_ERR_LIMIT as above.
 */
enum kmd_status kmd_stack_of_task(struct kmd *kmd, size_t index, const struct kmd_stack **stack);

/*
 * A key that equal crashes have in common: over boots, CPUs, KASLR and builds of one source.  It is
 * made of the kind of event and the names of the innermost functions; docs/signature.md has the
 * rule.
 */
struct kmd_signature {
	const char *key;           /* "2-panic-0123456789abcdef": version of the rule, kind, hash */
	const char *reason;        /* "panic", "oops", "lockup", "stall" or "hung" */
	const char *source;        /* "stack", or "log": the call trace in the log */
	const char *const *frames; /* the functions that it is made of, innermost first */
	size_t n;
};

/*
 * The signature of the crash, by the stack of the CPU or task that the log names, else by the
 * call trace in the log.  It stays valid until kmd_free().  KMD_ERR_NOT_FOUND where the log has no
 * reason, or neither stack nor trace has enough functions.
 */
enum kmd_status kmd_signature_get(struct kmd *kmd, const struct kmd_signature **signature);

/* --------------------------------------------------------------- kernel log */

/* A record of the kernel log.  Text is raw: newlines divide the lines of one record. */
struct kmd_log_record {
	uint64_t seq;    /* the kernel's sequence number, or the record's place */
	uint64_t time;   /* nanoseconds since boot; 0 where the form has none */
	uint32_t caller; /* CPU number | 1u << 31, or thread id; valid if has_caller */
	bool has_caller, has_time;
	uint8_t facility, level; /* as for syslog(3); 0 where the form has none */
	const char *text;        /* not NUL-terminated */
	size_t length;
};

/*
 * Read the kernel log out of captured memory, by VMCOREINFO's own offsets; no vmlinux is
 * needed.  Known are the ring buffer of 5.10 and later, the record buffer of 3.5 to 5.9
 * and text regions of downstream kernels.  Done once; later calls return the same.
 * KMD_ERR_NOT_FOUND where there is no log, or its memory was not captured;
 * KMD_ERR_DAMAGED if its descriptor is implausible.
 */
enum kmd_status kmd_log_load(struct kmd *kmd);

/* Number of records that kmd_log_load() read. */
size_t kmd_log_count(const struct kmd *kmd);

/* Record @index, oldest first, or NULL after the last or before kmd_log_load(). */
const struct kmd_log_record *kmd_log_get(const struct kmd *kmd, size_t index);

/* Records that could not be read and were skipped. */
size_t kmd_log_damaged(const struct kmd *kmd);

/* ------------------------------------------------------------------ memory */

/*
 * Read memory.  All @length bytes must have been captured: KMD_ERR_NOT_FOUND
 * otherwise, its sentence naming the first address that was not, and @buffer is
 * then undefined.  KMD_ERR_IO where the input cannot be read.
 */
enum kmd_status kmd_read_phys(struct kmd *kmd, uint64_t phys, void *buffer, size_t length);

/* The same by kernel virtual address, as the core's segments will map it. */
enum kmd_status kmd_read_virt(struct kmd *kmd, uint64_t virt, void *buffer, size_t length);

/*
 * Read @length bytes of region @index, as kmd_region_get() counts, from @offset on:
 * also of regions that have no address and so are not in the core (firmware's
 * records, files of another machine).  KMD_ERR_NOT_FOUND where fewer were captured.
 */
enum kmd_status kmd_read_region(struct kmd *kmd, size_t index, uint64_t offset, void *buffer,
				size_t length);

/* -------------------------------------------------------------- assembling */

/*
 * A range of the core that was not captured: page tables that lead consumers to captured
 * memory, where the kernel's own are missing, and sections of the vmlinux as
 * kmd_set_complete() selects.  Captured bytes are never changed, and a note of the core
 * (name "KMD") lists these ranges.
 */
struct kmd_supplied {
	const char *what; /* "page table", "vmlinux .rodata", ... */
	uint64_t phys, size;
};

/* Supplied ranges, in order of physical address. */
size_t kmd_supplied_count(const struct kmd *kmd);
const struct kmd_supplied *kmd_supplied_get(const struct kmd *kmd, size_t index);

enum kmd_assemble_flag {
	KMD_OVERWRITE = 1u << 0, /* replace existing files */
};

/*
 * Write the bytes of each region to a file of @folder: md_NAME.BIN, with dump_info.txt and load.cmm
 * beside them.  The folder opens again as a dump and gives the same core, if the input has a KELF
 * region or needs none.  Names are made safe: other characters than letters, digits and ._-#
 * become _, and a number is added to a name that is used twice.  Regions that the dump does not use
 * (KMD_REGION_INVALID, _CONFLICT, _EXCLUDED) are not written.  @globs selects regions as
 * kmd_set_only() does; NULL = all.  The folder appears whole or not at all: it is written to a
 * temporary folder beside it, mode 0700, then renamed.  If it exists and is not empty, that is
 * KMD_ERR_EXISTS; with KMD_OVERWRITE, files are then replaced one by one.
 *
 * Errors: KMD_ERR_IO, KMD_ERR_EXISTS, KMD_ERR_CANCELED; KMD_ERR_NOT_FOUND if no region is selected.
 */
enum kmd_status kmd_extract_path(struct kmd *kmd, const char *folder, const char *globs,
				 unsigned int flags);

/*
 * Write the dump, unpacked, with zeroes in place of memory: for a report of an error, which must
 * not hold anybody's data.  What describes the dump stays: headers and tables, names of regions and
 * files, VMCOREINFO, the kernel's version and machine, the values by which its addresses were
 * found.  Where regions overlap with different bytes, these are 0 and 1.  The log, the registers
 * and all else is lost, except for the regions that @keep selects as kmd_set_only() does (NULL =
 * none; a name that matches no region is a finding).  The result opens with the same findings,
 * unless one depends on memory that is lost.
 *
 * The handle needs the flag KMD_ANONYMIZE.  The dump need not have been opened with success: then
 * what was read until the error stays.  @path becomes a file or, of several files, a folder, mode
 * 0600 or 0700, whole or not at all; its holes take no space.  If it exists, that is
 * KMD_ERR_EXISTS; with KMD_OVERWRITE, a file is replaced.
 *
 * Errors: KMD_ERR_IO, KMD_ERR_EXISTS; KMD_ERR_USAGE if no input could be read; KMD_ERR_STRICT.
 */
enum kmd_status kmd_anonymize_path(struct kmd *kmd, const char *path, const char *keep,
				   unsigned int flags);

/*
 * Write the ELF core to @path.  It appears whole or not at all: it is written to
 * a temporary file beside it (mode 0600), synced, then renamed.  Without
 * KMD_OVERWRITE an existing @path is left alone (KMD_ERR_EXISTS).  A file of the
 * input, or the vmlinux, is never replaced (KMD_ERR_USAGE).  /dev/null and FIFOs are
 * written to.
 *
 * Errors: KMD_ERR_IO, KMD_ERR_EXISTS, KMD_ERR_CANCELED, KMD_ERR_STRICT;
 * KMD_ERR_DAMAGED where no memory was captured at all; KMD_ERR_UNSUPPORTED where
 * the machine is not known, which an ELF header must name.
 */
enum kmd_status kmd_assemble_path(struct kmd *kmd, const char *path, unsigned int flags);

/*
 * Write the ELF core to a descriptor, from its current position on, in one pass
 * forwards: a pipe will do.  What was written when an error came stays there.
 */
enum kmd_status kmd_assemble_fd(struct kmd *kmd, int fd);

/*
 * The size of the core that kmd_assemble_path() would write, and @length bytes of it from @offset
 * on: all that is in the file, without a file.  Errors are those of kmd_assemble_path();
 * KMD_ERR_USAGE where the bytes do not lie inside the core.
 */
enum kmd_status kmd_core_size(struct kmd *kmd, uint64_t *size);
enum kmd_status kmd_core_read(struct kmd *kmd, uint64_t offset, void *buffer, size_t length);

/* --------------------------------------------------------------- readiness */

/* Whether a consumer can do something with the core.  Values are part of the ABI. */
enum kmd_ready_state {
	KMD_READY_WORKS = 0,   /* as on a core of all RAM */
	KMD_READY_PARTLY = 1,  /* it answers, and what is missing is absent from the answer */
	KMD_READY_UNKNOWN = 2, /* not known */
	KMD_READY_FAILS = 3,
};

struct kmd_readiness {
	const char *consumer; /* as it is started: "crash", "crash --minimal", "drgn", ... */
	const char *ability;  /* "start", or a command or what one would ask for: "bt", "tasks" */
	enum kmd_ready_state state;
	const char *missing; /* objects with their addresses, or why it is not known;
			      * "" where it works */
};

/*
 * Check what consumers can do with the core, from its contents: done once; later calls
 * return the same.  Without a vmlinux only what
 * VMCOREINFO has can be checked, and the rest is KMD_READY_UNKNOWN.  With one its debug
 * information is read, which takes about a second.
 */
enum kmd_status kmd_check(struct kmd *kmd);

/* --- planning: the same for a kernel that has not died yet */

/* Limits of firmware, and how large the machine is; all numbers but @log count. */
struct kmd_limits {
	uint64_t bytes, slots;                 /* of the place where firmware saves; of its table */
	uint64_t cpus, ram;                    /* bytes of RAM */
	uint64_t tasks, modules;               /* at most, threads included */
	uint64_t log;                          /* log_buf_len=, 0 = as the kernel has it */
	uint64_t driver_regions, driver_bytes; /* what drivers register */
};

#define KMD_BUDGET_PARTS 10

/* A part of what the shim registers; it gives slots and bytes to one after the other. */
struct kmd_budget_part {
	const char *name;
	uint64_t slots, bytes; /* at most */
	int fits;
};

struct kmd_budget {
	const char *level;                /* of the shim, level= */
	uint64_t slots, bytes;            /* its max_regions= (or regions=) and max_bytes= */
	uint64_t bytes_free;              /* of these, behind the last part that fits */
	struct kmd_budget_part parts[10]; /* KMD_BUDGET_PARTS */
};

/*
 * Plan for the kernel of kmd_set_vmlinux(), without a dump.  kmd_readiness_get() then has the
 * answers that there will be if nothing is larger than given, and what the others lack.
 */
enum kmd_status kmd_budget(struct kmd *kmd, const struct kmd_limits *limits,
			   struct kmd_budget *budget);

/* Number of answers; 0 before kmd_check(). */
size_t kmd_readiness_count(const struct kmd *kmd);

/* Answer @index, consumer by consumer, or NULL after the last or before kmd_check(). */
const struct kmd_readiness *kmd_readiness_get(const struct kmd *kmd, size_t index);

#ifdef __cplusplus
}
#endif

#endif /* KMEMDUMP_KMD_H */
