/* SPDX-License-Identifier: MIT */
/*
 * many.c - what does one more connection cost, beside many?
 *
 *   many tcp|vsock [above NUMBER | copied | registered NUMBER] COUNT...
 *
 * Prints "COUNT MEAN MOST LEAST" for each COUNT of open connections, spread over 100 listeners,
 * all clients in one epoll: the us that socket(), epoll_ctl() and connect() take together for
 * one more: the mean of all rounds, of the worst, and of the best. Then all are closed, and
 * "closed MEAN MOST LEAST" is the same once more. With `above`, every descriptor up to that
 * number is taken beforehand; with `copied`, each client is duplicated before it connects; with
 * `registered`, there are so many sockets in the epoll that never connect.
 *
 *   many hold COUNT
 *
 * Binds so many VM sockets to the first ports that clients get, or to all, says "held", and
 * keeps them until it is ended.
 *
 * Both ends are in one process; that the scheduler has no part in the figures takes a fixed
 * priority besides (tests/crowds/measure). With SETTLE in the environment, so many seconds pass
 * before each figure is taken.
 */
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include "tcp.h"

#define LISTENERS  100
#define FIRST_PORT 20000
#define ROUNDS     5
#define ENDS       ((size_t)3 * LISTENERS)

static struct address servers[LISTENERS];
static int listeners[LISTENERS];
static int ep;
static bool copied;

static struct address server_address(bool vsock, uint16_t port)
{
	struct address a = {.len = sizeof(struct sockaddr_vm)};
	struct sockaddr_vm *vm = (struct sockaddr_vm *)&a.any;

	if (!vsock)
		return address_of("127.0.0.1", port);
	*vm = (struct sockaddr_vm){
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL, .svm_port = port};
	return a;
}

static void start_listeners(bool vsock)
{
	for (int i = 0; i < LISTENERS; i++) {
		servers[i] = server_address(vsock, (uint16_t)(FIRST_PORT + i));
		listeners[i] = must(socket(servers[i].any.sa_family, SOCK_STREAM, 0));
		must(bind(listeners[i], &servers[i].any, servers[i].len));
		must(listen(listeners[i], 16));
	}
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* A connection to each listener; the clients, their other ends, and their duplicates or -1 go
 * to
 * @ends. */
static double connect_each(int ends[ENDS])
{
	double start = now_us(), took;

	for (int i = 0; i < LISTENERS; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = i};

		ends[i] = must(socket(servers[i].any.sa_family, SOCK_STREAM, 0));
		must(epoll_ctl(ep, EPOLL_CTL_ADD, ends[i], &event));
		ends[2 * LISTENERS + i] = copied ? must(dup(ends[i])) : -1;
		must(connect(ends[i], &servers[i].any, servers[i].len));
	}
	took = now_us() - start;
	for (int i = 0; i < LISTENERS; i++)
		ends[LISTENERS + i] = must(accept(listeners[i], NULL, NULL));
	return took / LISTENERS;
}

static void close_each(const int *ends, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ends[i] >= 0)
			must(close(ends[i]));
}

/* The kernel ends closed connections one after the other, and a new one waits for its turn. */
static void wait_closed(void)
{
	int fd, made;

	do {
		fd = must(socket(servers[0].any.sa_family, SOCK_STREAM, 0));
		made = connect(fd, &servers[0].any, servers[0].len);
		must(close(fd));
	} while (made < 0 && errno == ETIMEDOUT);
	must(made);
	fd = must(accept(listeners[0], NULL, NULL));
	must(close(fd));
}

/*
 * What was done before has an aftermath: sockets that the kernel frees late, by the ten
 * thousand, and a timer of 2 seconds for each non-blocking connect, which runs out although it
 * was connected.
 */
static void settle(void)
{
	const char *seconds = getenv("SETTLE");

	if (seconds)
		sleep((unsigned)strtoul(seconds, NULL, 10));
}

/* The ports of all rounds fall evenly into the kernel's 251 lists of sockets. */
static void say_cost_of_one(const char *label)
{
	double sum = 0, most = 0, least = 0, took;
	int ends[ENDS];

	settle();
	for (int round = 0; round < ROUNDS; round++) {
		took = connect_each(ends);
		sum += took;
		most = took > most ? took : most;
		least = round == 0 || took < least ? took : least;
		close_each(ends, ARRAY_SIZE(ends));
		wait_closed();
	}
	say("%s %.2f %.2f %.2f", label, sum / ROUNDS, most, least);
}

static void allow_descriptors(unsigned long count)
{
	struct rlimit limit = {count, count};

	must(setrlimit(RLIMIT_NOFILE, &limit));
}

static void measure(int counts, char **count_texts, unsigned long largest)
{
	int *ends = calloc(largest / LISTENERS + 1, ENDS * sizeof *ends);
	size_t open = 0;

	for (int i = 0; i < counts; i++) {
		for (; open / 3 + LISTENERS <= strtoul(count_texts[i], NULL, 10); open += ENDS)
			connect_each(ends + open);
		say_cost_of_one(count_texts[i]);
	}
	close_each(ends, open);
	free(ends);
	wait_closed();
	say_cost_of_one("closed");
}

static void take_descriptors_to(int last)
{
	int fd;

	do
		fd = must(dup(STDIN_FILENO));
	while (fd < last);
}

static void register_others(int count)
{
	for (int i = 0; i < count; i++) {
		struct epoll_event event = {.events = EPOLLIN | EPOLLET};
		int fd = must(socket(AF_INET, SOCK_STREAM, 0));

		must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	}
}

static void hold(unsigned count)
{
	FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	unsigned first = 0, last = 0;

	check(range && fscanf(range, "%u %u", &first, &last) == 2);
	if (range)
		fclose(range);
	allow_descriptors(count + 100);
	for (unsigned i = 0; i < count && first + i <= last; i++) {
		struct sockaddr_vm vm = {.svm_family = AF_VSOCK,
					 .svm_cid = VMADDR_CID_ANY,
					 .svm_port = first + i};

		int fd = must(socket(AF_VSOCK, SOCK_STREAM, 0));

		must(bind(fd, (struct sockaddr *)&vm, sizeof vm));
	}
	say("held");
	pause();
}

int main(int argc, char **argv)
{
	bool vsock;
	int at = 2;
	unsigned long largest = 0;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "hold") == 0) {
		hold((unsigned)strtoul(argv[2], NULL, 10));
		return test_failed;
	}
	vsock = strcmp(argv[1], "vsock") == 0;
	for (int i = 2; i < argc; i++)
		if (strtoul(argv[i], NULL, 10) > largest)
			largest = strtoul(argv[i], NULL, 10);
	allow_descriptors(3 * largest + 2000);
	ep = must(epoll_create1(EPOLL_CLOEXEC));
	if (strcmp(argv[2], "above") == 0 && argc > 4) {
		take_descriptors_to(atoi(argv[3]));
		at = 4;
	} else if (strcmp(argv[2], "registered") == 0 && argc > 4) {
		register_others(atoi(argv[3]));
		at = 4;
	} else if (strcmp(argv[2], "copied") == 0) {
		copied = true;
		at = 3;
	}
	start_listeners(vsock);
	measure(argc - at, argv + at, largest);
	return test_failed;
}
