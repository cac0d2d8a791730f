/*
 * Copyright (c) 2026 the memfacts authors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loaded before a user-mode kernel (LD_PRELOAD): lets it run on processors whose extended state is larger than it knows.
 *
 * Kernels up to 6.9 save and restore the vector registers of their processes with 2696 bytes. The host gives as many as
 * were asked for, but takes only all of them: with AMX there are 11008, setting fails with EFAULT, and the kernel dies
 * with its process 1. What is missing at the end of a short state is taken from the process itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Static, for a user-mode kernel's stacks are small; it has one thread that traces. */
static char whole[1 << 16];

long ptrace(enum __ptrace_request request, ...)
{
	static long (*next)(enum __ptrace_request, ...);
	struct iovec *part, all = { whole, sizeof(whole) };
	void *address, *data;
	va_list rest;
	pid_t pid;

	va_start(rest, request);
	pid = va_arg(rest, pid_t);
	address = va_arg(rest, void *);
	data = va_arg(rest, void *);
	va_end(rest);
	if (!next)
		next = dlsym(RTLD_NEXT, "ptrace");
	if (request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE) {
		part = data;
		if (next(PTRACE_GETREGSET, pid, address, &all) == 0 && part->iov_len < all.iov_len) {
			memcpy(whole, part->iov_base, part->iov_len);
			data = &all;
		}
	}
	return next(request, pid, address, data);
}
