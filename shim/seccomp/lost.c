/* SPDX-License-Identifier: MIT */
/*
 * lost.c - results that could not be given, since a signal came
 */
#include "lost.h"

#include <string.h>

#include "../kernel/sys.h"
#include "../transport/transport.h"

/* Threads that a signal meets just then; the oldest are pushed out. */
#define RESULTS 1024

static struct lost {
	uint64_t where, arguments[3], cookie;
	int64_t since;
	pid_t thread;
	int call, result;
	uint16_t port; /* in place of the cookie, which was not asked for */
	bool used;
} results[RESULTS];
static unsigned next_result, result_count;

static struct lost describe(const struct call *call)
{
	struct lost lost = {.used = true,
			    .thread = call->thread,
			    .call = call->data.nr,
			    .port = call->port,
			    .where = call->data.instruction_pointer};

	memcpy(lost.arguments, call->data.args, sizeof lost.arguments);
	if (call->fd < 0)
		lost.cookie = call->cookie;
	else if (sys_cookie(call->fd, &lost.cookie) < 0)
		lost.cookie = 0;
	lost.used = lost.cookie || lost.port;
	return lost;
}

/* Does it come to something else when it is made anew? */
static bool matters(const struct call *call, int result)
{
	switch (call->data.nr) {
	case SYS_connect:
	case SYS_bind:
	case SYS_shutdown:
		return true;
	case SYS_getsockopt: /* an error can be read once */
		return result >= 0 && call_argument(call, 2) == SO_ERROR;
	default:
		return false;
	}
}

void lost_prepare(struct call *call, int result)
{
	if (result == CALL_CONTINUE || !matters(call, result) || call->fd < 0 || call->port ||
	    sys_cookie(call->fd, &call->cookie) < 0)
		call->cookie = 0;
}

static bool is_same(const struct lost *a, const struct lost *b)
{
	return a->used && a->thread == b->thread && a->call == b->call &&
	       a->where == b->where && a->cookie == b->cookie &&
	       memcmp(a->arguments, b->arguments, sizeof a->arguments) == 0;
}

static struct lost *find(const struct call *call)
{
	struct lost wanted;

	if (!result_count)
		return NULL;
	wanted = describe(call);
	for (unsigned i = 0; wanted.used && i < RESULTS; i++)
		if (is_same(&results[i], &wanted))
			return &results[i];
	return NULL;
}

/* Does this socket, of the program's, have this port? */
static bool has_port(int fd, uint16_t port)
{
	struct vm_address own;

	return transport_local(fd, &own) > 0 && own.port == port;
}

/* The cookie of what this call has bound; 0: that does not lie there any more */
static uint64_t cookie_by_port(const struct call *call)
{
	int fd = process_descriptor(call->process, call->number);
	uint64_t cookie = 0;

	if (fd < 0)
		return 0;
	if (has_port(fd, call->port))
		sys_cookie(fd, &cookie);
	sys_close(fd);
	return cookie;
}

void lost_result(const struct call *call, int result)
{
	struct lost lost = describe(call), *place = find(call);

	if (lost.port)
		lost.cookie = cookie_by_port(call);
	if (!lost.cookie)
		return;
	if (!place)
		place = &results[next_result++ % RESULTS];
	result_count += !place->used;
	lost.result = result;
	lost.since = sys_now_ms();
	*place = lost;
}

bool lost_find(const struct call *call, int *result)
{
	struct lost *lost = find(call);

	if (lost)
		*result = lost->result;
	return lost != NULL;
}

void lost_delivered(const struct call *call)
{
	struct lost *lost = find(call);

	if (!lost)
		return;
	lost->used = false;
	result_count--;
}

/* ---- perhaps ---- */

/* How long a handler may take, at the most, for its call to be known again */
#define DOUBT_MS 1000

/* The last answer of each thread that matters; those that meet in one place push each other
 * out. */
static struct lost perhaps[512];

static struct lost *place_of(pid_t thread)
{
	return &perhaps[(unsigned)thread % (sizeof perhaps / sizeof perhaps[0])];
}

/* Can it be seen later that this was done? */
static bool leaves_a_trace(const struct call *call, int result)
{
	if (call->data.nr == SYS_bind)
		return result == 0;
	return call->data.nr == SYS_connect && (result == 0 || result == -EINPROGRESS);
}

