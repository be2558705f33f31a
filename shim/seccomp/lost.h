/* SPDX-License-Identifier: MIT */
/*
 * lost.h - results that could not be given, since a signal came
 *
 * Theory of operation
 *
 * A signal takes a call back whatever was done for it already. Made anew, a bind() would find
 * its socket bound, and fail. So a result that nobody was there to take is kept, for the same
 * call on the same socket: the thread, its place in the program, the arguments and the socket's
 * cookie, which the kernel never gives twice. (The handler may have made other calls
 * meanwhile.) It is kept until it was delivered, or is old. Of a client that was given a port
 * of ours in this very call the cookie is asked for only when the result is lost: its socket
 * is the one with the port.
 *
 * A connection that could not be handed over is kept likewise, by its listener, for whoever
 * accepts from that next; and a socket that is being connected but could not be put in place,
 * for the same connect(), for a second: the server is to see one connection, not two.
 */
#ifndef VSOCKIFY_SECCOMP_LOST_H
#define VSOCKIFY_SECCOMP_LOST_H

#include "call.h"

/* lost_prepare() - @call is to be answered with this; the last moment to ask its socket */
void lost_prepare(struct call *call, int result);

/* lost_result() - keep what @call came to */
void lost_result(const struct call *call, int result);

/* lost_find() - was this call done before? Then what it came to is in *@result. */
bool lost_find(const struct call *call, int *result);

/* lost_delivered() - that was answered */
void lost_delivered(const struct call *call);

/* lost_accepted() - keep a connection; takes @accepted
 * lost_take_accepted() - one of this listener, or -1 */
void lost_accepted(const struct call *call, int accepted, const struct sockaddr_storage *peer,
		   socklen_t len);
int lost_take_accepted(const struct call *call, struct sockaddr_storage *peer, socklen_t *len);

/* lost_begun() - keep a socket whose attempt @call has begun, by a descriptor of its own
 * lost_take_begun() - that of this call; or -1 */
void lost_begun(const struct call *call, int fd);
int lost_take_begun(const struct call *call);

/*
 * lost_perhaps() - @call was answered with this; and yet it may be made anew
 *
 * Where a signal comes just as the answer is given, the kernel says that it was, and the thread
 * does not see it (seccomp_do_user_notification(): it looks at what ended its sleep before it
 * takes the lock). Nothing tells such a call from one that the program makes once more. So the
 * answer is looked at again only where it matters:
 *
 * lost_doubt() - what is to be answered to @call in place of @result, which is an error that
 * says that it was done before: the same as then, if that was just now, and the process handles
 * signals
 */
void lost_perhaps(const struct call *call, int result);
int lost_doubt(const struct call *call, int result);

/* lost_patience() - after how many milliseconds is something old? -1: nothing is kept
 * lost_age() - drop what is old */
int lost_patience(void);
void lost_age(void);

#endif
