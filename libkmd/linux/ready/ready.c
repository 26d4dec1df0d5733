/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "linux/ready/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void worse(struct kmd_ready_row *row, enum kmd_ready_state state, const char *names)
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

static void weigh(struct kmd_judging *judging, enum kmd_look_mode mode, const struct weigh *weigh,
		  struct kmd_ready_row *row)
{
	const enum kmd_ready_state states[] = {
		[KMD_PRESENT] = KMD_READY_WORKS,
		[KMD_IN_PART] = weigh->in_part,
		[KMD_UNKNOWN] = weigh->unknown,
		[KMD_ABSENT] = weigh->absent,
	};

	for (unsigned int object = 0; object < KMD_O_N; object++) {
		const struct kmd_verdict *verdict;

		if (!(weigh->set >> object & 1))
			continue;
		verdict = kmd_object_judge(judging, mode, object);
		if (verdict->presence != KMD_PRESENT)
			worse(row, states[verdict->presence], verdict->names);
	}
}

static void judge_row(struct kmd_judging *judging, const struct kmd_requirement *requirement,
		      struct kmd_ready_row *row)
{
	const struct weigh weighs[] = {
		{ requirement->needs, KMD_READY_UNKNOWN, KMD_READY_UNKNOWN, KMD_READY_FAILS },
		{ requirement->doubts, KMD_READY_UNKNOWN, KMD_READY_UNKNOWN, KMD_READY_UNKNOWN },
		{ requirement->wants, KMD_READY_PARTLY, KMD_READY_UNKNOWN, KMD_READY_PARTLY },
	};

	for (size_t i = 0; i < sizeof(weighs) / sizeof(weighs[0]); i++)
		weigh(judging, requirement->mode, &weighs[i], row);
}

static void judge_all(struct kmd_judging *judging, struct kmd_ready *ready)
{
	const struct kmd_ready_row *start = NULL;

	for (size_t i = 0; i < kmd_n_requirements; i++) {
		const struct kmd_requirement *requirement = &kmd_requirements[i];
		struct kmd_ready_row *row = &ready->rows[ready->n++];

		row->pub.consumer = requirement->consumer;
		row->pub.ability = requirement->ability;
		row->pub.missing = row->missing;
		if (!start || strcmp(start->pub.consumer, requirement->consumer) != 0)
			start = row;
		else if (start->pub.state != KMD_READY_WORKS)
			worse(row, start->pub.state, start->missing);
		judge_row(judging, requirement, row);
	}
}

enum kmd_status kmd_ready_judge(const struct kmd_ready_input *input, struct kmd_diag *diag,
				struct kmd_ready *ready)
{
	struct kmd_judging *judging = calloc(1, sizeof(*judging));
	enum kmd_status status;

	memset(ready, 0, sizeof(*ready));
	if (!judging)
		return kmd_fail_memory(diag);
	ready->rows = calloc(kmd_n_requirements, sizeof(*ready->rows));
	status = ready->rows ? kmd_look_init(&judging->look, input, diag) : kmd_fail_memory(diag);
	if (status == KMD_OK)
		status = kmd_tasks_read(&judging->look, &judging->tasks);
	if (status == KMD_OK)
		judge_all(judging, ready);
	kmd_tasks_deinit(&judging->tasks);
	free(judging);
	if (status != KMD_OK)
		kmd_ready_deinit(ready);
	return status;
}

void kmd_ready_deinit(struct kmd_ready *ready)
{
	free(ready->rows);
	memset(ready, 0, sizeof(*ready));
}
