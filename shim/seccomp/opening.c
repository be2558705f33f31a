/* SPDX-License-Identifier: MIT */
/*
 * opening.c - connect(), and MSG_FASTOPEN
 */
#include "opening.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/uio.h>

#include "../attempt.h"
#include "../connect.h"
#include "../convert.h"
#include "../engine.h"
#include "../kernel/sys.h"
#include "../wait.h"
#include "answers.h"
#include "lookup.h"
#include "lost.h"

/* ---- connect() ---- */

/* Is it a call that sends? */
static bool is_send(const struct call *call)
{
	return call->data.nr == SYS_sendto || call->data.nr == SYS_sendmsg ||
	       call->data.nr == SYS_sendmmsg;
}

/* Is an attempt of ours under way already? */
static bool is_under_way(const struct call *call)
{
	struct mark m;

	return call->family == FAMILY_OURS && mark_names(call->fd, &m) == 1 &&
	       m.peer.kind != PLACE_NONE && !m.shut && sys_poll_now(call->fd, POLLOUT) == 0;
}

/* The end of an attempt that was waited for */
static int end_attempt(struct call *call)
{
	int result = wait_connected(call->fd);

	if (result == CALL_LATER)
		return result;
	if (result == -EINPROGRESS) { /* SO_SNDTIMEO; it goes on */
		attempt_note_begun(call->fd, true);
		return call->under_way ? -EALREADY : result;
	}
	if (call->under_way) /* by an earlier one, that noted it */
		attempt_note_begun(call->fd, false);
	return result;
}

/* The thread of an attempt that is waited for has gone: whoever connects next is told its end.
 */
void call_left(struct call *call)
{
	bool connects = call->data.nr == SYS_connect || is_send(call);

	if (connects && !call->passed && !call->opened && call->family != FAMILY_OTHER)
		attempt_note_begun(call->fd, true);
}

/* This call is made anew, and its attempt is under way already on a socket that could not be
 * put in place: do that. 1: there is none (a TCP socket was to be put back). */
static int take_up(struct call *call, int begun)
{
	struct conversion c;
	struct mark m;
	int result = mark_read(begun, &m);

	if (result != 1) {
		sys_close(begun);
		return result < 0 ? result : 1;
	}
	result = conversion_begin_with(&c, call->fd, begun);
	if (result == 0)
		result = conversion_exchange(&c, &m);
	if (result < 0)
		return result;
	return c.file_flags & O_NONBLOCK ? -EINPROGRESS : end_attempt(call);
}

static int connect_further(struct call *call)
{
	int begun, result = 1;

	if (call->again)
		return call->passed
			       ? call_result(seccomp_connect(call->fd,
							     (struct sockaddr *)&call->address,
							     call->address_len))
			       : end_attempt(call);
	/* a connection that is made is found to be in vain when it cannot be put in place */
	if (call->family == FAMILY_OURS && !call_is_there(call))
		return -ENOENT;
	begun = lost_take_begun(call);
	if (begun >= 0)
		result = take_up(call, begun);
	if (result != 1)
		return result;
	call->under_way = is_under_way(call);
	return call_result(
		shim_connect(call->fd, (struct sockaddr *)&call->address, call->address_len));
}

int open_connect(struct call *call)
{
	int result;

	if (call->family == FAMILY_OTHER)
		return lookup_was_led(call->fd) ? -EISCONN : CALL_CONTINUE;
	result = call->again
			 ? 0
			 : call_read_address(call, call->data.args[1], call_argument(call, 2));
	if (result == 0 && lookup_is(call))
		return lookup_lead(call);
	return result < 0 ? result : connect_further(call);
}

/* ---- MSG_FASTOPEN ---- */

#define CONTROL_MOST 20480 /* net.core.optmem_max, as it usually is */

/* What a call says, as far as it has been read */
struct letter {
	uint64_t name;
	int name_len;
	int flags;
	size_t part_count;
	struct iovec parts[UIO_MAXIOV];
};

/* It says nothing to a TCP socket that the rules could mean; but where it is, is looked at. */
static int check_control(const struct call *call, const struct msghdr *message)
{
	char control[CONTROL_MOST];

	if (message->msg_controllen > sizeof control)
		return -ENOBUFS;
	return message->msg_controllen
		       ? process_read(call->thread, (uintptr_t)message->msg_control, control,
				      message->msg_controllen)
		       : 0;
}

static int read_header(struct call *call, struct letter *l)
{
	struct msghdr message;
	int result = process_read(call->thread, call->data.args[1], &message, sizeof message);

	if (result < 0)
		return result;
	if (message.msg_iovlen > UIO_MAXIOV)
		return -EMSGSIZE;
	result = check_control(call, &message);
	if (result < 0)
		return result;
	l->name = (uintptr_t)message.msg_name;
	l->name_len = (int)message.msg_namelen;
	if (l->name && l->name_len > (int)sizeof call->address)
		l->name_len = (int)sizeof call->address;
	l->part_count = message.msg_iovlen;
	return l->part_count ? process_read(call->thread, (uintptr_t)message.msg_iov, l->parts,
					    l->part_count * sizeof *l->parts)
			     : 0;
}

