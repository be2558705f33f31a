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
 *   stream stalled   HOST PORT COUNT SIZE     COUNT connections to who reads no further: KiB
 *                                             that each takes in writes of SIZE bytes, and
 *                                             KiB of the machine's memory that go for it
 *   stream cycle     COUNT                    us for connect + accept + close in one process
 *
 * With STREAM_SERVER, the server's process, in the environment, connect adds the us that the
 * client and the server have run for each connection, and how often the machine has turned from
 * one task to another.
 *
 * With STREAM_BEST, a number, roundtrip and bulk are done so often, and the best is printed.
 *
 * HOST is an IPv4 address, or a CID; a Unix socket's path is stream_PORT, here. STREAM_BUFFER
 * in the environment is the size of a native socket's buffer; with STREAM_SEND, send() takes
 * write()'s place; with STREAM_NODELAY, TCP_NODELAY is set on both ends of every connection,
 * as most libraries do (natively there is none). Each client tries until the server answers
 * before it measures. What it prints is one line of numbers.
 *
 * With STREAM_CONVERT, a native client does what a shim does at the least, by this design:
 *
 *   exchange        the program has a TCP socket, and connect() puts a VM socket in its place
 *   waiting         the same, with a connect() that blocks
 *   early           socket() gives the program a VM socket already
 *   early-waiting   both
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/measure.h"
#include "stream/serve.h"
#include "stream/socket.h"

static unsigned long number(const char *text)
{
	return strtoul(text, NULL, 10);
}

/* What else runs on the machine can only make it worse. */
static void print_best(double (*measure)(const address *, size_t, size_t), int more_is_better,
		       const address *to, size_t first, size_t second)
{
	const char *text = getenv("STREAM_BEST");
	unsigned long times = text ? number(text) : 1;
	double best = measure(to, first, second), now;

	while (--times > 0) {
		now = measure(to, first, second);
		if (more_is_better ? now > best : now < best)
			best = now;
	}
	printf("%.4f\n", best);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned long first = argc > 4 ? number(argv[4]) : 0,
		      second = argc > 5 ? number(argv[5]) : 0;
	address to;

	read_settings();
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
		print_best(measure_roundtrip, 0, &to, first, second);
	else if (strcmp(what, "bulk") == 0)
		print_best(measure_bulk, 1, &to, first, second);
	else if (strcmp(what, "connect") == 0)
		measure_connect(&to, first, second);
	else if (strcmp(what, "clients") == 0)
		measure_clients(&to, first, second);
	else if (strcmp(what, "open") == 0)
		measure_open(&to, first);
	else if (strcmp(what, "stalled") == 0)
		measure_stalled(&to, first, second);
	else
		return 2;
	return 0;
}
