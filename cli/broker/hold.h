/* SPDX-License-Identifier: MIT */
/*
 * hold.h - sockets of muxers that were told CONNECT and have not answered, and nobody wants
 *
 * To close one before the answer ends all VM sockets of the guest with vhost-device-vsock
 * 0.3.0. So it is held for a minute, which a paused guest may take, and so are at most 256 at
 * once.
 */
#ifndef VSOCKIFY_BROKER_HOLD_H
#define VSOCKIFY_BROKER_HOLD_H

#include "work.h"

/* hold_adopt() - STATE_HELD: close the program's end, keep the other */
void hold_adopt(struct worker *w, struct connection *c);

/* hold_event(), hold_time() - of STATE_HELD */
void hold_event(struct worker *w, struct connection *c);
void hold_time(struct worker *w, struct connection *c);

#endif
