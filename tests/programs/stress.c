/* SPDX-License-Identifier: MIT */
/*
 * stress.c - many connections from many threads lose no byte and leave nothing behind
 *
 * stress CONNECTIONS CLIENT_THREADS [RSS_KIB]
 *
 * Each connection is a fresh one and carries its number and as many bytes as its number says to
 * an epoll server of several threads, and back; the client compares. The connections differ in
 * family, in how the client waits, and in size. At the end as many descriptors must be open and
 * as much memory allocated as after the first connections; the resident memory may have grown
 * by RSS_KIB (512).
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include "count-fds.h"
#include "payload.h"
#include "tcp.h"

#define SERVERS     3
#define THREADS_MAX 1024
#define WARM_UP     10 /* the part of the connections after which the first look is taken */
#define STACK_BYTES (1 << 20) /* the sanitizers need some too */

static int listeners[2]; /* IPv4, IPv6 */
static uint16_t ports[2];
static int stop_servers; /* becomes readable when its other end is closed */

static atomic_ulong next_connection, last_connection;
static pthread_barrier_t all_started;
static atomic_ulong bytes_back, bytes_echoed;

/* ---- the server ---- */

static void add_to(int ep, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
}

static void accept_all(int ep, int listener)
{
	struct address peer = {.len = sizeof peer.room};
	int fd;

	while ((fd = accept4(listener, &peer.any, &peer.len, SOCK_NONBLOCK)) >= 0) {
		check_carried(fd);
		add_to(ep, fd, EPOLLIN);
		peer.len = sizeof peer.room;
	}
	check(errno == EAGAIN);
}

static void send_all(int fd, const unsigned char *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN) {
			wait_for(fd, POLLOUT);
			continue;
		}
		must(sent);
		data += sent;
		size -= (size_t)sent;
	}
}

/* Send back what there is; the client's end of data ends the connection. */
static void echo(int fd)
{
	unsigned char data[16384];
	ssize_t got = recv(fd, data, sizeof data, 0);

	if (got < 0 && errno == EAGAIN)
		return;
	must(got);
	if (got == 0) {
		must(close(fd));
		return;
	}
	send_all(fd, data, (size_t)got);
	bytes_echoed += (unsigned long)got;
}

static void *serve(void *argument)
{
	int ep = *(const int *)argument;

	for (int i = 0; i < 2; i++)
		add_to(ep, listeners[i], EPOLLIN | EPOLLEXCLUSIVE);
	add_to(ep, stop_servers, EPOLLIN);
	for (;;) {
		struct epoll_event ready[16];
		int count = must(epoll_wait(ep, ready, ARRAY_SIZE(ready), -1));

		for (int i = 0; i < count; i++) {
			int fd = ready[i].data.fd;

			if (fd == stop_servers) {
				close(ep);
				return NULL;
			}
			if (fd == listeners[0] || fd == listeners[1])
				accept_all(ep, fd);
			else
				echo(fd);
		}
	}
}

/* ---- the clients ---- */

enum way { BLOCKING, POLLED, REGISTERED, EDGE, WAYS };

static void wait_registered(int ep, int fd)
{
	struct epoll_event e = {.events = 0};
	int ready = must(epoll_wait(ep, &e, 1, PATIENCE_MS));

	check(ready == 1 && e.data.fd == fd && e.events & EPOLLOUT);
	must(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL));
}

/* A connected, blocking socket. */
static int connected(unsigned long number, int ep)
{
	const struct family *f = &families[number % ARRAY_SIZE(families)];
	enum way way = number / ARRAY_SIZE(families) % WAYS;
	int fd = socket_of(f, way == BLOCKING ? 0 : SOCK_NONBLOCK), made;

	if (way == REGISTERED || way == EDGE)
		add_to(ep, fd, EPOLLOUT | (way == EDGE ? EPOLLET : 0));
	made = connect_to(fd, f->loopback, ports[strcmp(f->label, "v6") == 0]);
	if (way == BLOCKING || made == 0)
		must(made);
	else
		check(errno == EINPROGRESS);
	if (way == POLLED)
		wait_for(fd, POLLOUT);
	else if (way != BLOCKING)
		wait_registered(ep, fd);
	if (way != BLOCKING) {
		check(strcmp(pending_error(fd), "0") == 0);
		must(fcntl(fd, F_SETFL, O_RDWR));
	}
	check_carried(fd);
	return fd;
}

struct buffers {
	unsigned char out[LARGEST], back[LARGEST];
};

