/* SPDX-License-Identifier: MIT */
/*
 * muxer.c - Unix sockets that lead to a guest, or from it
 */
#include "muxer.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "../kernel/decimal.h"
#include "file.h"

/* Client's names: a NUL, this, and the port. */
static const char prefix[] = "vsockify/";

#define PATH_AT offsetof(struct sockaddr_un, sun_path)

bool muxer_is_meant(const struct ruleset *rs)
{
	for (uint32_t i = 0; i < rs->peer_count; i++)
		if (ruleset_peers(rs)[i].socket)
			return true;
	/* those that are pending; and servers whose connections the broker hands over */
	return rs->proxy_count > 0 || rs->accepts_proxy;
}

/* ---- names ---- */

/* The name of a client with this port; how long it is. */
static socklen_t client_name(struct sockaddr_un *un, uint32_t port)
{
	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(un->sun_path + 1, prefix, sizeof prefix - 1);
	return (socklen_t)(decimal_put(un->sun_path + sizeof prefix, port) - (char *)un);
}

/* The beginning of the name of a server to which connections are handed; then come the key, and
 * "_PORT". */
static const char private_prefix[] = "vsockify/proxied/";

static socklen_t private_name(struct sockaddr_un *un, uint32_t port,
			      const uint8_t key[MUXER_KEY_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *at = un->sun_path + sizeof private_prefix;

	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(un->sun_path + 1, private_prefix, sizeof private_prefix - 1);
	for (int i = 0; i < MUXER_KEY_SIZE; i++) {
		*at++ = digits[key[i] >> 4];
		*at++ = digits[key[i] & 15];
	}
	*at = '_';
	return (socklen_t)(decimal_put(at + 1, port) - (char *)un);
}

bool muxer_is_private(int fd)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	socklen_t len = sizeof own;

	return sys_getsockname(fd, &own, &len) == 0 && own.sun_family == AF_UNIX &&
	       len > PATH_AT + sizeof private_prefix && !own.sun_path[0] &&
	       memcmp(own.sun_path + 1, private_prefix, sizeof private_prefix - 1) == 0;
}

/* PATH_PORT, or PATH alone; 0 if it is too long, which the rules do not let be */
static socklen_t server_name(struct sockaddr_un *un, struct vm_address to)
{
	size_t length = strlen(to.path);
	char *end = un->sun_path + length;

	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (length + sizeof "_4294967295" > sizeof un->sun_path)
		return 0;
	memcpy(un->sun_path, to.path, length);
	if (to.port != PORT_OF_PATH) {
		*end = '_';
		end = decimal_put(end + 1, to.port);
	}
	return (socklen_t)(end + 1 - (char *)un);
}

bool muxer_is_at(int fd, struct vm_address to)
{
	struct sockaddr_un own, wanted;
	socklen_t len = sizeof own, wanted_len = server_name(&wanted, to);

	return sys_getsockname(fd, &own, &len) == 0 && len == wanted_len &&
	       memcmp(&own, &wanted, len) == 0;
}

/* The number at the end of a text of this length; PORT_ANY if there is none. */
static uint32_t trailing_port(const char *text, size_t length)
{
	size_t first = length;
	uint64_t port = 0;

	while (first > 0 && text[first - 1] >= '0' && text[first - 1] <= '9')
		first--;
	for (size_t i = first; i < length && port < PORT_ANY; i++)
		port = port * 10 + (uint64_t)(text[i] - '0');
	return first == length || port > PORT_ANY ? PORT_ANY : (uint32_t)port;
}

bool muxer_read_name(const void *addr, socklen_t len, struct vm_address *name)
{
	const struct sockaddr_un *un = addr;
	size_t length = len > PATH_AT ? len - PATH_AT : 0;

	if (len < PATH_AT || un->sun_family != AF_UNIX)
		return false;
	if (length > 0 && un->sun_path[0] && !un->sun_path[length - 1])
		length--; /* a path, with its NUL */
	*name = (struct vm_address){CID_ANY, trailing_port(un->sun_path, length), ""};
	return true;
}

/* The range that clients' ports come from by default */
#define FIRST_PORT 32768
#define PORTS      28232

uint16_t muxer_made_port(uint64_t cookie)
{
	return (uint16_t)(FIRST_PORT + cookie % PORTS);
}

int muxer_peer(int fd, struct vm_address *name)
{
	sa_family_t family = AF_UNSPEC;
	socklen_t len = sizeof family;
	uint64_t cookie = 0;
	int result = sys_getpeername(fd, &family, &len);

	if (result == 0)
		result = sys_cookie(fd, &cookie);
	if (result < 0)
		return result;
	*name = (struct vm_address){CID_ANY, muxer_made_port(cookie), ""};
	return family == AF_UNIX;
}

int muxer_caller(int listener, int accepted, struct vm_address *caller)
{
	uint64_t a;
	int result = muxer_get_word_a(listener, &a);

	if (result <= 0 || a == UINT64_MAX) /* "no limit": nothing was written */
		return result < 0 ? result : 0;
	result = muxer_set_word_a(accepted, a);
	return result < 0 ? result : muxer_peer(accepted, caller);
}

