/* SPDX-License-Identifier: MIT */
/*
 * unconnected.c - reading and writing where there is no connection: not yet, or no more
 */
#include "unconnected.h"

#include <limits.h>
#include <signal.h>

#include "engine.h"
#include "kernel/memory.h"
#include "kernel/sys.h"
#include "mark.h"
#include "queue.h"
#include "settle.h"
#include "transport/transport.h"
#include "wait.h"

/* What becomes of a call that failed: an errno, or */
enum { AGAIN = 0, THE_END = -1 };

/* ---- bad pointers ---- */

/*
 * A VM socket says ENOMEM where the program's data is not to be had
 * (virtio_transport_alloc_skb(), __vsock_stream_recvmsg()), and where there is no memory.
 */
static void tell_fault(const struct iovec *parts, size_t count, bool (*usable)(void *, size_t))
{
	for (size_t i = 0; errno == ENOMEM && i < count; i++)
		if (!usable(parts[i].iov_base, parts[i].iov_len))
			errno = EFAULT;
}

void unconnected_receive_fault(void *data, size_t size)
{
	tell_fault(&(struct iovec){data, size}, 1, memory_ask_writable);
}

void unconnected_receive_faults(const struct iovec *parts, size_t count)
{
	tell_fault(parts, count, memory_ask_writable);
}

static bool may_be_sent(void *data, size_t size)
{
	return memory_ask_readable(data, size);
}

/* Out of line: what is frequent must not pay for what is rare. */
__attribute__((noinline)) static void send_fault(const void *data, size_t size)
{
	tell_fault(&(struct iovec){(void *)data, size}, 1, may_be_sent);
}

/* ---- there is none yet, or it could not be made ---- */

/* Is it a blocking call? If that cannot be found out, not: nobody hangs who must not. */
static bool may_wait(int fd, int flags)
{
	int file_flags = flags & MSG_DONTWAIT ? -1 : sys_fcntl(fd, F_GETFL, 0);

	return file_flags >= 0 && !(file_flags & O_NONBLOCK);
}

/* While an attempt is under way */
static int connecting(int fd, int flags)
{
	int error;

	if (!may_wait(fd, flags))
		return EAGAIN;
	error = -wait_connected(fd);
	return error == EINPROGRESS ? EAGAIN : error;
}

/* What TCP says where a VM socket says ENOTCONN. A question that the kernel does not answer
 * leaves it at that. */
static int not_connected(int fd, const struct mark *m, int flags)
{
	int error = 0, events, connected;

	if (m->peer.kind == PLACE_NONE) /* no connect() was called */
		return ENOTCONN;
	if (m->shut)
		return THE_END;
	events = sys_poll_now(fd, POLLOUT);
	if (events == 0)
		return connecting(fd, flags);
	connected = sys_connected(fd);
	if (events < 0 || connected < 0)
		return ENOTCONN;
	if (connected)
		return AGAIN;
	if (sys_getsockopt_int(fd, SOL_SOCKET, SO_ERROR, &error) == 0 && error)
		return tcp_error(error);
	/* TCP gives the end until a connect() has asked how the last one went, or a shutdown()
	 * has ended it */
	return m->begun && !(events & POLLHUP) ? THE_END : ENOTCONN;
}

/* A connection of the broker's that failed says ECONNRESET, whatever it failed with. The kernel
 * has told that once now. */
static void tell_failure(int fd)
{
	struct mark m;

	if (settle_may_be(fd) && settle(fd, &m) == HAS_FAILED)
		errno = settle_error(fd, ECONNRESET);
}

bool unconnected_says(int fd, int error)
{
	struct mark m;

	return error == ENOTCONN ||
	       (error == EINVAL && mark_head(fd, &m) == 1 && m.muxed && sys_connected(fd) == 0);
}

bool unconnected_receive_again(int fd, int flags, ssize_t *result)
{
	struct mark m;
	int outcome;

	if (*result < 0 && errno == ECONNRESET)
		tell_failure(fd);
	if (*result >= 0 || !unconnected_says(fd, errno) || mark_names(fd, &m) <= 0)
		return false;
	outcome = not_connected(fd, &m, flags);
	if (outcome == THE_END)
		*result = 0;
	else if (outcome != AGAIN)
		errno = outcome;
	return outcome == AGAIN;
}

/* ---- it is over ---- */

/*
 * Is it the peer's doing that nothing can be written, and does nobody know yet? A SHUT_WR of
 * our own shows as POLLHUP where both ends have shut down writing, and by the lack of POLLOUT
 * where only we have (vsock_poll()). A Unix socket shows its peer's end as POLLHUP, and of our
 * own nothing: there a shutdown() that was called is in the mark.
 */
static bool goes_nowhere(int fd, const struct mark *m)
{
	int events;

	if (m->silent || m->refused)
		return !m->silent;
	if (m->pending == PENDING_YES) /* it never was a connection */
		return false;
	events = sys_poll_now(fd, POLLOUT | POLLRDHUP);
	if (m->muxed)
		return events > 0 && events & POLLHUP && !m->shut;
	return events > 0 && !(events & POLLHUP) && events & (POLLRDHUP | POLLOUT);
}

/* A write of @size bytes failed with EPIPE: may the program go on for once? */
static bool is_forgiven(int fd, size_t size)
{
	struct mark before, after;

	if (mark_read(fd, &before) <= 0 || !goes_nowhere(fd, &before))
		return false;
	after = before;
	after.silent = true;
	return size == 0 || mark_write(fd, &before, &after) == 0;
}