static void one_connection(unsigned long number, int ep, struct buffers *b)
{
	size_t size = size_of(number);
	int fd = connected(number, ep);

	fill(b->out, number, size);
	send_all(fd, b->out, size);
	must(shutdown(fd, SHUT_WR));
	for (size_t have = 0; have <= size;) {
		ssize_t got = must(recv(fd, b->back + have, sizeof b->back - have, 0));

		have += (size_t)got;
		bytes_back += (unsigned long)got;
		if (got > 0)
			continue;
		if (have != size || memcmp(b->out, b->back, size) != 0)
			complain("connection %lu: %zu of %zu bytes back", number, have, size);
		break;
	}
	must(close(fd));
}

static void *connect_many(void *argument)
{
	int ep = must(epoll_create1(EPOLL_CLOEXEC));
	unsigned long number;
	struct buffers buffers;

	(void)argument;
	memset(&buffers, 1, sizeof buffers); /* all of it is resident from now on */
	pthread_barrier_wait(&all_started);
	while ((number = next_connection++) < last_connection && !test_failed)
		one_connection(number, ep, &buffers);
	close(ep);
	return NULL;
}

static void start_thread(pthread_t *thread, void *(*routine)(void *), void *argument)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	must(-pthread_create(thread, &attributes, routine, argument));
	pthread_attr_destroy(&attributes);
}

/* The connections from @from up to @to. */
static void run_clients(unsigned threads, unsigned long from, unsigned long to)
{
	pthread_t clients[THREADS_MAX];

	next_connection = from;
	last_connection = to;
	pthread_barrier_init(&all_started, NULL, threads);
	for (unsigned i = 0; i < threads; i++)
		start_thread(&clients[i], connect_many, NULL);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(clients[i], NULL);
	pthread_barrier_destroy(&all_started);
}

/* ---- what is left behind ---- */

struct holdings {
	int fds;
	size_t allocated;
	long resident_kib;
};

/* Without stdio, which would leave freed memory behind that counts as allocated. */
static long resident_kib(void)
{
	char status[4096] = "", *line;
	int fd = must(open("/proc/self/status", O_RDONLY));

	must(read(fd, status, sizeof status - 1));
	close(fd);
	line = strstr(status, "VmRSS:");
	check(line != NULL);
	return line ? strtol(line + strlen("VmRSS:"), NULL, 10) : -1;
}

/* Where libc tells. */
static size_t allocated(void)
{
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 33)
	return mallinfo2().uordblks;
#endif
#endif
	return 0;
}

/* Once the servers have closed their ends of what is over. */
static struct holdings holdings(int fds_expected)
{
	struct holdings h;

	for (int i = 0; fds_expected && count_fds() > fds_expected && i < PATIENCE_MS / 10; i++)
		poll(NULL, 0, 10);
	h.fds = count_fds();
	h.allocated = allocated();
	h.resident_kib = resident_kib();
	return h;
}

static void start_servers(pthread_t servers[SERVERS], int stop[2])
{
	static int epolls[SERVERS];

	must(pipe(stop));
	stop_servers = stop[0];
	/* the IPv4 listener serves the IPv4-mapped addresses too */
	listeners[0] = listener_on(&families[0], families[0].loopback, SOCK_NONBLOCK, "v4");
	listeners[1] = listener_on(&families[1], families[1].loopback, SOCK_NONBLOCK, "v6");
	for (int i = 0; i < 2; i++) {
		must(listen(listeners[i], 1024));
		ports[i] = local_port(listeners[i]);
	}
	for (int i = 0; i < SERVERS; i++) {
		epolls[i] = must(epoll_create1(EPOLL_CLOEXEC));
		start_thread(&servers[i], serve, &epolls[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned long connections = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, warm_up,
		      bytes = 0;
	unsigned threads = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	long may_grow = argc > 3 ? atol(argv[3]) : 512;
	struct holdings before, after;
	pthread_t servers[SERVERS];
	int stop[2], idle;

	if (connections < WARM_UP || threads < 1 || threads > THREADS_MAX)
		return 2;
	start_servers(servers, stop);
	idle = count_fds();
	warm_up = connections / WARM_UP;
	run_clients(threads, 0, warm_up);
	before = holdings(idle);
	run_clients(threads, warm_up, connections);
	after = holdings(idle);

	for (unsigned long i = 0; i < connections; i++)
		bytes += size_of(i);
	say("%lu connections carried %lu bytes", connections, bytes);
	say("the servers sent %s back", bytes_echoed == bytes ? "all of them" : "others");
	say("the clients received %s", bytes_back == bytes ? "all of them" : "others");
	if (after.fds != idle || before.fds != idle)
		complain("%d descriptors, then %d and %d", idle, before.fds, after.fds);
	if (after.allocated != before.allocated)
		complain("%zu bytes allocated, then %zu", before.allocated, after.allocated);
	if (after.resident_kib > before.resident_kib + may_grow)
		complain("%ld KiB resident, then %ld", before.resident_kib, after.resident_kib);

	close(stop[1]);
	for (int i = 0; i < SERVERS; i++)
		pthread_join(servers[i], NULL);
	return test_failed;
}
