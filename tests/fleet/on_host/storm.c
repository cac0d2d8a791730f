/*
 * Copyright (c) 2026 the memfacts authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs on a host: processes that live for a moment, every second one named `blink`, the others `bystander`.
 *
 * storm WANTED ENOUGH goes on until it has had WANTED of each, and ENOUGH of `blink` found 500 as their own
 * oom_score_adj at their end, however fast this host is. Prints as JSON how many were born, how many pids they shared,
 * and how many of each found 0, 500 or something else. In C, as a user-mode kernel forks a Python interpreter a dozen
 * times a second only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_A_TIME 60
#define LONGEST 1500000 /* microseconds */
#define PIDS 32768

static const char *const names[] = { "bystander", "blink" };

static void live(const char *name, int born)
{
	int adj = -1;
	FILE *own;

	prctl(PR_SET_NAME, name);
	srand(born);
	usleep(rand() % LONGEST);
	own = fopen("/proc/self/oom_score_adj", "r");
	if (!own || fscanf(own, "%d", &adj) != 1)
		adj = -1;
	_exit(adj == 0 ? 0 : adj == 500 ? 1 : 2);
}

int main(int count, char **words)
{
	static char name_of[PIDS], seen[PIDS];
	int found[2][3] = { { 0 } }, born = 0, alive = 0, pids = 0, going_on, status, which;
	pid_t pid;

	if (count != 3)
		return 2;
	for (;;) {
		going_on = born < 2 * atoi(words[1]) || found[1][1] < atoi(words[2]);
		if (!alive && !going_on)
			break;
		if (alive < AT_A_TIME && going_on) {
			which = born++ % 2;
			pid = fork();
			if (pid == 0)
				live(names[which], born);
			if (pid < 0 || pid >= PIDS)
				return 3;
			name_of[pid] = which;
			pids += !seen[pid];
			seen[pid] = 1;
			alive++;
			continue;
		}
		pid = wait(&status);
		alive--;
		found[(int)name_of[pid]][WIFEXITED(status) ? WEXITSTATUS(status) : 2]++;
	}
	printf("{\"born\": %d, \"pids\": %d", born, pids);
	for (which = 0; which < 2; which++)
		printf(", \"%s\": {\"0\": %d, \"500\": %d, \"else\": %d}", names[which], found[which][0], found[which][1],
		       found[which][2]);
	puts("}");
	return 0;
}
