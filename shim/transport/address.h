/* SPDX-License-Identifier: MIT */
/*
 * address.h - a vsock address, as rules and sockets have it
 */
#ifndef VSOCKIFY_TRANSPORT_ADDRESS_H
#define VSOCKIFY_TRANSPORT_ADDRESS_H

#include <stdint.h>

#include "../../config/cid.h"

#define PORT_ANY UINT32_MAX

/* CID_ANY: bound to no certain one. PORT_ANY: to none; given to bind(): one of the kernel's. */
struct vm_address {
	uint32_t cid, port;
};

#endif
