/* SPDX-License-Identifier: MIT */
/*
 * refuse.c - what becomes of a connection that a listener's accept_from does not name
 */
#include "refuse.h"

#include <stdatomic.h>
#include <sys/resource.h>

#include "kernel/sys.h"
#include "log/log.h"
#include "shutdown.h"
#include "translate.h"

/* ---- who may come in ---- */

bool refuse_is_admitted(const struct ruleset *rs, int listener, const struct mark *head,
			const struct caller *who)
{
	const struct rule *rule = who->rule;
	struct mark m;

	if (head->silent)
		return false;
	if (who->handed || (!head->restricted && !rs->accepts_proxy))
		return true;
	if (!rule && mark_names(listener, &m) == 1)
		rule = rule_marked(rs, &m);
	if (!head->restricted && !(rule && rule->accept_proxy))
		return true;
	if (rule && rule->restricted && !rule->accept_proxy &&
	    (head->muxed ? rule_accepts_peer(rs, rule, who->peer)
			 : rule_accepts(rs, rule, who->cid)))
		return true;
	log_refused(rs, listener, who->cid, who->peer, rule);
	return false;
}

/* Does any rule have an accept_from? Asked at every accept(), and looked up once. */
static bool rules_refuse(const struct ruleset *rs)
{
	enum { UNKNOWN, NO, YES };
	static _Atomic uint8_t known = UNKNOWN;
	uint8_t answer = atomic_load_explicit(&known, memory_order_relaxed);

	if (answer == UNKNOWN) {
		answer = NO;
		for (uint32_t i = 0; i < rs->listen_count && answer == NO; i++)
			answer = ruleset_listen(rs)[i].restricted ? YES : NO;
		atomic_store_explicit(&known, answer, memory_order_relaxed);
	}
	return answer == YES;
}

/* ---- who was told ---- */

/* Is there a connection in the queue? @otherwise where the kernel does not say. */
static bool any_queued(int listener, bool otherwise)
{
	int events = sys_poll_now(listener, POLLIN);

	return events < 0 ? otherwise : events & POLLIN;
}

static bool was_awaited(int listener)
{
	struct mark head;

	return mark_head(listener, &head) == 1 && head.awaited;
}

static void note_awaited(int listener, const struct mark *head)
{
	struct mark before = *head, after;

	if (head->awaited || (head->extended && mark_read(listener, &before) != 1))
		return;
	after = before;
	after.awaited = true;
	mark_write(listener, &before, &after);
}

void refuse_prepare(struct refusal *r, const struct ruleset *rs, int listener)
{
	struct mark head;

	*r = (struct refusal){.listener = listener, .told = true};
	if (!rules_refuse(rs) || mark_head(listener, &head) != 1 || !head.restricted ||
	    any_queued(listener, true) || sys_never_blocks(listener))
		return;
	r->told = false;
	note_awaited(listener, &head);
}

/* ---- seeing off ---- */

/*
 * Has a blocking accept() waited for as long as SO_RCVTIMEO says? The kernel's own waiting
 * begins anew with each connection, and so would never end under a hail of refused ones.
 */
static bool is_out_of_time(struct refusal *r)
{
	struct timeval limit;
	socklen_t len = sizeof limit;

	if (sys_getsockopt(r->listener, SOL_SOCKET, SO_RCVTIMEO, &limit, &len) < 0 ||
	    (limit.tv_sec == 0 && limit.tv_usec == 0))
		return false;
	if (!r->since)
		r->since = sys_now_ms();
	return sys_now_ms() - r->since >= (int64_t)limit.tv_sec * 1000 + limit.tv_usec / 1000;
}

/* What accept() does when a connection has been closed unseen. */
static int go_on(struct refusal *r, bool queued, bool nonblocking)
{
	if (queued && r->count % REFUSED_AT_ONCE != 0)
		return REFUSED_LOOK_AGAIN;
	if (nonblocking ? !queued : is_out_of_time(r))
		return -EAGAIN;
	return REFUSED_LOOK_AGAIN;
}

int refuse(struct refusal *r, int accepted, const struct mark *head)
{
	bool shut = shutdown_of_listener(r->listener, head);
	bool nonblocking = sys_never_blocks(r->listener);
	bool queued = any_queued(r->listener, nonblocking);
	bool unseen = !r->told || (!nonblocking && was_awaited(r->listener));

	r->count++;
	if (!shut && !unseen && (queued ? r->count > REFUSED_AT_ONCE : !nonblocking))
		return REFUSED_GIVE;
	sys_close(accepted);
	if (shut) {
		shutdown_wake(r->listener, head);
		return -EINVAL;
	}
	return go_on(r, queued, nonblocking);
}
