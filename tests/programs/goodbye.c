/* SPDX-License-Identifier: MIT */
/*
 * goodbye.c - a connection whose other end has gone: every order of shutdown, close, read and
 * poll
 */
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tcp.h"

static int ends[2];

/* ---- how it comes to its end ---- */

/* Without the shim: what the kernel says to a write of nothing. */
static bool writes_are_over(int fd)
{
	return syscall(SYS_sendto, fd, NULL, 0, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0) < 0;
}

static int tcp_state(void)
{
	uint8_t state;
	socklen_t len = sizeof state;

	must(getsockopt(ends[0], IPPROTO_TCP, TCP_INFO, &state, &len));
	return state;
}

/* Over TCP: has the peer's end come? On loopback it is there at once, but for a busy machine.
 */
static bool tcp_has_ended(void)
{
	int state = tcp_state();

	return state != TCP_ESTABLISHED && state != TCP_FIN_WAIT1 && state != TCP_FIN_WAIT2;
}

/* shutdown(), and over TCP the peer's answer to it, which a busy machine is late with: what a
 * second shutdown() says hangs on it. */
static const char *shutdown_answered(int how)
{
	const char *said = result(shutdown(ends[0], how));
	int state;

	do
		state = over_vsock() ? TCP_CLOSE : tcp_state();
	while ((state == TCP_FIN_WAIT1 || state == TCP_LAST_ACK || state == TCP_CLOSING) &&
	       poll(NULL, 0, 1) == 0);
	return said;
}

/* The end of what the peer sends has come. After our own SHUT_RD poll() does not tell; over VM
 * sockets no write succeeds any more. */
static void wait_for_end(bool reading)
{
	if (reading)
		wait_for(ends[0], POLLRDHUP);
	while (!reading && !(over_vsock() ? writes_are_over(ends[0]) : tcp_has_ended()))
		poll(NULL, 0, 1);
}

enum { STAY = -1 };

static const char *const directions[] = {"RD", "WR", "RDWR"};

static const char *direction(int how)
{
	return how == STAY ? "-" : directions[how];
}

/* A connection that this end shuts in one direction, or not; then the other end sends so many
 * bytes, and closes or shuts down writing. */
static void bring_to_end(const struct family *f, int before, int queued, bool closes)
{
	connected_pair(f, f->loopback, ends);
	fcntl(ends[0], F_SETFL, O_RDWR | O_NONBLOCK);
	if (before != STAY)
		must(shutdown(ends[0], before));
	if (queued)
		must(send(ends[1], "0123456", (size_t)queued, 0));
	if (closes)
		close(ends[1]);
	else
		must(shutdown(ends[1], SHUT_WR));
	wait_for_end(before != SHUT_RD);
}

static void end(bool closed)
{
	close(ends[0]);
	if (!closed)
		close(ends[1]);
}

/* ---- what is left ---- */

static int events_left(void)
{
	return events_now(ends[0], POLLIN | POLLOUT | POLLRDHUP);
}

/* Of poll()'s answers POLLOUT and POLLHUP differ: they have lines of their own. */
static void say_rest(const char *order, const char *results)
{
	char data[8];
	int events = events_left() & ~(POLLHUP | POLLOUT);
	const char *first = result(recv(ends[0], data, sizeof data, MSG_DONTWAIT));
	const char *second = result(read(ends[0], data, sizeof data));

	say("%s: %s, poll %s, read %s, read %s", order, results, events_text(events), first,
	    second);
}

static void one_order(const struct family *f, int before, int queued, bool closes, int first,
		      int second)
{
	char order[96], results[64] = "";

	snprintf(order, sizeof order, "%s, %d queued, %s, %s %s", direction(before), queued,
		 closes ? "closed" : "shut", direction(first), direction(second));
	bring_to_end(f, before, queued, closes);
	if (first != STAY)
		strcat(results, shutdown_answered(first));
	if (second != STAY)
		strcat(strcat(results, " "), result(shutdown(ends[0], second)));
	say_rest(order, results);
	end(closes);
}

/* What has come before SHUT_RD can still be read over TCP; it has a line of its own. */
static bool comparable(int queued, int how)
{
	return !queued || how == STAY || how == SHUT_WR;
}

static void every_order(const struct family *f, int before, int queued, bool closes)
{
	for (int first = STAY; first <= SHUT_RDWR; first++)
		for (int second = STAY; second <= SHUT_RDWR; second++)
			if ((first != STAY || second == STAY) && comparable(queued, first) &&
			    comparable(queued, second))
				one_order(f, before, queued, closes, first, second);
}

static void peer_goes(const struct family *f)
{
	for (int closes = 0; closes <= 1; closes++)
		for (int queued = 0; queued <= 3; queued += 3) {
			every_order(f, STAY, queued, closes);
			every_order(f, SHUT_WR, queued, closes);
		}
	every_order(f, SHUT_RD, 0, true);
}

