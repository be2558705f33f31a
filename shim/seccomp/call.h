/* SPDX-License-Identifier: MIT */
/*
 * call.h - one caught call, from the kernel's notification to the answer
 *
 * Theory of operation
 *
 * The thread that made it sleeps until it is answered, or until a signal comes: then the kernel
 * takes the call back, runs the handler, and makes it anew (SA_RESTART) or returns EINTR. It
 * tells nobody: what was to be done finds out by an error of the kernel's (`gone`), and nothing
 * is answered. What a call that is gone had done already is remembered (lost.h).
 *
 * The supervisor never waits for one call: where it would have to, the call is put aside with
 * what it waits for (`wait`), and done again when that has come, or when its time is over.
 */
#ifndef VSOCKIFY_SECCOMP_CALL_H
#define VSOCKIFY_SECCOMP_CALL_H

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "process.h"

#ifndef SECCOMP_ADDFD_FLAG_SEND /* headers of before Linux 5.14 */
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif

/* What a call comes to, beside its result: >= 0, or a negated errno */
#define CALL_LATER    (-4096) /* it has to wait: as -ENGINE_LATER */
#define CALL_CONTINUE (-5000) /* the kernel is to do it, on what the program has */
#define CALL_ANSWERED (-5001) /* it has been answered */

enum subject_family {
	FAMILY_OTHER, /* not ours to know: another family, no socket, the program's own vsock */
	FAMILY_IP,
	FAMILY_OURS, /* a VM socket with our mark */
};

/* A descriptor of the program's, had here for the time of the call */
struct held {
	int fd;     /* here */
	int number; /* there */
};

/* What a call waits for */
enum purpose { FOR_EVENTS, FOR_CALLERS, FOR_TCP };
struct wait {
	enum purpose purpose;
	int fd; /* here */
	short events;
	int timeout; /* milliseconds; -1: for ever */
};

struct call {
	struct call *next; /* of those that wait */
	uint64_t id;
	pid_t thread;
	struct seccomp_data data;
	struct process *process;
	int fd;     /* the descriptor that it is about, here; -1 for none */
	int number; /* and there */
	enum subject_family family;
	bool hands_down;   /* a listener of ours, with options for what is accepted */
	struct held first; /* of all that are had: that one; and */
	struct held *more; /* the others */
	int held_count;
	int closing;        /* is to be closed with them; -1: nothing */
	socklen_t name_len; /* of `name`; 0: it is not known */
	uint64_t cookie;    /* of the socket, when there is no descriptor any more (lost.h) */
	uint16_t port;      /* engine_bound(): says as much, for nothing; 0: none */
	bool gone;

	/* of one that waits: */
	struct wait wait;
	int watched;           /* what is in the loop's epoll for it; -1: nothing */
	int kept;              /* engine_keep(); -1: nothing */
	int64_t deadline;      /* of sys_now_ms(); -1: none */
	bool timed_out;        /* it is done again since that has come */
	bool again;            /* it is done again */
	bool listens;          /* accept(): it is known to be a listener */
	bool under_way;        /* connect(): an attempt was, when it was called */
	bool passed;           /* connect(): by TCP */
	int first_result;      /* connect() by TCP: what the kernel said first */
	socklen_t address_len; /* connect(), bind(): of `address` */
	bool opened;           /* MSG_FASTOPEN: connected, and this much was sent */
	size_t sent;

	/* which say nothing without their lengths, and are not cleared for a new call */
	struct sockaddr_storage name;    /* its socket's, as it was just before */
	struct sockaddr_storage address; /* read once, and then believed */
};

/* The descriptor by which calls are answered. */
extern int call_listener;

/* The one that is being served; NULL between two. What engine.h answers is about it. */
extern struct call *call_now;

/* call_argument() - as an int */
static inline int call_argument(const struct call *call, unsigned index)
{
	return (int)(uint32_t)call->data.args[index];
}

/* call_result() - as a function of libc's left it */
static inline int call_result(int result)
{
	return result < 0 ? -errno : result;
}

/*
 * call_begin() - get hold of the descriptor that it is about
 * Return: 0, or a negated errno: the answer
 */
int call_begin(struct call *call);

/* call_serve() - do it, or do it again; what it comes to. calls.c has one function for each. */
int call_serve(struct call *call);

/* call_name() - "connect" */
const char *call_name(const struct call *call);

/* call_read_address() - into @call->address, as move_addr_to_kernel(); 0, or a negated errno */
int call_read_address(struct call *call, uint64_t at, int len);

/* call_left() - it was put aside, and is gone */
void call_left(struct call *call);

/* call_has_descriptor() - is this call about one, and ours to look at? */
bool call_has_descriptor(const struct call *call);

/* call_hold() - have a descriptor of the program's here until the call is over; a descriptor,
 * or a negated errno */
int call_hold(struct call *call, int number);

/* call_hold_if() - the same if it is @wanted; -ENOENT if not */
int call_hold_if(struct call *call, int number, bool (*wanted)(int fd));

/* call_number() - the number that a held one has there; -1 if it is none */
int call_number(const struct call *call, int fd);

/* call_ask_name() - what its socket is called; return the family, AF_UNSPEC of what has none
 * call_take_name() - that, for as long as nothing was done to it; once. false: ask the kernel
 */
int call_ask_name(struct call *call);
bool call_take_name(struct call *call, void *addr, socklen_t *len);

/* call_close() - close @fd (-1: none) with what is held; what was to be closed so before, now
 */
void call_close(struct call *call, int fd);

/* call_drop() - close what was held */
void call_drop(struct call *call);

/* call_add_descriptor() - put @fd under a number of the program's (@number), or under a free
 * one and answer with that (-1); a negated errno, and @call->gone, if there is nobody to give
 * it to */
int call_add_descriptor(struct call *call, int fd, int number, bool close_on_exec);

/* call_answer() - what it has come to, but for its number; 0, or a negated errno: nobody waits
 */
int call_answer(struct call *call, struct seccomp_notif_resp *answer);

/* call_is_there() - is the thread still waiting for the answer? */
bool call_is_there(struct call *call);

#endif
