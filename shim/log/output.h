/* SPDX-License-Identifier: MIT */
/*
 * output.h - writes without waiting, and without a signal
 *
 * Theory of operation
 *
 * A log must not do to a program what its own writes might: a pipe that nobody reads any more
 * raises SIGPIPE, a full one blocks; so does a terminal that is stopped, which may also stop a
 * program in the background (SIGTTOU); a file that is too large raises SIGXFSZ.
 *
 * O_NONBLOCK belongs to the open file, which the program shares with its shell and others, so
 * it is never set on standard error. But /proc/self/fd opens the same pipe or terminal once
 * more, with flags of its own. Where that is not to be had (no /proc; the program has changed
 * its user), poll() is asked first: a pipe that it calls writable takes PIPE_BUF bytes at once,
 * unless somebody else fills it in that very moment. Sockets have MSG_DONTWAIT. The signals are
 * blocked in this thread meanwhile, and what the write raised is taken out again: these are
 * signals to the thread.
 *
 * The functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_SHIM_OUTPUT_H
#define VSOCKIFY_SHIM_OUTPUT_H

#include <stddef.h>

/*
 * output_quietly() - write to a descriptor of ours, which is non-blocking, without a signal
 * Return: how many bytes were written, or a negated errno
 */
long output_quietly(int fd, const char *text, size_t size);

/*
 * output_shared() - write to a descriptor of the program's, without waiting or a signal
 * @size: at most PIPE_BUF
 * Return: how many bytes were written; or a negated errno, -EAGAIN if it would have to wait
 */
long output_shared(int fd, const char *text, size_t size);

#endif
