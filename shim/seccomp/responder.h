/* SPDX-License-Identifier: MIT */
/*
 * responder.h - stands where programs look for a name server
 *
 * Theory of operation
 *
 * A child of the supervisor's, made when the first program asks: what programs say is parsed
 * here, where no other call hangs on it, and it may wait for the broker. The supervisor puts
 * one end of a pair of Unix sockets under the program's descriptor (lookup.h), and sends the
 * other, with the program's own socket, to this one.
 *
 * Of each query (dns.h) known.h says what it means: names that the rules take, *.vsock, and
 * addresses that stand for either are answered. All others, and what is no query, are sent on
 * by the program's own socket, with all that was set on it and in its network namespace; and
 * what comes back goes to the program as it is. What cannot be sent on, or is refused there, is
 * answered with "the server has failed": the program tries the next, at once.
 *
 * Pieces stay pieces: the pair is SOCK_SEQPACKET, which ignores the address of a sendto(), and
 * whose other end notices when the program closes; so no time has to be set for anything here.
 * What speaks as by TCP (SOCK_STREAM) is answered, and has no way on.
 */
#ifndef VSOCKIFY_SECCOMP_RESPONDER_H
#define VSOCKIFY_SECCOMP_RESPONDER_H

#include <stdbool.h>
#include <sys/types.h>

/* What comes with each pair: two descriptors, and this */
struct responder_order {
	pid_t process;
	bool stream;  /* it speaks as by TCP */
	bool reaches; /* the second, the program's own socket, is connected */
};

/* responder_run() - serve who comes by @orders, a socket, until that ends */
_Noreturn void responder_run(int orders);

#endif
