/* SPDX-License-Identifier: MIT */
/*
 * listen.c - bind() and listen()
 *
 * Theory of operation
 *
 * bind() converts the socket: by the rules, at once, so that the port is taken from then on.
 * Where it is taken already, second.h says what becomes of the second. listen() binds first if
 * the program has not; buffer.h says what may wait then.
 */
#include "listen.h"

#include <netinet/tcp.h>
#include <string.h>

#include "../config/address.h"
#include "buffer.h"
#include "carry.h"
#include "convert.h"
#include "engine.h"
#include "kernel/endpoint.h"
#include "kernel/sys.h"
#include "log/log.h"
#include "proxied.h"
#include "route/route.h"
#include "seat.h"
#include "second.h"
#include "settle.h"
#include "share.h"
#include "translate.h"
#include "transport/transport.h"

/* A bind that is to be made. */
struct binding {
	const struct ruleset *rs;
	int fd;
	struct endpoint on;
	struct decision decision;
	bool accept_proxy; /* its rule has that */
	struct mark mark;
};

/* ---- a bind ---- */

/* The program asked for any port: it keeps the one it got, whatever socket it has later. */
static int keep_chosen_port(int fd, struct mark *m)
{
	struct vm_address own;
	int result = transport_local(fd, &own);

	m->any_port = true;
	if (result > 0 && own.port <= UINT16_MAX)
		m->local.port = (uint16_t)own.port;
	return result < 0 ? result : 0;
}

/* Where the rules seat it. A port that a server had which has ended may be free only then. */
static int seat(const struct conversion *c, const struct binding *b)
{
	bool v4 = !shows_v6(&b->mark);
	int result = seat_bind(c->spare, b->fd, b->rs, &b->decision, v4);

	if (result != -EADDRINUSE || !b->accept_proxy)
		return result;
	return proxied_release() ?: seat_bind(c->spare, b->fd, b->rs, &b->decision, v4);
}

static int bind_converted(struct binding *b)
{
	struct conversion c;
	int result = conversion_begin(&c, b->fd, b->mark.muxed);

	if (result < 0) {
		log_failure("bind", b->fd, transport_cannot_make(b->mark.muxed), -result,
			    transport_usual_cause(-result, b->mark.muxed));
		return result == -EAFNOSUPPORT ? -EADDRNOTAVAIL : result;
	}
	result = carry_kept(b->fd, &b->mark, engine_options(b->fd));
	b->mark.inherit = result > 0 || c.carried_options;
	if (result >= 0)
		result = seat(&c, b);
	if (result == -EADDRINUSE)
		return second_bind(&c, b->rs, &b->decision, &b->mark);
	if (result == 0 && !b->decision.port)
		result = keep_chosen_port(c.spare, &b->mark);
	if (result == 0)
		return conversion_complete(&c, b->rs, &b->mark);
	if (result != -ENGINE_LATER)
		log_failure("bind", b->fd, "the kernel refuses", -result,
			    transport_usual_cause(-result, b->mark.muxed));
	conversion_abort(&c);
	return result;
}

/* Is this a socket that a bind to @addr can convert? 1; 0: it gets the kernel's answer; or a
 * negated errno. */
static int bindable(int fd, sa_family_t family, const struct endpoint *on, bool v6only)
{
	struct subject s;
	int result;

	if (v6only && ip_is_v4(on->ip))
		return 0;
	result = inspect(fd, &s);
	if (result < 0)
		return result;
	return s.kind == SUBJECT_TCP && s.tcp_state == TCP_CLOSE && !s.local.port &&
	       s.v6 == (family == AF_INET6);
}

/* Does the socket serve no IPv4? 1, 0 (also: it has no such option), or a negated errno. */
static int serves_v6only(int fd, sa_family_t family)
{
	int v6only = 0, result = 0;

	if (family == AF_INET6)
		result = sys_getsockopt_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only);
	return result < 0 && !sys_no_option(result) ? result : v6only != 0;
}

/* What the rules say of binding to @b->on. Return: 1: the decision stands in @b, and the
 * socket can be bound by it; 0: it is left to the kernel; or a negated errno. */
