/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* All steps, through the public header: bytes to a core that keeps the rules. */
#include "fuzz.h"

#include <kmemdump/kmd.h>

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNPACK_LIMIT (UINT64_C(1) << 20)
/* Each run of captured bytes may fill two pages of 64 KiB, and has a row in a table. */
#define SIZE_FACTOR  8192
#define RAM_BASE     UINT64_C(0x40000000)
#define ROCKCHIP     UINT64_C(0x40008000)
#define SIZE_BOUND   (UINT64_C(64) << 20)

struct bound {
	uint64_t total;
};

static int watch_size(void *user, enum kmd_phase phase, uint64_t done, uint64_t total)
{
	struct bound *bound = user;

	(void)done;
	if (phase != KMD_PHASE_WRITE)
		return 0;
	bound->total = total;
	return total > SIZE_BOUND;
}

static void look_at_regions(struct kmd *kmd)
{
	unsigned char byte;

	for (size_t i = 0; i < kmd_region_count(kmd); i++) {
		const struct kmd_region *region = kmd_region_get(kmd, i);
		bool used = region->state == KMD_REGION_OK || region->state == KMD_REGION_CUT;

		FUZZ_CHECK(strcmp(kmd_region_state_name(region->state), "?") != 0);
		FUZZ_CHECK(!used || region->captured <= region->size);
		if (used && region->has_phys && region->captured)
			FUZZ_CHECK(kmd_read_phys(kmd, region->phys, &byte, 1) == KMD_OK &&
				   kmd_read_phys(kmd, region->phys + region->captured - 1, &byte,
						 1) == KMD_OK);
		if (used && region->has_virt)
			kmd_read_virt(kmd, region->virt, &byte, 1);
	}
}

static void look_at_findings(const struct kmd *kmd)
{
	bool damage = false;

	for (size_t i = 0; i < kmd_finding_count(kmd); i++) {
		FUZZ_CHECK(kmd_finding_get(kmd, i)->text[0]);
		damage |= kmd_finding_get(kmd, i)->severity == KMD_DAMAGE;
	}
	FUZZ_CHECK(!damage || kmd_is_degraded(kmd));
}

static void check_file(int fd)
{
	struct stat st;
	void *core;

	FUZZ_CHECK(!fstat(fd, &st) && st.st_size > 0);
	core = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	FUZZ_CHECK(core != MAP_FAILED);
	fuzz_core_check(core, (size_t)st.st_size);
	munmap(core, (size_t)st.st_size);
}

static void assemble(struct kmd *kmd, size_t input_size)
{
	struct bound bound = { 0 };
	enum kmd_status status;
	int fd = memfd_create("core", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0);
	kmd_set_progress(kmd, watch_size, &bound);
	status = kmd_assemble_fd(kmd, fd);
	FUZZ_CHECK((status == KMD_OK) == !kmd_error(kmd));
	FUZZ_CHECK(status == KMD_OK || kmd_error(kmd)[0]);
	FUZZ_CHECK(bound.total / SIZE_FACTOR <= input_size + UNPACK_LIMIT);
	if (status == KMD_OK && bound.total <= SIZE_BOUND)
		check_file(fd);
	close(fd);
}

/* @rockchip: address of Rockchip's table in RAM that begins at RAM_BASE; 0 = none. */
static void try(const uint8_t *data, size_t size, unsigned int flags, uint64_t rockchip)
{
	struct kmd *kmd = kmd_new();
	enum kmd_status status;

	FUZZ_CHECK(kmd != NULL);
	kmd_set_flags(kmd, flags);
	kmd_set_unpack_limit(kmd, UNPACK_LIMIT);
	if (rockchip) {
		kmd_set_ram_base(kmd, RAM_BASE);
		kmd_set_rockchip_table(kmd, rockchip);
	}
	status = kmd_open_memory(kmd, data, size, "input");
	FUZZ_CHECK((status == KMD_OK) == !kmd_error(kmd));
	FUZZ_CHECK(status == KMD_OK || kmd_error(kmd)[0]);
	if (status == KMD_OK) {
		look_at_regions(kmd);
		assemble(kmd, size);
	}
	look_at_findings(kmd);
	FUZZ_CHECK(!(flags & KMD_STRICT) || status != KMD_OK || !kmd_is_degraded(kmd) ||
		   kmd_finding_count(kmd));
	kmd_free(kmd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try(data, size, KMD_ACCEPT_INVALID | KMD_ACCEPT_ORDER, 0);
	if (size % 8 == 0)
		try(data, size, KMD_STRICT, 0);
	if (size > ROCKCHIP - RAM_BASE)
		try(data, size, 0, ROCKCHIP);
	return 0;
}
