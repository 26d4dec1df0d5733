/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* CPUs and tasks of the page. */
#include "html.h"

#include "cpus.h"
#include "markup.h"
#include "stacks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void print_frame(FILE *out, size_t number, const struct kmd_frame *frame)
{
	bool is_inline = frame->flags & KMD_FRAME_INLINE;

	markup(out, "<li%s><i>%zu</i><code>", is_inline ? " class=inline" : "", number);
	if (frame->flags & KMD_FRAME_GUESS)
		fputs("<b class=\"guess\" title=\"no table proves this frame\">?</b> ", out);
	if (!frame->function)
		markup(out, "0x%016" PRIx64, frame->pc);
	else if (is_inline)
		markup(out, "%s <s>inline</s>", frame->function);
	else
		markup(out, "%s<s>+0x%" PRIx64 "</s>", frame->function, frame->offset);
	if (frame->module)
		markup(out, " <em>%s</em>", frame->module);
	fputs("</code>", out);
	if (frame->file)
		markup(out, "<span>%s:%u</span>", frame->file, frame->line);
	fputs("</li>\n", out);
}

static void print_stack(FILE *out, const struct kmd_stack *stack)
{
	fputs("<ol class=\"frames\">\n", out);
	for (size_t i = 0; i < stack->n; i++) {
		const struct kmd_frame *frame = &stack->frames[i];

		/* Another context begins where this one was interrupted. */
		if (i && frame->flags & KMD_FRAME_EXACT && frame->pc != frame[-1].pc)
			fputs("<li class=\"between\">interrupted</li>\n", out);
		print_frame(out, i, frame);
	}
	if (stack->end)
		markup(out, "<li class=\"between\">ends here: %s</li>\n", stack->end);
	fputs("</ol>\n", out);
}

/* ----- CPUs */

static void print_registers(FILE *out, const struct kmd *kmd, const struct kmd_cpu_registers *cpu,
			    bool open)
{
	char buffer[REGISTER_NAME_SIZE];

	markup(out,
	       "<details class=\"registers\"%s><summary>Registers <span class=\"dim\">%s</span>"
	       "</summary>\n<dl>",
	       open ? " open" : "", cpu->source);
	for (size_t i = 0; i < cpu->n_words; i++) {
		const char *name = report_register_name(kmd, i, buffer);

		if (name)
			markup(out,
			       report_digits(kmd) == 8
				       ? "<div><dt>%s</dt><dd>%08" PRIx64 "</dd></div>"
				       : "<div><dt>%s</dt><dd>%016" PRIx64 "</dd></div>",
			       name, cpu->words[i]);
	}
	fputs("</dl></details>\n", out);
}

static void print_head_of_cpu(FILE *out, const struct cpu_row *row)
{
	markup(out, "<article class=\"cpu%s\">\n<h3>CPU %u", row->panicked ? " first" : "",
	       row->cpu);
	if (row->task && row->task->is_idle)
		fputs(" <small>idle</small>", out);
	else if (row->task)
		markup(out, " <small>%s, pid %u</small>", row->task->comm ? row->task->comm : "?",
		       row->task->pid);
	if (row->has_last_tick)
		markup(out, " <small>&middot; last tick at %" PRIu64 ".%06" PRIu64 "</small>",
		       row->last_tick / 1000000000, row->last_tick % 1000000000 / 1000);
	if (row->silent)
		markup(out, " <mark>no tick in its last %" PRIu64 " s</mark>", row->silent);
	fputs(row->panicked ? " <mark>panicked</mark></h3>\n<div>\n" : "</h3>\n<div>\n", out);
}

static void print_cpu(FILE *out, struct kmd *kmd, const struct cpu_row *row, const char *input)
{
	const struct kmd_cpu_registers *cpu = kmd_cpu_get(kmd, row->registers);
	const struct kmd_stack *stack;

	print_head_of_cpu(out, row);
	if (!cpu)
		fputs("<p class=\"absent\">No stack: its registers were not captured.</p>\n", out);
	else if (kmd_stack_of_cpu(kmd, row->registers, &stack) == KMD_OK)
		print_stack(out, stack);
	else
		markup(out, "<p class=\"absent\">No stack: %s.</p>\n",
		       report_error(kmd_error(kmd), input));
	if (cpu)
		print_registers(out, kmd, cpu, row->panicked);
	fputs("</div>\n</article>\n", out);
}

