/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* foreign.c - what users hand over by mistake, and what to use instead. */
#include "image/image.h"

#include "base/checked.h"
#include "source/cursor.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* An erased partition is known by its beginning; a whole disk need not be read. */
#define ERASED_LOOK  (64u << 20)
#define ERASED_BLOCK (64u << 10)

struct mark {
	uint64_t offset;
	const char *magic;
	size_t length;
	const char *what;
};

/* clang-format off */
#define MARK(offset, magic, what) { offset, magic, sizeof(magic) - 1, what }
/* clang-format on */

#define VMWARE                                                                                     \
	"a VMware snapshot: crash opens it as it is, and vmss2core -N6 makes an ELF core of it; "  \
	"or give the guest's .vmem file beside it as FILE@0, if its RAM is at most 3 GiB"

#define FILE_SYSTEM "a file system: mount it and give the folder or file inside"

/* Octal where a hexadecimal escape would swallow the next letter. */
static const struct mark marks[] = {
	MARK(0, "MDMP",
	     "a Windows or Breakpad minidump (MDMP), which only shares the name: use "
	     "minidump-stackwalk or WinDbg"),
	MARK(0, "PAGEDU64", "a Windows crash dump: use WinDbg"),
	MARK(0, "PAGEDUMP", "a Windows crash dump: use WinDbg"),
	MARK(0, "Enc_Dmp!",
	     "an encrypted offline dump (Enc_Dmp!): decrypt it with its owner's key first"),
	MARK(0, "DISKDUMP", "a diskdump file: crash opens it as it is"),
	MARK(0, "\xed\x23\x8f\x61\x73\x01\x19\xa8", "an LKCD dump: crash opens it as it is"),
	MARK(0, "\xa8\x19\x01\x73\x61\x8f\x23\xed", "an LKCD dump: crash opens it as it is"),
	MARK(0, "sadump\0\0",
	     "an sadump file: crash opens it as it is; makedumpfile -d 0 -x VMLINUX makes a "
	     "kdump-compressed dump of it"),
	MARK(0, "\xd0\xbe\xd2\xbe", VMWARE),
	MARK(0, "\xd1\xba\xd1\xba", VMWARE),
	MARK(0, "\xd2\xbe\xd2\xbe", VMWARE),
	MARK(0, "\xd3\xbe\xd3\xbe", VMWARE),
	MARK(0, "LibvirtQemud",
	     "an image that virsh save or virsh dump wrote: use virsh dump --memory-only"),
	MARK(0, "LinuxGuestRecord", "a saved guest of Xen: use xl dump-core"),
	MARK(0, "XenSavedDomain", "a saved guest of Xen: use xl dump-core"),
	MARK(0, "MRDUMP", "a MediaTek mrdump control block: use MediaTek's own tools"),
	MARK(0, "AEE DB", "a MediaTek AEE database: use MediaTek's own tools"),
	MARK(0, "\xff\xdd\xee\xcc",
	     "a debug-kinfo block, which describes a kernel but holds none of its memory: give the "
	     "dump itself"),
	MARK(0, "\211LZO\0", "packed with lzop: unpack it first (lzop -d)"),
	MARK(0, "\x3a\xff\x26\xed", "an Android sparse image: expand it first (simg2img)"),
	MARK(0, "ANDROID!", "an Android boot image, not a dump"),
	MARK(0, "VNDRBOOT", "an Android vendor boot image, not a dump"),
	MARK(0, "PK\7\10",
	     "the first part of a split zip archive: put the others beside it (FILE.z02, ..., "
	     "FILE.zip), or join them first (zip -s 0 IN.zip --out OUT.zip)"),
	MARK(0, "PK\5\6", "a zip archive without files"),
	MARK(0, "MSWIM\0", "a WIM archive: unpack it first (7z x)"),
	MARK(0, "xar!", "a xar archive: unpack it first (bsdtar -xf)"),
	MARK(0, "WARC/1.", "a WARC archive: unpack it first (bsdtar -xf)"),
	MARK(0, "\xc7\x71", "an old binary cpio archive: unpack it first (cpio -i)"),
	MARK(0, "\x71\xc7", "an old binary cpio archive: unpack it first (cpio -i)"),
	MARK(0, "LRZI", "packed with lrzip: unpack it first (lrzip -d)"),
	MARK(0, "hsqs", "a squashfs image: unpack it first (unsquashfs)"),
	MARK(0, "vhdxfile",
	     "a VHDX disk image: make a raw image of it first (qemu-img convert -O raw)"),
	MARK(0, "conectix",
	     "a VHD disk image: make a raw image of it first (qemu-img convert -O raw)"),
	MARK(64, "\x7f\x10\xda\xbe",
	     "a VDI disk image: make a raw image of it first (qemu-img convert -O raw)"),
	MARK(0, "QFI\xfb",
	     "a qcow2 disk image: make a raw image of it first (qemu-img convert -O raw)"),
	MARK(0, "KDMV",
	     "a VMDK disk image: make a raw image of it first (qemu-img convert -O raw)"),
	MARK(0, "QEVM", "a QEMU migration stream: crash opens it as it is"),
	MARK(512, "EFI PART", "a whole disk: give its dump partition (rawdump, logdump, ftm)"),
	MARK(4096, "EFI PART", "a whole disk: give its dump partition (rawdump, logdump, ftm)"),
	MARK(0x438, "\x53\xef\x01",
	     "an ext file system: mount it and give the folder or file inside"),
	MARK(54, "FAT12   ", FILE_SYSTEM),
	MARK(54, "FAT16   ", FILE_SYSTEM),
	MARK(82, "FAT32   ", FILE_SYSTEM),
	MARK(3, "EXFAT   ", FILE_SYSTEM),
	MARK(3, "NTFS    ", FILE_SYSTEM),
	MARK(1024, "\x10\x20\xf5\xf2", FILE_SYSTEM), /* f2fs */
	MARK(0, "\211PNG\r\n", "a picture"),
	MARK(0, "\xff\xd8\xff", "a picture"),
	MARK(0, "%PDF-", "a PDF document"),
	MARK(0, "#!", "a script"),
};

