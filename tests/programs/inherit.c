/* SPDX-License-Identifier: MIT */
/*
 * inherit.c - a socket means the same to every process that gets it
 *
 * inherit ADDRESS...	for each address: a listener, a client and an accepted socket, with
 *options set, described by the process that made them, by a forked child, by a program that was
 *given them over exec, and by one that received them over a Unix socket (SCM_RIGHTS)
 */
#include <sys/wait.h>

#include "tcp.h"

/* ---- what a process sees of a socket ---- */

static void add_option(char *text, int fd, int level, int name, const char *label)
{
	unsigned value[4] = {0};
	socklen_t len = sizeof value;
	int got = getsockopt(fd, level, name, value, &len);

	sprintf(text + strlen(text), " %s=", label);
	if (got < 0)
		strcat(text, result(-1));
	for (unsigned i = 0; got == 0 && i < len / 4; i++)
		sprintf(text + strlen(text), "%s%u", i ? "," : "", value[i]);
}

static void add_name(char *text, int fd, int (*call)(int, struct sockaddr *, socklen_t *))
{
	struct address a = {.len = sizeof a.room};
	char ip[INET6_ADDRSTRLEN] = "?";
	bool v4;

	if (call(fd, &a.any, &a.len) < 0) {
		sprintf(text + strlen(text), " %s", result(-1));
		return;
	}
	v4 = a.any.sa_family == AF_INET;
	inet_ntop(a.any.sa_family, v4 ? (void *)&a.in.sin_addr : (void *)&a.in6.sin6_addr, ip,
		  sizeof ip);
	sprintf(text + strlen(text), " %s %s %u len %u", v4 ? "inet" : "inet6", ip, port_in(&a),
		a.len);
}

#define TEXT_SIZE   8192
#define SOCKETS_MAX 4

static void describe(int fd, char *text)
{
	*text = 0;
	add_name(text, fd, getsockname);
	add_name(text, fd, getpeername);
	add_option(text, fd, SOL_SOCKET, SO_DOMAIN, "DOMAIN");
	add_option(text, fd, SOL_SOCKET, SO_PROTOCOL, "PROTOCOL");
	add_option(text, fd, SOL_SOCKET, SO_TYPE, "TYPE");
	add_option(text, fd, SOL_SOCKET, SO_ACCEPTCONN, "ACCEPTCONN");
	add_option(text, fd, SOL_SOCKET, SO_KEEPALIVE, "KEEPALIVE");
	add_option(text, fd, SOL_SOCKET, SO_LINGER, "LINGER");
	add_option(text, fd, SOL_SOCKET, SO_RCVTIMEO, "RCVTIMEO");
	add_option(text, fd, SOL_SOCKET, SO_REUSEADDR, "REUSEADDR");
	add_option(text, fd, IPPROTO_TCP, TCP_KEEPIDLE, "KEEPIDLE");
	add_option(text, fd, IPPROTO_TCP, TCP_KEEPINTVL, "KEEPINTVL");
	add_option(text, fd, IPPROTO_TCP, TCP_KEEPCNT, "KEEPCNT");
	add_option(text, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, "USER_TIMEOUT");
	add_option(text, fd, IPPROTO_TCP, TCP_NODELAY, "NODELAY");
	add_option(text, fd, IPPROTO_TCP, TCP_CORK, "CORK");
	add_option(text, fd, IPPROTO_TCP, TCP_CONGESTION, "CONGESTION");
	add_option(text, fd, IPPROTO_IP, IP_TOS, "TOS");
	add_option(text, fd, IPPROTO_IPV6, IPV6_V6ONLY, "V6ONLY");
	add_option(text, fd, IPPROTO_IPV6, IPV6_TCLASS, "TCLASS");
}

/* Descriptions of several sockets, one after the other. */
static void describe_all(const int *fds, int count, char *text)
{
	for (int i = 0; i < count; i++, text += strlen(text))
		describe(fds[i], text);
}

static int describe_to(const int *fds, int count, int out)
{
	char text[TEXT_SIZE];

	describe_all(fds, count, text);
	return write(out, text, strlen(text)) < 0;
}

/* ---- other processes ---- */

/* A message with room for descriptors. */
struct parcel {
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(SOCKETS_MAX * sizeof(int))];
	char byte;
	struct iovec iov;
	struct msghdr message;
};

