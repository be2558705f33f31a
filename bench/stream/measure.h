/* SPDX-License-Identifier: MIT */
/*
 * stream/measure.h - what the clients of bench/stream.c measure; each that returns nothing
 * prints its line
 */
#ifndef STREAM_MEASURE_H
#define STREAM_MEASURE_H

#include <stddef.h>

#include "socket.h"

/** us for each round trip of @size bytes */
double measure_roundtrip(const address *to, size_t size, size_t count);

/** MiB/s in writes of @size bytes */
double measure_bulk(const address *to, size_t size, size_t total);

/** us for connect, one round trip, close, with so many empty system calls before each, which
 * do not count */
void measure_connect(const address *to, unsigned long count, unsigned long pause);

/** connections a second, @count by each client */
void measure_clients(const address *to, unsigned long clients, unsigned long count);

/** us for one more connection beside @count, KiB for each of this process and of the kernel */
void measure_open(const address *to, unsigned long count);

/** KiB that each of @count connections to who reads no further takes in writes of @size bytes,
 * and KiB of the machine's memory for each */
void measure_stalled(const address *to, unsigned long count, size_t size);

/** us for connect, accept, close in this process */
void measure_cycle(unsigned long count);

#endif
