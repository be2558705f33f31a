/* SPDX-License-Identifier: MIT */
/*
 * follow.h - will this object be in a program that is to be run?
 *
 * Theory of operation
 *
 * A dynamic linker that does not find what it is to preload says so at best ("ignored"), and
 * runs the program: over TCP, whatever the rules say. That is so in a root of another
 * file system (chroot, unshare, bubblewrap, a container) into which nobody put this object, and
 * for a user who may not read it. But whoever runs a program there has this object in it, and
 * sees the same files as the program will: so it looks, and such a program is not run.
 */
#ifndef VSOCKIFY_FOLLOW_H
#define VSOCKIFY_FOLLOW_H

#include <stdbool.h>

/*
 * follow_is_missing() - is the object not there that the rules have to come along in?
 * @preload: LD_PRELOAD in the environment of the new program, or NULL. What it does not name
 *	is left out on purpose, which is only logged.
 * @file: the program, for the log
 *
 * False if this process has no rules. Async-signal-safe, as the other one.
 */
bool follow_is_missing(const char *preload, const char *file);

/*
 * follow_error() - what then becomes of the program
 * @path: its file, NULL: not found
 * Return: ELIBACC, and the reason was written; 0 if there is no such program
 */
int follow_error(const char *preload, const char *path);

#endif
