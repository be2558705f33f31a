/* SPDX-License-Identifier: MIT */
/*
 * message.c - the calls of the send and recv families that need help on VM sockets
 *
 * Theory of operation
 *
 * Data is the kernel's business: these calls go to libc after one look at their arguments, and
 * are looked at again where there is no connection (unconnected.h). What is left:
 *
 *   - an address given to a connected TCP socket is ignored, to a VM socket it is an error;
 *   - MSG_FASTOPEN connects first;
 *   - MSG_TRUNC makes TCP throw data away, VM sockets do not know it;
 *   - sockets that arrive over a Unix socket bring options that hints know nothing of.
 */
#include "message.h"

#include <netinet/tcp.h>
#include <string.h>
#include <sys/uio.h>

#include "connect.h"
#include "convert.h"
#include "engine.h"
#include "kernel/endpoint.h"
#include "kernel/memory.h"
#include "kernel/sys.h"
#include "named.h"
#include "queue.h"
#include "scratch.h"
#include "unconnected.h"

static bool is_converted(int fd)
{
	struct mark m;

	return mark_head(fd, &m) == 1;
}

/* May a message and its vector be looked at? If not, the kernel is to say what is wrong. */
static bool is_readable(const struct msghdr *message)
{
	return memory_readable(message, sizeof *message) && message->msg_iovlen <= UIO_MAXIOV &&
	       memory_readable(message->msg_iov, message->msg_iovlen * sizeof(struct iovec));
}

/* ---- descriptors that go along ---- */

/* One that came. It may be a duplicate of one that is here. */
static void note_received(int fd)
{
	if (is_converted(fd)) {
		engine_accepted(fd);
	} else {
		engine_unmade(fd);
		engine_scattered(fd);
	}
}

/* One that was sent, perhaps to this process. */
static void note_sent(int fd)
{
	if (engine_is_plain(fd))
		engine_scattered(fd);
}

/* Call @note for each descriptor in a message that the kernel has read or written; are there
 * any? */
static bool each_passed(const struct msghdr *message, void (*note)(int fd))
{
	struct msghdr *m = (struct msghdr *)message; /* what CMSG_NXTHDR() wants */
	bool any = false;
	int fd;

	if (!m->msg_control || !m->msg_controllen)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		any = true;
		for (size_t at = CMSG_LEN(0); at + sizeof fd <= c->cmsg_len; at += sizeof fd) {
			memcpy(&fd, (char *)c + at, sizeof fd);
			note(fd);
		}
	}
	return any;
}

/* ---- send ---- */

/* Does the error of a send() with an address come from a VM socket's dislike of addresses? */
static bool refused_for_address(int fd)
{
	return (errno == EISCONN || errno == EOPNOTSUPP) && is_converted(fd);
}

/*
 * fast_open() - the connect() that MSG_FASTOPEN asks for
 * Return: 1: connected, send the data; 0: not for us, let libc do all; -1: failed, errno set
 */
static int fast_open(int fd, const struct sockaddr *addr, socklen_t len)
{
	char name[HOST_MAX + 1];
	struct endpoint to;
	struct subject s;
	int saved = errno, result;

	if (!addr)
		return sys_return(connect_unaddressed(fd));
	if (!endpoint_given(addr, len) || !endpoint_parse(addr, len, &to) ||
	    named_decide(rules(), &to, name).action == ACTION_PASS)
		return 0;
	result = inspect(fd, &s);
	if (result < 0)
		return sys_return(result);
	if (s.kind == SUBJECT_OTHER)
		return 0;
	if (shim_connect(fd, addr, len) < 0)
		return -1;
	errno = saved;
	return 1;
}

/* The two without an address */
static ssize_t plain_send(int fd, const void *data, size_t size, int flags)
{
	if (engine_was_converted(fd))
		return unconnected_send(fd, data, size, flags);
	return engine_sendto(fd, data, size, flags, NULL, 0);
}

static ssize_t plain_sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (engine_was_converted(fd))
		return unconnected_sendmsg(fd, message, flags);
	return engine_sendmsg(fd, message, flags);
}

ssize_t message_sendto(int fd, const void *data, size_t size, int flags,
		       const struct sockaddr *addr, socklen_t len)
{
	const struct ruleset *rs = rules();
	ssize_t result;
	int saved = errno;

	if (flags & MSG_FASTOPEN) {
		int opened = fast_open(fd, addr, len);

		if (opened)
			return opened < 0 ? -1
					  : plain_send(fd, data, size, flags & ~MSG_FASTOPEN);
	}
	if (!addr)
		return plain_send(fd, data, size, flags);
	if (named_refuses(rs, fd, addr, len))
		return sys_return(-ENETUNREACH);
	result = engine_sendto(fd, data, size, flags, addr, len);
	if (result >= 0 || !refused_for_address(fd))
		return result;
	errno = saved;
	return plain_send(fd, data, size, flags);
}

