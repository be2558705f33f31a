/* SPDX-License-Identifier: MIT */
/*
 * front.h - the process that stands for the program
 *
 * Theory of operation
 *
 * Whoever started vsockify knows its number, waits for it and sends it signals; it should find
 * what it would find of the program itself:
 *
 *   ends	with the program's exit status, or by the signal that ended it
 *   stops	when the program does, so that a shell sees a stopped job; a SIGCONT goes on to
 *		it
 *   signals	that a process sends are sent on to the program. Those of a terminal the program
 *		has got itself, being in the same process group
 *   SIGKILL	ends the program, too: the supervisor sees to that
 *
 * Should the supervisor be killed, the program, whose calls fail from then on, becomes a child
 * of the front, which goes on standing for it.
 */
#ifndef VSOCKIFY_SECCOMP_FRONT_H
#define VSOCKIFY_SECCOMP_FRONT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * front_divide() - be the front from now on, and a new process the supervisor
 * Return: in the supervisor: 0; or a negated errno, and nothing has happened
 *
 * All signals are to be blocked. The supervisor gets SIGHUP when the front has died.
 */
int front_divide(void);

/* To the front, from the supervisor: */

/* front_begin() - which is the program? */
void front_begin(pid_t program);

/* front_tell() - it has stopped, or ended: a status of waitpid(2). @last: the supervisor will
 * end, too, and is to be waited for */
void front_tell(int status, bool last);

/* front_watch() - have SIGHUP sent when it dies, or at once if it has */
void front_watch(void);

/* front_died() - without having been told that the program has ended? */
bool front_died(void);

#endif
