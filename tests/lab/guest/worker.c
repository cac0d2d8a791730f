/*
 * Copyright (c) 2026 the memfacts authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A program of a few pages that takes memory when told to: its whole image is locked, so that its resident set is what
 * it was told to take, whatever the kernel reclaims. No library: with one it could not be as small as a `pause`.
 *
 * Reads lines: a letter, a number, perhaps a path; answers each with "ok PID" or "no ERRNO".
 *   a N        take N pages of private memory
 *   s N        take N pages of shared anonymous memory
 *   f N PATH   write N pages to the file (on a tmpfs), which nobody maps
 *   m N PATH   map N pages of the file shared and touch them
 *   c N        start a child process, which has this one's memory and N pages of its own; answers with its pid
 *   p N        the same, and the child touches the shared anonymous memory that was taken last
 *   t N        start a thread that sleeps
 *   l N        take N pages of private memory that is locked
 *   z N        take N pages that are 2 MiB apart, so that each needs a page table of its own
 *   v N        start a child process by vfork(2), which sleeps; nothing is answered from then on
 *   x N        start a process that shares this one's memory and sleeps; answers with its pid
 *   n 0 NAME   take that name
 * Ends at the end of its input.
 */
#include <asm/unistd.h>

#define PAGE 4096UL
#define FLAGS_THREAD 0x10f00 /* CLONE_VM, FS, FILES, SIGHAND, THREAD */
#define FLAGS_SHARER 0x111 /* CLONE_VM, SIGCHLD */

extern char __executable_start[], _end[];
static char line[256], thread_stack[64];
static volatile char *shared;
static long shared_pages;

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* A thread returns from clone() on an empty stack: it may only ask the kernel to sleep, and again. */
static long start_thread(long flags)
{
	long result;

	__asm__ volatile("xor %%edx, %%edx\n\t"
			 "xor %%r10d, %%r10d\n\t"
			 "xor %%r8d, %%r8d\n\t"
			 "syscall\n\t"
			 "test %%eax, %%eax\n\t"
			 "jnz 2f\n"
			 "1:\tmov %[pause], %%eax\n\t"
			 "syscall\n\t"
			 "jmp 1b\n"
			 "2:"
			 : "=a"(result)
			 : "a"(__NR_clone), "D"(flags), "S"(thread_stack + sizeof(thread_stack)),
			   [pause] "i"(__NR_pause)
			 : "rcx", "rdx", "r8", "r10", "r11", "memory");
	return result;
}

/* Shared or private (2: MAP_PRIVATE, 1: MAP_SHARED; 0x20: MAP_ANONYMOUS); each page is written once. */
static long take(long pages, long flags, long file)
{
	char *area;
	long i;

	if (pages <= 0)
		return 0;
	area = (char *)call(__NR_mmap, 0, pages * PAGE, 3, flags, file, 0);
	if ((unsigned long)area > -PAGE)
		return (long)area;
	for (i = 0; i < pages; i++)
		((volatile char *)area)[i * PAGE] = 1;
	if (flags == 0x21) {
		shared = area;
		shared_pages = pages;
	}
	return 0;
}

static long take_apart(long pages)
{
	char *area;
	long i;

	area = (char *)call(__NR_mmap, 0, pages << 21, 3, 0x4022, -1, 0); /* MAP_NORESERVE */
	if ((unsigned long)area > -PAGE)
		return (long)area;
	call(__NR_madvise, (long)area, pages << 21, 15, 0, 0, 0); /* MADV_NOHUGEPAGE */
	for (i = 0; i < pages; i++)
		((volatile char *)area)[i << 21] = 1;
	return 0;
}

static long open_file(const char *path)
{
	return call(__NR_open, (long)path, 0102, 0600, 0, 0, 0); /* O_RDWR | O_CREAT */
}

static long write_file(long pages, const char *path)
{
	long i, done = 0, file = open_file(path);

	if (file < 0)
		return file;
	/* What is written is the own first page, which is there. */
	for (i = 0; i < pages && done >= 0; i++)
		done = call(__NR_write, file, (long)__executable_start, PAGE, 0, 0, 0);
	call(__NR_close, file, 0, 0, 0, 0, 0);
	return done < 0 ? done : 0;
}