static struct cmsghdr *prepare(struct parcel *p)
{
	memset(p, 0, sizeof *p);
	p->iov = (struct iovec){&p->byte, 1};
	p->message = (struct msghdr){.msg_iov = &p->iov,
				     .msg_iovlen = 1,
				     .msg_control = p->room,
				     .msg_controllen = sizeof p->room};
	return CMSG_FIRSTHDR(&p->message);
}

static void send_sockets(int over, const int *fds, int count)
{
	struct parcel p;
	struct cmsghdr *c = prepare(&p);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN((size_t)count * sizeof *fds);
	memcpy(CMSG_DATA(c), fds, (size_t)count * sizeof *fds);
	must(sendmsg(over, &p.message, 0));
}

static int receive_sockets(int over, int *fds)
{
	struct parcel p;
	struct cmsghdr *c = prepare(&p);

	must(recvmsg(over, &p.message, 0));
	memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof *fds);
}

enum way { FORK, EXEC, RECEIVE, WAYS };
static const char *const way_names[] = {"a forked child", "a program started by exec",
					"a program that received them"};

/* Become the other program: JOB OUT over NUMBER, or JOB OUT fds NUMBER... */
static void become(enum way way, const char *job, const int *fds, int count, int over, int out)
{
	char numbers[SOCKETS_MAX + 1][12];
	char *argv[SOCKETS_MAX + 5] = {"inherit", (char *)job, numbers[SOCKETS_MAX],
				       way == EXEC ? "fds" : "over"};

	sprintf(numbers[SOCKETS_MAX], "%d", out);
	for (int i = 0; i < count; i++) {
		sprintf(numbers[i], "%d", way == EXEC ? fds[i] : over);
		if (way == EXEC || i == 0)
			argv[4 + i] = numbers[i];
		if (way == RECEIVE)
			close(fds[i]);
	}
	execv("/proc/self/exe", argv);
}

/* Let another process do @job ("describe", "accept"); its answer comes into @text. */
static void ask(enum way way, const char *job, const int *fds, int count, char *text)
{
	int answer[2], over[2], status;
	ssize_t size = 0, got;
	pid_t child;

	must(pipe(answer));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, over));
	child = must(fork());
	if (child == 0) {
		if (way == FORK)
			_exit(describe_to(fds, count, answer[1]));
		become(way, job, fds, count, over[1], answer[1]);
		_exit(127);
	}
	close(answer[1]);
	if (way == RECEIVE)
		send_sockets(over[0], fds, count);
	while ((got = read(answer[0], text + size, TEXT_SIZE - 1 - (size_t)size)) > 0)
		size += got;
	text[size] = 0;
	close(answer[0]);
	close(over[0]);
	close(over[1]);
	must(waitpid(child, &status, 0));
	check(status == 0);
}

static void compare(const char *what, const int *fds, int count, enum way first, enum way last)
{
	char mine[TEXT_SIZE] = "", theirs[TEXT_SIZE] = "";

	describe_all(fds, count, mine);
	for (enum way way = first; way <= last; way++) {
		ask(way, "describe", fds, count, theirs);
		if (strcmp(mine, theirs) != 0)
			complain("%s sees %s\nas%s\nnot%s", way_names[way], what, theirs, mine);
		else
			say("%s sees %s as their maker does", way_names[way], what);
	}
	describe_all(fds, count, theirs);
	if (strcmp(mine, theirs) != 0)
		complain("%s changed\nfrom%s\nto  %s", what, mine, theirs);
}

/* ---- the sockets ---- */

static void set(int fd, int level, int name, int value)
{
	must(setsockopt(fd, level, name, &value, sizeof value));
}

/* Options that have a place on the socket, and, with @many, more than there is place for. */
static void set_options(int fd, int domain, bool many)
{
	struct linger linger = {1, 7};

	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 111);
	set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 22);
	set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	if (!many)
		return;
	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 54321);
	set(fd, IPPROTO_IP, IP_TOS, 0x10);
	must(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	if (domain == AF_INET6)
		set(fd, IPPROTO_IPV6, IPV6_TCLASS, 0x20);
}

