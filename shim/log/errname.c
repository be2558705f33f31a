/* SPDX-License-Identifier: MIT */
/*
 * errname.c - the names of errnos, and what some mean wherever they come from
 *
 * Not every libc has a function that gives them without its translated texts. Those stand here
 * that the socket calls, and the files that the shim opens, can give.
 */
#include "errname.h"

#include <errno.h>
#include <stddef.h>

/* Text by itself, not pointers to it, which the dynamic linker would have to write at every
 * start. */
static const struct {
	short number;
	char name[16];
} known[] = {
#define E(name)             \
	{                   \
		name, #name \
	}
	E(EPERM),         E(ENOENT),       E(ESRCH),           E(EINTR),
	E(EIO),           E(ENXIO),        E(E2BIG),           E(EBADF),
	E(EAGAIN),        E(ENOMEM),       E(EACCES),          E(EFAULT),
	E(EBUSY),         E(EEXIST),       E(ENODEV),          E(ENOTDIR),
	E(EISDIR),        E(EINVAL),       E(ENFILE),          E(EMFILE),
	E(ENOTTY),        E(EFBIG),        E(ENOSPC),          E(ESPIPE),
	E(EROFS),         E(EMLINK),       E(EPIPE),           E(EDOM),
	E(ERANGE),        E(EDEADLK),      E(ENAMETOOLONG),    E(ENOSYS),
	E(ELOOP),         E(EPROTO),       E(EBADMSG),         E(EOVERFLOW),
	E(EUSERS),        E(ENOTSOCK),     E(EDESTADDRREQ),    E(EMSGSIZE),
	E(EPROTOTYPE),    E(ENOPROTOOPT),  E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT),
	E(EOPNOTSUPP),    E(EPFNOSUPPORT), E(EAFNOSUPPORT),    E(EADDRINUSE),
	E(EADDRNOTAVAIL), E(ENETDOWN),     E(ENETUNREACH),     E(ENETRESET),
	E(ECONNABORTED),  E(ECONNRESET),   E(ENOBUFS),         E(EISCONN),
	E(ENOTCONN),      E(ESHUTDOWN),    E(ETOOMANYREFS),    E(ETIMEDOUT),
	E(ECONNREFUSED),  E(EHOSTDOWN),    E(EHOSTUNREACH),    E(EALREADY),
	E(EINPROGRESS),   E(ESTALE),       E(EDQUOT),          E(ECANCELED),
#undef E
};

const char *errname(int error)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].number == error)
			return known[i].name;
	return NULL;
}

const char *errname_cause(int error)
{
	switch (error) {
	case EMFILE:
		return "the program has no descriptor left: ulimit -n";
	case ENFILE:
		return "this machine has no open file left: sysctl fs.file-max";
	case ENOMEM:
	case ENOBUFS:
		return "the kernel has no memory for it: this machine's, or the cgroup's, is "
		       "used "
		       "up";
	default:
		return "";
	}
}