static const char *by_mark(struct kmd_cursor *cursor)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (kmd_cursor_is(cursor, marks[i].offset, marks[i].magic, marks[i].length))
			return marks[i].what;
	return NULL;
}

/* True if a program header has an address in the upper half: a kernel's. */
static bool is_vmlinux(struct kmd_cursor *cursor)
{
	uint64_t at = kmd_cursor_u64(cursor, offsetof(Elf64_Ehdr, e_phoff));
	uint16_t n = kmd_cursor_u16(cursor, offsetof(Elf64_Ehdr, e_phnum));
	uint64_t entry;

	for (uint16_t i = 0; i < n && i < 16; i++) {
		if (!kmd_add_u64(at, i * sizeof(Elf64_Phdr), &entry) ||
		    !kmd_cursor_has(cursor, entry, sizeof(Elf64_Phdr)))
			return false;
		if (kmd_cursor_u32(cursor, entry) == PT_LOAD &&
		    kmd_cursor_u64(cursor, entry + offsetof(Elf64_Phdr, p_vaddr)) >> 63)
			return true;
	}
	return false;
}

static const char *by_elf(struct kmd_cursor *cursor)
{
	unsigned char ident[EI_NIDENT];

	if (!kmd_cursor_is(cursor, 0, ELFMAG, SELFMAG) ||
	    !kmd_cursor_bytes(cursor, 0, ident, sizeof(ident)) ||
	    !kmd_cursor_has(cursor, 0, sizeof(Elf64_Ehdr)))
		return NULL;
	cursor->big_endian = ident[EI_DATA] == ELFDATA2MSB;
	switch (kmd_cursor_u16(cursor, offsetof(Elf64_Ehdr, e_type))) {
	case ET_REL:
		return "an ELF object or kernel module, not a dump";
	case ET_EXEC:
	case ET_DYN:
		if (ident[EI_CLASS] == ELFCLASS64 && is_vmlinux(cursor))
			return "a vmlinux, not a dump: give the dump, and this with -x";
		return "an ELF program, library or vmlinux, not a dump: give the dump, and the "
		       "vmlinux with -x";
	default:
		return NULL;
	}
}

