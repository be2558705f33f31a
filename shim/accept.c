/* SPDX-License-Identifier: MIT */
/*
 * accept.c - accept()
 *
 * Theory of operation
 *
 * An accepted socket has word A of its listener's mark (mark.h), so it is known as ours, with
 * its family and local address, before the program sees it. Its peer's address is made from the
 * CID. What becomes of one that accept_from does not name is said in refuse.h. A listener that
 * was shut down (shutdown.h) has threads waiting that must see it: each one that does wakes the
 * next.
 */
#include "accept.h"

#include <string.h>

#include "buffer.h"
#include "carry.h"
#include "convert.h"
#include "engine.h"
#include "guest.h"
#include "kernel/endpoint.h"
#include "kernel/memory.h"
#include "kernel/sys.h"
#include "log/summary.h"
#include "proxied.h"
#include "refuse.h"
#include "second.h"
#include "share.h"
#include "shutdown.h"
#include "translate.h"
#include "transport/transport.h"

union name {
	struct sockaddr any;
	struct sockaddr_storage room;
};

/* As the kernel does (move_addr_to_user()): 0, or a negated errno. */
static int give_name(const union name *name, socklen_t full, struct sockaddr *addr,
		     socklen_t *len)
{
	socklen_t room;

	if (!memory_writable(len, sizeof *len))
		return -EFAULT;
	if ((int)*len < 0)
		return -EINVAL;
	room = *len < full ? *len : full;
	if (!memory_writable(addr, room))
		return -EFAULT;
	memcpy(addr, name, room);
	*len = full;
	return 0;
}

/* From now on @ep, in place of what its CID stands for. 0, or a negated errno. */
static int note_peer(int accepted, const struct mark *before, const struct endpoint *ep)
{
	struct mark after = *before;

	after.peer = place_of(ep->ip, ep->port);
	after.any_port = false; /* a listener's */
	return mark_write(accepted, before, &after);
}

/*
 * Of several guests that may call, it was this one: the connection is to show that for as long
 * as it lasts, also when nobody is there any more who could be asked. 0, or a negated errno.
 */
static int note_guest(const struct ruleset *rs, int accepted, uint32_t peer,
		      struct endpoint *ep)
{
	struct mark before;
	int result = mark_read(accepted, &before);

	if (result <= 0 || !guest_endpoint(rs, &before, peer, ep))
		return result < 0 ? result : 0;
	return note_peer(accepted, &before, ep);
}

/* The broker has handed it over, and said who the client is: it is to show that as well. */
static int note_client(int accepted, const struct endpoint *client)
{
	struct mark before;
	int result = mark_read(accepted, &before);

	return result <= 0 ? result : note_peer(accepted, &before, client);
}

/* Whose guest has called at a VMM's socket, where the rules serve several? */
static void ask_guest(const struct ruleset *rs, int listener, int accepted, struct caller *who)
{
	struct mark m;

	if (mark_names(listener, &m) == 1)
		who->rule = rule_marked(rs, &m);
	if (who->rule)
		who->peer = guest_who(rs, who->rule, accepted);
}

/* Make an accepted VM socket what the program expects, and name its peer. 0, or a negated
 * errno, and the socket is closed. */
static int welcome(const struct ruleset *rs, int listener, int accepted, bool admitted,
		   struct mark *head, const struct vm_address *caller, const struct caller *who,
		   union name *name, socklen_t *full)
{
	bool renamed = share_names(listener, head);
	struct endpoint ep;
	int result = admitted ? buffer_enlarge(accepted, rs) : 0;

	/* SO_RCVLOWAT must find the buffer that it is for */
	if (result == 0)
		result = carry_inherited(listener, accepted, head, renamed);
	/* the listener's address, which the first word has no room for */
	if (head->muxed && head->extended)
		mark_names(accepted, head);
	endpoint_of_caller(rs, head, caller, &ep);
	if (result == 0 && who->peer != NO_PEER && who->rule->guest_count > 1)
		result = note_guest(rs, accepted, who->peer, &ep);
	if (who->named) {
		ep = who->client;
		proxied_show(head, &ep);
		result = result ?: note_client(accepted, &ep);
	}
	if (result < 0) {
		sys_close(accepted);
		return result;
	}
	*full = sizeof *name;
	endpoint_store(&ep, head->v6, &name->any, full);
	return 0;
}

/* Has the listener been shut down by this process? */
static bool is_shut(int fd)
{
	struct mark head;

	return shutdown_may_have_come() && mark_head(fd, &head) == 1 &&
	       shutdown_of_listener(fd, &head);
}

/* Is it a listener of ours that does not block? */
static bool is_nonblocking(int fd)
{
	struct mark head;

	return sys_never_blocks(fd) && mark_head(fd, &head) == 1;
}

/*
 * libc's accept4() had nothing to give: the connection that wakes may still be on its way, or
 * what woke was a signal. Linux before 6.12 lets a call that may not wait sleep for no time at
 * all, and then finds any signal that is pending, handled or not, before it finds that the
 * queue is empty; no program expects that EINTR.
 */
