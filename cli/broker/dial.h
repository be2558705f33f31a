/* SPDX-License-Identifier: MIT */
/*
 * dial.h - the other side of a connection: where it is, and the dialogue with it
 *
 * A message says what the program asked for; where that leads, the broker's own copy of the
 * rules says. The program's request stays unread until the other side is there: reading it
 * tells the program that it is connected, closing it unread that it is not.
 */
#ifndef VSOCKIFY_BROKER_DIAL_H
#define VSOCKIFY_BROKER_DIAL_H

#include "../../shim/broker/message.h"
#include "work.h"

/* dial_begin() - STATE_NEW becomes STATE_DIALLING, or it has failed */
void dial_begin(struct worker *w, struct connection *c, const struct broker_request *request);

/* dial_event(), dial_time() - of STATE_DIALLING and STATE_DIALOGUE */
void dial_event(struct worker *w, struct connection *c, enum role role, uint32_t events);
void dial_time(struct worker *w, struct connection *c);

#endif
