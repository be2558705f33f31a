/* SPDX-License-Identifier: MIT */
/*
 * muxer.h - the dialogue with a VMM: CONNECT PORT, and its answer
 *
 * Theory of operation
 *
 * Who has connected to a VMM's socket says "CONNECT 80\n". The VMM asks the guest; if a server
 * listens there it answers "OK 1073741824\n" (a number of its own), and from then on the socket
 * is the stream to the server. If nobody does, it closes.
 *
 * VMMs are particular about it. The command goes out in one write: Firecracker closes if less
 * than ten bytes are there when it looks. Nothing is sent before the answer: vhost-device-vsock
 * loses it. Not a byte is read beyond the answer: a server may speak first. And the socket
 * should not be closed before the answer has come: vhost-device-vsock 0.3.0 ends all of its
 * guest's VM sockets for good then. Where the time is over there is no other way, and the log
 * says so.
 *
 * libkrun has a path for each port, and nothing is said (PORT_OF_PATH).
 *
 * Pure functions; fuzzed (tests/fuzz/dialogue.c).
 */
#ifndef VSOCKIFY_ROUTE_MUXER_H
#define VSOCKIFY_ROUTE_MUXER_H

#include "dialogue.h"

/* muxer_say() - what is to be said to reach a port of the guest; how many bytes */
size_t muxer_say(uint32_t port, char out[DIALOGUE_OUT_MAX]);

/*
 * muxer_take() - go on with what was seen
 * @seen, @size: what lies there to be read; 0 bytes: the end
 * @taken: how many of them are the answer's, to be read now
 * Return: 1: the answer is whole; 0: it is not; -ECONNREFUSED if nobody listens in the guest,
 * -EPROTO if it is none of a VMM's
 */
int muxer_take(struct dialogue *d, const char *seen, size_t size, size_t *taken);

#endif
