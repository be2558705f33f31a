/* SPDX-License-Identifier: MIT */
/*
 * engine.h - how a call was caught: all that the socket logic asks of whoever did
 *
 * Theory of operation
 *
 * What becomes of a TCP socket is the same whether the program called a preloaded function or
 * was stopped at a system call and another process answers. What differs is how one gets at the
 * program's descriptors, whether a call may wait, and what is remembered between calls; it is
 * asked for here. An object is built for one engine, which answers in a header of its own:
 * inline, so that the preload engine pays nothing for the question. A second engine adds a
 * folder, and a line at the end of this file.
 *
 * An engine that answers for others must not wait itself. Where it would, it returns
 * -ENGINE_LATER and does the call again when there is something to say; everybody who gets
 * that hands it on as it is, and undoes nothing. It is no errno, and no tcp_error() of one.
 * (The preload engine waits, and never returns it.)
 *
 * All functions are async-signal-safe and leave errno alone, and return what the kernel does: 0
 * or more, or a negated errno; those that stand for a function of libc's, marked so, return
 * what that does, with errno, and are cancellation points if that is one.
 */
#ifndef VSOCKIFY_ENGINE_H
#define VSOCKIFY_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "../config/ruleset.h"
#include "broker/environment.h"

#define ENGINE_LATER 4096 /* the kernel's errnos end below it */

/* rules() - the rules in force; never NULL. Every wrapped call begins with it. */
static inline const struct ruleset *rules(void);

/* engine_broker() - the broker of these rules; NULL if there is none */
static inline const struct broker_environment *engine_broker(void);

/* ---- the program's descriptors ---- */

/*
 * engine_exchange() - put the socket of @spare under the program's descriptor @fd
 * @close_on_exec: of that
 * Return: as dup3(2)
 */
static inline int engine_exchange(int spare, int fd, bool close_on_exec);

/* engine_close_on_exec() - 1, 0, or a negated errno */
static inline int engine_close_on_exec(int fd);

/* engine_name() - getsockname(2), which whoever caught the call may have asked already */
static inline int engine_name(int fd, void *addr, socklen_t *len);

/* engine_bound() - the new socket of this call has a port that no other has while it lives */
static inline void engine_bound(uint16_t port);

/* engine_let_go() - close a descriptor that the socket logic had made for itself; or do so at
 * the end of this call */
static inline void engine_let_go(int fd);

/* engine_set_flags() - set the file's, of which O_ASYNC keeps by which number it was set; 0, or
 * a negated errno */
static inline int engine_set_flags(int fd, int flags);

/* engine_connects_first() - is a new socket to be connected before it is put under the
 * program's descriptor? Where to put it there takes a while, the attempt makes good use of
 * that. */
static inline bool engine_connects_first(void);

/* engine_has_threads() - may another thread close or exchange a descriptor meanwhile? */
static inline bool engine_has_threads(void);

/*
 * engine_each_descriptor() - call @visit for each open one until it returns false
 * Return: 0; a negated errno if some were not visited
 */
static inline int engine_each_descriptor(bool (*visit)(int fd, void *argument), void *argument);

/*
 * engine_each_duplicate() - call @visit for each that may be a duplicate of @fd, which may be
 * among them, until it returns other than 0
 * Return: what it returned last; 0; or a negated errno: some were not visited
 */
static inline int engine_each_duplicate(int fd, int (*visit)(int fd, const void *argument),
					const void *argument);

/* ---- readiness ---- */

/* struct carried, the engine's: epoll registrations that were taken out, to be put back */

/*
 * engine_take_out() - remove the registrations of @fd
 * @carried: those that were, to be put back whatever this returns
 * Return: 0, or a negated errno if there may be more
 */
struct carried;
static inline int engine_take_out(int fd, struct carried *carried);

/* engine_take_out_late() - the same of a socket that the program has waited for since its
 * connect(), perhaps in a way that no call shows */
static inline int engine_take_out_late(int fd, struct carried *carried);

/* engine_put_back() - make them again, for what now lies under @fd; 0, or a negated errno if
 * one could not be made */
static inline int engine_put_back(int fd, const struct carried *carried);

/* ---- what may wait ---- */

/*
 * engine_wait() - wait for events, as poll(2); a cancellation point
 * @timeout: milliseconds, or -1
 * @restarts: is the call one that goes on after a signal (with the whole @timeout again)?
 * Return: the events, 0 when @timeout has passed, or a negated errno
 */
static inline int engine_wait(int fd, short events, int timeout, bool restarts);

/*
 * engine_wait_out() - the same of a wait that must not be given up: no cancellation point
 * Return: the events, 0 when @timeout has passed, or a negated errno; -EINTR: it is to go on
 */
