/* SPDX-License-Identifier: MIT */
/*
 * asking.c - FIONREAD before each read of a long queue: what it answers, and what it costs
 *
 * asking		complains of an answer that is wrong, or does not grow
 * asking SIZE...	the time that reads of SIZE bytes take of 3 MiB, without and with the
 *question, by a client and by an accepted socket: "SIZE 123 234", in microseconds
 */
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>

#include "tcp.h"

#define QUEUED (3 << 20) /* less than any end's buffer */

static int ask(int fd)
{
	int size = -1;

	must(ioctl(fd, FIONREAD, &size));
	return size;
}

/*
 * start() - both ends of a connection, with QUEUED bytes to read at @ends[reader]
 */
static void start(int ends[2], int reader)
{
	static char data[QUEUED];

	connected_pair(&families[0], "127.0.0.1", ends);
	must(write(ends[!reader], data, sizeof data));
	while (recv(ends[reader], data, sizeof data, MSG_PEEK | MSG_DONTWAIT) != QUEUED)
		poll(NULL, 0, 1);
}

/* ---- answers ---- */

/* How often it takes to ask until the answer is all. */
static int asked_until_all(int fd, int size)
{
	int times = 1, answer, last = 0;

	for (; (answer = ask(fd)) < size && times < 100; times++) {
		check(answer > 0 && answer >= last);
		last = answer;
	}
	check(answer == size);
	check(ask(fd) == size);
	return times;
}

static void grows(int ends[2], int reader)
{
	static char data[100000];
	int size = QUEUED, times;

	start(ends, reader);
	times = asked_until_all(ends[reader], size);
	check(times <= 10);
	check(read(ends[reader], data, 4) == 4);
	size -= 4;
	check(ask(ends[reader]) > 0);
	check(asked_until_all(ends[reader], size) <= 12);
	close(ends[0]);
	close(ends[1]);
}

typedef ssize_t (*reading)(int fd, void *data, size_t size);

static ssize_t by_readv(int fd, void *data, size_t size)
{
	struct iovec parts[2] = {{data, size / 2}, {(char *)data + size / 2, size - size / 2}};

	return readv(fd, parts, 2);
}

static ssize_t by_recv(int fd, void *data, size_t size)
{
	return recv(fd, data, size, 0);
}

static ssize_t by_recvmsg(int fd, void *data, size_t size)
{
	struct iovec part = {data, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	return recvmsg(fd, &message, 0);
}

/* Read as much as is answered, up to a size that is not always the same, to the end. */
static void never_too_much(int ends[2], int reader, reading how)
{
	static char data[200000];
	int left = QUEUED, answer, round = 0;

	start(ends, reader);
	while (left > 0) {
		int sizes[] = {4096, 1, 65536, 200000, 100}, size = sizes[round++ / 7 % 5];

		answer = ask(ends[reader]);
		if (answer < 1 || answer > left)
			complain("%d answered, %d are there", answer, left);
		if (answer < size)
			size = answer;
		must(how(ends[reader], data, (size_t)size));
		left -= size;
	}
	check(ask(ends[reader]) == 0);
	close(ends[!reader]);
	wait_for(ends[reader], POLLIN);
	check(ask(ends[reader]) == 0);
	close(ends[reader]);
}

/*
 * An edge-triggered loop may take the answer for all there is, read that much, and wait for the
 * next edge. (Run last: it changes what the process is answered.)
 */
static void tells_all_at_edges(int ends[2], int reader)
{
	static char data[4096];
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	int epfd = must(epoll_create1(EPOLL_CLOEXEC)), left = QUEUED;

	start(ends, reader);
	must(epoll_ctl(epfd, EPOLL_CTL_ADD, ends[reader], &event));
	for (int round = 0; round < 20; round++) {
		int answer = ask(ends[reader]);

		if (answer != left)
			complain("edge-triggered: %d answered, %d are there", answer, left);
		left -= (int)must(read(ends[reader], data, sizeof data));
	}
	close(ends[0]);
	close(ends[1]);
	close(epfd);
}

static void answers(void)
{
	static const reading ways[] = {read, by_readv, by_recv, by_recvmsg};
	int ends[2];

	for (int reader = 0; reader < 2; reader++) {
		grows(ends, reader);
		for (unsigned i = 0; i < ARRAY_SIZE(ways); i++)
			never_too_much(ends, reader, ways[i]);
	}
	for (int reader = 0; reader < 2; reader++)
		tells_all_at_edges(ends, reader);
}

/* ---- costs ---- */

static double cpu_time(void)
{
	struct timespec at;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
	return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static double read_all(int reader, size_t size, bool asking)
{
	static char data[65536];
	double before;
	int ends[2];

	start(ends, reader);
	before = cpu_time();
	for (size_t done = 0; done < QUEUED; done += size) {
		if (asking)
			check(ask(ends[reader]) > 0);
		check(read(ends[reader], data, size) == (ssize_t)size);
	}
	before = cpu_time() - before;
	close(ends[0]);
	close(ends[1]);
	return before;
}

static void cost(int reader, size_t size)
{
	double least[2] = {0, 0};

	for (int round = 0; round < 10; round++) {
		double took = read_all(reader, size, round % 2);

		if (round < 2 || took < least[round % 2])
			least[round % 2] = took;
	}
	say("%zu %.0f %.0f", size, least[0], least[1]);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		for (int reader = 0; reader < 2; reader++)
			cost(reader, (size_t)atol(argv[i]));
	if (argc == 1)
		answers();
	return test_failed;
}