bool html_cpus(FILE *out, struct kmd *kmd, const struct facts *facts, const char *input)
{
	struct cpu_rows rows;
	size_t first;

	if (!cpu_rows_make(kmd, facts, &rows))
		return false;
	markup(out, "<section id=\"cpus\">\n<h2>CPUs <small>%zu</small></h2>\n", rows.n);
	if (!kmd_cpu_count(kmd))
		markup(out, "<p class=\"absent\">No registers of CPUs were captured%s.</p>\n",
		       kmd_kernel_get(kmd)->panic
			       ? "; a call trace that the kernel printed is in the log"
			       : "");
	first = rows.n && rows.items[0].panicked;
	if (first)
		print_cpu(out, kmd, &rows.items[0], input);
	fputs("<div class=\"others\">\n", out);
	for (size_t i = first; i < rows.n; i++)
		print_cpu(out, kmd, &rows.items[i], input);
	fputs("</div>\n</section>\n", out);
	free(rows.items);
	return true;
}

/* ----- tasks */

static const char *state_word(char state)
{
	switch (state) {
	case 'R':
		return "runs or is ready";
	case 'S':
		return "sleeps";
	case 'D':
		return "uninterruptible sleep";
	case 'T':
		return "stopped";
	case 't':
		return "traced";
	case 'X':
		return "dead";
	case 'Z':
		return "zombie";
	case 'P':
		return "parked";
	case 'I':
		return "idle";
	default:
		return "not known";
	}
}

static void print_task_facts(FILE *out, const struct kmd_task *task)
{
	markup(out, "<p class=\"dim\">%s; task_struct <code>0x%" PRIx64 "</code>",
	       state_word(task->state), task->address);
	if (task->has_tgid && task->tgid != task->pid)
		markup(out, "; thread of %u", task->tgid);
	if (task->has_ppid)
		markup(out, "; parent %u", task->ppid);
	if (task->has_last_run)
		markup(out, "; last began to run at %" PRIu64 ".%06" PRIu64 " s",
		       task->last_run / 1000000000, task->last_run % 1000000000 / 1000);
	fputs("</p>\n", out);
}

static void print_task(FILE *out, struct kmd *kmd, size_t index, const char *input)
{
	const struct kmd_task *task = kmd_task_get(kmd, index);
	const struct kmd_stack *stack;
	bool has_stack = kmd_stack_of_task(kmd, index, &stack) == KMD_OK;
	char state = task->state ? task->state : '?';

	markup(out,
	       "<details class=\"task\" data-state=\"%c\" data-kind=\"%s\"><summary>"
	       "<span class=\"pid\">%u</span><span class=\"comm\">%s</span>"
	       "<span class=\"state s%c\" title=\"%s\">%c</span>",
	       state,
	       !task->has_is_kernel ? ""
	       : task->is_kernel    ? "kernel"
				    : "user",
	       task->pid, task->comm ? task->comm : "?", task->state ? task->state : 'x',
	       state_word(task->state), state);
	if (task->has_cpu)
		markup(out, "<span class=\"oncpu\">%s%u</span>", task->is_running ? "on " : "",
		       task->cpu);
	else
		fputs("<span class=\"oncpu\"></span>", out);
	markup(out, "<code>%s</code></summary>\n", has_stack ? report_waits_in(stack) : "");
	print_task_facts(out, task);
	if (has_stack)
		print_stack(out, stack);
	else
		markup(out, "<p class=\"absent\">No stack: %s.</p>\n",
		       report_error(kmd_error(kmd), input));
	fputs("</details>\n", out);
}

