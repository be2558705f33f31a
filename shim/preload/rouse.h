/* SPDX-License-Identifier: MIT */
/*
 * rouse.h - ends the waiting of threads in accept(), where nothing can connect to them
 *
 * Theory of operation
 *
 * vsock_accept() waits for a connection, a signal or a time-out, and shutdown() of a VM socket
 * that listens does nothing (af_vsock.c). Without vsock_loopback nobody in this machine can
 * connect to it. That leaves the other two.
 *
 * The listener gets the shortest SO_RCVTIMEO that there is. It holds for whoever comes to
 * accept() from then on. A thread that waits already looks at it again when it is interrupted
 * by a signal under SA_RESTART, for then the kernel begins the call anew. libc has such a
 * signal: SIGSETXID, by which setuid() reaches all threads. No program can block or handle it,
 * and its handler ignores what setuid() did not send (si_code). So nothing is to be seen of it
 * but that a system call was interrupted, and only threads that are in accept() on this
 * listener get it: /proc/self/task/TID/syscall tells.
 *
 * Other processes that wait at the same listener are not reached, nor is whoever waits in
 * poll(): vsock_poll() knows of no event that could be had.
 */
#ifndef VSOCKIFY_ROUSE_H
#define VSOCKIFY_ROUSE_H

/*
 * rouse() - make accept() on this listener return EAGAIN, at once, to all threads of this
 * process
 *
 * Async-signal-safe; errno untouched. A time-out that the program has set stays; then those
 * that come to wait while this runs do so until it ends.
 */
void rouse(int listener);

/* rouse_no_more() - the listener is to listen again */
void rouse_no_more(int listener);

#endif
