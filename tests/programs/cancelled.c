/* SPDX-License-Identifier: MIT */
/*
 * cancelled.c - threads that are cancelled in connect, accept, recv and their like, or just
 * before
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include "count-fds.h"
#include "stall.h"

static struct {
	atomic_int tid;
	int fd, other; /* what is waited for, and what a connection came to */
	const struct family *family;
	uint16_t port;
	bool pending; /* cancelled before the call */
} victim;

static void victim_ready(void)
{
	victim.tid = (int)syscall(SYS_gettid);
	if (victim.pending)
		pthread_cancel(pthread_self());
}

static void *victim_connect(void *argument)
{
	(void)argument;
	victim_ready();
	connect_to(victim.fd, victim.family->loopback, victim.port);
	return NULL;
}

static void *victim_accept(void *argument)
{
	struct address peer = {.len = sizeof peer.room};

	(void)argument;
	victim_ready();
	victim.other = accept(victim.fd, &peer.any, &peer.len);
	return NULL;
}

static void *victim_accept4(void *argument)
{
	(void)argument;
	victim_ready();
	victim.other = accept4(victim.fd, NULL, NULL, SOCK_CLOEXEC);
	return NULL;
}

static void *victim_recv(void *argument)
{
	char byte;

	(void)argument;
	victim_ready();
	recv(victim.fd, &byte, 1, MSG_WAITALL);
	return NULL;
}

static void *victim_recvmsg(void *argument)
{
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	(void)argument;
	victim_ready();
	(void)recvmsg(victim.fd, &message, 0);
	return NULL;
}

static void *victim_read(void *argument)
{
	char byte;

	(void)argument;
	victim_ready();
	(void)!read(victim.fd, &byte, 1);
	return NULL;
}

static void *victim_write(void *argument)
{
	(void)argument;
	victim_ready();
	(void)!write(victim.fd, "x", 1);
	return NULL;
}

static void *victim_writev(void *argument)
{
	struct iovec part = {"x", 1};

	(void)argument;
	victim_ready();
	(void)!writev(victim.fd, &part, 1);
	return NULL;
}

static void *victim_send(void *argument)
{
	(void)argument;
	victim_ready();
	send(victim.fd, "x", 1, 0);
	return NULL;
}

/* Is the thread asleep in a system call that has to do with sockets? */
static bool in_socket_call(int tid)
{
	char name[64], text[32] = "";
	long call;
	int fd;

	snprintf(name, sizeof name, "/proc/self/task/%d/syscall", tid);
	fd = open(name, O_RDONLY);
	if (fd < 0)
		return false;
	must(read(fd, text, sizeof text - 1));
	close(fd);
	call = text[0] == 'r' ? -1 : strtol(text, NULL, 10); /* "running" */
#ifdef SYS_poll
	if (call == SYS_poll)
		return true;
#endif
#ifdef SYS_accept
	if (call == SYS_accept)
		return true;
#endif
	return call == SYS_connect || call == SYS_ppoll || call == SYS_accept4 ||
	       call == SYS_recvfrom || call == SYS_recvmsg || call == SYS_read;
}

static void cancel_in(const char *what, void *(*routine)(void *))
{
	int before = count_fds();
	pthread_t cancelled;
	void *how;

	victim.tid = 0;
	victim.other = -1;
	must(-pthread_create(&cancelled, NULL, routine, NULL));
	if (!victim.pending) {
		for (int i = 0; !(victim.tid && in_socket_call(victim.tid)) && i < PATIENCE_MS;
		     i++)
			poll(NULL, 0, 1);
		pthread_cancel(cancelled);
	}
	pthread_join(cancelled, &how);
	say("%s%s: %s, descriptors more: %d", what, victim.pending ? ", pending" : "",
	    how == PTHREAD_CANCELED ? "cancelled" : "not cancelled", count_fds() - before);
	check(victim.other == -1);
}

/* A thread that is cancelled before it calls leaves alone what waits for the call. */
static void cancel_pending(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), client = socket_of(f, 0);
	struct address peer;

	victim.pending = true;
	victim.port = local_port(listener);
	victim.fd = client;
	cancel_in("connect", victim_connect);
	say("its socket: peer %s", peer_name(client));
	must(connect_to(client, f->loopback, victim.port));
	wait_for(listener, POLLIN);
	victim.fd = listener;
	cancel_in("accept", victim_accept);
	cancel_in("accept4", victim_accept4);
	victim.fd = accept_one(listener, &peer);
	must(send(client, "x", 1, 0));
	wait_for(victim.fd, POLLIN);
	cancel_in("recv", victim_recv);
	cancel_in("recvmsg", victim_recvmsg);
	cancel_in("read", victim_read);
	cancel_in("write", victim_write);
	cancel_in("writev", victim_writev);
	cancel_in("send", victim_send);
	check(recv(victim.fd, &(char){0}, 1, 0) == 1);
	check_echo(client, victim.fd);
	close(client);
	close(victim.fd);
	close(listener);
	victim.pending = false;
}

static void cancel_waiting(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), ends[2];

	victim.fd = listener;
	cancel_in("accept", victim_accept);
	cancel_in("accept4", victim_accept4);
	close(listener);
	connected_pair(f, f->loopback, ends);
	victim.fd = ends[1];
	cancel_in("recv", victim_recv);
	cancel_in("recvmsg", victim_recvmsg);
	cancel_in("read", victim_read);
	check_echo(ends[0], ends[1]);
	close(ends[0]);
	close(ends[1]);
}

static void cancel_connecting(const struct family *f)
{
	struct stall stall;
	int before = count_fds();

	stall_begin(&stall, f);
	victim.port = stall.port;
	victim.fd = socket_of(f, 0);
	cancel_in("connect", victim_connect);
	if (over_unix()) { /* it has waited until its time was over */
		say("the attempt went on: no");
		close(victim.fd);
		stall_close(&stall);
		say("descriptors left: %d", count_fds() - before);
		return;
	}
	check_carried(victim.fd);
	stall_end(&stall);
	wait_for(victim.fd, POLLOUT);
	say("the attempt went on: SO_ERROR %s", pending_error(victim.fd));
	close(victim.fd);
	stall_close(&stall);
	say("descriptors left: %d", count_fds() - before);
}

static void cancelled(const struct family *f)
{
	victim.family = f;
	cancel_pending(f);
	cancel_waiting(f);
	cancel_connecting(f);
}

int main(void)
{
	each_family("cancelled", cancelled);
	return test_failed;
}
