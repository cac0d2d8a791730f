/* Copyright (c) 2026 the memfacts authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The only program of the images of this lab, static, with two uses.
 *
 * work pause: the pod's pause process. It reaps and waits, and ends with 0 at SIGTERM.
 *
 * work main OWN CHILDREN EACH GROWERS STEP_MIB STEP_MS: the container's first process. It keeps OWN MiB and starts
 * CHILDREN processes named hog-1, hog-2, ... that keep EACH MiB. Then it prints "ready". At SIGUSR1 the first GROWERS of
 * them grow by STEP_MIB every STEP_MS without end; with GROWERS 0 it grows itself. It prints how each child ends, lives on
 * without them, and ends with 0 at SIGTERM.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t go, stop;
static void on_go(int s) { (void)s; go = 1; }
static void on_stop(int s) { (void)s; stop = 1; }
static void on_child(int s) { (void)s; }

static void nap(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&t, 0);
}

static void take(size_t mib)
{
    if (!mib) return;
    char *p = mmap(0, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) { nap(1000); return; }
    for (size_t i = 0; i < mib << 20; i += 4096) p[i] = 1;
}

static void grow(long step, long ms)
{
    for (;;) { take(step); nap(ms); }
}

static void handle(int sig, void (*f)(int))
{
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = f;
    sigaction(sig, &a, 0);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    handle(SIGTERM, on_stop);
    handle(SIGINT, on_stop);
    handle(SIGCHLD, on_child);
    if (argc == 2 && !strcmp(argv[1], "pause")) {
        prctl(PR_SET_NAME, "pause");
        while (!stop) { pause(); while (waitpid(-1, 0, WNOHANG) > 0) ; }
        return 0;
    }
    if (argc != 8 || strcmp(argv[1], "main")) return 64;
    long own = atol(argv[2]), n = atol(argv[3]), each = atol(argv[4]), growers = atol(argv[5]), step = atol(argv[6]), ms = atol(argv[7]);
    pid_t pids[64];
    int ready[2];
    if (n > 64 || pipe(ready)) return 64;
    handle(SIGUSR1, on_go);
    for (long i = 0; i < n; i++) {
        if (!(pids[i] = fork())) {
            char name[16];
            snprintf(name, sizeof name, "hog-%ld", i + 1);
            prctl(PR_SET_NAME, name);
            take(each);
            if (write(ready[1], "", 1) != 1) return 1;
            while (!go && !stop) nap(20);
            if (go && i < growers) grow(step, ms);
            while (!stop) pause();
            return 0;
        }
    }
    take(own);
    for (long i = 0; i < n; i++) { char c; while (read(ready[0], &c, 1) < 0 && errno == EINTR) ; }
    printf("ready\n");
    int sent = 0;
    while (!stop) {
        int st;
        pid_t p;
        while ((p = waitpid(-1, &st, WNOHANG)) > 0)
            for (long i = 0; i < n; i++)
                if (pids[i] == p) {
                    if (WIFSIGNALED(st)) printf("hog-%ld ended by signal %d\n", i + 1, WTERMSIG(st));
                    else printf("hog-%ld ended with %d\n", i + 1, WEXITSTATUS(st));
                }
        if (go && !sent) {
            sent = 1;
            printf("go\n");
            for (long i = 0; i < n; i++) kill(pids[i], SIGUSR1);
            if (!growers) grow(step, ms);
        }
        nap(20);
    }
    printf("stopped\n");
    return 0;
}
