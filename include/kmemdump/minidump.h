/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * minidump.h - memory layouts that boot firmware, kernel and library agree on.
 *
 * Shared by libkmd, the shim and the image maker of the tests, so it holds
 * numbers only: offsets, sizes and magic values.  Nothing here is meant to be
 * laid over input bytes; every field is read through a bounds-checked cursor.
 * All integers on disk are little-endian unless a comment states otherwise.
 *
 * Sources: Linux drivers/soc/qcom/smem.c and drivers/remoteproc/qcom_common.c
 * (SMEM, global and subsystem ToC, region); Microsoft OfflineCrashDumpUefi
 * OfflineDumpHeaders.h and the Linux Foundation ramdump scripts (raw dump);
 * the kmemdump and meminspect series (KELF region).
 */
#ifndef KMEMDUMP_MINIDUMP_H
#define KMEMDUMP_MINIDUMP_H

/* --- SMEM main header, at the base of the area (smem.c: struct smem_header) */
#define MD_SMEM_VERSION_OFFSET        92  /* u32: version[7], written by the boot loader */
#define MD_SMEM_INITIALIZED_OFFSET    192 /* u32: 1 */
#define MD_SMEM_FREE_OFFSET           196 /* u32: heap, first free byte */
#define MD_SMEM_AVAILABLE_OFFSET      200 /* u32: heap, bytes left */
#define MD_SMEM_RESERVED_OFFSET       204 /* u32: 0 */
#define MD_SMEM_TOC_OFFSET            208 /* global heap entries, version 11 */
#define MD_SMEM_TOC_ENTRY_SIZE        16
#define MD_SMEM_TOC_ENTRIES           512
#define MD_SMEM_HEADER_SIZE           8400
#define MD_SMEM_GLOBAL_HEAP_VERSION   11 /* version >> 16 */
#define MD_SMEM_GLOBAL_PART_VERSION   12

/* u32 fields of a global heap entry (struct smem_global_entry) */
#define MD_SMEM_TOC_ALLOCATED         0
#define MD_SMEM_TOC_ENTRY_OFFSET      4
#define MD_SMEM_TOC_ENTRY_LENGTH      8
#define MD_SMEM_TOC_AUX_BASE          12
#define MD_SMEM_AUX_BASE_MASK         0xfffffffcu

/* --- SMEM partition table, in the last 4 KiB of the area (struct smem_ptable) */
#define MD_SMEM_PTABLE_SIZE           4096
#define MD_SMEM_PTABLE_MAGIC          0x434f5424u /* bytes "$TOC" */
#define MD_SMEM_PTABLE_VERSION        1
#define MD_SMEM_PTABLE_VERSION_OFFSET 4
#define MD_SMEM_PTABLE_COUNT_OFFSET   8
#define MD_SMEM_PTABLE_ENTRIES_OFFSET 32
#define MD_SMEM_PTABLE_ENTRY_SIZE     48

/* struct smem_ptable_entry */
#define MD_SMEM_PTE_OFFSET            0  /* u32: from the base of the area */
#define MD_SMEM_PTE_SIZE              4  /* u32 */
#define MD_SMEM_PTE_FLAGS             8  /* u32 */
#define MD_SMEM_PTE_HOST0             12 /* u16 */
#define MD_SMEM_PTE_HOST1             14 /* u16 */
#define MD_SMEM_PTE_CACHELINE         16 /* u32 */
#define MD_SMEM_GLOBAL_HOST           0xfffe

/* struct smem_info, right after the last used table entry; packed */
#define MD_SMEM_INFO_MAGIC            0x49494953u /* bytes "SIII" */
#define MD_SMEM_INFO_SIZE_OFFSET      4           /* u32: size of the SMEM area */
#define MD_SMEM_INFO_BASE_OFFSET      8           /* u32: physical base of the area */
#define MD_SMEM_INFO_ITEMS_OFFSET     16          /* u16: number of items */
#define MD_SMEM_INFO_SIZE             18
#define MD_SMEM_DEFAULT_ITEMS         512

/* --- SMEM partition header (struct smem_partition_header) */
#define MD_SMEM_PART_MAGIC            0x54525024u /* bytes "$PRT" */
#define MD_SMEM_PART_HOST0            4           /* u16 */
#define MD_SMEM_PART_HOST1            6           /* u16 */
#define MD_SMEM_PART_SIZE             8           /* u32 */
#define MD_SMEM_PART_FREE_UNCACHED    12          /* u32 */
#define MD_SMEM_PART_FREE_CACHED      16          /* u32 */
#define MD_SMEM_PART_HEADER_SIZE      32

