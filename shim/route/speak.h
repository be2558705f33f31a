/* SPDX-License-Identifier: MIT */
/*
 * speak.h - a dialogue, and the socket that it is held on
 *
 * All functions are async-signal-safe and leave errno alone. None waits.
 */
#ifndef VSOCKIFY_ROUTE_SPEAK_H
#define VSOCKIFY_ROUTE_SPEAK_H

#include "../transport/address.h"
#include "dialogue.h"

/*
 * speak_begin() - with whoever is reached at the first address of a route (route.h)
 * @to: has a path
 */
void speak_begin(struct dialogue *d, struct vm_address to);

/*
 * speak() - say what is to be said, or take what there is of the answer
 * @fd: a connected socket
 * Return: 1: the connection is the program's; 0: there is more to come, when it is readable; or
 * a negated errno, of TCP's, that connect() fails with
 */
int speak(int fd, struct dialogue *d);

/* speak_failed() - what it means that it failed, for the log: " (nobody listens ...)" */
const char *speak_failed(int error);

#endif
