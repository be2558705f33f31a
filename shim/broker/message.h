/* SPDX-License-Identifier: MIT */
/*
 * message.h - what a program's shim and the broker say to each other
 *
 * Theory of operation
 *
 * docs/broker.md has the contract; this is its words. A message of the program's is 2304 bytes
 * in one send(), so large that the kernel makes two buffers of it: with the smallest SO_SNDBUF
 * nothing can be written to that socket until both are read, which is how a pending connection
 * looks like one of TCP's. GIVE and COMMIT are one byte; answers are 64. The machine's byte
 * order, for both are on one machine. What is not used is 0, and is checked to be.
 *
 *   HELLO    program, a connection of its own   -> WELCOME, with the memory (memory.h)
 *   CONNECT  program, the pending socket        read whole: connected; closed unread: failed
 *   GIVE     program, the same stream, one byte with an end of a pair -> HANDOVER on the pair
 *   HANDOVER broker, on the pair                the socket of the connection, unless an error
 *   COMMIT   program, on the pair, one byte     the program has it; without: as before
 *   LOOKUP   program, a connection of its own   -> FOUND: the name is in the table (names.h)
 *   HOLD     program, a connection of its own   a muxer's socket between CONNECT and OK
 *   STATUS   launcher, a connection of its own  -> lines of text, in place of an answer
 *   LISTEN   program, a connection of its own   who calls at the socket that came with it is
 * led to the program's, beginning with the broker itself; without a socket:
 *            -> LISTENING, and what nobody has any more is let go
 *   ARRIVAL  broker, on a connection to that    a connection, and who its client is
 *
 * Both sides check what comes: whoever sends it may be anybody. Pure functions; fuzzed
 * (tests/fuzz/message.c).
 */
#ifndef VSOCKIFY_BROKER_MESSAGE_H
#define VSOCKIFY_BROKER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../config/host.h"
#include "environment.h"

#define BROKER_MAGIC   0x76736662u /* "vsfb" */
#define BROKER_VERSION 3u

enum broker_kind {
	BROKER_HELLO = 1,
	BROKER_WELCOME = 2,
	BROKER_CONNECT = 3,
	BROKER_GIVE = 4, /* one byte: of no struct */
	BROKER_HANDOVER = 5,
	BROKER_COMMIT = 6, /* one byte */
	BROKER_LOOKUP = 7,
	BROKER_FOUND = 8,
	BROKER_HOLD = 9,
	BROKER_STATUS = 10,
	BROKER_LISTEN = 11,
	BROKER_LISTENING = 12,
	BROKER_ARRIVAL = 13,
};

/* What the two messages of one byte consist of. */
#define BROKER_GIVE_BYTE   'G'
#define BROKER_COMMIT_BYTE 'C'

#define BROKER_REQUEST_SIZE 2304
#define BROKER_ANSWER_SIZE  64
#define BROKER_ARRIVAL_SIZE 88
#define BROKER_STATUS_SIZE  4096 /* of the text, at most */

/* How many descriptors are attached to each. */
#define BROKER_WELCOME_DESCRIPTORS  1 /* the memory */
#define BROKER_GIVE_DESCRIPTORS     1 /* an end of a SOCK_STREAM pair */
#define BROKER_HANDOVER_DESCRIPTORS 1 /* none with an error */
#define BROKER_HOLD_DESCRIPTORS     1
#define BROKER_LISTEN_DESCRIPTORS   1 /* or none */
#define BROKER_ARRIVAL_DESCRIPTORS  1

/* The beginning of each message, and all of an answer. */
struct broker_head {
	uint32_t magic;
	uint16_t version, kind;
	uint32_t size, error;   /* BROKER_..._SIZE; errno, in answers */
	uint64_t rules, cookie; /* hash of the rules; SO_COOKIE of the pending socket */
	uint8_t secret[BROKER_SECRET_SIZE]; /* the token; in WELCOME the broker's own */
	uint8_t zero[16];
};
_Static_assert(sizeof(struct broker_head) == BROKER_ANSWER_SIZE, "an answer is a head");

