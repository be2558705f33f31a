/* SPDX-License-Identifier: MIT */
/*
 * real.h - the functions of libc that lie behind the wrapped ones
 *
 * Theory of operation
 *
 * connect, accept, recv and send are cancellation points, and only libc knows how it makes
 * them so; they are looked up once, at load, since dlsym() is neither cheap nor
 * async-signal-safe. Functions that POSIX does not promise to be async-signal-safe either
 * (the resolver's, recvmmsg, sendmmsg) are looked up when first called. Everything else is a
 * plain system call (sys.h).
 */
#ifndef VSOCKIFY_REAL_H
#define VSOCKIFY_REAL_H

#include <sys/socket.h>

struct real {
	int (*accept4)(int, struct sockaddr *, socklen_t *, int);
	ssize_t (*recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
	ssize_t (*recvmsg)(int, struct msghdr *, int);
	ssize_t (*sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	ssize_t (*sendmsg)(int, const struct msghdr *, int);
};

/* libc's connect() under its other public name; the only one of these that has one. */
extern int __connect(int fd, const struct sockaddr *addr, socklen_t len);

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

/* REAL() - libc's function of this name and type, looked up when first needed */
#define REAL(name)                                                                          \
	({                                                                                  \
		static __typeof__(&(name)) found_;                                          \
		__typeof__(&(name)) function_ = __atomic_load_n(&found_, __ATOMIC_RELAXED); \
                                                                                            \
		if (!function_) {                                                           \
			function_ = (__typeof__(&(name)))real_find(#name);                  \
			__atomic_store_n(&found_, function_, __ATOMIC_RELAXED);             \
		}                                                                           \
		function_;                                                                  \
	})

#endif
