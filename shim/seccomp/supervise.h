/* SPDX-License-Identifier: MIT */
/*
 * supervise.h - answers caught calls, for as long as there is anybody to make them
 */
#ifndef VSOCKIFY_SECCOMP_SUPERVISE_H
#define VSOCKIFY_SECCOMP_SUPERVISE_H

#include <stdbool.h>

/* supervise_prepare() - before supervise(): NULL; or what this machine lacks for it */
const char *supervise_prepare(int listener);

/*
 * supervise() - answer, until no process with the filter is left
 * @happened: called when a child may have ended or stopped, or the front died
 */
void supervise(void (*happened)(void));

/* supervise_is_over() - is none left? */
bool supervise_is_over(void);

#endif