static void print_states(FILE *out, const struct kmd *kmd)
{
	static const char states[] = "RDSITtZXP";

	fputs("<select name=\"state\" aria-label=\"State\"><option value=\"\">all states", out);
	for (const char *state = states; *state; state++) {
		size_t n = 0;

		for (size_t i = 0; i < kmd_task_count(kmd); i++)
			n += kmd_task_get(kmd, i)->state == *state;
		if (n)
			markup(out, "<option value=\"%c\">%c, %s (%zu)", *state, *state,
			       state_word(*state), n);
	}
	fputs("</select><select name=\"kind\" aria-label=\"Kind\"><option value=\"\">all kinds"
	      "<option value=\"user\">user<option value=\"kernel\">kernel</select>"
	      "<output></output></form>\n",
	      out);
}

/* Who holds the locks that tasks of the group wait for. */
static void print_holders(FILE *out, const struct kmd *kmd, const struct group *group)
{
	for (size_t i = 0; i < group->n; i++) {
		const struct kmd_task *task = kmd_task_get(kmd, group->tasks[i]), *holder;

		if (!task->has_holder)
			continue;
		holder = report_task_by_pid(kmd, task->holder);
		markup(out,
		       "<p>pid %u waits for a lock; likely held by <b>%s</b> <span "
		       "class=\"dim\">pid %u</span></p>\n",
		       task->pid, holder && holder->comm ? holder->comm : "?", task->holder);
	}
}

static void print_group(FILE *out, const struct kmd *kmd, const struct group *group,
			const char *input)
{
	fputs("<article class=\"group\">\n<h4>", out);
	for (size_t i = 0; i < group->n; i++) {
		const struct kmd_task *task = kmd_task_get(kmd, group->tasks[i]);

		markup(out, "%s%s <small>pid %u</small>", i ? ", " : "",
		       task->comm ? task->comm : "?", task->pid);
	}
	fputs("</h4>\n", out);
	print_holders(out, kmd, group);
	if (group->stack)
		print_stack(out, group->stack);
	else
		markup(out, "<p class=\"absent\">No stack: %s.</p>\n",
		       report_error(group->error, input));
	fputs("</article>\n", out);
}

static bool print_groups(FILE *out, struct kmd *kmd, const char *input, const char *title,
			 bool (*wanted)(const struct kmd_task *task))
{
	struct groups groups;

	if (!groups_make(kmd, wanted, &groups))
		return false;
	if (groups.n)
		markup(out, "<h3>%s</h3>\n", title);
	for (size_t i = 0; i < groups.n; i++)
		print_group(out, kmd, &groups.items[i], input);
	groups_deinit(&groups);
	return true;
}

/* Tasks in uninterruptible sleep come first: they are often the reason. */
static bool print_blocked(FILE *out, struct kmd *kmd, const char *input)
{
	return print_groups(out, kmd, input, "In uninterruptible sleep", report_is_blocked) &&
	       print_groups(out, kmd, input, "Hold a lock for which another task waits",
			    report_is_holder);
}

bool html_tasks(FILE *out, struct kmd *kmd, const char *input)
{
	size_t n = kmd_task_count(kmd);

	markup(out, "<section id=\"tasks\">\n<h2>Tasks <small>%zu</small></h2>\n", n);
	if (!n)
		markup(out, "<p class=\"absent\">No tasks are known: %s.</p>\n",
		       kmd_tasks_load(kmd) != KMD_OK ? report_error(kmd_error(kmd), input)
						     : "none was captured");
	if (kmd_tasks_incomplete(kmd))
		markup(out, "<p class=\"notice\">There may have been more: %s.</p>\n",
		       kmd_tasks_incomplete(kmd));
	if (n && !print_blocked(out, kmd, input))
		return false;
	if (n) {
		fputs("<h3>All tasks</h3>\n", out);
		html_filter(out, "tasks", "name, pid or function");
		print_states(out, kmd);
		fputs("<div class=\"tasks\" id=\"tasks-list\">\n<div class=\"titles\">"
		      "<span>PID</span><span>Name</span><span>State</span><span>CPU</span>"
		      "<span>Function</span></div>\n",
		      out);
		for (size_t i = 0; i < n; i++)
			print_task(out, kmd, i, input);
		fputs("</div>\n", out);
	}
	fputs("</section>\n", out);
	return true;
}
