/* SPDX-License-Identifier: MIT */
/*
 * closing.c - shutdown() of a listener wakes the threads that wait in accept()
 *
 * closing	everything
 * closing alone	what does without a connection
 */
#include <pthread.h>
#include <signal.h>

#include "tcp.h"

static int listener;
static pthread_barrier_t ready;

struct waiter {
	pthread_t thread;
	volatile pid_t tid;
	int result, error;
};

static void *wait_in_accept(void *argument)
{
	struct waiter *w = argument;

	w->tid = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&ready);
	w->result = accept(listener, NULL, NULL);
	w->error = errno;
	return NULL;
}

static void woken(const struct family *f, const char *on, int threads, int how)
{
	struct waiter waiters[3] = {0};

	listener = listener_on(f, on, 0, "server");
	pthread_barrier_init(&ready, NULL, (unsigned)threads + 1);
	for (int i = 0; i < threads; i++)
		pthread_create(&waiters[i].thread, NULL, wait_in_accept, &waiters[i]);
	pthread_barrier_wait(&ready);
	for (int i = 0; i < threads; i++)
		wait_asleep(waiters[i].tid);
	say("shutdown %d with %d threads: %s", how, threads, result(shutdown(listener, how)));
	for (int i = 0; i < threads; i++) {
		pthread_join(waiters[i].thread, NULL);
		say("accept returned %s",
		    waiters[i].result < 0 ? error_name(waiters[i].error) : "a connection");
	}
	pthread_barrier_destroy(&ready);
	say("accept afterwards: %s", result(accept(listener, NULL, NULL)));
	close(listener);
}

static void shut_down(const struct family *f)
{
	woken(f, f->loopback, 1, SHUT_RDWR);
	woken(f, f->loopback, 3, SHUT_RDWR);
	woken(f, f->any, 1, SHUT_RD);
	woken(f, f->any, 3, SHUT_RD);
}

/* Nobody waits; whoever asks afterwards is told. */
static void without_waiters(const struct family *f)
{
	int listens = 1;
	socklen_t len = sizeof listens;

	listener = listener_on(f, f->loopback, SOCK_NONBLOCK, "server");
	say("shutdown for writing: %s", result(shutdown(listener, SHUT_WR)));
	say("accept: %s", result(accept(listener, NULL, NULL)));
	say("shutdown: %s", result(shutdown(listener, SHUT_RDWR)));
	say("accept: %s", result(accept(listener, NULL, NULL)));
	say("shutdown again: %s", result(shutdown(listener, SHUT_RDWR)));
	check(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0);
	say("it listens: %d", listens);
	usleep(100000);
	must(listen(listener, 1));
	say("accept: %s", result(accept(listener, NULL, NULL)));
	check(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0);
	say("it listens once more: %d", listens);
	close(listener);
}

/* The listener goes away while a client of it is connected: that one stays. */
static void connections_stay(const struct family *f)
{
	int client = socket_of(f, 0), server;
	struct address peer;

	listener = listener_on(f, f->loopback, 0, "server");
	must(connect_to(client, f->loopback, local_port(listener)));
	server = accept_one(listener, &peer);
	must(shutdown(listener, SHUT_RDWR));
	check_echo(client, server);
	close(listener);
	check_echo(client, server);
	close(client);
	close(server);
}

static void *wait_in_poll(void *argument)
{
	struct waiter *w = argument;

	w->tid = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&ready);
	w->result = poll(NULL, 0, PATIENCE_MS / 10);
	w->error = errno;
	return NULL;
}

static void *wait_elsewhere(void *argument)
{
	struct waiter *w = argument;
	int fd = listener_on(&families[0], "0.0.0.0", 0, "other");

	w->tid = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&ready);
	w->result = accept(fd, NULL, NULL);
	return NULL;
}

/* Whoever waits for something else is not disturbed, and the listener can be used again. */
static void others_wait_on(const struct family *f)
{
	struct waiter polls = {0}, accepts = {0}, again = {0}, timed = {0};
	struct timeval limit = {.tv_sec = 3600}, none = {0};

	listener = listener_on(f, f->any, 0, "server");
	pthread_barrier_init(&ready, NULL, 4);
	pthread_create(&polls.thread, NULL, wait_in_poll, &polls);
	pthread_create(&accepts.thread, NULL, wait_elsewhere, &accepts);
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	pthread_create(&timed.thread, NULL, wait_in_accept, &timed);
	pthread_barrier_wait(&ready);
	wait_asleep(polls.tid);
	wait_asleep(accepts.tid);
	wait_asleep(timed.tid);
	say("shutdown: %s", result(shutdown(listener, SHUT_RDWR)));
	pthread_join(timed.thread, NULL);
	say("accept that waits an hour: %s", error_name(timed.error));
	say("accept afterwards: %s", result(accept(listener, NULL, NULL)));
	pthread_join(polls.thread, NULL);
	say("poll: %s", polls.result < 0 ? error_name(polls.error) : "time is out");
	say("accept elsewhere waits: %d", asleep(accepts.tid));

	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
	say("listen: %s", result(listen(listener, 5)));
	pthread_barrier_init(&ready, NULL, 2);
	pthread_create(&again.thread, NULL, wait_in_accept, &again);
	pthread_barrier_wait(&ready);
	wait_asleep(again.tid);
	poll(NULL, 0, 50); /* some ticks */
	say("accept waits: %d", asleep(again.tid));
	say("shutdown: %s", result(shutdown(listener, SHUT_RDWR)));
	pthread_join(again.thread, NULL);
	say("accept: %s", error_name(again.error));
	close(listener);
}

static void alone(const struct family *f)
{
	woken(f, f->any, 1, SHUT_RDWR);
	woken(f, f->any, 3, SHUT_RD);
}

int main(int argc, char **argv)
{
	alarm(60);
	if (argc > 1 && strcmp(argv[1], "alone") == 0) {
		each_family("accept is woken", alone);
		section("v4", "others wait on");
		others_wait_on(&families[0]);
		return test_failed;
	}
	each_family("accept is woken", shut_down);
	each_family("without waiters", without_waiters);
	each_family("connections stay", connections_stay);
	return test_failed;
}