/* struct smem_private_entry */
#define MD_SMEM_CANARY                0xa5a5
#define MD_SMEM_ENTRY_CANARY          0  /* u16 */
#define MD_SMEM_ENTRY_ITEM            2  /* u16 */
#define MD_SMEM_ENTRY_SIZE            4  /* u32: with the data's padding */
#define MD_SMEM_ENTRY_PADDING_DATA    8  /* u16 */
#define MD_SMEM_ENTRY_PADDING_HDR     10 /* u16 */
#define MD_SMEM_ENTRY_HEADER_SIZE     16

/* --- Minidump: the global ToC, SMEM item 602 */
#define MD_SMEM_ITEM                  602
#define MD_GLOBAL_STATUS              0  /* u32: non-zero = firmware set it up */
#define MD_GLOBAL_REVISION            4  /* u32: 1 */
#define MD_GLOBAL_ENABLED             8  /* u32 */
#define MD_GLOBAL_SUBSYSTEMS          16 /* after 4 bytes of padding */
#define MD_REVISION                   1

/* struct minidump_subsystem */
#define MD_SS_STATUS                  0  /* u32: 1 = ready */
#define MD_SS_ENABLED                 4  /* u32: MD_SS_ENABLED_MAGIC */
#define MD_SS_ENCRYPTION_STATUS       8  /* u32 */
#define MD_SS_ENCRYPTION_REQUIRED     12 /* u32 */
#define MD_SS_REGION_COUNT            16 /* u32 */
#define MD_SS_REGIONS_BASE            24 /* u64, physical, after 4 bytes of padding */
#define MD_SS_SIZE                    32
#define MD_SS_APSS                    0 /* index of the application processor */

/*
 * Rockchip's table: the same global header at an address of its own (U-Boot's
 * CONFIG_ROCKCHIP_MINIDUMP_SMEM_BASE, the kernel's node "smem-region"), and longer entries of
 * subsystems.  Source: drivers/soc/rockchip/minidump of the kernel, rk_mini_dump.c of U-Boot.
 */
#define MD_ROCKCHIP_ELF_HEADER        32 /* u64, physical: where U-Boot makes Minidump.elf */
#define MD_ROCKCHIP_ELF_SIZE          40 /* u64: set by U-Boot */
#define MD_ROCKCHIP_TABLE             48 /* u64, physical: the kernel's own list */
#define MD_ROCKCHIP_SS_SIZE           56
#define MD_ROCKCHIP_SUBSYSTEMS        2 /* of U-Boot; the kernel's header has room for 10 */

/* struct minidump_region */
#define MD_REGION_NAME                0 /* char[16], may lack its NUL */
#define MD_REGION_NAME_SIZE           16
#define MD_REGION_SEQ                 16 /* u32 */
#define MD_REGION_VALID               20 /* u32 */
#define MD_REGION_ADDRESS             24 /* u64, physical */
#define MD_REGION_LENGTH              32 /* u64, Linux keeps it a multiple of 4 */
#define MD_REGION_SIZE                40
/* Names as firmware files them: "md_" + 12 + ".BIN" + NUL fills 20 bytes. */
#define MD_REGION_NAME_BUDGET         12

#define MD_VALID                      0x56414c49u /* 'VALI' */
#define MD_INVALID                    0x494e5641u /* 'INVA' */
#define MD_INIT                       0x494e4954u /* 'INIT' */
#define MD_SS_ENABLED_MAGIC           0x454e424cu /* 'ENBL' */
#define MD_SS_DISABLED_MAGIC          0x4453424cu /* 'DSBL' */
#define MD_SS_ENCR_NONE               0x4e4f4e45u /* 'NONE' */
#define MD_SS_ENCR_START              0x53545254u /* 'STRT' */
#define MD_SS_ENCR_DONE               0x444f4e45u /* 'DONE' */
#define MD_SS_ENCR_REQUIRED           0x00594553u /* 'YES' */
#define MD_SS_ENCR_NOTREQ             0x00004e52u /* 'NR' */

