/* SPDX-License-Identifier: MIT */
/*
 * stream/serve.h - the servers of bench/stream.c
 */
#ifndef STREAM_SERVE_H
#define STREAM_SERVE_H

/** Serves one connection after the other, as "echo", "sink" or "hold". */
_Noreturn void serve(const char *how, unsigned port);

#endif
