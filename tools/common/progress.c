/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "progress.h"

#include "input.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Nobody needs a line for work that is done at once. */
#define SHOW_AFTER_MS 500
#define SHOW_EVERY_MS 200

static volatile sig_atomic_t signaled;
static bool show, shown;
static int64_t started_ms, last_ms, phase_ms;
static uint64_t phase_from;

static void on_signal(int number)
{
	signaled = number;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "12 s", "3 min", "1 h 5 min" */
static void print_time(uint64_t seconds)
{
	if (seconds < 90)
		fprintf(stderr, ", %" PRIu64 " s left", seconds);
	else if (seconds < 90 * 60)
		fprintf(stderr, ", %" PRIu64 " min left", seconds / 60);
	else
		fprintf(stderr, ", %" PRIu64 " h %" PRIu64 " min left", seconds / 3600,
			seconds / 60 % 60);
}

/* By what was done of this phase so far. */
static void print_rate(uint64_t done, uint64_t total, int64_t now)
{
	double seconds = (double)(now - phase_ms) / 1000;
	double rate = seconds > 0 && done > phase_from ? (double)(done - phase_from) / seconds : 0;

	if (rate < 1)
		return;
	fprintf(stderr, ", %.0f MiB/s", rate / (1 << 20));
	if (total > done && seconds >= 1)
		print_time((uint64_t)((double)(total - done) / rate) + 1);
}

static void print_line(enum kmd_phase phase, uint64_t done, uint64_t total, int64_t now)
{
	static const char *const phases[] = {
		[KMD_PHASE_UNPACK] = "unpacking",
		[KMD_PHASE_SCAN] = "searching",
		[KMD_PHASE_WRITE] = "writing",
	};

	fprintf(stderr, "\r%s %" PRIu64 " MiB", phases[phase], done >> 20);
	if (total)
		fprintf(stderr, " of %" PRIu64 " (%u%%)", total >> 20,
			(unsigned int)((double)done * 100 / (double)total));
	print_rate(done, total, now);
	fputs("\033[K", stderr);
	shown = true;
}

/* Several phases, and several inputs of one phase, follow each other. */
static void note_phase(enum kmd_phase phase, uint64_t done, int64_t now)
{
	static enum kmd_phase last;
	static uint64_t last_done;

	if (phase != last || done < last_done || !phase_ms) {
		phase_ms = now;
		phase_from = done;
	}
	last = phase;
	last_done = done;
}

static int on_progress(void *user, enum kmd_phase phase, uint64_t done, uint64_t total)
{
	int64_t now;

	(void)user;
	if (signaled)
		return 1;
	if (!show)
		return 0;
	now = now_ms();
	note_phase(phase, done, now);
	if (now - started_ms < SHOW_AFTER_MS || now - last_ms < SHOW_EVERY_MS)
		return 0;
	last_ms = now;
	print_line(phase, done, total, now);
	return 0;
}

void progress_clear(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}

int progress_exit(int code)
{
	if (signaled && code == EXIT_FAILED) {
		signal(signaled, SIG_DFL);
		raise(signaled);
	}
	return code;
}

/* What the caller ignores (nohup, a shell's background job) stays ignored. */
static void catch_signal(int number, const struct sigaction *action)
{
	struct sigaction old;

	if (!sigaction(number, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(number, action, NULL);
}

void progress_install(struct kmd *kmd, bool quiet)
{
	/* A second signal ends the process at once. */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigemptyset(&action.sa_mask);
	catch_signal(SIGINT, &action);
	catch_signal(SIGTERM, &action);
	catch_signal(SIGHUP, &action);
	show = !quiet && isatty(STDERR_FILENO);
	started_ms = now_ms();
	kmd_set_progress(kmd, on_progress, NULL);
}
