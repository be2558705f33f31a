/* SPDX-License-Identifier: MIT */
/*
 * proxied.c - servers whose callers say first whose connection it is
 */
#include "proxied.h"

#include <limits.h>

#include "../config/address.h"
#include "ask.h"
#include "convert.h"
#include "engine.h"
#include "kernel/sys.h"
#include "log/log.h"
#include "translate.h"
#include "transport/transport.h"

int proxied_is_meant(const struct ruleset *rs, int fd)
{
	const struct rule *rule;
	struct mark m;
	int result = rs->accepts_proxy ? mark_names(fd, &m) : 0;

	if (result <= 0 || m.silent)
		return result < 0 ? result : 0;
	rule = rule_marked(rs, &m);
	return rule && rule->accept_proxy && !(m.muxed && transport_is_private(fd));
}

/* ---- listen() ---- */

/* A name that nobody can guess, for the listener of this VM socket. */
static int bind_listener(int fd, int vm, uint8_t key[TRANSPORT_KEY_SIZE])
{
	struct vm_address own;
	int result = transport_local(vm, &own);

	if (result == 1)
		result = (int)SYS_CALL(SYS_getrandom, key, TRANSPORT_KEY_SIZE, 0);
	if (result < 0)
		return result;
	return transport_bind_private(fd, own.port, key);
}

static int fail(int fd, int error)
{
	log_failure("listen", fd,
		    "the broker, which reads the PROXY headers of the callers, does not take "
		    "it",
		    -error, ask_failed(-error));
	return error;
}

/* Make the private listener, and tell the broker of it. */
static int prepare(struct conversion *c, const struct ruleset *rs, int fd, const struct mark *m)
{
	uint8_t key[TRANSPORT_KEY_SIZE];
	int result = conversion_begin(c, fd, true);

	if (result < 0)
		return result;
	result = bind_listener(c->spare, fd, key);
	if (result == 0) /* before the broker has changed those of the VM socket */
		result = sys_set_flags(c->spare, c->file_flags);
	if (result == 0)
		result = conversion_mark(c, rs, m);
	if (result == 0)
		result = sys_listen(c->spare, INT_MAX);
	if (result == 0)
		result = ask_listen(fd, m, key);
	if (result < 0)
		conversion_abort(c);
	return result;
}

/* The same, or go on with what was prepared. */
static int begin(struct conversion *c, const struct ruleset *rs, int fd, const struct mark *m)
{
	int spare = engine_kept(), result;

	if (spare < 0)
		return prepare(c, rs, fd, m);
	result = conversion_begin_with(c, fd, spare);
	if (result == 0)
		c->file_flags = sys_fcntl(spare, F_GETFL, 0);
	return result;
}

int proxied_listen(const struct ruleset *rs, int fd)
{
	struct conversion c;
	struct mark m;
	int result = engine_broker() ? mark_read(fd, &m) : -EACCES;

	if (result <= 0)
		return fail(fd, result ?: -EOPNOTSUPP);
	m.muxed = true;
	result = begin(&c, rs, fd, &m);
	if (result < 0)
		return fail(fd, result);
	result = ask_listening(c.spare);
	if (result == -ENGINE_LATER) {
		engine_keep(c.spare);
		return result;
	}
	if (result < 0) {
		conversion_abort(&c);
		return fail(fd, result);
	}
	return conversion_exchange(&c, &m);
}

int proxied_release(void)
{
	return engine_broker() ? ask_release() : 0;
}

/* ---- accept() ---- */

int proxied_take(int accepted, int flags, struct endpoint *client, bool *known)
{
	int fd = ask_arrival(accepted, client, known), result;

	if (fd < 0)
		return fd;
	result = sys_dup3(fd, accepted, flags & SOCK_CLOEXEC ? O_CLOEXEC : 0);
	sys_close(fd);
	if (result >= 0)
		result = sys_set_flags(accepted, flags & SOCK_NONBLOCK ? O_NONBLOCK : 0);
	return result < 0 ? result : 0;
}

void proxied_show(const struct mark *m, struct endpoint *client)
{
	static const uint8_t nobody[4] = {240, 0, 0, 1};

	if (!m->v6 && !ip_is_v4(client->ip))
		ip_from_v4(client->ip, nobody);
}
