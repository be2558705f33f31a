/* SPDX-License-Identifier: MIT */
/*
 * give.h - the program asks for the socket itself
 *
 * GIVE is a byte with an end of a pair, behind all that the program has written. The answer
 * goes there, with the socket; what comes back is COMMIT, or the end: then all is as it was
 * before.
 */
#ifndef VSOCKIFY_BROKER_GIVE_H
#define VSOCKIFY_BROKER_GIVE_H

#include "work.h"

/*
 * give_take() - take the bytes that end with a GIVE, and answer
 * @size: how many; all before it was sent on
 * Return: false if the connection is no more
 */
bool give_take(struct worker *w, struct connection *c, size_t size);

/*
 * give_event() - of STATE_GIVING, on the pair
 * Return: the state that it is to be in now: STATE_GIVING: there is no answer yet
 */
enum state give_event(struct worker *w, struct connection *c);

#endif
