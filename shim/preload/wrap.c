/* SPDX-License-Identifier: MIT */
/*
 * wrap.c - every function that a program calls here instead of in libc
 *
 * Theory of operation
 *
 * This is the whole list (libvsockify.map says the same to the linker, and a test compares the
 * two with the finished object). Each function is a line or two: the work is done in the file
 * that its inner function is named after. Those return the kernel's results, negated errnos
 * and all; sys_return() turns them into libc's convention. TRACED() and its like (trace.h)
 * show a call to people who asked for it with -vv.
 *
 * Nothing measurable is on the data path: read, write and send look at one hint, and jump to
 * libc's own function unless the socket is converted (unconnected.h says what for). That is
 * five instructions (tests/object/data.test); to a converted socket, send() takes the place of
 * write(), which costs the kernel more (tests/speed). They are not traced.
 *
 * Not here, because the kernel does the right thing on a VM socket by itself: poll,
 * select, epoll_wait, sendfile, splice, close, fork, exec and all the rest.
 */
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "../accept.h"
#include "../connect.h"
#include "../kernel/sys.h"
#include "../listen.h"
#include "../message.h"
#include "../name.h"
#include "../option.h"
#include "../queue.h"
#include "../shutdown.h"
#include "../unconnected.h"
#include "duplicate.h"
#include "epoll.h"
#include "hint.h"
#include "load.h"
#include "note.h"
#include "real.h"
#include "resolve.h"
#include "start.h"
#include "state.h"
#include "trace.h"

#define EXPORT __attribute__((visibility("default")))

/* What other headers declare otherwise; no register differs. Of a request the kernel takes 32
 * bits, and programs whose libc says int may leave anything above them. */
#ifdef __GLIBC__
typedef unsigned long ioctl_request;
typedef int mmsg_flags;
#else
typedef int ioctl_request;
typedef unsigned mmsg_flags;
#endif

/* ---- making and connecting ---- */

EXPORT int socket(int domain, int type, int protocol)
{
	int fd = sys_socket(domain, type, protocol);

	hint_socket(fd, domain, type, protocol);
	note_forget(fd);
	return TRACED(sys_return(fd), domain, type, protocol);
}

EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return TRACED_TO(shim_connect(fd, addr, len), fd, addr, len);
}

EXPORT int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return TRACED_TO(sys_return(listen_bind(fd, addr, len)), fd, addr, len);
}

EXPORT int listen(int fd, int backlog)
{
	return TRACED(sys_return(listen_listen(fd, backlog)), fd, backlog);
}

EXPORT int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return TRACED_FROM(accept_connection(fd, addr, len, 0), fd, addr, len);
}

EXPORT int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return TRACED_FROM(accept_connection(fd, addr, len, flags), fd, addr, len);
}

EXPORT int shutdown(int fd, int how)
{
	return TRACED(sys_return(shutdown_socket(fd, how)), fd, how);
}

/* ---- names ---- */

EXPORT int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return TRACED_FROM(sys_return(name_local(fd, addr, len)), fd, addr, len);
}

EXPORT int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return TRACED_FROM(sys_return(name_peer(fd, addr, len)), fd, addr, len);
}

/* ---- options ---- */

EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return TRACED(sys_return(option_get(fd, level, name, value, len)), fd, level, name);
}

EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return TRACED(sys_return(option_set(fd, level, name, value, len)), fd, level, name);
}

EXPORT int ioctl(int fd, ioctl_request request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return TRACED(sys_return(queue_ioctl(fd, (uint32_t)request, argument)), fd,
		      (long)(uint32_t)request);
}

/* ---- descriptors ---- */

EXPORT int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	int result = sys_epoll_ctl(epfd, op, fd, event);

	if (result == 0) {
		queue_note_epoll(op, event);
		if (hint_is_made(fd))
			epoll_note(epfd, op, fd, event);
	}
	return TRACED(sys_return(result), epfd, op, fd);
}

