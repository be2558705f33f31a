/* SPDX-License-Identifier: MIT */
/*
 * real.h - the functions of libc that lie behind the wrapped ones
 *
 * Theory of operation
 *
 * connect, accept, read, write and their like are cancellation points, and only libc knows how
 * it makes them so; they are looked up once, at load, since dlsym() is neither cheap nor
 * async-signal-safe. Functions that POSIX does not promise to be async-signal-safe either
 * (the resolver's, recvmmsg, sendmmsg) are looked up when first called. Everything else is a
 * plain system call (sys.h).
 */
#ifndef VSOCKIFY_REAL_H
#define VSOCKIFY_REAL_H

#include <dlfcn.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef __GLIBC__ /* which alone has these; programs of glibc get this object all the same */
#define RTLD_DEEPBIND 8
typedef long Lmid_t;
#define LM_ID_BASE 0L
void *dlmopen(Lmid_t namespace, const char *file, int mode);
#endif

struct real {
	int (*accept4)(int, struct sockaddr *, socklen_t *, int);
	ssize_t (*recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
	ssize_t (*recvmsg)(int, struct msghdr *, int);
	ssize_t (*sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	ssize_t (*sendmsg)(int, const struct msghdr *, int);
	ssize_t (*read)(int, void *, size_t);
	ssize_t (*write)(int, const void *, size_t);
	ssize_t (*send)(int, const void *, size_t, int);
	ssize_t (*readv)(int, const struct iovec *, int);
	ssize_t (*writev)(int, const struct iovec *, int);
	int (*connect)(int, const struct sockaddr *, socklen_t);
	int (*poll)(struct pollfd *, nfds_t, int);
	int (*fcntl)(int, int, ...);
	int (*execv)(const char *, char *const *);
	int (*execvp)(const char *, char *const *);
	int (*execvpe)(const char *, char *const *, char *const *);
	void (*testcancel)(
		void); /* pthread_testcancel(3); nothing where there are no threads */
	/* libc's __libc_single_threaded: found here, a reference would cost the dynamic linker
	 * a thousand instructions. (A program that has a copy of it leaves this one at 0, and
	 * so does a libc that has no such variable.) */
	const char *single_threaded;
};

/* Filled in by real_init(), never written afterwards. Before that, those that carry data can be
 * called already. Hidden, so that a call takes one instruction. */
extern struct real real __attribute__((visibility("hidden")));

/* real_init() - look up the functions of struct real; called once, at load */
void real_init(void);

/*
 * real_find() - libc's own function of this name: the first one behind ours
 * Return: the function; the program is stopped with a message if there is none. Not
 * async-signal-safe.
 */
void *real_find(const char *name);

/* real_find_of_two() - the same of a function that has two names in some libcs */
void *real_find_of_two(const char *name, const char *other);

/* real_find_any() - the first symbol of this name, in whatever object; NULL if there is none */
void *real_find_any(const char *name);

/* real_own_file() - the file of this object, as the dynamic linker names it; may be NULL */
const char *real_own_file(void);

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
