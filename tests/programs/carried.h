/* SPDX-License-Identifier: MIT */
/*
 * carried.h - what a socket really is, and whether that is what it has to be
 *
 * A test that compares TCP with TCP proves nothing, so it asks what carries its connections.
 * The shim answers getsockname() and SO_DOMAIN for it, and a supervisor answers even
 * syscall(2). So the kernel is asked by a road on which nobody stands: a socket has an extended
 * attribute with the name of its protocol, which lsof shows too. That is one system call and
 * needs no module, no /proc, and no connection.
 *
 * OVER_VSOCK in the environment says what has to carry: not there, TCP; "unix", the Unix socket
 * of a machine monitor; anything else, AF_VSOCK.
 */
#ifndef TESTS_PROGRAMS_CARRIED_H
#define TESTS_PROGRAMS_CARRIED_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/xattr.h>

/* kernel_family() - the address family of the kernel's socket; -1: none that is known here */
__attribute__((unused)) static int kernel_family(int fd)
{
	static const struct {
		const char *protocol;
		int family;
	} known[] = {{"TCP", AF_INET},      {"TCPv6", AF_INET6},      {"MPTCP", AF_INET},
		     {"MPTCPv6", AF_INET6}, {"UNIX-STREAM", AF_UNIX}, {"AF_VSOCK", AF_VSOCK}};
	char protocol[33] = "";
	int saved = errno;
	ssize_t length = fgetxattr(fd, "system.sockprotoname", protocol, sizeof protocol - 1);

	errno = saved;
	for (unsigned i = 0; length > 0 && i < sizeof known / sizeof known[0]; i++)
		if (strcmp(protocol, known[i].protocol) == 0)
			return known[i].family;
	return -1;
}

/* over_vsock() - has vsockify to carry what the rules of this run name? */
__attribute__((unused)) static bool over_vsock(void)
{
	return getenv("OVER_VSOCK") != NULL;
}

/* over_unix() - by a machine monitor's Unix socket? */
__attribute__((unused)) static bool over_unix(void)
{
	const char *over = getenv("OVER_VSOCK");

	return over && strcmp(over, "unix") == 0;
}

/* carried() - does vsockify carry this socket? For tests, too, that only run under it, without
 * OVER_VSOCK. Of "unix" any Unix stream passes, the program's own as well. */
__attribute__((unused)) static bool carried(int fd)
{
	return kernel_family(fd) == (over_unix() ? AF_UNIX : AF_VSOCK);
}

#endif
