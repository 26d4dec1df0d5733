/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "linux/ready/look.h"

#include "base/checked.h"

#include <stdio.h>
#include <string.h>

static const struct kmd_type_ask questions[KMD_T_N] = {
	[KMD_T_RQ] = { KMD_TYPE_SIZE, "rq", NULL, false, 0 },
	[KMD_T_RQ_CURR] = { KMD_TYPE_OFFSET, "rq", "curr", false, 0 },
	[KMD_T_RQ_IDLE] = { KMD_TYPE_OFFSET, "rq", "idle", false, 0 },
	[KMD_T_TASK] = { KMD_TYPE_SIZE, "task_struct", NULL, false, 0 },
	[KMD_T_TASK_STACK] = { KMD_TYPE_OFFSET, "task_struct", "stack", false, 0 },
	[KMD_T_TASK_PIDS] = { KMD_TYPE_OFFSET, "task_struct", "pid_links", false, 0 },
	[KMD_T_TASK_MM] = { KMD_TYPE_OFFSET, "task_struct", "mm", false, 0 },
	[KMD_T_MM] = { KMD_TYPE_SIZE, "mm_struct", NULL, false, 0 },
	[KMD_T_PID] = { KMD_TYPE_SIZE, "pid", NULL, false, 0 },
	[KMD_T_PID_TASKS] = { KMD_TYPE_OFFSET, "pid", "tasks", false, 0 },
	[KMD_T_PIDNS_HEAD] = { KMD_TYPE_OFFSET, "pid_namespace", "idr.idr_rt.xa_head", false, 0 },
	[KMD_T_XA_NODE] = { KMD_TYPE_SIZE, "xa_node", NULL, false, 0 },
	[KMD_T_XA_SHIFT] = { KMD_TYPE_OFFSET, "xa_node", "shift", false, 0 },
	[KMD_T_XA_SLOTS] = { KMD_TYPE_OFFSET, "xa_node", "slots", false, 0 },
	[KMD_T_MODULE] = { KMD_TYPE_SIZE, "module", NULL, false, 0 },
	[KMD_T_MODULE_LIST] = { KMD_TYPE_OFFSET, "module", "list", false, 0 },
	[KMD_T_PGLIST] = { KMD_TYPE_SIZE, "pglist_data", NULL, false, 0 },
	[KMD_T_TSS_IST] = { KMD_TYPE_OFFSET, "tss_struct", "x86_tss.ist", false, 0 },
	[KMD_T_SECTION] = { KMD_TYPE_SIZE, "mem_section", NULL, false, 0 },
	[KMD_T_HOT_IRQ_STACK] = { KMD_TYPE_OFFSET, "pcpu_hot", "hardirq_stack_ptr", false, 0 },
	[KMD_T_KERNEL_SYMBOL] = { KMD_TYPE_SIZE, "kernel_symbol", NULL, false, 0 },
	[KMD_T_MODULE_SYMS] = { KMD_TYPE_OFFSET, "module", "syms", false, 0 },
	[KMD_T_MODULE_NUM_SYMS] = { KMD_TYPE_OFFSET, "module", "num_syms", false, 0 },
	[KMD_T_MODULE_GPL_SYMS] = { KMD_TYPE_OFFSET, "module", "gpl_syms", false, 0 },
	[KMD_T_MODULE_NUM_GPL_SYMS] = { KMD_TYPE_OFFSET, "module", "num_gpl_syms", false, 0 },
	[KMD_T_MODULE_MEM] = { KMD_TYPE_OFFSET, "module", "mem", false, 0 },
	[KMD_T_MODULE_MEMORY] = { KMD_TYPE_SIZE, "module_memory", NULL, false, 0 },
	[KMD_T_MEM_BASE] = { KMD_TYPE_OFFSET, "module_memory", "base", false, 0 },
	[KMD_T_MEM_SIZE] = { KMD_TYPE_OFFSET, "module_memory", "size", false, 0 },
	[KMD_T_MOD_DATA] = { KMD_TYPE_ENUMERATOR, "MOD_DATA", NULL, false, 0 },
	[KMD_T_CORE_BASE] = { KMD_TYPE_OFFSET, "module", "core_layout.base", false, 0 },
	[KMD_T_CORE_SIZE] = { KMD_TYPE_OFFSET, "module", "core_layout.size", false, 0 },
	[KMD_T_RQ_QUEUE] = { KMD_TYPE_OFFSET, "rq", "cfs", false, 0 },
	[KMD_T_RQ_REALTIME] = { KMD_TYPE_OFFSET, "rq", "rt.rt_nr_running", false, 0 },
	[KMD_T_QUEUE_CURR] = { KMD_TYPE_OFFSET, "cfs_rq", "curr", false, 0 },
	[KMD_T_QUEUE_ROOT] = { KMD_TYPE_OFFSET, "cfs_rq", "tasks_timeline.rb_root", false, 0 },
	[KMD_T_ENTITY_QUEUE] = { KMD_TYPE_OFFSET, "sched_entity", "my_q", false, 0 },
	[KMD_T_ENTITY_NODE] = { KMD_TYPE_OFFSET, "sched_entity", "run_node", false, 0 },
	[KMD_T_TASK_ENTITY] = { KMD_TYPE_OFFSET, "task_struct", "se", false, 0 },
	[KMD_T_TASK_PID] = { KMD_TYPE_OFFSET, "task_struct", "thread_pid", false, 0 },
};

