/* SPDX-License-Identifier: MIT */
/*
 * accept.c - accept()
 *
 * Theory of operation
 *
 * An accepted socket inherits word A of its listener's mark from the kernel (mark.h), so it is
 * known as ours, with its family and local address, before the program sees it. Its peer's
 * address is made from the CID. A peer that accept_from does not name is closed here; if
 * nobody else is queued, accept() fails as TCP's does for a connection that was aborted in the
 * queue, for a program that was told by poll() must not hang. A listener that was shut down
 * (shutdown.h) has threads waiting that must see it: each one that does wakes the next.
 */
#include "accept.h"

#include <poll.h>
#include <string.h>

#include "carry.h"
#include "convert.h"
#include "hint.h"
#include "log.h"
#include "real.h"
#include "shutdown.h"
#include "state.h"
#include "summary.h"
#include "sys.h"
#include "translate.h"

union name {
	struct sockaddr any;
	struct sockaddr_vm vm;
	struct sockaddr_storage room;
};

/* ---- who may come in ---- */

/*
 * The rule that made this listener. A process that inherited it and has other rules may find
 * none.
 */
static const struct rule *rule_of_listener(const struct ruleset *rs, int listener)
{
	struct decision d;
	struct endpoint on;
	struct mark m;

	if (mark_names(listener, &m) != 1)
		return NULL;
	place_ip(&m.local, m.v6, on.ip);
	on.port = m.any_port ? 0 : m.local.port;
	d = decide_listen(rs, &on, m.v6only);
	if (d.action != ACTION_VSOCK || d.rule < 0)
		return NULL;
	return ruleset_listen(rs) + d.rule;
}

/*
 * May a connection from @cid reach the program? A listener that was made under rules with an
 * accept_from, in a process that knows of no such rule, lets nobody in.
 */
static bool admitted(const struct ruleset *rs, int listener, const struct mark *head,
		     uint32_t cid)
{
	const struct rule *rule;

	if (head->silent)
		return false;
	if (!head->restricted)
		return true;
	rule = rule_of_listener(rs, listener);
	if (rule && rule->restricted && rule_accepts(rs, rule, cid))
		return true;
	log_refused(rs, listener, cid, rule);
	return false;
}

/* ---- accept ---- */

static void give_name(const union name *name, socklen_t full, struct sockaddr *addr,
		      socklen_t *len)
{
	if (!addr || !len)
		return;
	memcpy(addr, name, *len < full ? *len : full);
	*len = full;
}

static bool more_are_queued(int fd)
{
	int events = sys_poll_now(fd, POLLIN);

	return events > 0 && events & POLLIN;
}

/* What accept() says when a connection was queued, but none that the program may have. */
static int nobody(int fd)
{
	return sys_fcntl(fd, F_GETFL, 0) & O_NONBLOCK ? -EAGAIN : -ECONNABORTED;
}

/* Close a connection that the program must not see. 0: look whether there is another. */
static int turn_away(int listener, int accepted, const struct mark *head)
{
	sys_close(accepted);
	if (shutdown_of_listener(listener, head)) {
		shutdown_wake(listener);
		return -EINVAL;
	}
	return more_are_queued(listener) ? 0 : nobody(listener);
}

/* Make an accepted AF_VSOCK socket what the program expects, and name its peer. 0, or a negated
 * errno, and the socket is closed. */
static int welcome(const struct ruleset *rs, int listener, int accepted,
		   const struct mark *head, union name *name, socklen_t *full)
{
	struct endpoint ep;
	int result = carry_inherited(listener, accepted, head);

	if (result < 0) {
		sys_close(accepted);
		return result;
	}
	endpoint_of_vm(rs, &name->vm, shows_v6(head), &ep);
	*full = sizeof *name;
	endpoint_store(&ep, head->v6, &name->any, full);
	summary_count(COUNT_ACCEPTED);
	return 0;
}

/*
 * One accept4() of libc's.
 * Return: as accept4(2); 0 with *@again set if somebody was turned away and others wait
 */
static int accept_one(int fd, union name *name, socklen_t *full, int flags, bool *again)
{
	int accepted, result, ours;
	struct mark head;

	*again = false;
	*full = sizeof *name;
	accepted = real.accept4(fd, &name->any, full, flags);
	if (accepted < 0) {
		/* the connection that wakes may still be on its way */
		if (errno == EAGAIN && shutdown_may_have_come() && mark_head(fd, &head) == 1 &&
		    shutdown_of_listener(fd, &head))
			errno = EINVAL;
		return accepted;
	}
	hint_unmade(accepted);
	ours = name->any.sa_family == AF_VSOCK ? mark_head_of_vsock(accepted, &head) : 0;
	if (ours < 0) { /* whether it may come in cannot be said: then it may not */
		sys_close(accepted);
		return sys_return(ours);
	}
	if (!ours)
		return accepted;
	if (!admitted(rules(), fd, &head, name->vm.svm_cid)) {
		result = turn_away(fd, accepted, &head);
		*again = result == 0;
		return sys_return(result);
	}
	hint_accepted(accepted);
	result = welcome(rules(), fd, accepted, &head, name, full);
	return result < 0 ? sys_return(result) : accepted;
}

/* May it be a listener of ours? Asking for the name of a TCP client costs less than making
 * sure. */
static bool may_be_converted(int fd)
{
	struct mark head;

	return hint_is_made(fd) || hint_was_converted(fd) || mark_head(fd, &head) != 0;
}

/* Nothing to do with names: sockets of some families (AF_ALG) even fail if asked for one. */
static int accept_nameless(int fd, int flags)
{
	int accepted = real.accept4(fd, NULL, NULL, flags);

	hint_unmade(accepted);
	return accepted;
}

int accept_connection(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	union name name;
	socklen_t full;
	bool again;
	int result;

	rules();
	/* What the kernel would refuse to write to: let it say so. */
	if (addr && (!len || (int)*len < 0))
		return real.accept4(fd, addr, len, flags);
	if (!addr && !may_be_converted(fd))
		return accept_nameless(fd, flags);
	do
		result = accept_one(fd, &name, &full, flags, &again);
	while (again);
	if (result >= 0)
		give_name(&name, full, addr, len);
	return result;
}
