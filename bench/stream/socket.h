/* SPDX-License-Identifier: MIT */
/*
 * stream/socket.h - what servers and clients of bench/stream.c have in common: addresses,
 * sockets and whole messages, of the one family that it is built for
 *
 * Whatever fails ends the program, with the reason on stderr.
 */
#ifndef STREAM_SOCKET_H
#define STREAM_SOCKET_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/vm_sockets.h> /* older ones leave sys/socket.h to whoever includes them */

#ifdef VSOCK
#define FAMILY AF_VSOCK
typedef struct sockaddr_vm address;
#elif defined UNIX
#define FAMILY AF_UNIX
typedef struct sockaddr_un address;
#else
#define FAMILY AF_INET
typedef struct sockaddr_in address;
#endif

#define BUFFER_SIZE (1 << 20)

/** What is sent, and what was received last. */
extern char buffer[BUFFER_SIZE];

/** Says what failed, and why by errno, and ends the program. */
_Noreturn void fail(const char *what);

/** Reads the settings that stand in the environment; to be called first. */
void read_settings(void);

/** HOST and PORT of the command line; without a host, any. */
address address_of(const char *host, unsigned port);

/** A socket with the settings' buffer. */
int make_socket(void);

/** TCP_NODELAY, if it is to be set. */
void set_nodelay(int fd);

int make_connection(const address *to);

int make_listener(unsigned port);

void write_all(int fd, const void *data, size_t size);

/** Into the buffer, all that there is room for. */
void read_all(int fd, size_t size);

/** @size bytes to an echo server and back. */
void round_trip(int fd, size_t size);

/** A connection, one round trip of a byte, and its end. */
void connect_once(const address *to);

/** Until the server answers, and every relay before it. */
void wait_for_server(const address *to);

#endif
