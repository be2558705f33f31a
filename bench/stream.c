/* SPDX-License-Identifier: MIT */
/*
 * stream.c - a plain stream program, built once for TCP, once (-DVSOCK) for native AF_VSOCK,
 * and once (-DUNIX) for Unix sockets
 *
 *   stream serve echo|sink|hold PORT
 *   stream roundtrip HOST PORT SIZE COUNT     us for each round trip of SIZE bytes
 *   stream bulk      HOST PORT SIZE TOTAL     MiB/s in writes of SIZE bytes
 *   stream connect   HOST PORT COUNT PAUSE    us for connect + one round trip + close; before
 *                                             each PAUSE empty system calls, which do not count
 *   stream clients   HOST PORT CLIENTS COUNT  connections a second, COUNT by each client
 *   stream open      HOST PORT COUNT          with COUNT connections open: us for one more,
 *                                             KiB each of this process and of the kernel
 *   stream cycle     COUNT                    us for connect + accept + close in one process
 *
 * HOST is an IPv4 address, or a CID; a Unix socket's path is stream_PORT, here. STREAM_BUFFER
 * in the environment is the size of a native socket's buffer; with STREAM_SEND, send() takes
 * write()'s place; with STREAM_NODELAY, TCP_NODELAY is set on both ends of every connection,
 * as most libraries do (natively there is none). With STREAM_CONVERT, a native
 * client makes a TCP socket and puts its VM socket in its place, with no system call that a
 * shim could do without. Each client tries until the server answers before it measures. What it
 * prints is one line of numbers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h> /* older ones leave sys/socket.h to whoever includes them */

#define BUFFER_SIZE (1 << 20)

static char buffer[BUFFER_SIZE];

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "stream: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the only part that differs between the two families ---- */

static uint64_t buffer_size; /* in bytes, from the environment; 0: the kernel's */
static int sends;            /* from the environment too */
static int nodelay;          /* and this */

#ifdef VSOCK
#define FAMILY AF_VSOCK
static int converts; /* from the environment too */
typedef struct sockaddr_vm address;

static address address_of(const char *host, unsigned port)
{
	return (address){.svm_family = AF_VSOCK,
			 .svm_cid = host ? (unsigned)strtoul(host, NULL, 10) : VMADDR_CID_ANY,
			 .svm_port = port};
}
#elif defined UNIX
#define FAMILY AF_UNIX
typedef struct sockaddr_un address;

static address address_of(const char *host, unsigned port)
{
	address un = {.sun_family = AF_UNIX};

	(void)host;
	snprintf(un.sun_path, sizeof un.sun_path, "stream_%u", port);
	return un;
}
#else
#define FAMILY AF_INET
typedef struct sockaddr_in address;

static address address_of(const char *host, unsigned port)
{
	return (address){.sin_family = AF_INET,
			 .sin_addr.s_addr = host ? inet_addr(host) : INADDR_ANY,
			 .sin_port = htons((uint16_t)port)};
}
#endif

/* ---- helpers ---- */

static unsigned long number(const char *text)
{
	return strtoul(text, NULL, 10);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int make_socket(void)
{
	int fd = socket(FAMILY, SOCK_STREAM, 0);

	if (fd < 0)
		fail("socket");
#ifdef VSOCK
	if (buffer_size) {
		setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &buffer_size, 8);
		setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &buffer_size, 8);
	}
#elif defined UNIX
	if (buffer_size) { /* which the kernel doubles */
		int half = (int)(buffer_size / 2);

		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof half);
	}
#endif
	return fd;
}

#ifdef VSOCK
/*
 * The least that a shim does for a blocking connect(), beside that: there is a TCP socket; the
 * other is bound to a port that TCP has too, is marked, takes the first one's place; and an
 * attempt that a signal must not abort is waited for.
 */
static int convert_and_connect(const address *to)
{
	static unsigned port = 40000;
	struct sockaddr_vm from = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY};
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd connected = {.fd = tcp, .events = POLLOUT};
	uint64_t mark = (uint64_t)1 << 63;

	from.svm_port = port++;
	if (port == 60000)
		port = 40000;
	if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0)
		fail("bind");
	setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &mark, sizeof mark);
	if (dup3(fd, tcp, 0) < 0)
		fail("dup3");
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS)
		fail("connect");
	fcntl(fd, F_SETFL, O_RDWR);
	close(fd);
	if (poll(&connected, 1, -1) != 1 || connected.revents != POLLOUT)
		fail("connect");
	return tcp;
}
#endif

