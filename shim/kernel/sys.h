/* SPDX-License-Identifier: MIT */
/*
 * sys.h - system calls, without libc's wrapper and without a trace in errno
 *
 * Theory of operation
 *
 * Inside a wrapped call the shim talks to the kernel itself: a call through libc's name would
 * come back into the shim, and looking up libc's own function costs at every program start.
 * Only calls that POSIX makes cancellation points go through libc (real.h).
 *
 * Every function here returns what the kernel did: a result >= 0, or a negated errno. errno
 * is left as it was, so that a wrapped call that succeeds has not disturbed it. All are
 * async-signal-safe.
 */
#ifndef VSOCKIFY_SYS_H
#define VSOCKIFY_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd /* glibc's headers of before 2.32; the same on every processor */
#define SYS_pidfd_getfd 438
#endif

#ifndef SYS_close_range /* before 2.34 */
#define SYS_close_range 436
#endif

/*
 * SYS_CALL() - a system call: what the kernel returned
 *
 * On x86-64 and 64-bit ARM it is one instruction and the registers' contents; syscall(2) and
 * its errno cost some twenty more, at more than ten calls for each connection.
 */
#if defined(__clang_analyzer__) /* which cannot see what an instruction writes */
#define SYS_CALL_BY_LIBC
#elif defined(__x86_64__)
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}
#else
#define SYS_CALL_BY_LIBC
#endif
#ifdef SYS_CALL_BY_LIBC
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	int saved = errno;
	long result = syscall(number, a, b, c, d, e, f);

	if (result == -1) {
		result = -errno;
		errno = saved;
	}
	return result;
}
#endif
#define SYS_CALL_PADDED(number, a, b, c, d, e, f, ...) \
	sys_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define SYS_CALL(...) SYS_CALL_PADDED(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

static inline int sys_socket(int domain, int type, int protocol)
{
	return (int)SYS_CALL(SYS_socket, domain, type, protocol);
}

static inline int sys_bind(int fd, const void *addr, socklen_t len)
{
	return (int)SYS_CALL(SYS_bind, fd, addr, len);
}

static inline int sys_listen(int fd, int backlog)
{
	return (int)SYS_CALL(SYS_listen, fd, backlog);
}

static inline int sys_connect(int fd, const void *addr, socklen_t len)
{
	return (int)SYS_CALL(SYS_connect, fd, addr, len);
}

static inline int sys_shutdown(int fd, int how)
{
	return (int)SYS_CALL(SYS_shutdown, fd, how);
}

static inline int sys_getsockname(int fd, void *addr, socklen_t *len)
{
	return (int)SYS_CALL(SYS_getsockname, fd, addr, len);
}

static inline int sys_getpeername(int fd, void *addr, socklen_t *len)
{
	return (int)SYS_CALL(SYS_getpeername, fd, addr, len);
}

static inline int sys_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return (int)SYS_CALL(SYS_getsockopt, fd, level, name, value, len);
}

static inline int sys_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return (int)SYS_CALL(SYS_setsockopt, fd, level, name, value, len);
}

static inline int sys_fcntl(int fd, int command, long argument)
{
#ifdef SYS_fcntl64
	return (int)SYS_CALL(SYS_fcntl64, fd, command, argument);
#else
	return (int)SYS_CALL(SYS_fcntl, fd, command, argument);
#endif
}

static inline int sys_dup3(int from, int to, int flags)
{
	return (int)SYS_CALL(SYS_dup3, from, to, flags);
}

static inline int sys_close(int fd)
{
	return (int)SYS_CALL(SYS_close, fd);
}

static inline int sys_epoll_ctl(int epfd, int op, int fd, void *event)
{
	return (int)SYS_CALL(SYS_epoll_ctl, epfd, op, fd, event);
}

static inline int sys_ioctl(int fd, unsigned long request, void *argument)
{
	return (int)SYS_CALL(SYS_ioctl, fd, request, argument);
}

/* sys_set_flags() - F_SETFL; by ioctl() where fcntl() is refused, so that no flag stays behind
 */
static inline int sys_set_flags(int fd, int flags)
{
	int result = sys_fcntl(fd, F_SETFL, flags);

	if (result == 0)
		return 0;
	result = sys_ioctl(fd, FIONBIO, &(int){(flags & O_NONBLOCK) != 0});
	if (result == 0 && flags & O_ASYNC)
		result = sys_ioctl(fd, FIOASYNC, &(int){1});
	return result;
}

#ifdef SYS_mmap2 /* 32 bits: there SYS_mmap takes a pointer to its arguments */
#define SYS_MAP SYS_mmap2
#else
#define SYS_MAP SYS_mmap
#endif

static inline void *sys_mapped(long at)
{
	return at < 0 && at > -4096 ? NULL : (void *)at;
}

