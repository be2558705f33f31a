/* SPDX-License-Identifier: MIT */
/*
 * filter.h - which system calls are caught
 *
 * Theory of operation
 *
 * A seccomp filter is a program of the kernel's for each system call. This one lets everything
 * pass but the calls of one short table (filter.c): those that name an address, or that a VM
 * socket answers otherwise than TCP. They are answered by the supervisor. Reading, writing and
 * polling are not among them, and since the kernel works out beforehand which calls are let
 * pass whatever their arguments, they cost next to nothing.
 *
 * Calls that would go round the filter fail as in a kernel that does not have them: io_uring,
 * and those of another architecture (32 bits, x32); VM sockets of the program's own, where that
 * is wanted. The rules say which of these may be made all the same (`unseen`).
 */
#ifndef VSOCKIFY_SECCOMP_FILTER_H
#define VSOCKIFY_SECCOMP_FILTER_H

#include "../../config/ruleset.h"

/*
 * filter_install() - for this thread, and all that come from it
 * Return: the descriptor by which calls are answered; or a negated errno: -ENOSYS where this
 * architecture has none, -EBUSY under another supervisor
 */
int filter_install(const struct ruleset *rs);

#endif
