/* SPDX-License-Identifier: MIT */
/*
 * duplicates.c - duplicates of a TCP socket that were made before it is converted
 *
 * duplicates				runs the test
 * duplicates FAMILY FIRST SECOND	is started by it, with two sockets
 */
#include <sys/epoll.h>
#include <sys/wait.h>

#include "tcp.h"

enum way { DUP, DUP2, DUP3, F_DUP, F_DUP_CLOEXEC, WAYS };
static const char *const labels[] = {"dup", "dup2", "dup3", "F_DUPFD", "F_DUPFD_CLOEXEC"};

static int duplicate(int fd, enum way way)
{
	switch (way) {
	case DUP:
		return must(dup(fd));
	case DUP2:
		return must(dup2(fd, 200));
	case DUP3:
		return must(dup3(fd, 300, O_CLOEXEC));
	case F_DUP:
		return must(fcntl(fd, F_DUPFD, 100));
	default:
		return must(fcntl(fd, F_DUPFD_CLOEXEC, 100));
	}
}

static uint64_t cookie(int fd)
{
	uint64_t value = 0;

	must(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &value, &(socklen_t){sizeof value}));
	return value;
}

static void client(const struct family *f, enum way way, bool connect_copy, int flags)
{
	int listener = listener_on(f, f->loopback, 0, "server"), server;
	int fd = socket_of(f, flags), copy = duplicate(fd, way), third = must(dup(copy));
	struct address peer;

	connect_to(connect_copy ? copy : fd, f->loopback, local_port(listener));
	check_carried(fd);
	check_carried(copy);
	check_carried(third);
	check(cookie(fd) == cookie(copy) && cookie(fd) == cookie(third));
	wait_for(fd, POLLOUT);
	know_port(local_port(fd), "client");
	server = accept_one(listener, &peer);
	say("%s: peer %s, %s, %s", labels[way], peer_name(fd), peer_name(copy),
	    peer_name(third));
	say("%s: close-on-exec %d %d %d, non-blocking %d %d", labels[way], fcntl(fd, F_GETFD),
	    fcntl(copy, F_GETFD), fcntl(third, F_GETFD), !!(fcntl(fd, F_GETFL) & O_NONBLOCK),
	    !!(fcntl(copy, F_GETFL) & O_NONBLOCK));
	fcntl(fd, F_SETFL, O_RDWR);
	check_echo(fd, server);
	check_echo(copy, server);
	close(connect_copy ? copy : fd);
	check_echo(connect_copy ? fd : copy, server);
	close(connect_copy ? fd : copy);
	check_echo(third, server);
	/* the last one gone, the other side sees the end */
	close(third);
	say("%s: end: %s", labels[way], result(recv(server, &(char){0}, 1, 0)));
	close(server);
	close(listener);
}

static void clients(const struct family *f)
{
	for (enum way way = 0; way < WAYS; way++) {
		client(f, way, false, 0);
		client(f, way, true, SOCK_NONBLOCK);
	}
}

/* bind() through one descriptor, listen() and accept() through another. */
static void listeners(const struct family *f)
{
	for (enum way way = 0; way < WAYS; way++) {
		int fd = socket_of(f, 0), copy = duplicate(fd, way), c = socket_of(f, 0),
		    server;
		struct address peer;

		must(bind_to(fd, f->loopback, 0));
		check_carried(copy);
		know_port(local_port(fd), "server");
		say("%s: local %s and %s", labels[way], local_name(fd), local_name(copy));
		must(listen(copy, 5));
		must(connect_to(c, f->loopback, local_port(copy)));
		close(fd);
		server = accept_one(copy, &peer);
		check_echo(c, server);
		close(c);
		close(server);
		close(copy);
		forget_ports();
	}
}

/* An epoll holds the copy, the original connects: no event of the old socket remains. */
static void in_epoll(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), ep = must(epoll_create1(0));
	int fd = socket_of(f, SOCK_NONBLOCK), copy = must(dup(fd));
	struct epoll_event e = {.events = EPOLLOUT | EPOLLET, .data.u64 = 9}, got[4];

	must(epoll_ctl(ep, EPOLL_CTL_ADD, copy, &e));
	e.data.u64 = 8;
	must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	connect_to(fd, f->loopback, local_port(listener));
	wait_for(fd, POLLOUT);
	for (int left = 2; left > 0;) {
		int count = epoll_wait(ep, got, 4, PATIENCE_MS);

		if (count <= 0) {
			complain("%d events missing", left);
			break;
		}
		for (int i = 0; i < count; i++)
			if (got[i].events != EPOLLOUT)
				complain("events %x for %d", got[i].events,
					 (int)got[i].data.u64);
		left -= count;
	}
	say("events left: %d", epoll_wait(ep, got, 4, 0));
	say("removed: %s", result(epoll_ctl(ep, EPOLL_CTL_DEL, copy, NULL)));
	say("removed: %s", result(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL)));
	close(fd);
	close(copy);
	close(ep);
	close(listener);
}

