// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What the kernel needs for tasks and switches: runs in the guest of bench/shim, static.
 * Prints for each operation its name and nanoseconds of the guest's clock for one.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPEAT   5
#define FORKS    200
#define THREADS  500
#define ROUNDS   5000
/* As in hackbench: groups of senders and receivers, each sender to each receiver. */
#define PAIRS    10
#define MESSAGES 40
#define SIZE     100

static const char *self;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void need(int good, const char *what)
{
	if (!good) {
		perror(what);
		exit(1);
	}
}

static void fork_exec_exit(void)
{
	for (int i = 0; i < FORKS; i++) {
		pid_t pid = fork();

		need(pid >= 0, "fork");
		if (!pid) {
			execl(self, self, "exit", (char *)NULL);
			_exit(127);
		}
		need(waitpid(pid, NULL, 0) == pid, "waitpid");
	}
}

static void *nothing(void *arg)
{
	return arg;
}

static void thread(void)
{
	for (int i = 0; i < THREADS; i++) {
		pthread_t id;

		need(!pthread_create(&id, NULL, nothing, NULL), "pthread_create");
		pthread_join(id, NULL);
	}
}

static void ping_pong(void)
{
	int there[2], back[2];
	char byte = 0;
	pid_t pid;

	need(!pipe(there) && !pipe(back), "pipe");
	pid = fork();
	need(pid >= 0, "fork");
	for (int i = 0; i < ROUNDS; i++)
		if (pid) {
			need(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1,
			     "pipe");
		} else {
			need(read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1,
			     "pipe");
		}
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void move(int fd, char *bytes, int out)
{
	for (size_t done = 0; done < SIZE;) {
		ssize_t n = out ? write(fd, bytes + done, SIZE - done)
				: read(fd, bytes + done, SIZE - done);

		need(n > 0, "socket");
		done += (size_t)n;
	}
}

static void messages(void)
{
	int ends[PAIRS][2];
	char bytes[SIZE];

	memset(bytes, 0, sizeof(bytes));
	for (int i = 0; i < PAIRS; i++)
		need(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), "socketpair");
	for (int i = 0; i < 2 * PAIRS; i++) {
		pid_t pid = fork();

		need(pid >= 0, "fork");
		if (pid)
			continue;
		if (i < PAIRS) {
			for (int n = 0; n < PAIRS * MESSAGES; n++)
				move(ends[i][0], bytes, 0);
		} else {
			for (int n = 0; n < MESSAGES; n++)
				for (int to = 0; to < PAIRS; to++)
					move(ends[to][1], bytes, 1);
		}
		_exit(0);
	}
	for (int i = 0; i < 2 * PAIRS; i++)
		wait(NULL);
}

static void measure(const char *name, void (*run)(void), int operations)
{
	double best = 0;

	/* The first runs fill the caches of the kernel; the order of wake-ups varies. */
	for (int i = 0; i < REPEAT; i++) {
		double start = now(), took;

		run();
		took = now() - start;
		if (!i || took < best)
			best = took;
	}
	printf("%s %.0f\n", name, best / operations);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1)
		return 0;
	measure("fork+exec+exit", fork_exec_exit, FORKS);
	measure("thread", thread, THREADS);
	measure("switch", ping_pong, 2 * ROUNDS);
	measure("hackbench", messages, PAIRS * PAIRS * MESSAGES);
	return 0;
}
