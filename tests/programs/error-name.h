/* SPDX-License-Identifier: MIT */
/*
 * error-name.h - the names of errnos, which not every libc has: what is compared with a text of
 * a test is the same for all
 */
#ifndef ERROR_NAME_H
#define ERROR_NAME_H

#include <errno.h>
#include <string.h>

#define ERROR_NAMES        \
	E(E2BIG)           \
	E(EACCES)          \
	E(EADDRINUSE)      \
	E(EADDRNOTAVAIL)   \
	E(EAFNOSUPPORT)    \
	E(EAGAIN)          \
	E(EALREADY)        \
	E(EBADF)           \
	E(ECONNABORTED)    \
	E(ECONNREFUSED)    \
	E(ECONNRESET)      \
	E(EDESTADDRREQ)    \
	E(EDOM)            \
	E(EEXIST)          \
	E(EFAULT)          \
	E(EHOSTUNREACH)    \
	E(EINPROGRESS)     \
	E(EINTR)           \
	E(EINVAL)          \
	E(EISCONN)         \
	E(EMFILE)          \
	E(EMSGSIZE)        \
	E(ENETUNREACH)     \
	E(ENFILE)          \
	E(ENOANO)          \
	E(ENOBUFS)         \
	E(ENODEV)          \
	E(ENOENT)          \
	E(ENOMEM)          \
	E(ENOPROTOOPT)     \
	E(ENOSYS)          \
	E(ENOTCONN)        \
	E(ENOTSOCK)        \
	E(ENOTTY)          \
	E(EOPNOTSUPP)      \
	E(EPERM)           \
	E(EPIPE)           \
	E(EPROTO)          \
	E(EPROTONOSUPPORT) \
	E(EPROTOTYPE)      \
	E(ERANGE)          \
	E(ETIMEDOUT)       \
	E(EXDEV)

/* error_name() - the name of an errno, or what strerror() says of it */
__attribute__((unused)) static const char *error_name(int error)
{
	switch (error) {
#define E(name)    \
	case name: \
		return #name;
		ERROR_NAMES
#undef E
	default:
		return strerror(error);
	}
}

#endif