/* The addresses of a client differ in its port alone: cut that out. */
static void cut_peer_port(char *text)
{
	char *peer = strstr(text, " len ") + strlen(" len 16"), *end = strstr(peer, " len ");
	char *port = end;

	while (port > peer && port[-1] != ' ')
		port--;
	memmove(port, end, strlen(end) + 1);
}

/* An inherited listener accepts in another program as it does here. */
static void accept_elsewhere(const struct address *to, int listener)
{
	char here[TEXT_SIZE] = "", there[TEXT_SIZE] = "";
	int client = must(socket(to->any.sa_family, SOCK_STREAM, 0)), fd;
	struct address peer;

	must(connect(client, &to->any, to->len));
	fd = accept_one(listener, &peer);
	describe(fd, here);
	close(client);
	close(fd);
	client = must(socket(to->any.sa_family, SOCK_STREAM, 0));
	must(connect(client, &to->any, to->len));
	ask(EXEC, "accept", &listener, 1, there);
	close(client);
	cut_peer_port(here);
	cut_peer_port(there);
	if (strcmp(here, there) != 0)
		complain("another program accepts\n%s\nnot%s", there, here);
	else
		say("another program accepts as the listener's maker does");
}

/* The address is the one that was asked for, to the last bit. */
static void check_name(int fd, int (*call)(int, struct sockaddr *, socklen_t *),
		       const struct address *wanted)
{
	struct address a = {.len = sizeof a.room};

	must(call(fd, &a.any, &a.len));
	check(a.len == wanted->len && memcmp(&a.room, &wanted->room, a.len) == 0);
}

static void sockets_at(const char *ip, const char *options)
{
	bool some = strcmp(options, "none") != 0, many = strcmp(options, "many") == 0;
	struct address on = address_of(ip, 0), peer;
	enum { LISTENER, CLIENT, SERVER };
	int fds[3];

	say("[%s, %s options]", ip, options);
	fds[LISTENER] = must(socket(on.any.sa_family, SOCK_STREAM, 0));
	if (some)
		set_options(fds[LISTENER], on.any.sa_family, many);
	must(bind(fds[LISTENER], &on.any, on.len));
	compare("a bound socket", fds, 1, FORK, FORK);
	must(listen(fds[LISTENER], 5));
	on = address_of(ip, local_port(fds[LISTENER]));
	fds[CLIENT] = must(socket(on.any.sa_family, SOCK_STREAM, 0));
	if (some)
		set_options(fds[CLIENT], on.any.sa_family, many);
	must(connect(fds[CLIENT], &on.any, on.len));
	fds[SERVER] = accept_one(fds[LISTENER], &peer);
	check_name(fds[LISTENER], getsockname, &on);
	check_name(fds[CLIENT], getpeername, &on);
	check_name(fds[SERVER], getsockname, &on);
	for (int i = 0; i < 3; i++)
		check_carried(fds[i]);
	compare("a listener, a client, and an accepted socket", fds, 3, FORK, RECEIVE);
	check_echo(fds[CLIENT], fds[SERVER]);
	accept_elsewhere(&on, fds[LISTENER]);
	must(shutdown(fds[CLIENT], SHUT_WR));
	must(shutdown(fds[SERVER], SHUT_WR));
	wait_for(fds[CLIENT], POLLRDHUP);
	wait_for(fds[SERVER], POLLRDHUP);
	compare("both ends after shutdown", fds + CLIENT, 2, RECEIVE, RECEIVE);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static int other_program(int argc, char **argv)
{
	int fds[SOCKETS_MAX], count = argc - 4;
	struct address peer;

	for (int i = 4; i < argc; i++)
		fds[i - 4] = atoi(argv[i]);
	if (strcmp(argv[3], "over") == 0)
		count = receive_sockets(fds[0], fds);
	if (strcmp(argv[1], "accept") == 0)
		fds[0] = accept_one(fds[0], &peer);
	return describe_to(fds, count, atoi(argv[2]));
}

int main(int argc, char **argv)
{
	if (argc > 4 && (strcmp(argv[3], "fds") == 0 || strcmp(argv[3], "over") == 0))
		return other_program(argc, argv);
	for (int i = 1; i < argc; i++) {
		char *slash = strchr(argv[i], '/');

		*slash = 0;
		sockets_at(argv[i], slash + 1);
	}
	return test_failed;
}
