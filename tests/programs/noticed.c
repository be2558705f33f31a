/* SPDX-License-Identifier: MIT */
/*
 * noticed.c - what a program notices however hard the shim tries; the reasons stand in the
 * table of differences
 */
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/wait.h>

#include "tcp.h"

static const struct family *const v4 = &families[0];

/* The peer has shut down reading; TCP does not tell. */
static void writing_to_the_deaf(void)
{
	int ends[2];

	connected_pair(v4, v4->loopback, ends);
	must(shutdown(ends[0], SHUT_RD));
	usleep(100000);
	say("to a peer that shut down reading: write %s",
	    result(send(ends[1], "x", 1, MSG_NOSIGNAL)));
	usleep(100000);
	say("and then: write %s", result(send(ends[1], "x", 1, MSG_NOSIGNAL)));
	close(ends[0]);
	close(ends[1]);
}

static void polling(void)
{
	int listener = listener_on(v4, v4->loopback, 0, "server"), bound = socket_of(v4, 0);

	must(shutdown(listener, SHUT_RDWR));
	usleep(100000);
	say("a listener that was shut down: poll %s",
	    events_text(events_now(listener, POLLIN | POLLOUT)));
	must(bind_to(bound, v4->loopback, 0));
	say("a bound socket: poll %s", events_text(events_now(bound, POLLIN | POLLOUT)));
	close(listener);
	close(bound);
}

static void nothing(void)
{
	int ends[2];
	char byte;

	connected_pair(v4, v4->loopback, ends);
	say("0 bytes where there are none: recv %s",
	    result(recv(ends[0], &byte, 0, MSG_DONTWAIT)));
	close(ends[0]);
	close(ends[1]);
}

/* All of loopback is one CID. */
static void addresses(void)
{
	int listener = listener_on(v4, "0.0.0.0", 0, "server"), client = socket_of(v4, 0), fd;
	struct address peer;

	must(bind_to(client, "127.0.0.2", 0));
	must(connect_to(client, "127.0.0.5", local_port(listener)));
	know_port(local_port(client), "client");
	fd = accept_one(listener, &peer);
	say("a client at 127.0.0.2 that named 127.0.0.5: accept %s", show(&peer));
	say("at %s", local_name(fd));
	close(client);
	close(fd);
	close(listener);
	client = socket_of(v4, 0);
	say("an address of another machine: bind %s",
	    result(bind_to(client, "10.99.98.97", 0)));
	close(client);
}

/* The kernel begins to look at its clock only some time after the first socket has asked for
 * it. */
static void timestamps(void)
{
	bool timed = false;
	int ends[2], one = 1;
	socklen_t len = sizeof one;

	connected_pair(v4, v4->loopback, ends);
	must(setsockopt(ends[0], SOL_SOCKET, SO_TIMESTAMP, &one, sizeof one));
	must(getsockopt(ends[0], SOL_SOCKET, SO_TIMESTAMP, &one, &len));
	for (unsigned i = 0; i < 50 && !timed; i++) {
		char byte, room[256];
		struct msghdr m = {.msg_iov = &(struct iovec){&byte, 1},
				   .msg_iovlen = 1,
				   .msg_control = room,
				   .msg_controllen = sizeof room};

		usleep(10000);
		check(write(ends[1], "x", 1) == 1);
		check(recvmsg(ends[0], &m, 0) == 1);
		timed = m.msg_controllen > 0;
	}
	say("SO_TIMESTAMP %d: with a time: %d", one, timed);
	close(ends[0]);
	close(ends[1]);
}

static void deferred(void)
{
	int listener = listener_on(v4, v4->loopback, 0, "server"), client = socket_of(v4, 0);

	must(setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &(int){5}, sizeof(int)));
	must(connect_to(client, v4->loopback, local_port(listener)));
	usleep(100000);
	say("TCP_DEFER_ACCEPT, and no data yet: poll %s",
	    events_text(events_now(listener, POLLIN)));
	close(client);
	close(listener);
}

/* Asked for before the connection is made; what tells of the end of it comes, once all is read.
 */
static void zerocopy(void)
{
	int listener = listener_on(v4, v4->loopback, 0, "server"), client = socket_of(v4, 0);
	struct msghdr m = {.msg_control = (char[128]){0}, .msg_controllen = 128};
	static char page[4096];
	struct mmsghdr many = {
		.msg_hdr = {.msg_iov = &(struct iovec){page, 1}, .msg_iovlen = 1}};
	struct address peer;
	int server, one = 1;

	say("SO_ZEROCOPY: %s",
	    result(setsockopt(client, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof one)));
	must(connect_to(client, v4->loopback, local_port(listener)));
	server = accept_one(listener, &peer);
	say("SO_ZEROCOPY of a connection: %s",
	    result(setsockopt(server, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof one)));
	say("with MSG_ZEROCOPY: send %s",
	    result(send(client, page, sizeof page, MSG_ZEROCOPY)));
	check(recv(server, page, sizeof page, MSG_WAITALL) == sizeof page);
	poll(&(struct pollfd){.fd = client}, 1, 1000);
	say("the word that it is done: %s",
	    result(recvmsg(client, &m, MSG_ERRQUEUE | MSG_DONTWAIT)));
	must(send(server, "y", 1, 0));
	wait_for(client, POLLIN);
	say("data is no error: recv %s",
	    result(recv(client, page, 1, MSG_ERRQUEUE | MSG_DONTWAIT)));
	say("data is no error: recvmmsg %s",
	    result(recvmmsg(client, &many, 1, MSG_ERRQUEUE | MSG_DONTWAIT, NULL)));
	say("and is still there: recv %s", result(recv(client, page, 1, MSG_DONTWAIT)));
	close(client);
	close(server);
	close(listener);
}

/* ---- the first write after the peer has closed, by what the shim does not see ---- */

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static int left_alone(void)
{
	int ends[2];

	connected_pair(v4, v4->loopback, ends);
	close(ends[1]);
	wait_for(ends[0], POLLRDHUP);
	signals = 0;
	return ends[0];
}

static void say_write(const char *how, long written)
{
	say("the first write after the end, %s: %s", how, result(written));
	say("SIGPIPE, %s: %d", how, (int)signals);
	fflush(stdout);
}

static void unseen_writes(void)
{
	int fd = left_alone(), file = must(open("/proc/self/exe", O_RDONLY));
	FILE *stream = fdopen(fd, "w");
	char number[16];
	pid_t child;

	check(stream && fputc('x', stream) == 'x');
	say_write("by stdio", fflush(stream));
	fclose(stream);
	fd = left_alone();
	say_write("by sendfile()", sendfile(fd, file, NULL, 1));
	close(file);
	close(fd);
	fd = left_alone();
	child = must(fork());
	if (child == 0) {
		snprintf(number, sizeof number, "%d", fd);
		execl("/proc/self/exe", "noticed", number, NULL);
		_exit(1);
	}
	check(waitpid(child, &file, 0) == child && file == 0);
	close(fd);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, on_signal);
	if (argc > 1) {
		say_write("after an exec", write(atoi(argv[1]), "x", 1));
		return test_failed;
	}
	writing_to_the_deaf();
	polling();
	nothing();
	addresses();
	timestamps();
	deferred();
	zerocopy();
	unseen_writes();
	return test_failed;
}