enum kmd_status kmd_look_init(struct kmd_look *look, const struct kmd_ready_input *in,
			      struct kmd_diag *diag)
{
	enum kmd_status status;

	memset(look, 0, sizeof(*look));
	look->in = in;
	look->diag = diag;
	look->page = in->facts->pub.page_size ? in->facts->pub.page_size : 4096;
	memcpy(look->types, questions, sizeof(questions));
	if (in->info->text)
		look->has_paging = kmd_paging_learn(in->info, in->facts, &look->paging);
	if (!in->vmlinux)
		return KMD_OK;
	look->has_symbols = kmd_boot_get(in->boot, KMD_BOOT_KASLR, &look->kaslr);
	if (!look->has_symbols && in->facts->pub.has_kaslr_offset) {
		look->has_symbols = true;
		look->kaslr = in->facts->pub.kaslr_offset;
	}
	status = kmd_vmlinux_types(in->vmlinux, look->types, KMD_T_N, diag);
	/* Without debug information less can be told, and that is all. */
	return status == KMD_ERR_MEMORY || status == KMD_ERR_IO ? status : KMD_OK;
}

bool kmd_look_symbol(const struct kmd_look *look, const char *name, uint64_t *virt, uint64_t *size)
{
	const struct kmd_symbol *symbol =
		look->has_symbols ? kmd_vmlinux_find(look->in->vmlinux, name) : NULL;
	char key[128];

	if (size)
		*size = symbol ? symbol->size : 0;
	if (symbol) {
		*virt = symbol->value + look->kaslr;
		return true;
	}
	return (size_t)snprintf(key, sizeof(key), "SYMBOL(%s)", name) < sizeof(key) &&
	       look->in->info->text && kmd_vmcoreinfo_hex(look->in->info, key, virt);
}

bool kmd_look_type(const struct kmd_look *look, enum kmd_look_type type, uint64_t *value)
{
	*value = look->types[type].value;
	return look->types[type].known;
}

bool kmd_look_task_size(const struct kmd_look *look, uint64_t *size)
{
	uint64_t virt, own;

	if (!kmd_look_type(look, KMD_T_TASK, size))
		return false;
	if (kmd_look_symbol(look, "arch_task_struct_size", &virt, NULL) &&
	    kmd_look_number(look, KMD_LOOK_EITHER, virt, 4, &own) && own)
		*size = kmd_min_u64(*size, own);
	return true;
}

