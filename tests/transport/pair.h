/* SPDX-License-Identifier: MIT */
/*
 * pair.h - the smallest transport: Unix sockets within one machine; for a test
 *
 * It shows what a transport has to answer (shim/transport/transport.h), and transport.test puts
 * it in AF_VSOCK's place by the steps of CONTRIBUTING. Every socket has CID 1. The port is in
 * its name, which is abstract and of one length: "@pair-0000008080" to `ss -x`.
 *
 * SO_MAX_PACING_RATE is word A, since there is nothing that an accepted socket would inherit:
 * so it is written there before the program has the socket. There is no word B.
 */
#ifndef TESTS_TRANSPORT_PAIR_H
#define TESTS_TRANSPORT_PAIR_H

#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "../../config/ruleset.h"
#include "../../shim/kernel/sys.h"
#include "../../shim/transport/address.h"

/* Much is the same for every socket here. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define PAIR_SOCKET "a Unix socket"
#define PAIR_FAMILY AF_UNIX
#define PAIR_LEVEL  (-1)              /* it has no options of its own */
#define PAIR_NAME   "pair-0000000000" /* behind the NUL that makes it abstract */
#define PAIR_PORT   5                 /* where the port begins in it */
#define PAIR_LENGTH (offsetof(struct sockaddr_un, sun_path) + sizeof PAIR_NAME)

/* ---- sockets ---- */

static inline int pair_socket(int flags)
{
	return sys_socket(AF_UNIX, SOCK_STREAM | flags, 0);
}

static inline bool pair_is_family(int family)
{
	return family == AF_UNIX;
}

static inline struct sockaddr_un pair_name(uint32_t port)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	memcpy(name.sun_path + 1, PAIR_NAME, sizeof PAIR_NAME - 1);
	for (char *digit = name.sun_path + sizeof PAIR_NAME - 1; port; port /= 10)
		*digit-- = (char)('0' + port % 10);
	return name;
}

static inline int pair_bind(int fd, struct vm_address to)
{
	uint32_t port = to.port == PORT_ANY ? UINT16_MAX + 1 : to.port;
	struct sockaddr_un name;
	int result;

	if (to.cid != CID_LOCAL && to.cid != CID_ANY)
		return -EADDRNOTAVAIL;
	do {
		name = pair_name(port++);
		result = sys_bind(fd, &name, PAIR_LENGTH);
	} while (result == -EADDRINUSE && to.port == PORT_ANY);
	return result;
}

/* It is made at once, and said to be under way, as TCP's always is. */
static inline int pair_connect(int fd, struct vm_address to)
{
	struct sockaddr_un name = pair_name(to.port);

	if (to.cid != CID_LOCAL)
		return -EHOSTUNREACH;
	return sys_connect(fd, &name, PAIR_LENGTH) ?: -EINPROGRESS;
}

static inline int pair_connect_back(int fd, int listener)
{
	struct sockaddr_un un;
	socklen_t len = sizeof un;
	int result = sys_getsockname(listener, &un, &len);

	return result < 0 ? result : sys_connect(fd, &un, len);
}

static inline int pair_set_connect_timeout(int fd, uint64_t us)
{
	return 0;
}

/* What waits to be read counts for the sender, and cannot be set from here. */
static inline int pair_set_buffer(int fd, uint64_t size)
{
	return 0;
}

static inline int pair_get_buffer(int fd, uint64_t *size)
{
	*size = UINT64_MAX;
	return 0;
}

/* ---- names ---- */

static inline bool pair_read_name(const void *addr, socklen_t len, struct vm_address *name)
{
	const struct sockaddr_un *un = addr;

	if (len < PAIR_LENGTH || un->sun_family != AF_UNIX ||
	    memcmp(un->sun_path, "\0" PAIR_NAME, 1 + PAIR_PORT) != 0)
		return false;
	*name = (struct vm_address){.cid = CID_LOCAL};
	for (unsigned i = 1 + PAIR_PORT; i < sizeof PAIR_NAME; i++)
		name->port = name->port * 10 + (uint32_t)(un->sun_path[i] - '0');
	return true;
}

/* ---- the words of a mark ---- */

/* Every socket has the option: where it is of another family, it is the program's. */
static inline int pair_get_word_a(int fd, uint64_t *a)
{
	socklen_t len = sizeof *a;
	int domain, result = sys_getsockopt_int(fd, SOL_SOCKET, SO_DOMAIN, &domain);

	if (result < 0 || domain != AF_UNIX)
		return result;
	return sys_getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, a, &len) ?: 1;
}

static inline int pair_set_word_a(int fd, uint64_t a)
{
	return sys_setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &a, sizeof a);
}

static inline bool pair_has_word_b(void)
{
	return false;
}

/* A caller may have no name: one that knows nothing of vsockify. */
static inline int pair_caller(int listener, int fd, const void *given, socklen_t len,
			      struct vm_address *caller)
{
	uint64_t a;
	int result = pair_get_word_a(listener, &a);

	if (result <= 0)
		return result;
	if (!pair_read_name(given, len, caller))
		*caller = (struct vm_address){CID_LOCAL, PORT_ANY, NULL};
	return pair_set_word_a(fd, a) ?: 1;
}

/* ---- errors, and who is who ---- */

static inline int pair_tcp_error(int error)
{
	return error;
}

static inline const char *pair_usual_cause(int error)
{
	return "";
}

static inline uint32_t pair_own_cid(const struct ruleset *rs, uint32_t peer)
{
	return CID_LOCAL;
}

static inline bool pair_is_loopback(uint32_t cid)
{
	return cid == CID_LOCAL;
}

/* No other machine gets here. */
static inline int pair_bind_outside(int fd, const struct ruleset *rs, uint32_t port, bool taken)
{
	return -EADDRNOTAVAIL;
}

#pragma GCC diagnostic pop

#endif
