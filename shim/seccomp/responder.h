/* SPDX-License-Identifier: MIT */
/*
 * responder.h - stands where programs look for a name server
 *
 * Theory of operation
 *
 * A child of the supervisor's, made when the first program asks: what programs say is parsed
 * here, where no other call hangs on it, and it may wait for the broker. It listens at two Unix
 * sockets. The supervisor connects one of its own there, sends the program's own socket along,
 * and puts that one under the program's descriptor (lookup.h).
 *
 * Of each query (dns.h) known.h says what it means: names that the rules take, *.vsock, and
 * addresses that stand for either are answered. All others, and what is no query, are sent on
 * by the program's own socket, with all that was set on it and in its network namespace; and
 * what comes back goes to the program as it is. What cannot be sent on, or is refused there, is
 * answered with "the server has failed": the program tries the next, at once.
 *
 * Pieces stay pieces: it is SOCK_SEQPACKET, which ignores the address of a sendto(), and
 * whose other end notices when the program closes; so no time has to be set for anything here.
 * What speaks as by TCP (SOCK_STREAM) is answered, and has no way on.
 */
#ifndef VSOCKIFY_SECCOMP_RESPONDER_H
#define VSOCKIFY_SECCOMP_RESPONDER_H

#include <stdbool.h>
#include <sys/types.h>

/* What the supervisor says first on each connection, and attaches the program's own socket to
 */
struct responder_order {
	pid_t process;
	bool reaches; /* that is connected */
};

/* The listeners' descriptors: this one, SOCK_SEQPACKET; and the next, SOCK_STREAM */
#define RESPONDER_FIRST 0

/* responder_run() - serve whom @supervisor connects */
_Noreturn void responder_run(pid_t supervisor);

#endif
