/* SPDX-License-Identifier: MIT */
/*
 * file.h - the files that are servers' Unix sockets
 *
 * Theory of operation
 *
 * A server's socket has a path (muxer.h), in a directory that may be anybody's to write to. So
 * nothing is taken away or changed there but a socket of this user's, and no symbolic link is
 * followed in the last step: what is changed is held by a descriptor while it is looked at.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_TRANSPORT_FILE_H
#define VSOCKIFY_TRANSPORT_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/*
 * file_remove_stale() - take away what an ended server has left
 *
 * Only a socket, of this user's, that nobody listens at or is bound to.
 */
bool file_remove_stale(const struct sockaddr_un *un, socklen_t len);

/*
 * file_admit() - let others write to a socket of this user's, before it listens
 * @mode, @group: NOT_SET (ruleset.h) leaves it as it is
 * Return: 0; or a negated errno, and the socket is taken away: EPERM if this user is not in the
 * group
 */
int file_admit(const char *path, uint32_t mode, uint32_t group);

/*
 * file_link() - let another path lead to a server's socket too
 * @from: the socket's path
 * @un, @len: the other; what an ended server has left there is replaced
 * Return: 0, also if it leads there already; -EADDRINUSE if something else is there; -ENOENT if
 * there is no such directory; or another negated errno
 */
int file_link(const char *from, const struct sockaddr_un *un, socklen_t len);

#endif