static int nothing(int fd)
{
	if ((errno == EAGAIN || errno == EINTR) && is_shut(fd))
		errno = EINVAL;
	else if (errno == EINTR && is_nonblocking(fd))
		errno = EAGAIN;
	return -1;
}

/* End a connection that the program gets only to see that it has ended. */
static int end(int accepted)
{
	int result = shutdown_refused(accepted);

	if (result == 0)
		return accepted;
	sys_close(accepted);
	return sys_return(result);
}

/* What libc's accept4() gives; or what this call has kept, whose message had not come. */
static int take(const struct refusal *r, union name *name, socklen_t *full, int flags)
{
	int kept = engine_kept();

	*full = sizeof *name;
	if (kept < 0)
		return engine_accept(r->listener, &name->any, full, flags);
	sys_getpeername(kept, name, full);
	return kept;
}

/*
 * At a private listener a message was accepted (proxied.h), which the connection comes in.
 * Return: 1, and all that is known of it is written anew, unless the broker has not sent it; or
 * a negated errno, -ENGINE_LATER
 */
static int unwrap(int accepted, int flags, struct mark *head, struct vm_address *caller,
		  struct caller *who)
{
	int result = proxied_take(accepted, flags, &who->client, &who->named);

	if (result < 0)
		return result == -EPROTO ? 1 : result;
	who->handed = true;
	result = transport_peer(accepted, caller);
	if (result < 0 && result != -ENOTCONN) /* the client has gone */
		return result;
	return mark_head_of_ours(accepted, head);
}

/*
 * One accept4() of libc's.
 * Return: as accept4(2), with *@again set if somebody was turned away and another is to be
 * waited for
 */
static int accept_one(const struct ruleset *rs, struct refusal *r, union name *name,
		      socklen_t *full, int flags, bool *again)
{
	int accepted, ours, result = REFUSED_GIVE;
	struct caller who = {.peer = NO_PEER};
	struct vm_address caller;
	struct mark head;
	bool admitted;

	*again = false;
	accepted = take(r, name, full, flags);
	if (accepted < 0)
		return nothing(r->listener);
	engine_unmade(accepted);
	ours = transport_caller(r->listener, accepted, &name->room, *full, &caller);
	if (ours > 0)
		ours = mark_head_of_ours(accepted, &head);
	if (ours > 0 && head.muxed && rs->accepts_proxy && transport_is_private(r->listener)) {
		ours = unwrap(accepted, flags, &head, &caller, &who);
		if (ours == -ENGINE_LATER)
			engine_keep(accepted);
	}
	if (ours == -ENGINE_LATER)
		return sys_return(ours);
	if (ours < 0) { /* whether it may come in cannot be said: then it may not */
		sys_close(accepted);
		return sys_return(ours);
	}
	if (!ours)
		return accepted;
	who.cid = caller.cid;
	if (head.muxed && guest_matters(rs))
		ask_guest(rs, r->listener, accepted, &who);
	admitted = refuse_is_admitted(rs, r->listener, &head, &who);
	if (!admitted)
		result = refuse(r, accepted, &head);
	*again = result == REFUSED_LOOK_AGAIN;
	if (result != REFUSED_GIVE)
		return sys_return(result);
	engine_accepted(accepted);
	result = welcome(rs, r->listener, accepted, admitted, &head, &caller, &who, name, full);
	if (result < 0)
		return sys_return(result);
	if (!admitted)
		return end(accepted);
	summary_count(COUNT_ACCEPTED);
	return accepted;
}

/* May it be a listener of ours? Asking for the name of a TCP client costs less than making
 * sure. */
static bool may_be_converted(int fd)
{
	struct mark head;

	return engine_is_made(fd) || engine_was_converted(fd) || mark_head(fd, &head) != 0;
}

/* Nothing to do with names: sockets of some families (AF_ALG) even fail if asked for one. */
static int accept_nameless(int fd, int flags)
{
	int accepted = engine_accept(fd, NULL, NULL, flags);

	engine_unmade(accepted);
	return accepted;
}

/* Whose name cannot be given does not come in. Out of line, so that whoever does not ask for a
 * name does not pay. */
__attribute__((noinline)) static int hand_over(int accepted, const union name *name,
					       socklen_t full, struct sockaddr *addr,
					       socklen_t *len)
{
	int result = give_name(name, full, addr, len);

	if (result == 0)
		return accepted;
	sys_close(accepted);
	return sys_return(result);
}

int accept_connection(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	const struct ruleset *rs = rules();
	struct refusal refusal;
	union name name;
	socklen_t full;
	bool again;
	int result;

	if (!addr && !may_be_converted(fd))
		return accept_nameless(fd, flags);
	if (is_shut(fd))
		return sys_return(-EINVAL);
	if (engine_is_silent(fd)) {
		result = second_await(fd);
		if (result < 0)
			return sys_return(result);
	}
	if (share_defers(fd))
		return sys_return(-EAGAIN);
	refuse_prepare(&refusal, rs, fd);
	do
		result = accept_one(rs, &refusal, &name, &full, flags, &again);
	while (again);
	if (result < 0 || !addr)
		return result;
	return hand_over(result, &name, full, addr, len);
}