/* An arm64 kernel looks like one for EFI's sake, and RAM may begin with it. */
static const char *by_program(struct kmd_cursor *cursor)
{
	uint64_t at = 0;

	if (kmd_cursor_is(cursor, 0, "MZ", 2) && kmd_cursor_has(cursor, 0x3c, 4))
		at = kmd_cursor_u32(cursor, 0x3c);
	if (!at || !kmd_cursor_is(cursor, at, "PE\0", 4) || kmd_cursor_is(cursor, 56, "ARM\x64", 4))
		return NULL;
	return "a program for Windows or EFI: if it is a self-extracting archive, unpack it first "
	       "(7z x)";
}

/* -------------------------------------------------------------------- text */

static bool is_text_byte(unsigned char c)
{
	/* Escape: logs hold colours.  Beyond ASCII: UTF-8. */
	return c >= 0x20 ? c != 0x7f : c == '\n' || c == '\r' || c == '\t' || c == 0x1b;
}

static bool contains(const unsigned char *bytes, size_t length, const char *what)
{
	return memmem(bytes, length, what, strlen(what));
}

static bool is_text(const unsigned char *bytes, size_t length)
{
	size_t ascii = 0;

	for (size_t i = 0; i < length; i++) {
		if (!is_text_byte(bytes[i]))
			return false;
		ascii += bytes[i] < 0x80;
	}
	return ascii >= length / 2;
}

/* The first page of RAM may hold text; a file of text has it at its end as well. */
static const char *by_text(struct kmd_cursor *cursor)
{
	unsigned char bytes[KMD_CURSOR_BUFFER];
	size_t length = (size_t)kmd_min_u64(sizeof(bytes), cursor->size);

	cursor->sampling = true;
	if (!kmd_cursor_bytes(cursor, cursor->size - length, bytes, length) ||
	    !is_text(bytes, length) || !kmd_cursor_bytes(cursor, 0, bytes, length) ||
	    !is_text(bytes, length))
		return NULL;
	if (contains(bytes, length, "OSRELEASE=") && contains(bytes, length, "SYMBOL("))
		return "the text of a VMCOREINFO region alone: give the folder or image that it "
		       "belongs to";
	if (contains(bytes, length, "d.load.binary"))
		return "a load.cmm script: give the folder that holds it and the files it names";
	if (contains(bytes, length, "md_") && contains(bytes, length, " 0x"))
		return "a text about region files: give the folder that holds them";
	return "plain text, such as a kernel log, not a memory dump";
}

/* ------------------------------------------------------------------ erased */

/* True if all of [0, size) is @fill, as far as is looked. */
static bool filled_with(const struct kmd_source *source, unsigned char fill, unsigned char *block,
			struct kmd_diag *diag)
{
	uint64_t end = kmd_min_u64(source->size, ERASED_LOOK);

	for (uint64_t at = 0; at < end; at += ERASED_BLOCK) {
		size_t length = (size_t)kmd_min_u64(ERASED_BLOCK, end - at);

		if (kmd_source_read(source, at, block, length, diag) != KMD_OK ||
		    block[0] != fill || memcmp(block, block + 1, length - 1))
			return false;
	}
	return true;
}

static const char *by_erased(const struct kmd_source *source, struct kmd_diag *diag)
{
	unsigned char *block = malloc(ERASED_BLOCK);
	const char *what = NULL;

	if (!block)
		return NULL;
	if (filled_with(source, 0x00, block, diag))
		what = "nothing but zeroes: an erased partition, or a dump that was never written";
	else if (filled_with(source, 0xff, block, diag))
		what = "nothing but 0xff: an erased partition, or a dump that was never written";
	free(block);
	return what;
}

const char *kmd_image_marked(const struct kmd_source *source, struct kmd_diag *diag)
{
	struct kmd_cursor cursor;
	const char *what;

	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	what = by_mark(&cursor);
	return what ? what : by_elf(&cursor);
}

const char *kmd_image_foreign(const struct kmd_source *source, struct kmd_diag *diag)
{
	struct kmd_cursor cursor;
	const char *what;

	if (!source->size)
		return "an empty file";
	what = kmd_image_marked(source, diag);
	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	if (!what)
		what = by_text(&cursor);
	if (!what)
		what = by_program(&cursor);
	if (!what)
		what = by_erased(source, diag);
	return what;
}
