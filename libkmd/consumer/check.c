/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "consumer/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void worse(struct kmd_consumer_row *row, enum kmd_ready_state state, const char *names)
{
	size_t used = strlen(row->missing), room = sizeof(row->missing) - used;

	/* In their order works, partly, unknown, fails: what is sure goes before what may be. */
	if (state > row->pub.state)
		row->pub.state = state;
	/* Several lack the same thing. */
	if (!strstr(row->missing, names) && strlen(names) + 3 < room)
		snprintf(row->missing + used, room, "%s%s", used ? ", " : "", names);
}

struct weigh {
	uint64_t set;
	enum kmd_ready_state in_part, unknown, absent;
};

static void weigh(struct kmd_consumer_check *check, enum kmd_xlate mode, const struct weigh *weigh,
		  struct kmd_consumer_row *row)
{
	const enum kmd_ready_state states[] = {
		[KMD_PRESENT] = KMD_READY_WORKS,
		[KMD_IN_PART] = weigh->in_part,
		[KMD_UNKNOWN] = weigh->unknown,
		[KMD_ABSENT] = weigh->absent,
	};

	for (unsigned int object = 0; object < KMD_O_N; object++) {
		const struct kmd_availability *availability;

		if (!(weigh->set >> object & 1))
			continue;
		availability = kmd_object_check(check, mode, object);
		if (availability->presence != KMD_PRESENT)
			worse(row, states[availability->presence], availability->names);
	}
}

static void check_row(struct kmd_consumer_check *check, const struct kmd_requirement *requirement,
		      struct kmd_consumer_row *row)
{
	const struct weigh weighs[] = {
		{ requirement->needs, KMD_READY_UNKNOWN, KMD_READY_UNKNOWN, KMD_READY_FAILS },
		{ requirement->doubts, KMD_READY_UNKNOWN, KMD_READY_UNKNOWN, KMD_READY_UNKNOWN },
		{ requirement->wants, KMD_READY_PARTLY, KMD_READY_UNKNOWN, KMD_READY_PARTLY },
	};

	for (size_t i = 0; i < sizeof(weighs) / sizeof(weighs[0]); i++)
		weigh(check, requirement->mode, &weighs[i], row);
}

static void check_all(struct kmd_consumer_check *check, struct kmd_consumer_report *ready)
{
	const struct kmd_consumer_row *start = NULL;

	for (size_t i = 0; i < kmd_n_requirements; i++) {
		const struct kmd_requirement *requirement = &kmd_requirements[i];
		struct kmd_consumer_row *row = &ready->rows[ready->n++];

		row->pub.consumer = requirement->consumer;
		row->pub.ability = requirement->ability;
		row->pub.missing = row->missing;
		if (!start || strcmp(start->pub.consumer, requirement->consumer) != 0) {
			start = row;
			/* Each of them finds the kernel by its virtual addresses. */
			if (!check->target->views->n)
				worse(row, KMD_READY_FAILS, "virtual addresses of captured memory");
		} else if (start->pub.state != KMD_READY_WORKS)
			worse(row, start->pub.state, start->missing);
		check_row(check, requirement, row);
	}
}

enum kmd_status kmd_consumers_check(const struct kmd_target *target, const struct kmd_cpus *cpus,
				    struct kmd_diag *diag, struct kmd_consumer_report *report)
{
	struct kmd_consumer_check *check = calloc(1, sizeof(*check));
	enum kmd_status status;

	memset(report, 0, sizeof(*report));
	if (!check)
		return kmd_fail_memory(diag);
	check->target = target;
	check->cpus = cpus;
	report->rows = calloc(kmd_n_requirements, sizeof(*report->rows));
	status = report->rows ? kmd_tasks_read(target, &check->tasks) : kmd_fail_memory(diag);
	if (status == KMD_OK)
		check_all(check, report);
	kmd_tasks_deinit(&check->tasks);
	free(check);
	if (status != KMD_OK)
		kmd_consumer_report_deinit(report);
	return status;
}

void kmd_consumer_report_deinit(struct kmd_consumer_report *report)
{
	free(report->rows);
	memset(report, 0, sizeof(*report));
}
