/* SPDX-License-Identifier: MIT */
/*
 * opening.h - connect(), and MSG_FASTOPEN
 *
 * Theory of operation
 *
 * An address is read once, and then believed; an attempt that is to be waited for is looked at
 * again when it has ended. The new socket is connected before the program has it: to put it in
 * place takes a turn of the program's thread, in which a connection on the same machine comes
 * to be. If a signal takes the call back in that turn, the attempt is kept for the same call
 * made anew (lost.h).
 *
 * sendto() and its like with MSG_FASTOPEN are the only calls that carry data and are caught,
 * for the filter sees the flag. They connect, and then the supervisor sends what the program
 * has to say: the kernel would look at the address once more. Nothing goes with the first
 * packet, which is as with a server that does not know of it.
 */
#ifndef VSOCKIFY_SECCOMP_OPENING_H
#define VSOCKIFY_SECCOMP_OPENING_H

#include "call.h"

/* open_connect(), open_and_send() - what such a call comes to */
int open_connect(struct call *call);
int open_and_send(struct call *call);

#endif