static void queued_data(const struct family *f)
{
	for (int how = SHUT_RD; how <= SHUT_RDWR; how += 2) {
		char order[64];

		sprintf(order, "queued data, then %s", direction(how));
		bring_to_end(f, STAY, 3, true);
		say_rest(order, result(shutdown(ends[0], how)));
		end(true);
	}
}

static void what_poll_says(const struct family *f)
{
	for (int before = STAY; before <= SHUT_WR; before += 2)
		for (int closes = 0; closes <= 1; closes++)
			for (int how = STAY; how <= (before == STAY ? SHUT_RDWR : STAY);
			     how++) {
				bring_to_end(f, before, 0, closes);
				if (how != STAY)
					shutdown(ends[0], how);
				say("%s, %s, %s: poll also %s", direction(before),
				    closes ? "closed" : "shut", direction(how),
				    events_text(events_left() & (POLLHUP | POLLOUT)));
				end(closes);
			}
}

/* ---- writing ---- */

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

enum how { WRITE, WRITEV, SEND, QUIET, SENDTO, ADDRESS, SENDMSG, SENDMMSG, NOTHING, HOWS };

static const char *const how_names[] = {"write",   "writev",   "send",
					"quiet",   "sendto",   "sendto an address",
					"sendmsg", "sendmmsg", "write nothing"};

static long write_by(enum how how, int fd)
{
	struct iovec parts[2] = {{"QU", 2}, {"IT\n", 3}};
	struct address other = address_of("127.0.0.1", 9);
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	struct mmsghdr many[2] = {{.msg_hdr = message}, {.msg_hdr = message}};

	switch (how) {
	case WRITE:
		return write(fd, "QUIT\n", 5);
	case WRITEV:
		return writev(fd, parts, 2);
	case SEND:
		return send(fd, "QUIT\n", 5, 0);
	case QUIET:
		return send(fd, "QUIT\n", 5, MSG_NOSIGNAL);
	case SENDTO:
		return sendto(fd, "QUIT\n", 5, 0, NULL, 0);
	case ADDRESS:
		return sendto(fd, "QUIT\n", 5, 0, &other.any, other.len);
	case SENDMSG:
		return sendmsg(fd, &message, 0);
	case SENDMMSG:
		return sendmmsg(fd, many, 1, 0);
	default:
		return write(fd, "", 0);
	}
}

static void say_write(const char *what, enum how how, int fd)
{
	const char *written;

	signals = 0;
	errno = 0;
	written = result(write_by(how, fd));
	if (!over_vsock() &&
	    how != NOTHING) /* the refusal, which a busy machine is late with */
		poll(&(struct pollfd){.fd = fd}, 1, 100);
	say("%s, %s: %s, SIGPIPE %d", what, how_names[how], written, (int)signals);
}

/* A pair of which the one end, @mine, has an answer to read, and the other one is closed. */
static int pair_with_answer(const struct family *f, int mine)
{
	connected_pair(f, f->loopback, ends);
	must(send(ends[!mine], "answer", 6, 0));
	close(ends[!mine]);
	wait_for(ends[mine], POLLRDHUP);
	return ends[mine];
}

static void goodbyes(const struct family *f)
{
	char data[16];

	for (int mine = 0; mine < 2; mine++)
		for (enum how how = 0; how < HOWS; how++) {
			int fd = pair_with_answer(f, mine);

			say_write("the first", how, fd);
			say_write("the second", how == NOTHING ? WRITE : how, fd);
			say_write("the third", WRITE, fd);
			say("the answer: %s", result(read(fd, data, sizeof data)));
			say("the end: %s", result(read(fd, data, sizeof data)));
			close(fd);
		}
}

/* It is the connection that knows, whoever writes. */
static void of_several(const struct family *f)
{
	int fd = pair_with_answer(f, 0), copy = dup(fd), status;
	pid_t child;

	say_write("one", WRITE, fd);
	say_write("its duplicate", WRITE, copy);
	close(copy);
	close(fd);
	fd = pair_with_answer(f, 1);
	child = fork();
	if (child == 0) {
		say_write("a child", WRITE, fd);
		exit(0);
	}
	waitpid(child, &status, 0);
	say_write("its parent", WRITE, fd);
	close(fd);
	fd = pair_with_answer(f, 1);
	copy = fcntl(fd, F_DUPFD, 0);
	close(fd);
	say_write("a duplicate", SEND, copy);
	say_write("again", SEND, copy);
	close(copy);
}

/* As another process would get it */
static int sent_over_unix(int fd)
{
	char room[CMSG_SPACE(sizeof fd)] = "", byte = 'x';
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	int unix_ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, unix_ends));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	must(sendmsg(unix_ends[0], &message, 0));
	must(recvmsg(unix_ends[1], &message, 0));
	memcpy(&fd, CMSG_DATA(c), sizeof fd);
	close(unix_ends[0]);
	close(unix_ends[1]);
	return fd;
}

static void of_received(const struct family *f)
{
	int fd = pair_with_answer(f, 0), received = sent_over_unix(fd);

	close(fd);
	say_write("received", WRITE, received);
	say_write("again", WRITEV, received);
	close(received);
}

