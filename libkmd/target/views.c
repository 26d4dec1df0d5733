/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/views.h"

#include "base/array.h"
#include "base/checked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One source of virtual addresses: all that is mapped by the same distance. */
struct source_map {
	enum kmd_view_kind kind;
	uint64_t delta; /* virtual minus physical */
};

struct build {
	const struct kmd_memory *memory;
	const struct kmd_layout *layout;
	const struct kmd_mappings *mappings; /* or NULL */
	struct kmd_diag *diag;
	uint64_t limit; /* virtual addresses lie below */
	struct source_map *maps;
	size_t n_maps, cap_maps;
	struct kmd_interval *spans; /* virtual; owner = map */
	size_t n_spans, cap_spans;
	struct kmd_view *views;
	size_t n_views, cap_views;
};

/* The first two maps are the kernel's; regions with a distance of their own follow. */
enum { MAP_LINEAR, MAP_IMAGE, MAP_VIRTUAL, MAP_LINK, MAPS_FIXED };

static bool add_map(struct build *build, enum kmd_view_kind kind, uint64_t delta)
{
	if (!KMD_ARRAY_RESERVE(build->maps, build->n_maps, build->cap_maps))
		return false;
	build->maps[build->n_maps++] = (struct source_map){ kind, delta };
	return true;
}

/* Ranks: registered image addresses, the maps, single regions in table order, page tables. */
static bool add_span(struct build *build, size_t map, uint64_t virt, uint64_t size)
{
	uint64_t end;

	/* gdb cannot read a segment that ends at the end of the address space. */
	if (!size || !kmd_add_u64(virt, size, &end) || end > build->limit)
		return true;
	if (!KMD_ARRAY_RESERVE(build->spans, build->n_spans, build->cap_spans))
		return false;
	build->spans[build->n_spans] = (struct kmd_interval){ virt, end, map, build->n_spans };
	build->n_spans++;
	return true;
}

/* What physical [start, end) has in common with @part, which is shown from @virt on. */
static bool add_part(struct build *build, size_t map, const struct kmd_interval *part,
		     uint64_t start, uint64_t end, uint64_t virt)
{
	start = kmd_max_u64(start, part->start);
	end = kmd_min_u64(end, part->end);
	return start >= end || add_span(build, map, virt + (start - part->start), end - start);
}

/*
 * The parts of physical [start, end) that a map shows at [low, high).  A piece may be larger than
 * the map, so that addresses of its other parts wrap around.
 */
static bool add_mapped(struct build *build, size_t map, const struct kmd_map *by, uint64_t start,
		       uint64_t end)
{
	struct kmd_interval part = { .start = by->low - by->delta };
	uint64_t size = by->high - by->low, before;

	if (by->high <= by->low)
		return true;
	if (kmd_add_u64(part.start, size, &part.end))
		return add_part(build, map, &part, start, end, by->low);
	/* The map begins below physical 0. */
	before = -part.start;
	part.end = UINT64_MAX;
	if (!add_part(build, map, &part, start, end, by->low))
		return false;
	part.start = 0;
	part.end = size - before;
	return add_part(build, map, &part, start, end, by->low + before);
}

static bool add_maps(struct build *build)
{
	const struct kmd_layout *layout = build->layout;

	for (size_t i = 0; i < build->memory->n_phys; i++) {
		const struct kmd_interval *piece = &build->memory->phys[i];

		if (layout->image.known &&
		    !add_mapped(build, MAP_IMAGE, &layout->image, piece->start, piece->end))
			return false;
		if (layout->linear.known &&
		    !add_mapped(build, MAP_LINEAR, &layout->linear, piece->start, piece->end))
			return false;
	}
	return true;
}

/* Behind all others: an alias must not take an address that something is at. */
static bool add_aliases(struct build *build)
{
	const struct kmd_map *link = &build->layout->link;

	for (size_t i = 0; link->known && i < build->memory->n_phys; i++) {
		const struct kmd_interval *piece = &build->memory->phys[i];

		if (!add_mapped(build, MAP_LINK, link, piece->start, piece->end))
			return false;
	}
	return true;
}

/* Which map a pair of addresses with this distance belongs to; a new one if to none. */
static bool map_of(struct build *build, uint64_t delta, size_t *map)
{
	*map = SIZE_MAX;
	if (build->layout->image.known && delta == build->layout->image.delta)
		*map = MAP_IMAGE;
	else if (build->layout->linear.known && delta == build->layout->linear.delta)
		*map = MAP_LINEAR;
	else if (build->n_maps > MAPS_FIXED && build->maps[build->n_maps - 1].delta == delta)
		*map = build->n_maps - 1;
	if (*map != SIZE_MAX)
		return true;
	*map = build->n_maps;
	return add_map(build, KMD_VIEW_OTHER, delta);
}

