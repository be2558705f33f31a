/* SPDX-License-Identifier: MIT */
/*
 * settling.c - settling HOST PORT COUNT: several threads, and a signal handler, ask all at once
 * what becomes of a connect() that does not wait, each in another way; COUNT times over
 *
 * Each of them sees it connected, the socket carries a word there and back, and no descriptor
 * is left over. It prints "COUNT connections, N descriptors more".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "count-fds.h"

#define THREADS 4

static struct sockaddr_in to;
static _Atomic int asked = -1, askers;
static atomic_bool over;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "settling: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Is it connected? Asked in one of the ways there are. */
static int ask(int fd, long way)
{
	struct sockaddr_in peer = {.sin_family = AF_UNSPEC};
	socklen_t len = sizeof peer;
	int error = 0;
	socklen_t size = sizeof error;

	if (way == 0 && (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error))
		fail("SO_ERROR");
	if (way == 1 && getsockname(fd, (struct sockaddr *)&peer, &len) < 0)
		fail("getsockname");
	len = sizeof peer;
	if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0) {
		if (peer.sin_addr.s_addr != to.sin_addr.s_addr || peer.sin_port != to.sin_port)
			fail("another peer");
		return 1;
	}
	if (errno != ENOTCONN)
		fail("getpeername");
	return 0;
}

static void on_signal(int signal)
{
	int saved = errno, fd;

	(void)signal;
	askers++;
	if ((fd = asked) >= 0)
		ask(fd, 0);
	askers--;
	errno = saved;
}

static void *thread(void *way)
{
	int fd;

	while (!over) {
		if (asked < 0)
			usleep(100);
		askers++;
		fd = asked;
		/* all of them at the same moment: when it is there */
		if (fd >= 0 && poll(&(struct pollfd){fd, POLLOUT, 0}, 1, 20) > 0)
			ask(fd, (long)way);
		askers--;
	}
	return NULL;
}

static void once(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	char word[6];

	if (fd < 0)
		fail("socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
		fail("connect");
	asked = fd;
	while (poll(&poll_fd, 1, 20) < 1 || !ask(fd, 0))
		continue;
	asked = -1;
	fcntl(fd, F_SETFL, 0);
	if (send(fd, "a word", 6, 0) != 6 || recv(fd, word, 6, MSG_WAITALL) != 6 ||
	    memcmp(word, "a word", 6) != 0)
		fail("a word");
	while (askers) /* nobody is to ask about what has this number next */
		continue;
	close(fd);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct itimerval often = {.it_interval.tv_usec = 500, .it_value.tv_usec = 500};
	pthread_t threads[THREADS];
	long count = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
	int before;

	if (!count)
		return 2;
	to = (struct sockaddr_in){.sin_family = AF_INET,
				  .sin_addr.s_addr = inet_addr(argv[1]),
				  .sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10))};
	before = count_fds();
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread, (void *)i))
			fail("pthread_create");
	for (long i = 0; i < count; i++)
		once();
	over = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%ld connections, %d descriptors more\n", count, count_fds() - before);
	return 0;
}
