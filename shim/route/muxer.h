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
 */
#ifndef VSOCKIFY_ROUTE_MUXER_H
#define VSOCKIFY_ROUTE_MUXER_H

#include <stdint.h>

#include "../transport/address.h"

/*
 * muxer_enter() - as route_enter() in route.h
 * Return: 0; -EHOSTUNREACH if there is no VM, -ECONNREFUSED if nobody listens in it,
 * -ETIMEDOUT, -EPROTO if the answer is none of a VMM's; or another negated errno
 */
int muxer_enter(int fd, int program, struct vm_address to, uint64_t timeout_us);

#endif
