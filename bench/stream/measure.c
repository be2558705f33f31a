/* SPDX-License-Identifier: MIT */
/*
 * stream/measure.c - what a client measures
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double measure_roundtrip(const address *to, size_t size, size_t count)
{
	int fd = make_connection(to);
	double start, took;

	for (size_t i = 0; i < count / 10 + 1; i++)
		round_trip(fd, size);
	start = now_us();
	for (size_t i = 0; i < count; i++)
		round_trip(fd, size);
	took = now_us() - start;
	close(fd);
	return took / (double)count;
}

/* In whole writes */
static size_t in_writes(size_t size, size_t total)
{
	return (total + size - 1) / size * size;
}

/* A sink wants to know how much there will be, and says it back when it has all. */
static void announce(int fd, uint64_t total)
{
	write_all(fd, &total, sizeof total);
}

static void send_bulk(int fd, size_t size, size_t total)
{
	for (size_t done = 0; done < total; done += size)
		write_all(fd, buffer, size);
}

double measure_bulk(const address *to, size_t size, size_t total)
{
	int fd = make_connection(to);
	double start, took;

	announce(fd, in_writes(size, total / 10) + in_writes(size, total));
	send_bulk(fd, size, total / 10);
	start = now_us();
	send_bulk(fd, size, total);
	read_all(fd, sizeof(uint64_t));
	took = now_us() - start;
	close(fd);
	return (double)total / (1 << 20) / (took / 1e6);
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

/* A number of /proc that stands behind @label in a file, or at its beginning */
static double proc_number(const char *file, const char *label)
{
	char line[256];
	double number = -1;
	FILE *f = fopen(file, "r");

	while (f && number < 0 && fgets(line, sizeof line, f))
		if (strncmp(line, label, strlen(label)) == 0)
			number = strtod(line + strlen(label), NULL);
	if (f)
		fclose(f);
	return number;
}

/*
 * What the clock does not say: the time that client and server have run, and how often the
 * machine has turned from one task to another. Where that differs, so does what the kernel's
 * own tasks do meanwhile, and two times on the clock tell nothing about two programs.
 */
struct spent {
	double client, server, switches;
};

static struct spent spent_now(void)
{
	struct spent spent = {.switches = proc_number("/proc/stat", "ctxt ")};
	const char *server = getenv("STREAM_SERVER");
	struct timespec t;
	char path[64];

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	spent.client = (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
	snprintf(path, sizeof path, "/proc/%s/schedstat", server ? server : "self");
	spent.server = proc_number(path, "") / 1e3;
	return spent;
}

void measure_connect(const address *to, unsigned long count, unsigned long pause)
{
	double start, pauses, took, n = (double)count;
	struct spent before, after;

	for (unsigned long i = 0; i < count / 10 + 1; i++)
		connect_once(to);
	start = now_us();
	for (unsigned long i = 0; i < count; i++)
		pause_for(pause);
	pauses = now_us() - start;
	before = spent_now();
	start = now_us();
	for (unsigned long i = 0; i < count; i++) {
		pause_for(pause);
		connect_once(to);
	}
	took = now_us() - start - pauses;
	after = spent_now();
	printf("%.4f", took / n);
	if (getenv("STREAM_SERVER"))
		printf(" %.4f %.4f %.4f", (after.client - before.client) / n,
		       (after.server - before.server) / n,
		       (after.switches - before.switches) / n);
	printf("\n");
}

/* All clients are there before the clock starts: they wait for the end of a pipe. */
void measure_clients(const address *to, unsigned long clients, unsigned long count)
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

/* Memory of this process beside its stack, and of the kernel for everything. */
struct memory {
	double process, kernel;
};

static struct memory memory_now(void)
{
	return (struct memory){proc_number("/proc/self/status", "VmRSS:"),
			       proc_number("/proc/meminfo", "Slab:")};
}

#define FURTHER 50

void measure_open(const address *to, unsigned long count)
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
	       (after.process - before.process) / (double)count,
	       (after.kernel - before.kernel) / (double)count);
}

/* How much is written until there is no room; the peer takes in what it has room for meanwhile.
 */
static size_t fill(int fd, size_t size)
{
	size_t written = 0;
	ssize_t wrote;

	for (int idle = 0; idle < 10; poll(NULL, 0, 10), idle++)
		while ((wrote = send(fd, buffer, size, MSG_DONTWAIT)) > 0) {
			written += (size_t)wrote;
			idle = 0;
		}
	return written;
}

void measure_stalled(const address *to, unsigned long count, size_t size)
{
	double written = 0, before, n = (double)count;

	round_trip(make_connection(to), 1); /* what is done but once */
	before = proc_number("/proc/meminfo", "MemFree:");
	for (unsigned long i = 0; i < count; i++) {
		int fd = make_connection(to);

		round_trip(fd, 1);
		written += (double)fill(fd, size);
	}
	printf("%.4f %.4f\n", written / 1024 / n,
	       (before - proc_number("/proc/meminfo", "MemFree:")) / n);
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

void measure_cycle(unsigned long count)
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
