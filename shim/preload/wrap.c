/* SPDX-License-Identifier: MIT */
/*
 * wrap.c - the functions that a program calls here instead of in libc: sockets
 *
 * Theory of operation
 *
 * libvsockify.map is the whole list, on one screen; a test compares it with the finished
 * object. Those of host names are in wrap_names.c, those that run other programs in
 * wrap_start.c. Each function is a line or two: the work is done in the file that its inner
 * function is named after. Those return the kernel's results, negated errnos and all;
 * sys_return() turns them into libc's convention. TRACED() and its like (trace.h) show a call
 * to people who asked for it with -vv.
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
#include <netinet/in.h>
#include <stdarg.h>
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
#include "export.h"
#include "hint.h"
#include "load.h"
#include "note.h"
#include "real.h"
#include "state.h"
#include "trace.h"

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