/* Duplicates of other things, and numbers that were reused, are left alone. */
static void strangers(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), other = socket_of(f, 0);
	int fd = socket_of(f, 0), copy = must(dup(fd)), ends[2];

	must(dup2(other, copy)); /* now a copy of another socket */
	must(pipe(ends));
	must(connect_to(fd, f->loopback, local_port(listener)));
	check_carried(fd);
	check(kernel_family(copy) == f->domain && kernel_family(other) == f->domain);
	check(write(ends[1], "x", 1) == 1);
	close(ends[0]);
	close(ends[1]);
	close(other);
	close(copy);
	close(fd);
	close(listener);
}

/* Both are one socket, also when one of them has been connected. */
static void together(const struct family *f, int fd, int copy, bool connect_copy)
{
	int listener = listener_on(f, f->loopback, 0, "server"), server;
	struct address peer;

	must(connect_to(connect_copy ? copy : fd, f->loopback, local_port(listener)));
	check_carried(fd);
	check_carried(copy);
	check(cookie(fd) == cookie(copy));
	know_port(local_port(fd), "client");
	server = accept_one(listener, &peer);
	say("peer %s, %s", peer_name(fd), peer_name(copy));
	check_echo(fd, server);
	check_echo(copy, server);
	close(listener);
	close(server);
	close(fd);
	close(copy);
}

/* A descriptor that has come back over a Unix socket */
static int come_back(int fd)
{
	char data = 'x';
	struct iovec part = {&data, 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof fd),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS}};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof control};
	int ends[2], copy;

	memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	must((int)sendmsg(ends[0], &m, 0));
	must((int)recvmsg(ends[1], &m, 0));
	memcpy(&copy, CMSG_DATA(&control.head), sizeof copy);
	close(ends[0]);
	close(ends[1]);
	return copy;
}

static void returned(const struct family *f)
{
	for (int connect_copy = 0; connect_copy < 2; connect_copy++) {
		int fd = socket_of(f, 0);

		together(f, fd, come_back(fd), connect_copy);
		fd = come_back(socket_of(f, 0)); /* the original stays open */
		together(f, fd, must(dup(fd)), connect_copy);
	}
}

/* What a program is started with: duplicates are made there, or were before. */
enum { FIRST, SECOND, THIRD, COPY_OF_THIRD, FOURTH, COPY_OF_FOURTH, PASSED };

/* In a program that was started with them */
static void inherited(const struct family *f)
{
	char numbers[PASSED][16];
	int status, fd[PASSED];
	pid_t child;

	for (int i = 0; i < PASSED; i++) {
		bool copy = i == COPY_OF_THIRD || i == COPY_OF_FOURTH;

		fd[i] = copy ? must(dup(fd[i - 1])) : socket_of(f, 0);
		sprintf(numbers[i], "%d", fd[i]);
	}
	child = must(fork());
	if (!child) {
		execl("/proc/self/exe", "duplicates", f->label, numbers[0], numbers[1],
		      numbers[2], numbers[3], numbers[4], numbers[5], NULL);
		_exit(1);
	}
	for (int i = 0; i < PASSED; i++)
		close(fd[i]);
	must(waitpid(child, &status, 0));
	check(status == 0);
}

static void inherit(const char *label, char **numbers)
{
	int fd[PASSED];

	for (int i = 0; i < PASSED; i++)
		fd[i] = atoi(numbers[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(families); i++) {
		if (strcmp(families[i].label, label) != 0)
			continue;
		together(&families[i], fd[FIRST], must(dup(fd[FIRST])), false);
		together(&families[i], fd[SECOND], must(dup2(fd[SECOND], 50)), true);
		together(&families[i], fd[THIRD], fd[COPY_OF_THIRD], false);
		must(dup2(fd[FOURTH], 51)); /* one more, of which this program knows */
		together(&families[i], fd[FOURTH], fd[COPY_OF_FOURTH], true);
		check_carried(51);
		close(51);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 + PASSED) {
		inherit(argv[1], argv + 2);
		return test_failed;
	}
	each_family("clients", clients);
	each_family("listeners", listeners);
	each_family("epoll", in_epoll);
	each_family("strangers", strangers);
	each_family("returned", returned);
	each_family("inherited", inherited);
	return test_failed;
}
