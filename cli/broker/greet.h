/* SPDX-License-Identifier: MIT */
/*
 * greet.h - somebody has connected: who is it, and what does he want?
 *
 * Whoever does not show the token is closed unread, at once or a second later; of those who are
 * still silent, the oldest when there are too many.
 */
#ifndef VSOCKIFY_BROKER_GREET_H
#define VSOCKIFY_BROKER_GREET_H

#include "work.h"

/* greet_one() - accept one who waits; 0, or a negated errno: -EMFILE if there is no room */
int greet_one(struct worker *w, int listener);

/* greet_event() - of STATE_NEW */
void greet_event(struct worker *w, struct connection *c);

#endif
