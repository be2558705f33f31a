/* SPDX-License-Identifier: MIT */
/*
 * convert.h - puts a VM socket under the descriptor of a TCP socket, and back
 *
 * Theory of operation
 *
 * inspect() says what a descriptor is. A conversion then has these steps:
 *
 *   begin    make the VM socket, non-blocking and close-on-exec, and give it the options
 *            of the old one; up to here every failure leaves the TCP socket as it was
 *   commit   take the epoll registrations out and dup3() the new socket onto the program's
 *            descriptor, and onto duplicates of it
 *   finish   put the registrations back, set the descriptor's own flags, close the spare
 *            descriptor; what fails here, when the TCP socket is gone, is recalled: a new one
 *            takes its place
 *
 * The exchange comes before connect(), never after: while a thread waits for a connection,
 * another may close the descriptor, and the number may mean something else by then. From
 * begin to finish the new socket also has a descriptor of its own (`spare`), through which
 * the shim speaks to it whatever becomes of the program's. It lives for microseconds only, so
 * that a child forked meanwhile by another thread hardly ever holds the connection open.
 *
 * All functions are async-signal-safe, leave errno alone, and return 0 or a negated errno.
 */
#ifndef VSOCKIFY_CONVERT_H
#define VSOCKIFY_CONVERT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "../config/ruleset.h"
#include "engine.h"
#include "mark.h"
#include "transport/address.h"

enum subject_kind {
	SUBJECT_OTHER, /* nothing of ours: not a TCP socket, not open, the program's vsock */
	SUBJECT_TCP,   /* a TCP socket */
	SUBJECT_CONVERTED, /* a VM socket with our mark */
};

struct subject {
	enum subject_kind kind;
	bool v6;                /* SUBJECT_TCP: AF_INET6 */
	int tcp_state;          /* SUBJECT_TCP: TCP_CLOSE and so on, of <netinet/tcp.h> */
	struct endpoint local;  /* SUBJECT_TCP: what it is bound to; port 0 if unbound */
	struct mark mark;       /* SUBJECT_CONVERTED */
	struct vm_address name; /* SUBJECT_CONVERTED: where it is bound */
};

/*
 * inspect() - what is this descriptor?
 * Return: 0; or a negated errno if the kernel did not say (mark.h), and @subject is undefined:
 * whoever has to know must fail, for the socket may be one that a rule decides about
 */
int inspect(int fd, struct subject *subject);

/* inspect_failed() - what it usually means that the kernel did not say, for log_failure();
 * @error: positive */
const char *inspect_failed(int error);

struct conversion {
	int fd;               /* the program's descriptor */
	int spare;            /* the new socket's own */
	uint64_t cookie;      /* of what lies under it; 0: nobody else can change that */
	int file_flags;       /* F_GETFL of the program's socket */
	bool close_on_exec;   /* F_GETFD */
	bool carried_options; /* the new socket got some from the old */
	bool muxed;           /* the new socket is a Unix socket */
	bool nonblocking;     /* it was made so for the shim's own sake */
	bool late;   /* the program has waited for the old one, which was a pending one */
	bool shared; /* it is no new one, but that of another descriptor of the program's */
	struct carried carried; /* its epoll registrations */
};

/* conversion_begin() - the new socket, still unbound and without a mark
 * @muxed: as transport_socket() has it */
int conversion_begin(struct conversion *c, int fd, bool muxed);

/* conversion_begin_with() - the same of a pending connection (settle.h), for which the new
 * socket is there already, a non-blocking one: @spare, which is closed on failure. It may have
 * a mark, which conversion_mark() replaces. */
int conversion_begin_with(struct conversion *c, int fd, int spare);

/* conversion_mark() - give it its mark and its buffer size */
int conversion_mark(const struct conversion *c, const struct ruleset *rs, const struct mark *m);

/* conversion_abort() - give up between begin and commit */
void conversion_abort(struct conversion *c);

/* conversion_commit() - put it under the program's descriptor; aborts on failure */
int conversion_commit(struct conversion *c);

/*
 * conversion_finish() - the end, after bind() or connect() on c->spare
 * Return: 0; a negated errno if a registration or a flag could not be given to the new socket,
 * which is under the descriptor all the same: conversion_recall() it
 */
int conversion_finish(struct conversion *c);

/*
 * conversion_recall() - conversion_finish() failed: put a TCP socket back, with what was
 * carried
 * @m: as for conversion_undo()
 * @error: what conversion_finish() returned
 * Return: @error
 */
int conversion_recall(struct conversion *c, const struct mark *m, int error);

/* conversion_exchange() - commit and finish, of a socket that is bound, under the mark @m; puts
 * a TCP socket back on failure */
int conversion_exchange(struct conversion *c, const struct mark *m);

/* conversion_complete() - mark it, and exchange; aborts on failure */
int conversion_complete(struct conversion *c, const struct ruleset *rs, const struct mark *m);

/*
 * conversion_undo() - put a TCP socket back under a converted descriptor
 * @m: the mark: its options and, if the program had bound it, its address are restored
 */
int conversion_undo(int fd, const struct mark *m);

#endif
