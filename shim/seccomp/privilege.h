/* SPDX-License-Identifier: MIT */
/*
 * privilege.h - the program's privileges, in place of the supervisor's
 *
 * Theory of operation
 *
 * What the supervisor does for a program is judged by the kernel as the supervisor's own doing.
 * A program that has given up what its supervisor has must not get it back so. So the
 * supervisor does without those privileges that concern the network, and takes up the one that
 * bind() asks for (a port below 1024) for programs that have it themselves, in the supervisor's
 * own user namespace. Options that take privilege are left to the kernel (calls.c).
 *
 * A listener past a VMM is a file, too. That is made as the program's user, groups and umask
 * have it, and with no more right to files than the program has.
 */
#ifndef VSOCKIFY_SECCOMP_PRIVILEGE_H
#define VSOCKIFY_SECCOMP_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

/* privilege_shed() - once, before the first call is answered */
void privilege_shed(void);

/* privilege_take_up() - may this thread bind to low ports? Then so may the supervisor until
 * privilege_lay_down(). Return: was that done? */
bool privilege_take_up(pid_t thread);
void privilege_lay_down(void);

/* privilege_become() - be whom this thread is, as far as files go; 0, or a negated errno and
 * nothing has changed
 * privilege_return() - be the supervisor again */
int privilege_become(pid_t thread);
void privilege_return(void);

/* privilege_is_elsewhere() - is this thread in another user namespace? What it may do there,
 * the supervisor may not. */
bool privilege_is_elsewhere(pid_t thread);

#endif