static int decide(struct binding *b, sa_family_t family, bool v6only)
{
	int result;

	b->decision = decide_listen(b->rs, &b->on, v6only);
	if (b->decision.action == ACTION_PASS && !log_on())
		return 0;
	result = bindable(b->fd, family, &b->on, v6only);
	return b->decision.action == ACTION_PASS && result < 0 ? 0 : result;
}

/* Could they decide anything at all? */
static bool rules_apply(const struct ruleset *rs)
{
	return rs->listen_count || rs->default_listen != ACTION_PASS;
}

/* Bind to @b->on by the rules; 1 if it is left to the kernel. */
static int bind_by_rules(struct binding *b, sa_family_t family)
{
	const struct rule *rule;
	int v6only = rules_apply(b->rs) ? serves_v6only(b->fd, family) : 0;
	int result = v6only < 0 ? v6only : decide(b, family, v6only);

	if (result < 0)
		log_failure("bind", b->fd, "the kernel does not say what socket this is",
			    -result, inspect_failed(-result));
	if (result <= 0)
		return result ?: 1;
	log_decision(b->rs, "bind", b->fd, &b->on, "", &b->decision);
	if (b->decision.action == ACTION_PASS)
		return 1;
	if (b->decision.action == ACTION_DENY)
		return -EACCES;
	rule = b->decision.rule < 0 ? NULL : ruleset_listen(b->rs) + b->decision.rule;
	b->accept_proxy = rule && rule->accept_proxy;
	b->mark = (struct mark){
		.v6 = family == AF_INET6,
		.v6only = v6only,
		.restricted = rule && rule->restricted,
		.muxed = b->decision.socket != 0,
		.local = place_of(b->on.ip, b->on.port),
	};
	/* as inet6_bind() does for a certain IPv6 address */
	if (b->mark.v6 && !ip_is_v4(b->on.ip) && !ip_is_unspecified(b->on.ip))
		b->mark.v6only = true;
	/* ::ffff:0.0.0.0 serves IPv4 alone, and shows IPv4 addresses */
	if (b->mark.v6 && ip_is_v4(b->on.ip))
		b->mark.local.kind = PLACE_IPV4;
	return bind_converted(b);
}

/* inet_bind() takes AF_UNSPEC for AF_INET, if the address is 0.0.0.0. */
static bool is_unspecified(const struct sockaddr *addr, socklen_t len)
{
	return addr && len >= sizeof(struct sockaddr_in) && addr->sa_family == AF_UNSPEC &&
	       ((const struct sockaddr_in *)addr)->sin_addr.s_addr == INADDR_ANY;
}

/* ---- after a connect() that failed ---- */

/* Did it, and has the program been told? Over TCP the socket is as new then. */
static bool has_failed(int fd, const struct mark *m)
{
	struct mark now;

	if (m->pending)
		return !m->begun && settle(fd, &now) == HAS_FAILED;
	return m->peer.kind != PLACE_NONE && !m->begun && !m->shut && sys_connected(fd) == 0 &&
	       sys_listens(fd) == 0 && sys_poll_now(fd, POLLOUT) > 0;
}

/* A VM socket can neither listen nor be bound then: it is made one of TCP again, for the rules
 * to decide about. 0, or a negated errno. */
static int start_anew(int fd, const struct mark *m)
{
	struct endpoint on = {.port = m->local.port};
	struct sockaddr_storage addr;
	struct mark unbound = *m;
	socklen_t len = sizeof addr;
	int result;

	unbound.local = unbound.peer = (struct place){.kind = PLACE_NONE};
	result = conversion_undo(fd, &unbound);
	if (result < 0 || m->local.kind == PLACE_NONE)
		return result;
	place_ip(&m->local, m->v6, on.ip);
	endpoint_store(&on, m->v6, (struct sockaddr *)&addr, &len);
	return listen_bind(fd, (struct sockaddr *)&addr, len);
}

/* ---- bind() ---- */

/* The kernel's bind(). Of a converted socket it says EINVAL, as of a bound one of TCP's, which
 * looks at the address's family first. */
