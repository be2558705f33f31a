/* SPDX-License-Identifier: MIT */
/*
 * address.h - a vsock address, as rules and sockets have it, and by which transport
 */
#ifndef VSOCKIFY_TRANSPORT_ADDRESS_H
#define VSOCKIFY_TRANSPORT_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../config/cid.h"

#define PORT_ANY UINT32_MAX
/* With the path of a Unix socket that is for one port alone, which so need not be named. */
#define PORT_OF_PATH 0

/* CID_ANY: bound to no certain one. PORT_ANY: to none; given to bind(): one of the kernel's. */
struct vm_address {
	uint32_t cid, port;
	/* NULL: by AF_VSOCK. Else by a VMM's Unix socket: its path, or "" of a client's own
	 * address, and of what the kernel says. */
	const char *path;
};

/* cid_is_inside_only(), cid_is_outside_only() - is what is bound to it reached only from this
 * machine itself, or only from others? CID_ANY is neither. */
static inline bool cid_is_inside_only(uint32_t cid)
{
	return cid == CID_LOCAL;
}

static inline bool cid_is_outside_only(uint32_t cid)
{
	return cid != CID_LOCAL && cid != CID_ANY;
}

#endif