EXPORT int dup(int fd)
{
	return TRACED(sys_return(duplicate(fd)), fd);
}

EXPORT int dup2(int fd, int copy)
{
	return TRACED(sys_return(duplicate_onto(fd, copy)), fd, copy);
}

EXPORT int dup3(int fd, int copy, int flags)
{
	return TRACED(sys_return(duplicate_noting(fd, sys_dup3(fd, copy, flags))), fd, copy,
		      flags);
}

EXPORT int fcntl(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return TRACED(duplicate_fcntl(fd, command, argument), fd, command, (long)argument);
}

EXPORT int fcntl64(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return TRACED(duplicate_fcntl(fd, command, argument), fd, command, (long)argument);
}

/* ---- messages ---- */

EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags,
		      const struct sockaddr *addr, socklen_t len)
{
	return TRACED_TO(message_sendto(fd, data, size, flags, addr, len), fd, addr, len);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return TRACED(message_sendmsg(fd, message, flags), fd);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, mmsg_flags flags)
{
	return TRACED(message_sendmmsg(fd, messages, count, (int)flags), fd);
}

EXPORT ssize_t recv(int fd, void *data, size_t size, int flags)
{
	return TRACED(message_recvfrom(fd, data, size, flags, NULL, NULL), fd);
}

EXPORT ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *addr,
			socklen_t *len)
{
	return TRACED_FROM(message_recvfrom(fd, data, size, flags, addr, len), fd, addr, len);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	return TRACED(message_recvmsg(fd, message, flags), fd);
}

EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, mmsg_flags flags,
		    struct timespec *timeout)
{
	return TRACED(message_recvmmsg(fd, messages, count, (int)flags, timeout), fd);
}

/* The forms that _FORTIFY_SOURCE compiles recv() and recvfrom() to. */
extern _Noreturn void __chk_fail(void) __attribute__((weak)); /* whose libc has it */
ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *len);

EXPORT ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags)
{
	if (size > room)
		__chk_fail();
	return TRACED(message_recvfrom(fd, data, size, flags, NULL, NULL), fd);
}

EXPORT ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
			      struct sockaddr *addr, socklen_t *len)
{
	if (size > room)
		__chk_fail();
	return TRACED_FROM(message_recvfrom(fd, data, size, flags, addr, len), fd, addr, len);
}

/* ---- data: one look at a hint, and libc's own function unless the socket is converted ---- */

#define IS_PLAIN(fd) __builtin_expect(!hint_may_be_converted(fd), 1)

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
	return IS_PLAIN(fd) ? real.write(fd, data, size) : unconnected_write(fd, data, size);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
	return IS_PLAIN(fd) ? real.writev(fd, parts, count)
			    : unconnected_writev(fd, parts, count);
}

EXPORT ssize_t send(int fd, const void *data, size_t size, int flags)
{
	return IS_PLAIN(fd) ? real.send(fd, data, size, flags)
			    : unconnected_send(fd, data, size, flags);
}

EXPORT ssize_t read(int fd, void *data, size_t size)
{
	return IS_PLAIN(fd) ? real.read(fd, data, size) : unconnected_read(fd, data, size);
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
	return IS_PLAIN(fd) ? real.readv(fd, parts, count)
			    : unconnected_readv(fd, parts, count);
}

/* The form that _FORTIFY_SOURCE compiles read() to. */
ssize_t __read_chk(int fd, void *data, size_t size, size_t room);

EXPORT ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
	if (size > room)
		__chk_fail();
	return read(fd, data, size);
}

/* ---- objects ---- */

EXPORT jumping void *dlopen(LOAD_UNUSED const char *file, LOAD_UNUSED int mode)
{
	LOAD_JUMP_2(load_dlopen, file, mode);
}

EXPORT jumping void *dlmopen(LOAD_UNUSED Lmid_t namespace, LOAD_UNUSED const char *file,
			     LOAD_UNUSED int mode)
{
	LOAD_JUMP_3(load_dlmopen, namespace, file, mode);
}

