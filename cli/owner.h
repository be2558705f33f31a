/* SPDX-License-Identifier: MIT */
/*
 * owner.h - which program is behind a Unix socket?
 *
 * Theory of operation
 *
 * The kernel tells which of its sockets has a file (NETLINK_SOCK_DIAG), and /proc which process
 * has a descriptor of that socket, if it is this user's, or this user is root. Nobody is
 * called.
 */
#ifndef VSOCKIFY_OWNER_H
#define VSOCKIFY_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

/* Bytes of a program's name as the kernel has it, with the NUL. */
#define OWNER_NAME_MAX 16

/*
 * owner_find() - the process that has the socket of a file open
 * @pid, @name: filled in
 * Return: false if that is not to be seen
 */
bool owner_find(const char *path, pid_t *pid, char name[OWNER_NAME_MAX]);

/* owner_ends_both() - does this program, a VMM, end both directions of a connection when its
 * host has ended one? */
bool owner_ends_both(const char *name);

#endif
