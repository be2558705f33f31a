/* SPDX-License-Identifier: MIT */
/*
 * transport.h - how bytes travel: all that the shim asks of the sockets that take TCP's place
 *
 * Theory of operation
 *
 * What becomes of a TCP socket (convert.h and all that uses it) is the same whatever the new
 * socket is made of. What is not, is here: one function for each question, and behind each
 * those who answer it: AF_VSOCK (vsock.h), and the Unix sockets of VMMs (muxer.h). The choice
 * is made here: by the rule when a socket is made, for its address has a path or none; by its
 * family or its mark (`muxed`) afterwards. AF_VSOCK is always asked first, and a Unix socket
 * only where that does not answer.
 *
 * Addresses are vsock addresses, CID and port, in host byte order (address.h). Every function
 * is async-signal-safe and leaves errno alone, and returns what the kernel does: 0 or more, or
 * a negated errno.
 */
#ifndef VSOCKIFY_TRANSPORT_H
#define VSOCKIFY_TRANSPORT_H

#include "muxer.h"
#include "vsock.h"

/* The level of the options that only its own sockets have */
#define TRANSPORT_LEVEL VSOCK_LEVEL

/* The family that is nobody else's */
#define TRANSPORT_FAMILY VSOCK_FAMILY

/* ---- sockets ---- */

/* transport_cannot_make() - what the log says if there is none: "cannot make an AF_VSOCK
 * socket"; @muxed: of a VMM's */
static inline const char *transport_cannot_make(bool muxed)
{
	return muxed ? "cannot make " MUXER_SOCKET : "cannot make " VSOCK_SOCKET;
}

/*
 * transport_socket() - make a stream socket
 * @muxed: one that leads to a VMM's socket, or from there (muxer.h)
 * @flags: SOCK_CLOEXEC, SOCK_NONBLOCK
 * Return: a descriptor
 */
static inline int transport_socket(bool muxed, int flags)
{
	return muxed ? muxer_socket(flags) : vsock_socket(flags);
}

/* transport_is_family() - is this value of SO_DOMAIN, or of an address, a transport's? */
static inline bool transport_is_family(int family)
{
	return vsock_is_family(family) || muxer_is_family(family);
}

/*
 * transport_may_be_meant() - the same where there will be no answer whether the socket is ours:
 * Unix sockets are everywhere, and ours where the rules know VMMs
 */
static inline bool transport_may_be_meant(const struct ruleset *rs, int family)
{
	return vsock_is_family(family) || (muxer_is_family(family) && muxer_is_meant(rs));
}

/*
 * transport_bind() - bind(2)
 * @to: CID_ANY: whoever calls; PORT_ANY: a port of the kernel's choice
 * Return: 0; -EADDRINUSE if the port is taken, -EADDRNOTAVAIL if this machine has no such CID
 */
static inline int transport_bind(int fd, struct vm_address to)
{
	return to.path ? muxer_bind(fd, to) : vsock_bind(fd, to);
}

/*
 * transport_admit() - say who may write to the path that a server is bound to, before it
 * listens
 * @mode, @group: NOT_SET leaves it as it is
 * Return: 0, or a negated errno, and the path is gone
 */
static inline int transport_admit(int fd, uint32_t mode, uint32_t group)
{
	return muxer_admit(fd, mode, group);
}

/*
 * transport_link() - let another VMM's path lead to the server that is bound to one
 * Return: 0; -EADDRINUSE if something else is there, -ENOENT if there is no such directory; or
 * another negated errno
 */
static inline int transport_link(int fd, struct vm_address to)
{
	return muxer_link(fd, to);
}

/*
 * ---- servers to which the broker hands connections (proxied.h) ----
 *
 * Such a one's socket stands for the VM socket of a port, which the broker has. The key is what
 * its name is made of.
 *
 * transport_bind_private() - bind it; transport_connect_private() - connect to it; 0, or a
 * negated errno
 * transport_is_private() - is it one, or was it accepted there?
 */
#define TRANSPORT_KEY_SIZE MUXER_KEY_SIZE

static inline int transport_bind_private(int fd, uint32_t port,
					 const uint8_t key[TRANSPORT_KEY_SIZE])
{
	return muxer_bind_private(fd, port, key);
}

static inline int transport_connect_private(int fd, uint32_t port,
					    const uint8_t key[TRANSPORT_KEY_SIZE])
{
	return muxer_connect_private(fd, port, key);
}

static inline bool transport_is_private(int fd)
{
	return muxer_is_private(fd);
}

/*
 * transport_pid() - the process at the other end of a Unix socket: of an accepted one, who
 * connected; of one that has connected, who listens there
 * Return: its number; 0 if it is none of this machine's, as seen from here; or a negated errno
 */
static inline int transport_pid(int fd)
{
	return muxer_pid(fd);
}

/*
 * transport_is_at() - is a socket bound to the port that transport_bind() to @to would take?
 * @own: its name
 */
static inline bool transport_is_at(int fd, const struct vm_address *own, struct vm_address to)
{
	if (to.path && own->path && muxer_is_at(fd, to))
		return true;
	return own->port == to.port && (own->path ? muxer_is_private(fd) : !to.path);
}

/* transport_connect() - connect(2): begin an attempt, if the socket is non-blocking */
static inline int transport_connect(int fd, struct vm_address to)
{
	return to.path ? muxer_connect(fd, to) : vsock_connect(fd, to);
}