/* sys_map() - @size bytes of fresh memory; NULL if there is none */
static inline void *sys_map(size_t size)
{
	return sys_mapped(SYS_CALL(SYS_MAP, NULL, size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* sys_map_shared() - @size bytes of a file that others may write, to be read; NULL on failure
 */
static inline const void *sys_map_shared(size_t size, int fd)
{
	return sys_mapped(SYS_CALL(SYS_MAP, NULL, size, PROT_READ, MAP_SHARED, fd, 0));
}

static inline ssize_t sys_recvmsg(int fd, struct msghdr *message, int flags)
{
	return (ssize_t)SYS_CALL(SYS_recvmsg, fd, message, flags);
}

static inline ssize_t sys_recv(int fd, void *data, size_t size, int flags)
{
	return (ssize_t)SYS_CALL(SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}

static inline ssize_t sys_send(int fd, const void *data, size_t size, int flags)
{
	return (ssize_t)SYS_CALL(SYS_sendto, fd, data, size, flags, NULL, 0);
}

/* SYS_SIGSET - bytes of a set of signals as the kernel has them, which it wants to be told;
 * libc's sigset_t is larger */
#define SYS_SIGSET 8

/* sys_no_socket() - does this result say that there is no socket under the descriptor? */
static inline bool sys_no_socket(int result)
{
	return result == -EBADF || result == -ENOTSOCK;
}

/*
 * SYS_ENOTSUPP - an error of the kernel's own, which has no name for programs; older ones say
 * so of SO_ZEROCOPY, where newer say EOPNOTSUPP (net/core/sock.c; 5.10 is one of the older)
 */
#define SYS_ENOTSUPP 524

/* sys_unknown_option() - does it say that the kernel does not know the option on such a socket?
 * In these words AF_VSOCK says so, and Unix sockets. */
static inline bool sys_unknown_option(int result)
{
	return result == -ENOPROTOOPT || result == -EOPNOTSUPP || result == -SYS_ENOTSUPP;
}

/* sys_no_option() - or that it is one which does not have the option? */
static inline bool sys_no_option(int result)
{
	return sys_unknown_option(result) || sys_no_socket(result);
}

/* sys_message_size() - how many bytes the parts of a message hold */
static inline size_t sys_message_size(const struct msghdr *message)
{
	size_t size = 0;

	for (size_t i = 0; i < (size_t)message->msg_iovlen; i++)
		size += message->msg_iov[i].iov_len;
	return size;
}

/* sys_getsockopt_int() - the value of an int option; 0, or a negated errno and *@value as it
 * was
 */
static inline int sys_getsockopt_int(int fd, int level, int name, int *value)
{
	socklen_t len = sizeof *value;

	return sys_getsockopt(fd, level, name, value, &len);
}

/*
 * What the kernel is asked: 1 is yes, 0 no. A negated errno is neither: a program's sandbox may
 * forbid to ask, or memory be short, and nothing may be taken for granted then.
 */

/* sys_cookie() - what the kernel knows a socket by, for as long as it runs; 0, or a negated
 * errno
 */
static inline int sys_cookie(int fd, uint64_t *cookie)
{
	socklen_t len = sizeof *cookie;

	return sys_getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &len);
}

/* sys_listens() - is it a listening socket? */
static inline int sys_listens(int fd)
{
	int listens = 0, result = sys_getsockopt_int(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens);

	return result < 0 ? result : listens != 0;
}

/* sys_never_blocks() - is it known to be non-blocking? */
static inline bool sys_never_blocks(int fd)
{
	int flags = sys_fcntl(fd, F_GETFL, 0);

	return flags >= 0 && flags & O_NONBLOCK;
}

/* sys_now_ms() - milliseconds of CLOCK_MONOTONIC. By libc, which has it without a system call
 * where the machine's clock can be read so, and never touches errno: this clock is always there
 */
static inline int64_t sys_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* sys_connected() - does the socket have a peer? Not after shutdown() of a VM socket. */
static inline int sys_connected(int fd)
{
	sa_family_t family;
	socklen_t len = sizeof family;
	int result = sys_getpeername(fd, &family, &len);

	if (result == -ENOTCONN)
		return 0;
	return result < 0 ? result : 1;
}

/* sys_poll() - which of these events come within @ms milliseconds? Or a negated errno. */
static inline int sys_poll(int fd, short events, int ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	int result = (int)SYS_CALL(SYS_ppoll, &poll_fd, 1, &limit, NULL, 0);

	return result < 0 ? result : poll_fd.revents;
}

/* sys_poll_now() - which of these events are there, without waiting? Or a negated errno. (Where
 * a signal comes just then, the kernel says so even to who does not wait.) */
static inline int sys_poll_now(int fd, short events)
{
	int result;

	do
		result = sys_poll(fd, events, 0);
	while (result == -EINTR);
	return result;
}

/*
 * sys_return() - hand a result to the program in libc's convention
 * @result: what the kernel or the shim came to: >= 0, or a negated errno
 * Return: @result, or -1 with errno set
 */
static inline int sys_return(int result)
{
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

#endif
