/* SPDX-License-Identifier: MIT */
/*
 * resolver.h - is a program's resolver one that takes answers from the responder?
 *
 * Go's does, and glibc's: they do not mind whose address an answer has. Others do (c-ares, and
 * what dig is made of); and of a dynamically linked program nobody knows which it has, and
 * whether it is libc's that asks.
 */
#ifndef VSOCKIFY_SECCOMP_RESOLVER_H
#define VSOCKIFY_SECCOMP_RESOLVER_H

#include "process.h"

/* resolver_is_known() - is it a program of Go's, or a static one of glibc's? */
bool resolver_is_known(const struct process *process);

#endif
