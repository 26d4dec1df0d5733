/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The tables.  Sources: Linux kernel/crash_core.c (to 6.8), kernel/vmcore_info.c (since
 * 6.9), kernel/printk/printk.c (log_buf_vmcoreinfo_setup()), and of each machine
 * arch/x86/kernel/{machine_kexec_64,crash_core_64,vmcore_info_64}.c,
 * arch/arm64/kernel/{crash_core,vmcore_info}.c; versions 5.4 to 7.2.
 */
#include "kernel/generate_keys.h"

/* Versions of clang-format lay out macros with braces in different ways. */
/* clang-format off */
#define V(major, minor)     ((major) << 8 | (minor))
#define SYMBOL(of)          { .kind = KMD_KEY_SYMBOL, .name = of }
#define SIZE(of)            { .kind = KMD_KEY_SIZE, .name = of }
#define OFFSET(of, part)    { .kind = KMD_KEY_OFFSET, .name = of, .member = part }
#define LENGTH(of, part)    { .kind = KMD_KEY_LENGTH, .name = of, .member = part }
#define NUMBER(of)          { .kind = KMD_KEY_ENUMERATOR, .name = of }
#define VALUE(key, how, by) { .kind = KMD_KEY_VALUE, .name = key, .format = how, .value = by }
/* clang-format on */

static const char *release(const struct kmd_generator *generator)
{
	return generator->build.release;
}

static const char *build_id(const struct kmd_generator *generator)
{
	return generator->vmlinux->build_id;
}