static void set_nodelay(int fd)
{
	if (nodelay && FAMILY == AF_INET &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof nodelay) < 0)
		fail("TCP_NODELAY");
}

static int make_connection(const address *to)
{
	int fd;

#ifdef VSOCK
	if (converts)
		return convert_and_connect(to);
#endif
	fd = make_socket();
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0)
		fail("connect");
	set_nodelay(fd);
	return fd;
}

static int make_listener(unsigned port)
{
	address on = address_of(NULL, port);
	int fd = make_socket(), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&on, sizeof on) < 0)
		fail("bind");
	if (listen(fd, 1024) < 0)
		fail("listen");
	return fd;
}

static void write_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t wrote = sends ? send(fd, buffer + done, size - done, 0)
				      : write(fd, buffer + done, size - done);

		if (wrote < 0)
			fail("write");
		done += (size_t)wrote;
	}
}

static void read_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(fd, buffer + done, size - done);

		if (got <= 0)
			fail(got ? "read" : "the server hung up");
		done += (size_t)got;
	}
}

static void round_trip(int fd, size_t size)
{
	write_all(fd, size);
	read_all(fd, size);
}

static void connect_once(const address *to)
{
	int fd = make_connection(to);

	round_trip(fd, 1);
	close(fd);
}

/* Does the server answer, and every relay before it? */
static int answers(const address *to)
{
	int fd = make_socket(), result;

	result = connect(fd, (const struct sockaddr *)to, sizeof *to) == 0 &&
		 write(fd, buffer, 1) == 1 && shutdown(fd, SHUT_WR) == 0 &&
		 read(fd, buffer, 1) == 1;
	close(fd);
	return result;
}

static void wait_for_server(const address *to)
{
	for (int i = 0; !answers(to); i++) {
		if (i == 1000)
			fail("no server");
		poll(NULL, 0, 20);
	}
}

/* ---- servers ---- */

static void echo(int fd)
{
	ssize_t got;

	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		write_all(fd, (size_t)got);
	close(fd);
}

static void sink(int fd)
{
	while (read(fd, buffer, 65536) > 0)
		continue;
	(void)!write(fd, buffer, 1);
	close(fd);
}

/* Answers once, and keeps the connection. */
static void hold(int fd)
{
	if (read(fd, buffer, 1) == 1)
		(void)!write(fd, buffer, 1);
}

static void serve(const char *how, unsigned port)
{
	int listener = make_listener(port), fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		set_nodelay(fd);
		switch (how[0]) {
		case 'e':
			echo(fd);
			break;
		case 's':
			sink(fd);
			break;
		default:
			hold(fd);
		}
	}
	fail("accept");
}

/* ---- what is measured ---- */

static void measure_roundtrip(const address *to, size_t size, unsigned long count)
{
	int fd = make_connection(to);
	double start;

	for (unsigned long i = 0; i < count / 10 + 1; i++)
		round_trip(fd, size);
	start = now_us();
	for (unsigned long i = 0; i < count; i++)
		round_trip(fd, size);
	printf("%.4f\n", (now_us() - start) / (double)count);
}

static void send_bulk(int fd, size_t size, size_t total)
{
	for (size_t done = 0; done < total; done += size)
		write_all(fd, size);
}

static void measure_bulk(const address *to, size_t size, size_t total)
{
	int fd = make_connection(to);
	double start;

	send_bulk(fd, size, total / 10);
	start = now_us();
	send_bulk(fd, size, total);
	shutdown(fd, SHUT_WR);
	read_all(fd, 1);
	printf("%.4f\n", (double)total / (1 << 20) / ((now_us() - start) / 1e6));
}

/*
 * What a client does between two connections. Which of two processes runs when one wakes the
 * other depends on how long each has run, so it changes what a connection costs.
 */
static void pause_for(unsigned long calls)
{
	while (calls-- > 0)
		syscall(SYS_getppid);
}

static void measure_connect(const address *to, unsigned long count, unsigned long pause)
{
	double start, pauses;

	for (unsigned long i = 0; i < count / 10 + 1; i++)
		connect_once(to);
	start = now_us();
	for (unsigned long i = 0; i < count; i++)
		pause_for(pause);
	pauses = now_us() - start;
	start = now_us();
	for (unsigned long i = 0; i < count; i++) {
		pause_for(pause);
		connect_once(to);
	}
	printf("%.4f\n", (now_us() - start - pauses) / (double)count);
}

