/* SPDX-License-Identifier: MIT */
/*
 * unseen.c - ways round a filter of system calls: io_uring, calls of 32 bits and of x32, and a
 * VM socket (which is not connected)
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error-name.h"

static void say(const char *what, long result)
{
	if (result < 0)
		printf("%s: %s\n", what, error_name((int)-result));
	else
		printf("%s: yes\n", what);
}

static long result_of(long result)
{
	return result < 0 ? -errno : result;
}

#ifdef __x86_64__
static sigjmp_buf out;

static void jump(int number)
{
	(void)number;
	siglongjmp(out, 1);
}

/* getpid(), as a program of 32 bits asks: a kernel without those ends whoever does */
static long pid_of_32_bits(void)
{
	long result = 20;

	signal(SIGSEGV, jump);
	if (sigsetjmp(out, 1))
		return -ENOSYS;
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
	return (int)result;
}
#endif

int main(void)
{
	char parameters[120] = "";

	say("io_uring", result_of(syscall(SYS_io_uring_setup, 1, parameters)));
#ifdef __x86_64__
	say("32 bits", pid_of_32_bits());
	say("x32", result_of(syscall(0x40000000 + SYS_getpid)));
#endif
	say("VM socket", result_of(socket(AF_VSOCK, SOCK_STREAM, 0)));
	return 0;
}