/* ---- host names ---- */

EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **result)
{
	return TRACED_LOOKUP(resolve_addrinfo(node, service, hints, result), node,
			     outcome ? gai_strerror(outcome) : NULL);
}

EXPORT int getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
		       socklen_t host_len, char *service, socklen_t service_len, int flags)
{
	return TRACED_LOOKUP(
		resolve_nameinfo(addr, len, host, host_len, service, service_len, flags), NULL,
		outcome ? gai_strerror(outcome) : NULL);
}

EXPORT struct hostent *gethostbyname(const char *name)
{
	return TRACED_LOOKUP(resolve_host(name), name, outcome ? NULL : "not found");
}

EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
	return TRACED_LOOKUP(resolve_host2(name, family), name, outcome ? NULL : "not found");
}

EXPORT int gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
			   struct hostent **result, int *error)
{
	return TRACED_LOOKUP(resolve_host_r(name, entry, buffer, size, result, error), name,
			     *result ? NULL : "not found");
}

EXPORT int gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer,
			    size_t size, struct hostent **result, int *error)
{
	return TRACED_LOOKUP(resolve_host2_r(name, family, entry, buffer, size, result, error),
			     name, *result ? NULL : "not found");
}

EXPORT struct hostent *gethostbyaddr(const void *addr, socklen_t len, int family)
{
	return TRACED_LOOKUP(resolve_addr(addr, len, family), NULL,
			     outcome ? NULL : "not found");
}

EXPORT int gethostbyaddr_r(const void *addr, socklen_t len, int family, struct hostent *entry,
			   char *buffer, size_t size, struct hostent **result, int *error)
{
	return TRACED_LOOKUP(
		resolve_addr_r(addr, len, family, entry, buffer, size, result, error), NULL,
		*result ? NULL : "not found");
}

EXPORT int getaddrinfo_a(int mode, struct gaicb *list[], int count, struct sigevent *event)
{
	return TRACED(resolve_addrinfo_later(mode, list, count, event), mode, count);
}

/* ---- other records of names ---- */

#define TRACED_RECORD(result, name) TRACED_LOOKUP(result, name, outcome < 0 ? "none" : NULL)

EXPORT int res_query(const char *name, int class, int type, unsigned char *answer, int size)
{
	return TRACED_RECORD(resolve_query(name, class, type, answer, size), name);
}

EXPORT int res_search(const char *name, int class, int type, unsigned char *answer, int size)
{
	return TRACED_RECORD(resolve_search(name, class, type, answer, size), name);
}

EXPORT int res_querydomain(const char *name, const char *domain, int class, int type,
			   unsigned char *answer, int size)
{
	return TRACED_RECORD(resolve_querydomain(name, domain, class, type, answer, size),
			     name);
}

EXPORT int res_nquery(void *state, const char *name, int class, int type, unsigned char *answer,
		      int size)
{
	return TRACED_RECORD(resolve_nquery(state, name, class, type, answer, size), name);
}

EXPORT int res_nsearch(void *state, const char *name, int class, int type,
		       unsigned char *answer, int size)
{
	return TRACED_RECORD(resolve_nsearch(state, name, class, type, answer, size), name);
}

EXPORT int res_nquerydomain(void *state, const char *name, const char *domain, int class,
			    int type, unsigned char *answer, int size)
{
	return TRACED_RECORD(
		resolve_nquerydomain(state, name, domain, class, type, answer, size), name);
}

/* The names that they have in headers of glibc before 2.34 */
#define SAME_AS(function) __attribute__((alias(#function)))

EXPORT int __res_query(const char *, int, int, unsigned char *, int) SAME_AS(res_query);
EXPORT int __res_search(const char *, int, int, unsigned char *, int) SAME_AS(res_search);
EXPORT int __res_querydomain(const char *, const char *, int, int, unsigned char *, int)
	SAME_AS(res_querydomain);