/*
 * Whom a program wants to be connected to, in its own words: the address that connect() was
 * given (an unspecified one made loopback), and the one that bind() chose, if it did. From this
 * the broker decides by its own rules where to dial, and makes the connection's mark (mark.h):
 * these two addresses, the family, and that connect() was a non-blocking one.
 */
struct broker_connect {
	uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint8_t local_ip[16];
	uint16_t port;
	uint16_t local_port; /* the port that it would like; 0: any */
	uint8_t v6;          /* AF_INET6 */
	uint8_t v6only;
	uint8_t nonblocking; /* the outcome is still to be told by a connect() to come */
	uint8_t zero[1];
};

/*
 * Which server's callers say first, in a header of the PROXY protocol, whose connection it is:
 * the address that bind() was given, from which the broker decides by its own rules who may
 * call; and where the program listens for those who have said it (shim/proxied.h).
 */
struct broker_listen {
	uint8_t key[BROKER_SECRET_SIZE]; /* of the name there: random */
	uint8_t ip[16];
	uint16_t port; /* 0: any */
	uint8_t v6only;
	uint8_t zero[1];
};

struct broker_request {
	struct broker_head head;
	struct broker_connect connect; /* all 0 but in CONNECT */
	char name[HOST_MAX + 1];       /* of LOOKUP, in normal form; zeros behind it */
	struct broker_listen listen;   /* all 0 but in LISTEN with a descriptor */
	uint8_t zero[BROKER_REQUEST_SIZE - sizeof(struct broker_head) -
		     sizeof(struct broker_connect) - sizeof(struct broker_listen) -
		     (HOST_MAX + 1)];
};
_Static_assert(sizeof(struct broker_request) == BROKER_REQUEST_SIZE, "no padding");

/* A connection to a server, and who its client is, if the header has said that. */
struct broker_arrival {
	struct broker_head head; /* with the broker's own secret: anybody can call there */
	uint8_t ip[16];
	uint16_t port;
	uint8_t known; /* 0: it has not, and the two above are 0 */
	uint8_t zero[5];
};
_Static_assert(sizeof(struct broker_arrival) == BROKER_ARRIVAL_SIZE, "no padding");

/*
 * broker_request() - begin a program's message
 * @kind: HELLO, CONNECT, LOOKUP, HOLD, STATUS or LISTEN; whoever sends CONNECT, LOOKUP or
 *	LISTEN fills in what that has
 * @cookie: of the pending socket; 0 for the others
 */
void broker_request(struct broker_request *request, enum broker_kind kind,
		    const struct broker_environment *environment, uint64_t cookie);

/*
 * broker_answer() - a message of the broker's
 * @kind: WELCOME, HANDOVER, FOUND or LISTENING
 * @error: a positive errno; 0
 */
void broker_answer(struct broker_head *answer, enum broker_kind kind,
		   const struct broker_environment *environment, uint32_t error);

/*
 * broker_request_is_valid() - is this a message of a program's, of this version, by somebody
 * who has the token, under the same rules, and everything in it as it may be?
 * @bytes, @size: what came, of unknown origin and alignment
 * @descriptors: how many came with it
 * @request: filled in if it is
 */
bool broker_request_is_valid(const void *bytes, size_t size, unsigned descriptors,
			     const struct broker_environment *environment,
			     struct broker_request *request);

/*
 * broker_answer_is_valid() - is this the broker's answer of that kind?
 *
 * WELCOME shows the broker's own secret; a program must ask for that before it believes
 * anything else that the broker says. The others show none.
 */
bool broker_answer_is_valid(const void *bytes, size_t size, unsigned descriptors,
			    enum broker_kind kind, const struct broker_environment *environment,
			    struct broker_head *answer);

/* broker_arrival() - what is sent with a connection; @client: NULL if it is not known */
void broker_arrival(struct broker_arrival *arrival,
		    const struct broker_environment *environment,
		    const struct endpoint *client);

/* broker_arrival_is_valid() - is this that, from a broker that has shown its secret? */
bool broker_arrival_is_valid(const void *bytes, size_t size, unsigned descriptors,
			     const struct broker_environment *environment,
			     struct broker_arrival *arrival);

#endif
