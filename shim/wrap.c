/* SPDX-License-Identifier: MIT */
/*
 * wrap.c - every function that a program calls here instead of in libc
 *
 * Theory of operation
 *
 * This is the whole list (libvsockify.map says the same to the linker, and a test compares the
 * two with the finished object). Each function is a line or two: the work is done in the file
 * that its inner function is named after. Those return the kernel's results, negated errnos
 * and all; sys_return() turns them into libc's convention.
 *
 * Not here, because the kernel does the right thing on an AF_VSOCK socket by itself: read,
 * write, send, poll, select, epoll_wait, close, fork, exec and all the rest.
 */
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "accept.h"
#include "connect.h"
#include "duplicate.h"
#include "epoll.h"
#include "hint.h"
#include "listen.h"
#include "message.h"
#include "name.h"
#include "option.h"
#include "queue.h"
#include "resolve.h"
#include "state.h"
#include "sys.h"

#define EXPORT __attribute__((visibility("default")))

/* ---- making and connecting ---- */

EXPORT int socket(int domain, int type, int protocol)
{
	int fd = sys_socket(domain, type, protocol);

	hint_socket(fd, domain, type, protocol);
	epoll_forget(fd);
	return sys_return(fd);
}

EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return shim_connect(fd, addr, len);
}

EXPORT int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return sys_return(listen_bind(fd, addr, len));
}

EXPORT int listen(int fd, int backlog)
{
	return sys_return(listen_listen(fd, backlog));
}

EXPORT int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return accept_connection(fd, addr, len, 0);
}

EXPORT int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return accept_connection(fd, addr, len, flags);
}

EXPORT int shutdown(int fd, int how)
{
	return sys_return(accept_shutdown(fd, how));
}

/* ---- names ---- */

EXPORT int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return sys_return(name_local(fd, addr, len));
}

EXPORT int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return sys_return(name_peer(fd, addr, len));
}

/* ---- options ---- */

EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return sys_return(option_get(fd, level, name, value, len));
}

EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return sys_return(option_set(fd, level, name, value, len));
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return sys_return(queue_ioctl(fd, request, argument));
}

/* ---- descriptors ---- */

EXPORT int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	int result = sys_epoll_ctl(epfd, op, fd, event);

	if (result == 0 && hint_is_made(fd))
		epoll_note(epfd, op, fd, event);
	return sys_return(result);
}

EXPORT int dup(int fd)
{
	return sys_return(duplicate(fd));
}

EXPORT int dup2(int fd, int copy)
{
	return sys_return(duplicate_onto(fd, copy));
}

EXPORT int dup3(int fd, int copy, int flags)
{
	return sys_return(duplicate_noting(fd, sys_dup3(fd, copy, flags)));
}

EXPORT int fcntl(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return duplicate_fcntl(fd, command, argument);
}

EXPORT int fcntl64(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return duplicate_fcntl(fd, command, argument);
}

/* ---- messages ---- */

EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags,
		      const struct sockaddr *addr, socklen_t len)
{
	return message_sendto(fd, data, size, flags, addr, len);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return message_sendmsg(fd, message, flags);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	return message_sendmmsg(fd, messages, count, flags);
}

EXPORT ssize_t recv(int fd, void *data, size_t size, int flags)
{
	return message_recvfrom(fd, data, size, flags, NULL, NULL);
}

EXPORT ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *addr,
			socklen_t *len)
{
	return message_recvfrom(fd, data, size, flags, addr, len);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	return message_recvmsg(fd, message, flags);
}

EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
		    struct timespec *timeout)
{
	return message_recvmmsg(fd, messages, count, flags, timeout);
}

/* The forms that _FORTIFY_SOURCE compiles recv() and recvfrom() to. */
extern _Noreturn void __chk_fail(void);
ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *len);

EXPORT ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags)
{
	if (size > room)
		__chk_fail();
	return message_recvfrom(fd, data, size, flags, NULL, NULL);
}

EXPORT ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
			      struct sockaddr *addr, socklen_t *len)
{
	if (size > room)
		__chk_fail();
	return message_recvfrom(fd, data, size, flags, addr, len);
}

/* ---- host names ---- */

EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **result)
{
	return resolve_addrinfo(node, service, hints, result);
}

EXPORT int getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
		       socklen_t host_len, char *service, socklen_t service_len, int flags)
{
	return resolve_nameinfo(addr, len, host, host_len, service, service_len, flags);
}

EXPORT struct hostent *gethostbyname(const char *name)
{
	return resolve_host(name, AF_INET);
}

EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
	return resolve_host2(name, family);
}

EXPORT int gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
			   struct hostent **result, int *error)
{
	return resolve_host_r(name, entry, buffer, size, result, error);
}

EXPORT int gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer,
			    size_t size, struct hostent **result, int *error)
{
	return resolve_host2_r(name, family, entry, buffer, size, result, error);
}

EXPORT struct hostent *gethostbyaddr(const void *addr, socklen_t len, int family)
{
	return resolve_addr(addr, len, family);
}

EXPORT int gethostbyaddr_r(const void *addr, socklen_t len, int family, struct hostent *entry,
			   char *buffer, size_t size, struct hostent **result, int *error)
{
	return resolve_addr_r(addr, len, family, entry, buffer, size, result, error);
}