bool kmd_look_first_stack(const struct kmd_look *look, uint64_t *start, uint64_t *size)
{
	uint64_t end;

	/* The names until 6.9, and since. */
	if ((!kmd_look_symbol(look, "__start_init_task", start, NULL) ||
	     !kmd_look_symbol(look, "__end_init_task", &end, NULL)) &&
	    (!kmd_look_symbol(look, "__start_init_stack", start, NULL) ||
	     !kmd_look_symbol(look, "__end_init_stack", &end, NULL)))
		return false;
	*size = end - *start;
	return *size >= 4096 && *size <= 1 << 20;
}

bool kmd_look_stack_size(const struct kmd_look *look, uint64_t *size)
{
	uint64_t start;

	return kmd_look_first_stack(look, &start, size);
}

/* ----- memory */

static bool in_map(const struct kmd_map *map, uint64_t virt, uint64_t *phys)
{
	if (!map->known || virt < map->low || virt >= map->high)
		return false;
	*phys = virt - map->delta;
	return true;
}

static uint64_t ram_end(const struct kmd_memory *memory)
{
	return memory->n_phys ? memory->phys[memory->n_phys - 1].end : 0;
}

static bool walk(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t virt,
		 uint64_t *phys)
{
	const struct kmd_layout *layout = &look->in->facts->layout;
	bool found = false;

	if (mode != KMD_LOOK_TABLES && in_map(&layout->image, virt, phys))
		return true;
	/* The linear map ends with RAM: above may be vmalloc, where the layout does not tell. */
	if (mode != KMD_LOOK_TABLES && in_map(&layout->linear, virt, phys) &&
	    *phys < ram_end(look->in->memory))
		return true;
	return look->has_paging &&
	       kmd_paging_translate(&look->paging, look->in->memory, virt, &found, phys,
				    look->diag) == KMD_OK &&
	       found;
}

/* How many bytes from @phys on were captured. */
static uint64_t captured(const struct kmd_memory *memory, uint64_t phys, uint64_t size)
{
	uint64_t have = 0;

	for (size_t i = kmd_intervals_find(memory->phys, memory->n_phys, phys);
	     have < size && i < memory->n_phys && memory->phys[i].start <= phys + have; i++)
		have = memory->phys[i].end - phys;
	return kmd_min_u64(have, size);
}

static uint64_t have_by_views(const struct kmd_look *look, uint64_t virt, uint64_t size)
{
	const struct kmd_view *view = kmd_views_find(look->in->views, virt);

	return view ? kmd_min_u64(size, view->size - (virt - view->virt)) : 0;
}

static uint64_t have_by_walk(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t virt,
			     uint64_t size)
{
	uint64_t phys, room = look->page - (virt & (look->page - 1));

	return walk(look, mode, virt, &phys)
		       ? captured(look->in->memory, phys, kmd_min_u64(size, room))
		       : 0;
}

uint64_t kmd_look_have(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t virt,
		       uint64_t size)
{
	uint64_t have = 0;

	if (mode == KMD_LOOK_VIEWS || mode == KMD_LOOK_EITHER)
		have = have_by_views(look, virt, size);
	if (mode != KMD_LOOK_VIEWS && !have)
		have = have_by_walk(look, mode, virt, size);
	return have;
}

/* Of [virt, virt + size), inside one page. */
static enum kmd_extent page_extent(const struct kmd_look *look, enum kmd_look_mode mode,
				   uint64_t virt, uint64_t size)
{
	uint64_t have = kmd_look_have(look, mode, virt, size), more;

	if (!have)
		return KMD_EXTENT_GONE;
	while (have < size) {
		more = kmd_look_have(look, mode, virt + have, size - have);
		if (!more)
			return KMD_EXTENT_PART;
		have += more;
	}
	return KMD_EXTENT_WHOLE;
}

static bool takes_pages(enum kmd_look_mode mode)
{
	return mode == KMD_LOOK_WALK || mode == KMD_LOOK_TABLES;
}

