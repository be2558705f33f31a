/* SPDX-License-Identifier: MIT */
/*
 * proxy_here.c - is there a proxy where a rule leads, of the kind that the rule says?
 *
 * Theory of operation
 *
 * The way there is the shim's own, a VMM's dialogue included. SOCKS5 then has a greeting, after
 * which the proxy says which method it wants: that is enough. HTTP has OPTIONS *, which means
 * the proxy itself, and whatever status it answers with is one of a proxy's; 407 is what one
 * says that wants a password.
 */
#include "proxy_here.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../config/password.h"
#include "../shim/kernel/sys.h"
#include "../shim/route/socks5.h"
#include "../shim/route/speak.h"
#include "../shim/transport/transport.h"
#include "show.h"

#define ANSWER_MS 3000

/**
 * wait_for() - wait for a socket
 * Return: 0, or a negated errno: -ETIMEDOUT
 */
static int wait_for(int fd, short events, int64_t until)
{
	struct pollfd polled = {.fd = fd, .events = events};
	int64_t left = until - sys_now_ms();
	int result = left > 0 ? poll(&polled, 1, (int)left) : 0;

	if (result < 0)
		return errno == EINTR ? wait_for(fd, events, until) : -errno;
	return result > 0 ? 0 : -ETIMEDOUT;
}

/**
 * reach() - connect to where the proxy is, past a VMM if there is one
 * @way: without the proxy
 * Return: 0, or a negated errno
 */
static int reach(int fd, const struct route *way, int64_t until)
{
	int result = transport_connect(fd, way->first), error = 0;
	struct dialogue d;

	if (result == -EINPROGRESS)
		result = wait_for(fd, POLLOUT, until);
	if (result == 0)
		result = sys_getsockopt_int(fd, SOL_SOCKET, SO_ERROR, &error);
	if (result < 0 || error)
		return way->first.path ? -muxer_tcp_error(-result)
				       : -tcp_error(result < 0 ? -result : error);
	speak_begin(&d, way);
	while ((result = speak(fd, &d, way, NULL)) == 0) {
		result = wait_for(fd, POLLIN, until);
		if (result < 0)
			return result;
	}
	return result == 1 ? 0 : result;
}

/**
 * exchange() - say something, and hear the beginning of the answer
 * Return: how many bytes that has, as many as wanted unless it ended before; or a negated errno
 */
static ssize_t exchange(int fd, const char *said, size_t size, char *answer, size_t wanted,
			int64_t until)
{
	ssize_t got = sys_send(fd, said, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	size_t have = 0;

	if (got != (ssize_t)size)
		return got < 0 ? got : -EPROTO;
	while (have < wanted) {
		int result = wait_for(fd, POLLIN, until);

		if (result < 0)
			return result;
		got = sys_recv(fd, answer + have, wanted - have, MSG_DONTWAIT);
		if (got < 0 && got != -EAGAIN)
			return got;
		if (got == 0)
			break;
		have += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)have;
}

/**
 * no_proxy() - what answers is none
 */
static bool no_proxy(struct list *text, const char *kind)
{
	text_add(text, "what answers there is no %s proxy: is the port right?", kind);
	return false;
}

/**
 * greet_socks5() - find out which method it wants
 */
static bool greet_socks5(int fd, bool has_user, int64_t until, struct list *text)
{
	const struct credentials own = {has_user ? "" : NULL, NULL};
	char said[DIALOGUE_OUT_MAX];
	struct dialogue d;
	char answer[2];
	ssize_t got;

	dialogue_step(&d, STEP_SOCKS5_METHOD);
	got = exchange(fd, said, socks5_say(&d, NULL, &own, false, said), answer,
		       sizeof(answer), until);
	if (got != sizeof(answer) || answer[0] != 5)
		return no_proxy(text, "SOCKS5");
	switch ((uint8_t)answer[1]) {
	case 0:
		text_add(text, "it answers, and wants no password");
		return true;
	case 2:
		text_add(text, "it answers, and wants user and password");
		return has_user;
	default:
		text_add(text, has_user ? "it takes neither a password nor none"
					: "it wants to know who connects: give the URL a user, "
					  "and the rule a password_file");
		return false;
	}
}

/**
 * ask_http() - find out whether it answers as such proxies do
 */
static bool ask_http(int fd, bool has_user, int64_t until, struct list *text)
{
	static const char said[] = "OPTIONS * HTTP/1.1\r\nHost: proxy\r\nMax-Forwards: 0\r\n"
				   "Connection: close\r\n\r\n";
	char answer[13] = "";
	ssize_t got = exchange(fd, said, sizeof(said) - 1, answer, sizeof(answer) - 1, until);

	if (got != sizeof(answer) - 1 || strncmp(answer, "HTTP/1.", 7) != 0)
		return no_proxy(text, "HTTP");
	text_add(text, "it answers (%s)", answer + 9);
	if (strcmp(answer + 9, "407") != 0 || has_user)
		return true;
	text_add(text, ", and wants a password: give the URL a user, and the rule a "
		       "password_file");
	return false;
}

/**
 * inspect_password() - may the broker read the password?
 */
static bool inspect_password(const struct ruleset *rs, const struct proxy *proxy,
			     struct list *text)
{
	const char *path = ruleset_string(rs, proxy->password_file);
	char password[PROXY_PASSWORD_MAX + 1];
	const char *wrong = password_read(path, password);

	explicit_bzero(password, sizeof(password));
	if (wrong)
		text_add(text, "; but the password_file %s: %s", path, wrong);
	return !wrong;
}

/**
 * talk() - reach the proxy and see what it says
 * @fd: a non-blocking socket
 */
static bool talk(int fd, const struct ruleset *rs, const struct decision *d, struct list *text)
{
	const struct proxy *proxy = ruleset_proxy(rs, d->via);
	const struct route way = {.first = route_first(rs, d)};
	int64_t until = sys_now_ms() + ANSWER_MS;
	int result = reach(fd, &way, until);
	bool good;

	if (result < 0) {
		text_add(text, "it cannot be reached: %s", strerror(-result));
		return false;
	}
	good = proxy->scheme == PROXY_HTTP ? ask_http(fd, proxy->user, until, text)
					   : greet_socks5(fd, proxy->user, until, text);
	return (!proxy->user || inspect_password(rs, proxy, text)) && good;
}

bool proxy_inspect(const struct ruleset *rs, uint32_t rule, struct list *text)
{
	const struct decision d = connect_rule_decides(rs, rule);
	int fd = transport_socket(d.path != 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
	bool good;

	if (fd < 0) {
		text_add(text, "it cannot be reached: %s: %s", transport_cannot_make(d.path),
			 strerror(-fd));
		return false;
	}
	good = talk(fd, rs, &d, text);
	close(fd);
	return good;
}
