/* SPDX-License-Identifier: MIT */
/*
 * speak.h - a dialogue, and the socket that it is held on
 *
 * All functions are async-signal-safe and leave errno alone. None waits.
 */
#ifndef VSOCKIFY_ROUTE_SPEAK_H
#define VSOCKIFY_ROUTE_SPEAK_H

#include "route.h"

/* speak_begin() - with whoever is reached at the first address of a route; over at once if
 * there is nothing to say */
void speak_begin(struct dialogue *d, const struct route *way);

/*
 * speak() - say what is to be said, and take what there is of the answer
 * @fd: a connected socket
 * @password: of the route's user; NULL: not known here
 * Return: 1: the connection is the program's; 0: there is more to come, when it is readable; or
 * a negated errno, of TCP's, that connect() fails with, and @d knows why
 */
int speak(int fd, struct dialogue *d, const struct route *way, const char *password);

/* speak_failed() - what it means that it failed, for log_failure(): "nobody listens ..." */
const char *speak_failed(enum why why, int error);

#endif
