/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "ready_kit.h"

#include <elf.h>
#include <string.h>

struct fake fake;
static struct kmd_vmlinux vmlinux;
static struct kmd_regions regions;
static struct kmd_memory memory;
static struct kmd_views views;
struct kmd_kernel_facts facts;
static struct kmd_boot boot;
struct kmd_vmcoreinfo info;
struct kmd_cpus cpus;
struct kmd_ready_input input;
struct kmd_judging judging;
static char info_text[2048];

void ready_setup(void)
{
	fake_init(&fake, EM_AARCH64, TEXT);
	memset(&facts, 0, sizeof(facts));
	memset(&boot, 0, sizeof(boot));
	memset(&judging, 0, sizeof(judging));
	memset(&info, 0, sizeof(info));
	memset(&cpus, 0, sizeof(cpus));
	facts.machine = EM_AARCH64;
	facts.elf_class = 2;
	facts.pub.page_size = PAGE;
	facts.layout.image =
		(struct kmd_map){ true, AT(0) - PHYS, AT(0), AT(0) + UINT64_C(0x10000000) };
	boot.values[KMD_BOOT_KASLR].known = true;
	boot.values[KMD_BOOT_KASLR].value = KASLR;
	*info_text = '\0';
}

void ready_teardown(void)
{
	kmd_tasks_deinit(&judging.tasks);
	kmd_views_deinit(&views);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
	kmd_vmlinux_deinit(&vmlinux);
}

void ready_line(const char *text)
{
	strcat(info_text, text);
	strcat(info_text, "\n");
	info.text = info_text;
	info.length = strlen(info_text);
}

void ready_capture(size_t from, size_t to)
{
	add_row(&regions, "r", PHYS + from, fake.memory + from, to - from);
}

void ready_build(void)
{
	fake_open(&fake, &vmlinux);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_views_build(&memory, &facts, &diag, &views));
	input = (struct kmd_ready_input){ &memory, &views, &facts, &info, &boot, &vmlinux, &cpus };
}

void ready_type(enum kmd_look_type which, uint64_t value)
{
	judging.look.types[which].known = true;
	judging.look.types[which].value = value;
}

void ready_look(void)
{
	ready_build();
	expect_ok(kmd_look_init(&judging.look, &input, &diag));
}

void ready_set_size(const char *name, uint64_t size)
{
	for (size_t i = 0; i < vmlinux.n; i++)
		if (!strcmp(vmlinux.symbols[i].name, name))
			vmlinux.symbols[i].size = size;
}

void expect_verdict(enum kmd_object object, enum kmd_presence presence, const char *names)
{
	const struct kmd_verdict *verdict = kmd_object_judge(&judging, KMD_LOOK_EITHER, object);

	ck_assert_msg(verdict->presence == presence && strstr(verdict->names, names),
		      "presence %d, names %s", verdict->presence, verdict->names);
}
