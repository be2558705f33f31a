/* SPDX-License-Identifier: MIT */
/*
 * queue.h - the ioctl()s that ask how much data is queued
 */
#ifndef VSOCKIFY_QUEUE_H
#define VSOCKIFY_QUEUE_H

/*
 * queue_ioctl() - as ioctl(2), but a negated errno on failure; async-signal-safe
 *
 * FIONREAD, SIOCOUTQ and SIOCATMARK get an answer on converted sockets where the kernel's
 * AF_VSOCK has none (6.1 knows none of them; later ones some).
 */
int queue_ioctl(int fd, unsigned long request, void *argument);

#endif
