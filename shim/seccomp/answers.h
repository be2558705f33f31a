/* SPDX-License-Identifier: MIT */
/*
 * answers.h - what engine.h answers with more than a line
 *
 * All are about the call that is being served (call_now), and return what ../engine.h says.
 */
#ifndef VSOCKIFY_SECCOMP_ANSWERS_H
#define VSOCKIFY_SECCOMP_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../../config/ruleset.h"
#include "../broker/environment.h"

struct call;

/* The rules, of all processes. */
extern const struct ruleset *engine_rules;

/* Who makes connections past VMMs; NULL: there is nobody, or no need. */
extern const struct broker_environment *seccomp_broker;

/* What is known of the whole tree: options that were ever set on a TCP socket, a bit for each;
 * whether one was duplicated before it was connected; whether one was given an owner; whether a
 * second listener was made silent.
 */
extern uint64_t engine_options_set;
extern bool engine_any_duplicate, engine_any_owner, engine_ever_silent;

/* Set: all calls that wait are to be done again. */
extern bool engine_roused;

int seccomp_exchange(int spare, int fd);
bool seccomp_is_tcp(int fd); /* or a raw socket, which has a port */
int seccomp_wait(int fd, short events, int timeout);
int seccomp_accept(int listener, struct sockaddr *addr, socklen_t *len, int flags);

/* Does it wait for callers at a socket that has none? Asked once of each that waits. */
bool seccomp_waits_in_vain(struct call *call);

int seccomp_connect(int fd, const struct sockaddr *addr, socklen_t len);

/* Only sockets with a mark are visited: nobody asks for others. */
int seccomp_each_ours(bool (*visit)(int fd, void *argument), void *argument);
int seccomp_each_duplicate(int fd, int (*visit)(int fd, const void *argument),
			   const void *argument);

#endif
