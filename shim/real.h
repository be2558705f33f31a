/* SPDX-License-Identifier: MIT */
/*
 * real.h - the functions of libc that lie behind the wrapped ones
 *
 * Theory of operation
 *
 * connect, accept, recv and send are cancellation points, and only libc knows how it makes
 * them so; those are looked up once, at load, since dlsym() is neither cheap nor
 * async-signal-safe. The resolver's functions, which are not async-signal-safe either, are
 * looked up when first called. Everything else is a plain system call (sys.h).
 */
#ifndef VSOCKIFY_REAL_H
#define VSOCKIFY_REAL_H

#include <sys/socket.h>

struct real {
	int (*connect)(int, const struct sockaddr *, socklen_t);
	int (*accept4)(int, struct sockaddr *, socklen_t *, int);
	ssize_t (*recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
	ssize_t (*recvmsg)(int, struct msghdr *, int);
	int (*recvmmsg)(int, struct mmsghdr *, unsigned, int, struct timespec *);
	ssize_t (*sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	ssize_t (*sendmsg)(int, const struct msghdr *, int);
	int (*sendmmsg)(int, struct mmsghdr *, unsigned, int);
};

/* Filled in by real_init(), never written afterwards. */
extern struct real real;

/* real_init() - look up the functions of struct real; called once, at load */
void real_init(void);

/*
 * real_find() - libc's own function of this name
 * Return: the function; the program is stopped with a message if libc has none, which does
 * not happen with the libc the shim was built for. Not async-signal-safe.
 */
void *real_find(const char *name);

#endif