/* All clients are there before the clock starts: they wait for the end of a pipe. */
static void measure_clients(const address *to, unsigned long clients, unsigned long count)
{
	int gate[2];
	double start;

	if (pipe(gate) < 0)
		fail("pipe");
	for (unsigned long i = 0; i < clients; i++) {
		pid_t child = fork();

		if (child < 0)
			fail("fork");
		if (child)
			continue;
		close(gate[1]);
		(void)!read(gate[0], buffer, 1);
		for (unsigned long j = 0; j < count; j++)
			connect_once(to);
		_exit(0);
	}
	poll(NULL, 0, 200);
	start = now_us();
	close(gate[1]);
	for (int status; wait(&status) > 0;)
		if (status)
			fail("a client");
	printf("%.4f\n", (double)(clients * count) / ((now_us() - start) / 1e6));
}

/* A number of kilobytes behind @label in a file of /proc. */
static long proc_kib(const char *file, const char *label)
{
	char line[256];
	long kib = -1;
	FILE *f = fopen(file, "r");

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, label, strlen(label)) == 0)
			kib = strtol(line + strlen(label), NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

/* Memory of this process beside its stack, and of the kernel for everything. */
struct memory {
	long process, kernel;
};

static struct memory memory_now(void)
{
	return (struct memory){proc_kib("/proc/self/status", "VmRSS:"),
			       proc_kib("/proc/meminfo", "Slab:")};
}

#define FURTHER 50

static void measure_open(const address *to, unsigned long count)
{
	struct rlimit limit = {1 << 17, 1 << 17};
	struct memory before, after;
	double start;

	setrlimit(RLIMIT_NOFILE, &limit);
	before = memory_now();
	for (unsigned long i = 0; i < count; i++)
		round_trip(make_connection(to), 1);
	after = memory_now();
	start = now_us();
	for (int i = 0; i < FURTHER; i++)
		round_trip(make_connection(to), 1);
	printf("%.4f %.4f %.4f\n", (now_us() - start) / FURTHER,
	       (double)(after.process - before.process) / (double)count,
	       (double)(after.kernel - before.kernel) / (double)count);
}

static void one_cycle(int listener, const address *to)
{
	int client = make_socket(), accepted, one = 1;
	address name;
	socklen_t len = sizeof name;

	setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	if (connect(client, (const struct sockaddr *)to, sizeof *to) < 0)
		fail("connect");
	accepted = accept(listener, (struct sockaddr *)&name, &len);
	if (accepted < 0)
		fail("accept");
	len = sizeof name;
	getsockname(accepted, (struct sockaddr *)&name, &len);
	close(client);
	close(accepted);
}

static void measure_cycle(unsigned long count)
{
	int listener = make_listener(7999);
	address to = address_of(FAMILY == AF_INET ? "127.0.0.1" : "1", 7999);
	double start;

	for (unsigned long i = 0; i < count / 10 + 1; i++)
		one_cycle(listener, &to);
	start = now_us();
	for (unsigned long i = 0; i < count; i++)
		one_cycle(listener, &to);
	printf("%.4f\n", (now_us() - start) / (double)count);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *size = getenv("STREAM_BUFFER");
	unsigned long first = argc > 4 ? number(argv[4]) : 0,
		      second = argc > 5 ? number(argv[5]) : 0;
	address to;

	if (size)
		buffer_size = number(size);
	sends = getenv("STREAM_SEND") != NULL;
	nodelay = getenv("STREAM_NODELAY") != NULL;
#ifdef VSOCK
	converts = getenv("STREAM_CONVERT") != NULL;
#endif
	setvbuf(stdout, NULL, _IONBF, 0);
	if (strcmp(what, "serve") == 0 && argc == 4)
		serve(argv[2], (unsigned)number(argv[3]));
	if (strcmp(what, "cycle") == 0 && argc == 3) {
		measure_cycle(number(argv[2]));
		return 0;
	}
	if (argc < 5) {
		fprintf(stderr, "see the top of bench/stream.c\n");
		return 2;
	}
	to = address_of(argv[2], (unsigned)number(argv[3]));
	wait_for_server(&to);
	if (strcmp(what, "roundtrip") == 0)
		measure_roundtrip(&to, first, second);
	else if (strcmp(what, "bulk") == 0)
		measure_bulk(&to, first, second);
	else if (strcmp(what, "connect") == 0)
		measure_connect(&to, first, second);
	else if (strcmp(what, "clients") == 0)
		measure_clients(&to, first, second);
	else if (strcmp(what, "open") == 0)
		measure_open(&to, first);
	else
		return 2;
	return 0;
}
