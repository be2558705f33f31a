/* SPDX-License-Identifier: MIT */
/*
 * interrupted.c - a signal at any moment of a blocking connect(), or of accept()
 *
 * Of connect() also at those between the peer's answer and its arrival. An attempt that is
 * dropped there and made again leaves the peer with a connection that ends at once, or is
 * refused; TCP's goes on. An accept() that may not wait is never interrupted.
 */
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "tcp.h"

/* The first few show how long an attempt takes; signals then come at each fraction of that. */
#define WARM_UP  10
#define TIMED    30
#define ATTEMPTS 200
#define PATIENCE 1000 /* times as many, until a signal has come on a busy machine */

/* Calls of accept(), while a signal comes every so many microseconds. */
#define CALLS    300
#define OFTEN_US 500

static volatile sig_atomic_t signals;
static bool slow_handler, restarts;

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	signals++;
	if (slow_handler)
		poll(NULL, 0, 1);
	errno = saved;
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void signal_after(long us)
{
	struct itimerval timer = {.it_value = {us / 1000000, us % 1000000}};

	must(setitimer(ITIMER_REAL, &timer, NULL));
}

/* On one processor, and before all others: a signal is then seen before the kernel's worker has
 * carried the next packet. Without the privilege some moments are missed. */
static void come_first(void)
{
	struct sched_param first = {.sched_priority = 1};
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((unsigned)must(sched_getcpu()), &one);
	sched_setaffinity(0, sizeof one, &one);
	sched_setscheduler(0, SCHED_FIFO, &first);
}

/* 0, or -1 with errno; EINTR only with SA_RESTART, where it must not be */
static int connect_at_last(int fd, const char *ip, uint16_t port)
{
	int connected;

	do
		connected = connect_to(fd, ip, port);
	while (connected < 0 && errno == EINTR && !restarts);
	return connected < 0 && errno != EISCONN ? -1 : 0;
}

/* How many connections wait there, and is one of them @client's? All are closed. */
static int accept_all(int listener, int client, bool *works)
{
	int count = 0, server;
	char byte;

	*works = false;
	wait_for(listener, POLLIN);
	while ((server = accept(listener, NULL, NULL)) >= 0) {
		fcntl(server, F_SETFL, O_RDWR);
		if (send(client, "x", 1, MSG_NOSIGNAL) == 1 && recv(server, &byte, 1, 0) == 1)
			*works = true;
		close(server);
		count++;
	}
	return count;
}

/* One attempt, with a signal after @us (0: none); how long it took */
static long attempt(const struct family *f, int listener, long us)
{
	int fd = socket_of(f, 0), count;
	long begin = now_us(), took;
	bool works;

	signal_after(us);
	if (connect_at_last(fd, f->loopback, local_port(listener)) < 0)
		complain("connect: %s", result(-1));
	took = now_us() - begin;
	signal_after(0);
	count = accept_all(listener, fd, &works);
	if (count != 1 || !works)
		complain("%d connections at the server; it %s", count,
			 works ? "works" : "does not work");
	close(fd);
	return took;
}

static void interrupted_connect(const struct family *f)
{
	int listener = listener_on(f, f->loopback, SOCK_NONBLOCK, "server");
	long length = 0;

	for (int i = 0; i < WARM_UP; i++)
		attempt(f, listener, 0);
	for (int i = 0; i < TIMED; i++)
		length += attempt(f, listener, 0);
	length /= TIMED;
	signals = 0;
	for (int i = 0; i < ATTEMPTS || (!signals && i < ATTEMPTS * PATIENCE); i++) {
		slow_handler = i % 2;
		attempt(f, listener, 1 + length * (i % ATTEMPTS) / ATTEMPTS);
	}
	say("interrupted: %d", signals > 0);
	close(listener);
}

/* Every one must find that nobody is there, and nothing else. */
static void accept_often(int listener)
{
	const char *other = "none";

	for (int i = 0; i < CALLS || (!signals && i < CALLS * PATIENCE); i++)
		if (accept(listener, NULL, NULL) >= 0 || errno != EAGAIN)
			other = result(-1);
	say("other than EAGAIN: %s", other);
}

static void signal_often(bool on)
{
	struct itimerval timer = {{0, on ? OFTEN_US : 0}, {0, on ? OFTEN_US : 0}};

	must(setitimer(ITIMER_REAL, &timer, NULL));
}

/* One that may not wait */
static void interrupted_accept(const struct family *f)
{
	int listener = listener_on(f, f->loopback, SOCK_NONBLOCK, "server");

	signals = 0;
	slow_handler = false;
	signal_often(true);
	accept_often(listener);
	signal_often(false);
	say("interrupted: %d", signals > 0);
	close(listener);
}

/* One that may wait, with a limit and without */
static void interrupted_wait(const struct family *f)
{
	struct timeval limit = {.tv_sec = PATIENCE_MS / 1000};
	int listener = listener_on(f, f->loopback, 0, "server");

	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	signal_after(20000);
	say("accept with SO_RCVTIMEO: %s", result(accept(listener, NULL, NULL)));
	limit = (struct timeval){.tv_usec = 50000};
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	say("accept that nothing interrupts: %s", result(accept(listener, NULL, NULL)));
	close(listener);
}

static void stop_often(pid_t pid)
{
	while (getppid() == pid) {
		kill(pid, SIGSTOP);
		kill(pid, SIGCONT);
		poll(NULL, 0, 1);
	}
	_exit(0);
}

/* By what needs no handler: a debugger, a shell's Ctrl-Z */
static void stopped_accept(const struct family *f)
{
	int listener = listener_on(f, f->loopback, SOCK_NONBLOCK, "server");
	pid_t self = getpid(), other = must(fork());

	if (other == 0)
		stop_often(self);
	accept_often(listener);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	close(listener);
}

static void interrupted(const struct family *f, int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

	restarts = flags & SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	interrupted_connect(f);
	interrupted_accept(f);
	interrupted_wait(f);
}

int main(void)
{
	come_first();
	section("v4", "SA_RESTART");
	interrupted(&families[0], SA_RESTART);
	section("v4", "no SA_RESTART");
	interrupted(&families[0], 0);
	section("v4", "stopped and continued");
	stopped_accept(&families[0]);
	return test_failed;
}
