/* SPDX-License-Identifier: MIT */
/*
 * speak.c - a dialogue, and the socket that it is held on
 */
#include "speak.h"

#include <errno.h>
#include <string.h>

#include "../kernel/sys.h"
#include "http.h"
#include "muxer.h"
#include "socks5.h"

/* ---- which steps there are ---- */

static enum step step_of_proxy(const struct proxy *proxy)
{
	if (!proxy)
		return STEP_OVER;
	return proxy->scheme == PROXY_HTTP ? STEP_HTTP : STEP_SOCKS5_METHOD;
}

void speak_begin(struct dialogue *d, const struct route *way)
{
	bool muxer = way->first.path && way->first.port != PORT_OF_PATH;

	dialogue_step(d, muxer ? STEP_MUXER : step_of_proxy(way->proxy));
}

/* What there is to say now; how many bytes */
static size_t compose(const struct dialogue *d, const struct route *way, const char *password,
		      char out[DIALOGUE_OUT_MAX])
{
	const struct credentials own = {way->user, password};

	switch (d->step) {
	case STEP_MUXER:
		return muxer_say(way->first.port, out);
	case STEP_HTTP:
		return http_say(&way->onwards, &own, out);
	default:
		return socks5_say(d, &way->onwards, &own, way->proxy->one_write, out);
	}
}

/* What was seen of an answer; as the functions of each kind. */
static int understand(struct dialogue *d, const struct route *way, const char *seen,
		      size_t size, size_t *taken)
{
	int result;

	switch (d->step) {
	case STEP_MUXER:
		result = muxer_take(d, seen, size, taken);
		if (result != 1 || !way->proxy)
			return result;
		dialogue_step(d, step_of_proxy(way->proxy));
		return 0;
	case STEP_HTTP:
		return http_take(d, seen, size, taken);
	default:
		return socks5_take(d, way->user != NULL, way->proxy->one_write, seen, size,
				   taken);
	}
}

/* ---- on a socket ---- */

/* More can be done at once. */
#define GO_ON 2

/* Say it in one write; as speak(), or GO_ON. */
static int say(int fd, struct dialogue *d, const struct route *way, const char *password)
{
	char out[DIALOGUE_OUT_MAX];
	size_t size;
	ssize_t sent;

	if (d->step != STEP_MUXER && way->user && !password)
		return dialogue_failed(d, WHY_FILE, EACCES);
	if (d->step != STEP_MUXER && !destination_is_sound(&way->onwards))
		return dialogue_failed(d, WHY_NAME, EHOSTUNREACH);
	size = compose(d, way, password, out);
	sent = sys_send(fd, out, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (password)
		explicit_bzero(out, size);
	if (sent == (ssize_t)size) {
		d->said = true;
		return GO_ON;
	}
	/* it has closed already, or takes half a command */
	if (sent == -EPIPE || sent == -ECONNRESET)
		return dialogue_failed(d, d->step == STEP_MUXER ? WHY_MUXER : WHY_CLOSED,
				       ECONNREFUSED);
	return dialogue_failed(d, WHY_UNKNOWN, sent < 0 ? (int)-sent : EPROTO);
}

/* Take what there is of the answer, and not a byte more; as speak(), or GO_ON. */
static int take(int fd, struct dialogue *d, const struct route *way)
{
	char seen[256];
	ssize_t size = sys_recv(fd, seen, sizeof seen, MSG_PEEK | MSG_DONTWAIT);
	size_t taken;
	int result;

	if (size == -EAGAIN)
		return 0;
	if (size == -ECONNRESET || size == -EPIPE)
		size = 0;
	if (size < 0)
		return dialogue_failed(d, WHY_UNKNOWN, (int)-size);
	result = understand(d, way, seen, (size_t)size, &taken);
	if (taken > 0 && sys_recv(fd, seen, taken, MSG_DONTWAIT) != (ssize_t)taken)
		return dialogue_failed(d, WHY_NONSENSE, EPROTO);
	return result ?: GO_ON;
}

int speak(int fd, struct dialogue *d, const struct route *way, const char *password)
{
	int result = d->step == STEP_OVER ? 1 : GO_ON;

	while (result == GO_ON)
		result = d->said ? take(fd, d, way) : say(fd, d, way, password);
	return result;
}

/* ---- what it means ---- */

static const char *muxer_failed(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "nobody listens at this port of the guest, or the guest is not up";
	case ETIMEDOUT:
		return "no answer within connect_timeout: is the guest paused? "
		       "vhost-device-vsock 0.3.0 carries nothing any more after this";
	case EPROTO:
		return "the answer is none of a VMM's: does the path belong to one?";
	default:
		return "";
	}
}

const char *speak_failed(enum why why, int error)
{
	switch (why) {
	case WHY_MUXER:
		return muxer_failed(error);
	case WHY_REMOTE:
		return "the proxy could not connect to it";
	case WHY_RULES:
		return "the proxy's rules forbid it";
	case WHY_METHOD:
		return "the proxy wants another kind of authorization: a user and a "
		       "password_file, or none";
	case WHY_PASSWORD:
		return "the proxy does not take this user and password, or wants one";
	case WHY_FILE:
		return "the password_file cannot be used, or there is no broker to read it: "
		       "see vsockify --doctor";
	case WHY_NAME:
		return "the name of the host is none that a proxy can be told";
	case WHY_NONSENSE:
		return "the answer is none of such a proxy's: is it one, of this kind?";
	case WHY_CLOSED:
		return "the proxy has closed the connection";
	case WHY_LATE:
		return "the proxy has not answered within connect_timeout";
	default:
		return "";
	}
}