static bool add_regions(struct build *build, bool image)
{
	const struct kmd_regions *regions = build->memory->regions;

	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		size_t map;

		if (!region->has_virt || !region->has_phys || !region->captured ||
		    (region->state != KMD_REGION_OK && region->state != KMD_REGION_CUT))
			continue;
		if (!map_of(build, region->virt - region->phys, &map))
			return false;
		if ((map == MAP_IMAGE) == image &&
		    !add_span(build, map, region->virt, region->captured))
			return false;
	}
	return true;
}

static bool add_virtual(struct build *build)
{
	for (size_t i = 0; i < build->memory->n_virt; i++) {
		const struct kmd_interval *piece = &build->memory->virt[i];

		if (!add_span(build, MAP_VIRTUAL, piece->start, piece->end - piece->start))
			return false;
	}
	return true;
}

static bool add_mappings(struct build *build)
{
	for (size_t i = 0; build->mappings && i < build->mappings->n; i++) {
		const struct kmd_mapping *mapping = &build->mappings->items[i];
		size_t map;

		if (!map_of(build, mapping->virt - mapping->phys, &map) ||
		    !add_span(build, map, mapping->virt, mapping->size))
			return false;
	}
	return true;
}

static bool push_view(struct build *build, const struct source_map *map, uint64_t virt,
		      uint64_t size)
{
	struct kmd_view *last = build->n_views ? &build->views[build->n_views - 1] : NULL;

	if (last && last->kind == map->kind && last->virt + last->size == virt &&
	    last->virt - last->phys == map->delta) {
		last->size += size;
		return true;
	}
	if (!KMD_ARRAY_RESERVE(build->views, build->n_views, build->cap_views))
		return false;
	build->views[build->n_views++] =
		(struct kmd_view){ virt, virt - map->delta, size, map->kind };
	return true;
}

/* The captured parts of one resolved span. */
static bool push_captured(struct build *build, const struct kmd_interval *span)
{
	const struct source_map *map = &build->maps[span->owner];
	const struct kmd_memory *memory = build->memory;
	uint64_t start = span->start - map->delta, end = start + (span->end - span->start);

	if (map->kind == KMD_VIEW_VIRTUAL)
		return push_view(build, map, span->start, span->end - span->start);
	for (size_t i = kmd_intervals_find(memory->phys, memory->n_phys, start);
	     i < memory->n_phys && memory->phys[i].start < end; i++) {
		uint64_t from = kmd_max_u64(start, memory->phys[i].start);
		uint64_t to = kmd_min_u64(end, memory->phys[i].end);

		if (!push_view(build, map, from + map->delta, to - from))
			return false;
	}
	return true;
}

/* A region whose own virtual address went to other memory. */
static enum kmd_status check_regions(struct build *build, const struct kmd_interval *spans,
				     size_t n)
{
	const struct kmd_regions *regions = build->memory->regions;
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		size_t at;

		if (!region->has_virt || !region->has_phys ||
		    !kmd_region_entry_is_used(&regions->rows[i]))
			continue;
		at = kmd_intervals_find(spans, n, region->virt);
		if (at < n && spans[at].start <= region->virt &&
		    build->maps[spans[at].owner].delta != region->virt - region->phys)
			status = kmd_report(
				build->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, kmd_in(NULL),
				"region \"%s\": its virtual address 0x%" PRIx64
				" is already mapped to physical 0x%" PRIx64 ", not to 0x%" PRIx64
				"; it is ignored",
				region->name, region->virt,
				region->virt - build->maps[spans[at].owner].delta, region->phys);
	}
	return status;
}

/* The first address of a mapping that went to other memory; false if none did. */
static bool contradicted(const struct build *build, const struct kmd_interval *spans, size_t n,
			 const struct kmd_mapping *mapping, uint64_t *virt, uint64_t *instead)
{
	for (size_t i = kmd_intervals_find(spans, n, mapping->virt);
	     i < n && spans[i].start < mapping->virt + mapping->size; i++) {
		uint64_t delta = build->maps[spans[i].owner].delta;

		*virt = kmd_max_u64(mapping->virt, spans[i].start);
		*instead = *virt - delta;
		/* Memory captured by virtual address has no other to contradict. */
		if (spans[i].owner != MAP_VIRTUAL && delta != mapping->virt - mapping->phys)
			return true;
	}
	return false;
}

