/* SPDX-License-Identifier: MIT */
/*
 * copies.h - which descriptors may be duplicates of this one?
 *
 * Theory of operation
 *
 * Conversion must reach every duplicate of a descriptor, and to ask the kernel about each one
 * that was ever duplicated takes the longer the more there are. So each has a short list of
 * those that were made of it, or of which it was made. Like all hints (hint.h) it does not care
 * about close() and is checked against the kernel; one that is too short says so.
 *
 * All functions are async-signal-safe and make no system call, but to map memory.
 */
#ifndef VSOCKIFY_SHIM_COPIES_H
#define VSOCKIFY_SHIM_COPIES_H

#include <stdbool.h>

#define COPIES 4

/*
 * copies_note() - @copy is a duplicate of @fd
 * @first: nothing is under @fd that was duplicated before
 */
void copies_note(int fd, int copy, bool first);

/* copies_unknown() - @fd has duplicates, and nobody knows which */
void copies_unknown(int fd);

/*
 * copies_of() - the duplicates that @fd may have
 * Return: how many were written to @copies; -1 if there may be others
 */
int copies_of(int fd, int copies[COPIES]);

#endif