static ssize_t send_without_name(int fd, const struct msghdr *message, int flags)
{
	struct msghdr plain = *message;

	plain.msg_name = NULL;
	plain.msg_namelen = 0;
	return plain_sendmsg(fd, &plain, flags);
}

/* Would it go by IP to what stands for a host name? */
static bool names_nobody(int fd, const struct msghdr *message)
{
	const struct ruleset *rs = rules();

	return __builtin_expect(rs->takes_names, 0) && is_readable(message) &&
	       message->msg_name &&
	       named_refuses(rs, fd, message->msg_name, message->msg_namelen);
}

ssize_t message_sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t result;
	int saved = errno;

	if (names_nobody(fd, message))
		return sys_return(-ENETUNREACH);
	if (flags & MSG_FASTOPEN && is_readable(message) &&
	    memory_readable(message->msg_control, message->msg_controllen)) {
		int opened = fast_open(fd, message->msg_name, message->msg_namelen);

		if (opened)
			return opened < 0
				       ? -1
				       : send_without_name(fd, message, flags & ~MSG_FASTOPEN);
	}
	/* the kernel looks at it first: from where, and whether there is a name */
	result = plain_sendmsg(fd, message, flags);
	if (result >= 0)
		each_passed(message, note_sent);
	if (result >= 0 || !refused_for_address(fd))
		return result;
	errno = saved;
	return send_without_name(fd, message, flags);
}

/* Is the error of a sendmmsg() one that message_sendmsg() knows how to mend? */
static bool is_mendable(int fd)
{
	if (engine_was_converted(fd) &&
	    (errno == EPIPE || errno == ENOTCONN || errno == ENOMEM))
		return true;
	return refused_for_address(fd);
}

int message_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	int saved = errno, quiet = engine_was_converted(fd) ? MSG_NOSIGNAL : 0, result;
	unsigned sent;

	/* each message has an address of its own: then one by one */
	if (!(flags & MSG_FASTOPEN) && !rules()->takes_names) {
		result = engine_sendmmsg(fd, messages, count, flags | quiet);
		for (int i = 0; i < result; i++)
			each_passed(&messages[i].msg_hdr, note_sent);
		if (result >= 0 || !is_mendable(fd))
			return result;
		errno = saved;
	}
	for (sent = 0; sent < count; sent++) {
		ssize_t size = message_sendmsg(fd, &messages[sent].msg_hdr, flags);

		if (size >= 0 && !memory_writable(&messages[sent].msg_len, sizeof(unsigned)))
			size = sys_return(-EFAULT);
		if (size < 0)
			return sent ? (int)sent : -1;
		messages[sent].msg_len = (unsigned)size;
	}
	return (int)sent;
}

/* ---- recv ---- */

static ssize_t plain_recv(int fd, void *data, size_t size, int flags, struct sockaddr *addr,
			  socklen_t *len)
{
	int saved = errno;
	ssize_t result = engine_recvfrom(fd, data, size, flags, addr, len);

	if (unconnected_receive_again(fd, flags, &result))
		result = engine_recvfrom(fd, data, size, flags, addr, len);
	if (!(flags & MSG_PEEK))
		queue_note_read(fd, result);
	if (result >= 0)
		errno = saved;
	else
		unconnected_receive_fault(data, size);
	return result;
}

static ssize_t plain_recvmsg(int fd, struct msghdr *message, int flags)
{
	int saved = errno;
	ssize_t result = engine_recvmsg(fd, message, flags);

	if (unconnected_receive_again(fd, flags, &result))
		result = engine_recvmsg(fd, message, flags);
	if (!(flags & MSG_PEEK))
		queue_note_read(fd, result);
	if (result >= 0)
		errno = saved;
	else if (errno == ENOMEM) /* then the kernel has read the message */
		unconnected_receive_faults(message->msg_iov, message->msg_iovlen);
	return result;
}

/* With MSG_TRUNC TCP throws the data away. */
static bool throws_away(int fd, int flags)
{
	return flags & MSG_TRUNC && !(flags & MSG_ERRQUEUE) && is_converted(fd);
}

/*
 * In the error queue of a VM socket stands what became of MSG_ZEROCOPY, and nothing else. Older
 * kernels (5.10) have none there, nor has a Unix socket: MSG_ERRQUEUE means nothing to them,
 * and takes away what is to be read.
 */
static bool has_no_error(int fd, int flags)
{
	int tells = 0;

	return flags & MSG_ERRQUEUE && is_converted(fd) &&
	       (sys_getsockopt_int(fd, SOL_SOCKET, SO_ZEROCOPY, &tells) < 0 || !tells);
}