static int bind_passed(int fd, const struct sockaddr *addr, socklen_t len)
{
	int result = sys_bind(fd, addr, len);
	struct mark m;

	if (result != -EINVAL || !addr || mark_read(fd, &m) != 1)
		return result;
	share_names(fd, &m);
	if (!m.v6 && is_unspecified(addr, len))
		return result;
	if (endpoint_refused(m.v6, addr, len))
		return endpoint_refused(m.v6, addr, len);
	if (m.local.kind != PLACE_NONE || !has_failed(fd, &m))
		return result;
	return start_anew(fd, &m) ?: listen_bind(fd, addr, len);
}

int listen_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct binding b = {.rs = rules(), .fd = fd};
	struct sockaddr_in any = {.sin_family = AF_INET};
	int result = 1;

	if (!endpoint_given(addr, len))
		return sys_bind(fd, addr, len);
	if (endpoint_parse(addr, len, &b.on)) {
		result = bind_by_rules(&b, addr->sa_family);
	} else if (is_unspecified(addr, len)) {
		any.sin_port = ((const struct sockaddr_in *)addr)->sin_port;
		if (endpoint_parse((const struct sockaddr *)&any, sizeof any, &b.on))
			result = bind_by_rules(&b, AF_INET);
	}
	return result == 1 ? bind_passed(fd, addr, len) : result;
}

/* ---- listen() ---- */

/* listen() without bind(): TCP picks a port, which the rules may want to see. */
static int bind_unbound(int fd)
{
	struct binding b = {.rs = rules(), .fd = fd};
	union {
		sa_family_t family;
		struct sockaddr_storage room;
	} name;
	socklen_t len = sizeof name;
	bool v6;

	if (!rules_apply(b.rs))
		return 1;
	if (sys_getsockname(fd, &name, &len) < 0)
		name.family = AF_INET; /* it is asked about again, if a rule could decide */
	v6 = name.family == AF_INET6;
	place_ip(&(struct place){.kind = PLACE_NONE}, v6, b.on.ip);
	return bind_by_rules(&b, v6 ? AF_INET6 : AF_INET);
}

/* Who knocked (shutdown.c), or called meanwhile, is not to be heard any more. */
static void drain(int fd)
{
	int events = sys_poll_now(fd, POLLIN), caller;

	while (events > 0 && events & POLLIN) {
		caller = (int)SYS_CALL(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC);
		if (caller < 0)
			return;
		sys_close(caller);
		events = sys_poll_now(fd, POLLIN);
	}
}

/* listen() opens again what shutdown() closed. */
static int revive(int fd)
{
	struct endpoint on;
	struct vm_address own;
	struct mark before, after;
	struct decision wanted;
	int result = mark_read(fd, &before);

	if (result <= 0 || !before.shut)
		return result < 0 ? result : 0;
	result = transport_local(fd, &own);
	if (result <= 0)
		return result;
	after = before;
	after.shut = false;
	place_ip(&before.local, before.v6, on.ip);
	on.port = before.local.port;
	/* a second listener of one port has another vsock port, and stays silent */
	wanted = decide_listen(rules(), &on, before.v6only);
	after.silent = !transport_is_at(fd, &own, route_first(rules(), &wanted));
	engine_rouse_no_more(fd);
	drain(fd);
	return mark_write(fd, &before, &after);
}

/* Is it a connection, or one that was shut down? 1, 0, or a negated errno. */
static int is_connection(int fd)
{
	struct mark m;
	int result = mark_names(fd, &m);

	if (result <= 0)
		return result;
	return m.shut || m.peer.kind != PLACE_NONE ? 1 : sys_connected(fd);
}

int listen_listen(int fd, int backlog)
{
	struct mark head;
	int result = mark_head(fd, &head);

	if (result == 0) {
		result = bind_unbound(fd);
		if (result == 1)
			return sys_listen(fd, backlog);
	} else if (result == 1) {
		result = head.silent ? revive(fd) : 0;
		if (head.silent && result == 0)
			second_settle(fd);
	}
	if (result < 0)
		return result;
	result = is_connection(fd);
	if (result < 0)
		return result;
	if (result && mark_read(fd, &head) == 1 && has_failed(fd, &head))
		return start_anew(fd, &head) ?: listen_listen(fd, backlog);
	if (result)
		return sys_listen(fd, backlog);
	result = proxied_is_meant(rules(), fd);
	if (result)
		return result < 0 ? result : proxied_listen(rules(), fd);
	return buffer_listen(fd, rules(), backlog);
}
