/* SPDX-License-Identifier: MIT */
/*
 * output.c - writes without waiting, and without a signal
 */
#include "output.h"

#include <linux/stat.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "../kernel/sys.h"

/* ---- without a signal ---- */

#define LONG_BITS (8 * sizeof(unsigned long))

/* The kernel's set of signals, which is shorter than libc's. */
struct kernel_set {
	unsigned long bits[64 / LONG_BITS];
};

static void set_add(struct kernel_set *set, int signal)
{
	set->bits[(unsigned)(signal - 1) / LONG_BITS] |=
		1UL << ((unsigned)(signal - 1) % LONG_BITS);
}

static bool set_has(const struct kernel_set *set, int signal)
{
	return set->bits[(unsigned)(signal - 1) / LONG_BITS] >>
		       ((unsigned)(signal - 1) % LONG_BITS) &
	       1;
}

/* The signal that comes with this result of a write; 0 if none does. */
static int signal_with(long result)
{
	return result == -EPIPE ? SIGPIPE : result == -EFBIG ? SIGXFSZ : 0;
}

/* Does the signal wait to be delivered? Only one that is blocked can. */
static bool is_pending(int signal)
{
	struct kernel_set pending = {{0}};

	SYS_CALL(SYS_rt_sigpending, &pending, sizeof pending);
	return set_has(&pending, signal);
}

/* Take one that the write raised out again. */
static void take_signal(int signal)
{
	struct kernel_set set = {{0}};
	struct timespec now = {.tv_sec = 0};

	set_add(&set, signal);
	SYS_CALL(SYS_rt_sigtimedwait, &set, NULL, &now, sizeof set);
}

long output_quietly(int fd, const char *text, size_t size)
{
	struct kernel_set blocked = {{0}}, before = {{0}};
	bool had_pipe, had_size;
	long result;
	int signal;

	set_add(&blocked, SIGPIPE);
	set_add(&blocked, SIGXFSZ);
	set_add(&blocked, SIGTTOU);
	SYS_CALL(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, &before, sizeof before);
	had_pipe = set_has(&before, SIGPIPE) && is_pending(SIGPIPE);
	had_size = set_has(&before, SIGXFSZ) && is_pending(SIGXFSZ);
	do /* a write that a signal interrupts has written nothing, or all */
		result = SYS_CALL(SYS_write, fd, text, size);
	while (result == -EINTR);
	signal = signal_with(result);
	if (signal && !(signal == SIGPIPE ? had_pipe : had_size))
		take_signal(signal);
	SYS_CALL(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
	return result;
}

/* ---- without waiting ---- */

static long send_now(int fd, const char *text, size_t size)
{
	return SYS_CALL(SYS_sendto, fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
}

/* Open what is under a descriptor once more, for writing; a negated errno if it cannot be. */
static int open_again(int fd)
{
	char path[] = "/proc/self/fd/0";

	path[sizeof path - 2] = (char)('0' + fd);
	return (int)SYS_CALL(SYS_openat, AT_FDCWD, path,
			     O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static long write_if_ready(int fd, const char *text, size_t size)
{
	int ready = sys_poll_now(fd, POLLOUT);

	if (ready < 0)
		return ready;
	if (ready & POLLERR) /* of a pipe: nobody reads */
		return -EPIPE;
	return ready & POLLOUT ? output_quietly(fd, text, size) : -EAGAIN;
}

static long write_again(int fd, const char *text, size_t size)
{
	int again = open_again(fd);
	long result;

	if (again == -ENXIO) /* a pipe that nobody reads */
		return -EPIPE;
	if (again < 0)
		return write_if_ready(fd, text, size);
	result = output_quietly(again, text, size);
	sys_close(again);
	return result;
}

/* Is it a terminal? Not the other side of one: opened again, that would be a new terminal. */
static bool is_terminal(int fd, const struct statx *st)
{
	struct termios ignored;

	return S_ISCHR(st->stx_mode) && !(st->stx_rdev_major == 5 && st->stx_rdev_minor == 2) &&
	       sys_ioctl(fd, TCGETS, &ignored) == 0;
}

long output_shared(int fd, const char *text, size_t size)
{
	struct statx st = {.stx_mode = 0};

	SYS_CALL(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &st);
	if (S_ISSOCK(st.stx_mode))
		return send_now(fd, text, size);
	if (S_ISFIFO(st.stx_mode) || is_terminal(fd, &st))
		return write_again(fd, text, size);
	return S_ISREG(st.stx_mode) ? output_quietly(fd, text, size)
				    : write_if_ready(fd, text, size);
}