static inline int engine_wait_out(int fd, short events, int timeout);

/* engine_may_wait() - may this engine wait at all, in a way that none of the above knows of? */
static inline bool engine_may_wait(void);

/* engine_keep() - a descriptor that this call needs when it is done again, after -ENGINE_LATER
 * engine_kept() - that, which is the caller's again; -1: it is done for the first time */
static inline void engine_keep(int fd);
static inline int engine_kept(void);

/* engine_cancellation_point() - as pthread_testcancel(3) */
static inline void engine_cancellation_point(void);

/* engine_accept(), engine_connect() - libc's accept4(2) and connect(2) */
static inline int engine_accept(int listener, struct sockaddr *addr, socklen_t *len, int flags);
static inline int engine_connect(int fd, const struct sockaddr *addr, socklen_t len);

/*
 * engine_rouse() - make accept() on this listener return EAGAIN, at once, to all threads of the
 * program; engine_rouse_no_more() - it is to listen again
 */
static inline void engine_rouse(int listener);
static inline void engine_rouse_no_more(int listener);

#ifndef ENGINE_SECCOMP /* which is not on the way of data */
/* Those that carry data: libc's */
static inline ssize_t engine_read(int fd, void *data, size_t size);
static inline ssize_t engine_readv(int fd, const struct iovec *parts, int count);
static inline ssize_t engine_recvfrom(int fd, void *data, size_t size, int flags,
				      struct sockaddr *addr, socklen_t *len);
static inline ssize_t engine_recvmsg(int fd, struct msghdr *message, int flags);
static inline int engine_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
				  struct timespec *timeout);
static inline ssize_t engine_write(int fd, const void *data, size_t size);
static inline ssize_t engine_writev(int fd, const struct iovec *parts, int count);
static inline ssize_t engine_send(int fd, const void *data, size_t size, int flags);
static inline ssize_t engine_sendto(int fd, const void *data, size_t size, int flags,
				    const struct sockaddr *addr, socklen_t len);
static inline ssize_t engine_sendmsg(int fd, const struct msghdr *message, int flags);
static inline int engine_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
#endif

/*
 * ---- hints: what is remembered of a descriptor ----
 *
 * None is ever needed to be right: what it says is checked against the kernel, and a wrong one
 * costs time or, at the worst, an option that is not carried over.
 */

/* engine_is_made() - may @fd be a TCP socket that the program made itself?
 * engine_is_plain() - and one that was not converted? */
static inline bool engine_is_made(int fd);
static inline bool engine_is_plain(int fd);

/* engine_unmade() - @fd now is something else; engine_clear() - something of which nothing is
 * known */
static inline void engine_unmade(int fd);
static inline void engine_clear(int fd);

/* engine_converted() - @fd was converted; engine_was_converted() - may it have been?
 * engine_accepted() - it is a converted socket that came from elsewhere: accepted, received */
static inline void engine_converted(int fd);
static inline bool engine_was_converted(int fd);
static inline void engine_accepted(int fd);

/* engine_scattered() - @fd was sent over a Unix socket, or came over one, and may have any
 * duplicates
 * engine_has_duplicate() - may @fd have one? engine_undivided() - it is by itself again */
static inline void engine_scattered(int fd);
static inline bool engine_has_duplicate(int fd);
static inline void engine_undivided(int fd);

/* engine_option() - the option of this index (kept.h) was set on some socket
 * engine_options() - those that may have been set on @fd before it is converted: a bit each
 * engine_foreign() - a socket came from another process: any option may have been
 * engine_has_owner() - may @fd have an owner for its signals (F_SETOWN, F_SETSIG)? */
static inline void engine_option(unsigned index);
static inline uint64_t engine_options(int fd);
static inline void engine_foreign(void);
static inline bool engine_has_owner(int fd);

/* engine_silent() - @fd now is a silent listener (second.h), or no longer
 * engine_is_silent() - may it be? engine_any_silent() - was there ever one? */
static inline void engine_silent(int fd, bool silent);
static inline bool engine_is_silent(int fd);
static inline bool engine_any_silent(void);

/* engine_takes_notes() - can what a descriptor stands for be noted in the process (share.h)? */
static inline bool engine_takes_notes(void);

/* engine_shared() - @fd now is one of several descriptors of a listener (share.h), or no longer
 * engine_is_shared() - may it be? */
static inline void engine_shared(int fd, bool shared);
static inline bool engine_is_shared(int fd);

#ifdef ENGINE_SECCOMP
#include "seccomp/engine.h"
#else
#include "preload/engine.h"
#endif

#endif
