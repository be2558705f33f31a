/* SPDX-License-Identifier: MIT */
/*
 * trace.h - every caught call with its result: for -vv, and counted for --summary
 */
#ifndef VSOCKIFY_SECCOMP_TRACE_H
#define VSOCKIFY_SECCOMP_TRACE_H

#include "call.h"

/* trace_call() - @call came to this; what the kernel does by itself is none of ours */
void trace_call(const struct call *call, int result);

#endif
