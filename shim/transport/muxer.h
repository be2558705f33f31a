/* SPDX-License-Identifier: MIT */
/*
 * muxer.h - a guest's VM sockets where its VMM shows them to the host as Unix sockets
 *
 * Theory of operation
 *
 * Firecracker, Cloud Hypervisor and vhost-device-vsock listen at one path for each guest. Who
 * wants a port of the guest connects there and names it (route/muxer.h has that dialogue); a
 * guest's call to port P of the host arrives at PATH_P, where a server of the host listens.
 *
 * libkrun has a path for each port instead (PORT_OF_PATH), where nobody has to be named.
 *
 * A client's socket is bound to an abstract name with its port, so that ports are unique in the
 * network namespace, as TCP's are, and `ss -x` shows them; a server's has PATH_P, and so have
 * the sockets that it accepts. Whose port a guest calls from is not known: one is made from the
 * socket's cookie, which never changes.
 *
 * Of the words of a mark (mark.h), only A has a place here: SO_MAX_PACING_RATE, which means
 * nothing to a Unix socket and is not inherited, so accept() writes it. What does not fit goes
 * to the filter. (SO_INCOMING_CPU would have room, and is read back like any other option.)
 *
 * A server whose connections are handed to it by the broker (proxied.h) listens at an abstract
 * name too, that nobody can guess, with its port at the end.
 *
 * What each function is for: transport.h. All are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_TRANSPORT_MUXER_H
#define VSOCKIFY_TRANSPORT_MUXER_H

#include "../../config/ruleset.h"
#include "../kernel/sys.h"
#include "address.h"

#define MUXER_SOCKET "a Unix socket"

#define MUXER_KEY_SIZE 16

static inline int muxer_socket(int flags)
{
	return sys_socket(AF_UNIX, SOCK_STREAM | flags, 0);
}

static inline bool muxer_is_family(int family)
{
	return family == AF_UNIX;
}

/* muxer_is_meant() - can the rules make of a socket a Unix socket: a VMM's, or one to the
 * broker?
 */
bool muxer_is_meant(const struct ruleset *rs);

int muxer_bind(int fd, struct vm_address to);
bool muxer_is_at(int fd, struct vm_address to);
int muxer_bind_private(int fd, uint32_t port, const uint8_t key[MUXER_KEY_SIZE]);
bool muxer_is_private(int fd);
int muxer_connect_private(int fd, uint32_t port, const uint8_t key[MUXER_KEY_SIZE]);
int muxer_admit(int fd, uint32_t mode, uint32_t group);
int muxer_link(int fd, struct vm_address to);
int muxer_connect(int fd, struct vm_address to);
int muxer_connect_back(int fd, int listener);
int muxer_set_buffer(int fd, uint64_t size);
int muxer_get_buffer(int fd, uint64_t *size);

bool muxer_read_name(const void *addr, socklen_t len, struct vm_address *name);

int muxer_peer(int fd, struct vm_address *name);
int muxer_pid(int fd);
int muxer_caller(int listener, int accepted, struct vm_address *caller);

/* muxer_made_port() - one that a socket shows where nobody knows its own: made from its cookie
 */
uint16_t muxer_made_port(uint64_t cookie);

int muxer_get_word_a(int fd, uint64_t *a);
int muxer_set_word_a(int fd, uint64_t a);

/* muxer_tcp_error() - of connect() at the VMM's path */
static inline int muxer_tcp_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENOTSOCK:
	case ECONNREFUSED: /* the file is there, and nobody listens */
	case EPROTOTYPE:
		return EHOSTUNREACH;
	default:
		return error;
	}
}

const char *muxer_usual_cause(int error);

/* muxer_own_cid() - which every VMM gives its host */
static inline uint32_t muxer_own_cid(void)
{
	return CID_HOST;
}

#endif