/* One finding for all: memory that was freed and used again shows in many pages. */
static enum kmd_status check_mappings(struct build *build, const struct kmd_interval *spans,
				      size_t n)
{
	const struct kmd_mapping *first = NULL;
	uint64_t first_virt = 0, first_instead = 0, virt, instead;
	size_t count = 0;

	for (size_t i = 0; build->mappings && i < build->mappings->n; i++) {
		if (!contradicted(build, spans, n, &build->mappings->items[i], &virt, &instead))
			continue;
		if (!count++) {
			first = &build->mappings->items[i];
			first_virt = virt;
			first_instead = instead;
		}
	}
	if (!first)
		return KMD_OK;
	return kmd_report(build->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, kmd_in(NULL),
			  "page tables map virtual 0x%" PRIx64 " to physical 0x%" PRIx64
			  ", but registered regions or the kernel's maps have 0x%" PRIx64
			  "; using the latter (%zu such places)",
			  first_virt, first_virt - (first->virt - first->phys), first_instead,
			  count);
}

static enum kmd_status finish(struct build *build)
{
	struct kmd_interval *spans;
	enum kmd_status status = KMD_OK;
	size_t n = 0;

	spans = kmd_intervals_resolve(build->spans, build->n_spans, &n);
	if (!spans)
		return kmd_fail_memory(build->diag);
	for (size_t i = 0; status == KMD_OK && i < n; i++)
		if (!push_captured(build, &spans[i]))
			status = kmd_fail_memory(build->diag);
	if (status == KMD_OK)
		status = check_regions(build, spans, n);
	if (status == KMD_OK)
		status = check_mappings(build, spans, n);
	free(spans);
	return status;
}

enum kmd_status kmd_views_build_mapped(const struct kmd_memory *memory,
				       const struct kmd_kernel_facts *facts,
				       const struct kmd_mappings *mappings, struct kmd_diag *diag,
				       struct kmd_views *views)
{
	struct build build = {
		.memory = memory, .layout = &facts->layout, .mappings = mappings, .diag = diag
	};
	enum kmd_status status;

	/* 1 = ELFCLASS32 */
	build.limit = facts->elf_class == 1 ? UINT32_MAX : UINT64_MAX;
	if (!add_map(&build, KMD_VIEW_LINEAR, facts->layout.linear.delta) ||
	    !add_map(&build, KMD_VIEW_IMAGE, facts->layout.image.delta) ||
	    !add_map(&build, KMD_VIEW_VIRTUAL, 0) ||
	    !add_map(&build, KMD_VIEW_LINK, facts->layout.link.delta) ||
	    !add_regions(&build, true) || !add_maps(&build) || !add_regions(&build, false) ||
	    !add_virtual(&build) || !add_mappings(&build) || !add_aliases(&build))
		status = kmd_fail_memory(diag);
	else
		status = finish(&build);
	free(build.maps);
	free(build.spans);
	if (status != KMD_OK)
		free(build.views);
	views->items = status == KMD_OK ? build.views : NULL;
	views->n = status == KMD_OK ? build.n_views : 0;
	return status;
}

enum kmd_status kmd_views_build(const struct kmd_memory *memory,
				const struct kmd_kernel_facts *facts, struct kmd_diag *diag,
				struct kmd_views *views)
{
	return kmd_views_build_mapped(memory, facts, NULL, diag, views);
}

const struct kmd_view *kmd_views_find(const struct kmd_views *views, uint64_t virt)
{
	size_t low = 0, high = views->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct kmd_view *view = &views->items[middle];

		if (virt < view->virt)
			high = middle;
		else if (virt - view->virt < view->size)
			return view;
		else
			low = middle + 1;
	}
	return NULL;
}

enum kmd_status kmd_views_read(const struct kmd_views *views, const struct kmd_memory *memory,
			       uint64_t virt, void *buffer, uint64_t length, uint64_t *missing,
			       struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;
	unsigned char *to = buffer;

	while (status == KMD_OK && length) {
		const struct kmd_view *view = kmd_views_find(views, virt);
		uint64_t into, part, absent = 0;

		if (!view) {
			*missing = virt;
			return KMD_ERR_NOT_FOUND;
		}
		into = virt - view->virt;
		part = kmd_min_u64(length, view->size - into);
		if (view->kind == KMD_VIEW_VIRTUAL)
			status = kmd_memory_read_virt(memory, virt, to, part, &absent, diag);
		else
			status =
				kmd_memory_read(memory, view->phys + into, to, part, &absent, diag);
		if (status == KMD_ERR_NOT_FOUND)
			*missing = virt +
				   (absent -
				    (view->kind == KMD_VIEW_VIRTUAL ? virt : view->phys + into));
		to += part;
		virt += part;
		length -= part;
	}
	return status;
}

void kmd_views_deinit(struct kmd_views *views)
{
	free(views->items);
	memset(views, 0, sizeof(*views));
}
