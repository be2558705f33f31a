/* SPDX-License-Identifier: MIT */
/*
 * preface.h - what a proxy says of its client before the client's first byte
 *
 * Theory of operation
 *
 * The PROXY protocol (haproxy's doc/proxy-protocol.txt), versions 1 and 2: a line of text that
 * ends with CR and LF, at most 107 bytes; or sixteen bytes that say how many more there are:
 * two addresses, and records of all kinds, which are passed over. The bytes have been looked at
 * and not taken, so that what is behind the header, the client's, is left to the program; a
 * header is read from its beginning each time that more of it has come.
 *
 * A checksum among the records (CRC32c) must be right. A header of its family and transport
 * other than TCP over IPv4 or IPv6, of version 1's UNKNOWN and of version 2's LOCAL says
 * nothing of a client; nor does one that names a loopback address, which is the proxy's
 * machine's, and would be taken for this one's.
 *
 * Pure functions; fuzzed (tests/fuzz/preface.c).
 */
#ifndef VSOCKIFY_BROKER_PREFACE_H
#define VSOCKIFY_BROKER_PREFACE_H

#include <stdbool.h>
#include <stddef.h>

#include "../../config/ruleset.h"

/* The longest that is read; version 2 could say 64 KiB. */
#define PREFACE_MAX 4096

struct preface {
	size_t size; /* of the header */
	bool known;  /* it says who the client is */
	struct endpoint client;
};

/*
 * preface_read() - read a header
 * @bytes, @size: what there is so far
 * Return: 1: it is whole, and @preface filled in; 0: it is not yet; -EPROTO: it is none;
 * -EMSGSIZE: it is too long
 */
int preface_read(const void *bytes, size_t size, struct preface *preface);

#endif