/* ---- sockets ---- */

static int bind_server(int fd, struct vm_address to)
{
	struct sockaddr_un un;
	socklen_t len = server_name(&un, to);
	int result = len ? sys_bind(fd, &un, len) : -ENAMETOOLONG;

	if (result != -EADDRINUSE || !file_remove_stale(&un, len))
		return result;
	return sys_bind(fd, &un, len);
}

int muxer_bind(int fd, struct vm_address to)
{
	struct sockaddr_un un;
	socklen_t length;
	uint64_t cookie = 0;

	if (to.port == PORT_ANY) { /* above those of 16 bits, one that is no other socket's */
		sys_cookie(fd, &cookie);
		to.port = UINT16_MAX + 1 + (uint32_t)(cookie % (PORT_ANY - UINT16_MAX - 1));
	}
	if (*to.path)
		return bind_server(fd, to);
	length = client_name(&un, to.port);
	return sys_bind(fd, &un, length);
}

int muxer_bind_private(int fd, uint32_t port, const uint8_t key[MUXER_KEY_SIZE])
{
	struct sockaddr_un un;
	socklen_t length = private_name(&un, port, key);

	return sys_bind(fd, &un, length);
}

int muxer_connect_private(int fd, uint32_t port, const uint8_t key[MUXER_KEY_SIZE])
{
	struct sockaddr_un un;
	socklen_t length = private_name(&un, port, key);

	return sys_connect(fd, &un, length);
}

int muxer_admit(int fd, uint32_t mode, uint32_t group)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t len = sizeof un;
	int result = sys_getsockname(fd, &un, &len);

	return result < 0 ? result : file_admit(un.sun_path, mode, group);
}

int muxer_link(int fd, struct vm_address to)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX}, un;
	socklen_t own_len = sizeof own, len = server_name(&un, to);
	int result = sys_getsockname(fd, &own, &own_len);

	if (!len)
		return -ENAMETOOLONG;
	return result < 0 ? result : file_link(own.sun_path, &un, len);
}

int muxer_pid(int fd)
{
	struct ucred creds = {.pid = 0};
	socklen_t len = sizeof creds;
	int result = sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &creds, &len);

	return result < 0 ? result : creds.pid;
}

int muxer_connect(int fd, struct vm_address to)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	size_t length = strlen(to.path);

	if (length >= sizeof un.sun_path)
		return -ENAMETOOLONG;
	memcpy(un.sun_path, to.path, length);
	return sys_connect(fd, &un, sizeof un);
}

int muxer_connect_back(int fd, int listener)
{
	struct sockaddr_un un;
	socklen_t len = sizeof un;
	int result = sys_getsockname(listener, &un, &len);

	return result < 0 ? result : sys_connect(fd, &un, len);
}

/* What waits to be read is in the sender's buffer here: this one's is what the VMM has not
 * taken. The kernel doubles the size, and cuts it (net.core.wmem_max). */
int muxer_set_buffer(int fd, uint64_t size)
{
	int half = size / 2 < INT_MAX ? (int)(size / 2) : INT_MAX;

	return sys_setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof half);
}

int muxer_get_buffer(int fd, uint64_t *size)
{
	int number = 0, result = sys_getsockopt_int(fd, SOL_SOCKET, SO_SNDBUF, &number);

	*size = (uint64_t)number;
	return result;
}

/* ---- the word ---- */

int muxer_get_word_a(int fd, uint64_t *a)
{
	socklen_t len = sizeof *a;
	int result = sys_getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, a, &len);

	return result < 0 ? result : len == sizeof *a;
}

int muxer_set_word_a(int fd, uint64_t a)
{
	return sys_setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &a, sizeof a);
}

const char *muxer_usual_cause(int error)
{
	switch (error) {
	case EAFNOSUPPORT:
		return "Unix sockets are forbidden here: a systemd unit's "
		       "RestrictAddressFamilies= must have AF_UNIX";
	case EPERM:
		return "a seccomp profile or a security module forbids it: see vsockify "
		       "--doctor";
	case ENOENT:
	case ENOTDIR:
		return "there is no such path: does the VM run, and is the path right? see "
		       "vsockify --doctor";
	case ECONNREFUSED:
		return "nobody listens at the VMM's socket: the VM does not run any more";
	case ETIMEDOUT:
		return "the VMM has taken no connection within connect_timeout: is it stopped?";
	case EACCES:
		return "this user may not write to the VMM's socket, or not enter its "
		       "directory";
	case EPROTOTYPE:
	case ENOTSOCK:
		return "that is no stream socket: is it the VMM's?";
	case EADDRINUSE:
		return "another program listens for this guest's calls there";
	case EROFS:
	case ENOSPC:
		return "the VMM's directory cannot have another file: servers make sockets "
		       "there";
	default:
		return "";
	}
}
