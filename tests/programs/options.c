/* SPDX-License-Identifier: MIT */
/*
 * options.c - socket options: set before and after connect() and bind(), on listeners and what
 * they accept
 */
#include <linux/tls.h>
#include <sys/time.h>

#include <limits.h>

#include "tcp.h"

struct option {
	const char *label;
	int level, name;
	int value;
	bool v6;      /* IPv6 only */
	bool dynamic; /* TCP's own value changes with the connection: only what was set is
			 compared */
};

static const struct option options[] = {
	{"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1, false, false},
	{"SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 1, false, false},
	{"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1, false, false},
	{"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 1, false, false},
	{"SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 7, false, false},
	{"SO_PRIORITY", SOL_SOCKET, SO_PRIORITY, 3, false, false},
	{"SO_DONTROUTE", SOL_SOCKET, SO_DONTROUTE, 1, false, false},
	{"SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, 50000, false, true},
	{"SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, 60000, false, true},
	{"SO_MAX_PACING_RATE", SOL_SOCKET, SO_MAX_PACING_RATE, 1000000, false, false},
	{"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 1, false, false},
	{"TCP_CORK", IPPROTO_TCP, TCP_CORK, 1, false, false},
	{"TCP_QUICKACK", IPPROTO_TCP, TCP_QUICKACK, 0, false, true},
	{"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 123, false, false},
	{"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 45, false, false},
	{"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 6, false, false},
	{"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 54321, false, false},
	{"TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, 5, false, false},
	{"TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT, 4, false, false},
	{"TCP_LINGER2", IPPROTO_TCP, TCP_LINGER2, 20, false, false},
	{"TCP_NOTSENT_LOWAT", IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384, false, false},
	{"TCP_THIN_LINEAR_TIMEOUTS", IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1, false, false},
	{"IP_TOS", IPPROTO_IP, IP_TOS, 0x10, false, false},
	{"IP_TTL", IPPROTO_IP, IP_TTL, 33, false, false},
	{"IP_MTU_DISCOVER", IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT, false, false},
	{"IP_RECVERR", IPPROTO_IP, IP_RECVERR, 1, false, false},
	{"IP_FREEBIND", IPPROTO_IP, IP_FREEBIND, 1, false, false},
	{"IPV6_TCLASS", IPPROTO_IPV6, IPV6_TCLASS, 0x20, true, false},
	{"IPV6_UNICAST_HOPS", IPPROTO_IPV6, IPV6_UNICAST_HOPS, 44, true, false},
};

static const char *read_int(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof value;
	char *text = scratch_text();

	if (getsockopt(fd, level, name, &value, &len) < 0)
		return result(-1);
	sprintf(text, "%d len %u", value, len);
	return text;
}

/* SO_RCVLOWAT, which TCP cuts to half of what its buffer may grow to: that differs from machine
 * to machine. */
static const char *read_low_water(int fd)
{
	int value = 0;
	socklen_t len = sizeof value;

	must(getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &value, &len));
	return value > 1 << 20 && value < INT_MAX ? "cut"
						  : read_int(fd, SOL_SOCKET, SO_RCVLOWAT);
}

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

/* ---- one option at a time, in every state ---- */

static bool fits(const struct option *o, const struct family *f)
{
	return !o->v6 || f->domain == AF_INET6;
}

static void default_values(const struct family *f)
{
	int fresh = socket_of(f, 0), listener = listener_on(f, f->loopback, 0, "server"),
	    ends[2];

	connected_pair(f, f->loopback, ends);
	for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];

		if (!fits(o, f) || o->dynamic)
			continue;
		say("%s: fresh %s, listener %s, client %s, accepted %s", o->label,
		    read_int(fresh, o->level, o->name), read_int(listener, o->level, o->name),
		    read_int(ends[0], o->level, o->name), read_int(ends[1], o->level, o->name));
	}
	close(fresh);
	close(listener);
	close(ends[0]);
	close(ends[1]);
}

/* Not if TCP itself changes the value as it likes. */
static void read_if_stable(const char *what, int fd, const struct option *o)
{
	if (!o->dynamic || o->level == SOL_SOCKET)
		say("%s: %s has %s", o->label, what, read_int(fd, o->level, o->name));
}

static void set_before(const struct family *f)
{
	for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];
		int listener = socket_of(f, 0), client = socket_of(f, 0), server;
		struct address peer;

		if (!fits(o, f)) {
			close(client);
			close(listener);
			continue;
		}
		say("%s: set %s, %s", o->label,
		    result(set_int(client, o->level, o->name, o->value)),
		    result(set_int(listener, o->level, o->name, o->value)));
		must(bind_to(listener, f->loopback, 0));
		say("%s: bound %s", o->label, read_int(listener, o->level, o->name));
		must(listen(listener, 5));
		read_if_stable("listening", listener, o);
		must(connect_to(client, f->loopback, local_port(listener)));
		read_if_stable("connected", client, o);
		if (o->name == TCP_DEFER_ACCEPT && o->level == IPPROTO_TCP)
			must(write(client, "now", 3));
		server = accept_one(listener, &peer);
		read_if_stable("what it accepts", server, o);
		close(client);
		close(server);
		close(listener);
	}
}

static void set_and_read(const char *what, int fd, const struct option *o)
{
	say("%s: %s %s", o->label, what, result(set_int(fd, o->level, o->name, o->value)));
	read_if_stable(what, fd, o);
}

static void set_after(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), ends[2];

	connected_pair(f, f->loopback, ends);
	for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];

		if (!fits(o, f))
			continue;
		set_and_read("client", ends[0], o);
		set_and_read("accepted", ends[1], o);
		set_and_read("listener", listener, o);
	}
	/* all of them are there at once, and the connection still works */
	for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
		/* IP_TOS sets the priority too */
		if (fits(&options[i], f) && !options[i].dynamic &&
		    !(options[i].level == SOL_SOCKET && options[i].name == SO_PRIORITY))
			say("%s: in the end %s", options[i].label,
			    read_int(ends[0], options[i].level, options[i].name));
	set_int(ends[0], SOL_SOCKET, SO_RCVLOWAT, 1);
	set_int(ends[1], SOL_SOCKET, SO_RCVLOWAT, 1);
	check_echo(ends[0], ends[1]);
	close(ends[0]);
	close(ends[1]);
	close(listener);
}

/* A listener's options, set after listen(), go to what it accepts then. */
static void listener_late(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), client = socket_of(f, 0),
	    server;
	struct linger linger = {1, 3};
	struct timeval limit = {2, 500000};
	struct address peer;
	socklen_t len;

	must(set_int(listener, SOL_SOCKET, SO_KEEPALIVE, 1));
	must(set_int(listener, IPPROTO_TCP, TCP_NODELAY, 1));
	must(set_int(listener, IPPROTO_TCP, TCP_KEEPIDLE, 321));
	must(set_int(listener, IPPROTO_TCP, TCP_KEEPCNT, 4));
	must(set_int(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, 9999));
	must(setsockopt(listener, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	must(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
	must(connect_to(client, f->loopback, local_port(listener)));
	server = accept_one(listener, &peer);
	say("accepted: KEEPALIVE %s, NODELAY %s, KEEPIDLE %s, KEEPCNT %s, USER_TIMEOUT %s",
	    read_int(server, SOL_SOCKET, SO_KEEPALIVE),
	    read_int(server, IPPROTO_TCP, TCP_NODELAY),
	    read_int(server, IPPROTO_TCP, TCP_KEEPIDLE),
	    read_int(server, IPPROTO_TCP, TCP_KEEPCNT),
	    read_int(server, IPPROTO_TCP, TCP_USER_TIMEOUT));
	memset(&linger, 0, sizeof linger);
	memset(&limit, 0, sizeof limit);
	len = sizeof linger;
	must(getsockopt(server, SOL_SOCKET, SO_LINGER, &linger, &len));
	len = sizeof limit;
	must(getsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, &len));
	say("accepted: LINGER %d %d, RCVTIMEO %ld.%06ld", linger.l_onoff, linger.l_linger,
	    (long)limit.tv_sec, (long)limit.tv_usec);
	close(client);
	close(server);
	close(listener);
}

/* ---- structures and texts ---- */

static void structures(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), client = socket_of(f, 0),
	    server;
	struct timeval receive = {0, 40000}, send_limit = {3, 250000};
	struct linger linger = {1, 9};
	char name[16] = "", byte;
	struct address peer;
	socklen_t len;

	must(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof receive));
	must(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &send_limit, sizeof send_limit));
	must(setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	must(setsockopt(client, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	must(connect_to(client, f->loopback, local_port(listener)));
	server = accept_one(listener, &peer);
	memset(&receive, 0, sizeof receive);
	memset(&linger, 0, sizeof linger);
	len = sizeof receive;
	say("SO_RCVTIMEO: %s",
	    result(getsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &receive, &len)));
	say("SO_RCVTIMEO: %ld.%06ld len %u", (long)receive.tv_sec, (long)receive.tv_usec, len);
	len = sizeof receive;
	must(getsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &receive, &len));
	say("SO_SNDTIMEO: %ld.%06ld len %u", (long)receive.tv_sec, (long)receive.tv_usec, len);
	len = sizeof linger;
	must(getsockopt(client, SOL_SOCKET, SO_LINGER, &linger, &len));
	say("SO_LINGER: %d %d len %u", linger.l_onoff, linger.l_linger, len);
	say("recv with a time-out: %s", result(recv(client, &byte, 1, 0)));
	len = sizeof name;
	must(getsockopt(client, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	say("TCP_CONGESTION: %.16s len %u", name, len);
	len = sizeof name;
	must(getsockopt(server, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	say("TCP_CONGESTION of the other end: %.16s len %u", name, len);
	say("TCP_CONGESTION set: %s",
	    result(setsockopt(server, IPPROTO_TCP, TCP_CONGESTION, "reno", 4)));
	say("TCP_CONGESTION unknown: %s",
	    result(setsockopt(server, IPPROTO_TCP, TCP_CONGESTION, "nonesuch", 8)));
	len = 2;
	must(getsockopt(server, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	say("TCP_CONGESTION, room for 2: %.2s len %u", name, len);
	close(client);
	close(server);
	close(listener);
}

/* ---- what sockets say of themselves ---- */

static int tcp_state(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof info;

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ? -1 : info.tcpi_state;
}

static void identity(const struct family *f)
{
	int ends[2], fds[4];
	static const char *const labels[] = {"bound", "listener", "client", "accepted"};

	connected_pair(f, f->loopback, ends);
	fds[0] = socket_of(f, 0);
	must(bind_to(fds[0], f->loopback, 0));
	fds[1] = listener_on(f, f->loopback, 0, "server");
	fds[2] = ends[0];
	fds[3] = ends[1];
	for (int i = 0; i < 4; i++) {
		char room[64];
		socklen_t len = sizeof room;
		int options_result = getsockopt(fds[i], IPPROTO_IP, IP_OPTIONS, room, &len);

		say("%s: DOMAIN %s, TYPE %s, PROTOCOL %s, ACCEPTCONN %s", labels[i],
		    read_int(fds[i], SOL_SOCKET, SO_DOMAIN),
		    read_int(fds[i], SOL_SOCKET, SO_TYPE),
		    read_int(fds[i], SOL_SOCKET, SO_PROTOCOL),
		    read_int(fds[i], SOL_SOCKET, SO_ACCEPTCONN));
		say("%s: ERROR %s, TCP_INFO state %d, IP_OPTIONS %s len %u", labels[i],
		    read_int(fds[i], SOL_SOCKET, SO_ERROR), tcp_state(fds[i]),
		    result(options_result), len);
		say("%s: V6ONLY %s", labels[i], read_int(fds[i], IPPROTO_IPV6, IPV6_V6ONLY));
		say("%s: V6ONLY set %s", labels[i],
		    result(set_int(fds[i], IPPROTO_IPV6, IPV6_V6ONLY, 1)));
	}
	must(shutdown(fds[2], SHUT_WR));
	wait_for(fds[3], POLLRDHUP);
	/* FIN_WAIT1 becomes FIN_WAIT2 when the other end has acknowledged */
	say("half closed: TCP_INFO state %s and %d",
	    tcp_state(fds[2]) == TCP_FIN_WAIT1 || tcp_state(fds[2]) == TCP_FIN_WAIT2
		    ? "FIN_WAIT"
		    : "other",
	    tcp_state(fds[3]));
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

static void v6only(void)
{
	for (int value = 0; value < 2; value++) {
		int fd = socket_of(&families[1], 0);

		must(set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, value));
		must(bind_to(fd, "::", 0));
		say("V6ONLY %d: bound %s", value, read_int(fd, IPPROTO_IPV6, IPV6_V6ONLY));
		must(listen(fd, 5));
		say("V6ONLY %d: listening %s", value, read_int(fd, IPPROTO_IPV6, IPV6_V6ONLY));
		close(fd);
	}
}

/* ---- values that TCP refuses or changes, and options that must not be pretended ---- */

static void odd_values(const struct family *f)
{
	static const struct {
		const char *label;
		int level, name, value;
	} tries[] = {
		{"TCP_KEEPIDLE 0", IPPROTO_TCP, TCP_KEEPIDLE, 0},
		{"TCP_KEEPIDLE 40000", IPPROTO_TCP, TCP_KEEPIDLE, 40000},
		{"TCP_KEEPINTVL 32767", IPPROTO_TCP, TCP_KEEPINTVL, 32767},
		{"TCP_KEEPCNT 127", IPPROTO_TCP, TCP_KEEPCNT, 127},
		{"TCP_KEEPCNT 128", IPPROTO_TCP, TCP_KEEPCNT, 128},
		{"TCP_NODELAY 2", IPPROTO_TCP, TCP_NODELAY, 2},
		{"TCP_NODELAY 0", IPPROTO_TCP, TCP_NODELAY, 0},
		{"TCP_CORK -1", IPPROTO_TCP, TCP_CORK, -1},
		{"TCP_USER_TIMEOUT -1", IPPROTO_TCP, TCP_USER_TIMEOUT, -1},
		{"TCP_LINGER2 -1", IPPROTO_TCP, TCP_LINGER2, -1},
		{"TCP_SYNCNT 200", IPPROTO_TCP, TCP_SYNCNT, 200},
		{"IP_TOS 300", IPPROTO_IP, IP_TOS, 300},
		{"IP_TTL 0", IPPROTO_IP, IP_TTL, 0},
		{"IP_TTL -1", IPPROTO_IP, IP_TTL, -1},
		{"SO_PRIORITY 6", SOL_SOCKET, SO_PRIORITY, 6},
		{"SO_REUSEPORT 5", SOL_SOCKET, SO_REUSEPORT, 5},
		{"SO_TYPE", SOL_SOCKET, SO_TYPE, 1},
		{"SO_PEEK_OFF", SOL_SOCKET, SO_PEEK_OFF, 1},
	};
	int ends[2], fd = socket_of(f, 0);

	connected_pair(f, f->loopback, ends);
	for (unsigned i = 0; i < ARRAY_SIZE(tries); i++) {
		say("%s: %s", tries[i].label,
		    result(set_int(ends[0], tries[i].level, tries[i].name, tries[i].value)));
		say("%s: then %s", tries[i].label,
		    read_int(ends[0], tries[i].level, tries[i].name));
	}
	say("SO_RCVLOWAT -1: %s", result(set_int(ends[0], SOL_SOCKET, SO_RCVLOWAT, -1)));
	say("SO_RCVLOWAT -1: then %s", read_low_water(ends[0]));
	for (int i = 0; i < 2; i++)
		close(ends[i]);
	close(fd);
}

/*
 * How much must have come before poll() says so: @mark, which a listener has before bind(), or
 * gets when it listens, from where it goes to what is accepted
 */
static void low_water_of(const struct family *f, int mark, bool late)
{
	static char data[1 << 19];
	int listener = socket_of(f, 0), client = socket_of(f, 0), server;
	struct address peer;

	if (!late)
		must(set_int(listener, SOL_SOCKET, SO_RCVLOWAT, mark));
	must(set_int(client, SOL_SOCKET, SO_RCVLOWAT, mark));
	must(bind_to(listener, late ? f->any : f->loopback, 0));
	must(listen(listener, 5));
	if (late)
		must(set_int(listener, SOL_SOCKET, SO_RCVLOWAT, mark));
	must(connect_to(client, f->loopback, local_port(listener)));
	server = accept_one(listener, &peer);
	say("SO_RCVLOWAT %d%s: listener %s, client %s, accepted %s", mark,
	    late ? ", while it listens" : "", read_low_water(listener), read_low_water(client),
	    read_low_water(server));
	must(write(client, data, sizeof data - 1));
	if (over_unix()) /* a muxer takes its time, and poll() does not wait for more */
		wait_for(server, POLLIN);
	say("one byte too few: %s", events_text(events_now(server, POLLIN)));
	if (mark > 0) {
		must(write(client, data, 1));
		say("enough: %s", events_text(wait_for(server, POLLIN)));
	}
	close(client);
	close(server);
	close(listener);
}

/* More than a VM socket's first buffer, and more than any. */
static void low_water(const struct family *f)
{
	for (int late = 0; late < 2; late++) {
		low_water_of(f, 1 << 19, late);
		low_water_of(f, -1, late);
	}
}

/* These promise security, or change what is sent: they must fail on a VM socket. */
static void must_fail(const struct family *f)
{
	struct tls12_crypto_info_aes_gcm_128 crypto = {
		.info = {TLS_1_2_VERSION, TLS_CIPHER_AES_GCM_128}};
	struct tcp_md5sig md5 = {.tcpm_keylen = 3, .tcpm_key = "key"};
	int ends[2];

	connected_pair(f, f->loopback, ends);
	md5.tcpm_addr.ss_family = AF_INET;
	if (over_vsock()) {
		check(set_int(ends[0], IPPROTO_IP, IP_TRANSPARENT, 1) < 0);
		check(set_int(ends[0], IPPROTO_IPV6, IPV6_TRANSPARENT, 1) < 0);
		check(set_int(ends[0], IPPROTO_IP, IP_MINTTL, 255) < 0);
		check(set_int(ends[0], IPPROTO_IPV6, IPV6_MINHOPCOUNT, 255) < 0);
		check(set_int(ends[0], IPPROTO_TCP, TCP_REPAIR, 1) < 0);
		check(setsockopt(ends[0], IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof md5) < 0);
		check(setsockopt(ends[0], IPPROTO_TCP, TCP_ULP, "tls", 3) < 0);
		check(setsockopt(ends[0], SOL_TLS, TLS_TX, &crypto, sizeof crypto) < 0);
		check(setsockopt(ends[0], SOL_SOCKET, SO_ATTACH_BPF, &(int){0}, 4) < 0);
	}
	check_echo(ends[0], ends[1]);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	each_family("default values", default_values);
	each_family("set before", set_before);
	each_family("set after", set_after);
	each_family("a listener's, set late", listener_late);
	each_family("structures", structures);
	each_family("identity", identity);
	section("v6", "V6ONLY");
	v6only();
	each_family("odd values", odd_values);
	each_family("low water", low_water);
	each_family("must fail", must_fail);
	return test_failed;
}
