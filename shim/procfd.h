/* SPDX-License-Identifier: MIT */
/*
 * procfd.h - walks over the open descriptors of this process
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
 */
void procfd_each(bool (*visit)(int fd, void *argument), void *argument);

#endif