/* --- Raw dump partition image; packed, so its u64s are unaligned */
#define MD_RAW_SIGNATURE              "Raw_Dmp!"
#define MD_RAW_SIGNATURE_SEEN         "MiniDump" /* vendor copied it once */
#define MD_RAW_SIGNATURE_COPIED       "CopyDone"
#define MD_RAW_SIGNATURE_ENCRYPTED    "Enc_Dmp!"
#define MD_RAW_SIGNATURE_SIZE         8
#define MD_RAW_VERSION                8  /* u32; Qualcomm 0x1000, Microsoft 1 */
#define MD_RAW_FLAGS                  12 /* u32 */
#define MD_RAW_DUMP_SIZE              36 /* u64: header to end of the last data */
#define MD_RAW_REQUIRED_SIZE          44 /* u64: what would have been needed */
#define MD_RAW_SECTION_COUNT          52 /* u32 */
#define MD_RAW_HEADER_SIZE            56
#define MD_RAW_VERSION_QCOM           0x1000

#define MD_RAW_VALID                  0x1u /* header flags */
#define MD_RAW_INSUFFICIENT           0x2u
#define MD_RAW_HYPERV_PROTECTED       0x4u
#define MD_RAW_CACHE_FLUSHED          0x8u

/* section header, 64 bytes each, right after the header */
#define MD_RAW_SECTION_FLAGS          0  /* u32: MD_RAW_VALID, MD_RAW_INSUFFICIENT */
#define MD_RAW_SECTION_VERSION        4  /* u32 */
#define MD_RAW_SECTION_TYPE           8  /* u32 */
#define MD_RAW_SECTION_OFFSET         12 /* u64: from the header's start */
#define MD_RAW_SECTION_LENGTH         20 /* u64 */
#define MD_RAW_SECTION_INFO           28 /* u64 physical base for DDR ranges */
#define MD_RAW_SECTION_NAME           44 /* char[20], may lack its NUL */
#define MD_RAW_SECTION_NAME_SIZE      20
#define MD_RAW_SECTION_SIZE           64
#define MD_RAW_TYPE_NONE              0
#define MD_RAW_TYPE_DDR               1
#define MD_RAW_TYPE_CPU_CONTEXT       2
#define MD_RAW_TYPE_SV                3
#define MD_RAW_TYPE_REASON            4
#define MD_RAW_TYPE_SYSTEM_INFO       5

/* --- KELF region, meminspect dialect: header, 201 program headers, notes */
#define MD_KELF_PHDRS                 201
#define MD_KELF_NAME_CHARS            8 /* of a name, after the leading 'K' */
/* downstream dialect: program headers, section headers, names of 16 bytes */
#define MD_KELF_STRTAB_NAME           16

/* --- CPU registers as the shim records them: region Kprstatus.  A header, then
 * one ELF note NT_PRSTATUS per possible CPU, all zero where nothing was recorded. */
#define MD_REGS_MAGIC                 "KMDREGS1"
#define MD_REGS_MAGIC_SIZE            8
#define MD_REGS_CPUS                  8  /* u32: number of records */
#define MD_REGS_STRIDE                12 /* u32: bytes from one record to the next */
#define MD_REGS_PANIC_CPU             16 /* u32: the CPU that panicked, plus 1; or 0 */
#define MD_REGS_HEADER_SIZE           24

/* --- What of a core was not captured: note "KMD" of this type (a note "KMD" of type 1 is
 * another thing: it stands for a CPU without registers).  A header, then ranges by address,
 * then texts, each with its NUL; all in the core's byte order.  Ranges are disjoint. */
#define MD_NOTE_SUPPLIED              0x4b4d4401u
#define MD_SUPPLIED_VERSION           0  /* u32: 1 */
#define MD_SUPPLIED_COUNT             4  /* u32: number of ranges */
#define MD_SUPPLIED_RANGE_SIZE        8  /* u32: bytes from one range to the next */
#define MD_SUPPLIED_TEXTS             12 /* u32: bytes of texts */
#define MD_SUPPLIED_HEADER_SIZE       16
#define MD_SUPPLIED_PHYS              0  /* u64: of a range */
#define MD_SUPPLIED_SIZE              8  /* u64 */
#define MD_SUPPLIED_KIND              16 /* u32 */
#define MD_SUPPLIED_TEXT              20 /* u32: what it is; offset in the texts */
#define MD_SUPPLIED_RANGE             24
#define MD_SUPPLIED_MADE              0 /* kinds: made for consumers, such as page tables */
#define MD_SUPPLIED_FILE              1 /* what the kernel had there, out of its vmlinux */
#define MD_SUPPLIED_SIMILAR           2 /* the same before the kernel patched it: text */

/* --- Which regions were left out of a core: note "KMD" of this type.  Lines of text: "only=GLOBS",
 * "exclude=GLOBS", and "excluded=0xPHYS+0xSIZE NAME" for each region that is not in the core. */
#define MD_NOTE_FILTER                0x4b4d4402u

#endif /* KMEMDUMP_MINIDUMP_H */