static long map_file(long pages, const char *path)
{
	long result, file = open_file(path);

	if (file < 0)
		return file;
	result = call(__NR_ftruncate, file, pages * PAGE, 0, 0, 0, 0);
	if (!result)
		result = take(pages, 1, file);
	call(__NR_close, file, 0, 0, 0, 0, 0);
	return result;
}

static long start_child(long pages, long touched)
{
	int ends[2];
	char byte = 0;
	long pid, got;

	call(__NR_pipe, (long)ends, 0, 0, 0, 0, 0);
	pid = call(__NR_fork, 0, 0, 0, 0, 0, 0);
	if (!pid) {
		call(__NR_mlock, (long)__executable_start, _end - __executable_start, 0, 0, 0, 0);
		take(pages, 0x22, -1);
		for (got = 0; got < touched; got++)
			shared[got * PAGE] = 1;
		call(__NR_write, ends[1], (long)&byte, 1, 0, 0, 0);
		/* Not the ends of the pipes which the driver waits at. */
		for (got = 0; got < 16; got++)
			call(__NR_close, got, 0, 0, 0, 0, 0);
		for (;;)
			call(__NR_pause, 0, 0, 0, 0, 0, 0);
	}
	call(__NR_close, ends[1], 0, 0, 0, 0, 0);
	got = pid < 0 ? pid : call(__NR_read, ends[0], (long)&byte, 1, 0, 0, 0);
	call(__NR_close, ends[0], 0, 0, 0, 0, 0);
	return got == 1 ? pid : -1;
}

static void answer(long result)
{
	char text[32], *at = text + sizeof(text);
	unsigned long number = result < 0 ? -result : result;

	*--at = '\n';
	do
		*--at = '0' + number % 10;
	while (number /= 10);
	*--at = ' ';
	*--at = result < 0 ? 'o' : 'k';
	*--at = result < 0 ? 'n' : 'o';
	call(__NR_write, 1, (long)at, text + sizeof(text) - at, 0, 0, 0);
}

/* The child has this process's memory and stack, and this process waits for its end: the child answers, once. */
static long start_vfork(void)
{
	long pid;

	__asm__ volatile("syscall" : "=a"(pid) : "a"(__NR_vfork) : "rcx", "r11", "memory");
	if (!pid) {
		answer(call(__NR_getpid, 0, 0, 0, 0, 0, 0));
		for (;;)
			call(__NR_pause, 0, 0, 0, 0, 0, 0);
	}
	return pid;
}

static long obey(char letter, long number, const char *rest)
{
	switch (letter) {
	case 'a':
		return take(number, 0x22, -1);
	case 's':
		return take(number, 0x21, -1);
	case 'f':
		return write_file(number, rest);
	case 'm':
		return map_file(number, rest);
	case 'c':
		return start_child(number, 0);
	case 'p':
		return start_child(number, shared_pages);
	case 't':
		return start_thread(FLAGS_THREAD);
	case 'l':
		return take(number, 0x2022, -1); /* MAP_LOCKED */
	case 'z':
		return take_apart(number);
	case 'v':
		return start_vfork();
	case 'x':
		return start_thread(FLAGS_SHARER);
	case 'n':
		return call(__NR_prctl, 15, (long)rest, 0, 0, 0, 0);
	}
	return -22;
}

void main_loop(void)
{
	call(__NR_mlock, (long)__executable_start, _end - __executable_start, 0, 0, 0, 0);
	for (;;) {
		long got = 0, number = 0;
		char *at = line + 1;

		while (got < (long)sizeof(line) - 1 && call(__NR_read, 0, (long)(line + got), 1, 0, 0, 0) == 1)
			if (line[got++] == '\n')
				break;
		if (!got)
			call(__NR_exit_group, 0, 0, 0, 0, 0, 0);
		line[got - 1] = 0;
		while (*at == ' ')
			at++;
		while (*at >= '0' && *at <= '9')
			number = number * 10 + *at++ - '0';
		while (*at == ' ')
			at++;
		answer(obey(line[0], number, at));
	}
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall main_loop\n");
