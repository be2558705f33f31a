/* SPDX-License-Identifier: MIT */
/*
 * worker.h - all that is done with connections: one thread around one epoll
 *
 * Theory of operation
 *
 * A connection goes from greet.h (who is it, and what does it want?) to dial.h (the other side,
 * and its dialogue) and, when it is there, to carry.h, which looks for a GIVE in what the
 * program sends (give.h) and carries bytes for who never asks; hold.h keeps what must not be
 * closed.
 *
 * Everything is asked of the kernel edge-triggered, and each step does all that can be done
 * without waiting. A turn that takes too long is ended by alarm(), and the keeper starts a new
 * worker: a hang is made a death.
 */
#ifndef VSOCKIFY_BROKER_WORKER_H
#define VSOCKIFY_BROKER_WORKER_H

#include "shared.h"

/* worker_run() - be the worker; return: an exit status, if it cannot be */
int worker_run(const struct kept *kept);

#endif