/* Is this error the trace? */
static bool is_trace(const struct call *call, int result)
{
	if (call->data.nr == SYS_bind)
		return result == -EINVAL;
	return call->data.nr == SYS_connect && (result == -EISCONN || result == -EALREADY);
}

void lost_perhaps(const struct call *call, int result)
{
	struct lost lost;

	if (!leaves_a_trace(call, result))
		return;
	lost = describe(call);
	lost.result = result;
	lost.since = sys_now_ms();
	*place_of(call->thread) = lost;
}

int lost_doubt(const struct call *call, int result)
{
	struct lost *last, wanted;

	if (!is_trace(call, result))
		return result;
	last = place_of(call->thread);
	wanted = describe(call);
	if (last->port && !has_port(call->fd, last->port))
		return result;
	if (last->port)
		wanted.cookie = last->cookie;
	if (!is_same(last, &wanted) || sys_now_ms() - last->since > DOUBT_MS ||
	    !process_handles_signals(call->process))
		return result;
	last->used = false;
	return last->result;
}

/* ---- connections ---- */

#define CONNECTIONS 64

static struct connection {
	uint64_t listener; /* its cookie; 0: free */
	int64_t since;
	struct sockaddr_storage peer;
	socklen_t len;
	int fd;
} connections[CONNECTIONS];
static unsigned connection_count;

static void drop(struct connection *c)
{
	c->listener = 0;
	connection_count--;
}

void lost_accepted(const struct call *call, int accepted, const struct sockaddr_storage *peer,
		   socklen_t len)
{
	uint64_t cookie;

	for (int i = 0; i < CONNECTIONS && sys_cookie(call->fd, &cookie) == 0; i++) {
		if (connections[i].listener)
			continue;
		connections[i] =
			(struct connection){cookie, sys_now_ms(), *peer, len, accepted};
		connection_count++;
		return;
	}
	sys_close(accepted);
}

int lost_take_accepted(const struct call *call, struct sockaddr_storage *peer, socklen_t *len)
{
	uint64_t cookie;

	if (!connection_count || sys_cookie(call->fd, &cookie) < 0)
		return -1;
	for (int i = 0; i < CONNECTIONS; i++) {
		if (connections[i].listener != cookie)
			continue;
		*peer = connections[i].peer;
		*len = connections[i].len;
		drop(&connections[i]);
		return connections[i].fd;
	}
	return -1;
}

/* ---- attempts ---- */

#define ATTEMPTS 64

static struct unplaced {
	struct lost of; /* not `used`: free */
	int fd;
} attempts[ATTEMPTS];
static unsigned attempt_count;

static int take(struct unplaced *a)
{
	a->of.used = false;
	attempt_count--;
	return a->fd;
}

void lost_begun(const struct call *call, int fd)
{
	struct lost lost = describe(call);
	int own = sys_fcntl(fd, F_DUPFD_CLOEXEC, 0);

	lost.since = sys_now_ms();
	for (int i = 0; own >= 0 && lost.used && i < ATTEMPTS; i++) {
		if (attempts[i].of.used)
			continue;
		attempts[i] = (struct unplaced){lost, own};
		attempt_count++;
		return;
	}
	if (own >= 0)
		sys_close(own);
}

int lost_take_begun(const struct call *call)
{
	struct lost wanted;

	if (!attempt_count)
		return -1;
	wanted = describe(call);
	for (int i = 0; i < ATTEMPTS; i++)
		if (is_same(&attempts[i].of, &wanted))
			return take(&attempts[i]);
	return -1;
}

/* ---- age ---- */

#define OLD_MS 60000

int lost_patience(void)
{
	if (attempt_count)
		return DOUBT_MS;
	return result_count || connection_count ? OLD_MS : -1;
}

void lost_age(void)
{
	int64_t now;

	if (lost_patience() < 0)
		return;
	now = sys_now_ms();
	for (unsigned i = 0; i < RESULTS; i++) {
		if (!results[i].used || now - results[i].since < OLD_MS)
			continue;
		results[i].used = false;
		result_count--;
	}
	for (int i = 0; i < CONNECTIONS; i++) {
		if (!connections[i].listener || now - connections[i].since < OLD_MS)
			continue;
		sys_close(connections[i].fd);
		drop(&connections[i]);
	}
	for (int i = 0; i < ATTEMPTS; i++)
		if (attempts[i].of.used && now - attempts[i].of.since >= DOUBT_MS)
			sys_close(take(&attempts[i]));
}