/* clang-format off */
static const struct kmd_generate_key common[] = {
	{ .kind = KMD_KEY_TEXT, .name = "OSRELEASE", .text = release, .needed = true },
	{ .kind = KMD_KEY_TEXT, .name = "BUILD-ID", .text = build_id, .since = V(5, 9) },
	{ .kind = KMD_KEY_VALUE, .name = "PAGESIZE", .value = kmd_generate_page_size, .needed = true },
	SYMBOL("init_uts_ns"),
	{ .kind = KMD_KEY_OFFSET, .name = "uts_namespace", .member = "name", .since = V(5, 11) },
	VALUE("SYMBOL(node_online_map)", KMD_KEY_BARE_HEX, kmd_generate_node_online_map),
	{ .kind = KMD_KEY_VALUE, .name = "SYMBOL(swapper_pg_dir)", .format = KMD_KEY_BARE_HEX,
	  .value = kmd_generate_swapper, .needed = true },
	{ .kind = KMD_KEY_SYMBOL, .name = "_stext", .needed = true },
	{ .kind = KMD_KEY_SYMBOL, .name = "vmap_area_list", .until = V(6, 8) },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VMALLOC_START)", .format = KMD_KEY_HEX,
	  .value = kmd_generate_vmalloc_start, .since = V(6, 9) },
	{ .kind = KMD_KEY_SYMBOL, .name = "mem_map", .if_symbol = "contig_page_data" },
	SYMBOL("contig_page_data"),
	{ .kind = KMD_KEY_VALUE, .name = "SYMBOL(vmemmap)", .format = KMD_KEY_BARE_HEX,
	  .value = kmd_generate_vmemmap, .since = V(6, 10) },
	VALUE("SYMBOL(mem_section)", KMD_KEY_BARE_HEX, kmd_generate_mem_section),
	VALUE("LENGTH(mem_section)", KMD_KEY_DECIMAL, kmd_generate_section_roots),
	SIZE("mem_section"),
	OFFSET("mem_section", "section_mem_map"),
	/* Of 5.13 (4f5aecdff25f), but stable kernels of 5.10 have it too. */
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(SECTION_SIZE_BITS)",
	  .value = kmd_generate_section_bits, .since = V(5, 9), .if_symbol = "mem_section" },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(MAX_PHYSMEM_BITS)",
	  .value = kmd_generate_physmem_bits, .since = V(5, 9), .if_symbol = "mem_section" },
	SIZE("page"),
	SIZE("pglist_data"),
	SIZE("zone"),
	SIZE("free_area"),
	SIZE("list_head"),
	SIZE("nodemask_t"),
	OFFSET("page", "flags"),
	OFFSET("page", "_refcount"),
	OFFSET("page", "mapping"),
	OFFSET("page", "lru"),
	OFFSET("page", "_mapcount"),
	OFFSET("page", "private"),
	{ .kind = KMD_KEY_OFFSET, .name = "folio", .member = "_folio_dtor",
	  .since = V(6, 3), .until = V(6, 5) },
	{ .kind = KMD_KEY_OFFSET, .name = "folio", .member = "_folio_order",
	  .since = V(6, 3), .until = V(6, 5) },
	{ .kind = KMD_KEY_OFFSET, .name = "page", .member = "compound_dtor", .until = V(6, 2) },
	{ .kind = KMD_KEY_OFFSET, .name = "page", .member = "compound_order", .until = V(6, 2) },
	OFFSET("page", "compound_head"),
	OFFSET("page", "compound_info"),
	OFFSET("pglist_data", "node_zones"),
	OFFSET("pglist_data", "nr_zones"),
	OFFSET("pglist_data", "node_mem_map"),
	OFFSET("pglist_data", "node_start_pfn"),
	OFFSET("pglist_data", "node_spanned_pages"),
	OFFSET("pglist_data", "node_id"),
	OFFSET("zone", "free_area"),
	OFFSET("zone", "vm_stat"),
	OFFSET("zone", "spanned_pages"),
	OFFSET("free_area", "free_list"),
	OFFSET("list_head", "next"),
	OFFSET("list_head", "prev"),
	{ .kind = KMD_KEY_OFFSET, .name = "vmap_area", .member = "va_start", .until = V(6, 8) },
	{ .kind = KMD_KEY_OFFSET, .name = "vmap_area", .member = "list", .until = V(6, 8) },
	LENGTH("zone", "free_area"),

	/* The log: a buffer of records, then a ring. */
	{ .kind = KMD_KEY_SYMBOL, .name = "log_buf", .until = V(5, 9) },
	{ .kind = KMD_KEY_SYMBOL, .name = "log_buf_len", .until = V(5, 9) },
	{ .kind = KMD_KEY_SYMBOL, .name = "log_first_idx", .until = V(5, 9) },
	{ .kind = KMD_KEY_SYMBOL, .name = "clear_idx", .until = V(5, 9) },
	{ .kind = KMD_KEY_SYMBOL, .name = "log_next_idx", .until = V(5, 9) },
	SIZE("printk_log"),
	OFFSET("printk_log", "ts_nsec"),
	OFFSET("printk_log", "len"),
	OFFSET("printk_log", "text_len"),
	OFFSET("printk_log", "dict_len"),
	OFFSET("printk_log", "caller_id"),
	SYMBOL("prb"),
	SYMBOL("printk_rb_static"),
	{ .kind = KMD_KEY_SYMBOL, .name = "clear_seq", .since = V(5, 10) },
	SIZE("printk_ringbuffer"),
	OFFSET("printk_ringbuffer", "desc_ring"),
	OFFSET("printk_ringbuffer", "text_data_ring"),
	OFFSET("printk_ringbuffer", "dict_data_ring"),
	OFFSET("printk_ringbuffer", "fail"),
	SIZE("prb_desc_ring"),
	OFFSET("prb_desc_ring", "count_bits"),
	OFFSET("prb_desc_ring", "descs"),
	OFFSET("prb_desc_ring", "infos"),
	OFFSET("prb_desc_ring", "head_id"),
	OFFSET("prb_desc_ring", "tail_id"),
	SIZE("prb_desc"),
	OFFSET("prb_desc", "state_var"),
	OFFSET("prb_desc", "text_blk_lpos"),
	SIZE("prb_data_blk_lpos"),
	OFFSET("prb_data_blk_lpos", "begin"),
	OFFSET("prb_data_blk_lpos", "next"),
	SIZE("printk_info"),
	OFFSET("printk_info", "seq"),
	OFFSET("printk_info", "ts_nsec"),
	OFFSET("printk_info", "text_len"),
	OFFSET("printk_info", "caller_id"),
	OFFSET("printk_info", "dev_info"),
	SIZE("dev_printk_info"),
	OFFSET("dev_printk_info", "subsystem"),
	{ .kind = KMD_KEY_LENGTH, .name = "dev_printk_info", .member = "subsystem",
	  .label = "printk_info_subsystem" },
	OFFSET("dev_printk_info", "device"),
	{ .kind = KMD_KEY_LENGTH, .name = "dev_printk_info", .member = "device",
	  .label = "printk_info_device" },
	SIZE("prb_data_ring"),
	OFFSET("prb_data_ring", "size_bits"),
	OFFSET("prb_data_ring", "data"),
	OFFSET("prb_data_ring", "head_lpos"),
	OFFSET("prb_data_ring", "tail_lpos"),
	{ .kind = KMD_KEY_SIZE, .name = "atomic_long_t", .since = V(5, 10) },
	{ .kind = KMD_KEY_OFFSET, .name = "atomic_long_t", .member = "counter",
	  .since = V(5, 10) },
	SIZE("latched_seq"),
	OFFSET("latched_seq", "val"),

	LENGTH("free_area", "free_list"),
	NUMBER("NR_FREE_PAGES"),
	NUMBER("PG_lru"),
	NUMBER("PG_private"),
	NUMBER("PG_swapcache"),
	NUMBER("PG_swapbacked"),
	{ .kind = KMD_KEY_ENUMERATOR, .name = "PG_slab", .until = V(6, 9) },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)",
	  .value = kmd_generate_slab_type, .since = V(6, 10) },
	NUMBER("PG_hwpoison"),
	VALUE("NUMBER(PG_head_mask)", KMD_KEY_DECIMAL, kmd_generate_head_mask),
	VALUE("NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)", KMD_KEY_DECIMAL, kmd_generate_buddy_type),
	NUMBER("HUGETLB_PAGE_DTOR"),
	{ .kind = KMD_KEY_ENUMERATOR, .name = "PG_hugetlb", .since = V(6, 6), .until = V(6, 9),
	  .if_symbol = "hugetlb_max_hstate" },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)",
	  .value = kmd_generate_hugetlb_type, .since = V(6, 6) },
	VALUE("NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", KMD_KEY_DECIMAL, kmd_generate_offline_type),
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)",
	  .value = kmd_generate_unaccepted_type, .since = V(6, 16), .if_symbol = "accept_memory" },

	{ .kind = KMD_KEY_SYMBOL, .name = "kallsyms_names", .since = V(6, 0) },
	{ .kind = KMD_KEY_SYMBOL, .name = "kallsyms_num_syms", .since = V(6, 0) },
	{ .kind = KMD_KEY_SYMBOL, .name = "kallsyms_token_table", .since = V(6, 0) },
	{ .kind = KMD_KEY_SYMBOL, .name = "kallsyms_token_index", .since = V(6, 0) },
	{ .kind = KMD_KEY_SYMBOL, .name = "kallsyms_offsets", .since = V(6, 0) },
	{ .kind = KMD_KEY_SYMBOL, .name = "kallsyms_relative_base", .since = V(6, 0) },
	{ .kind = KMD_KEY_SYMBOL, .name = "kallsyms_addresses", .since = V(6, 0) },
};

#define TABLE(of) { of, sizeof(of) / sizeof((of)[0]) }
/* clang-format on */

const struct kmd_generate_keys kmd_keys_common = TABLE(common);
