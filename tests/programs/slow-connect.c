/* SPDX-License-Identifier: MIT */
/*
 * slow-connect.c - an attempt to connect that stays in progress, and what may happen meanwhile
 *
 * slow-connect		to the attempt
 * slow-connect data	to calls that read and write
 * slow-connect polled	to the attempt, by programs that never block
 */
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>

#include "stall.h"

/* ---- in progress ---- */

static void finish(const char *what, struct stall *s, int fd)
{
	int server;

	stall_end(s);
	if (!(wait_for(fd, POLLOUT) & POLLOUT)) {
		complain("%s: never connected", what);
		return;
	}
	say("%s: SO_ERROR %s", what, pending_error(fd));
	know_port(local_port(fd), "client");
	server = stall_accept(s, fd);
	say("%s: peer %s", what, peer_name(fd));
	fcntl(fd, F_SETFL, O_RDWR);
	fcntl(server, F_SETFL, O_RDWR);
	check_carried(fd);
	check_echo(fd, server);
	close(server);
}

static int tcp_info_state(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof info;

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ? -1 : info.tcpi_state;
}

static void in_progress(const struct family *f)
{
	struct stall s;
	int fd = socket_of(f, SOCK_NONBLOCK);

	stall_begin(&s, f);
	say("connect: %s", result(connect_to(fd, s.ip, s.port)));
	know_port(local_port(fd), "client");
	say("poll: %s", events_text(events_now(fd, POLLIN | POLLOUT | POLLRDHUP)));
	say("connect again: %s", result(connect_to(fd, s.ip, s.port)));
	say("connect elsewhere: %s", result(connect_to(fd, s.ip, 9)));
	say("SO_ERROR: %s", pending_error(fd));
	say("peer %s, local %s", peer_name(fd), local_name(fd));
	say("TCP_INFO: %d", tcp_info_state(fd));
	say("listen: %s", result(listen(fd, 5)));
	finish("in the end", &s, fd);
	say("connect afterwards: %s", result(connect_to(fd, s.ip, s.port)));
	wait_for(fd, POLLRDHUP);
	say("TCP_INFO: %d", tcp_info_state(fd));
	close(fd);
	stall_close(&s);
}

/* ---- data, while there is no connection yet ---- */

static struct iovec one_byte = {.iov_base = &(char){'x'}, .iov_len = 1};

static void data_too_early(const struct family *f)
{
	struct msghdr message = {.msg_iov = &one_byte, .msg_iovlen = 1};
	struct mmsghdr many = {.msg_hdr = message};
	struct stall s;
	int fd = socket_of(f, SOCK_NONBLOCK);
	char byte;

	stall_begin(&s, f);
	say("connect: %s", result(connect_to(fd, s.ip, s.port)));
	say("SO_ERROR: %s", pending_error(fd));
	say("recv: %s", result(recv(fd, &byte, 1, 0)));
	say("recvfrom: %s", result(recvfrom(fd, &byte, 1, 0, NULL, NULL)));
	say("recvmsg: %s", result(recvmsg(fd, &message, 0)));
	say("recvmmsg: %s", result(recvmmsg(fd, &many, 1, 0, NULL)));
	say("recv, MSG_PEEK: %s", result(recv(fd, &byte, 1, MSG_PEEK)));
	say("recv, MSG_TRUNC: %s", result(recv(fd, &byte, 1, MSG_TRUNC)));
	say("read: %s", result(read(fd, &byte, 1)));
	say("readv: %s", result(readv(fd, &one_byte, 1)));
	say("send: %s", result(send(fd, "x", 1, 0)));
	say("sendto: %s", result(sendto(fd, "x", 1, 0, NULL, 0)));
	say("sendmsg: %s", result(sendmsg(fd, &message, 0)));
	say("sendmmsg: %s", result(sendmmsg(fd, &many, 1, 0)));
	say("write: %s", result(write(fd, "x", 1)));
	say("writev: %s", result(writev(fd, &one_byte, 1)));
	fcntl(fd, F_SETFL, O_RDWR);
	say("blocking, recv with MSG_DONTWAIT: %s", result(recv(fd, &byte, 1, MSG_DONTWAIT)));
	say("blocking, send with MSG_DONTWAIT: %s", result(send(fd, "x", 1, MSG_DONTWAIT)));
	fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
	finish("in the end", &s, fd);
	close(fd);
	stall_close(&s);
}

static struct {
	int fd;
	volatile pid_t tid;
	volatile bool done;
	bool writes;
} waiter;

static void *wait_for_connection(void *argument)
{
	static char byte;

	(void)argument;
	waiter.tid = (pid_t)syscall(SYS_gettid);
	say("%s: %s", waiter.writes ? "write" : "read",
	    result(waiter.writes ? write(waiter.fd, "x", 1) : read(waiter.fd, &byte, 1)));
	waiter.done = true;
	return NULL;
}