/* transport_connect_back() - connect to a listener of this machine's; where it is AF_VSOCK's,
 * by CID 1 */
static inline int transport_connect_back(int fd, int listener, bool muxed)
{
	return muxed ? muxer_connect_back(fd, listener) : vsock_connect_back(fd, listener);
}

/* transport_set_connect_timeout() - for how many microseconds an attempt may take; nothing
 * where the kernel has no such setting */
static inline int transport_set_connect_timeout(int fd, uint64_t us)
{
	return vsock_set_connect_timeout(fd, us);
}

/*
 * transport_set_buffer(), transport_get_buffer() - how many bytes may wait here to be read
 *
 * Not before the mark is there: until then the largest size allowed is 256 KiB.
 */
static inline int transport_set_buffer(int fd, uint64_t size)
{
	int result = vsock_set_buffer(fd, size);

	return result == -EOPNOTSUPP ? muxer_set_buffer(fd, size) : result;
}

static inline int transport_get_buffer(int fd, uint64_t *size)
{
	int result = vsock_get_buffer(fd, size);

	return result == -EOPNOTSUPP ? muxer_get_buffer(fd, size) : result;
}

/* ---- names ---- */

/*
 * transport_read_name() - read what the kernel called a socket
 * @addr, @len: from getsockname(), getpeername(), accept(); of any family
 * Return: false if it is no address of a transport's, or not all of one
 */
static inline bool transport_read_name(const void *addr, socklen_t len, struct vm_address *name)
{
	return vsock_read_name(addr, len, name) || muxer_read_name(addr, len, name);
}

/*
 * transport_caller() - who has called?
 * @listener: where
 * @fd: the accepted socket; has its listener's word A afterwards
 * @given, @len: what accept() gave as the peer's address
 * Return: 1; 0: it is no socket of a transport's; or a negated errno
 */
static inline int transport_caller(int listener, int fd, const struct sockaddr_storage *given,
				   socklen_t len, struct vm_address *caller)
{
	int result = vsock_caller(listener, fd, given, len, caller);

	if (result == 0 && muxer_is_family(given->ss_family))
		result = muxer_caller(listener, fd, caller);
	return result;
}

/*
 * transport_local(), transport_peer() - getsockname(2), getpeername(2); the same for all
 * Return: 1; 0: the socket is of another family; or a negated errno
 */
static inline int transport_local(int fd, struct vm_address *name)
{
	struct sockaddr_storage given;
	socklen_t len = sizeof given;
	int result = sys_getsockname(fd, &given, &len);

	return result < 0 ? result : transport_read_name(&given, len, name);
}

static inline int transport_peer(int fd, struct vm_address *name)
{
	struct sockaddr_storage given;
	socklen_t len = sizeof given;
	int result = sys_getpeername(fd, &given, &len);

	if (result < 0)
		return result;
	return vsock_read_name(&given, len, name) ||
	       (muxer_is_family(given.ss_family) && muxer_peer(fd, name) == 1);
}

/* transport_made_port() - a client's, where nobody knows its own: made from its cookie */
static inline uint16_t transport_made_port(uint64_t cookie)
{
	return muxer_made_port(cookie);
}

/* ---- the words of a mark (mark.h) ---- */

/*
 * transport_get_word_a() - the word that says whether there is a mark
 * @muxed: set if the socket is a Unix socket
 * Return: 1; 0: the socket has none, being of another family; or a negated errno, which may
 * also mean that
 */
static inline int transport_get_word_a(int fd, uint64_t *a, bool *muxed)
{
	int result = vsock_get_word_a(fd, a);

	*muxed = result == -EOPNOTSUPP;
	return *muxed ? muxer_get_word_a(fd, a) : result;
}

static inline int transport_set_word_a(int fd, uint64_t a, bool muxed)
{
	return muxed ? muxer_set_word_a(fd, a) : vsock_set_word_a(fd, a);
}

/* transport_has_word_b() - is SO_MAX_PACING_RATE free for word B, or is word A there? */
static inline bool transport_has_word_b(bool muxed)
{
	return !muxed && vsock_has_word_b();
}

/* ---- errors ---- */

/* tcp_error() - the errno that TCP gives where the transport gives @error; both positive */
static inline int tcp_error(int error)
{
	return vsock_tcp_error(error);
}

/* transport_usual_cause() - what it usually means if a socket cannot be made, or goes nowhere,
 * for log_failure(); "" if there is nothing to say */
static inline const char *transport_usual_cause(int error, bool muxed)
{
	return muxed ? muxer_usual_cause(error) : vsock_usual_cause(error);
}

/* ---- who is who ---- */

/*
 * transport_own_cid() - the CID of this machine as @peer sees it
 * Return: CID_UNKNOWN if it could not be asked
 */
static inline uint32_t transport_own_cid(const struct ruleset *rs, struct vm_address peer)
{
	return peer.path ? muxer_own_cid() : vsock_own_cid(rs, peer.cid);
}

/* transport_is_loopback() - does a connection from or to @cid stay in this machine? */
static inline bool transport_is_loopback(uint32_t cid)
{
	return vsock_is_loopback(cid);
}

/*
 * transport_bind_outside() - bind to a CID that only other machines know this one by
 * @taken: this process has one such already
 * Return: as transport_bind()
 */
static inline int transport_bind_outside(int fd, const struct ruleset *rs, uint32_t port,
					 bool taken, bool muxed)
{
	return muxed ? -EADDRINUSE : vsock_bind_outside(fd, rs, port, taken);
}

#endif
