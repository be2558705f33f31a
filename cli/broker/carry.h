/* SPDX-License-Identifier: MIT */
/*
 * carry.h - a connection that is there: until the program asks for it, and if it never does
 *
 * Theory of operation
 *
 * What the program writes before it asks is sent on; its question is the last byte of that,
 * with a descriptor (give.h). What comes from the other side waits in the kernel, so that the
 * program finds it there when it has the socket itself; only when the program writes, or a
 * second has passed, is it carried. Nothing is kept here: looked at, sent as far as the sink
 * takes it, and that much read.
 */
#ifndef VSOCKIFY_BROKER_CARRY_H
#define VSOCKIFY_BROKER_CARRY_H

#include "work.h"

/* carry_begin() - STATE_READY */
void carry_begin(struct worker *w, struct connection *c);

/* carry_again() - the program was given the socket, or not, and may have sent more */
void carry_again(struct worker *w, struct connection *c, enum state state);

/* carry_event(), carry_time() - of STATE_READY, STATE_GIVEN and STATE_CARRIED */
void carry_event(struct worker *w, struct connection *c);
void carry_time(struct worker *w, struct connection *c);

#endif