/* As the kernel sends it with EPIPE: to this thread, blocked or ignored as it may be. */
static void send_sigpipe(void)
{
	SYS_CALL(SYS_tgkill, SYS_CALL(SYS_getpid), SYS_CALL(SYS_gettid), SIGPIPE);
}

/* May the program write no more, though the connection could (shutdown.h)? */
static bool is_mute(int fd)
{
	struct mark m;

	return engine_is_silent(fd) && mark_names(fd, &m) == 1 && is_held(&m);
}

/* As a write of the program's that finds the end. */
static ssize_t broken_pipe(int flags)
{
	if (!(flags & MSG_NOSIGNAL))
		send_sigpipe();
	errno = EPIPE;
	return -1;
}

static int without_connection(int fd, int flags)
{
	struct mark m;
	int outcome;

	if (mark_names(fd, &m) <= 0)
		return ENOTCONN;
	outcome = not_connected(fd, &m, flags);
	/* where there is nothing to read from, there is nothing to write to */
	return outcome == ENOTCONN || outcome == THE_END ? EPIPE : outcome;
}

/*
 * send_again() - is a write of @size bytes, made with MSG_NOSIGNAL, to be tried again?
 * @flags: as the program gave them
 * @result: of the call, with errno; is replaced by what TCP gives
 */
static bool send_again(int fd, int flags, size_t size, ssize_t *result)
{
	int error = errno, failure;

	if (*result >= 0 || (error != EPIPE && error != ENOTCONN))
		return false;
	failure = error == EPIPE ? settle_failure(fd) : 0;
	if (failure) {
		errno = failure;
		return false;
	}
	if (error == EPIPE && is_forgiven(fd, size)) {
		*result = (ssize_t)size;
		return false;
	}
	if (error == ENOTCONN)
		error = without_connection(fd, flags);
	if (error == EPIPE && !(flags & MSG_NOSIGNAL))
		send_sigpipe();
	if (error == AGAIN)
		return true;
	errno = error;
	return false;
}

/* What says ENOTCONN though it has a peer (a guest that was migrated) may say so for ever. */
#define TRIES 2

ssize_t unconnected_send(int fd, const void *data, size_t size, int flags)
{
	int saved = errno;
	ssize_t result;

	if (__builtin_expect(is_mute(fd), 0))
		return broken_pipe(flags);
	result = engine_send(fd, data, size, flags | MSG_NOSIGNAL);
	for (int tries = 1; send_again(fd, flags, size, &result) && tries < TRIES; tries++)
		result = engine_send(fd, data, size, flags | MSG_NOSIGNAL);
	if (result >= 0)
		errno = saved;
	else
		send_fault(data, size);
	return result;
}

ssize_t unconnected_sendmsg(int fd, const struct msghdr *message, int flags)
{
	int saved = errno;
	ssize_t result;

	if (__builtin_expect(is_mute(fd), 0))
		return broken_pipe(flags);
	result = engine_sendmsg(fd, message, flags | MSG_NOSIGNAL);
	for (int tries = 1;
	     result < 0 && (errno == EPIPE || errno == ENOTCONN) &&
	     send_again(fd, flags, sys_message_size(message), &result) && tries < TRIES;
	     tries++)
		result = engine_sendmsg(fd, message, flags | MSG_NOSIGNAL);
	if (result >= 0)
		errno = saved;
	else if (errno == ENOMEM) /* then the kernel has read the message */
		tell_fault(message->msg_iov, message->msg_iovlen, may_be_sent);
	return result;
}

/* ---- write and read ---- */

/* The hint was of something that had this number before. */
static bool is_no_socket(int fd, ssize_t result)
{
	if (result >= 0 || errno != ENOTSOCK)
		return false;
	engine_clear(fd);
	return true;
}

ssize_t unconnected_write(int fd, const void *data, size_t size)
{
	int saved = errno;
	ssize_t result = unconnected_send(fd, data, size, 0);

	if (!is_no_socket(fd, result))
		return result;
	errno = saved;
	return engine_write(fd, data, size);
}

ssize_t unconnected_writev(int fd, const struct iovec *parts, int count)
{
	struct msghdr message = {.msg_iov = (struct iovec *)parts};
	int saved = errno;
	ssize_t result;

	if (count < 0 || count > IOV_MAX)
		return engine_writev(fd, parts, count);
	message.msg_iovlen = (size_t)count;
	result = unconnected_sendmsg(fd, &message, 0);
	if (!is_no_socket(fd, result))
		return result;
	errno = saved;
	return engine_writev(fd, parts, count);
}

/* Out of line: what succeeds costs nothing for it. */
__attribute__((noinline)) static ssize_t failed_read(int fd, void *data, size_t size)
{
	ssize_t result = -1;

	if (unconnected_receive_again(fd, 0, &result))
		result = engine_read(fd, data, size);
	if (result < 0)
		unconnected_receive_fault(data, size);
	return result;
}

ssize_t unconnected_read(int fd, void *data, size_t size)
{
	int saved = errno;
	ssize_t result = engine_read(fd, data, size);

	if (__builtin_expect(result < 0, 0))
		result = failed_read(fd, data, size);
	queue_note_read(fd, result);
	if (result >= 0)
		errno = saved;
	return result;
}

ssize_t unconnected_readv(int fd, const struct iovec *parts, int count)
{
	int saved = errno;
	ssize_t result = engine_readv(fd, parts, count);

	if (unconnected_receive_again(fd, 0, &result))
		result = engine_readv(fd, parts, count);
	queue_note_read(fd, result);
	if (result >= 0)
		errno = saved;
	else
		unconnected_receive_faults(parts, (size_t)count);
	return result;
}