static int read_letter(struct call *call, struct letter *l)
{
	if (call->data.nr != SYS_sendto) {
		l->flags = call_argument(call, call->data.nr == SYS_sendmsg ? 2 : 3);
		return read_header(call, l);
	}
	l->flags = call_argument(call, 3);
	l->name = call->data.args[4];
	l->name_len = call_argument(call, 5);
	l->part_count = 1;
	l->parts[0] = (struct iovec){(void *)(uintptr_t)call->data.args[1],
				     (size_t)call->data.args[2]};
	return 0;
}

/* At most @size bytes of it, from @from on; how many, or a negated errno if not one can be read
 */
static ssize_t read_data(const struct call *call, const struct letter *l, size_t from,
			 char *data, size_t size)
{
	size_t have = 0;

	for (size_t i = 0; i < l->part_count && have < size; i++) {
		size_t length = l->parts[i].iov_len, skip = from < length ? from : length;
		int result;

		from -= skip;
		length -= skip;
		if (length > size - have)
			length = size - have;
		result = length ? process_read(call->thread,
					       (uintptr_t)l->parts[i].iov_base + skip,
					       data + have, length)
				: 0;
		if (result < 0)
			return have ? (ssize_t)have : result;
		have += length;
	}
	return (ssize_t)have;
}

/* What the call comes to when this much was sent, and no more can be */
static int finish(struct call *call, int error)
{
	unsigned sent = (unsigned)call->sent;
	uint64_t at = call->data.args[1] + offsetof(struct mmsghdr, msg_len);

	if (!call->sent && error)
		return error;
	if (call->data.nr != SYS_sendmmsg)
		return (int)call->sent;
	/* the others, if there are any, it sends with another call */
	return process_write(call->thread, at, &sent, sizeof sent) ?: 1;
}

/* Wait until there is room; 0, CALL_LATER, or another negated errno. */
static int await_room(struct call *call)
{
	int timeout, result = wait_limit(call->fd, SO_SNDTIMEO, &timeout);

	if (result == 0)
		result = engine_wait(call->fd, POLLOUT, timeout, false);
	return result > 0 ? 0 : result ?: -EAGAIN;
}

static int send_rest(struct call *call, const struct letter *l)
{
	bool waits = !(l->flags & MSG_DONTWAIT) && !sys_never_blocks(call->fd);
	int flags = (l->flags & ~MSG_FASTOPEN) | MSG_DONTWAIT | MSG_NOSIGNAL;
	static char data[65536];

	for (;;) {
		ssize_t size = read_data(call, l, call->sent, data, sizeof data), sent;

		if (size < 0 || (size == 0 && call->sent))
			return finish(call, (int)size);
		if (!call_is_there(call))
			return -ENOENT;
		sent = sys_send(call->fd, data, (size_t)size, flags);
		if (sent > 0)
			call->sent += (size_t)sent;
		else if (sent == -EAGAIN && waits)
			sent = await_room(call);
		else
			return finish(call, (int)sent);
		if (sent == CALL_LATER)
			return CALL_LATER;
		if (sent < 0)
			return finish(call, (int)sent);
	}
}

static bool is_tcp(const struct call *call)
{
	uint8_t state;
	socklen_t len = sizeof state;

	return call->family == FAMILY_OURS ||
	       sys_getsockopt(call->fd, IPPROTO_TCP, TCP_INFO, &state, &len) == 0;
}

/* 0: it is connected */
static int open_connection(struct call *call, const struct letter *l)
{
	int result = 0;

	if (!call->again) {
		if (!l->name)
			return connect_unaddressed(call->fd) ?: CALL_CONTINUE;
		result = call_read_address(call, l->name, l->name_len);
		if (result == 0 && l->name_len >= (int)sizeof(sa_family_t) &&
		    call->address.ss_family == AF_UNSPEC)
			result = -EOPNOTSUPP;
	}
	return result < 0 ? result : connect_further(call);
}

int open_and_send(struct call *call)
{
	static struct letter l;
	int result;

	if (lookup_holds_back(call))
		return call_argument(call, 2);
	if (call->family == FAMILY_OTHER || (!call->again && !is_tcp(call)))
		return CALL_CONTINUE;
	if (call->data.nr == SYS_sendmmsg && !call_argument(call, 2))
		return 0;
	result = read_letter(call, &l);
	if (result == 0 && !call->opened)
		result = open_connection(call, &l);
	call->opened = result == 0;
	return result ? finish(call, result) : send_rest(call, &l);
}