enum kmd_extent kmd_look_extent(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t virt,
				uint64_t size, uint64_t *first)
{
	uint64_t end, part;
	bool some = false, lacks = false, gone = false;

	*first = virt;
	if (!kmd_add_u64(virt, size, &end))
		return KMD_EXTENT_GONE;
	for (uint64_t at = virt; at < end; at += part) {
		enum kmd_extent extent;

		part = kmd_min_u64(end - at, look->page - (at & (look->page - 1)));
		extent = page_extent(look, mode, at, part);
		if (extent != KMD_EXTENT_WHOLE && !lacks)
			*first = at;
		lacks |= extent != KMD_EXTENT_WHOLE;
		some |= extent != KMD_EXTENT_GONE;
		gone |= extent == KMD_EXTENT_GONE;
		/* Who takes pages gives up a read at the first that is not there. */
		if (gone && takes_pages(mode))
			break;
	}
	if (!lacks)
		return KMD_EXTENT_WHOLE;
	return gone && (takes_pages(mode) || !some) ? KMD_EXTENT_GONE : KMD_EXTENT_PART;
}

static bool read_walk(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t virt,
		      unsigned char *to, uint64_t size)
{
	uint64_t phys, part, missing;

	for (; size; virt += part, to += part, size -= part) {
		part = kmd_min_u64(size, look->page - (virt & (look->page - 1)));
		if (!walk(look, mode, virt, &phys) ||
		    kmd_memory_read(look->in->memory, phys, to, part, &missing, look->diag) !=
			    KMD_OK)
			return false;
	}
	return true;
}

bool kmd_look_read(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t virt, void *to,
		   uint64_t size)
{
	uint64_t missing;

	if (!takes_pages(mode) && kmd_views_read(look->in->views, look->in->memory, virt, to, size,
						 &missing, look->diag) == KMD_OK)
		return true;
	return mode != KMD_LOOK_VIEWS && read_walk(look, mode, virt, to, size);
}

bool kmd_look_number(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t virt,
		     size_t size, uint64_t *number)
{
	unsigned char bytes[8];

	if (!kmd_look_read(look, mode, virt, bytes, size))
		return false;
	*number = 0;
	for (size_t i = 0; i < size; i++)
		*number |= (uint64_t)bytes[look->in->facts->big_endian ? size - 1 - i : i] << 8 * i;
	return true;
}

bool kmd_look_pointer(const struct kmd_look *look, const char *symbol, uint64_t *pointer)
{
	uint64_t virt;

	return kmd_look_symbol(look, symbol, &virt, NULL) &&
	       kmd_look_number(look, KMD_LOOK_EITHER, virt, 8, pointer);
}

static bool read_entry(const struct kmd_look *look, uint64_t phys, uint64_t *entry)
{
	unsigned char bytes[8];
	uint64_t missing;

	if (kmd_memory_read(look->in->memory, phys, bytes, 8, &missing, look->diag) != KMD_OK)
		return false;
	*entry = 0;
	for (size_t i = 0; i < 8; i++)
		*entry |= (uint64_t)bytes[look->paging.big_endian ? 7 - i : i] << 8 * i;
	return true;
}

bool kmd_look_tables(const struct kmd_look *look, uint64_t virt, uint64_t *table)
{
	const struct kmd_paging *paging = &look->paging;
	enum kmd_entry_kind kind = KMD_ENTRY_TABLE;
	uint64_t entry, at;

	*table = paging->root;
	for (unsigned int level = 0; level < paging->levels && kind == KMD_ENTRY_TABLE; level++) {
		size_t first, n = kmd_paging_entries(paging, level, &first);

		at = *table + 8 * ((virt >> kmd_paging_shift(paging, level)) & (n - 1));
		if (!read_entry(look, at, &entry))
			return false;
		kind = kmd_entry_decode(paging, level, entry, table);
	}
	return true;
}