/*
 * A VM socket refuses to wait for as much as its buffer holds (ENOMEM, from
 * __vsock_stream_recvmsg()); TCP does not. So a large MSG_WAITALL is taken in pieces.
 */
#define WAITALL_PIECE 65536

static bool waits_for_much(int fd, size_t size, int flags)
{
	return flags & MSG_WAITALL && !(flags & MSG_PEEK) && size > WAITALL_PIECE &&
	       is_converted(fd);
}

static ssize_t receive_in_pieces(int fd, char *data, size_t size, int flags)
{
	size_t done = 0;
	int saved = errno;

	while (done < size) {
		size_t piece = size - done < WAITALL_PIECE ? size - done : WAITALL_PIECE;
		ssize_t got = plain_recv(fd, data + done, piece, flags, NULL, NULL);

		if (got < 0 && done == 0)
			return -1;
		if (got > 0)
			done += (size_t)got;
		if (got < (ssize_t)piece)
			break;
	}
	errno = saved;
	return (ssize_t)done;
}

static ssize_t receive_parts(int fd, const struct msghdr *message, int flags)
{
	int saved = errno;
	ssize_t done = 0, got;

	for (size_t i = 0; i < (size_t)message->msg_iovlen; i++) {
		const struct iovec *part = &message->msg_iov[i];

		if (!part->iov_len)
			continue;
		got = receive_in_pieces(fd, part->iov_base, part->iov_len, flags);
		if (got < 0 && done == 0)
			return -1;
		if (got > 0)
			done += got;
		if (got < (ssize_t)part->iov_len)
			break;
	}
	errno = saved;
	return done;
}

ssize_t message_recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *addr,
			 socklen_t *len)
{
	ssize_t result;

	rules();
	if (throws_away(fd, flags))
		result = scratch_receive(fd, size, flags & ~MSG_TRUNC, plain_recvmsg);
	else if (waits_for_much(fd, size, flags))
		result = receive_in_pieces(fd, data, size, flags);
	else if (has_no_error(fd, flags))
		return sys_return(-EAGAIN);
	else
		return plain_recv(fd, data, size, flags, addr, len);
	if (result < 0 || !addr)
		return result;
	if (!memory_writable(len, sizeof *len))
		return sys_return(-EFAULT);
	*len = 0;
	return result;
}

/* Sockets may have come with a message: their options are unknown. */
static void look_for_sockets(struct msghdr *message)
{
	if (each_passed(message, note_received))
		engine_foreign();
}

ssize_t message_recvmsg(int fd, struct msghdr *message, int flags)
{
	ssize_t result;

	rules();
	if (throws_away(fd, flags) && is_readable(message) &&
	    memory_writable(message, sizeof *message)) {
		message->msg_namelen = 0;
		message->msg_controllen = 0;
		message->msg_flags = 0;
		return scratch_receive(fd, sys_message_size(message), flags & ~MSG_TRUNC,
				       plain_recvmsg);
	}
	if (flags & MSG_WAITALL && is_readable(message) &&
	    memory_writable(message, sizeof *message) &&
	    waits_for_much(fd, sys_message_size(message), flags)) {
		message->msg_namelen = 0;
		message->msg_controllen = 0;
		message->msg_flags = 0;
		return receive_parts(fd, message, flags);
	}
	if (has_no_error(fd, flags))
		return sys_return(-EAGAIN);
	result = plain_recvmsg(fd, message, flags);
	if (result >= 0 && message)
		look_for_sockets(message);
	return result;
}

static int receive_one(int fd, struct mmsghdr *message, int flags)
{
	ssize_t size = message_recvmsg(fd, &message->msg_hdr, flags & ~MSG_WAITFORONE);

	if (size < 0)
		return -1;
	if (!memory_writable(&message->msg_len, sizeof message->msg_len))
		return sys_return(-EFAULT);
	message->msg_len = (unsigned)size;
	return 1;
}

int message_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
		     struct timespec *timeout)
{
	int result;

	rules();
	if (count && throws_away(fd, flags))
		return receive_one(fd, messages, flags);
	if (has_no_error(fd, flags))
		return (int)sys_return(-EAGAIN);
	result = engine_recvmmsg(fd, messages, count, flags, timeout);
	if (result < 0 && count && (errno == ENOMEM || unconnected_says(fd, errno)))
		return receive_one(fd, messages, flags);
	for (int i = 0; i < result; i++) {
		look_for_sockets(&messages[i].msg_hdr);
		if (!(flags & MSG_PEEK))
			queue_note_read(fd, messages[i].msg_len);
	}
	return result;
}
