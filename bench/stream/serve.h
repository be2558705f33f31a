/* SPDX-License-Identifier: MIT */
/*
 * stream/serve.h - the servers of bench/stream.c
 */
#ifndef STREAM_SERVE_H
#define STREAM_SERVE_H

/** What is said there and back, until the peer has closed. */
void serve_echo(int fd);

/** Is told how much will come, in 64 bits, and says so when all has. */
void serve_sink(int fd);

/** Serves one connection after the other, as "echo", "sink" or "hold". */
_Noreturn void serve(const char *how, unsigned port);

#endif
