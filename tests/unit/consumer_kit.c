/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "consumer_kit.h"

#include <elf.h>
#include <string.h>

struct fake fake;
static struct kmd_vmlinux vmlinux;
static struct kmd_regions regions;
static struct kmd_memory memory;
static struct kmd_views views;
struct kmd_kernel_facts facts;
static struct kmd_runtime runtime;
struct kmd_vmcoreinfo info;
struct kmd_cpus cpus;
struct kmd_target target;
struct kmd_consumer_check check;
static char info_text[2048];

void consumer_setup(void)
{
	fake_init(&fake, EM_AARCH64, TEXT);
	memset(&facts, 0, sizeof(facts));
	memset(&runtime, 0, sizeof(runtime));
	memset(&check, 0, sizeof(check));
	memset(&info, 0, sizeof(info));
	memset(&cpus, 0, sizeof(cpus));
	facts.machine = EM_AARCH64;
	facts.elf_class = 2;
	facts.pub.page_size = PAGE;
	facts.layout.image =
		(struct kmd_map){ true, AT(0) - PHYS, AT(0), AT(0) + UINT64_C(0x10000000) };
	runtime.values[KMD_RUNTIME_KASLR].known = true;
	runtime.values[KMD_RUNTIME_KASLR].value = KASLR;
	*info_text = '\0';
}

void consumer_teardown(void)
{
	kmd_tasks_deinit(&check.tasks);
	kmd_views_deinit(&views);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
	kmd_vmlinux_deinit(&vmlinux);
}

void consumer_line(const char *text)
{
	strcat(info_text, text);
	strcat(info_text, "\n");
	info.text = info_text;
	info.length = strlen(info_text);
}

void consumer_capture(size_t from, size_t to)
{
	add_row(&regions, "r", PHYS + from, fake.memory + from, to - from);
}

void consumer_build(void)
{
	fake_open(&fake, &vmlinux);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_views_build(&memory, &facts, &diag, &views));
	kmd_target_init(&target, &memory, &views, &facts, &info, &runtime, &vmlinux, &diag);
	check.target = &target;
	check.cpus = &cpus;
}

void consumer_type(enum kmd_target_type which, uint64_t value)
{
	target.types[which].known = true;
	target.types[which].value = value;
}

void consumer_look(void)
{
	consumer_build();
	expect_ok(kmd_target_read_types(&target));
}

void consumer_set_size(const char *name, uint64_t size)
{
	for (size_t i = 0; i < vmlinux.n; i++)
		if (!strcmp(vmlinux.symbols[i].name, name))
			vmlinux.symbols[i].size = size;
}

void expect_availability(enum kmd_object object, enum kmd_presence presence, const char *names)
{
	const struct kmd_availability *availability =
		kmd_object_availability(&check, KMD_XLATE_ANY, object);

	ck_assert_msg(availability->presence == presence && strstr(availability->names, names),
		      "presence %d, names %s", availability->presence, availability->names);
}