/* A blocking socket whose attempt was begun by a non-blocking connect() */
static void data_waits(const struct family *f)
{
	for (int writes = 0; writes <= 1; writes++) {
		struct stall s;
		pthread_t thread;
		char byte = 0;
		int server;

		waiter.fd = socket_of(f, SOCK_NONBLOCK);
		waiter.tid = 0;
		waiter.done = false;
		waiter.writes = writes;
		stall_begin(&s, f);
		say("connect: %s", result(connect_to(waiter.fd, s.ip, s.port)));
		fcntl(waiter.fd, F_SETFL, O_RDWR);
		must(-pthread_create(&thread, NULL, wait_for_connection, NULL));
		for (int quiet = 0; quiet < 5 && !waiter.done;
		     quiet = waiter.tid && asleep(waiter.tid) ? quiet + 1 : 0)
			poll(NULL, 0, 2);
		stall_end(&s);
		server = stall_accept(&s, waiter.fd);
		fcntl(server, F_SETFL, O_RDWR);
		must(send(server, "y", 1, 0));
		pthread_join(thread, NULL);
		if (writes) {
			wait_for(server, POLLIN);
			say("arrived: %s", result(recv(server, &byte, 1, 0)));
		}
		close(waiter.fd);
		close(server);
		stall_close(&s);
	}
}

/* An epoll, registered before connect: nothing is reported before the connection is there. */
struct reported {
	const char *connect;
	int early, in_the_end, once_more;
	bool out, kept;
};

static struct reported report(const struct family *f, uint32_t events)
{
	int fd = socket_of(f, SOCK_NONBLOCK), ep = must(epoll_create1(0));
	struct epoll_event e = {.events = events, .data.u64 = 0x123456789abc}, got;
	struct reported r;
	struct stall s;

	stall_begin(&s, f);
	must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	r.connect = result(connect_to(fd, s.ip, s.port));
	r.early = epoll_wait(ep, &got, 1, 20);
	stall_end(&s);
	r.in_the_end = epoll_wait(ep, &got, 1, PATIENCE_MS);
	r.out = got.events & EPOLLOUT;
	r.kept = got.data.u64 == e.data.u64;
	r.once_more = epoll_wait(ep, &got, 1, 0);
	close(fd);
	close(ep);
	stall_close(&s);
	return r;
}

/*
 * The packet that makes the connection wakes an AF_VSOCK socket twice, since there is room now
 * and since it is connected (virtio_transport_recv_pkt()). Who is awake in between, once in
 * some hundreds of times, sees two edges; but not again and again.
 */
static void no_false_event(const struct family *f)
{
	static const struct {
		const char *label;
		uint32_t events;
	} modes[] = {{"level", EPOLLIN | EPOLLOUT | EPOLLRDHUP},
		     {"edge", EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET},
		     {"one-shot", EPOLLIN | EPOLLOUT | EPOLLONESHOT}};

	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		const char *label = modes[i].label;
		struct reported r = report(f, modes[i].events);

		for (int times = 1; times < 3 && modes[i].events & EPOLLET && r.once_more;
		     times++)
			r = report(f, modes[i].events);
		say("%s: connect: %s", label, r.connect);
		say("%s: events in progress: %d", label, r.early);
		say("%s: events in the end: %d", label, r.in_the_end);
		say("%s: OUT %d, data %s", label, r.out, r.kept ? "kept" : "lost");
		say("%s: once more: %d", label, r.once_more);
	}
}

/* ---- a blocking connect that is disturbed ---- */

static struct disturbance {
	pthread_t victim;
	int fd;
	int signal;
	int how, shut; /* of shutdown(), and its result */
	struct stall *stall;
} disturbance;

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static pid_t victim_thread;

static void *disturb(void *argument)
{
	struct disturbance *d = argument;

	wait_asleep(victim_thread);
	if (d->signal)
		pthread_kill(d->victim, d->signal);
	if (d->how >= 0)
		d->shut = shutdown(d->fd, d->how);
	if (d->signal) {
		wait_asleep(victim_thread);
		stall_end(d->stall);
	}
	return NULL;
}

static void interrupted(const struct family *f, int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
	struct sigaction before;
	struct sigaction of_crashes = {.sa_handler = on_signal}; /* as runtimes install it */
	int fd = socket_of(f, 0);
	pthread_t thread;
	struct stall s;

	sigaction(SIGSEGV, &of_crashes, NULL);
	sigaction(SIGUSR1, &action, &before);
	stall_begin(&s, f);
	signals = 0;
	victim_thread = (pid_t)syscall(SYS_gettid);
	disturbance = (struct disturbance){pthread_self(), fd, SIGUSR1, -1, 0, &s};
	pthread_create(&thread, NULL, disturb, &disturbance);
	say("connect: %s", result(connect_to(fd, s.ip, s.port)));
	say("signals: %d", signals);
	if (!(flags & SA_RESTART))
		say("connect goes on: %s", result(connect_to(fd, s.ip, s.port)));
	pthread_join(thread, NULL);
	finish("in the end", &s, fd);
	close(fd);
	stall_close(&s);
	sigaction(SIGUSR1, &before, NULL);
}