static void after_shutdown(const struct family *f)
{
	for (int how = SHUT_RD; how <= SHUT_RDWR; how++) {
		int fd = pair_with_answer(f, 0);

		must(shutdown(fd, how));
		say("closed, then %s", direction(how));
		say_write("the first", WRITE, fd);
		say_write("the second", WRITE, fd);
		close(fd);
		connected_pair(f, f->loopback, ends);
		must(shutdown(ends[0], how));
		close(ends[1]);
		ends[1] = -1;
		wait_for_end(how != SHUT_RD && how != SHUT_RDWR);
		say("%s, then closed", direction(how));
		say_write("the first", SEND, ends[0]);
		say_write("the second", SEND, ends[0]);
		close(ends[0]);
	}
	connected_pair(f, f->loopback, ends);
	must(shutdown(ends[0], SHUT_WR));
	say("WR");
	for (enum how how = 0; how < NOTHING; how++)
		say_write("a write", how, ends[0]);
	end(false);
}

/* Over TCP the refusal of the first write has come back by now. */
static void after_goodbye(const struct family *f)
{
	int fd = pair_with_answer(f, 0);

	say_write("the first", WRITE, fd);
	say("poll after it: %s", events_text(events_now(fd, POLLIN | POLLOUT | POLLRDHUP)));
	say("shutdown after it: %s", result(shutdown(fd, SHUT_WR)));
	say_write("the second", WRITE, fd);
	close(fd);
}

/* What once was a connection's number */
static void of_other_files(const struct family *f)
{
	int pipe_ends[2], fd = pair_with_answer(f, 0);

	close(fd);
	must(pipe(pipe_ends));
	check(dup2(pipe_ends[1], fd) == fd);
	say_write("a pipe", WRITE, fd);
	say_write("a pipe", WRITEV, fd);
	if (pipe_ends[0] != fd)
		close(pipe_ends[0]);
	say_write("a broken pipe", WRITE, fd);
	say_write("a broken pipe", SEND, fd);
	close(fd);
	if (pipe_ends[1] != fd)
		close(pipe_ends[1]);
	fd = pair_with_answer(f, 0);
	close(fd);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pipe_ends));
	say_write("a Unix socket", WRITE, pipe_ends[0]);
	close(pipe_ends[1]);
	say_write("broken", WRITE, pipe_ends[0]);
	say_write("broken", SENDMSG, pipe_ends[0]);
	close(pipe_ends[0]);
}

/* ---- no connection ---- */

static void say_data(const char *what, int fd, bool reads_first)
{
	char byte;

	if (reads_first)
		say("%s: read %s", what, result(read(fd, &byte, 1)));
	say_write(what, WRITE, fd);
	say_write(what, SEND, fd);
	say("%s: recv %s", what, result(recv(fd, &byte, 1, 0)));
	say("%s: read %s", what, result(read(fd, &byte, 1)));
	say("%s: SO_ERROR %s", what, pending_error(fd));
}

static void never_connected(const struct family *f)
{
	for (int reads_first = 0; reads_first <= 1; reads_first++) {
		int fd = socket_of(f, 0);

		must(bind_to(fd, f->loopback, 0));
		say_data("bound", fd, reads_first);
		close(fd);
		fd = socket_of(f, 0);
		say("connect: %s", result(connect_to(fd, f->loopback, free_port())));
		say_data("refused", fd, reads_first);
		close(fd);
		fd = socket_of(f, SOCK_NONBLOCK);
		connect_to(fd, f->loopback, free_port());
		wait_for(fd, POLLOUT);
		say_data("refused in the background", fd, reads_first);
		close(fd);
	}
}

/* The client of some libraries: no poll() in between. */
static void at_once(const struct family *f)
{
	int listener = listener_on(f, f->loopback, SOCK_NONBLOCK, "server"), others = 0;
	struct address peer;
	char byte;

	for (int i = 0; i < 50; i++) {
		int fd = socket_of(f, SOCK_NONBLOCK);

		connect_to(fd, f->loopback, local_port(listener));
		others += strcmp(pending_error(fd), "0") != 0;
		errno = 0;
		others += recv(fd, &byte, 1, 0) >= 0 || errno != EAGAIN;
		close(accept_one(listener, &peer));
		close(fd);
	}
	say("SO_ERROR and recv at once: %d were not 0 and EAGAIN", others);
	close(listener);
}

int main(void)
{
	signal(SIGPIPE, on_signal);
	alarm(100);
	each_family("the peer goes", peer_goes);
	each_family("goodbyes", goodbyes);
	each_family("of several", of_several);
	each_family("of received", of_received);
	each_family("after shutdown", after_shutdown);
	each_family("after a goodbye", after_goodbye);
	each_family("of other files", of_other_files);
	each_family("never connected", never_connected);
	each_family("at once", at_once);
	section("any", "queued data");
	queued_data(&families[0]);
	section("any", "what poll says");
	what_poll_says(&families[0]);
	return test_failed;
}
