/* SPDX-License-Identifier: MIT */
/*
 * procfd.h - walks over the open descriptors and the threads of this process
 *
 * For the rare moments when hints do not do. Plain system calls and a buffer on the stack:
 * async-signal-safe, errno untouched.
 */
#ifndef VSOCKIFY_PROCFD_H
#define VSOCKIFY_PROCFD_H

#include <stdbool.h>

/*
 * procfd_each() - call @visit for each open descriptor until it returns false
 *
 * Without /proc (in a chroot, say) the descriptors 0 to 1023 are tried, open or not.
 *
 * Return: 0, or a negated errno if there is a /proc that cannot be read (no descriptor is left,
 * or a sandbox forbids it): then some were not visited
 */
int procfd_each(bool (*visit)(int fd, void *argument), void *argument);

/* procfd_each_thread() - call @visit for each thread until it returns false; for none without
 * /proc */
void procfd_each_thread(bool (*visit)(int thread, void *argument), void *argument);

#endif