static void interrupted_restarting(const struct family *f)
{
	interrupted(f, SA_RESTART);
}

static void interrupted_for_good(const struct family *f)
{
	interrupted(f, 0);
}

static void timed_out(const struct family *f)
{
	struct timeval limit = {0, 150000};
	struct timespec before, after;
	int fd = socket_of(f, 0);
	struct stall s;
	long took;

	stall_begin(&s, f);
	must(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
	clock_gettime(CLOCK_MONOTONIC, &before);
	say("connect: %s", result(connect_to(fd, s.ip, s.port)));
	clock_gettime(CLOCK_MONOTONIC, &after);
	took = (after.tv_sec - before.tv_sec) * 1000 +
	       (after.tv_nsec - before.tv_nsec) / 1000000;
	check(took >= 75); /* counted in ticks, which come late in an emulated machine (5.10) */
	if (took > 1500)
		complain("the time-out took %ld ms", took);
	say("poll: %s", events_text(events_now(fd, POLLOUT)));
	say("connect again: %s", result(connect_to(fd, s.ip, s.port)));
	finish("in the end", &s, fd);
	say("connect when it is there: %s", result(connect_to(fd, s.ip, s.port)));
	say("and again: %s", result(connect_to(fd, s.ip, s.port)));
	close(fd);
	stall_close(&s);
}

static void shut_down(const struct family *f)
{
	int fd = socket_of(f, 0), connected;
	pthread_t thread;
	struct stall s;
	struct utsname kernel;

	uname(&kernel);
	if (strncmp(kernel.release, "5.10.", 5) == 0) {
		say("this kernel's TCP waits on");
		close(fd);
		return;
	}
	stall_begin(&s, f);
	victim_thread = (pid_t)syscall(SYS_gettid);
	disturbance = (struct disturbance){pthread_self(), fd, 0, SHUT_RDWR, 0, &s};
	pthread_create(&thread, NULL, disturb, &disturbance);
	connected = connect_to(fd, s.ip, s.port);
	say("connect: %s", result(connected));
	pthread_join(thread, NULL);
	say("shutdown: %d", disturbance.shut);
	close(fd);
	stall_close(&s);
}

/* ---- cancellation ---- */

static int cancelled_fd;

static void *connect_for_ever(void *argument)
{
	struct stall *s = argument;

	victim_thread = (pid_t)syscall(SYS_gettid);
	connect_to(cancelled_fd, s->ip, s->port);
	return NULL;
}

static void *accept_for_ever(void *argument)
{
	victim_thread = (pid_t)syscall(SYS_gettid);
	accept(*(int *)argument, NULL, NULL);
	return NULL;
}

static void *recv_for_ever(void *argument)
{
	char byte;

	victim_thread = (pid_t)syscall(SYS_gettid);
	recv(*(int *)argument, &byte, 1, 0);
	return NULL;
}

static void cancel(const char *what, void *(*function)(void *), void *argument)
{
	pthread_t thread;
	void *outcome;

	victim_thread = 0;
	pthread_create(&thread, NULL, function, argument);
	while (!*(volatile pid_t *)&victim_thread)
		poll(NULL, 0, 1);
	wait_asleep(victim_thread);
	pthread_cancel(thread);
	pthread_join(thread, &outcome);
	say("%s: %s", what, outcome == PTHREAD_CANCELED ? "cancelled" : "returned");
}

static void cancelled(const struct family *f)
{
	int ends[2], listener;
	struct stall s;

	stall_begin(&s, f);
	cancelled_fd = socket_of(f, 0);
	cancel("connect", connect_for_ever, &s);
	close(cancelled_fd);
	stall_close(&s);
	listener = listener_on(f, f->loopback, 0, "server");
	cancel("accept", accept_for_ever, &listener);
	close(listener);
	connected_pair(f, f->loopback, ends);
	cancel("recv", recv_for_ever, &ends[0]);
	check_echo(ends[0], ends[1]);
	close(ends[0]);
	close(ends[1]);
}

static int data(void)
{
	section("v4", "data too early");
	data_too_early(&families[0]);
	section("v4", "data waits");
	data_waits(&families[0]);
	return test_failed;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "data") == 0)
		return data();
	each_family("in progress", in_progress);
	each_family("epoll", no_false_event);
	if (argc > 1)
		return test_failed;
	each_family("a signal, SA_RESTART", interrupted_restarting);
	each_family("a signal", interrupted_for_good);
	each_family("SO_SNDTIMEO", timed_out);
	each_family("shutdown", shut_down);
	each_family("pthread_cancel", cancelled);
	return test_failed;
}