EXPORT int __res_nquery(void *, const char *, int, int, unsigned char *, int)
	SAME_AS(res_nquery);
EXPORT int __res_nsearch(void *, const char *, int, int, unsigned char *, int)
	SAME_AS(res_nsearch);
EXPORT int __res_nquerydomain(void *, const char *, const char *, int, int, unsigned char *,
			      int) SAME_AS(res_nquerydomain);

/* ---- running other programs ---- */

EXPORT int execve(const char *path, char *const *argv, char *const *envp)
{
	return sys_return(start_execve(path, argv, envp));
}

EXPORT int execv(const char *path, char *const *argv)
{
	return start_execv(path, argv);
}

EXPORT int execvp(const char *file, char *const *argv)
{
	return start_execvp(file, argv);
}

EXPORT int execvpe(const char *file, char *const *argv, char *const *envp)
{
	return start_execvpe(file, argv, envp);
}

EXPORT int fexecve(int fd, char *const *argv, char *const *envp)
{
	return sys_return(start_fexecve(fd, argv, envp));
}

/* Of an older libc's headers. NOLINTNEXTLINE(readability-redundant-declaration) */
int execveat(int folder, const char *path, char *const *argv, char *const *envp, int flags);

EXPORT int execveat(int folder, const char *path, char *const *argv, char *const *envp,
		    int flags)
{
	return sys_return(start_execveat(folder, path, argv, envp, flags));
}

/* The arguments of an execl(), with their NULL, into @argv, which start_count() gave room to.
 */
#define TAKE_WORDS(argv, first, words)                          \
	do {                                                    \
		(argv)[0] = (char *)(first);                    \
		for (size_t i_ = 0; (argv)[i_]; i_++)           \
			(argv)[i_ + 1] = va_arg(words, char *); \
	} while (0)

EXPORT int execl(const char *path, const char *first, ...)
{
	va_list words;

	va_start(words, first);
	char *argv[start_count(first, words)];

	TAKE_WORDS(argv, first, words);
	va_end(words);
	return start_execv(path, argv);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
	va_list words;

	va_start(words, first);
	char *argv[start_count(first, words)];

	TAKE_WORDS(argv, first, words);
	va_end(words);
	return start_execvp(file, argv);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	char *const *envp;
	va_list words;

	va_start(words, first);
	char *argv[start_count(first, words)];

	TAKE_WORDS(argv, first, words);
	envp = va_arg(words, char *const *);
	va_end(words);
	return sys_return(start_execve(path, argv, envp));
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const *argv,
		       char *const *envp)
{
	return start_spawn(REAL(posix_spawn), false, pid, path, actions, attributes, argv,
			   envp);
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const *argv,
			char *const *envp)
{
	return start_spawn(REAL(posix_spawnp), true, pid, file, actions, attributes, argv,
			   envp);
}

/* Since glibc 2.39 */
start_spawn_fn pidfd_spawn, pidfd_spawnp;

EXPORT int pidfd_spawn(int *pidfd, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const *argv,
		       char *const *envp)
{
	return start_spawn(REAL(pidfd_spawn), false, pidfd, path, actions, attributes, argv,
			   envp);
}

EXPORT int pidfd_spawnp(int *pidfd, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const *argv,
			char *const *envp)
{
	return start_spawn(REAL(pidfd_spawnp), true, pidfd, file, actions, attributes, argv,
			   envp);
}

EXPORT int system(const char *command)
{
	struct shell shell = {NULL, NULL, 0};
	int result = command ? start_shell(command, &shell) : 0;

	if (result)
		return sys_return(-result);
	result = REAL(system)(shell.command);
	start_shell_end(&shell);
	return result;
}

EXPORT FILE *popen(const char *command, const char *mode)
{
	struct shell shell;
	int error = start_shell(command, &shell);
	FILE *result;

	if (error) {
		errno = error;
		return NULL;
	}
	result = REAL(popen)(shell.command, mode);
	start_shell_end(&shell);
	return result;
}
